package cimd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/strictjson"
)

const (
	maxDocument     = 10 << 10 // bytes; section 6.6 of the draft recommends 5 KB, some clients need more
	maxDepth        = 8        // a key set with certificates (RFC 7517) needs four levels
	maxRedirectURIs = 32
	maxRedirectURI  = 1024 // bytes
)

// metadata is the part of a document that matters here, with the names of RFC 7591 section 2.
type metadata struct {
	id            string
	name          string
	redirectURIs  []string
	grantTypes    []string
	responseTypes []string
	method        string
	methods       []string // token_endpoint_auth_methods_supported, OpenID Connect RP Metadata Choices 1.0
}

// parseDocument reads a document (section 4.1 of the draft). A member of the wrong type is refused,
// null is as if absent, and members that are not known here are ignored.
func parseDocument(clientID string, body []byte) (*Document, error) {
	object, err := strictjson.Object(body, maxDepth)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	for _, name := range []string{"client_secret", "client_secret_expires_at"} {
		if _, ok := object[name]; ok {
			return nil, badDocument("it must not hold " + name)
		}
	}
	var m metadata
	for name, into := range map[string]any{
		"client_id": &m.id, "client_name": &m.name, "redirect_uris": &m.redirectURIs,
		"grant_types": &m.grantTypes, "response_types": &m.responseTypes,
		"token_endpoint_auth_method": &m.method, "token_endpoint_auth_methods_supported": &m.methods,
	} {
		if raw, ok := object[name]; ok && json.Unmarshal(raw, into) != nil {
			return nil, badDocument("its member " + name + " has the wrong type")
		}
	}
	if reason := m.check(clientID); reason != "" {
		return nil, badDocument(reason)
	}
	return &Document{ID: m.id, Name: m.name, RedirectURIs: m.redirectURIs}, nil
}

// check returns why the client cannot be served, empty when it can. A document is written once for
// all servers, so grants and response types that are not offered here do no harm.
func (m *metadata) check(clientID string) string {
	switch {
	case m.id != clientID:
		return "its client_id must be the URL that it was fetched from"
	case len(m.redirectURIs) == 0 || len(m.redirectURIs) > maxRedirectURIs:
		return fmt.Sprintf("redirect_uris must hold 1 to %d URIs", maxRedirectURIs)
	case slices.ContainsFunc(m.redirectURIs, func(u string) bool { return u == "" || len(u) > maxRedirectURI }):
		return fmt.Sprintf("a redirect URI must have 1 to %d characters", maxRedirectURI)
	case len(m.grantTypes) > 0 && !slices.Contains(m.grantTypes, "authorization_code"):
		return "grant_types must hold authorization_code"
	case len(m.responseTypes) > 0 && !slices.Contains(m.responseTypes, "code"):
		return "response_types must hold code"
	case strings.HasPrefix(m.method, "client_secret_"):
		return "token_endpoint_auth_method must not be based on a shared secret"
	case !m.public():
		return "its client must be able to do without authentication: token_endpoint_auth_method must be none, " +
			"or token_endpoint_auth_methods_supported must hold it"
	}
	return ""
}

// public reports whether the client may go without authentication. One that prefers private_key_jwt
// and also offers none, as ChatGPT does, may; to take it from one that does not would serve whoever
// has its id (section 6.2 of the draft).
func (m *metadata) public() bool {
	return m.method == "none" || slices.Contains(m.methods, "none") || (m.method == "" && len(m.methods) == 0)
}

func badDocument(reason string) error { return fmt.Errorf("%w: %s", ErrDocument, reason) }
