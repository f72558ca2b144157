package mcp

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

type paging struct {
	Limit  int    `json:"limit" jsonschema:"How many" default:"10" min:"1" max:"50"`
	Cursor string `json:"cursor,omitempty"`
}

func TestSchema(t *testing.T) {
	type In struct {
		Key    string            `json:"issue_key" jsonschema:"Issue key, e.g. \"PLAT-1\"" min:"1" max:"9"`
		State  string            `json:"state,omitempty" enum:"open,done" default:"open"`
		Kinds  []string          `json:"kinds,omitempty" enum:"a,b" min:"1" max:"3"`
		Ratio  *float64          `json:"ratio" max:"0.5"`
		Sure   bool              `json:"sure"`
		Any    any               `json:"any,omitempty"`
		Free   map[string]any    `json:"free,omitempty"`
		Labels map[string]string `json:"labels,omitempty"`
		Nested []struct {
			Name  string `json:"name"`
			Count int    `json:"count" default:"1"`
		} `json:"nested,omitempty"`
		paging
		Skip int `json:"-"`
	}
	s, err := schemaOf(reflect.TypeFor[In]())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"object","properties":{` +
		`"issue_key":{"type":"string","description":"Issue key, e.g. \"PLAT-1\"","minLength":1,"maxLength":9},` +
		`"state":{"type":"string","enum":["open","done"],"default":"open"},` +
		`"kinds":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","enum":["a","b"]}},` +
		`"ratio":{"type":"number","maximum":0.5},` +
		`"sure":{"type":"boolean"},` +
		`"any":{},` +
		`"free":{"type":"object"},` +
		`"labels":{"type":"object","additionalProperties":{"type":"string"}},` +
		`"nested":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"count":{"type":"integer","default":1}},"required":["name"]}},` +
		`"limit":{"type":"integer","description":"How many","minimum":1,"maximum":50,"default":10},` +
		`"cursor":{"type":"string"}},` +
		`"required":["issue_key","sure"]}`
	if diff := cmp.Diff(want, string(s.JSON())); diff != "" {
		t.Error(diff)
	}
	if empty, err := schemaOf(reflect.TypeFor[struct{}]()); err != nil || string(empty.JSON()) != `{"type":"object","properties":{}}` {
		t.Errorf("got %s, %v", empty.JSON(), err)
	}
}

type recursive struct {
	Children []recursive `json:"children"`
}

func TestSchemaRefuses(t *testing.T) {
	for name, in := range map[string]any{
		"no struct": "",
		"itself":    recursive{},
		"unsigned": struct {
			A uint `json:"a"`
		}{},
		"own decoding": struct {
			A time.Time `json:"a"`
		}{},
		"channel": struct {
			A chan int `json:"a"`
		}{},
		"keys": struct {
			A map[int]string `json:"a"`
		}{},
		"enum of a number": struct {
			A int `json:"a" enum:"1,2"`
		}{},
		"min of a boolean": struct {
			A bool `json:"a" min:"1"`
		}{},
		"min in words": struct {
			A int `json:"a" min:"one"`
		}{},
		"default type": struct {
			A int `json:"a" default:"one"`
		}{},
		"default bounds": struct {
			A int `json:"a" default:"9" max:"5"`
		}{},
		"default enum": struct {
			A string `json:"a" default:"x" enum:"y,z"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := schemaOf(reflect.TypeOf(in)); err == nil {
				t.Errorf("got %s", s.JSON())
			}
		})
	}
}

// closed makes every schema that names properties refuse others, as the validator does.
func closed(node any) any {
	switch node := node.(type) {
	case map[string]any:
		for name, child := range node {
			node[name] = closed(child)
		}
		if node["type"] == "object" && node["properties"] != nil {
			node["additionalProperties"] = false
		}
	case []any:
		for i := range node {
			node[i] = closed(node[i])
		}
	}
	return node
}

// FuzzValidate compares the validator with a general one over the advertised schema: what assistants
// are told is what is taken, but for names that they are not told of.
func FuzzValidate(f *testing.F) {
	type In struct {
		Key    string            `json:"issue_key" min:"1" max:"9"`
		State  string            `json:"state,omitempty" enum:"open,done"`
		Kinds  []string          `json:"kinds,omitempty" enum:"a,b" min:"1" max:"3"`
		Ratio  *float64          `json:"ratio" min:"-1" max:"0.5"`
		Count  *int              `json:"count" min:"1"`
		Sure   *bool             `json:"sure"`
		Free   map[string]any    `json:"free,omitempty"`
		Labels map[string]string `json:"labels,omitempty"`
		Nested []struct {
			Name string `json:"name"`
		} `json:"nested,omitempty"`
	}
	shape, err := schemaOf(reflect.TypeFor[In]())
	if err != nil {
		f.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(shape.JSON()))
	if err != nil {
		f.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("in.json", closed(document)); err != nil {
		f.Fatal(err)
	}
	general, err := compiler.Compile("in.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{}`, `{"issue_key":"A-1"}`, `{"issue_key":""}`, `{"issue_key":"éééééééééé"}`, `{"issue_key":"A","state":"x"}`,
		`{"issue_key":"A","kinds":[]}`, `{"issue_key":"A","kinds":["a","c"]}`, `{"issue_key":"A","ratio":0.6}`, `{"issue_key":"A","ratio":null}`,
		`{"issue_key":"A","count":0}`, `{"issue_key":"A","count":1.5}`, `{"issue_key":"A","count":"1"}`, `{"issue_key":"A","sure":1}`,
		`{"issue_key":"A","free":{"x":[1]}}`, `{"issue_key":"A","labels":{"x":1}}`, `{"issue_key":"A","nested":[{"name":"n","x":1}]}`, `{"Issue_key":"A"}`, `[]`, `null`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := decodeStrict([]byte(text))
		if err != nil {
			return
		}
		var found problems
		shape.validate("", value, &found)
		theirs := general.Validate(value)
		if object, ok := value.(map[string]any); ok {
			// Whole numbers written 1.0 or 1e0 are made plain before validation; larger ones than Go
			// can hold are refused by us alone.
			if n, ok := object["count"].(json.Number); ok {
				if _, err := n.Int64(); err != nil {
					return
				}
			}
			if n, ok := object["ratio"].(json.Number); ok {
				if _, err := n.Float64(); err != nil || len(n) > 15 {
					return
				}
			}
		}
		if (len(found) == 0) != (theirs == nil) {
			t.Errorf("%s: we say %v, the schema says %v", text, found, theirs)
		}
	})
}
