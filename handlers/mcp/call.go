package mcp

import (
	"context"
	"encoding/json"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

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
		answer := &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}
		if t.structured {
			answer.StructuredContent = json.RawMessage(text)
		}
		return answer, nil
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
