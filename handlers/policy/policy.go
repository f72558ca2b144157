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

	// Known are the tools that exist, so that a misspelt name in Tools or Toolsets is an error
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
}

// New returns the policy of c. Its errors name the setting that is wrong and what it may be.
func New(c Config) (*Policy, error) {
	tools, err := toolRule(c.Tools, c.Known)
	if err != nil {
		return nil, err
	}
	toolsets, err := toolsetRule(c.Toolsets, c.Known)
	if err != nil {
		return nil, err
	}
	projects, err := keyRule("JIRA_PROJECTS_FILTER", "project", c.Projects)
	if err != nil {
		return nil, err
	}
	spaces, err := keyRule("CONFLUENCE_SPACES_FILTER", "space", c.Spaces)
	if err != nil {
		return nil, err
	}
	return &Policy{readOnly: c.ReadOnly, tools: tools, toolsets: toolsets, projects: projects, spaces: spaces}, nil
}

// MayUse returns nil when who may use the tool at all, whatever it is used on; tools/list shows
// exactly these tools. Otherwise the error wraps [ErrRefused] and gives the operator the reason.
//
// A nil who is an anonymous caller. The MCP route lets one in only where the operator wrote
// allow_anonymous, which opens the route to everybody who reaches it as if they were people of the
// tenant, so that is how they are treated here.
func (p *Policy) MayUse(who *identity.Principal, t Tool) error {
	switch {
	case who != nil && who.AppOnly:
		return fmt.Errorf("%w: the caller is an application, not a person", ErrRefused)
	case who != nil && who.Guest:
		return fmt.Errorf("%w: the caller is a guest of the tenant", ErrRefused)
	case t.Access != Read && p.readOnly:
		return fmt.Errorf("%w: %s changes something and READ_ONLY_MODE is set", ErrRefused, t.Name)
	case t.Access != Read && t.Access != Write:
		return fmt.Errorf("%w: %s deletes, which nobody may do", ErrRefused, t.Name)
	case !p.tools.allows(t.Name):
		return fmt.Errorf("%w: ENABLED_TOOLS does not name %s", ErrRefused, t.Name)
	case !p.toolsets.allows(t.Toolset):
		return fmt.Errorf("%w: TOOLSETS does not name %s, the toolset of %s", ErrRefused, t.Toolset, t.Name)
	}
	return nil
}

// Bounds reports whether the tool's product is limited to some projects or spaces, so that every
// call has to be judged by the objects that it touches.
func (p *Policy) Bounds(t Tool) bool {
	if t.Product == Confluence {
		return p.spaces != nil
	}
	return p.projects != nil
}

// Within reports whether who may use the tool on o, a project or a space. Any other kind of object
// is refused: it has to be resolved to its project or space first.
func (p *Policy) Within(_ *identity.Principal, _ Tool, o Object) bool {
	switch o.Kind {
	case Project:
		return p.projects.allows(strings.ToUpper(o.ID))
	case Space:
		return p.spaces.allows(strings.ToUpper(o.ID))
	default:
		return false
	}
}
