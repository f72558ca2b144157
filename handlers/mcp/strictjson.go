package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of what a caller sends. The deepest thing that a tool takes, a
// document in Atlassian's document format, stays far below it.
const maxDepth = 128

var (
	errNotUTF8 = errors.New("the text is not UTF-8")
	errNotJSON = errors.New("the text is not one JSON value")
	errTooDeep = fmt.Errorf("the JSON is nested more than %d levels deep", maxDepth)
)

// checkJSON accepts one JSON value (RFC 8259) without a byte order mark, in UTF-8, in which no
// object has two members of one name.
//
// Whoever decides about a text and whoever acts on it must read the same: parsers differ in which
// of two equal members they take, in what they do with a second value, and in how they repair
// broken text.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	if !json.Valid(data) {
		return errNotJSON
	}
	return checkMembers(data)
}

// frame is an array or object that is being read; names is nil for an array.
type frame struct {
	names    map[string]bool
	wantName bool
}

// checkMembers looks for repeated names and deep nesting in valid JSON.
func checkMembers(data []byte) error {
	var stack []frame
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if len(stack) == maxDepth {
				return errTooDeep
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
			return errNotJSON
		}
	}
	if f.names[name] {
		return errors.New("an object has two members of one name")
	}
	f.names[name] = true
	f.wantName = false
	return nil
}

// decodeStrict decodes what checkJSON accepts, with numbers as json.Number.
func decodeStrict(data []byte) (any, error) {
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
