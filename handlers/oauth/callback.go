package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

const (
	// codeLifetime is how long an authorization code is good for.
	codeLifetime = 2 * time.Minute

	// stateLength is that of a state of ours: 32 bytes in base64url.
	stateLength = 43

	// exchangeTimeout bounds the exchange with Entra and what follows it. It goes on when the
	// browser has gone away, because Entra's code is used up by then.
	exchangeTimeout = 30 * time.Second
)

// errTaken says that a transaction came back before.
var errTaken = errors.New("the transaction was used already")

// callback answers the redirect URI that Entra knows. The state is checked before anything else,
// and is used up by the first request that carries it, whatever becomes of that: a transaction that
// came back in a foreign browser is not to be had again.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.RawQuery) > maxQuery {
		s.refuseCallback(w, http.StatusBadRequest, "the query is too long")
		return
	}
	p, err := parseParams(r.URL.RawQuery)
	if err != nil || p.twice != "" || len(p.get("state")) != stateLength {
		s.refuseCallback(w, http.StatusBadRequest, "the query is malformed, repeats a parameter, or has no state of ours")
		return
	}
	state := p.get("state")
	t, err := s.takeTransaction(r.Context(), state)
	switch {
	case errors.Is(err, records.ErrNotFound), errors.Is(err, records.ErrInvalid), errors.Is(err, errTaken):
		s.refuseCallback(w, http.StatusBadRequest, "the state is unknown, expired or used")
		return
	case err != nil:
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	s.cfg.Limits.open.Free(state)
	s.unbindBrowser(w, state)
	if !s.sameBrowser(r, state, t.Browser) {
		s.refuseCallback(w, http.StatusForbidden, "the sign-in was begun in another browser")
		return
	}
	if refused := entra.FromCallback(p.values); refused != nil && p.get("code") == "" {
		if cancelled(p, refused) {
			s.log.Info("sign-in denied", append(s.signInAttrs(&t.Request, t.CorrelationID), "reason", refused.Error())...)
			s.returnError(w, &t.Request, "access_denied", "The person did not sign in.")
			return
		}
		s.signInFailed(w, &t.Request, t.CorrelationID, nil, refused)
		return
	}
	if p.get("code") == "" || p.get("error") != "" {
		s.refuseCallback(w, http.StatusBadRequest, "Entra sent neither just a code nor just an error")
		return
	}
	s.finishSignIn(w, r, t, p)
}

// takeTransaction returns an open transaction and leaves a tombstone in its place.
func (s *Server) takeTransaction(ctx context.Context, state string) (*records.Transaction, error) {
	var taken records.Transaction
	err := records.Transactions.Update(ctx, s.cfg.Store, state, func(_ context.Context, t *records.Transaction) error {
		if t.Taken {
			return errTaken
		}
		taken = *t
		*t = records.Transaction{Taken: true, Expires: t.Expires}
		return nil
	})
	return &taken, err
}

// finishSignIn exchanges Entra's code here and now, so that whatever is wrong is told to the person
// who can read it, and sends the browser back with a code of ours.
func (s *Server) finishSignIn(w http.ResponseWriter, r *http.Request, t *records.Transaction, p params) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), exchangeTimeout)
	defer cancel()
	tokens, err := s.cfg.Entra.Exchange(ctx, p.get("code"), t.Verifier, t.Nonce)
	if err == nil {
		err = checkIssuer(p.get("iss"), tokens.Principal.TenantID)
	}
	if err != nil {
		s.signInFailed(w, &t.Request, t.CorrelationID, nil, err)
		return
	}
	who := tokens.Principal
	switch blocked, err := s.cfg.Store.Blocked(ctx, who.TenantID, who.ObjectID); {
	case err != nil:
		s.unavailablePage(w, "sign-in failed", err)
		return
	case blocked:
		s.signInFailed(w, &t.Request, t.CorrelationID, who, shutOut(who))
		return
	}
	code := randomToken(32)
	err = records.Codes.Put(ctx, s.cfg.Store, code, &records.Code{
		Request:  t.Request,
		TenantID: who.TenantID, ObjectID: who.ObjectID, Name: who.Name,
		AccessToken: tokens.AccessToken, TokenExpires: tokens.Expiry, RefreshToken: tokens.RefreshToken,
		Groups: tokens.Groups, Expires: s.now().Add(codeLifetime),
	})
	if err != nil {
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	u, err := parseRedirectURI(t.RedirectURI)
	if err != nil {
		s.refuseCallback(w, http.StatusBadRequest, "the redirect URI is not valid any more")
		return
	}
	s.auditSignIn(audit.Record{Event: audit.SignIn, Message: "signed in", Outcome: audit.OK}, who, &t.Request, t.CorrelationID)
	redirect(w, s.responseURL(u, t.State, url.Values{"code": {code}}))
}

// shutOut is what somebody reads whom the operator has blocked.
func shutOut(who *identity.Principal) *entra.Error {
	return &entra.Error{
		Kind: entra.Denied, OAuth: "access_denied", Operator: who.ID() + " is blocked",
		Title:  "Your access has been ended",
		Text:   "Whoever runs this server does not let this account in any more. Nothing was connected.",
		Advice: "Ask them, if you think that this is a mistake.",
	}
}

// checkIssuer checks an iss parameter (RFC 9207), which Entra does not send today: it must name the
// tenant whose signature was verified.
func checkIssuer(iss, tenant string) error {
	if iss == "" {
		return nil
	}
	u, err := url.Parse(iss)
	if err != nil || !strings.HasPrefix(u.Path, "/"+tenant+"/") {
		return errors.New("the iss parameter names another issuer than the token")
	}
	return nil
}

func (s *Server) refuseCallback(w http.ResponseWriter, status int, reason string) {
	id := newCorrelationID()
	s.refusedSignIn("", id, reason)
	s.errorPage(w, problem{
		Status:        status,
		Title:         "This sign-in cannot be finished",
		Text:          "It took too long, was finished already, or was begun in another browser.",
		Advice:        "Go back to your assistant and start the connection again, in one browser.",
		CorrelationID: id,
	})
}

// cancelled reports whether an error at the callback is what the person decided. They need no page
// that explains it, and go straight back to the client.
func cancelled(p params, refused *entra.Error) bool {
	return refused.Kind == entra.Denied &&
		(refused.Code == "" || refused.Code == "AADSTS65004" || p.get("error_subcode") == "cancel")
}

// signInFailed ends a sign-in whose client is known with a page that explains it and leads back.
// who is nil where Entra has not said whose it is.
func (s *Server) signInFailed(w http.ResponseWriter, req *records.Request, correlationID string, who *identity.Principal, err error) {
	var e *entra.Error
	if !errors.As(err, &e) {
		e = &entra.Error{
			Kind: entra.Misconfigured, OAuth: "server_error", Operator: err.Error(),
			Title:  "Sign-in did not work",
			Text:   "Nothing was connected.",
			Advice: "Tell whoever runs this server; its log says what is wrong.",
		}
	}
	s.auditSignIn(signInRefusal(e, err.Error()), who, req, correlationID)
	s.log.Warn("sign-in failed", append(s.signInAttrs(req, correlationID), "reason", err.Error(), "kind", e.Kind.String(),
		"entra_code", e.Code, "entra_trace_id", e.TraceID, "entra_correlation_id", e.CorrelationID)...)
	pr := problem{
		Status: http.StatusForbidden, Title: e.Title, Text: e.Text, Advice: e.Advice, CorrelationID: correlationID,
		EntraCode: e.Code, EntraTraceID: e.TraceID,
	}
	switch e.Kind {
	case entra.Unavailable:
		pr.Status = http.StatusServiceUnavailable
		setRetryAfter(w.Header(), max(e.RetryAfter, defaultRetry))
	case entra.Misconfigured:
		pr.Status = http.StatusInternalServerError
	}
	if u, err := parseRedirectURI(req.RedirectURI); err == nil {
		pr.ReturnURL = s.responseURL(u, req.State, errorResponse(oauthCode(e), ""))
		pr.ReturnName = req.ClientName
	}
	s.errorPage(w, pr)
}

// oauthCode is the code for the client, of those that RFC 6749 section 4.1.2.1 and OpenID Connect
// Core section 3.1.2.6 know.
func oauthCode(e *entra.Error) string {
	switch e.OAuth {
	case "access_denied", "temporarily_unavailable", "login_required", "interaction_required", "consent_required":
		return e.OAuth
	default:
		return "server_error"
	}
}
