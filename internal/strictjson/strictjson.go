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
	_, err := read(data, depth)
	return err
}

// Object reads a JSON object that Check accepts. Its members keep their exact names; encoding/json
// alone would let CLIENT_ID stand for client_id. Their values are parts of data.
func Object(data []byte, depth int) (map[string]json.RawMessage, error) {
	object, err := read(data, depth)
	if err == nil && object == nil {
		err = ErrNotObject
	}
	return object, err
}

// frame is an array or object that is being read; members is nil for an array.
type frame struct {
	members  map[string]json.RawMessage
	wantName bool
	name     string
	value    int // where the value of name begins, 0 before there is one
}

// read checks a text and returns its members, nil for what is no object.
func read(data []byte, depth int) (object map[string]json.RawMessage, err error) {
	if !utf8.Valid(data) {
		return nil, ErrNotUTF8
	}
	if !json.Valid(data) {
		return nil, ErrNotJSON
	}
	var stack []frame
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if len(stack) == depth {
				return nil, fmt.Errorf("%w: more than %d levels", ErrTooDeep, depth)
			}
			f := frame{}
			if data[i] == '{' {
				f = frame{members: make(map[string]json.RawMessage), wantName: true}
			}
			if len(stack) == 0 {
				object = f.members
			}
			stack = append(stack, f)
		case '}', ']':
			stack[len(stack)-1].end(data[:i])
			stack = stack[:len(stack)-1]
		case ':':
			stack[len(stack)-1].value = i + 1
		case ',':
			stack[len(stack)-1].end(data[:i])
		case '"':
			end := stringEnd(data, i)
			if len(stack) > 0 && stack[len(stack)-1].wantName {
				if err := stack[len(stack)-1].add(data[i:end]); err != nil {
					return nil, err
				}
			}
			i = end - 1
		}
	}
	return object, nil
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

// add begins a member.
func (f *frame) add(quoted []byte) error {
	name := string(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(quoted, '\\') >= 0 {
		if err := json.Unmarshal(quoted, &name); err != nil {
			return ErrNotJSON
		}
	}
	if _, seen := f.members[name]; seen {
		return ErrRepeated
	}
	f.members[name] = nil
	f.name, f.wantName = name, false
	return nil
}

// end completes a member, whose value reaches to the end of data.
func (f *frame) end(data []byte) {
	if f.value > 0 {
		f.members[f.name] = bytes.TrimSpace(data[f.value:])
	}
	f.value, f.wantName = 0, f.members != nil
}
