package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokenResponse is RFC 6749 section 5.1. There is no id_token: those of Entra are not for clients.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
}

func (s *Server) newTokenResponse(access string, expires time.Time, refresh string, scopes []string) *tokenResponse {
	return &tokenResponse{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int64(expires.Sub(s.now()) / time.Second),
		RefreshToken: refresh, Scope: strings.Join(scopes, " "),
	}
}

// token answers POST /oauth/token, OAuth 2.1 section 3.2.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	form, oe := readForm(w, r)
	if oe != nil {
		s.refuseToken(w, "", oe)
		return
	}
	c, err := s.authenticate(r, form)
	if err != nil {
		s.refuseToken(w, "", err)
		return
	}
	if s.denied(c.id) {
		// At invalid_client, and at unauthorized_client, clients register again and come back under
		// another id. At this one the person is sent to the page that says why.
		s.refuseToken(w, c.displayName(), invalidGrant("deny_client names this client"))
		return
	}
	var grant func(context.Context, *client, params) (*tokenResponse, error)
	switch form.get("grant_type") {
	case "authorization_code":
		grant = s.redeem
	case "refresh_token":
		grant = s.refresh
	case "":
		s.refuseToken(w, c.displayName(), badRequest("invalid_request", "grant_type is missing."))
		return
	default:
		s.refuseToken(w, c.displayName(), badRequest("unsupported_grant_type", "The grant types are authorization_code and refresh_token."))
		return
	}
	answer, err := grant(r.Context(), c, form)
	if err != nil {
		s.refuseToken(w, c.displayName(), err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) refuseToken(w http.ResponseWriter, assistant string, err error) {
	s.refusedToken("token refused", assistant, err)
	writeError(w, asOAuthError(err))
}

// authenticate finds the client of a token request and checks that it proves itself as registered,
// RFC 6749 section 2.3.
func (s *Server) authenticate(r *http.Request, form params) (*client, error) {
	id, secret, method, err := credentials(r, form)
	if err != nil {
		return nil, err
	}
	c, err := s.tokenClient(r.Context(), id)
	if errors.Is(err, errUnknownClient) {
		return nil, invalidClient(method, "unknown or expired client id")
	}
	if err != nil {
		return nil, err
	}
	if !c.accepts(method) {
		return nil, invalidClient(method, "the client is registered for "+c.method)
	}
	if method == methodNone {
		return c, nil
	}
	want, err := s.clientSecret(r.Context(), c)
	if err != nil {
		return nil, err
	}
	if !equal(secret, want) {
		return nil, invalidClient(method, "wrong client secret")
	}
	return c, nil
}

// credentials reads client id and secret from where the client put them. RFC 6749 section 2.3: not
// more than one method in a request.
func credentials(r *http.Request, form params) (id, secret, method string, err error) {
	id, secret, method = form.get("client_id"), form.get("client_secret"), methodNone
	if secret != "" {
		method = methodPost
	}
	if form.get("client_assertion") != "" || form.get("client_assertion_type") != "" {
		return "", "", "", invalidClient(methodNone, "client assertions are not supported")
	}
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return id, secret, method, nil
	}
	if len(headers) > 1 || secret != "" {
		return "", "", "", badRequest("invalid_request", "The client authenticates in more than one way.")
	}
	basicID, basicSecret, ok := basicCredentials(headers[0])
	if !ok {
		return "", "", "", invalidClient(methodBasic, "the Authorization header is not Basic")
	}
	if id != "" && id != basicID {
		return "", "", "", badRequest("invalid_request", "The client id in the body is not that of the Authorization header.")
	}
	return basicID, basicSecret, methodBasic, nil
}

// basicCredentials decodes RFC 6749 section 2.3.1: both parts are form-encoded before RFC 7617.
func basicCredentials(header string) (id, secret string, ok bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(raw), ":")
	if !ok {
		return "", "", false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	return id, secret, idErr == nil && secretErr == nil
}

// invalidClient makes a client register again. RFC 6749 section 5.2 wants a challenge for a client
// that came with an Authorization header.
func invalidClient(method, reason string) *oauthError {
	return &oauthError{status: http.StatusUnauthorized, code: "invalid_client",
		description: "The client is not known or did not prove itself as it registered.",
		reason:      reason, challenge: method == methodBasic}
}
