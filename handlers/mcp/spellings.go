package mcp

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Spellings are the ways in which mcp-atlassian takes a tool's arguments, where they differ from
// the advertised schema, so that prompts and programs written for it keep working.
//
// What follows from the schema alone needs no entry: an array or object inside a string of JSON,
// a number or boolean inside a string, a number where a string is asked for, and null or an empty
// string for an optional argument that is left out.
type Spellings struct {
	// Aliases are other names of arguments, e.g. "comment" for "body".
	Aliases map[string]string

	// Commas are the array arguments that may come as one string with commas between the values.
	Commas []string

	// Ignored are arguments that mcp-atlassian takes and that have no meaning here.
	Ignored []string
}

// check reports entries that no call could ever use.
func (s Spellings) check(shape *schema) error {
	for alias, name := range s.Aliases {
		if shape.property(name) == nil || shape.property(alias) != nil {
			return fmt.Errorf("alias %q of argument %q", alias, name)
		}
	}
	for _, name := range s.Commas {
		if p := shape.property(name); p == nil || p.kind != kindArray {
			return fmt.Errorf("commas in argument %q, which is no array", name)
		}
	}
	for _, name := range s.Ignored {
		if shape.property(name) != nil {
			return fmt.Errorf("ignored argument %q is an argument", name)
		}
	}
	return nil
}

// plain turns arguments into the advertised form as far as their spelling is known, in place. What
// it does not know it leaves to validation.
func (s Spellings) plain(arguments map[string]any, shape *schema) error {
	for _, name := range s.Ignored {
		delete(arguments, name)
	}
	for _, alias := range slices.Sorted(maps.Keys(s.Aliases)) {
		value, ok := arguments[alias]
		if !ok {
			continue
		}
		name := s.Aliases[alias]
		if said(arguments[name]) && !startsAtZero(value) && said(value) {
			return fmt.Errorf("%s and %s are two names of one argument; give %s only", alias, name, name)
		}
		delete(arguments, alias)
		if said(value) && !said(arguments[name]) {
			arguments[name] = value
		}
	}
	for _, name := range s.Commas {
		list, ok := arguments[name].(string)
		if list = strings.TrimSpace(list); ok && list != "" && list[0] != '[' {
			arguments[name] = splitCommas(list)
		}
	}
	shape.plainProperties(arguments)
	return nil
}

// said reports whether an argument was sent to say something: clients that fill in every argument
// of mcp-atlassian's schemas send null and empty strings for those they leave out.
func said(value any) bool { return value != nil && value != "" }

// startsAtZero reports whether value is mcp-atlassian's default offset, which says no more than
// the absence of a cursor does.
func startsAtZero(value any) bool {
	n, ok := value.(json.Number)
	return ok && n == "0"
}

func splitCommas(list string) []any {
	out := []any{}
	for value := range strings.SplitSeq(list, ",") {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, value)
		}
	}
	return out
}

// plainProperties does for the members of one object what follows from the schema alone.
func (s *schema) plainProperties(object map[string]any) {
	for _, p := range s.properties {
		value, ok := object[p.name]
		if !ok {
			continue
		}
		value = p.schema.plain(value)
		if !p.required && leftOut(value, p.schema) {
			delete(object, p.name)
			continue
		}
		object[p.name] = value
	}
}

// leftOut reports whether an optional argument was sent only to say that it has no value, as
// clients do that fill in every argument of a schema.
func leftOut(value any, s *schema) bool {
	return value == nil && s.kind != kindAny || value == "" && s.kind != kindString && s.kind != kindAny
}

func (s *schema) plain(value any) any {
	if text, ok := value.(string); ok {
		value = s.fromString(text)
	}
	switch value := value.(type) {
	case json.Number:
		switch s.kind {
		case kindString:
			return value.String()
		case kindInteger:
			return whole(value)
		}
	case map[string]any:
		s.plainProperties(value)
		for name, member := range value {
			if s.members != nil {
				value[name] = s.members.plain(member)
			}
		}
	case []any:
		for i := range value {
			if s.items != nil {
				value[i] = s.items.plain(value[i])
			}
		}
	}
	return value
}

// fromString reads what a string stands for where the schema asks for something else. A string
// that stands for nothing of that kind is returned as it is, for validation to refuse.
func (s *schema) fromString(text string) any {
	trimmed := strings.TrimSpace(text)
	switch s.kind {
	case kindArray, kindObject:
		if v, err := decodeStrict([]byte(trimmed)); err == nil {
			_, isArray := v.([]any)
			_, isObject := v.(map[string]any)
			if isArray && s.kind == kindArray || isObject && s.kind == kindObject {
				return v
			}
		}
	case kindInteger, kindNumber:
		if v, err := decodeStrict([]byte(trimmed)); err == nil {
			if number, ok := v.(json.Number); ok {
				return number
			}
		}
	case kindBoolean:
		switch strings.ToLower(trimmed) {
		case "true":
			return true
		case "false":
			return false
		}
	}
	return text
}
