package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

const transactionPurpose = "transaction"

// pending is a sign-in that waits for the person's decision. It lives in a sealed field of the
// consent form: showing the page any number of times stores nothing.
type pending struct {
	Request       records.Request `json:"request"`
	State         string          `json:"state"`   // for Entra
	Browser       []byte          `json:"browser"` // SHA-256 of the transaction cookie
	Prompt        string          `json:"prompt,omitempty"`
	LoginHint     string          `json:"login_hint,omitempty"`
	CorrelationID string          `json:"correlation_id"`
	Expires       time.Time       `json:"exp"`
}

// askConsent shows the consent page. It does so each time: before sign-in nobody knows whose
// browser this is, so there is nothing that an earlier consent could be remembered for.
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request, a *authorization) {
	p := pending{
		Request: a.request, State: randomToken(32), Prompt: a.prompt, LoginHint: a.loginHint,
		CorrelationID: newCorrelationID(), Expires: s.now().Add(transactionLifetime),
	}
	p.Browser = s.bindBrowser(w, r, p.State)
	plain, err := json.Marshal(p)
	if err != nil {
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	sealed, err := s.cfg.Keys.Seal(r.Context(), transactionPurpose, plain)
	if err != nil {
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	s.log.Info("sign-in requested", s.signInAttrs(&p.Request, p.CorrelationID)...)
	s.consentPage(w, a, sealed)
}

// decide answers the consent form. The sealed field says what was asked, the cookie that this
// browser was asked, and the Origin that our own page sent the form.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	form, oe := readForm(w, r)
	if oe != nil {
		s.errorPage(w, problem{Status: oe.status, Title: "The form was not understood", Text: oe.description,
			Advice: "Go back to your assistant and start the connection again."})
		return
	}
	if !s.fromOwnPage(r) {
		s.refuseDecision(w, "the form was sent by another site")
		return
	}
	plain, err := s.cfg.Keys.Open(r.Context(), transactionPurpose, form.get("transaction"))
	if err != nil && !errors.Is(err, records.ErrInvalid) {
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	var p pending
	if err != nil || json.Unmarshal(plain, &p) != nil {
		s.refuseDecision(w, "the form is not one of ours")
		return
	}
	switch {
	case !s.now().Before(p.Expires):
		s.refuseDecision(w, "the form has expired")
		return
	case !s.sameBrowser(r, p.State, p.Browser):
		s.refuseDecision(w, "the form was opened in another browser")
		return
	}
	switch decision := form.get("decision"); {
	case s.denied(p.Request.ClientID):
		s.deniedClient(w, p.Request.ClientName)
	case decision == "approve":
		s.approve(w, r, &p)
	case decision == "cancel":
		s.deny(w, &p)
	default:
		s.refuseDecision(w, "the form holds no decision")
	}
}

// fromOwnPage tells our own form from one on another site. Every browser in use sends Origin with a
// POST; a caller that sends neither header is none that a site could abuse, and still needs the
// cookie and the sealed field.
func (s *Server) fromOwnPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	origins := r.Header.Values("Origin")
	return len(origins) == 0 || (len(origins) == 1 && origins[0] == s.cfg.Issuer)
}

// approve sends the browser to Entra. The record is created once and leaves a tombstone, so that
// the form cannot be used again while its transaction is open or after it.
func (s *Server) approve(w http.ResponseWriter, r *http.Request, p *pending) {
	if err := s.stillRegistered(r.Context(), p.Request.ClientID, p.Request.RedirectURI); err != nil {
		s.noLongerRegistered(w, p, err)
		return
	}
	if !s.openSignIn(w, r, p.State) {
		return
	}
	t := &records.Transaction{
		Request: p.Request, Verifier: randomToken(32), Nonce: randomToken(16), Browser: p.Browser,
		Expires: s.now().Add(transactionLifetime), CorrelationID: p.CorrelationID,
	}
	location, err := s.cfg.Entra.AuthorizationURL(r.Context(), entra.AuthorizationRequest{
		State: p.State, Nonce: t.Nonce, Verifier: t.Verifier, Prompt: p.Prompt, LoginHint: p.LoginHint,
	})
	if err != nil {
		s.cfg.Limits.open.Free(p.State)
		s.signInFailed(w, &p.Request, p.CorrelationID, nil, err)
		return
	}
	switch err := records.Transactions.Create(r.Context(), s.cfg.Store, p.State, t); {
	case errors.Is(err, records.ErrExists):
		s.refuseDecision(w, "the form was used already")
		return
	case err != nil:
		s.cfg.Limits.open.Free(p.State)
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	s.log.Info("sign-in approved", s.signInAttrs(&p.Request, p.CorrelationID)...)
	redirect(w, location)
}

// deny tells the client so. There is nothing to take back: nothing was stored.
func (s *Server) deny(w http.ResponseWriter, p *pending) {
	s.unbindBrowser(w, p.State)
	s.log.Info("sign-in denied", s.signInAttrs(&p.Request, p.CorrelationID)...)
	s.returnError(w, &p.Request, "access_denied", "The person did not allow it.")
}

// returnError sends the browser back to the client of a checked request.
func (s *Server) returnError(w http.ResponseWriter, req *records.Request, code, description string) {
	u, err := parseRedirectURI(req.RedirectURI)
	if err != nil {
		s.refuseDecision(w, "the redirect URI is not valid any more")
		return
	}
	s.redirectError(w, u, req.State, code, description)
}

func (s *Server) refuseDecision(w http.ResponseWriter, reason string) {
	id := newCorrelationID()
	s.refusedSignIn("", id, reason)
	s.errorPage(w, problem{
		Status:        http.StatusForbidden,
		Title:         "This sign-in cannot go on",
		Text:          "The page was open for too long, was used already, or was opened in another browser. Nothing was allowed.",
		Advice:        "Go back to your assistant and start the connection again.",
		CorrelationID: id,
	})
}

// signInAttrs describe a sign-in for the log.
func (s *Server) signInAttrs(req *records.Request, correlationID string) []any {
	u, _ := parseRedirectURI(req.RedirectURI)
	return []any{"assistant", req.ClientName, "redirect_host", u.host, "resource", req.Resource, "correlation_id", correlationID}
}
