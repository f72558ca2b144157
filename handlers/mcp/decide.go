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

// closedError is a call that would do what the caller may not, wherever it acts.
type closedError struct {
	text   string
	reason string // for the audit
}

func (e *closedError) Error() string { return e.text }

// decide runs the call if the policy lets this caller do all of it on what it touches, and returns its
// result if they may see it.
func (t *tool) decide(ctx context.Context, p *policy.Policy, call *steps) (any, error) {
	d := &decision{policy: p}
	d.who, _ = identity.FromContext(ctx)
	err := d.take(t, call)
	recordFrom(ctx).setUses(d.used())
	if err != nil {
		return nil, err
	}
	ctx = withBoundaries(ctx, d.boundaries())
	if !d.bounded(t) {
		return call.run(ctx)
	}
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

// take makes the parts of a call. Facets that are closed are left out of it; what an argument asks for
// is not.
func (d *decision) take(t *tool, call *steps) error {
	closed := &closedError{text: "This is not open to you here.", reason: "the call is about no product"}
	for i, f := range call.facets {
		err := d.policy.MayUse(d.who, f)
		if err == nil {
			d.parts = append(d.parts, part{Tool: f})
		} else if i == 0 {
			closed.text, closed.reason = f.Product.Title()+" is not open to you here through "+t.name()+".", err.Error()
		}
	}
	if len(d.parts) == 0 {
		return closed
	}
	own := d.parts[0].Tool
	for _, u := range call.uses {
		used := part{d.policy.Used(own, u), u.Argument}
		d.parts = append(d.parts, used)
		if err := d.policy.MayUse(d.who, used.Tool); err != nil {
			return &closedError{
				text:   fmt.Sprintf("Nothing was done: %s is the work of %s, which is not open to you here. Leave %s out.", used.argument, used.Name, used.argument),
				reason: used.argument + ": " + err.Error(),
			}
		}
	}
	return nil
}

// bounded reports whether the call has to be judged by what it touches.
func (d *decision) bounded(t *tool) bool {
	return len(d.parts) < len(t.facets) || slices.ContainsFunc(d.parts, func(part part) bool { return d.policy.Bounds(d.who, part.Tool) })
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

// boundaries are what is open in each product that the call is about.
func (d *decision) boundaries() map[policy.Product]policy.Boundary {
	all := make(map[policy.Product]policy.Boundary)
	for _, part := range d.parts {
		all[part.Product] = all[part.Product].And(d.policy.Boundary(d.who, part.Tool))
	}
	return all
}

func (d *decision) allows(o policy.Object) bool {
	closed, about := d.firstClosed(o)
	return about && closed == nil
}

// firstClosed is the first part that is not open on o, or nil; about is false when no part is about the
// product of o.
func (d *decision) firstClosed(o policy.Object) (closed *part, about bool) {
	for i, part := range d.parts {
		if part.Product != policy.ProductOf(o.Kind) {
			continue
		}
		about = true
		if !d.policy.Within(d.who, part.Tool, o) {
			return &d.parts[i], true
		}
	}
	return nil, about
}

func (t *tool) decideBefore(ctx context.Context, call *steps, d *decision) error {
	objects, err := call.resolve(ctx)
	if err != nil {
		return err
	}
	if len(objects) == 0 && (!t.judged || t.access() != policy.Read) {
		return &boundaryError{"The call does not say where it would act; only the " + t.bounds() + " are open."}
	}
	for _, o := range objects {
		if !d.allows(o) {
			return &boundaryError{fmt.Sprintf("%s %s is not one of the %s%s.", o.Kind, clip(o.ID, 64), t.bounds(), d.repair(o))}
		}
	}
	// A look-up that ignored its context must not be followed by a change that nobody waits for.
	return ctx.Err()
}

// repair says how the call does without another tool's work that is not open on o.
func (d *decision) repair(o policy.Object) string {
	closed, _ := d.firstClosed(o)
	if closed == nil || closed.argument == "" {
		return ""
	}
	return fmt.Sprintf(" for %s, which is the work of %s. Nothing was done: leave %s out", closed.argument, closed.Name, closed.argument)
}
