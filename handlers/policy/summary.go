package policy

import (
	"slices"
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
	parts = append(parts, p.settings(Jira, Confluence)...)
	return strings.Join(parts, "; ")
}

// settings says what the settings beside the lines leave of products.
func (p *Policy) settings(products ...Product) (out []string) {
	if p.readOnly {
		out = append(out, "all of it reads only")
	}
	for _, s := range []struct {
		product Product // empty: of any
		text    string
		set     nameSet
	}{
		{"", "only the tools", p.tools}, {"", "only the toolsets", p.toolsets},
		{Jira, "only the Jira projects", p.projects}, {Confluence, "only the Confluence spaces", p.spaces},
	} {
		if s.set != nil && (s.product == "" || slices.Contains(products, s.product)) {
			out = append(out, s.text+" "+strings.Join(s.set.list(), " "))
		}
	}
	return out
}
