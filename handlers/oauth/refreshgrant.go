package oauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

const (
	// refreshPrefix makes our refresh tokens recognisable to secret scanners.
	refreshPrefix = "camr_"

	grantIDSize       = 16 // bytes
	refreshSecretSize = 32 // bytes

	// rotationWindow is how long after a rotation the old refresh token is answered again, with the
	// same successor: sessions of one assistant share a token and refresh it at the same time.
	rotationWindow = 60 * time.Second

	// refreshTimeout bounds the call to Entra, which is made under the grant's lock. Others wait 15
	// seconds for that lock.
	refreshTimeout = 8 * time.Second
)

// newRefreshToken returns an opaque token that names its grant: prefix, grant id and 256 random
// bits in base64url.
func newRefreshToken(grantID string) string {
	id, err := base64.RawURLEncoding.DecodeString(grantID)
	if err != nil || len(id) != grantIDSize {
		panic("oauth: grant id is not of our making")
	}
	secret := make([]byte, refreshSecretSize)
	rand.Read(secret)
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(id, secret...))
}

// grantOf returns the id of the grant that a refresh token names.
func grantOf(token string) (id string, ok bool) {
	encoded, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(grantIDSize+refreshSecretSize) {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	return base64.RawURLEncoding.EncodeToString(raw[:grantIDSize]), true
}

// errRepeated says that a refresh was answered again from the record, which stays as it is.
var errRepeated = errors.New("answered again")

// refresh answers grant_type=refresh_token, OAuth 2.1 section 4.3.
func (s *Server) refresh(ctx context.Context, c *client, form params) (*tokenResponse, error) {
	token := form.get("refresh_token")
	if token == "" {
		return nil, badRequest("invalid_request", "refresh_token is missing.")
	}
	id, ok := grantOf(token)
	if !ok {
		return nil, invalidGrant("malformed refresh token")
	}
	var answer *tokenResponse
	var grant records.Grant
	var revoked string
	err := records.Grants.Update(ctx, s.cfg.Store, id, func(ctx context.Context, g *records.Grant) error {
		was := g.Revoked
		var err error
		answer, err = s.rotate(ctx, g, c, token, form)
		if grant = *g; g.Revoked && !was {
			revoked = err.Error()
			return records.Keep(err)
		}
		return err
	})
	if revoked != "" {
		s.auditGrant(audit.Revocation, "grant revoked", &grant, revoked)
	}
	switch {
	case errors.Is(err, errRepeated):
		s.auditGrant(audit.Refresh, "token refreshed", &grant, "the same answer again")
	case err != nil:
		return nil, ofGrant(err, &grant)
	default:
		s.auditGrant(audit.Refresh, "token refreshed", &grant, "")
	}
	return answer, nil
}

// rotate answers one refresh under the grant's lock. It changes g only where what it returns may be
// stored: on success, and when it revokes.
func (s *Server) rotate(ctx context.Context, g *records.Grant, c *client, token string, form params) (*tokenResponse, error) {
	if g.Revoked {
		return nil, invalidGrant("the grant is revoked")
	}
	if !equal(g.ClientID, c.id) {
		return nil, invalidGrant("the refresh token belongs to another client")
	}
	hash := hashToken(token)
	current, previous := subtle.ConstantTimeCompare(hash, g.Current) == 1, subtle.ConstantTimeCompare(hash, g.Previous) == 1
	inWindow := previous && s.now().Sub(g.Rotated) <= rotationWindow
	if !current && !inWindow {
		// Ids of grants are as secret as their tokens, so whoever has a wrong secret for one had a
		// right one before.
		g.Revoke()
		return nil, invalidGrant("an old refresh token was used again")
	}
	scopes, oe := s.checkRefresh(g, c, form)
	if oe != nil {
		return nil, oe
	}
	switch blocked, err := s.cfg.Store.Blocked(ctx, g.TenantID, g.ObjectID); {
	case err != nil:
		return nil, err
	case blocked:
		g.Revoke()
		return nil, invalidGrant("the person is blocked")
	}
	if inWindow {
		if strings.Join(scopes, " ") != strings.Join(g.AccessScopes, " ") {
			return nil, badRequest("invalid_scope", "The scope is not that of the refresh that is answered again.")
		}
		return s.newTokenResponse(g.AccessToken, g.TokenExpires, g.Successor, scopes), errRepeated
	}
	tokens, err := s.refreshAtEntra(ctx, g)
	if err != nil {
		return nil, err
	}
	return s.succeed(ctx, g, tokens, scopes)
}

// checkRefresh checks the parameters that may only repeat or narrow what was granted.
func (s *Server) checkRefresh(g *records.Grant, c *client, form params) ([]string, *oauthError) {
	if param := form.get("resource"); param != "" && !names(g.Resource, param) {
		return nil, badRequest("invalid_target", "The resource is not that of the grant.")
	}
	if u, err := parseRedirectURI(g.RedirectURI); err != nil || !s.allowed(c, u) {
		return nil, invalidGrant("the client's redirect URI is not allowed any more")
	}
	scopes, ok := s.narrowed(g.Scopes, form.get("scope"))
	if !ok {
		return nil, badRequest("invalid_scope", "The scope exceeds what was granted.")
	}
	return scopes, nil
}

// refreshAtEntra gets a new access token. Where Entra says no, to the person or to its refresh
// token, it revokes the grant: only a new sign-in helps, and that makes a new grant. It also ends,
// on every node, the access token of somebody whose sessions or assignment an administrator ended.
func (s *Server) refreshAtEntra(ctx context.Context, g *records.Grant) (*entra.Tokens, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	tokens, err := s.cfg.Entra.Refresh(ctx, g.EntraRefreshToken)
	if err == nil {
		if tokens.Principal.TenantID == g.TenantID && tokens.Principal.ObjectID == g.ObjectID {
			return tokens, nil
		}
		g.Revoke()
		return nil, invalidGrant("Entra's refresh token belongs to somebody else")
	}
	var e *entra.Error
	if !errors.As(err, &e) {
		return nil, unavailable(err.Error(), defaultRetry)
	}
	switch e.Kind {
	case entra.GrantInvalid, entra.Denied, entra.SignInRequired:
		g.Revoke()
		return nil, invalidGrant(err.Error())
	default:
		if e.Kind == entra.Misconfigured {
			s.log.Error("refreshing at Entra failed", "tid", g.TenantID, "oid", g.ObjectID, "assistant", g.ClientName, "reason", err.Error())
		}
		return nil, unavailable(err.Error(), max(e.RetryAfter, defaultRetry))
	}
}

// succeed puts the new tokens in the place of the old ones. The issuance record comes first, so
// that no access token leaves without one; if the grant cannot be stored after it, the old refresh
// token is still good, and so is Entra's, which using does not end.
func (s *Server) succeed(ctx context.Context, g *records.Grant, tokens *entra.Tokens, scopes []string) (*tokenResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, storageTimeout)
	defer cancel()
	if err := s.recordIssuance(ctx, g, tokens.AccessToken, scopes, tokens.Groups, tokens.Expiry); err != nil {
		return nil, err
	}
	now := s.now()
	successor := newRefreshToken(g.ID)
	g.Previous, g.Current, g.Successor = g.Current, hashToken(successor), successor
	g.AccessToken, g.AccessScopes, g.TokenExpires = tokens.AccessToken, scopes, tokens.Expiry
	g.Rotated, g.Used = now, now
	g.Expires = now.Add(grantIdle)
	if end := g.Created.Add(grantLifetime); end.Before(g.Expires) {
		g.Expires = end
	}
	if tokens.RefreshToken != "" {
		g.EntraRefreshToken = tokens.RefreshToken
	}
	if tokens.Principal.Name != "" {
		g.Name = tokens.Principal.Name
	}
	return s.newTokenResponse(tokens.AccessToken, tokens.Expiry, successor, scopes), nil
}
