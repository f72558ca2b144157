package oauth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func (b *browser) authorize(q url.Values) answer {
	b.w.t.Helper()
	return b.get(testIssuer + authorizePath + "?" + q.Encode())
}

// A person with a session at Entra is still asked, and Entra hears nothing.
func TestAttack1_1_SilentSignIn(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	b.code(w.registered("Claude", "none", claudeURI))
	asked := w.entra.Count(sandbox.Authorize)
	for range 2 {
		a := b.authorize(request(w.registered("Claude", "none", claudeURI)))
		wantPage(t, a, http.StatusOK)
	}
	if w.entra.Count(sandbox.Authorize) != asked {
		t.Error("Entra was asked before consent")
	}
}

// As long as client and redirect URI are not known to be good, nothing redirects.
func TestAttack3_2_OpenRedirect(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	for name, change := range map[string]func(url.Values){
		"no client id":          func(q url.Values) { q.Del("client_id") },
		"not ours":              func(q url.Values) { q.Set("client_id", "x") },
		"altered":               func(q url.Values) { q.Set("client_id", c.ClientID[:len(c.ClientID)-2]+"xx") },
		"another spelling":      func(q url.Values) { q.Set("client_id", respelled(c.ClientID)) },
		"far too long":          func(q url.Values) { q.Set("client_id", strings.Repeat("x", 5000)) },
		"two client ids":        func(q url.Values) { q.Add("client_id", c.ClientID) },
		"no redirect URI":       func(q url.Values) { q.Del("redirect_uri") },
		"two redirect URIs":     func(q url.Values) { q.Add("redirect_uri", claudeURI) },
		"not a registered one":  func(q url.Values) { q.Set("redirect_uri", "https://claude.com/api/mcp/auth_callback") },
		"sealed something else": func(q url.Values) { q.Set("client_id", w.newBrowser().consent(c).Get("transaction")) },
		"too long a query":      func(q url.Values) { q.Set("x", strings.Repeat("x", maxQuery)) },
	} {
		q := request(c)
		change(q)
		a := w.newBrowser().authorize(q)
		if wantPage(t, a, http.StatusBadRequest); t.Failed() {
			t.Fatal(name)
		}
	}
	wantPage(t, w.newBrowser().get(testIssuer+authorizePath+"?a=%zz"), http.StatusBadRequest)
	wantPage(t, w.newBrowser().get(testIssuer+authorizePath+"?a=1;b=2"), http.StatusBadRequest)
}

func TestErrorsThatTheClientHears(t *testing.T) {
	tests := []struct {
		name, parameter, value, code string
	}{
		{"no response type", "response_type", "", "invalid_request"},
		{"implicit", "response_type", "token", "unsupported_response_type"},
		{"hybrid", "response_type", "code id_token", "unsupported_response_type"},
		{"fragment", "response_mode", "fragment", "invalid_request"},
		{"web message", "response_mode", "web_message", "invalid_request"},
		{"form post", "response_mode", "form_post", "invalid_request"},
		{"request object", "request", "eyJ", "request_not_supported"},
		{"request URI", "request_uri", "http://127.0.0.1:1/x", "request_uri_not_supported"},
		{"no challenge", "code_challenge", "", "invalid_request"},
		{"plain", "code_challenge_method", "plain", "invalid_request"},
		{"no method", "code_challenge_method", "", "invalid_request"},
		{"short challenge", "code_challenge", "abc", "invalid_request"},
		{"challenge with padding", "code_challenge", challenge(testVerifier) + "=", "invalid_request"},
		{"challenge not base64url", "code_challenge", strings.Repeat("+", 43), "invalid_request"},
		{"another resource", "resource", "https://graph.microsoft.com", "invalid_target"},
		{"a path beside the resource", "resource", testIssuer + "/mcpx", "invalid_target"},
		{"prompt none", "prompt", "none", "interaction_required"},
		{"prompt none with login", "prompt", "none login", "invalid_request"},
	}
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			a := w.newBrowser().authorize(request(c, tc.parameter, tc.value))
			if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location.String(), claudeURI+"?") {
				t.Fatalf("status %d, location %v", a.status, a.location)
			}
			q := a.location.Query()
			if q.Get("error") != tc.code || q.Get("state") != "client-state" || q.Get("iss") != testIssuer || q.Has("code") {
				t.Errorf("response: %v", q)
			}
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" || len(a.header["Set-Cookie"]) != 0 {
				t.Errorf("headers: %v", a.header)
			}
		})
	}
	for name, code := range map[string]string{"scope": "invalid_request", "state": "invalid_request", "resource": "invalid_target"} {
		q := request(c)
		q.Add(name, "again")
		got := w.newBrowser().authorize(q).location.Query()
		if got.Get("error") != code || (got.Get("state") != "" && name == "state") || got.Get("iss") != testIssuer {
			t.Errorf("%s twice: %v", name, got)
		}
	}
	got := w.newBrowser().authorize(request(c, "state", strings.Repeat("s", maxState+1))).location.Query()
	if got.Get("error") != "invalid_request" || got.Has("state") {
		t.Errorf("long state: %v", got)
	}
}

func TestResourceSpellings(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	for _, spelling := range []string{"", testResource, testResource + "/", "HTTPS://MCP.EXAMPLE.COM/mcp", testIssuer + ":443/mcp", testResource + "?x=y"} {
		code := w.newBrowser().code(c, "resource", spelling).Get("code")
		a := token(t, w.server, redemption(c, code, "resource", spelling))
		if a.status != http.StatusOK {
			t.Errorf("%q: %d %s", spelling, a.status, a.body)
		}
	}
}

func TestScopesAreKeptInTheClientsSpelling(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	def := strings.Join(w.provider.ShortScopes(), " ")
	guid := sandbox.DemoClientID + "/access_as_user"
	for asked, want := range map[string]string{
		"": def, "foo bar": def, "openid foo openid offline_access": "openid offline_access",
		"api://" + guid: "api://" + guid, guid: guid, "api://access_as_user": def,
	} {
		if got := w.tokens(c, "scope", asked).Scope; got != want {
			t.Errorf("asked %q, got %q, want %q", asked, got, want)
		}
	}
}

func TestAttack1_3_ForgedConsent(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	tests := []struct {
		name    string
		headers []string
		change  func(b *browser, form url.Values)
	}{
		{"another origin", []string{"Origin", "https://evil.example.com"}, nil},
		{"no origin of a sandboxed page", []string{"Origin", "null"}, nil},
		{"cross-site fetch", []string{"Origin", testIssuer, "Sec-Fetch-Site", "cross-site"}, nil},
		{"same-site fetch", []string{"Sec-Fetch-Site", "same-site"}, nil},
		{"no sealed form", ownPage, func(_ *browser, f url.Values) { f.Del("transaction") }},
		{"altered form", ownPage, func(_ *browser, f url.Values) { f.Set("transaction", f.Get("transaction")[1:]) }},
		{"client id as form", ownPage, func(_ *browser, f url.Values) { f.Set("transaction", c.ClientID) }},
		{"form of another browser", ownPage, func(_ *browser, f url.Values) {
			f.Set("transaction", w.newBrowser().consent(c).Get("transaction"))
		}},
		{"cookie of the attacker's choice", ownPage, func(b *browser, _ url.Values) {
			u, _ := url.Parse(testIssuer)
			for _, cookie := range b.client.Jar.Cookies(u) {
				b.client.Jar.SetCookies(u, []*http.Cookie{{Name: cookie.Name, Value: "mine", Path: "/", Secure: true}})
			}
		}},
		{"no decision", ownPage, func(_ *browser, f url.Values) { f.Del("decision") }},
		{"expired form", ownPage, func(*browser, url.Values) { w.clock.advance(transactionLifetime) }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b := w.newBrowser()
			form := b.consent(c)
			if tc.change != nil {
				tc.change(b, form)
			}
			before := len(w.storage.Dump())
			wantPage(t, b.post(testIssuer+authorizePath, form, tc.headers...), http.StatusForbidden)
			if len(w.storage.Dump()) != before {
				t.Error("a transaction was stored")
			}
		})
	}
	b := w.newBrowser()
	form := b.consent(c)
	form.Add("transaction", "x")
	wantPage(t, b.post(testIssuer+authorizePath, form, ownPage...), http.StatusBadRequest)
	wantPage(t, b.post(testIssuer+authorizePath, form, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
}

func TestAttack1_3_ReplayedConsent(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	form := b.consent(w.registered("Claude", "none", claudeURI))
	a := b.post(testIssuer+authorizePath, form, "Origin", testIssuer)
	wantPage(t, b.post(testIssuer+authorizePath, form, "Origin", testIssuer), http.StatusForbidden)
	callback := b.signIn(a.location, ada)
	u, _ := url.Parse(testIssuer)
	cookies := b.client.Jar.Cookies(u)
	if a := b.get(callback.String()); a.location == nil || a.location.Query().Get("code") == "" {
		t.Fatalf("callback: %d", a.status)
	}
	for _, cookie := range cookies {
		b.client.Jar.SetCookies(u, []*http.Cookie{{Name: cookie.Name, Value: cookie.Value, Path: "/", Secure: true}})
	}
	wantPage(t, b.post(testIssuer+authorizePath, form, "Origin", testIssuer), http.StatusForbidden)
}

func TestAttack1_7_CancelAsRedirector(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	form := b.consent(w.registered("Cursor", "none", "cursor://anysphere.cursor-mcp/oauth/callback"))
	form.Set("decision", "cancel")
	a := b.post(testIssuer+authorizePath, form, "Origin", testIssuer)
	q := a.location.Query()
	q.Del("error_description")
	if got := a.location.Scheme + "://" + a.location.Host + a.location.Path + "?" + q.Encode(); a.status != http.StatusSeeOther ||
		got != "cursor://anysphere.cursor-mcp/oauth/callback?error=access_denied&iss=https%3A%2F%2Fmcp.example.com&state=client-state" {
		t.Errorf("status %d, location %s", a.status, a.location)
	}
	if !strings.Contains(w.log.String(), `"sign-in denied"`) {
		t.Error("the log does not say so")
	}
}

func TestTransactionCookie(t *testing.T) {
	w := newWorld(t)
	a := w.newBrowser().authorize(request(w.registered("Claude", "none", claudeURI)))
	c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 600 {
		t.Errorf("cookie: %s", a.header.Get("Set-Cookie"))
	}
	local := newWorld(t, func(c *Config) { c.Loopback = true })
	a = local.newBrowser().authorize(request(local.registered("Claude", "none", claudeURI)))
	if c, err = http.ParseSetCookie(a.header.Get("Set-Cookie")); err != nil || strings.HasPrefix(c.Name, "__") || c.Secure || !c.HttpOnly {
		t.Errorf("cookie on loopback: %s", a.header.Get("Set-Cookie"))
	}
}

func TestAttack1_8_CookieBombing(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	for range 200 {
		b.approve(c)
	}
	u, _ := url.Parse(testIssuer)
	size := 0
	for _, cookie := range b.client.Jar.Cookies(u) {
		size += len(cookie.Name) + len(cookie.Value) + 3
	}
	if size > 4096 || len(b.client.Jar.Cookies(u)) > maxTransactionCookies {
		t.Errorf("%d bytes of cookies", size)
	}
	if a := b.get(b.signIn(b.approve(c), ada).String()); a.location == nil {
		t.Errorf("the last sign-in does not finish: %d", a.status)
	}
}

// respelled changes the bits of a client id's last character that carry nothing. An id has one
// spelling: a deny list would miss another.
func respelled(id string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, id[len(id)-1])
	return id[:len(id)-1] + string(alphabet[last^1])
}

// FuzzAuthorize sends any query for a client with one redirect URI: whatever else it says, the
// browser stays here or goes to that URI with an error.
func FuzzAuthorize(f *testing.F) {
	w := newWorld(f)
	c := w.registered("Claude", "none", claudeURI)
	good := request(c)
	f.Add(good.Encode())
	f.Add(good.Encode() + "&redirect_uri=https://evil.example.com")
	f.Add("client_id=" + c.ClientID + "&redirect_uri=" + claudeURI + "&state=a%00b&prompt=none&resource=x")
	f.Add("%zz;&=&")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, testIssuer+authorizePath, nil)
		r.URL.RawQuery = query
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, r)
		location := rec.Header().Get("Location")
		switch {
		case rec.Code == http.StatusSeeOther && strings.HasPrefix(location, claudeURI+"?error=") && strings.Count(location, "&iss=") == 1:
		case (rec.Code == http.StatusOK || rec.Code == http.StatusBadRequest) && location == "":
		default:
			t.Errorf("%q: status %d, location %q", query, rec.Code, location)
		}
	})
}
