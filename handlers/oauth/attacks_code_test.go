package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// Of all pairs of what is sent to the authorization endpoint and to the token endpoint, only an S256
// challenge with its verifier gives a token.
func TestAttack4_1_PKCEDowngrade(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	short, long, odd := strings.Repeat("v", 42), strings.Repeat("v", 129), strings.Repeat("v", 42)+"!"
	challenges := []struct{ name, challenge, method string }{
		{"right", challenge(testVerifier), "S256"},
		{"none", "", ""}, {"method alone", "", "S256"}, {"challenge alone", challenge(testVerifier), ""},
		{"plain", testVerifier, "plain"}, {"plain that looks like S256", challenge(testVerifier), "plain"}, {"s256", challenge(testVerifier), "s256"},
		{"the verifier itself", testVerifier, "S256"}, {"too short", challenge(testVerifier)[:42], "S256"}, {"padded", challenge(testVerifier) + "=", "S256"},
		{"another alphabet", strings.Repeat("+", 43), "S256"},
		{"of a short verifier", challenge(short), "S256"}, {"of a long verifier", challenge(long), "S256"}, {"of an odd verifier", challenge(odd), "S256"},
	}
	verifiers := []string{testVerifier, "", challenge(testVerifier), testVerifier + "x", strings.ToUpper(testVerifier), short, long, odd}
	for _, sent := range challenges {
		q := request(c, "code_challenge", sent.challenge, "code_challenge_method", sent.method)
		a := w.newBrowser().authorize(q)
		if a.status != http.StatusOK {
			if a.location == nil || a.location.Query().Get("error") != "invalid_request" || a.location.Query().Has("code") {
				t.Errorf("%s: status %d, location %v", sent.name, a.status, a.location)
			}
			continue
		}
		for _, verifier := range verifiers {
			code := w.newBrowser().code(c, "code_challenge", sent.challenge).Get("code")
			a := token(t, w.server, redemption(c, code, "code_verifier", verifier))
			if good := sent.name == "right" && verifier == testVerifier; (a.status == http.StatusOK) != good {
				t.Errorf("challenge %s, verifier %q: %d %s", sent.name, verifier, a.status, a.body)
			}
		}
	}
}

// A code is for one use, wherever the second is tried; that it was tried ends what the first gave.
func TestAttack4_3_CodeReplay(t *testing.T) {
	w := newWorld(t)
	one, two := w.server, w.addNode()
	c := w.registered("Claude", "none", claudeURI)
	for _, second := range []*Server{one, two} {
		code := w.newBrowser().code(c).Get("code")
		tokens := decode[tokenResponse](t, token(t, one, redemption(c, code)).body)
		if !w.opens(tokens.AccessToken) {
			t.Fatal("the access token does not open the gate")
		}
		wantError(t, token(t, second, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
		if w.opens(tokens.AccessToken) {
			t.Error("the access token still opens the gate")
		}
		wantError(t, token(t, one, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
	}
}

// A thief who redeemed a stolen code first cannot use up the wrong tries so that the client's own
// try, which is the replay, goes unnoticed.
func TestAttack4_3_WrongTriesHideNoReplay(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	code := w.newBrowser().code(c).Get("code")
	stolen := decode[tokenResponse](t, token(t, w.server, redemption(c, code)).body)
	for range maxWrongTries {
		wantError(t, token(t, w.server, redemption(c, code, "code_verifier", strings.Repeat("x", 43))), http.StatusBadRequest, "invalid_grant")
	}
	wantError(t, token(t, w.server, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	if w.opens(stolen.AccessToken) {
		t.Error("the thief's access token still opens the gate")
	}
}

// A client that talks to several authorization servers learns from iss which one answered, and we
// learn from nonce and issuer whether it was our Entra, and this sign-in.
func TestAttack4_6_MixUp(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	issuer := decode[serverMetadata](t, fetch(t, w.server, http.MethodGet, serverMetadataPath).body).Issuer
	b := w.newBrowser()
	form := b.consent(c)
	form.Set("decision", "cancel")
	for name, q := range map[string]url.Values{
		"success": w.newBrowser().code(c),
		"error":   b.authorize(request(c, "response_type", "token")).location.Query(),
		"denied":  b.post(testIssuer+authorizePath, form, ownPage...).location.Query(),
	} {
		if got := q["iss"]; len(got) != 1 || got[0] != issuer {
			t.Errorf("%s: iss is %q, want %q once", name, got, issuer)
		}
	}
	for name, misbehave := range map[string]func(*sandbox.Behaviour){
		"nonce of another sign-in":     func(b *sandbox.Behaviour) { b.Nonce = "wrong" },
		"another issuer":               func(b *sandbox.Behaviour) { b.Issuer = "https://evil.example.com/v2.0" },
		"ID token of somebody else":    func(b *sandbox.Behaviour) { b.IDTokenOf = ben },
		"no ID token":                  func(b *sandbox.Behaviour) { b.NoIDToken = true },
		"token of another application": func(b *sandbox.Behaviour) { b.Application = "00000000-1111-4222-8333-444455556666" },
	} {
		b := w.newBrowser()
		at := b.approve(c)
		w.entra.Misbehave(misbehave)
		a := b.get(b.signIn(at, ada).String())
		w.entra.Misbehave(func(b *sandbox.Behaviour) { *b = sandbox.Behaviour{} })
		if a.status < 400 || a.location != nil {
			t.Errorf("%s: status %d, location %v", name, a.status, a.location)
		}
	}
	for iss, good := range map[string]bool{w.entra.Authority(): true, "https://evil.example.com/" + strings.Repeat("0", 36) + "/v2.0": false, testIssuer: false} {
		a := w.callbackWith(c, func(q url.Values) { q.Set("iss", iss) })
		if (a.location != nil) != good {
			t.Errorf("iss %s: status %d, location %v", iss, a.status, a.location)
		}
	}
}

// What is not offered is refused with the code that says so, and nobody is asked about it.
func TestAttack4_9_UnsupportedRequests(t *testing.T) {
	w := newWorld(t)
	address, asked := trap(t)
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	b.code(c)
	seen := w.entra.Count(sandbox.Authorize)
	for _, tc := range []struct{ parameter, value, code string }{
		{"response_type", "token", "unsupported_response_type"},
		{"response_type", "id_token", "unsupported_response_type"},
		{"response_type", "code token", "unsupported_response_type"},
		{"response_type", "none", "unsupported_response_type"},
		{"response_mode", "fragment", "invalid_request"},
		{"response_mode", "form_post", "invalid_request"},
		{"response_mode", "web_message", "invalid_request"},
		{"response_mode", "query.jwt", "invalid_request"},
		{"request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"},
		{"request_uri", address + "/request", "request_uri_not_supported"},
		{"request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"},
		{"prompt", "none", "interaction_required"},
		{"prompt", "none login", "invalid_request"},
	} {
		q := b.authorize(request(c, tc.parameter, tc.value))
		if q.location == nil || q.location.Fragment != "" || q.location.Query().Get("error") != tc.code || q.location.Query().Has("code") {
			t.Errorf("%s=%s: status %d, location %v", tc.parameter, tc.value, q.status, q.location)
		}
	}
	if n := asked.Load() + w.outside.Load(); n != 0 || w.entra.Count(sandbox.Authorize) != seen {
		t.Errorf("%d requests went out", n)
	}
}

// Cookies that somebody else put into the browser are neither taken over nor believed.
func TestAttack4_10_SessionFixation(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	own, _ := url.Parse(testIssuer)
	mallory, victim := w.newBrowser(), w.newBrowser()
	mallory.consent(c)
	planted := mallory.client.Jar.Cookies(own)
	plant := func(cookies []*http.Cookie) {
		for _, cookie := range cookies {
			victim.client.Jar.SetCookies(own, []*http.Cookie{{Name: cookie.Name, Value: cookie.Value, Path: "/", Secure: true}})
		}
	}
	plant(planted)
	page := victim.authorize(request(c))
	for _, line := range page.header["Set-Cookie"] {
		set, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range planted {
			if set.Name == p.Name || set.Value == p.Value || !strings.HasPrefix(set.Name, "__Host-") {
				t.Errorf("the planted cookie lives on: %s", line)
			}
		}
	}
	if len(page.header["Set-Cookie"]) != 1 {
		t.Errorf("cookies: %q", page.header["Set-Cookie"])
	}
	// With a value of the attacker's choice under the name that the victim's own form needs.
	mine := url.Values{"transaction": {sealedField(t, page.body)}, "decision": {"approve"}}
	for _, cookie := range victim.client.Jar.Cookies(own) {
		plant([]*http.Cookie{{Name: cookie.Name, Value: "chosen"}})
	}
	wantPage(t, victim.post(testIssuer+authorizePath, mine, ownPage...), http.StatusForbidden)
	// A second cookie of the same name, as a proxy in front could let through.
	b := w.newBrowser()
	form := b.consent(c)
	for _, cookie := range b.client.Jar.Cookies(own) {
		headers := append([]string{"Cookie", cookie.Name + "=" + cookie.Value + "; " + cookie.Name + "=chosen"}, ownPage...)
		wantPage(t, b.post(testIssuer+authorizePath, form, headers...), http.StatusForbidden)
	}
}
