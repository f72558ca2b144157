package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheck(t *testing.T) {
	const depth = 8
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
		deep(depth):                    nil,
		deep(depth + 2):                ErrTooDeep,
		`{"a":1,"a":2}`:                ErrRepeated,
		`{"a":1,"\u0061":2}`:           ErrRepeated,
		`{"b":{"a":1,"c":[],"a":{}}}`:  ErrRepeated,
		`{"a":{"x":1},"a":1}`:          ErrRepeated,
		`[{"":1,"":2}]`:                ErrRepeated,
		``:                             ErrNotJSON,
		`{}{}`:                         ErrNotJSON,
		`{} x`:                         ErrNotJSON,
		`{"a":1,}`:                     ErrNotJSON,
		"\ufeff{}":                     ErrNotJSON,
		"\"\xff\"":                     ErrNotUTF8,
		"\xff\xfe{\x00}\x00":           ErrNotUTF8,
		strings.Repeat("[", 1_000_000): ErrNotJSON,
	} {
		if got := Check([]byte(text), depth); !errors.Is(got, want) {
			t.Errorf("%.40q: got %v, want %v", text, got, want)
		}
	}
}

func TestObject(t *testing.T) {
	object, err := Object([]byte(`{"a":[1,2],"A":null}`), 2)
	if err != nil || len(object) != 2 || string(object["a"]) != "[1,2]" {
		t.Errorf("got %v, %v", object, err)
	}
	for _, text := range []string{`[]`, `null`, `"{}"`, `1`} {
		if _, err := Object([]byte(text), 2); !errors.Is(err, ErrNotObject) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// FuzzCheck: what is accepted means the same to every decoder that reads it.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[{"a":"\\\""}]`, `"\ud800"`, "\ufeff[]", `{"a":[{"b":{}}]} `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if Check(data, 64) != nil {
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("accepted %q", data)
		}
		var value any
		if err := json.Unmarshal(data, &value); err != nil {
			t.Skip("a number out of range")
		}
		again, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := members(t, again), members(t, data); got != want {
			t.Errorf("%q has %d members, its value %d", data, want, got)
		}
	})
}

// members counts the colons outside strings: were a member lost, there would be fewer.
func members(t *testing.T, data []byte) (n int) {
	t.Helper()
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i) - 1
		case ':':
			n++
		}
	}
	return n
}
