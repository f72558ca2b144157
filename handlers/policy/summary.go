package policy

import (
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
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

// Explanation is a decision with its reasons.
type Explanation struct {
	Tool    string   `json:"tool"`
	Allowed bool     `json:"allowed"`
	Reason  string   `json:"reason"`
	Only    []string `json:"only,omitempty"`  // the projects or spaces that are open, where not all are
	Never   []string `json:"never,omitempty"` // those that are not
	Lines   []string `json:"lines,omitempty"` // the lines that are about this caller and tool
}

// Explain says whether who may use a tool, on an object if there is one, and why.
func (p *Policy) Explain(who *identity.Principal, t Tool, o *Object) Explanation {
	e := Explanation{Tool: t.Name}
	for _, r := range p.byTool[t.Name] {
		if r.holds(who) {
			e.Lines = append(e.Lines, r.line)
		}
	}
	if err := p.MayUse(who, t); err != nil {
		e.Reason = strings.TrimPrefix(err.Error(), ErrRefused.Error()+": ")
		return e
	}
	e.Allowed, e.Reason = true, "allowed"
	if !p.Bounds(who, t) {
		return e
	}
	b := p.Boundary(who, t)
	e.Only, e.Never = b.Only, b.Never
	if o != nil {
		if e.Allowed = p.Within(who, t, *o); !e.Allowed {
			e.Reason = string(o.Kind) + " " + o.ID + " is not open to them"
		}
	}
	return e
}
