package alltools_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any // an object, []any, string, json.Number, bool or nil
}

func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, plain(m.name)...), ':')
		b = append(b, plain(m.value)...)
	}
	return append(b, '}'), nil
}

// put adds a member, unless it says nothing.
func (o *object) put(name string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	}
	*o = append(*o, member{name, value})
}

// ordered decodes JSON into objects that keep their order.
func ordered(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := orderedValue(decoder)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

func orderedValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := orderedValue(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{name.(string), value})
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := orderedValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

// What a document shows of long values.
const (
	widest      = 110 // of a line
	longestText = 260 // characters of a string
	longestList = 3   // members of a list that are no plain values
)

// shown is JSON for a person: what fits stands on one line, and what is long ends with an ellipsis.
func shown(value any, indent string) string {
	switch value := value.(type) {
	case object:
		parts := make([]string, 0, len(value))
		for _, m := range value {
			parts = append(parts, plain(m.name)+": "+shown(m.value, indent+"  "))
		}
		return laidOut("{", "}", parts, indent)
	case []any:
		parts := make([]string, 0, len(value))
		for i, v := range value {
			if _, ok := v.(object); ok && i == longestList {
				parts = append(parts, plain(fmt.Sprintf("… %d more", len(value)-i)))
				break
			}
			parts = append(parts, shown(v, indent+"  "))
		}
		return laidOut("[", "]", parts, indent)
	case string:
		if runes := []rune(value); len(runes) > longestText {
			value = strings.TrimSpace(string(runes[:longestText])) + " …"
		}
		return plain(value)
	}
	return plain(value)
}

func laidOut(left, right string, parts []string, indent string) string {
	line := left + strings.Join(parts, ", ") + right
	if len(indent)+len(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	return left + "\n" + indent + "  " + strings.Join(parts, ",\n"+indent+"  ") + "\n" + indent + right
}

func plain(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // of values that were decoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
