package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// argumentError is a call whose arguments do not fit the tool's schema.
type argumentError struct{ problems problems }

func (e *argumentError) Error() string {
	return "the arguments do not fit: " + strings.Join(e.problems, "; ")
}

// boundaryError is a call that would reach outside the projects or spaces that are open.
type boundaryError struct{ text string }

func (e *boundaryError) Error() string { return e.text }

// reply is what the caller of a tool gets, and what the audit says of it.
type reply struct {
	result sdk.Result
	err    error // a protocol error
	ending ending
}

func failed(text string, end ending) reply {
	return reply{result: toolError(markup.Clean(text)), ending: end}
}

// answer turns what came of a call into its reply: for everything that a model can act on a tool
// error, and for a call that was none a protocol error (MCP server/tools, "Error Handling").
func (r *record) answer(log *slog.Logger, timeout time.Duration, result sdk.Result, err error) reply {
	var (
		missing  *unknownToolError
		protocol *jsonrpc.Error
		outside  *boundaryError
		closed   *closedError
		busy     *busyError
		badCall  *argumentError
		input    *atlassian.InputError
		upstream *atlassian.Error
	)
	switch {
	case err == nil:
		end := ending{outcome: outcomeOK}
		if called, ok := result.(*sdk.CallToolResult); ok && called.IsError {
			end.outcome = outcomeError
		}
		return reply{result: result, ending: end}
	case errors.As(err, &missing):
		// As the SDK answers for a tool it does not know.
		unknown := &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: missing.Error()}
		if missing.refused == nil {
			return reply{err: unknown, ending: ending{outcome: outcomeError, reason: "there is no such tool"}}
		}
		return reply{err: unknown, ending: ending{outcome: outcomeRefused, reason: missing.refused.Error()}}
	case errors.Is(err, errDeadline):
		return failed(r.late(timeout), ending{outcome: outcomeDeadline})
	case errors.Is(err, errCancelled):
		return reply{err: errCancelled, ending: ending{outcome: outcomeCancelled}}
	case errors.As(err, &busy):
		return failed(busy.Error(), ending{outcome: outcomeRefused, reason: busy.reason})
	case errors.As(err, &outside):
		return failed(outside.text, ending{outcome: outcomeRefused, reason: "outside the projects or spaces that are open"})
	case errors.As(err, &closed):
		return failed(closed.text, ending{outcome: outcomeRefused, reason: closed.reason})
	case errors.As(err, &badCall):
		return failed(badCall.Error(), ending{outcome: outcomeError, reason: "the arguments do not fit the schema"})
	case errors.As(err, &input):
		return failed(quoting(input.Error()), ending{outcome: outcomeError, reason: "the arguments cannot be right"})
	case errors.As(err, &upstream):
		return failed(quoting(upstream.Error()), ending{outcome: outcomeError, status: upstream.Status})
	case errors.As(err, &protocol):
		return reply{err: err, ending: ending{outcome: outcomeError}}
	}
	return r.failure(log, err)
}

// failure answers for an error that nobody foresaw, which may say things that are no caller's
// business: the caller gets a number, and the log what happened under it.
func (r *record) failure(log *slog.Logger, err error) reply {
	tool, _, _ := r.about()
	text := "Something went wrong in the server; its log has the details under request " + r.request + "."
	if tool.Access != policy.Read {
		text += " The change may have been applied all the same: look before trying again."
	}
	if caught, ok := errors.AsType[*panicError](err); ok {
		log.Error("panic in a tool", "request", r.request, "tool", tool.Name, "panic", caught.value, "stack", string(caught.stack))
		return failed(text, ending{outcome: outcomePanic})
	}
	log.Error("tool failed", "request", r.request, "tool", tool.Name, "error", clip(withoutURL(err), 500))
	return failed(text, ending{outcome: outcomeError, reason: "unforeseen"})
}

// withoutURL is an error's text without the address that a failed request names: its query may
// hold arguments.
func withoutURL(err error) string {
	if request, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Sprintf("%s: %v", request.Op, request.Err)
	}
	return err.Error()
}

func (r *record) late(timeout time.Duration) string {
	tool, _, _ := r.about()
	text := fmt.Sprintf("The call was stopped because it took longer than the %v that a call may take.", timeout)
	if tool.Access == policy.Read {
		return text + " Ask for less at a time, or try again later."
	}
	return text + " The change may have been applied all the same: look before trying again."
}

// toolError is a result that says what a model can do about its call. It is decoded, because the
// SDK sets resultType, which 2026-07-28 demands of every result, underneath our middleware and in a
// member that it does not export. To older revisions it is one more member that they ignore.
func toolError(text string) *sdk.CallToolResult {
	raw, err := json.Marshal(map[string]any{
		"resultType": "complete", "isError": true, "content": []any{map[string]string{"type": "text", "text": text}},
	})
	result := new(sdk.CallToolResult)
	if err != nil || json.Unmarshal(raw, result) != nil {
		return &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: text}}}
	}
	return result
}
