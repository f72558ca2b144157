// Package policy decides who may use which tool on which Jira project or Confluence space.
package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// ErrRefused is what every refusal of a Policy wraps.
var ErrRefused = errors.New("not allowed")

// Config says what is open beyond the default. Its zero value, with the tools in Known, is the
// default: people of the tenant read and write, nobody deletes, and guests and app-only callers may
// do nothing.
type Config struct {
	// ReadOnly leaves only the tools that read (READ_ONLY_MODE).
	ReadOnly bool

	// Tools are the names of the only tools that are open (ENABLED_TOOLS). Empty: all.
	Tools []string

	// Toolsets are the names of the only toolsets that are open (TOOLSETS). "all" stands for every
	// one of them and "default" for mcp-atlassian's six core ones. Empty: all.
	Toolsets []string

	// Projects are the keys of the only Jira projects that are open (JIRA_PROJECTS_FILTER), in
	// any case. Empty: all that the Jira account behind the server can see.
	Projects []string

	// Spaces are the keys of the only Confluence spaces that are open (CONFLUENCE_SPACES_FILTER),
	// in any case. Empty: all that the Confluence account behind the server can see.
	Spaces []string

	// Rules are lines that allow and deny. Once one allows, what none allows is refused; what one
	// denies is refused whatever others allow, in any order.
	Rules []Rule

	// Known are the tools that exist, so that a misspelt name is an error
	// instead of a rule that never applies.
	Known []Tool
}

// Policy is a set of rules that does not change. It is safe for concurrent use.
type Policy struct {
	readOnly bool
	tools    nameSet
	toolsets nameSet
	projects nameSet
	spaces   nameSet

	known  map[key]Tool
	rules  []*rule
	allows bool            // a line allows, so that what none allows is refused
	byTool map[key][]*rule // the lines that are about a tool
}

// New returns the policy of c. Its errors name the setting that is wrong and what it may be.
func New(c Config) (*Policy, error) {
	tools, err := toolNames(c.Tools, c.Known)
	if err != nil {
		return nil, err
	}
	toolsets, err := toolsetNames(c.Toolsets, c.Known)
	if err != nil {
		return nil, err
	}
	projects, err := keyNames("JIRA_PROJECTS_FILTER", "project", c.Projects)
	if err != nil {
		return nil, err
	}
	spaces, err := keyNames("CONFLUENCE_SPACES_FILTER", "space", c.Spaces)
	if err != nil {
		return nil, err
	}
	known, err := index(c.Known)
	if err != nil {
		return nil, err
	}
	p := &Policy{readOnly: c.ReadOnly, tools: tools, toolsets: toolsets, projects: projects, spaces: spaces, known: known, byTool: make(map[key][]*rule)}
	for _, r := range c.Rules {
		compiled, err := compile(r, c.Known)
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, compiled)
		p.allows = p.allows || !r.Deny
		for tool := range compiled.tools {
			p.byTool[tool] = append(p.byTool[tool], compiled)
		}
	}
	return p, p.checkNamed(c)
}

// MayUse returns nil when who may use the tool at all, whatever it is used on; tools/list shows
// exactly these tools. Otherwise the error wraps [ErrRefused] and gives the operator the reason.
//
// A nil who is an anonymous caller. The MCP route lets one in only where the operator wrote
// allow_anonymous, which opens the route to everybody who reaches it as if they were people of the
// tenant. Lines that say who do not allow such a caller, and those that deny are held against them.
func (p *Policy) MayUse(who *identity.Principal, t Tool) error {
	if err := p.mayUse(who, t); err != nil {
		return err
	}
	for used := range p.everyCall(t) {
		if err := p.mayUse(who, used); err != nil {
			return fmt.Errorf("%w (%s does the work of %s)", err, t.Name, used.Name)
		}
	}
	return nil
}

func (p *Policy) mayUse(who *identity.Principal, t Tool) error {
	switch {
	case t.Access != Read && p.readOnly:
		return fmt.Errorf("%w: %s changes something and READ_ONLY_MODE is set", ErrRefused, t.Name)
	case !p.tools.allows(t.Name):
		return fmt.Errorf("%w: ENABLED_TOOLS does not name %s", ErrRefused, t.Name)
	case !p.toolsets.allows(t.Toolset):
		return fmt.Errorf("%w: TOOLSETS does not name %s, the toolset of %s", ErrRefused, t.Toolset, t.Name)
	}
	allowed := false
	for _, r := range p.byTool[t.key()] {
		switch {
		case !r.holds(who):
		case !r.deny:
			allowed = true
		case r.objects(t.Product) == nil:
			return fmt.Errorf("%w: %q", ErrRefused, r.line)
		}
	}
	if !p.allows {
		return byDefault(who, t)
	}
	if !allowed {
		return fmt.Errorf("%w: no line allows them %s", ErrRefused, t.Name)
	}
	return nil
}

// Possible reports whether there can be a person of the tenant who may use the tool. The consent page
// promises by it: who signs in is not known yet.
func (p *Policy) Possible(t Tool) bool {
	for used := range p.everyCall(t) {
		if !p.possible(used) {
			return false
		}
	}
	return p.possible(t)
}

func (p *Policy) possible(t Tool) bool {
	if !p.allows {
		return p.mayUse(new(identity.Principal), t) == nil
	}
	if t.Access != Read && p.readOnly || !p.tools.allows(t.Name) || !p.toolsets.allows(t.Toolset) {
		return false
	}
	possible := false
	for _, r := range p.byTool[t.key()] {
		switch {
		case !r.deny:
			possible = true
		case r.everybody && r.objects(t.Product) == nil:
			return false
		}
	}
	return possible
}

// byDefault is what holds while no line allows anything.
func byDefault(who *identity.Principal, t Tool) error {
	switch {
	case who != nil && who.AppOnly:
		return fmt.Errorf("%w: the caller is an application, not a person, and no line allows it anything", ErrRefused)
	case who != nil && who.Guest:
		return fmt.Errorf("%w: the caller is a guest of the tenant, and no line allows them anything", ErrRefused)
	case t.Access != Read && t.Access != Write:
		return fmt.Errorf("%w: %s deletes, which only a line can allow", ErrRefused, t.Name)
	}
	return nil
}

// filter are the keys that the settings open in a product; nil is all of them.
func (p *Policy) filter(product Product) nameSet {
	if product == Confluence {
		return p.spaces
	}
	return p.projects
}

// Bounds reports whether who may use the tool on some projects or spaces only, so that the call has
// to be judged by the objects that it touches.
func (p *Policy) Bounds(who *identity.Principal, t Tool) bool {
	for used := range p.everyCall(t) {
		if p.bounds(who, used) {
			return true
		}
	}
	return p.bounds(who, t)
}

func (p *Policy) bounds(who *identity.Principal, t Tool) bool {
	if p.filter(t.Product) != nil {
		return true
	}
	everywhere := !p.allows
	for _, r := range p.byTool[t.key()] {
		switch limited := r.objects(t.Product) != nil; {
		case !r.holds(who):
		case r.deny && limited:
			return true
		case !r.deny && !limited:
			everywhere = true
		}
	}
	return !everywhere
}

// Within reports whether who may use the tool on o, a project or a space by its key. Any other kind of
// object is refused, since it has to be resolved to its project or space first; and so is whatever is no
// key, since Jira or Confluence might read one in it that a line denies.
func (p *Policy) Within(who *identity.Principal, t Tool, o Object) bool {
	for used := range p.everyCall(t) {
		if !p.within(who, used, o) {
			return false
		}
	}
	return p.within(who, t, o)
}

func (p *Policy) within(who *identity.Principal, t Tool, o Object) bool {
	switch {
	case o.Kind == Project && projectKey.MatchString(o.ID), o.Kind == Space && spaceKey.MatchString(o.ID):
	default:
		return false
	}
	key := strings.ToUpper(o.ID)
	product := ProductOf(o.Kind)
	if !p.filter(product).allows(key) {
		return false
	}
	allowed := !p.allows
	for _, r := range p.byTool[t.key()] {
		if r.holds(who) && r.objects(product).allows(key) {
			if r.deny {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

// ProductOf is the product that has projects, or spaces.
func ProductOf(k ObjectKind) Product {
	if k == Space {
		return Confluence
	}
	return Jira
}
