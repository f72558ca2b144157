package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// Boundary is what a search is narrowed to before it is sent: keys, spelt as the operator did.
type Boundary struct {
	// Only are the keys that are open; nil is all of them.
	Only []string
	// Never are keys that are not.
	Never []string
}

// And is what both open.
func (b Boundary) And(other Boundary) Boundary {
	both := Boundary{Only: b.Only, Never: slices.Compact(slices.Sorted(slices.Values(append(slices.Clip(b.Never), other.Never...))))}
	switch {
	case b.Only == nil:
		both.Only = other.Only
	case other.Only != nil:
		both.Only = slices.DeleteFunc(slices.Clone(b.Only), func(key string) bool {
			return !slices.ContainsFunc(other.Only, func(o string) bool { return strings.EqualFold(o, key) })
		})
	}
	return both
}

// Boundary returns the projects or spaces on which who may use the tool.
func (p *Policy) Boundary(who *identity.Principal, t Tool) Boundary {
	b := p.boundary(who, t)
	for used := range p.everyCall(t) {
		b = b.And(p.boundary(who, used))
	}
	return b
}

func (p *Policy) boundary(who *identity.Principal, t Tool) Boundary {
	var open, never nameSet
	everywhere := !p.allows
	for _, r := range p.byTool[t.key()] {
		keys := r.objects(t.Product)
		switch {
		case !r.holds(who):
		case r.deny:
			never = never.merge(keys)
		case keys == nil:
			everywhere = true
		default:
			open = open.merge(keys)
		}
	}
	filter := p.filter(t.Product)
	b := Boundary{Never: never.list()}
	switch {
	case everywhere && filter == nil:
	case everywhere:
		b.Only = filter.list()
	default:
		maps.DeleteFunc(open, func(capitals, _ string) bool { return !filter.allows(capitals) })
		b.Only = append([]string{}, open.list()...)
	}
	return b
}
