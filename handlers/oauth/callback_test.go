package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// attacks.md 1.2: the URL at Entra, followed in another browser.
func TestTheCallbackIsBoundToTheBrowser(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	attacker, victim := w.newBrowser(), w.newBrowser()
	callback := victim.signIn(attacker.approve(c), ada)
	asked := w.entra.Count(sandbox.Token)
	wantPage(t, victim.get(callback.String()), http.StatusForbidden)
	wantPage(t, attacker.get(callback.String()), http.StatusBadRequest)
	if w.entra.Count(sandbox.Token) != asked {
		t.Error("the code was exchanged")
	}
}

// attacks.md 4.5 to 4.8
func TestBadCallbacks(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	tests := []struct {
		name   string
		status int
		change func(q url.Values)
	}{
		{"no state", 400, func(q url.Values) { q.Del("state") }},
		{"foreign state", 400, func(q url.Values) { q.Set("state", randomToken(32)) }},
		{"client's state", 400, func(q url.Values) { q.Set("state", "client-state") }},
		{"two states", 400, func(q url.Values) { q.Add("state", q.Get("state")) }},
		{"two codes", 400, func(q url.Values) { q.Add("code", "x") }},
		{"code and error", 400, func(q url.Values) { q.Set("error", "access_denied") }},
		{"neither", 400, func(q url.Values) { q.Del("code") }},
		{"forged error", 400, func(q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("state", randomToken(32))
		}},
		{"another issuer", 500, func(q url.Values) { q.Set("iss", "https://evil.example.com/"+strings.Repeat("0", 36)+"/v2.0") }},
		{"expired", 400, func(url.Values) { w.clock.advance(transactionLifetime) }},
		{"too long", 400, func(q url.Values) { q.Set("x", strings.Repeat("x", maxQuery)) }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b := w.newBrowser()
			callback := b.signIn(b.approve(c), ada)
			q := callback.Query()
			tc.change(q)
			callback.RawQuery = q.Encode()
			wantPage(t, b.get(callback.String()), tc.status)
		})
	}
	b := w.newBrowser()
	callback := b.signIn(b.approve(c), ada)
	wantPage(t, b.post(callback.String(), nil), http.StatusMethodNotAllowed)
	if a := b.get(callback.String() + "&iss=" + url.QueryEscape(w.entra.Authority())); a.location == nil {
		t.Errorf("Entra's own issuer: %d", a.status)
	}
	wantPage(t, b.get(callback.String()), http.StatusBadRequest)
}

func TestEntrasRefusals(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	tests := []struct {
		name      string
		misbehave func(*sandbox.Behaviour)
		status    int
		back      string // the error in the link back
		code      string
	}{
		{"not assigned", func(b *sandbox.Behaviour) { b.AuthorizeError = "50105" }, 403, "access_denied", "AADSTS50105"},
		{"at the exchange", func(b *sandbox.Behaviour) { b.TokenError = "7000215" }, 500, "server_error", "AADSTS7000215"},
		{"Entra is down", func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Status: 500} }, 503, "temporarily_unavailable", ""},
		{"Entra is busy", func(b *sandbox.Behaviour) { b.Faults[sandbox.Token] = sandbox.Fault{Status: 429, RetryAfter: 17} }, 503, "temporarily_unavailable", ""},
		{"wrong nonce", func(b *sandbox.Behaviour) { b.Nonce = "wrong" }, 0, "", ""},
		{"markup in the answer", func(b *sandbox.Behaviour) {
			b.Faults[sandbox.Token] = sandbox.Fault{Status: 400, Body: `{"error":"x","error_description":"<svg onload=alert(1)>"}`}
		}, 0, "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b := w.newBrowser()
			at := b.approve(c)
			w.entra.Misbehave(tc.misbehave)
			defer w.entra.Misbehave(func(b *sandbox.Behaviour) { *b = sandbox.Behaviour{} })
			a := b.get(b.signIn(at, ada).String())
			if tc.status != 0 {
				wantPage(t, a, tc.status)
			}
			if a.location != nil || a.status < 400 || !strings.Contains(a.body, claudeURI+"?error="+tc.back) || !strings.Contains(a.body, tc.code) {
				t.Errorf("status %d, location %v: %s", a.status, a.location, a.body)
			}
			if !strings.Contains(a.body, `<p class="lead">`) {
				t.Errorf("nothing stands between title and advice: %s", a.body)
			}
			if strings.Contains(a.body, "<svg onload") || (tc.status == 503) != (a.header.Get("Retry-After") != "") {
				t.Errorf("headers %v: %s", a.header, a.body)
			}
			id := correlationID.FindString(a.body)
			if id == "" || !strings.Contains(w.log.String(), "correlation_id="+id) {
				t.Errorf("correlation id %q of the page is not in the log", id)
			}
		})
	}
}

func TestCancellingAtEntraGoesBackToTheClient(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	at := b.approve(w.registered("Claude", "none", claudeURI))
	login := *at
	login.Path, login.RawQuery = "/"+sandbox.DemoTenantID+"/login", ""
	back := b.post(login.String(), url.Values{"cancel": {"1"}, "request": {at.RawQuery}})
	a := b.get(back.location.String())
	if a.location == nil || a.location.Query().Get("error") != "access_denied" || a.location.Query().Get("iss") != testIssuer {
		t.Errorf("status %d, location %v", a.status, a.location)
	}
}

func TestEntraDownAtApproval(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	form := b.consent(w.registered("Claude", "none", claudeURI))
	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.Faults[sandbox.DiscoveryV2] = sandbox.Fault{Status: 503} })
	wantPage(t, b.post(testIssuer+authorizePath, form, "Origin", testIssuer), http.StatusServiceUnavailable)
	w.entra.Misbehave(func(b *sandbox.Behaviour) { *b = sandbox.Behaviour{} })
	w.clock.advance(time.Minute)
	if a := b.post(testIssuer+authorizePath, form, "Origin", testIssuer); a.status != http.StatusSeeOther {
		t.Errorf("the same form later: %d", a.status)
	}
}
