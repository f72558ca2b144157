package jira

import (
	"fmt"
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// MaxNamedIssues is how many issues the values of fields may name in one call, each of which is looked
// up.
const MaxNamedIssues = 50

// issueFields are the system fields that hold issues.
var issueFields = []string{"parent", "subtasks", "issuelinks"}

// namesNoIssue says of a field's name that it is that of a system field that holds no issues. A custom
// field may.
func namesNoIssue(name string) bool {
	id, known := systemField(name)
	return known && !slices.Contains(issueFields, id)
}

// mayNameIssues says of a field of a screen that its values may be issues: Jira describes those of its own
// as links, and those of apps, an epic or a parent among them, as anything.
func (m fieldMeta) mayNameIssues() bool {
	return slices.ContainsFunc([]string{m.Schema.Type, m.Schema.Items}, func(kind string) bool {
		return kind == "issuelink" || kind == "issuelinks" || kind == "any"
	})
}

// NamedIssues are the keys of issues in the values of fields, such as that of a parent. A text of a custom
// field that merely looks like a key is among them. More than MaxNamedIssues are an InputError about the
// argument.
func NamedIssues(argument string, sets ...map[string]any) ([]string, error) {
	var keys []string
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			if key, err := atlassian.CheckIssueKey("", v); err == nil && len(keys) <= MaxNamedIssues && !slices.Contains(keys, key) {
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
	for _, fields := range sets {
		for _, name := range sortedKeys(fields) {
			if !namesNoIssue(name) {
				walk(fields[name])
			}
		}
	}
	if len(keys) > MaxNamedIssues {
		return nil, &atlassian.InputError{
			Argument: argument, Problem: fmt.Sprintf("the values name more than %d issues", MaxNamedIssues), Hint: "Divide them among several calls.",
		}
	}
	return keys, nil
}
