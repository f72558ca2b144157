package oauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func TestRefreshRotates(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	first := w.tokens(c)
	w.clock.advance(time.Hour)
	a := token(t, w.server, renewal(c, first.RefreshToken, "resource", testResource+"/", "scope", first.Scope))
	if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	second := decode[tokenResponse](t, a.body)
	if second.RefreshToken == first.RefreshToken || second.RefreshToken == "" || second.Scope != first.Scope || second.TokenType != "Bearer" || second.ExpiresIn <= 0 {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if g := w.grantOf(second.AccessToken); g.ClientID != c.ClientID || !g.Used.Equal(w.clock.Now()) {
		t.Errorf("grant: %+v", g)
	}
	if !strings.Contains(w.log.String(), `"token refreshed"`) {
		t.Error("the log does not say so")
	}
}

// Sessions of one assistant share a refresh token and use it at the same time. That is no theft.
func TestAttack7_2_ParallelRefresh(t *testing.T) { synctest.Test(t, parallelRefresh) }

func parallelRefresh(t *testing.T) {
	w := newWorld(t)
	w.shared = &certmagic.FileStorage{Path: t.TempDir()}
	defer time.Sleep(time.Minute) // until what certmagic began for its locks has ended
	c := w.registered("Claude", "none", claudeURI)
	first := w.tokens(c)
	asked := w.entra.Count(sandbox.Token)
	answers, took := w.inParallel(20, renewal(c, first.RefreshToken))
	if took > 5*time.Second {
		t.Errorf("the last answer came after %s", took)
	}
	want := decode[tokenResponse](t, answers[0].body)
	for _, a := range answers {
		if got := decode[tokenResponse](t, a.body); a.status != http.StatusOK || got != want {
			t.Errorf("%d %+v, want %+v", a.status, got, want)
		}
	}
	if n := w.entra.Count(sandbox.Token) - asked; n != 1 {
		t.Errorf("Entra was asked %d times", n)
	}
}

func TestAttack7_1_RefreshReuse(t *testing.T) {
	tests := []struct {
		name  string
		reuse func(w *world, c registration, first, second tokenResponse)
	}{
		{"after the window", func(w *world, _ registration, _, _ tokenResponse) { w.clock.advance(rotationWindow + time.Second) }},
		{"after the successor was used", func(w *world, c registration, _, second tokenResponse) {
			if a := token(w.t, w.server, renewal(c, second.RefreshToken)); a.status != http.StatusOK {
				w.t.Fatalf("successor: %d", a.status)
			}
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.registered("Claude", "none", claudeURI)
			first := w.tokens(c)
			second := decode[tokenResponse](t, token(t, w.server, renewal(c, first.RefreshToken)).body)
			tc.reuse(w, c, first, second)
			wantError(t, token(t, w.server, renewal(c, first.RefreshToken)), http.StatusBadRequest, "invalid_grant")
			if g := w.grantOf(second.AccessToken); !g.Revoked || g.EntraRefreshToken != "" || g.Successor != "" || g.AccessToken != "" {
				t.Errorf("grant: %+v", g)
			}
			wantError(t, token(t, w.server, renewal(c, second.RefreshToken)), http.StatusBadRequest, "invalid_grant")
			if !strings.Contains(w.log.String(), `"grant revoked"`) {
				t.Error("the log does not say so")
			}
		})
	}
}

// What is refused here takes nothing away.
func TestAttack7_3_WideningAtRefresh(t *testing.T) {
	w := newWorld(t)
	c, other := w.registered("Claude", "none", claudeURI), w.registered("Other", "none", claudeURI)
	tokens := w.tokens(c, "scope", "access_as_user openid")
	refusals := []struct {
		parameter, value, code string
	}{
		{"scope", "access_as_user openid profile", "invalid_scope"},
		{"resource", testIssuer + "/other", "invalid_target"},
		{"client_id", other.ClientID, "invalid_grant"},
		{"refresh_token", "", "invalid_request"},
		{"refresh_token", "camr_x", "invalid_grant"},
		{"refresh_token", newRefreshToken(randomToken(grantIDSize)), "invalid_grant"},
		{"refresh_token", tokens.AccessToken, "invalid_grant"},
	}
	for _, r := range refusals {
		wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken, r.parameter, r.value)), http.StatusBadRequest, r.code)
	}
	narrow := decode[tokenResponse](t, token(t, w.server, renewal(c, tokens.RefreshToken, "scope", "openid")).body)
	if narrow.Scope != "openid" {
		t.Errorf("narrowed scope: %+v", narrow)
	}
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_scope")
	wide := decode[tokenResponse](t, token(t, w.server, renewal(c, narrow.RefreshToken)).body)
	if wide.Scope != "access_as_user openid" {
		t.Errorf("the next refresh has the granted scope again: %+v", wide)
	}
}

func TestAttack7_8_TroubleAtEntraKeepsTheRefreshToken(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	tokens := w.tokens(c)
	for name, misbehave := range map[string]func(*sandbox.Behaviour){
		"500":           func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Status: 500} },
		"429":           func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Status: 429, RetryAfter: 9} },
		"garbage":       func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Body: "<html>"} },
		"wrong secret":  func(b *sandbox.Behaviour) { b.TokenError = "7000215" },
		"wrong version": func(b *sandbox.Behaviour) { b.Issuer = "https://evil.example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			w.entra.Misbehave(misbehave)
			a := token(t, w.server, renewal(c, tokens.RefreshToken))
			w.entra.Misbehave(func(b *sandbox.Behaviour) { *b = sandbox.Behaviour{} })
			wantError(t, a, http.StatusServiceUnavailable, "temporarily_unavailable")
			if retry := a.header.Get("Retry-After"); retry == "" || (name == "429" && retry != "9") {
				t.Errorf("Retry-After is %q", retry)
			}
			a = token(t, w.server, renewal(c, tokens.RefreshToken))
			if a.status != http.StatusOK {
				t.Fatalf("afterwards: %d %s", a.status, a.body)
			}
			tokens = decode[tokenResponse](t, a.body)
		})
	}
}

// Whoever was shut out at Entra, or took the consent back there, gets nothing more here.
func TestAttack7_3_RefreshAfterWithdrawal(t *testing.T) {
	for name, code := range map[string]string{
		"sessions revoked": "50173", "account disabled": "50057", "refresh token expired": "700082", "person not assigned any more": "50105", "fresh sign-in wanted": "50076", "consent withdrawn": "65001",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.registered("Claude", "none", claudeURI)
			tokens := w.tokens(c)
			w.entra.Misbehave(func(b *sandbox.Behaviour) { b.TokenError = code })
			wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
			if !w.grantOf(tokens.AccessToken).Revoked {
				t.Error("the grant was not revoked")
			}
		})
	}
}

func TestARefreshMustStayWithThePerson(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	tokens := w.tokens(c)
	g := w.grantOf(tokens.AccessToken)
	err := records.Grants.Update(t.Context(), w.server.cfg.Store, g.ID, func(_ context.Context, g *records.Grant) error {
		g.ObjectID = ben
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
	if !w.grantOf(tokens.AccessToken).Revoked {
		t.Error("the grant was not revoked")
	}
}

func TestAttack7_3_RefreshAfterExpiry(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	idle := w.tokens(c)
	w.clock.advance(grantIdle)
	wantError(t, token(t, w.server, renewal(c, idle.RefreshToken)), http.StatusBadRequest, "invalid_grant")

	tokens := w.tokens(c)
	for day := 0; day < 80; day += 20 {
		w.clock.advance(20 * 24 * time.Hour)
		a := token(t, w.server, renewal(c, tokens.RefreshToken))
		if a.status != http.StatusOK {
			t.Fatalf("day %d: %d %s", day+20, a.status, a.body)
		}
		tokens = decode[tokenResponse](t, a.body)
	}
	w.clock.advance(10 * 24 * time.Hour)
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
}

func TestNoRefreshTokenWithoutOneOfEntra(t *testing.T) {
	w := newWorld(t)
	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.NoRefreshToken = true })
	if tokens := w.tokens(w.registered("Claude", "none", claudeURI)); tokens.RefreshToken != "" || tokens.AccessToken == "" {
		t.Errorf("tokens: %+v", tokens)
	}
}

// The client goes away while Entra answers, and tries again.
func TestAttack7_9_ClientGoesAway(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	first := w.tokens(c)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, testIssuer+tokenPath, strings.NewReader(renewal(c, first.RefreshToken).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	locked := false
	w.storage.Fault = func(operation, _ string) error {
		locked = locked || operation == "lock"
		if locked && operation == "load" {
			cancel()
		}
		return nil
	}
	w.server.ServeHTTP(httptest.NewRecorder(), r)
	w.storage.Fault = nil
	asked := w.entra.Count(sandbox.Token)
	a := token(t, w.server, renewal(c, first.RefreshToken))
	if a.status != http.StatusOK || w.entra.Count(sandbox.Token) != asked {
		t.Errorf("the second try: %d, and Entra was asked %d more times", a.status, w.entra.Count(sandbox.Token)-asked)
	}
}
