package policy

import (
	"strings"
)

// Summary says in one line who may do what, for the log at load.
func (p *Policy) Summary() string {
	var parts []string
	if !p.allows {
		parts = append(parts, "people of the tenant read and write; nobody deletes; guests and applications may nothing")
	}
	for _, r := range p.rules {
		parts = append(parts, r.line)
	}
	if p.readOnly {
		parts = append(parts, "all of it reads only")
	}
	for _, s := range []struct {
		text string
		set  nameSet
	}{
		{"only the tools", p.tools}, {"only the toolsets", p.toolsets},
		{"only the Jira projects", p.projects}, {"only the Confluence spaces", p.spaces},
	} {
		if s.set != nil {
			parts = append(parts, s.text+" "+strings.Join(s.set.list(), " "))
		}
	}
	return strings.Join(parts, "; ")
}
