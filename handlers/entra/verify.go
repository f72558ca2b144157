package entra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// skew is how far Entra's clock and ours may differ, as in Microsoft's own libraries.
const skew = 5 * time.Minute

// Reasons that Exchange tells apart; all others are one to it.
var (
	errForeignTenant   = errors.New("it was issued in a tenant that is not allowed here")
	errForeignAudience = errors.New("it was issued for another application")
)

func (p *Provider) verify(ctx context.Context, raw string) (*identity.Principal, error) {
	t, err := parseJWT(raw)
	if err != nil {
		return nil, invalid(err)
	}
	// What can be refused without a key is refused before one is looked up: the reason is the more
	// useful one (a Graph token never has a signature that we could check), and a stranger's tokens
	// cause no work.
	if err := p.checkAccessToken(t.claims); err != nil {
		return nil, invalid(err)
	}
	tenant, _ := t.claims.guid("tid")
	ver, _ := t.claims.text("ver")
	source := p.v2
	if version(ver) == v1 {
		source = p.v1
	}
	keys, err := p.keysOf(ctx, t, source, tenant)
	if err != nil {
		return nil, err
	}
	if err := keys.verify(); err != nil {
		return nil, invalid(err)
	}
	principal, err := newPrincipal(t.claims)
	if err != nil {
		return nil, invalid(err)
	}
	return principal, nil
}

func invalid(err error) error { return fmt.Errorf("%w: %w", ErrInvalidToken, err) }

// checkAccessToken checks the claims that need no key: that it is an access token, its version,
// tenant, audience and times.
func (p *Provider) checkAccessToken(c claims) error {
	if err := p.checkAudience(c); err != nil {
		return err
	}
	if err := p.checkTenant(c); err != nil {
		return err
	}
	// ID tokens have the same issuer, keys, audience and typ. The first three claims are theirs
	// alone; the application that a token was issued to is in access tokens alone.
	for _, name := range []string{"nonce", "c_hash", "at_hash"} {
		if c.has(name) {
			return fmt.Errorf("it is an ID token (it has %s) and not an access token; %s", name, idTokenCure)
		}
	}
	name, err := applicationClaim(c)
	if err != nil {
		return err
	}
	if _, err := c.guid(name); err != nil {
		return fmt.Errorf("%w; without it, it is an ID token and not an access token; %s", err, idTokenCure)
	}
	return p.checkTimes(c)
}

const idTokenCure = "the assistant has to send what it got as access_token, and not the id_token"

// applicationClaim names the claim that holds the application of a token, by its version.
func applicationClaim(c claims) (string, error) {
	ver, err := c.text("ver")
	switch {
	case err != nil:
		return "", err
	case version(ver) == v1:
		return "appid", nil
	case version(ver) == v2:
		return "azp", nil
	}
	return "", fmt.Errorf("its claim ver is %q, and not 1.0 or 2.0", printable(ver))
}

// graphAudiences are the names of Microsoft Graph, the application that Entra falls back to when
// no scope of another one is asked for.
var graphAudiences = []string{
	"00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com", "https://graph.microsoft.us",
	"https://dod-graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn",
}

func isGraph(aud string) bool {
	return slices.Contains(graphAudiences, strings.TrimRight(strings.ToLower(aud), "/"))
}

// checkAudience compares aud, which Entra sends as one string, with the names of our application.
func (p *Provider) checkAudience(c claims) error {
	aud, err := c.text("aud")
	if err != nil {
		return err
	}
	if isGraph(aud) {
		return fmt.Errorf("%w: Microsoft Graph. Entra issues such a token when no scope of this application is asked for; "+
			"expose a scope access_as_user in the app registration and add it to OAUTH_DCR_SCOPE", errForeignAudience)
	}
	ours := slices.ContainsFunc(p.audiences, func(a string) bool {
		// The first two contain nothing but our GUID, which has no case.
		return a == aud || strings.EqualFold(a, aud) && strings.HasSuffix(a, p.clientID)
	})
	if !ours {
		return fmt.Errorf("%w: its aud is %q", errForeignAudience, printable(aud))
	}
	return nil
}

func (p *Provider) checkTenant(c claims) error {
	tenant, err := c.guid("tid")
	if err != nil {
		return err
	}
	if !p.authority.allows(tenant) {
		return fmt.Errorf("%w: %s", errForeignTenant, tenant)
	}
	return nil
}

// checkTimes demands exp and respects nbf and iat (RFC 7519 section 4.1), with the usual skew.
func (p *Provider) checkTimes(c claims) error {
	now := p.now()
	exp, err := c.time("exp")
	if err != nil {
		return err
	}
	if exp.IsZero() {
		return errors.New("it has no exp")
	}
	if !now.Before(exp.Add(skew)) {
		return fmt.Errorf("it expired at %s", exp.UTC().Format(time.RFC3339))
	}
	for _, name := range []string{"nbf", "iat"} {
		t, err := c.time(name)
		if err != nil {
			return err
		}
		if t.After(now.Add(skew)) {
			return fmt.Errorf("its %s, %s, is in the future; is this server's clock right?", name, t.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// keysOf finds the keys by which a token of one version may be signed: its issuer is exactly that of
// its tenant, and so is the issuer of the key, where the key set names one.
func (p *Provider) keysOf(ctx context.Context, t *jwt, s *source, tenant string) (foundKeys, error) {
	docs, err := s.documents(ctx)
	if err != nil {
		return foundKeys{}, err
	}
	issuer := docs.metadata.issuerFor(tenant)
	if iss, err := t.claims.text("iss"); err != nil || iss != issuer {
		return foundKeys{}, invalid(fmt.Errorf("its issuer is not %s", issuer))
	}
	keys, err := s.keysFor(ctx, wantedKey{id: t.keyID, issuer: issuer, tenantID: tenant})
	if errors.Is(err, errUnknownKey) {
		return foundKeys{}, invalid(err)
	}
	if err != nil {
		return foundKeys{}, err
	}
	return foundKeys{token: t, keys: keys, issuer: issuer}, nil
}

// printable prepares a value of a token for the operator's log.
func printable(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return s
}
