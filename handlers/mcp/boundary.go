package mcp

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type boundaryKey struct{}

func withBoundaries(ctx context.Context, b map[policy.Product]policy.Boundary) context.Context {
	return context.WithValue(ctx, boundaryKey{}, b)
}

// Boundary is what the tool that runs with ctx is limited to in a product: nothing at all of a product
// that the call is not about or that is closed to the caller. A search narrows itself by it, so that
// not even the number of what lies outside shows; its result is judged nevertheless.
func Boundary(ctx context.Context, p policy.Product) policy.Boundary {
	all, _ := ctx.Value(boundaryKey{}).(map[policy.Product]policy.Boundary)
	if b, ok := all[p]; ok {
		return b
	}
	return policy.Boundary{Only: []string{}}
}
