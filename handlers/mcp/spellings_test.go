package mcp

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type spelled struct {
	Key    string         `json:"issue_key"`
	Body   string         `json:"body,omitempty"`
	Limit  int            `json:"limit,omitempty"`
	Ratio  float64        `json:"ratio,omitempty"`
	Deep   bool           `json:"deep,omitempty"`
	Fields []string       `json:"fields,omitempty"`
	Words  []string       `json:"words,omitempty"`
	IDs    []int          `json:"ids,omitempty"`
	Extra  map[string]any `json:"extra,omitempty"`
	Issues []struct {
		Key   string   `json:"key"`
		Names []string `json:"names,omitempty"`
		Count int      `json:"count,omitempty"`
	} `json:"issues,omitempty"`
	Any    any               `json:"any,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

var spelledAs = Spellings{Aliases: map[string]string{"comment": "body"}, Commas: []string{"fields"}, Ignored: []string{"raw"}}

func TestSpellings(t *testing.T) {
	shape, err := schemaOf(reflect.TypeFor[spelled]())
	if err != nil {
		t.Fatal(err)
	}
	if err := spelledAs.check(shape); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ sent, want string }{
		"plain stays":               {`{"issue_key":"A-1","limit":3,"fields":["a,b"],"extra":{"x":"1"}}`, `{"extra":{"x":"1"},"fields":["a,b"],"issue_key":"A-1","limit":3}`},
		"alias":                     {`{"comment":"hi"}`, `{"body":"hi"}`},
		"ignored":                   {`{"raw":true}`, `{}`},
		"comma list":                {`{"fields":" a ,b,,"}`, `{"fields":["a","b"]}`},
		"a list of one":             {`{"fields":"a"}`, `{"fields":["a"]}`},
		"JSON in a comma list":      {`{"fields":"[\"a,b\"]"}`, `{"fields":["a,b"]}`},
		"no comma list elsewhere":   {`{"words":"a,b"}`, `{"words":"a,b"}`},
		"JSON in a string":          {`{"extra":" {\"a\":[1]} ","words":"[\"x\"]"}`, `{"extra":{"a":[1]},"words":["x"]}`},
		"nested":                    {`{"issues":"[{\"key\":7,\"names\":\"[\\\"n\\\"]\",\"count\":\"2\"}]"}`, `{"issues":[{"count":2,"key":"7","names":["n"]}]}`},
		"broken JSON stays":         {`{"extra":"{","ids":"[1,"}`, `{"extra":"{","ids":"[1,"}`},
		"the wrong JSON stays":      {`{"extra":"[]","words":"{}"}`, `{"extra":"[]","words":"{}"}`},
		"doubled members stay":      {`{"extra":"{\"a\":1,\"a\":2}"}`, `{"extra":"{\"a\":1,\"a\":2}"}`},
		"numbers":                   {`{"limit":" 12 ","ratio":"0.5","ids":["1",2,"x"]}`, `{"ids":[1,2,"x"],"limit":12,"ratio":0.5}`},
		"whole numbers":             {`{"limit":"1e1","ids":[2.0,2.5]}`, `{"ids":[2,2.5],"limit":10}`},
		"huge numbers stay":         {`{"limit":1e400,"ids":[123456789012345678901234567890.0]}`, `{"ids":[123456789012345678901234567890.0],"limit":1e400}`},
		"number where text is due":  {`{"issue_key":12345678901234567890}`, `{"issue_key":"12345678901234567890"}`},
		"booleans":                  {`{"deep":"TRUE"}`, `{"deep":true}`},
		"no boolean":                {`{"deep":"yes"}`, `{"deep":"yes"}`},
		"null is left out":          {`{"limit":null,"body":null,"extra":null,"any":null}`, `{"any":null}`},
		"required null stays":       {`{"issue_key":null}`, `{"issue_key":null}`},
		"empty text of other kinds": {`{"limit":"","deep":"","fields":"","extra":"","body":"","any":""}`, `{"any":"","body":""}`},
		"members of one type":       {`{"labels":"{\"a\":1}"}`, `{"labels":{"a":"1"}}`},
		"text in free members":      {`{"extra":{"n":"1","b":"true","j":"[1]"},"any":"[1]"}`, `{"any":"[1]","extra":{"b":"true","j":"[1]","n":"1"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := decodeStrict([]byte(tc.sent))
			if err != nil {
				t.Fatal(err)
			}
			arguments := value.(map[string]any)
			if err := spelledAs.plain(arguments, shape); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(arguments)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpellingsThatCannotApply(t *testing.T) {
	shape, err := schemaOf(reflect.TypeFor[spelled]())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Spellings{
		"alias of nothing":      {Aliases: map[string]string{"a": "b"}},
		"alias is an argument":  {Aliases: map[string]string{"limit": "body"}},
		"commas in a string":    {Commas: []string{"body"}},
		"ignoring an argument":  {Ignored: []string{"body"}},
		"commas in no argument": {Commas: []string{"x"}},
	} {
		if s.check(shape) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzSpellings: making arguments plain never panics, leaves valid ones valid, and changes nothing
// the second time.
func FuzzSpellings(f *testing.F) {
	shape, err := schemaOf(reflect.TypeFor[spelled]())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`{}`, `{"comment":"x","fields":"a,b","extra":"{}"}`, `{"issues":"[{\"key\":7}]","limit":"1e2"}`, `{"issue_key":"A","any":[null]}`, `{"ids":"[\"1\"]"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := decodeStrict([]byte(text))
		arguments, ok := value.(map[string]any)
		if err != nil || !ok {
			return
		}
		var before, after problems
		shape.validate("", arguments, &before)
		if spelledAs.plain(arguments, shape) != nil {
			return
		}
		first, err := json.Marshal(arguments)
		if err != nil {
			t.Fatal(err)
		}
		shape.validate("", arguments, &after)
		if len(before) == 0 && len(after) > 0 {
			t.Errorf("%s was valid; %s is not: %v", text, first, after)
		}
		if err := spelledAs.plain(arguments, shape); err != nil {
			t.Fatal(err)
		}
		if second, _ := json.Marshal(arguments); string(second) != string(first) {
			t.Errorf("%s became %s and then %s", text, first, second)
		}
	})
}
