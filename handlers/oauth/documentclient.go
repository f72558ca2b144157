package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/cimd"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

// ClientDocuments finds clients whose id is the URL of a Client ID Metadata Document. It is what a
// [cimd.Fetcher] does.
type ClientDocuments interface {
	// Check judges an id without fetching anything, and Get fetches what it leads to. Their errors
	// are those of package cimd.
	Check(clientID string) error
	Get(ctx context.Context, clientID string) (*cimd.Document, error)
}

// documentRetry is how long a client is asked to wait for a document that could not be fetched.
const documentRetry = 15 * time.Second

// documentClient fetches the client that a URL stands for. Its redirect URIs are judged one by one,
// as those of a registration are.
func (s *Server) documentClient(ctx context.Context, id string) (*client, error) {
	if s.cfg.Documents == nil {
		return nil, errUnknownClient
	}
	doc, err := s.cfg.Documents.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	c := s.bareDocumentClient(doc.ID)
	if name := plaintext.Line(doc.Name, maxClientName); name != "" {
		c.name = name
	}
	for _, raw := range append(slices.Clone(doc.RedirectURIs), s.policy.unlisted[id]...) {
		if u, err := parseRedirectURI(raw); err == nil {
			c.redirects = append(c.redirects, u.hash())
		}
	}
	return c, nil
}

// bareDocumentClient is the client of a valid URL without what its document says. Code and grant
// hold its redirect URI already, so that a refresh does not depend on somebody else's web site.
func (s *Server) bareDocumentClient(id string) *client {
	c := &client{id: id, name: id, method: methodNone}
	if u, err := url.Parse(id); err == nil {
		c.documentHost, c.name = u.Hostname(), u.Hostname()
	}
	return c
}

// tokenClient finds the client of a request to the token or revocation endpoint.
func (s *Server) tokenClient(ctx context.Context, id string) (*client, error) {
	if s.cfg.Documents == nil || !cimd.IsURL(id) {
		return s.client(ctx, id)
	}
	if err := s.cfg.Documents.Check(id); err != nil {
		return nil, errUnknownClient
	}
	return s.bareDocumentClient(id), nil
}

// stillRegistered asks a document again before a sign-in goes on: what it said when the page was
// shown may have been withdrawn.
func (s *Server) stillRegistered(ctx context.Context, clientID, redirect string) error {
	if !cimd.IsURL(clientID) {
		return nil
	}
	c, err := s.documentClient(ctx, clientID)
	if err != nil {
		return err
	}
	_, err = s.checkRedirect(c, redirect)
	return err
}

// noClient is the page for a client id that leads to no client.
func (s *Server) noClient(w http.ResponseWriter, id string, err error) {
	p := problem{
		Status: http.StatusBadRequest,
		Title:  "This assistant could not be identified",
		Advice: "Tell whoever makes the assistant: " + err.Error() + ".",
	}
	switch {
	case errors.Is(err, cimd.ErrUnreachable):
		s.refusedSignIn(id, "", err.Error())
		setRetryAfter(w.Header(), documentRetry)
		p.Status = http.StatusServiceUnavailable
		p.Text = "The page on which it describes itself could not be read just now."
		p.Advice = "Wait a moment, then start again from your assistant."
	case errors.Is(err, cimd.ErrUntrusted):
		u, _ := url.Parse(id) // Check has parsed it
		s.refusedSignIn(id, "", err.Error(), "allow_with", "trust_metadata_host "+u.Hostname())
		p.Status = http.StatusForbidden
		p.Text = "It describes itself on a web site that this server does not rely on."
		p.Advice = "If you trust it, ask whoever runs this server: its log says how to allow it."
	case errors.Is(err, cimd.ErrInvalidID), errors.Is(err, cimd.ErrDocument):
		s.refusedSignIn(id, "", err.Error())
		p.Text = "The page on which it describes itself is not as it has to be."
	case errors.Is(err, errUnknownClient):
		s.unknownClient(w)
		return
	default:
		s.unavailablePage(w, "sign-in failed", err)
		return
	}
	s.errorPage(w, p)
}

// noLongerRegistered ends a sign-in whose document has changed since the page was shown.
func (s *Server) noLongerRegistered(w http.ResponseWriter, p *pending, err error) {
	if errors.Is(err, cimd.ErrUnreachable) || errors.Is(err, cimd.ErrDocument) || errors.Is(err, cimd.ErrUntrusted) {
		s.noClient(w, p.Request.ClientID, err)
		return
	}
	s.refuseDecision(w, "the client's metadata document has changed: "+err.Error())
}
