package mcp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2) }
	for text, want := range map[string]error{
		`{}`:                           nil,
		` [1, "a", null, {"a": {}}] `:  nil,
		`{"a":{"a":1},"b":[{"a":1}]}`:  nil,
		`[{"a":1},{"a":1}]`:            nil,
		`{"a":"a","b":"a"}`:            nil,
		`{"a\"":1,"a":2}`:              nil,
		`{"A":1,"a":2}`:                nil,
		`"\\"`:                         nil,
		deep(maxDepth):                 nil,
		deep(maxDepth + 2):             errTooDeep,
		`{"a":1,"a":2}`:                errSome,
		`{"a":1,"\u0061":2}`:           errSome,
		`{"b":{"a":1,"c":[],"a":{}}}`:  errSome,
		`{"a":{"x":1},"a":1}`:          errSome,
		`[{"":1,"":2}]`:                errSome,
		``:                             errNotJSON,
		`{}{}`:                         errNotJSON,
		`{} x`:                         errNotJSON,
		`{"a":1,}`:                     errNotJSON,
		`{'a':1}`:                      errNotJSON,
		"\ufeff{}":                     errNotJSON,
		"{\x00}":                       errNotJSON,
		`[NaN]`:                        errNotJSON,
		"\"\xff\"":                     errNotUTF8,
		"\"\xed\xa0\x80\"":             errNotUTF8,
		"\xff\xfe{\x00}\x00":           errNotUTF8,
		strings.Repeat("[", 1_000_000): errNotJSON,
	} {
		got := checkJSON([]byte(text))
		if errors.Is(want, errSome) && got != nil {
			continue
		}
		if !errors.Is(got, want) {
			t.Errorf("%.40q: got %v, want %v", text, got, want)
		}
	}
}

// errSome stands for any error.
var errSome = errors.New("some error")

// FuzzCheckJSON: what is accepted means the same to every decoder that reads it.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[{"a":"\\\""}]`, `"\ud800"`, "\ufeff[]", `{"a":[{"b":{}}]} `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := checkJSON(data)
		if err != nil {
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("accepted %q", data)
		}
		value, err := decodeStrict(data)
		if err != nil {
			t.Fatalf("%q is accepted and does not decode: %v", data, err)
		}
		// Were a member lost, there would be fewer colons outside strings than before.
		again, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := members(t, again), members(t, data); got != want {
			t.Errorf("%q has %d members, its value %d", data, want, got)
		}
	})
}

// members counts the members of all objects in a text.
func members(t *testing.T, data []byte) int {
	t.Helper()
	n, inString, escaped := 0, false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case inString && b == '\\':
			escaped = true
		case b == '"':
			inString = !inString
		case b == ':' && !inString:
			n++
		}
	}
	return n
}
