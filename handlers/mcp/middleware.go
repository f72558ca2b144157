package mcp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// recovered ends a panic in the answer to the one request that caused it. The SDK runs handlers in
// goroutines of its own, where neither net/http nor Caddy would catch it and the process would end.
func recovered(log *slog.Logger) sdk.Middleware {
	return func(next sdk.MethodHandler) sdk.MethodHandler {
		return func(ctx context.Context, method string, req sdk.Request) (result sdk.Result, err error) {
			defer func() {
				if p := recover(); p != nil {
					log.Error("panic in an MCP request", "method", method, "panic", p, "stack", string(debug.Stack()))
					result, err = nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "internal error"}
				}
			}()
			return next(ctx, method, req)
		}
	}
}

// audited gives every tool call its limits, its deadline, its recovery from panics, an answer that
// its caller can act on whatever happens, and its audit record.
func audited(c Config) sdk.Middleware {
	return func(next sdk.MethodHandler) sdk.MethodHandler {
		return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
			call, ok := req.(*sdk.CallToolRequest)
			if !ok {
				return next(ctx, method, req)
			}
			named := call.Params.Name
			r := &record{request: rand.Text()[:12], started: time.Now()}
			ctx = context.WithValue(ctx, recordKey{}, r)
			result, err := c.Limits.within(ctx, func() (sdk.Result, error) {
				return limited(ctx, c.Logger, c.Timeout, func(ctx context.Context) (sdk.Result, error) {
					return next(ctx, method, req)
				})
			})
			reply := r.answer(c.Logger, c.Timeout, result, err)
			r.write(ctx, c.Audit, named, reply.ending)
			return reply.result, reply.err
		}
	}
}

// visible shows each caller the tools that the policy lets them use, tells them of no other product,
// and answers a call of any other tool as one of a tool that does not exist.
func visible(c *Catalogue, p *policy.Policy) sdk.Middleware {
	return func(next sdk.MethodHandler) sdk.MethodHandler {
		return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
			who, _ := identity.FromContext(ctx)
			if call, ok := req.(*sdk.CallToolRequest); ok {
				t := c.tools[call.Params.Name]
				if t == nil {
					return nil, &unknownToolError{name: call.Params.Name}
				}
				recordFrom(ctx).setTool(t.facets[0])
				if err := t.openTo(p, who); err != nil {
					return nil, &unknownToolError{name: call.Params.Name, refused: err}
				}
				if !t.isOffered(ctx) {
					return nil, &unknownToolError{name: call.Params.Name, refused: errNotOffered}
				}
			}
			result, err := next(ctx, method, req)
			c.instruct(p, who, result)
			if list, ok := result.(*sdk.ListToolsResult); ok && err == nil {
				list.Tools = slices.DeleteFunc(list.Tools, func(d *sdk.Tool) bool {
					t := c.tools[d.Name]
					return t == nil || t.openTo(p, who) != nil || !t.isOffered(ctx)
				})
			}
			return result, err
		}
	}
}

// errNotOffered is why a tool that exists is not there.
var errNotOffered = errors.New("the site does not have what the tool needs")

func (t *tool) isOffered(ctx context.Context) bool { return t.offered == nil || t.offered(ctx) }

// unknownToolError is a call of a tool that does not exist, or not for this caller. The two look alike
// to the caller and differ in the audit.
type unknownToolError struct {
	name    string
	refused error
}

func (e *unknownToolError) Error() string { return fmt.Sprintf("unknown tool %q", e.name) }

// declaredOnly refuses the methods that the SDK serves although the server does not declare them
// (MCP server/discover: capabilities say what works).
func declaredOnly(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
		switch method {
		case "logging/setLevel", "completion/complete", "resources/subscribe", "resources/unsubscribe":
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: fmt.Sprintf("%q is not supported", method)}
		}
		return next(ctx, method, req)
	}
}
