package mcp

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// problems are what is wrong with the arguments of a call, each a sentence that tells a model what
// to write instead.
type problems []string

func (p *problems) add(format string, values ...any) {
	const enough = 10
	if len(*p) < enough {
		*p = append(*p, fmt.Sprintf(format, values...))
	}
}

// validate reports everything in which value, as decodeStrict returns it, departs from the schema.
func (s *schema) validate(path string, value any, found *problems) {
	switch value := value.(type) {
	case string:
		if s.is(kindString, path, found) {
			s.validateString(path, value, found)
		}
	case bool:
		s.is(kindBoolean, path, found)
	case json.Number:
		s.validateNumber(path, value, found)
	case []any:
		if s.is(kindArray, path, found) {
			s.validateLength(path, len(value), "values", found)
			for i := range value {
				if s.items != nil {
					s.items.validate(fmt.Sprintf("%s[%d]", path, i), value[i], found)
				}
			}
		}
	case map[string]any:
		if s.is(kindObject, path, found) {
			s.validateObject(path, value, found)
		}
	default: // null
		s.is("null", path, found)
	}
}

// is reports whether values of kind k may be validated further, and what is wrong if they are not
// what the schema asks for.
func (s *schema) is(k kind, path string, found *problems) bool {
	if s.kind == kindAny {
		return false
	}
	if s.kind != k {
		article := "a"
		if strings.ContainsRune("aeio", rune(s.kind[0])) {
			article = "an"
		}
		found.add("%s must be %s %s, not %s", path, article, s.kind, k)
	}
	return s.kind == k
}

func (s *schema) validateString(path, value string, found *problems) {
	s.validateLength(path, utf8.RuneCountInString(value), "characters", found)
	if s.enum != nil && !slices.Contains(s.enum, value) {
		found.add("%s must be one of %s", path, strings.Join(s.enum, ", "))
	}
}

func (s *schema) validateLength(path string, length int, unit string, found *problems) {
	if least := s.bound(s.min); s.min != nil && float64(length) < least {
		found.add("%s must have at least %v %s", path, least, unit)
	}
	if most := s.bound(s.max); s.max != nil && float64(length) > most {
		found.add("%s must have at most %v %s", path, most, unit)
	}
}

func (s *schema) validateNumber(path string, value json.Number, found *problems) {
	if s.kind != kindInteger && !s.is(kindNumber, path, found) {
		return
	}
	number, err := value.Float64()
	if err != nil {
		found.add("%s is out of range", path)
		return
	}
	if s.kind == kindInteger {
		if _, err := value.Int64(); err != nil {
			found.add("%s must be a whole number", path)
			return
		}
	}
	if least := s.bound(s.min); s.min != nil && number < least {
		found.add("%s must be at least %v", path, least)
	}
	if most := s.bound(s.max); s.max != nil && number > most {
		found.add("%s must be at most %v", path, most)
	}
}

func (s *schema) bound(n *json.Number) float64 {
	if n == nil {
		return 0
	}
	f, _ := n.Float64()
	return f
}

func (s *schema) validateObject(path string, object map[string]any, found *problems) {
	if s.members != nil {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			s.members.validate(path+"."+name, object[name], found)
		}
		return
	}
	prefix := ""
	if path != "" {
		prefix = path + "."
	}
	for _, p := range s.properties {
		if value, ok := object[p.name]; ok {
			p.schema.validate(prefix+p.name, value, found)
		} else if p.required {
			found.add("%s is required", prefix+p.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if s.property(name) == nil {
			found.add("there is no argument %q; there are %s", prefix+clip(name, 40), s.names())
		}
	}
}

func (s *schema) names() string {
	names := make([]string, 0, len(s.properties))
	for _, p := range s.properties {
		names = append(names, p.name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// setDefaults adds the members that were left out and have a default.
func (s *schema) setDefaults(object map[string]any) {
	for _, p := range s.properties {
		value, ok := object[p.name]
		switch {
		case !ok && p.schema.fallback != nil:
			object[p.name] = p.schema.fallback
		case ok:
			p.schema.setNestedDefaults(value)
		}
	}
}

func (s *schema) setNestedDefaults(value any) {
	switch value := value.(type) {
	case map[string]any:
		s.setDefaults(value)
	case []any:
		for _, v := range value {
			if s.items != nil {
				s.items.setNestedDefaults(v)
			}
		}
	}
}

// whole writes an integer such as 1e2 or 10.0, which JSON Schema counts among the integers, in
// plain digits. Anything else it returns as it is.
func whole(n json.Number) json.Number {
	text := n.String()
	if !strings.ContainsAny(text, ".eE") || len(text) > 32 {
		return n
	}
	f, err := n.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return n
	}
	digits, _ := big.NewFloat(f).Int(nil)
	return json.Number(digits.String())
}

// clip shortens what a caller sent before it is sent back or logged.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
