package entra

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"golang.org/x/oauth2"
)

// authorizationURL builds the request of OpenID Connect Core section 3.1.2.1 with PKCE (RFC 7636).
// The v2 endpoint is used whatever the version of the tokens, because only it knows scopes. There
// is never a resource parameter: Entra refuses it (AADSTS901002, AADSTS9010010). response_mode is
// query, since the browser would send no SameSite=Lax cookie with a form_post.
func (p *Provider) authorizationURL(ctx context.Context, r AuthorizationRequest) (string, error) {
	if r.State == "" || r.Nonce == "" || r.Verifier == "" {
		return "", cannotStart(errors.New("a sign-in needs state, nonce and verifier"))
	}
	docs, err := p.v2.documents(ctx)
	if err != nil {
		return "", unavailable(err)
	}
	u, err := url.Parse(docs.metadata.AuthorizationEndpoint)
	if err != nil {
		return "", cannotStart(err)
	}
	q := u.Query()
	for name, value := range map[string]string{
		"client_id":             p.clientID,
		"response_type":         "code",
		"response_mode":         "query",
		"redirect_uri":          p.redirectURI,
		"scope":                 p.scope,
		"state":                 r.State,
		"nonce":                 r.Nonce,
		"code_challenge":        oauth2.S256ChallengeFromVerifier(r.Verifier),
		"code_challenge_method": "S256",
	} {
		q.Set(name, value)
	}
	if slices.Contains([]string{"none", "login", "consent", "select_account"}, r.Prompt) {
		q.Set("prompt", r.Prompt)
	}
	if r.LoginHint != "" && len(r.LoginHint) <= 320 {
		q.Set("login_hint", r.LoginHint)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
