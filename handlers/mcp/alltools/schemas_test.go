package alltools_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// TestSchemas holds what assistants are shown of a tool to a file for each, and the files to tools.
func TestSchemas(t *testing.T) {
	var names []string
	for _, tool := range newWorld(t, sandbox.Cloud).list(t) {
		got, err := json.MarshalIndent(tool, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name+".json")
		golden(t, filepath.Join("testdata/schemas", tool.Name+".json"), append(got, '\n'))
	}
	files, err := os.ReadDir("testdata/schemas")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(names, f.Name()) {
			t.Errorf("testdata/schemas/%s is of no tool", f.Name())
		}
	}
}

// Names that all take: Claude's API has 64 characters for "mcp__" + server + "__" + name, of which
// Claude Code and others leave 14 to the name of the server; names of arguments are as narrow.
var (
	portableTool     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,42}$`)
	portableArgument = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]{0,63}$`)
)

// portableKeywords are those of JSON Schema that the function declarations of the Gemini API have
// (Schema of generativelanguage.googleapis.com v1beta, the narrowest of all), for each type.
var portableKeywords = map[string][]string{
	"string":  {"type", "description", "enum", "minLength", "maxLength", "default"},
	"integer": {"type", "description", "minimum", "maximum", "default"},
	"number":  {"type", "description", "minimum", "maximum", "default"},
	"boolean": {"type", "description", "default"},
	"array":   {"type", "description", "minItems", "maxItems", "items"},
	"object":  {"type", "description", "properties", "required"},
}

// TestPortable holds every tool to what the clients with the narrowest rules take.
func TestPortable(t *testing.T) {
	tools := newWorld(t, sandbox.Cloud).list(t)
	if len(tools) > 100 { // VS Code takes 128 of all servers together
		t.Errorf("%d tools", len(tools))
	}
	for _, tool := range tools {
		for _, problem := range unportable(tool) {
			t.Errorf("%s: %s", tool.Name, problem)
		}
	}
}

// unportable says what some client would refuse in a tool.
func unportable(tool *sdk.Tool) (problems []string) {
	if !portableTool.MatchString(tool.Name) {
		problems = append(problems, "the name")
	}
	if n := len(tool.Description); n == 0 || n > 1024 { // OpenAI's limit for a function
		problems = append(problems, fmt.Sprintf("a description of %d bytes", n))
	}
	if tool.Annotations == nil || tool.Annotations.ReadOnlyHint == (tool.Annotations.DestructiveHint != nil) {
		problems = append(problems, "ChatGPT wants readOnlyHint of a read, and destructiveHint of a write")
	}
	root, ok := tool.InputSchema.(map[string]any)
	if !ok || root["type"] != "object" || root["properties"] == nil {
		return append(problems, "the schema is not that of an object with properties")
	}
	return append(problems, unportableSchema("arguments", root, 1)...)
}

func unportableSchema(path string, node map[string]any, depth int) (problems []string) {
	say := func(format string, args ...any) {
		problems = append(problems, path+": "+fmt.Sprintf(format, args...))
	}
	kind, _ := node["type"].(string)
	for keyword := range node {
		if !slices.Contains(portableKeywords[kind], keyword) {
			say("%s of type %q", keyword, kind)
		}
	}
	if portableKeywords[kind] == nil {
		say("no single type")
	}
	if depth > 5 { // OpenAI's nesting
		say("%d levels deep", depth)
	}
	if kind == "array" { // VS Code: "array type must have items"
		items, ok := node["items"].(map[string]any)
		if !ok {
			say("no items")
		}
		problems = append(problems, unportableSchema(path+"[]", items, depth+1)...)
	}
	properties, _ := node["properties"].(map[string]any)
	for name, child := range properties {
		if !portableArgument.MatchString(name) {
			say("the name %q", name)
		}
		object, ok := child.(map[string]any)
		if !ok { // Claude Code refuses a schema that is true
			say("%s is no object", name)
			continue
		}
		problems = append(problems, unportableSchema(path+"."+name, object, depth+1)...)
	}
	required, _ := node["required"].([]any)
	for _, name := range required { // Gemini: "property is not defined"
		if text, ok := name.(string); !ok || properties[text] == nil {
			say("%v is required and not described", name)
		}
	}
	return problems
}

// TestUnportable: the rules see what clients have refused in other servers.
func TestUnportable(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"object"}`: "not that of an object",
		`{"type":"object","properties":{},"additionalProperties":false}`:                                         "additionalProperties",
		`{"type":"object","properties":{"a":{"type":"array"}}}`:                                                  "no items",
		`{"type":"object","properties":{"a":{"type":"array","items":{}}}}`:                                       "no single type",
		`{"type":"object","properties":{"a":true}}`:                                                              "a is no object",
		`{"type":"object","properties":{"a":{"type":["string","null"]}}}`:                                        "no single type",
		`{"type":"object","properties":{"a":{"anyOf":[{"type":"string"}]}}}`:                                     "anyOf",
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}`:                                              "$ref",
		`{"type":"object","properties":{"a":{"type":"integer","enum":[1]}}}`:                                     "enum of type",
		`{"type":"object","properties":{"a":{"type":"string","properties":{}}}}`:                                 "properties of type",
		`{"type":"object","properties":{"a":{"type":"object","required":["b"]}}}`:                                "b is required",
		`{"type":"object","properties":{"a-b":{"type":"string"}}}`:                                               "the name",
		`{"type":"object","properties":{"a":{"type":"string","pattern":"^a"}}}`:                                  "pattern",
		`{"type":"object","properties":{"a":{"type":"object","propertyNames":{}}}}`:                              "propertyNames",
		`{"type":"object","properties":{"a":{"type":"array","items":{"type":"array"}}}}`:                         "arguments.a[]: no items",
		strings.Repeat(`{"type":"object","properties":{"a":`, 5) + `{"type":"string"}` + strings.Repeat(`}}`, 5): "6 levels",
	} {
		tool := &sdk.Tool{Name: "x", Description: "x", Annotations: &sdk.ToolAnnotations{ReadOnlyHint: true}}
		if err := json.Unmarshal([]byte(schema), &tool.InputSchema); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(unportable(tool), "; "); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", schema, got, want)
		}
	}
}
