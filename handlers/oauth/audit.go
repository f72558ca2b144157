package oauth

import (
	"errors"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// auditGrant records what became of a grant.
func (s *Server) auditGrant(event audit.Event, message string, g *records.Grant, reason string) {
	audit.Record{
		Event: event, Message: message, TenantID: g.TenantID, ObjectID: g.ObjectID, User: g.Name,
		Application: s.application(), Assistant: g.ClientName, Resource: g.Resource, Outcome: audit.OK, Reason: reason,
	}.Write(s.audit)
}

// auditSignIn records what came of a sign-in. who is nil where Entra has not said whose it is.
func (s *Server) auditSignIn(r audit.Record, who *identity.Principal, req *records.Request, correlationID string) {
	r.Application = s.application()
	if who != nil {
		r = r.Of(who)
	}
	r.Assistant, r.Resource, r.Request = req.ClientName, req.Resource, correlationID
	r.Write(s.audit)
}

// signInRefusal is the record of a sign-in that ends in an error. Only what says something about the
// person or the assistant is a refusal.
func signInRefusal(e *entra.Error, reason string) audit.Record {
	r := audit.Record{Event: audit.Refusal, Message: "sign-in refused", Outcome: audit.Refused, Reason: reason}
	if e.Kind == entra.Unavailable || e.Kind == entra.Misconfigured {
		r.Outcome = audit.Failed
	}
	return r
}

// refusedSignIn puts a sign-in that cannot go on in the audit, and in the log with what an operator
// needs to find out why. What is not known is empty.
func (s *Server) refusedSignIn(assistant, correlationID, reason string, attrs ...any) {
	audit.Record{
		Event: audit.Refusal, Message: "sign-in refused", Request: correlationID,
		Application: s.application(), Assistant: assistant, Outcome: audit.Refused, Reason: reason,
	}.Write(s.audit)
	if assistant != "" {
		attrs = append(attrs, "assistant", assistant)
	}
	if correlationID != "" {
		attrs = append(attrs, "correlation_id", correlationID)
	}
	s.log.Warn("sign-in failed", append(attrs, "reason", reason)...)
}

// personError is a refusal of a code or a token that is known to be somebody's.
type personError struct {
	error
	tenantID, objectID, name, resource string
}

func (e *personError) Unwrap() error { return e.error }

// ofCode adds whose code it is to an error, where the code is known.
func ofCode(err error, c *records.Code) error {
	if c == nil {
		return err
	}
	return &personError{err, c.TenantID, c.ObjectID, c.Name, c.Resource}
}

// ofGrant does the same for a token of a grant, which is empty where it is not known.
func ofGrant(err error, g *records.Grant) error {
	if g.ID == "" {
		return err
	}
	return &personError{err, g.TenantID, g.ObjectID, g.Name, g.Resource}
}

// refusedToken records that a token was not given, or not ended: to which assistant, and whose the
// code or token is that it brought. What is no refusal is trouble of ours, upon which the client
// comes again.
func (s *Server) refusedToken(message, assistant string, err error) {
	oe := asOAuthError(err)
	r := audit.Record{Event: audit.Refusal, Message: message, Application: s.application(), Assistant: assistant, Outcome: audit.Refused, Reason: oe.Error()}
	if oe.code == "temporarily_unavailable" {
		r.Outcome = audit.Failed
	}
	if of, ok := errors.AsType[*personError](err); ok {
		r.TenantID, r.ObjectID, r.User, r.Resource = of.tenantID, of.objectID, of.name, of.resource
	}
	r.Write(s.audit)
}

func (s *Server) application() string {
	if s.cfg.Entra == nil {
		return ""
	}
	return s.cfg.Entra.ClientID()
}
