package oauth

import (
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/strictjson"
)

// maxJSONDepth bounds how deep a registration may nest. RFC 7591 needs three levels (jwks).
const maxJSONDepth = 8

// registrationRequest is the part of RFC 7591 section 2 that matters here. Members that are not
// here are ignored, as section 2 demands, and none is ever fetched.
type registrationRequest struct {
	redirectURIs  []string
	name          string
	method        string
	grantTypes    []string
	responseTypes []string
	scope         string
}

// registration is the answer of RFC 7591 section 3.2.1. There is no client_secret member at all for
// a public client: the TypeScript SDK refuses null.
type registration struct {
	ClientID        string   `json:"client_id"`
	IssuedAt        int64    `json:"client_id_issued_at"`
	Secret          string   `json:"client_secret,omitempty"`
	SecretExpiresAt int64    `json:"client_secret_expires_at,omitempty"`
	Name            string   `json:"client_name,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	Method          string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	Scope           string   `json:"scope,omitempty"`
}

// register answers POST /oauth/register, RFC 7591. It stores nothing.
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	answer, oe := s.registerClient(w, r)
	if oe != nil {
		s.log.Warn("registration refused", oe.logAttrs()...)
		writeError(w, oe)
		return
	}
	writeJSON(w, http.StatusCreated, answer)
}

func (s *Server) registerClient(w http.ResponseWriter, r *http.Request) (*registration, *oauthError) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, &oauthError{status: http.StatusUnsupportedMediaType, code: "invalid_client_metadata",
			description: "The body must be application/json."}
	}
	body, oe := readBody(w, r)
	if oe != nil {
		oe.code = "invalid_client_metadata"
		return nil, oe
	}
	req, oe := parseRegistration(body)
	if oe != nil {
		return nil, oe
	}
	accepted, oe := s.acceptRedirectURIs(req)
	if oe != nil {
		return nil, oe
	}
	c := &client{name: plaintext.Line(req.name, maxClientName), method: req.authMethod(), issued: s.now().Truncate(time.Second)}
	answer := &registration{
		IssuedAt: c.issued.Unix(), Name: c.name, Method: c.method,
		GrantTypes:    []string{"authorization_code", "refresh_token"},
		ResponseTypes: []string{"code"},
		Scope:         strings.Join(s.scopes(req.scope), " "),
	}
	for _, u := range accepted {
		answer.RedirectURIs = append(answer.RedirectURIs, u.raw)
		if h := u.hash(); !slices.Contains(c.redirects, h) {
			c.redirects = append(c.redirects, h)
		}
	}
	if err := s.sealClient(r.Context(), c); err != nil {
		return nil, unavailable(err.Error(), defaultRetry)
	}
	answer.ClientID = c.id
	if c.method != methodNone {
		if answer.Secret, err = s.clientSecret(r.Context(), c); err != nil {
			return nil, unavailable(err.Error(), defaultRetry)
		}
		answer.SecretExpiresAt = c.expires().Unix()
	}
	s.log.Info("client registered", "assistant", c.displayName(), "redirect_host", hosts(accepted),
		"method", c.method, "refused_redirect_uris", len(req.redirectURIs)-len(accepted))
	return answer, nil
}

// parseRegistration reads the body. A member of the wrong type is refused, null is as if absent.
func parseRegistration(body []byte) (*registrationRequest, *oauthError) {
	object, err := strictjson.Object(body, maxJSONDepth)
	if err != nil {
		return nil, badRequest("invalid_client_metadata", "The body is refused: "+err.Error()+".")
	}
	var req registrationRequest
	for name, into := range map[string]any{
		"redirect_uris": &req.redirectURIs, "client_name": &req.name, "token_endpoint_auth_method": &req.method,
		"grant_types": &req.grantTypes, "response_types": &req.responseTypes, "scope": &req.scope,
	} {
		if raw, ok := object[name]; ok && json.Unmarshal(raw, into) != nil {
			return nil, badRequest("invalid_client_metadata", "The member "+name+" has the wrong type.")
		}
	}
	switch {
	case len(req.redirectURIs) == 0:
		return nil, badRequest("invalid_redirect_uri", "redirect_uris must hold at least one URI.")
	case len(req.redirectURIs) > maxRedirectURIs:
		return nil, badRequest("invalid_redirect_uri", "redirect_uris must hold at most 8 URIs.")
	case len(req.grantTypes) > 0 && !slices.Contains(req.grantTypes, "authorization_code"):
		return nil, badRequest("invalid_client_metadata", "grant_types must hold authorization_code.")
	case len(req.responseTypes) > 0 && !slices.Contains(req.responseTypes, "code"):
		return nil, badRequest("invalid_client_metadata", "response_types must hold code.")
	}
	return &req, nil
}

// authMethod is the method that the client gets. RFC 7591 section 3.2.1 lets the server choose:
// whoever asks for a method that is not offered becomes a public client, protected by PKCE, and
// learns it from the answer.
func (req *registrationRequest) authMethod() string {
	if slices.Contains(authMethods, req.method) {
		return req.method
	}
	return methodNone
}

// acceptRedirectURIs returns those that may register, in order. Clients register several at once
// and use one, so that a refused URI does not refuse the others.
func (s *Server) acceptRedirectURIs(req *registrationRequest) ([]redirectURI, *oauthError) {
	var accepted []redirectURI
	for _, raw := range req.redirectURIs {
		u, err := parseRedirectURI(raw)
		if err == nil && s.policy.allows(u) {
			accepted = append(accepted, u)
			continue
		}
		s.logRefusedRedirect(plaintext.Line(req.name, maxClientName), u, err)
	}
	if len(accepted) == 0 {
		return nil, badRequest("invalid_redirect_uri", "None of the redirect URIs may be used with this server. "+
			"Its operator can allow one; the server's log holds the line to write.")
	}
	return accepted, nil
}

// logRefusedRedirect tells the operator what would allow a redirect URI. One that did not parse is
// not quoted.
func (s *Server) logRefusedRedirect(assistant string, u redirectURI, err error) {
	attrs := []any{slog.String("assistant", assistant)}
	switch line := allowLine(u); {
	case err != nil:
		attrs = append(attrs, slog.String("reason", err.Error()))
	case line == "":
		attrs = append(attrs, slog.String("redirect_host", u.scheme+"://"+u.host),
			slog.String("reason", "this scheme belongs to no known assistant"))
	default:
		attrs = append(attrs, slog.String("redirect_host", u.host), slog.String("reason", "no preset or pattern allows it"),
			slog.String("allow_with", line))
	}
	s.log.Warn("redirect URI refused", attrs...)
}

// hosts are the distinct hosts of redirect URIs, for the log.
func hosts(uris []redirectURI) string {
	var names []string
	for _, u := range uris {
		if !slices.Contains(names, u.host) {
			names = append(names, u.host)
		}
	}
	return strings.Join(names, " ")
}
