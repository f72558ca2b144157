package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// nameSet is a rule over names: how each was written, by the form that it is compared in. A nil set is
// no rule.
type nameSet map[string]string

func (s nameSet) allows(name string) bool {
	_, in := s[name]
	return s == nil || in
}

// with adds names to s, which it makes if need be.
func (s nameSet) with(names ...string) nameSet {
	if s == nil {
		s = make(nameSet)
	}
	for _, name := range names {
		s[name] = name
	}
	return s
}

// merge adds the names of others to s, which it makes if need be.
func (s nameSet) merge(others nameSet) nameSet {
	if s == nil {
		s = make(nameSet, len(others))
	}
	maps.Copy(s, others)
	return s
}

// list are the names as they were written, sorted.
func (s nameSet) list() []string { return slices.Sorted(maps.Values(s)) }

// coreToolsets are what "default" means in mcp-atlassian's TOOLSETS.
var coreToolsets = []string{
	"confluence_comments", "confluence_pages", "jira_comments", "jira_fields", "jira_issues", "jira_transitions",
}

// spaceKey is every form of a Confluence space key, those of personal spaces included ("~ada",
// "~557058:1b2c"); projectKey is every form that Jira can be set up to accept.
var (
	projectKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,254}$`)
	spaceKey   = regexp.MustCompile(`^~?[A-Za-z0-9._:@-]{1,255}$`)
)

func toolNames(names []string, known []Tool) (nameSet, error) {
	if err := noBlank("ENABLED_TOOLS", names); err != nil {
		return nil, err
	}
	exist := make([]string, 0, len(known))
	for _, t := range known {
		exist = append(exist, t.Name)
	}
	var rule nameSet
	for _, name := range trimmed(names) {
		if !slices.Contains(exist, name) {
			return nil, unknown("ENABLED_TOOLS", "tool", name, exist)
		}
		rule = rule.with(name)
	}
	return rule, nil
}

func toolsetNames(names []string, known []Tool) (nameSet, error) {
	if err := noBlank("TOOLSETS", names); err != nil {
		return nil, err
	}
	exist := make([]string, 0, len(known))
	for _, t := range known {
		exist = append(exist, t.Toolset)
	}
	var rule nameSet
	all := false
	for _, name := range trimmed(names) {
		switch name := strings.ToLower(name); {
		case name == "all":
			all = true
		case name == "default":
			rule = rule.with(coreToolsets...)
		case slices.Contains(exist, name):
			rule = rule.with(name)
		default:
			return nil, unknown("TOOLSETS", "toolset", name, append(exist, "all", "default"))
		}
	}
	if all {
		return nil, nil
	}
	return rule, nil
}

func keyNames(setting, kind string, keys []string) (nameSet, error) {
	if err := noBlank(setting, keys); err != nil {
		return nil, err
	}
	form := projectKey
	if kind == "space" {
		form = spaceKey
	}
	var rule nameSet
	for _, key := range trimmed(keys) {
		if !form.MatchString(key) {
			return nil, fmt.Errorf("%s: %q is not the key of a %s; write keys such as ABC, separated by commas", setting, key, kind)
		}
		// Jira's and Confluence's keys are unique whatever their case.
		rule = rule.merge(nameSet{strings.ToUpper(key): key})
	}
	return rule, nil
}

// noBlank refuses a list with a value that is none: left out, it would open more than was meant.
func noBlank(setting string, list []string) error {
	if slices.ContainsFunc(list, func(value string) bool { return strings.TrimSpace(value) == "" }) {
		return fmt.Errorf("%s: a value is empty; write one, or leave it out", setting)
	}
	return nil
}

func trimmed(list []string) []string {
	out := make([]string, len(list))
	for i, value := range list {
		out[i] = strings.TrimSpace(value)
	}
	return out
}

func unknown(setting, kind, name string, exist []string) error {
	exist = slices.Compact(slices.Sorted(slices.Values(exist)))
	return fmt.Errorf("%s: there is no %s %q; there are %s", setting, kind, name, strings.Join(exist, ", "))
}
