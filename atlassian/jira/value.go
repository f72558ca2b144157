package jira

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// maxValueDepth bounds how deep an object without a name is followed.
const maxValueDepth = 4

// value makes a field's value small: people, options and versions become their names, rich text
// Markdown, and links to Jira's own API disappear. It is nil for what is empty.
func (r *issueReader) value(raw json.RawMessage, kind fieldSchema) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	if s, isText := v.(string); isText && (kind.Custom == customTextArea || kind.System == "environment") {
		return r.api.richText(raw)
	} else if isText && kind.Type == "datetime" {
		return timestamp(s)
	}
	return r.simplify(v, 0)
}

func (r *issueReader) simplify(v any, depth int) any {
	switch v := v.(type) {
	case string:
		return plainText(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			if s := r.simplify(item, depth+1); s != nil {
				out = append(out, s)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case map[string]any:
		return r.simplifyObject(v, depth)
	}
	return v
}

// simplifyObject knows the forms that Jira's own field types have.
func (r *issueReader) simplifyObject(v map[string]any, depth int) any {
	if v["type"] == "doc" && v["content"] != nil {
		raw, _ := json.Marshal(v)
		return r.api.richText(raw)
	}
	if value, ok := v["value"].(string); ok { // an option, perhaps cascading
		if child, ok := v["child"].(map[string]any); ok {
			if c, ok := child["value"].(string); ok {
				value += " / " + c
			}
		}
		return oneLine(value)
	}
	if display, ok := v["displayName"].(string); ok {
		return oneLine(display)
	}
	if name, ok := v["name"].(string); ok {
		if state, ok := v["state"].(string); ok { // a sprint
			name += " (" + strings.ToLower(state) + ")"
		}
		return oneLine(name)
	}
	if key, ok := v["key"].(string); ok {
		return oneLine(key)
	}
	if depth >= maxValueDepth {
		return nil
	}
	out := map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(v)) {
		if k == "self" || strings.HasSuffix(k, "Url") || strings.HasSuffix(k, "Urls") {
			continue
		}
		if s := r.simplify(v[k], depth+1); s != nil {
			out[k] = s
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// dcSprint is how Data Center writes a sprint: the text of a Java object.
var dcSprint = regexp.MustCompile(`^com\.atlassian\.greenhopper\.service\.sprint\.Sprint@[0-9a-f]+\[.*`)
var dcSprintPart = regexp.MustCompile(`[\[,](state|name)=([^,\]]*)`)

func plainText(s string) any {
	if dcSprint.MatchString(s) {
		parts := map[string]string{}
		for _, m := range dcSprintPart.FindAllStringSubmatch(s, -1) {
			parts[m[1]] = m[2]
		}
		s = parts["name"]
		if state := parts["state"]; state != "" {
			s += " (" + strings.ToLower(state) + ")"
		}
	}
	if s = markup.Clean(s); s == "" {
		return nil
	}
	return s
}

// The functions below read one member of a raw issue and give nothing for what is missing or of
// another type: a project may hide any field.

func decode(raw json.RawMessage, out any) bool {
	return !isNull(raw) && json.Unmarshal(raw, out) == nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func text(raw json.RawMessage) string {
	var s string
	decode(raw, &s)
	return s
}

func name(raw json.RawMessage) string {
	var n named
	decode(raw, &n)
	return oneLine(n.Name)
}

func person(raw json.RawMessage) string {
	var u rawUser
	decode(raw, &u)
	return u.String()
}

func status(raw json.RawMessage) (name, category string) {
	var s struct {
		Name     string `json:"name"`
		Category named  `json:"statusCategory"`
	}
	decode(raw, &s)
	return oneLine(s.Name), oneLine(s.Category.Name)
}

// names reads a list of strings or of things with names.
func names(raw json.RawMessage) []string {
	var list []json.RawMessage
	decode(raw, &list)
	var out []string
	for _, item := range list {
		if s := cmp.Or(oneLine(text(item)), name(item)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
