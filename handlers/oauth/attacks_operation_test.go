package oauth

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// showConsent asks for the consent page n times, and fails when that stores anything.
func (w *world) showConsent(n int) {
	w.t.Helper()
	target := testIssuer + authorizePath + "?" + request(w.registered("Claude", "none", claudeURI)).Encode()
	before := w.storage.Dump()
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for range n / runtime.GOMAXPROCS(0) {
				rec := httptest.NewRecorder()
				w.server.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, target, nil))
				if rec.Code != http.StatusOK {
					w.t.Errorf("status %d", rec.Code)
					return
				}
			}
		})
	}
	wg.Wait()
	if !maps.EqualFunc(before, w.storage.Dump(), bytes.Equal) {
		w.t.Error("showing the consent page changed the storage")
	}
}

// Nothing is stored before somebody approves. BenchmarkAttack8_3_AuthorizeFlood does the same a
// hundred thousand times.
func TestAttack8_3_AuthorizeFlood(t *testing.T) {
	n := 10_000
	if raceDetector || testing.Short() {
		n = 500
	}
	newWorld(t).showConsent(n)
}

func BenchmarkAttack8_3_AuthorizeFlood(b *testing.B) {
	const flood = 100_000
	w := newWorld(b)
	for b.Loop() {
		w.showConsent(flood)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*flood), "µs/page")
}

// A thousand clients that never finish their request hold a thousand connections and nothing else:
// others are served, and when they leave nothing of them stays.
func TestAttack8_3_SlowClients(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	s := httptest.NewServer(w.server)
	defer s.Close()
	before := runtime.NumGoroutine()
	slow := make([]net.Conn, 1000)
	for i := range slow {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		slow[i] = conn
		path := []string{registerPath, tokenPath, authorizePath}[i%3]
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: mcp.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n", path)
		if i%2 == 0 {
			fmt.Fprintf(conn, "Content-Length: 60000\r\n\r\ngrant_type=")
		}
	}
	began := time.Now()
	if tokens := w.tokens(c); tokens.AccessToken == "" {
		t.Error("nobody else is served")
	}
	resp, err := http.Get(s.URL + serverMetadataPath)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("over the same listener: %v", err)
	}
	resp.Body.Close()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("others waited for %s", took)
	}
	for _, conn := range slow {
		conn.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+5; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}

// journey is a whole sign-in with a refresh, a replay and a failure on either side, and every secret
// that was used in it.
func (w *world) journey() (secrets map[string]string) {
	w.t.Helper()
	c := w.registered("Claude", methodPost, claudeURI)
	b := w.newBrowser()
	const state = "the-client-state-value"
	form := b.consent(c, "state", state)
	own, _ := url.Parse(testIssuer)
	cookie := b.client.Jar.Cookies(own)[0].Value
	atEntra := b.post(testIssuer+authorizePath, form, ownPage...).location
	callback := b.signIn(atEntra, ada)
	code := b.get(callback.String()).location.Query().Get("code")
	redeem := redemption(c, code, "client_secret", c.Secret)
	first := decode[tokenResponse](w.t, token(w.t, w.server, redeem).body)
	exchange := w.entra.Last(sandbox.Token)
	wrongSecret := strings.Repeat("wrong-secret-of-somebody", 2)
	token(w.t, w.server, redemption(c, code, "client_secret", wrongSecret))
	second := decode[tokenResponse](w.t, token(w.t, w.server, renewal(c, first.RefreshToken, "client_secret", c.Secret)).body)
	w.lineDown.Store(true)
	token(w.t, w.server, renewal(c, second.RefreshToken, "client_secret", c.Secret))
	w.lineDown.Store(false)
	b.get(callback.String())
	token(w.t, w.server, redeem)
	secrets = map[string]string{
		"master key": testSecret, "client id": c.ClientID, "client secret": c.Secret, "a wrong client secret": wrongSecret,
		"sealed form": form.Get("transaction"), "cookie": cookie, "client's state": state, "client's verifier": testVerifier,
		"our state": callback.Query().Get("state"), "nonce": atEntra.Query().Get("nonce"), "our verifier": exchange.Get("code_verifier"),
		"Entra's code": callback.Query().Get("code"), "our code": code,
		"access token": first.AccessToken, "refresh token": first.RefreshToken,
		"second access token": second.AccessToken, "second refresh token": second.RefreshToken,
	}
	for i, said := range w.said {
		for name, value := range decode[map[string]any](w.t, said) {
			if text, _ := value.(string); strings.HasSuffix(name, "_token") {
				secrets[fmt.Sprint("Entra's ", name, i)] = text
			}
		}
	}
	for what, secret := range secrets {
		if len(secret) < 16 {
			w.t.Fatalf("the journey has no %s: %q", what, secret)
		}
	}
	return secrets
}

// The log is written at debug level.
func TestAttack8_5_SecretsInTheLog(t *testing.T) {
	w := newWorld(t)
	for what, secret := range w.journey() {
		for _, spelling := range []string{secret, url.QueryEscape(secret)} {
			if strings.Contains(w.log.String(), spelling) {
				t.Errorf("the log holds the %s", what)
			}
		}
	}
	for _, message := range []string{"client registered", "sign-in requested", "sign-in approved", "signed in", "token issued", "token refreshed", "token refused", "sign-in failed", "grant revoked"} {
		if !strings.Contains(w.log.String(), `"`+message+`"`) {
			t.Errorf("the log does not say %q", message)
		}
	}
}

func TestAttack8_7_SecretsInStorage(t *testing.T) {
	w := newWorld(t)
	secrets := w.journey()
	dump := w.storage.Dump()
	if len(dump) < 5 {
		t.Errorf("storage holds %d values only", len(dump))
	}
	for key, value := range dump {
		for what, secret := range secrets {
			if strings.Contains(key, secret) || bytes.Contains(value, []byte(secret)) {
				t.Errorf("storage holds the %s under %s", what, key)
			}
		}
	}
}

// A record is bound to its place: who can write to storage can neither give one person's tokens to
// another nor bring a taken code back under another name.
func TestAttack8_7_SwappedRecords(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	swap := func(kind string) {
		t.Helper()
		dump := w.storage.Dump()
		keys := slices.DeleteFunc(slices.Sorted(maps.Keys(dump)), func(k string) bool { return !strings.Contains(k, "/"+kind+"/") })
		if len(keys) != 2 {
			t.Fatalf("%d records of kind %s", len(keys), kind)
		}
		for i, key := range keys {
			if err := w.storage.Store(t.Context(), key, dump[keys[1-i]]); err != nil {
				t.Fatal(err)
			}
		}
	}
	codes := []string{w.newBrowser().code(c).Get("code"), w.newBrowser().code(c).Get("code")}
	swap("code")
	for _, code := range codes {
		wantError(t, token(t, w.server, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	}
	swap("code")
	var tokens []tokenResponse
	for _, code := range codes {
		tokens = append(tokens, decode[tokenResponse](t, token(t, w.server, redemption(c, code)).body))
	}
	for _, kind := range []string{"grant", "issuance"} {
		swap(kind)
		for _, s := range []*Server{w.server, w.addNode()} {
			if kind == "grant" {
				wantError(t, token(t, s, renewal(c, tokens[0].RefreshToken)), http.StatusBadRequest, "invalid_grant")
			}
			if w.opens(tokens[0].AccessToken) {
				t.Errorf("with two %ss swapped the access token opens the gate", kind)
			}
		}
		swap(kind)
	}
	if !w.opens(tokens[0].AccessToken) {
		t.Error("with everything in its place the access token does not open the gate")
	}
}

// Neither state nor code reaches anybody in a Referer. The consent page alone lets its own origin
// see where its form comes from: with no-referrer browsers would send "Origin: null".
func TestAttack8_12_ReferrerLeak(t *testing.T) {
	w := newWorld(t)
	for name, a := range w.everyPage() {
		want := "no-referrer"
		if name == "consent" {
			want = "same-origin"
		}
		if got := a.header.Get("Referrer-Policy"); got != want {
			t.Errorf("%s: Referrer-Policy is %q, want %q", name, got, want)
		}
		if got := elements(t, a.body); got["img"]+got["link"]+got["script"]+got["iframe"] != 0 {
			t.Errorf("%s loads something: %v", name, got)
		}
	}
	c := w.registered("Claude", "none", claudeURI)
	b := w.newBrowser()
	approved := b.post(testIssuer+authorizePath, b.consent(c), ownPage...)
	for name, a := range map[string]answer{"to Entra": approved, "to the client": b.get(b.signIn(approved.location, ada).String())} {
		if a.status != http.StatusSeeOther || a.header.Get("Referrer-Policy") != "no-referrer" || a.body != "" {
			t.Errorf("%s: status %d, %v", name, a.status, a.header)
		}
	}
}

// However long the host and whatever it looks like, the part that somebody had to register stands
// out, in ASCII.
func TestAttack8_13_LookAlikeHosts(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Clients.Any = true })
	long := strings.Repeat("claude.ai.", 20) + "login"
	for host, want := range map[string]string{
		"claude.ai.evil.example":           `<span class="sub">claude.<wbr>ai.<wbr></span><span class="domain">evil.example</span>`,
		long + ".evil.co.uk":               `<span class="domain">evil.co.uk</span>`,
		"claude-ai.example":                `<span class="domain">claude-ai.example</span>`,
		"xn--80ak6aa92e.com":               `<span class="domain">xn--80ak6aa92e.com</span>`,
		"claude.ai.xn--mnchen-3ya.de":      `<span class="domain">xn--mnchen-3ya.de</span>`,
		"claude.ai.attacker.github.io":     `<span class="domain">attacker.github.io</span>`,
		"microsoftonline.com.evil.example": `<span class="domain">evil.example</span>`,
	} {
		a := w.newBrowser().authorize(request(w.registered("Claude", "none", "https://"+host+"/cb")))
		if !strings.Contains(a.body, want) {
			t.Errorf("%s: the page does not show %s", host, want)
		}
		for _, r := range a.body {
			if r >= 0x400 && r < 0x530 {
				t.Errorf("%s: the page shows %q", host, r)
			}
		}
	}
	for _, raw := range []string{"https://аррӏе.com/cb", "https://claude。ai/cb"} {
		wantError(t, w.register(`{"redirect_uris":[`+quote(raw)+`]}`), http.StatusBadRequest, "invalid_redirect_uri")
	}
}

// Every sort of value is good in one place. Ours are sealed for a purpose, Entra's are signed by a
// key of Entra's, and neither passes for the other.
func TestAttack8_14_OneKindOfTokenForAnother(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", methodPost, claudeURI)
	b := w.newBrowser()
	form := b.consent(c)
	code := b.code(c).Get("code")
	spent := b.code(c).Get("code")
	tokens := decode[tokenResponse](t, token(t, w.server, redemption(c, spent, "client_secret", c.Secret)).body)
	signed := w.entra.Mint(w.entra.AccessClaims(sandbox.DemoPeople()[0], "access_as_user"))
	kinds := map[string]string{
		"client id": c.ClientID, "client secret": c.Secret, "sealed form": form.Get("transaction"), "code": code,
		"refresh token": tokens.RefreshToken, "access token": tokens.AccessToken, "token signed by Entra": signed,
	}
	for kind, value := range kinds {
		if kind != "code" {
			wantRefused(t, kind+" as code", token(t, w.server, redemption(c, value, "client_secret", c.Secret)))
		}
		if kind != "refresh token" {
			wantRefused(t, kind+" as refresh token", token(t, w.server, renewal(c, value, "client_secret", c.Secret)))
		}
		if kind != "client secret" {
			wantRefused(t, kind+" as client secret", token(t, w.server, redemption(c, code, "client_secret", value)))
		}
		if kind != "client id" {
			if a := b.authorize(request(c, "client_id", value)); a.status != http.StatusBadRequest || a.location != nil {
				t.Errorf("%s as client id: %d", kind, a.status)
			}
		}
		if kind != "sealed form" {
			a := b.post(testIssuer+authorizePath, url.Values{"transaction": {value}, "decision": {"approve"}}, ownPage...)
			wantPage(t, a, http.StatusForbidden)
		}
		if kind != "access token" && w.opens(value) {
			t.Errorf("the %s opens the gate", kind)
		}
		if _, err := w.provider.Verify(t.Context(), value); (err == nil) != (value == tokens.AccessToken || value == signed) {
			t.Errorf("%s as an access token of Entra's: %v", kind, err)
		}
	}
	stranger := w.entra.Mint(w.entra.AccessClaims(sandbox.DemoPeople()[0], "access_as_user"), sandbox.Stranger())
	if _, err := w.provider.Verify(t.Context(), stranger); err == nil {
		t.Error("a token that somebody else signed is taken for Entra's")
	}
	if a := token(t, w.server, redemption(c, code, "client_secret", c.Secret)); a.status != http.StatusOK {
		t.Errorf("everything in its place: %d %s", a.status, a.body)
	}
}

func wantRefused(t *testing.T, what string, a answer) {
	t.Helper()
	if a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized {
		t.Errorf("%s: %d %s", what, a.status, a.body)
	}
}
