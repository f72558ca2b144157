package mcp

import (
	"context"
	"encoding/json"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// handler is the way of a call from its arguments to its result, once it is known that the caller
// may use the tool at all.
func (t *tool) handler(p *policy.Policy) sdk.ToolHandler {
	return func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		arguments, err := t.arguments(req.Params.Arguments)
		if err != nil {
			return nil, err
		}
		call, err := t.prepare(arguments)
		if err != nil {
			return nil, &argumentError{problems{"a value has the wrong type or is out of range"}}
		}
		recordFrom(ctx).setObjects(call.touches())
		result, err := t.decide(ctx, p, call)
		if err != nil {
			return nil, err
		}
		text, err := t.render(result)
		if err != nil {
			return nil, err
		}
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}, nil
	}
}

// arguments turns what the caller sent into the JSON of the tool's In: known spellings made plain,
// judged by the schema, defaults filled in.
func (t *tool) arguments(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	value, err := decodeStrict(raw)
	if err != nil {
		return nil, &argumentError{problems{err.Error()}}
	}
	arguments, ok := value.(map[string]any)
	if !ok {
		return nil, &argumentError{problems{"they must be an object"}}
	}
	if err := t.spellings.plain(arguments, t.schema); err != nil {
		return nil, &argumentError{problems{err.Error()}}
	}
	var found problems
	if t.schema.validate("", arguments, &found); len(found) > 0 {
		return nil, &argumentError{found}
	}
	t.schema.setDefaults(arguments)
	return json.Marshal(arguments)
}

// decide runs the call if the policy lets this caller reach what it touches, and returns its result
// if they may see it.
func (t *tool) decide(ctx context.Context, p *policy.Policy, call *steps) (any, error) {
	who, _ := identity.FromContext(ctx)
	if !p.Bounds(who, t.Tool) {
		return call.run(ctx)
	}
	ctx = withBoundary(ctx, p.Boundary(who, t.Tool))
	within := func(o policy.Object) bool { return p.Within(who, t.Tool, o) }
	if call.resolve != nil {
		if err := t.decideBefore(ctx, call, within); err != nil {
			return nil, err
		}
	}
	result, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	if judged, ok := result.(Bounded); ok && !judged.Within(within) {
		return nil, &boundaryError{"Nothing of this may be shown: it lies outside the " + t.bounds() + "."}
	}
	return result, nil
}

func (t *tool) decideBefore(ctx context.Context, call *steps, within func(policy.Object) bool) error {
	objects, err := call.resolve(ctx)
	if err != nil {
		return err
	}
	if len(objects) == 0 && (!t.judged || t.Access != policy.Read) {
		return &boundaryError{"The call does not say where it would act; only the " + t.bounds() + " are open."}
	}
	for _, o := range objects {
		if !within(o) {
			return &boundaryError{fmt.Sprintf("%s %s is not one of the %s.", o.Kind, clip(o.ID, 64), t.bounds())}
		}
	}
	// A look-up that ignored its context must not be followed by a change that nobody waits for.
	return ctx.Err()
}

func (t *tool) bounds() string {
	if t.Product == policy.Confluence {
		return "Confluence spaces that are open to you here"
	}
	return "Jira projects that are open to you here"
}
