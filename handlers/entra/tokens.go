package entra

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// exchange redeems a code (OpenID Connect Core section 3.1.3). It is not retried: a code is for
// one use, and Entra answers a second one with AADSTS54005.
func (p *Provider) exchange(ctx context.Context, code, verifier, nonce string) (*Tokens, error) {
	answer, err := p.requestToken(ctx, signIn, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {p.redirectURI},
		"code_verifier": {verifier},
	})
	if err != nil {
		return nil, err
	}
	tenant, object, err := p.verifyIDToken(ctx, answer.IDToken, nonce)
	if err != nil {
		return nil, refusedIDToken(err)
	}
	t, err := p.verifyAnswer(ctx, signIn, answer)
	if err != nil {
		return nil, err
	}
	if t.Principal.TenantID != tenant || t.Principal.ObjectID != object {
		return nil, refusedIDToken(invalid(errors.New("it belongs to somebody else than the access token")))
	}
	p.settleGroups(ctx, t)
	return t, nil
}

// refresh redeems a refresh token with the same scopes as before: without them Entra answers with a
// token for another application or with AADSTS90009. An ID token in the answer is not looked at:
// the access token alone says, signed, who it belongs to.
func (p *Provider) refresh(ctx context.Context, refreshToken string) (*Tokens, error) {
	answer, err := p.requestToken(ctx, renewal, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refreshToken},
	})
	if err != nil {
		return nil, err
	}
	t, err := p.verifyAnswer(ctx, renewal, answer)
	if err != nil {
		return nil, err
	}
	if t.RefreshToken == "" {
		t.RefreshToken = refreshToken
	}
	p.settleGroups(ctx, t)
	return t, nil
}

// verifyAnswer checks the access token of an answer as [Provider.Verify] does, and that it was
// issued to ourselves.
func (p *Provider) verifyAnswer(ctx context.Context, l leg, answer *tokenAnswer) (*Tokens, error) {
	if answer.AccessToken == "" {
		return nil, noUsableToken(l, errors.New("the answer has no access token"))
	}
	principal, err := p.verify(ctx, answer.AccessToken)
	if err != nil {
		return nil, refusedAccessToken(l, err)
	}
	if principal.Application != p.clientID {
		return nil, refusedAccessToken(l, invalid(fmt.Errorf("it was issued to the application %s", principal.Application)))
	}
	principal.AppOnly = false // a code or a refresh token was redeemed, so a person signed in
	expiry := principal.Expires
	if sooner := p.now().Add(answer.lifetime()); answer.lifetime() > 0 && sooner.Before(expiry) {
		expiry = sooner
	}
	return &Tokens{
		AccessToken:  answer.AccessToken,
		Expiry:       expiry.Truncate(time.Second),
		RefreshToken: answer.RefreshToken,
		Principal:    principal,
	}, nil
}

// verifyIDToken applies OpenID Connect Core section 3.1.3.7 and returns tid and oid. The v2
// endpoint issues v2 ID tokens, whatever the version of access tokens.
func (p *Provider) verifyIDToken(ctx context.Context, raw, nonce string) (tenant, object string, err error) {
	if raw == "" {
		return "", "", invalid(errors.New("the answer has none"))
	}
	t, err := parseJWT(raw)
	if err != nil {
		return "", "", invalid(err)
	}
	if err := p.checkIDToken(t.claims, nonce); err != nil {
		return "", "", invalid(err)
	}
	tenant, _ = t.claims.guid("tid")
	keys, err := p.keysOf(ctx, t, p.v2, tenant)
	if err != nil {
		return "", "", err
	}
	config := &oidc.Config{
		ClientID: p.clientID, SupportedSigningAlgs: []string{oidc.RS256},
		SkipExpiryCheck: true, // checkTimes does it, with skew and nbf
	}
	if _, err := oidc.NewVerifier(keys.issuer, keys, config).Verify(ctx, raw); err != nil {
		return "", "", invalid(err)
	}
	if object, err = t.claims.guid("oid"); err != nil {
		return "", "", invalid(err)
	}
	return tenant, object, nil
}

func (p *Provider) checkIDToken(c claims, nonce string) error {
	if aud, err := c.text("aud"); err != nil || aud != p.clientID {
		return errors.New("its aud is not our client id")
	}
	if ver, err := c.text("ver"); err != nil || version(ver) != v2 {
		return errors.New("its ver is not 2.0")
	}
	if err := p.checkTenant(c); err != nil {
		return err
	}
	got, err := c.text("nonce")
	if err != nil || nonce == "" || subtle.ConstantTimeCompare([]byte(got), []byte(nonce)) != 1 {
		return errors.New("its nonce is not the one that was sent")
	}
	return p.checkTimes(c)
}
