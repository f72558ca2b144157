package policy

import (
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// Explanation is a decision with its reasons.
type Explanation struct {
	Tool    string   `json:"tool"`
	Product Product  `json:"product"`
	Allowed bool     `json:"allowed"`
	Reason  string   `json:"reason"`
	Only    []string `json:"only,omitempty"`  // the projects or spaces that are open, where not all are
	Never   []string `json:"never,omitempty"` // those that are not
	Lines   []string `json:"lines,omitempty"` // the lines and settings that are about this caller and tool, or tools whose work it always does

	// Uses are the tools whose work some calls do. What is not allowed of them may be left out of a call.
	Uses []ExplainedUse `json:"uses,omitempty"`
}

// ExplainedUse is the decision on another tool's work that an argument asks for.
type ExplainedUse struct {
	Argument string `json:"argument"`
	Explanation
}

// Explain says whether who may use a tool, on an object if there is one, and why.
func (p *Policy) Explain(who *identity.Principal, t Tool, o *Object) Explanation {
	e := Explanation{Tool: t.Name, Product: t.Product, Lines: p.lines(who, t)}
	if err := p.MayUse(who, t); err != nil {
		e.Reason = strings.TrimPrefix(err.Error(), ErrRefused.Error()+": ")
		return e
	}
	e.Allowed, e.Reason = true, "allowed"
	if p.Bounds(who, t) {
		b := p.Boundary(who, t)
		e.Only, e.Never = b.Only, b.Never
		if o != nil && !p.Within(who, t, *o) {
			e.Allowed, e.Reason = false, string(o.Kind)+" "+o.ID+" is not open to them"
			return e
		}
	}
	for _, u := range t.Uses {
		if u.Argument != "" {
			e.Uses = append(e.Uses, ExplainedUse{u.Argument, p.Explain(who, alone(p.Used(t, u)), o)})
		}
	}
	return e
}

// alone is t without the work of others that only some of its calls do.
func alone(t Tool) Tool {
	t.Uses = slices.DeleteFunc(slices.Clone(t.Uses), func(u Use) bool { return u.Argument != "" })
	return t
}

// lines are those about who and what every call of t does, in the order of the policy, and then the
// settings.
func (p *Policy) lines(who *identity.Principal, t Tool) (lines []string) {
	tools := []key{t.key()}
	for used := range p.everyCall(t) {
		tools = append(tools, used.key())
	}
	for _, r := range p.rules {
		if r.holds(who) && slices.ContainsFunc(tools, func(k key) bool { return r.tools[k] }) {
			lines = append(lines, r.line)
		}
	}
	return append(lines, p.settings(t.Product)...)
}
