package mcp

import (
	"context"
	"fmt"
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// decision is what a caller may do in one call. Each of its parts has to be open on everything that the
// call touches.
type decision struct {
	policy *policy.Policy
	who    *identity.Principal
	parts  []part
}

// part is work that a call does: its own, or that of another tool.
type part struct {
	policy.Tool
	argument string // the one that asks for another tool's work
}

// useError is a call that would do work of a tool that is not open to the caller.
type useError struct {
	part   part
	reason error
}

func (e *useError) Error() string {
	return fmt.Sprintf("Nothing was done: %s is the work of %s, which is not open to you here. Leave %s out.", e.part.argument, e.part.Name, e.part.argument)
}

// decide runs the call if the policy lets this caller do all of it on what it touches, and returns its
// result if they may see it.
func (t *tool) decide(ctx context.Context, p *policy.Policy, call *steps) (any, error) {
	d := &decision{policy: p, parts: []part{{Tool: t.Tool}}}
	d.who, _ = identity.FromContext(ctx)
	for _, u := range call.uses {
		d.parts = append(d.parts, part{p.Used(t.Tool, u), u.Argument})
	}
	recordFrom(ctx).setUses(d.used())
	for _, part := range d.parts[1:] {
		if err := p.MayUse(d.who, part.Tool); err != nil {
			return nil, &useError{part, err}
		}
	}
	if !slices.ContainsFunc(d.parts, func(part part) bool { return p.Bounds(d.who, part.Tool) }) {
		return call.run(ctx)
	}
	ctx = withBoundary(ctx, d.boundary())
	if call.resolve != nil {
		if err := t.decideBefore(ctx, call, d); err != nil {
			return nil, err
		}
	}
	result, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	if judged, ok := result.(Bounded); ok && !judged.Within(d.allows) {
		return nil, &boundaryError{"Nothing of this may be shown: it lies outside the " + t.bounds() + "."}
	}
	return result, nil
}

// used are the tools whose work the call does beside its own.
func (d *decision) used() (tools []string) {
	for _, part := range d.parts {
		if part.argument != "" {
			tools = append(tools, part.Name)
		}
		for _, u := range part.Uses {
			if u.Argument == "" {
				tools = append(tools, u.Tool)
			}
		}
	}
	return tools
}

func (d *decision) boundary() policy.Boundary {
	var b policy.Boundary
	for _, part := range d.parts {
		b = b.And(d.policy.Boundary(d.who, part.Tool))
	}
	return b
}

func (d *decision) allows(o policy.Object) bool { return d.closed(o) == nil }

// closed is the first part that is not open on o, or nil.
func (d *decision) closed(o policy.Object) *part {
	for i := range d.parts {
		if !d.policy.Within(d.who, d.parts[i].Tool, o) {
			return &d.parts[i]
		}
	}
	return nil
}

func (t *tool) decideBefore(ctx context.Context, call *steps, d *decision) error {
	objects, err := call.resolve(ctx)
	if err != nil {
		return err
	}
	if len(objects) == 0 && (!t.judged || t.Access != policy.Read) {
		return &boundaryError{"The call does not say where it would act; only the " + t.bounds() + " are open."}
	}
	for _, o := range objects {
		if closed := d.closed(o); closed != nil {
			return &boundaryError{fmt.Sprintf("%s %s is not one of the %s%s.", o.Kind, clip(o.ID, 64), t.bounds(), closed.repair())}
		}
	}
	// A look-up that ignored its context must not be followed by a change that nobody waits for.
	return ctx.Err()
}

// repair says of another tool's work how the call does without.
func (p *part) repair() string {
	if p.argument == "" {
		return ""
	}
	return fmt.Sprintf(" for %s, which is the work of %s. Nothing was done: leave %s out", p.argument, p.Name, p.argument)
}

func (t *tool) bounds() string {
	if t.Product == policy.Confluence {
		return "Confluence spaces that are open to you here"
	}
	return "Jira projects that are open to you here"
}
