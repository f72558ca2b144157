package mcp

import (
	"context"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// outcome is what came of a call.
type outcome string

const (
	outcomeOK        outcome = audit.OK
	outcomeRefused   outcome = audit.Refused
	outcomeError     outcome = audit.Failed
	outcomePanic     outcome = "panic"
	outcomeDeadline  outcome = "deadline"
	outcomeCancelled outcome = "cancelled"
)

// record collects what the audit says of one call. It is shared with a tool that may still be
// running when the record is written.
type record struct {
	request string // names the call to the caller and in the log
	started time.Time

	mu      sync.Mutex
	tool    policy.Tool // zero until the tool is known to exist
	objects []policy.Object
}

type recordKey struct{}

func recordFrom(ctx context.Context) *record {
	r, _ := ctx.Value(recordKey{}).(*record)
	return r
}

func (r *record) setTool(t policy.Tool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tool = t
}

func (r *record) setObjects(objects []policy.Object) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.objects = objects
}

func (r *record) about() (policy.Tool, []policy.Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tool, r.objects
}

func (r *record) product() policy.Product {
	tool, _ := r.about()
	return tool.Product
}

// ending is how a call ended.
type ending struct {
	outcome outcome
	status  int    // of Jira's or Confluence's refusal; 0: none
	reason  string // for the operator; never from arguments or results
}

// write puts the audit record of a finished call in the log: who, through what, which tool, on
// what, and what came of it. It never contains an argument's text: of what the arguments name only
// that appears which has the form of a key or an id.
func (r *record) write(ctx context.Context, log *slog.Logger, named string, end ending) {
	tool, objects := r.about()
	name := tool.Name
	if name == "" && plainName.MatchString(named) {
		name = named
	}
	written := audit.Record{Event: audit.ToolCall, User: "anonymous"}
	if who, ok := identity.FromContext(ctx); ok {
		written = written.Of(who)
	}
	written.Request, written.Tool, written.Objects = r.request, name, spell(objects)
	written.Outcome, written.Status, written.Reason = string(end.outcome), end.status, end.reason
	written.Duration = time.Since(r.started)
	written.Write(log)
}

// plainName is the form of every tool name, plainID of every key and id that Jira and Confluence
// give out.
var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	plainID   = regexp.MustCompile(`^~?[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$`)
)

func spell(objects []policy.Object) []string {
	const most = 20
	var out []string
	for i, o := range objects {
		if i == most {
			return append(out, "…")
		}
		id := o.ID
		if !plainID.MatchString(id) {
			id = "?"
		}
		out = append(out, string(o.Kind)+":"+id)
	}
	return out
}
