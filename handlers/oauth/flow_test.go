package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

func TestSignInGivesATokenThatTheGateCanJudge(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	response := w.newBrowser().code(c)
	if got, want := response, (url.Values{"code": response["code"], "state": {"client-state"}, "iss": {testIssuer}}); !cmp.Equal(got, want) {
		t.Errorf("authorization response: %s", cmp.Diff(want, got))
	}
	a := token(t, w.server, redemption(c, response.Get("code")))
	if a.status != http.StatusOK {
		t.Fatalf("token: %d %s", a.status, a.body)
	}
	got := decode[map[string]any](t, a.body)
	for name := range got {
		switch name {
		case "access_token", "token_type", "expires_in", "refresh_token", "scope":
		default:
			t.Errorf("the answer holds %s", name)
		}
	}
	tokens := decode[tokenResponse](t, a.body)
	if tokens.TokenType != "Bearer" || tokens.Scope != "access_as_user openid" || !strings.HasPrefix(tokens.RefreshToken, refreshPrefix) {
		t.Errorf("token answer: %+v", tokens)
	}
	if lifetime := time.Duration(tokens.ExpiresIn) * time.Second; lifetime < 74*time.Minute || lifetime > 75*time.Minute {
		t.Errorf("expires_in is %v, want Entra's 75m", lifetime)
	}
	who, err := w.provider.Verify(context.Background(), tokens.AccessToken)
	if err != nil || who.ObjectID != ada {
		t.Errorf("the access token belongs to %v: %v", who, err)
	}
	issuance, err := records.Issuances.Get(context.Background(), w.server.cfg.Store, tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if issuance.ClientID != c.ClientID || issuance.ClientName != "Claude" || issuance.Resource != testResource {
		t.Errorf("issuance: %+v", issuance)
	}
	grant, err := records.Grants.Get(context.Background(), w.server.cfg.Store, issuance.Grant)
	if err != nil || grant.ObjectID != ada || grant.Revoked {
		t.Errorf("grant: %+v, %v", grant, err)
	}
}

func TestEntraIsAskedWithItsOwnPKCEAndNoResource(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	q := w.newBrowser().approve(c, "login_hint", "ada@contoso.example", "prompt", "select_account").Query()
	if q.Has("resource") || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == challenge(testVerifier) {
		t.Errorf("request to Entra: %v", q)
	}
	if q.Get("state") == "client-state" || len(q.Get("state")) != stateLength || q.Get("nonce") == "" {
		t.Errorf("state %q, nonce %q", q.Get("state"), q.Get("nonce"))
	}
	if q.Get("login_hint") != "ada@contoso.example" || q.Get("prompt") != "select_account" || q.Get("redirect_uri") != testCallback {
		t.Errorf("request to Entra: %v", q)
	}
}

func TestAnyNodeContinuesWhatAnotherBegan(t *testing.T) {
	w := newWorld(t)
	one, two := w.server, w.addNode()
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	w.server = two
	form := b.consent(c)
	w.server = one
	a := b.post(testIssuer+authorizePath, form, "Origin", testIssuer)
	w.server = two
	a = b.get(b.signIn(a.location, ada).String())
	tokens := token(t, one, redemption(c, a.location.Query().Get("code")))
	if tokens.status != http.StatusOK {
		t.Fatalf("token: %d %s", tokens.status, tokens.body)
	}
	again := token(t, two, renewal(c, decode[tokenResponse](t, tokens.body).RefreshToken))
	if again.status != http.StatusOK {
		t.Errorf("refresh: %d %s", again.status, again.body)
	}
}
