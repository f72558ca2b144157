package mcp

import (
	"encoding/json"
	"strconv"
)

// JSON returns the schema as a JSON document, its properties in the order of the struct.
func (s *schema) JSON() json.RawMessage {
	return json.RawMessage(s.appendJSON(nil))
}

func (s *schema) appendJSON(b []byte) []byte {
	b = append(b, '{')
	member := func(name string, value any) {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		raw, ok := value.([]byte)
		if !ok {
			raw, _ = json.Marshal(value)
		}
		b = append(append(strconv.AppendQuote(b, name), ':'), raw...)
	}
	if s.kind != kindAny {
		member("type", s.kind)
	}
	if s.description != "" {
		member("description", s.description)
	}
	if s.enum != nil {
		member("enum", s.enum)
	}
	names := boundNames[s.kind]
	if s.min != nil {
		member(names.min, *s.min)
	}
	if s.max != nil {
		member(names.max, *s.max)
	}
	if s.fallback != nil {
		member("default", []byte(s.fallback))
	}
	if s.items != nil {
		member("items", s.items.appendJSON(nil))
	}
	if s.kind == kindObject {
		s.appendObject(member)
	}
	return append(b, '}')
}

// appendObject leaves out that further properties are refused, which only a call has to know: Gemini
// refuses a tool whose schema says additionalProperties.
func (s *schema) appendObject(member func(string, any)) {
	if s.members != nil {
		if s.members.kind != kindAny {
			member("additionalProperties", s.members.appendJSON(nil))
		}
		return
	}
	properties, required := []byte{'{'}, []string{}
	for i, p := range s.properties {
		if i > 0 {
			properties = append(properties, ',')
		}
		properties = append(strconv.AppendQuote(properties, p.name), ':')
		properties = p.schema.appendJSON(properties)
		if p.required {
			required = append(required, p.name)
		}
	}
	member("properties", append(properties, '}'))
	if len(required) > 0 {
		member("required", required)
	}
}

// boundNames are the keywords that min and max stand for.
var boundNames = map[kind]struct{ min, max string }{
	kindInteger: {"minimum", "maximum"},
	kindNumber:  {"minimum", "maximum"},
	kindString:  {"minLength", "maxLength"},
	kindArray:   {"minItems", "maxItems"},
}
