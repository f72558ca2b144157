package alltools_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mistake is a value that a schema refuses, and what the caller has to be told of it.
type mistake struct {
	value any
	want  string
}

// mistakes are the ways to get one value wrong, as its advertised schema tells: the value itself, and
// each value within it. valid is one that is right, required whether it must be there. What the
// spellings of mcp-atlassian make right is none: a number for a string, and null for what is optional.
func mistakes(path string, s object, valid any, required bool) (list []mistake) {
	list = append(wrongTypes(path, s, required), outOfBounds(path, s)...)
	switch valid := valid.(type) {
	case []any:
		items, _ := s.get("items").(object)
		for _, m := range mistakes(path+"[0]", items, valid[0], true) {
			list = append(list, mistake{append([]any{m.value}, valid[1:]...), m.want})
		}
	case map[string]any:
		list = append(list, wrongMembers(path, s, valid)...)
	}
	return list
}

// wrongMembers are the mistakes within an object whose members are known.
func wrongMembers(path string, s object, valid map[string]any) (list []mistake) {
	properties, described := s.get("properties").(object)
	if !described {
		return nil
	}
	put := func(name string, value any, want string) {
		changed := maps.Clone(valid)
		changed[name] = value
		list = append(list, mistake{changed, want})
	}
	if path != "" {
		path += "."
	}
	known := make([]string, 0, len(properties))
	for _, p := range properties {
		known = append(known, p.name)
		schema, required := p.value.(object), isRequired(s, p.name)
		if required {
			without := maps.Clone(valid)
			delete(without, p.name)
			list = append(list, mistake{without, path + p.name + " is required"})
		}
		right, given := valid[p.name]
		if !given {
			right = sample(schema)
		}
		for _, m := range mistakes(path+p.name, schema, right, required) {
			put(p.name, m.value, m.want)
		}
	}
	put("no_such_argument", 1, fmt.Sprintf("there is no argument %q; there are %s", path+"no_such_argument", strings.Join(known, ", ")))
	return list
}

func isRequired(s object, name string) bool {
	list, _ := s.get("required").([]any)
	return slices.Contains(list, any(name))
}

// wrongTypes are values of each other JSON type. The string could be neither a list with commas nor
// JSON of any type.
func wrongTypes(path string, s object, required bool) (list []mistake) {
	want := s.get("type").(string)
	article := "a"
	if strings.ContainsRune("aeio", rune(want[0])) {
		article = "an"
	}
	refused := func(kind string, value any) {
		if kind != want {
			list = append(list, mistake{value, fmt.Sprintf("%s must be %s %s, not %s", path, article, want, kind)})
		}
	}
	refused("string", "[")
	refused("boolean", true)
	refused("array", []any{})
	refused("object", map[string]any{})
	switch want {
	case "string", "boolean", "integer", "number":
		refused("array", nested(100))
	}
	switch want {
	case "string": // takes numbers
	case "integer":
		whole := path + " must be a whole number"
		list = append(list, mistake{json.Number("1.5"), whole}, mistake{"1.5", whole}, mistake{json.Number("9223372036854775808"), whole})
	default:
		refused("number", json.Number("7"))
	}
	if required {
		refused("null", nil)
	}
	return list
}

// outOfBounds are values of the right type beyond what the schema allows, and those of them that
// stand for the same inside a string.
func outOfBounds(path string, s object) (list []mistake) {
	beyond := func(keyword string, step int, value func(n int) any, want, unit string) {
		bound, ok := s.get(keyword).(json.Number)
		if !ok {
			return
		}
		n, err := strconv.Atoi(bound.String())
		if err != nil || n+step < 0 && unit != "" {
			panic(fmt.Sprintf("%s: %s is %s", path, keyword, bound))
		}
		m := mistake{value(n + step), fmt.Sprintf("%s must %s %s%s", path, want, bound, unit)}
		list = append(list, m)
		if s.get("type") != "string" {
			list = append(list, mistake{plain(m.value), m.want})
		}
	}
	number := func(n int) any { return json.Number(strconv.Itoa(n)) }
	text := func(n int) any { return strings.Repeat("é", n) }
	values := func(n int) any {
		items, _ := s.get("items").(object)
		return slices.Repeat([]any{sample(items)}, n)
	}
	beyond("minimum", -1, number, "be at least", "")
	beyond("maximum", 1, number, "be at most", "")
	beyond("minLength", -1, text, "have at least", " characters")
	beyond("maxLength", 1, text, "have at most", " characters")
	beyond("minItems", -1, values, "have at least", " values")
	beyond("maxItems", 1, values, "have at most", " values")
	if enum, ok := s.get("enum").([]any); ok {
		want := path + " must be one of " + strings.Trim(strings.ReplaceAll(fmt.Sprint(enum), " ", ", "), "[]")
		list = append(list, mistake{"no such value", want}, mistake{strings.ToUpper(enum[0].(string)), want})
	}
	return list
}

// nested is a list in a list, and so on.
func nested(levels int) any {
	list := []any{}
	for range levels - 1 {
		list = []any{list}
	}
	return list
}

// sample is a value that a schema allows.
func sample(s object) any {
	switch s.get("type") {
	case "string":
		if enum, ok := s.get("enum").([]any); ok {
			return enum[0]
		}
		return "x"
	case "boolean":
		return true
	case "array":
		items, _ := s.get("items").(object)
		return []any{sample(items)}
	case "object":
		members := map[string]any{}
		properties, _ := s.get("properties").(object)
		for _, p := range properties {
			if isRequired(s, p.name) {
				members[p.name] = sample(p.value.(object))
			}
		}
		return members
	}
	return json.Number("1")
}

// TestMistakes: no kind of mistake is forgotten, and nothing that is right is taken for one.
func TestMistakes(t *testing.T) {
	schema := ordered(t, []byte(`{"type":"object","required":["key"],"properties":{`+
		`"key":{"type":"string","minLength":1,"maxLength":3},"limit":{"type":"integer","minimum":0,"maximum":9},"quick":{"type":"boolean"},`+
		`"kinds":{"type":"array","maxItems":1,"items":{"type":"string","enum":["a","b"]}},"free":{"type":"object"}}}`)).(object)
	var got []string
	for _, m := range wrongMembers("", schema, map[string]any{"key": "k"}) {
		got = append(got, plain(m.value)+" "+m.want)
	}
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	want := []string{
		`{} key is required`,
		`{"key":true} key must be a string, not boolean`,
		`{"key":[]} key must be a string, not array`,
		`{"key":{}} key must be a string, not object`,
		`{"key":` + deep + `} key must be a string, not array`,
		`{"key":null} key must be a string, not null`,
		`{"key":""} key must have at least 1 characters`,
		`{"key":"éééé"} key must have at most 3 characters`,
		`{"key":"k","limit":"["} limit must be an integer, not string`,
		`{"key":"k","limit":true} limit must be an integer, not boolean`,
		`{"key":"k","limit":[]} limit must be an integer, not array`,
		`{"key":"k","limit":{}} limit must be an integer, not object`,
		`{"key":"k","limit":` + deep + `} limit must be an integer, not array`,
		`{"key":"k","limit":1.5} limit must be a whole number`,
		`{"key":"k","limit":"1.5"} limit must be a whole number`,
		`{"key":"k","limit":9223372036854775808} limit must be a whole number`,
		`{"key":"k","limit":-1} limit must be at least 0`,
		`{"key":"k","limit":"-1"} limit must be at least 0`,
		`{"key":"k","limit":10} limit must be at most 9`,
		`{"key":"k","limit":"10"} limit must be at most 9`,
		`{"key":"k","quick":"["} quick must be a boolean, not string`,
		`{"key":"k","quick":[]} quick must be a boolean, not array`,
		`{"key":"k","quick":{}} quick must be a boolean, not object`,
		`{"key":"k","quick":` + deep + `} quick must be a boolean, not array`,
		`{"key":"k","quick":7} quick must be a boolean, not number`,
		`{"key":"k","kinds":"["} kinds must be an array, not string`,
		`{"key":"k","kinds":true} kinds must be an array, not boolean`,
		`{"key":"k","kinds":{}} kinds must be an array, not object`,
		`{"key":"k","kinds":7} kinds must be an array, not number`,
		`{"key":"k","kinds":["a","a"]} kinds must have at most 1 values`,
		`{"key":"k","kinds":"[\"a\",\"a\"]"} kinds must have at most 1 values`,
		`{"key":"k","kinds":[true]} kinds[0] must be a string, not boolean`,
		`{"key":"k","kinds":[[]]} kinds[0] must be a string, not array`,
		`{"key":"k","kinds":[{}]} kinds[0] must be a string, not object`,
		`{"key":"k","kinds":[` + deep + `]} kinds[0] must be a string, not array`,
		`{"key":"k","kinds":[null]} kinds[0] must be a string, not null`,
		`{"key":"k","kinds":["no such value"]} kinds[0] must be one of a, b`,
		`{"key":"k","kinds":["A"]} kinds[0] must be one of a, b`,
		`{"free":"[","key":"k"} free must be an object, not string`,
		`{"free":true,"key":"k"} free must be an object, not boolean`,
		`{"free":[],"key":"k"} free must be an object, not array`,
		`{"free":7,"key":"k"} free must be an object, not number`,
		`{"key":"k","no_such_argument":1} there is no argument "no_such_argument"; there are key, limit, quick, kinds, free`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
