package jira

import (
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// NamedIssues are the keys of issues in the values of fields, such as that of a parent. A text that
// merely looks like a key is among them.
func NamedIssues(fields map[string]any) []string {
	var keys []string
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			if key, err := atlassian.CheckIssueKey("", v); err == nil && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, name := range sortedKeys(v) {
				walk(v[name])
			}
		}
	}
	walk(fields)
	return keys
}
