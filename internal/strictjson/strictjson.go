// Package strictjson accepts only JSON (RFC 8259) that every parser reads alike. Whoever decides
// about a text and whoever acts on it must read the same: parsers differ in which of two equal
// members they take, in what they do with a second value, and in how they repair broken text.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The reasons for which a text is refused. They quote nothing of it.
var (
	ErrNotUTF8   = errors.New("it is not UTF-8")
	ErrNotJSON   = errors.New("it is not one JSON value")
	ErrTooDeep   = errors.New("it nests too deep")
	ErrRepeated  = errors.New("an object in it has two members of one name")
	ErrNotObject = errors.New("it is not a JSON object")
)

// Check accepts one JSON value without a byte order mark, in UTF-8, in which arrays and objects
// nest at most depth levels and no object has two members of one name.
func Check(data []byte, depth int) error {
	if !utf8.Valid(data) {
		return ErrNotUTF8
	}
	if !json.Valid(data) {
		return ErrNotJSON
	}
	return checkMembers(data, depth)
}

// Object reads a JSON object that Check accepts. Its members keep their exact names; encoding/json
// alone would let CLIENT_ID stand for client_id.
func Object(data []byte, depth int) (map[string]json.RawMessage, error) {
	if err := Check(data, depth); err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return nil, ErrNotObject
	}
	return object, nil
}

// frame is an array or object that is being read; names is nil for an array.
type frame struct {
	names    map[string]bool
	wantName bool
}

// checkMembers looks for repeated names and deep nesting in valid JSON.
func checkMembers(data []byte, depth int) error {
	var stack []frame
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if len(stack) == depth {
				return fmt.Errorf("%w: more than %d levels", ErrTooDeep, depth)
			}
			f := frame{}
			if data[i] == '{' {
				f = frame{names: make(map[string]bool), wantName: true}
			}
			stack = append(stack, f)
		case '}', ']':
			stack = stack[:len(stack)-1]
		case ',':
			if top := &stack[len(stack)-1]; top.names != nil {
				top.wantName = true
			}
		case '"':
			end := stringEnd(data, i)
			if len(stack) > 0 && stack[len(stack)-1].wantName {
				if err := stack[len(stack)-1].add(data[i:end]); err != nil {
					return err
				}
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd returns the index after the closing quote of the string that starts at i.
func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func (f *frame) add(quoted []byte) error {
	name := string(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(quoted, '\\') >= 0 {
		if err := json.Unmarshal(quoted, &name); err != nil {
			return ErrNotJSON
		}
	}
	if f.names[name] {
		return ErrRepeated
	}
	f.names[name] = true
	f.wantName = false
	return nil
}
