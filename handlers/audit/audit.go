// Package audit is the record of who did what: sign-ins, tokens, refusals, tool calls, and what an
// operator ended. All records have one shape, so that one query reads them all.
package audit

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

// Event is what a record is about.
type Event string

// The events.
const (
	SignIn     Event = "sign-in"
	Token      Event = "token"
	Refresh    Event = "refresh"
	Refusal    Event = "refusal" // of a sign-in or a token
	ToolCall   Event = "tool call"
	Revocation Event = "revocation"
	Block      Event = "block" // the beginning or the end of one
)

// Outcomes that several kinds of event have.
const (
	OK      = "ok"
	Refused = "refused"
	Failed  = "error"
)

// Record is one of the audit. Members that are empty are left out of the log. None may hold an
// argument's text or a secret.
type Record struct {
	Event   Event
	Message string // what happened, in a few words; empty: the event

	// Request joins a record to what the person or the assistant was shown.
	Request string

	// TenantID and ObjectID are who it was. User and Username are for people to read.
	TenantID, ObjectID string
	User, Username     string

	// Application is the id of the application in Entra, Assistant what the OAuth client calls itself.
	Application, Assistant string

	Resource string
	Tool     string
	Uses     []string // the other tools whose work the call does, or would have done
	Objects  []string // kind:id
	Outcome  string
	Status   int // of Jira's or Confluence's refusal
	Reason   string
	Duration time.Duration
}

// Of returns r with who it was filled in.
func (r Record) Of(who *identity.Principal) Record {
	r.TenantID, r.ObjectID, r.User, r.Username = who.TenantID, who.ObjectID, who.Name, who.Username
	r.Application, r.Assistant = who.Application, who.Assistant.Name
	return r
}

// The lengths, in bytes, of what people and other servers chose.
const (
	maxName   = 200
	maxReason = 500
)

// Write puts the record in the log, at level info whatever it says: who reads the audit wants all of
// it.
func (r Record) Write(log *slog.Logger) {
	message := r.Message
	if message == "" {
		message = string(r.Event)
	}
	username := plaintext.Line(r.Username, maxName)
	attrs := []slog.Attr{slog.String("event", string(r.Event))}
	for _, member := range []slog.Attr{
		slog.String("request", r.Request),
		slog.String("user", cmp.Or(plaintext.Line(r.User, maxName), username)),
		slog.String("username", username),
		slog.String("tid", r.TenantID),
		slog.String("oid", r.ObjectID),
		slog.String("application", r.Application),
		slog.String("assistant", plaintext.Line(r.Assistant, maxName)),
		slog.String("resource", r.Resource),
		slog.String("tool", r.Tool),
	} {
		if member.Value.String() != "" {
			attrs = append(attrs, member)
		}
	}
	if len(r.Uses) > 0 {
		attrs = append(attrs, slog.Any("uses", r.Uses))
	}
	if len(r.Objects) > 0 {
		attrs = append(attrs, slog.Any("objects", r.Objects))
	}
	attrs = append(attrs, slog.String("outcome", r.Outcome))
	if r.Status != 0 {
		attrs = append(attrs, slog.Int("status", r.Status))
	}
	if r.Reason != "" {
		attrs = append(attrs, slog.String("reason", plaintext.Line(r.Reason, maxReason)))
	}
	if r.Duration > 0 {
		attrs = append(attrs, slog.Duration("duration", r.Duration))
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, message, attrs...)
}
