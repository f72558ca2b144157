package mcp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// kind is the JSON type that a schema asks for.
type kind string

const (
	kindString  kind = "string"
	kindInteger kind = "integer"
	kindNumber  kind = "number"
	kindBoolean kind = "boolean"
	kindArray   kind = "array"
	kindObject  kind = "object"
	kindAny     kind = "" // any value, null included
)

// schema is the one plain form of JSON Schema (2020-12) that tools advertise: a single type, no
// references, no compositions, no null unions. Every assistant's model understands it, and the
// message about a violation can say how to repair the call.
type schema struct {
	kind        kind
	description string
	enum        []string
	min, max    *json.Number
	fallback    json.RawMessage // the default
	items       *schema         // of an array
	properties  []property      // of an object, in the order of the struct
	members     *schema         // of an object whose names are free; nil: only properties
}

type property struct {
	name     string
	required bool
	schema   *schema
}

func (s *schema) property(name string) *schema {
	for _, p := range s.properties {
		if p.name == name {
			return p.schema
		}
	}
	return nil
}

// optional reports whether there is a property that may be left out.
func (s *schema) optional(name string) bool {
	return slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name && !p.required })
}

// schemaOf returns the schema of a struct of arguments.
func schemaOf(t reflect.Type) (*schema, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the arguments are a %v, not a struct", t)
	}
	return schemaOfType(t, nil)
}

func schemaOfType(t reflect.Type, outer []reflect.Type) (*schema, error) {
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("type %v contains itself", t)
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return &schema{kind: kindAny}, nil
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return nil, fmt.Errorf("type %v decodes itself, so its schema is not known", t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOfType(t.Elem(), outer)
	case reflect.String:
		return &schema{kind: kindString}, nil
	case reflect.Bool:
		return &schema{kind: kindBoolean}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &schema{kind: kindInteger}, nil
	case reflect.Float32, reflect.Float64:
		return &schema{kind: kindNumber}, nil
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return &schema{kind: kindAny}, nil
		}
	case reflect.Slice:
		items, err := schemaOfType(t.Elem(), outer)
		return &schema{kind: kindArray, items: items}, err
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			members, err := schemaOfType(t.Elem(), outer)
			return &schema{kind: kindObject, members: members}, err
		}
	case reflect.Struct:
		properties, err := propertiesOf(t, append(slices.Clone(outer), t))
		return &schema{kind: kindObject, properties: properties}, err
	}
	return nil, fmt.Errorf("type %v has no plain schema", t)
}

func propertiesOf(t reflect.Type, outer []reflect.Type) ([]property, error) {
	var out []property
	for field := range t.Fields() {
		tag, tagged := field.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case field.Anonymous && !tagged && field.Type.Kind() == reflect.Struct:
			embedded, err := propertiesOf(field.Type, outer)
			if err != nil {
				return nil, err
			}
			out = append(out, embedded...)
			continue
		case !field.IsExported() || tag == "-":
			continue
		case name == "":
			return nil, fmt.Errorf("field %s has no json name", field.Name)
		}
		s, err := schemaOfType(field.Type, outer)
		if err == nil {
			err = s.narrow(field.Tag)
		}
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", name, err)
		}
		optional := field.Type.Kind() == reflect.Pointer || s.fallback != nil ||
			slices.Contains(strings.Split(options, ","), "omitempty")
		out = append(out, property{name: name, required: !optional, schema: s})
	}
	return out, nil
}

// narrow applies the struct tags jsonschema, enum, min, max and default.
func (s *schema) narrow(tag reflect.StructTag) error {
	s.description = tag.Get("jsonschema")
	if list, ok := tag.Lookup("enum"); ok {
		of := s
		if s.kind == kindArray {
			of = s.items
		}
		if of.kind != kindString {
			return fmt.Errorf("enum of a %s", of.kind)
		}
		of.enum = strings.Split(list, ",")
	}
	for name, bound := range map[string]**json.Number{"min": &s.min, "max": &s.max} {
		text, ok := tag.Lookup(name)
		if !ok {
			continue
		}
		if _, err := strconv.ParseFloat(text, 64); err != nil || s.kind == kindBoolean || s.kind == kindObject || s.kind == kindAny {
			return fmt.Errorf("%s %q of a %s", name, text, s.kind)
		}
		number := json.Number(text)
		*bound = &number
	}
	if text, ok := tag.Lookup("default"); ok {
		return s.setDefault(text)
	}
	return nil
}

func (s *schema) setDefault(text string) error {
	raw := json.RawMessage(text)
	if s.kind == kindString {
		raw, _ = json.Marshal(text)
	}
	value, err := decodeStrict(raw)
	if err != nil {
		return fmt.Errorf("default %q: %w", text, err)
	}
	var found problems
	if s.validate("default", value, &found); len(found) > 0 {
		return fmt.Errorf("default %q: %s", text, found[0])
	}
	s.fallback = raw
	return nil
}
