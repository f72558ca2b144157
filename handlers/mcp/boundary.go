package mcp

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type boundaryKey struct{}

func withBoundary(ctx context.Context, b policy.Boundary) context.Context {
	return context.WithValue(ctx, boundaryKey{}, b)
}

// Boundary is what the tool that runs with ctx is limited to. A search narrows itself by it, so that
// not even the number of what lies outside shows; its result is judged nevertheless.
func Boundary(ctx context.Context) policy.Boundary {
	b, _ := ctx.Value(boundaryKey{}).(policy.Boundary)
	return b
}
