package bearer

import (
	"errors"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// personError is a refusal of a token that is known to be somebody's.
type personError struct {
	error
	who *identity.Principal
}

func (r *personError) Unwrap() error { return r.error }

// auditRefusal records a token that opened nothing, and whose it is where that was verified.
func (g *Gate) auditRefusal(message string, err error) {
	r := audit.Record{Event: audit.Refusal, Message: message, Outcome: audit.Refused, Reason: err.Error()}
	if person, ok := errors.AsType[*personError](err); ok {
		r = r.Of(person.who)
	}
	r.Resource = g.cfg.Resource.String()
	r.Write(g.cfg.Audit)
}
