package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func TestSignInAndRefresh(t *testing.T) {
	for _, ver := range []int{1, 2} {
		f := setup(t, withTokenVersion(ver))
		got, err := f.exchangeFresh(t)
		if err != nil {
			t.Fatal(err)
		}
		if got.Principal.ID() != tenantID+"/"+f.ada.ObjectID || got.Principal.AppOnly || got.RefreshToken == "" {
			t.Errorf("got %+v", got.Principal)
		}
		if want := f.clock.Now().Add(75 * time.Minute); !got.Expiry.Equal(want) {
			t.Errorf("expiry %v, want %v", got.Expiry, want)
		}
		f.clock.advance(time.Hour)
		again, err := f.Refresh(t.Context(), got.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		if again.AccessToken == got.AccessToken || again.RefreshToken == got.RefreshToken || again.Principal.ID() != got.Principal.ID() {
			t.Errorf("got the same tokens or another person: %+v", again.Principal)
		}
	}
}

func TestWhatEntraIsAsked(t *testing.T) {
	f := setup(t)
	address, err := f.AuthorizationURL(t.Context(), AuthorizationRequest{State: "st", Nonce: "no", Verifier: verifier, Prompt: "select_account", LoginHint: "ada@contoso.example"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	const scope = clientID + "/access_as_user openid profile offline_access email"
	sum := sha256.Sum256([]byte(verifier))
	want := url.Values{
		"client_id": {clientID}, "response_type": {"code"}, "response_mode": {"query"}, "redirect_uri": {redirectURI}, "scope": {scope},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"prompt": {"select_account"}, "login_hint": {"ada@contoso.example"},
	}
	if diff := cmp.Diff(want, u.Query()); diff != "" {
		t.Errorf("authorization request (-want +got):\n%s", diff)
	}
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	form := f.entra.Last(sandbox.Token)
	form.Del("code")
	if diff := cmp.Diff(url.Values{"grant_type": {"authorization_code"}, "client_id": {clientID}, "client_secret": {secret},
		"redirect_uri": {redirectURI}, "code_verifier": {verifier}, "scope": {scope}}, form); diff != "" {
		t.Errorf("code exchange (-want +got):\n%s", diff)
	}
	if _, err := f.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "client_secret": {secret},
		"refresh_token": {tokens.RefreshToken}, "scope": {scope}}, f.entra.Last(sandbox.Token)); diff != "" {
		t.Errorf("refresh (-want +got):\n%s", diff)
	}
	if _, err := f.AuthorizationURL(t.Context(), AuthorizationRequest{State: "st", Nonce: "no"}); err == nil {
		t.Error("a sign-in without PKCE was begun")
	}
}

// TestAnswersToDefault plays the three answers to .default, and the Graph token.
func TestAnswersToDefault(t *testing.T) {
	for answer, ok := range map[sandbox.DefaultScope]bool{
		sandbox.DefaultWithScopes: true, sandbox.DefaultWithoutScopes: true, sandbox.DefaultGraph: false, sandbox.DefaultNoToken: false,
	} {
		f := setup(t, withScopes("openid", "profile", "email"))
		f.entra.Misbehave(func(b *sandbox.Behaviour) { b.DefaultScope = answer })
		got, err := f.exchangeFresh(t)
		if ok {
			if err != nil {
				t.Errorf("answer %d: %v", answer, err)
			} else if got.Principal.AppOnly {
				t.Errorf("answer %d: a person who signed in counts as an application", answer)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != Misconfigured || e.OAuth != "server_error" || e.Title == "" || e.Advice == "" ||
			!strings.Contains(e.Operator, "access_as_user") || !strings.Contains(e.Operator, "requestedAccessTokenVersion") {
			t.Errorf("answer %d: got %v, want the registration step", answer, err)
		}
	}
}

func TestExchangeRefusesBadAnswers(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*sandbox.Behaviour)
		kind   ErrorKind
		reason string
	}{
		{"wrong nonce", func(b *sandbox.Behaviour) { b.Nonce = "another" }, Denied, "nonce"},
		{"no id token", func(b *sandbox.Behaviour) { b.NoIDToken = true }, Denied, "ID token"},
		{"id token of somebody else", func(b *sandbox.Behaviour) { b.IDTokenOf = "ben.okafor@contoso.example" }, Denied, "somebody else"},
		{"wrong issuer", func(b *sandbox.Behaviour) { b.Issuer = "https://evil.example/" }, Denied, "issuer"},
		{"expired", func(b *sandbox.Behaviour) { b.ClockOffset = -3 * time.Hour }, Denied, "expired"},
		{"from the future", func(b *sandbox.Behaviour) { b.ClockOffset = 3 * time.Hour }, Denied, "future"},
		{"outage", func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Status: 503} }, Unavailable, "503"},
		{"throttled", func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Status: 429, RetryAfter: 17} }, Unavailable, "429"},
		{"a proxy's page", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 403, Body: "<h1>no</h1>", Header: http.Header{"Content-Type": {"text/html"}}}
		}, Unavailable, "proxy"},
		{"not JSON", func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Body: "<h1>hello</h1>"} }, Unavailable, "not with a token answer"},
		{"another token type", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Body: `{"token_type":"DPoP","access_token":"a"}`}
		}, Unavailable, "not with a token answer"},
		{"too large", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Body: strings.Repeat(" ", maxDocument+1)}
		}, Unavailable, "larger"},
		{"redirect", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:1/"}}}
		}, Unavailable, "307"},
		{"silence", func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Hang: true} }, Unavailable, "Timeout"},
		{"issued to another application", func(b *sandbox.Behaviour) { b.Application = tenantID }, Misconfigured, "issued to the application"},
		{"outage that looks like a verdict", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 500, Body: `{"error":"invalid_grant","error_codes":[70008]}`}
		}, Unavailable, "AADSTS70008"},
		{"throttling that looks like a verdict", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 429, Body: `{"error":"invalid_client","error_codes":[7000215]}`}
		}, Unavailable, "429"},
		{"ids that are none", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 400, Body: `{"error":"invalid_grant","error_codes":[70008],"trace_id":"<svg>\r\n","correlation_id":7}`}
		}, Unavailable, "status 400"},
		{"ids that are none either", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 400, Body: `{"error":"invalid_grant","error_codes":[70008],"trace_id":"<svg>\r\n"}`}
		}, GrantInvalid, "AADSTS70008"},
		{"conditional access", func(b *sandbox.Behaviour) { b.TokenError = "53003" }, Denied, "AADSTS53003"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := setup(t)
			f.entra.Misbehave(tc.change)
			q := f.signIn(t, "nonce", f.ada.Username)
			if tc.name == "silence" {
				f.client.Timeout = 50 * time.Millisecond
			}
			_, err := f.Exchange(t.Context(), q.Get("code"), verifier, "nonce")
			var e *Error
			if !errors.As(err, &e) || e.Kind != tc.kind || !strings.Contains(err.Error(), tc.reason) {
				t.Fatalf("got %v, want kind %v for %q", err, tc.kind, tc.reason)
			}
			checkSafe(t, e)
			if (tc.kind == Unavailable) != errors.Is(err, ErrUnavailable) {
				t.Error("ErrUnavailable and the kind disagree")
			}
			if tc.name == "throttled" && e.RetryAfter != 17*time.Second {
				t.Errorf("retry after %v", e.RetryAfter)
			}
		})
	}
}

// TestIDTokenClaims changes one thing in a good ID token and signs it properly.
func TestIDTokenClaims(t *testing.T) {
	f := setup(t)
	for name, changes := range map[string]map[string]any{
		"good":                 {},
		"another audience":     {"aud": "11111111-2222-4333-8444-555555555555"},
		"our App ID URI":       {"aud": "api://" + clientID},
		"two audiences":        {"aud": []string{clientID, "x"}},
		"v1":                   {"ver": "1.0"},
		"another tenant":       {"tid": "11111111-2222-4333-8444-555555555555"},
		"another issuer":       {"iss": f.entra.IssuerV1()},
		"no nonce":             {"nonce": nil},
		"nonce not a string":   {"nonce": []string{"n"}},
		"another nonce":        {"nonce": "N"},
		"expired":              {"exp": f.clock.Now().Add(-time.Hour).Unix()},
		"no expiry":            {"exp": nil},
		"no object id":         {"oid": nil},
		"object id not a GUID": {"oid": "ada"},
	} {
		claims := f.entra.IDClaims(f.ada, "n", false)
		for claim, value := range changes {
			claims[claim] = value
			if value == nil {
				delete(claims, claim)
			}
		}
		if _, _, err := f.verifyIDToken(t.Context(), f.entra.Mint(claims), "n"); (name == "good") != (err == nil) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := f.verifyIDToken(t.Context(), f.entra.Mint(f.entra.IDClaims(f.ada, "", false)), ""); err == nil {
		t.Error("no nonce was sent and none came back: accepted")
	}
	if _, _, err := f.verifyIDToken(t.Context(), f.entra.Mint(f.entra.IDClaims(f.ada, "n", false), sandbox.Stranger()), "n"); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("signed by a stranger: got %v", err)
	}
}

func TestExchangeOfABadCode(t *testing.T) {
	f := setup(t)
	code := f.signIn(t, "nonce", f.ada.Username).Get("code")
	if _, err := f.Exchange(t.Context(), code, verifier, "nonce"); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"used code":    func() error { _, err := f.Exchange(t.Context(), code, verifier, "nonce"); return err },
		"unknown code": func() error { _, err := f.Exchange(t.Context(), "x", verifier, "nonce"); return err },
		"wrong verifier": func() error {
			_, err := f.Exchange(t.Context(), f.signIn(t, "nonce", f.ada.Username).Get("code"), verifier+"x", "nonce")
			return err
		},
	} {
		var e *Error
		if err := try(); !errors.As(err, &e) || e.Kind != GrantInvalid || !isGUID(e.TraceID) || !isGUID(e.CorrelationID) {
			t.Errorf("%s: got %v, want GrantInvalid with ids", name, err)
		}
	}
}

func TestSignInFromATenantThatIsNotAllowed(t *testing.T) {
	f := setup(t, func(s *sandbox.Config, c *Config) {
		c.Issuer = strings.Replace(c.Issuer, tenantID, "common", 1)
		c.Tenants = []string{"11111111-2222-4333-8444-555555555555"}
	})
	_, err := f.exchangeFresh(t)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Denied || e.OAuth != "access_denied" || !strings.Contains(e.Title, "another organisation") {
		t.Errorf("got %v, want a refusal that explains the tenant", err)
	}
}

func TestSecondSecret(t *testing.T) {
	f := setup(t, func(_ *sandbox.Config, c *Config) { c.ClientSecrets = []string{"expired~secret", secret} })
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	if n := f.entra.Count(sandbox.Token); n != 2 {
		t.Errorf("%d token requests, want one for each secret", n)
	}
	if _, err := f.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if n := f.entra.Count(sandbox.Token); n != 3 {
		t.Errorf("%d token requests: the secret that works was not remembered", n)
	}

	f = setup(t, func(_ *sandbox.Config, c *Config) { c.ClientSecrets = []string{"one~wrong", "another~wrong"} })
	_, err = f.exchangeFresh(t)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Misconfigured || e.OAuth != "server_error" || e.Code != "AADSTS7000215" {
		t.Errorf("got %v, want the operator's fault", err)
	}
	if n := f.entra.Count(sandbox.Token); n != 2 {
		t.Errorf("%d token requests, want one for each secret", n)
	}
}

func TestRefreshErrors(t *testing.T) {
	for code, want := range map[string]string{
		"70008": "invalid_grant", "700082": "invalid_grant", "50173": "invalid_grant", "50076": "invalid_grant", "53003": "invalid_grant",
		"65001": "invalid_grant", "50105": "invalid_grant", "50057": "invalid_grant",
		"7000215": "temporarily_unavailable", "7000222": "temporarily_unavailable", "700016": "temporarily_unavailable",
		"90033": "temporarily_unavailable", "90009": "temporarily_unavailable", "99999": "temporarily_unavailable",
	} {
		f := setup(t)
		tokens, err := f.exchangeFresh(t)
		if err != nil {
			t.Fatal(err)
		}
		f.entra.Misbehave(func(b *sandbox.Behaviour) { b.TokenError = code })
		_, err = f.Refresh(t.Context(), tokens.RefreshToken)
		var e *Error
		if !errors.As(err, &e) || e.OAuth != want || e.Code != "AADSTS"+code {
			t.Errorf("AADSTS%s: got %v, want %s", code, err, want)
		}
	}
	f := setup(t)
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	f.entra.Misbehave(func(b *sandbox.Behaviour) { b.NoRefreshToken = true })
	if again, err := f.Refresh(t.Context(), tokens.RefreshToken); err != nil || again.RefreshToken != tokens.RefreshToken {
		t.Errorf("the refresh token was not kept when Entra sent no other: %v", err)
	}
	f.entra.RevokeSessions(f.ada.ObjectID)
	var e *Error
	if _, err := f.Refresh(t.Context(), tokens.RefreshToken); !errors.As(err, &e) || e.OAuth != "invalid_grant" {
		t.Errorf("after revocation: got %v, want invalid_grant", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-5": 0, "999999999999": 0, "86400": time.Hour, "soon": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); value != "999999999999" && got != want || got > maxRetryAfter {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}
