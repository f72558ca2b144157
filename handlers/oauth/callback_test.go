package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// An attacker approves, and gives the URL at Entra to somebody else.
func TestAttack1_2_EntrasURLInAnotherBrowser(t *testing.T) {
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

// callbackWith finishes a sign-in at Entra and returns to a callback whose query was changed.
func (w *world) callbackWith(c registration, change func(q url.Values)) answer {
	w.t.Helper()
	b := w.newBrowser()
	callback := b.signIn(b.approve(c), ada)
	q := callback.Query()
	change(q)
	callback.RawQuery = q.Encode()
	return b.get(callback.String())
}

func TestAttack4_5_StateForgery(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	mallory := w.newBrowser()
	stolen := mallory.signIn(mallory.approve(c), ben)
	asked := w.entra.Count(sandbox.Token)
	for name, change := range map[string]func(q url.Values){
		"no state":                 func(q url.Values) { q.Del("state") },
		"a state of nobody":        func(q url.Values) { q.Set("state", randomToken(32)) },
		"the client's state":       func(q url.Values) { q.Set("state", "client-state") },
		"a guess beside the right": func(q url.Values) { q.Set("state", respelled(q.Get("state"))) },
		"expired":                  func(url.Values) { w.clock.advance(transactionLifetime) },
	} {
		a := w.callbackWith(c, change)
		if wantPage(t, a, http.StatusBadRequest); t.Failed() {
			t.Fatal(name)
		}
	}
	// The state of a sign-in that is open in another browser, with that browser's code.
	stolen2 := mallory.signIn(mallory.approve(c), ben)
	wantPage(t, w.callbackWith(c, func(q url.Values) { q.Set("state", stolen2.Query().Get("state")) }), http.StatusForbidden)
	wantPage(t, mallory.get(stolen.String()), http.StatusBadRequest)
	if w.entra.Count(sandbox.Token) != asked {
		t.Error("a code was exchanged")
	}
	// A state is for one use, at either of two nodes.
	b := w.newBrowser()
	callback := b.signIn(b.approve(c), ada)
	if a := b.get(callback.String()); a.location == nil {
		t.Fatalf("the good callback: %d", a.status)
	}
	for _, w.server = range []*Server{w.server, w.addNode()} {
		wantPage(t, b.get(callback.String()), http.StatusBadRequest)
	}
}

// An error is believed only with a state: without one it is anybody's text.
func TestAttack4_7_ForgedError(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	for _, state := range []string{"", "bad", randomToken(32)} {
		a := w.callbackWith(c, func(q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("error_description", "call 0800-EVIL")
			q.Set("state", state)
		})
		wantPage(t, a, http.StatusBadRequest)
		if strings.Contains(a.body, "EVIL") {
			t.Errorf("the page repeats the forged text: %s", a.body)
		}
	}
}

func TestAttack4_8_AmbiguousCallback(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	asked := w.entra.Count(sandbox.Token)
	for name, change := range map[string]func(q url.Values){
		"two states":      func(q url.Values) { q.Add("state", q.Get("state")) },
		"two codes":       func(q url.Values) { q.Add("code", "x") },
		"two errors":      func(q url.Values) { q["error"] = []string{"a", "b"} },
		"two of anything": func(q url.Values) { q["x"] = []string{"a", "b"} },
		"code and error":  func(q url.Values) { q.Set("error", "access_denied") },
		"neither":         func(q url.Values) { q.Del("code") },
		"too long":        func(q url.Values) { q.Set("x", strings.Repeat("x", maxQuery)) },
	} {
		if wantPage(t, w.callbackWith(c, change), http.StatusBadRequest); t.Failed() {
			t.Fatal(name)
		}
	}
	b := w.newBrowser()
	callback := b.signIn(b.approve(c), ada)
	inBody := *callback
	inBody.RawQuery = ""
	wantPage(t, b.post(inBody.String(), callback.Query()), http.StatusMethodNotAllowed)
	wantPage(t, b.post(callback.String(), nil), http.StatusMethodNotAllowed)
	if w.entra.Count(sandbox.Token) != asked {
		t.Error("a code was exchanged")
	}
	if a := b.get(callback.String()); a.location == nil {
		t.Errorf("the good callback: %d", a.status)
	}
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
