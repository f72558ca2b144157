package jira

import (
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Project is the key of the project that the issue is in.
func (i *Issue) Project() string { return i.project }

// KeepProjects drops from an issue what it names of projects that are not allowed, and reports
// whether the issue itself is of an allowed one. Jira sends the keys that issues have now, so a
// key's prefix is its project.
func (i *Issue) KeepProjects(allowed func(projectKey string) bool) bool {
	if !allowed(i.project) {
		return false
	}
	outside := func(key string) bool { return !allowed(atlassian.ProjectOf(key)) }
	if i.Parent != nil && outside(i.Parent.Key) {
		i.Parent = nil
	}
	i.Subtasks = slices.DeleteFunc(i.Subtasks, func(r Ref) bool { return outside(r.Key) })
	i.Links = slices.DeleteFunc(i.Links, func(l Link) bool { return outside(l.Key) })
	for name, value := range i.Fields {
		if value = withoutKeys(value, outside); value == nil {
			delete(i.Fields, name)
			continue
		}
		i.Fields[name] = value
	}
	return true
}

// withoutKeys drops from a field's value the issue keys that are outside: fields such as those of
// plans hold keys as their values.
func withoutKeys(value any, outside func(key string) bool) any {
	switch v := value.(type) {
	case string:
		if _, err := atlassian.CheckIssueKey("", v); err == nil && outside(strings.ToUpper(v)) {
			return nil
		}
	case []any:
		kept := make([]any, 0, len(v))
		for _, item := range v {
			if item = withoutKeys(item, outside); item != nil {
				kept = append(kept, item)
			}
		}
		return kept
	case map[string]any:
		for name, member := range v {
			if v[name] = withoutKeys(member, outside); v[name] == nil {
				delete(v, name)
			}
		}
	}
	return value
}

// KeepProjects drops the issues of projects that are not allowed, and from the others what they
// name of such projects. The total goes in any case: it counts issues that may not be seen.
func (r *SearchResult) KeepProjects(allowed func(projectKey string) bool) {
	r.Total = nil
	kept := r.Issues[:0]
	for n := range r.Issues {
		if r.Issues[n].KeepProjects(allowed) {
			kept = append(kept, r.Issues[n])
		}
	}
	r.Issues = kept
}
