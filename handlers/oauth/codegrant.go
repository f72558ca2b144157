package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

const (
	// maxWrongTries is how many wrong tries end an authorization code.
	maxWrongTries = 5

	// tombstoneLifetime is how long a redeemed code is remembered, so that its replay is noticed.
	tombstoneLifetime = time.Hour

	// grantLifetime and grantIdle are when a grant ends for good, and when nobody used it.
	grantLifetime = 90 * 24 * time.Hour
	grantIdle     = 30 * 24 * time.Hour

	// storageTimeout bounds the work done under a record's lock besides calls to Entra.
	storageTimeout = 5 * time.Second
)

// redeem answers grant_type=authorization_code, OAuth 2.1 section 4.1.3. Everything is checked
// before the code is taken, so that a stranger who saw a code cannot spoil it.
func (s *Server) redeem(ctx context.Context, c *client, form params) (*tokenResponse, error) {
	code, verifier := form.get("code"), form.get("code_verifier")
	switch {
	case code == "":
		return nil, badRequest("invalid_request", "code is missing.")
	case verifier == "":
		return nil, badRequest("invalid_request", "code_verifier is missing.")
	case !validVerifier(verifier):
		return nil, invalidGrant("malformed code_verifier")
	case len(code) != stateLength:
		return nil, invalidGrant("malformed code")
	}
	var replayed string
	var done *issued
	err := records.Codes.Update(ctx, s.cfg.Store, code, func(ctx context.Context, rec *records.Code) error {
		ctx, cancel := context.WithTimeout(ctx, storageTimeout)
		defer cancel()
		if oe := s.checkProof(rec, c, form); oe != nil {
			return oe
		}
		if rec.Grant != "" {
			replayed = rec.Grant
			return invalidGrant("the authorization code was used already")
		}
		var err error
		if done, err = s.issue(ctx, rec); err != nil {
			return err
		}
		*rec = records.Code{
			Request: rec.Request, TenantID: rec.TenantID, ObjectID: rec.ObjectID, Name: rec.Name,
			Grant: done.grant.ID, Expires: s.now().Add(tombstoneLifetime),
		}
		return nil
	})
	if replayed != "" {
		if revokeErr := s.revoke(ctx, replayed, "authorization code used twice"); revokeErr != nil {
			return nil, revokeErr
		}
	}
	if err != nil {
		s.withdraw(ctx, done)
		return nil, err
	}
	s.log.Info("token issued", grantAttrs(done.grant)...)
	return done.response, nil
}

// checkProof checks that the request comes from whom the code was made for. A wrong try counts.
func (s *Server) checkProof(rec *records.Code, c *client, form params) error {
	if rec.WrongTries >= maxWrongTries {
		return invalidGrant("too many wrong tries for this code")
	}
	oe := wrongProof(rec, c, form)
	if oe == nil {
		if u, err := parseRedirectURI(rec.RedirectURI); err != nil || !s.policy.allows(u) {
			return invalidGrant("the redirect URI is not allowed any more")
		}
		return nil
	}
	if rec.WrongTries++; rec.WrongTries >= maxWrongTries {
		rec.AccessToken, rec.RefreshToken = "", ""
	}
	return records.Keep(oe)
}

func wrongProof(rec *records.Code, c *client, form params) *oauthError {
	switch param := form.get("resource"); {
	case !equal(rec.ClientID, c.id):
		return invalidGrant("the code belongs to another client")
	case !equal(rec.RedirectURI, form.get("redirect_uri")):
		return invalidGrant("redirect_uri is not that of the authorization request")
	case !verifies(form.get("code_verifier"), rec.Challenge):
		return invalidGrant("code_verifier does not match")
	case param != "" && !names(rec.Resource, param):
		return badRequest("invalid_target", "The resource is not that of the authorization request.")
	}
	return nil
}

// names reports whether a resource parameter means the resource with this canonical form.
func names(canonical, param string) bool {
	r, err := resource.Parse(canonical)
	return err == nil && r.Matches(param)
}

// issued is what came of a redeemed code.
type issued struct {
	grant    *records.Grant
	response *tokenResponse
	token    string // the access token
}

// issue stores the grant and the issuance record, before the code is marked as used: whoever
// replays the code finds a grant to revoke, and if a node dies between the two, the code is still
// good and what was stored is in nobody's hands.
func (s *Server) issue(ctx context.Context, rec *records.Code) (*issued, error) {
	now := s.now()
	if !now.Before(rec.TokenExpires) {
		return nil, invalidGrant("the access token has ended already")
	}
	g := &records.Grant{
		ID:       randomToken(grantIDSize),
		TenantID: rec.TenantID, ObjectID: rec.ObjectID, Name: rec.Name,
		ClientID: rec.ClientID, ClientName: rec.ClientName, RedirectURI: rec.RedirectURI,
		Resource: rec.Resource, Scopes: rec.Scopes,
		EntraRefreshToken: rec.RefreshToken,
		AccessScopes:      rec.Scopes,
		Created:           now, Used: now, Expires: now.Add(grantIdle),
	}
	refresh := ""
	if rec.RefreshToken != "" {
		refresh = newRefreshToken(g.ID)
		g.Current = hashToken(refresh)
	}
	i := &issued{grant: g, token: rec.AccessToken,
		response: s.newTokenResponse(rec.AccessToken, rec.TokenExpires, refresh, rec.Scopes)}
	if err := records.Grants.Put(ctx, s.cfg.Store, g.ID, g); err != nil {
		return i, err
	}
	return i, s.recordIssuance(ctx, g, rec.AccessToken, rec.Scopes, rec.TokenExpires)
}

// recordIssuance stores that an access token was handed out. Without it the gate refuses the token.
func (s *Server) recordIssuance(ctx context.Context, g *records.Grant, token string, scopes []string, expires time.Time) error {
	return records.Issuances.Put(ctx, s.cfg.Store, token, &records.Issuance{
		Grant: g.ID, ClientID: g.ClientID, ClientName: g.ClientName, Resource: g.Resource, Scopes: scopes, Expires: expires,
	})
}

// withdraw removes what issue stored for a code that could not be marked as used. Nobody got it; if
// this fails too, the sweep removes it later.
func (s *Server) withdraw(ctx context.Context, i *issued) {
	if i == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageTimeout)
	defer cancel()
	for _, err := range []error{
		records.Issuances.Delete(ctx, s.cfg.Store, i.token),
		records.Grants.Delete(ctx, s.cfg.Store, i.grant.ID),
	} {
		if err != nil {
			s.log.Warn("removing an unused grant failed", "error", err)
		}
	}
}

// revoke ends a grant: its refresh tokens at once, its access tokens as soon as the gates ask for
// their issuance again.
func (s *Server) revoke(ctx context.Context, grantID, reason string) error {
	var attrs []any
	err := records.Grants.Update(context.WithoutCancel(ctx), s.cfg.Store, grantID, func(_ context.Context, g *records.Grant) error {
		if !g.Revoked {
			attrs = grantAttrs(g)
		}
		revokeGrant(g)
		return nil
	})
	if err == nil && attrs != nil {
		s.log.Warn("grant revoked", append(attrs, slog.String("reason", reason))...)
	}
	if errors.Is(err, records.ErrNotFound) || errors.Is(err, records.ErrInvalid) {
		return nil
	}
	return err
}

// revokeGrant ends a grant in memory. The record stays: the gate looks at it until the last access
// token has ended.
func revokeGrant(g *records.Grant) {
	g.Revoked = true
	g.EntraRefreshToken, g.Successor, g.AccessToken = "", "", ""
}

func grantAttrs(g *records.Grant) []any {
	return []any{"user", g.Name, "tid", g.TenantID, "oid", g.ObjectID, "assistant", g.ClientName, "resource", g.Resource}
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
