package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/audit"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

const (
	// maxWrongTries is how many wrong tries end an authorization code.
	maxWrongTries = 5

	// tombstoneLifetime is how long a redeemed code is remembered, so that its replay is noticed.
	tombstoneLifetime = time.Hour

	// grantLifetime and grantIdle are when a grant ends for good, and when nobody used it.
	grantLifetime = records.GrantLifetime
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
	var known *records.Code
	var replayed string
	var done *issued
	check := func(rec *records.Code) error {
		if err := s.checkProof(rec, c, form); err != nil {
			return err
		}
		if replayed = rec.Grant; replayed != "" {
			return invalidGrant("the authorization code was used already")
		}
		return nil
	}
	settled := func(rec *records.Code) error {
		if known = rec; rec.Grant == "" {
			return nil
		}
		return check(rec)
	}
	err := records.Codes.UpdateUnless(ctx, s.cfg.Store, code, settled, func(ctx context.Context, rec *records.Code) error {
		ctx, cancel := context.WithTimeout(ctx, storageTimeout)
		defer cancel()
		err := check(rec)
		if err != nil {
			return err
		}
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
			return nil, ofCode(revokeErr, known)
		}
	}
	if err != nil {
		s.withdraw(ctx, done)
		return nil, ofCode(err, known)
	}
	s.auditGrant(audit.Token, "token issued", done.grant, "")
	return done.response, nil
}

// checkProof checks that the request comes from whom the code was made for. A wrong try counts
// until the code is redeemed. After that it must not: whoever redeemed a stolen code could otherwise
// use up the tries, and the client's own, which is the replay, would go unnoticed.
func (s *Server) checkProof(rec *records.Code, c *client, form params) error {
	redeemed := rec.Grant != ""
	if !redeemed && rec.WrongTries >= maxWrongTries {
		return invalidGrant("too many wrong tries for this code")
	}
	oe := wrongProof(rec, c, form)
	if oe == nil {
		if u, err := parseRedirectURI(rec.RedirectURI); err != nil || !s.allowed(c, u) {
			return invalidGrant("the redirect URI is not allowed any more")
		}
		return nil
	}
	if redeemed {
		return oe
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
	if err := s.addGrant(ctx, g); err != nil {
		return i, err
	}
	return i, s.recordIssuance(ctx, g, rec.AccessToken, rec.Scopes, rec.Groups, rec.TokenExpires)
}

// addGrant stores a grant, in the place of the person's oldest where there are too many.
func (s *Server) addGrant(ctx context.Context, g *records.Grant) error {
	ended, err := s.cfg.Store.AddGrant(ctx, g)
	for _, oldest := range ended {
		s.auditGrant(audit.Revocation, "grant revoked", oldest, "the person has more recent ones, as many as one may have")
	}
	if errors.Is(err, records.ErrBlocked) {
		return invalidGrant("the person is blocked")
	}
	return err
}

// recordIssuance stores that an access token was handed out. Without it the gate refuses the token.
func (s *Server) recordIssuance(ctx context.Context, g *records.Grant, token string, scopes, groups []string, expires time.Time) error {
	return records.Issuances.Put(ctx, s.cfg.Store, token, &records.Issuance{
		Grant: g.ID, ClientID: g.ClientID, ClientName: g.ClientName, Resource: g.Resource, Scopes: scopes, Groups: groups, Expires: expires,
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
	g, err := s.cfg.Store.EndGrant(context.WithoutCancel(ctx), grantID)
	if g != nil {
		s.auditGrant(audit.Revocation, "grant revoked", g, reason)
	}
	return err
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
