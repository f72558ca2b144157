package mcp

import (
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// Facet is what a tool that works on several products is in one of them. The policy judges each facet
// as a tool of its own. One that is not open to the caller is left out of a call, and its product is
// closed to it: see [Boundary]. A tool without an open facet is not there, and a call that is about
// closed facets alone is refused.
type Facet[In any] struct {
	Product policy.Product
	Toolset string

	// Uses is the tool of the product whose work every call does. It is required.
	Uses string

	// About reports whether a call is about the product; nil is always.
	About func(in *In) bool
}

// facets are what a policy knows of a spec.
func facets[In, Out any](s Spec[In, Out]) []policy.Tool {
	if s.Facets == nil {
		return []policy.Tool{{Name: s.Name, Toolset: s.Toolset, Product: s.Product, Access: s.Access, Uses: uses(s)}}
	}
	out := make([]policy.Tool, len(s.Facets))
	for i, f := range s.Facets {
		out[i] = policy.Tool{Name: s.Name, Toolset: f.Toolset, Product: f.Product, Access: s.Access, Uses: []policy.Use{{Tool: f.Uses}}}
	}
	return out
}

func (t *tool) name() string          { return t.facets[0].Name }
func (t *tool) access() policy.Access { return t.facets[0].Access }

// openTo returns nil when some facet is open to who, else why the first is not.
func (t *tool) openTo(p *policy.Policy, who *identity.Principal) error {
	var refused error
	for _, f := range t.facets {
		err := p.MayUse(who, f)
		if err == nil {
			return nil
		}
		if refused == nil {
			refused = err
		}
	}
	return refused
}

// sources are the products, for people and models to read.
func (t *tool) sources() string {
	var titles []string
	for _, f := range t.facets {
		titles = append(titles, f.Product.Title())
	}
	return strings.Join(titles, " and ")
}

// bounds says what of the products is open.
func (t *tool) bounds() string {
	var kinds []string
	for _, f := range t.facets {
		kinds = append(kinds, map[policy.Product]string{policy.Jira: "Jira projects", policy.Confluence: "Confluence spaces"}[f.Product])
	}
	return strings.Join(kinds, " and ") + " that are open to you here"
}
