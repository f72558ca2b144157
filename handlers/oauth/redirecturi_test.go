package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// refusedRedirects is every spelling that is known to have deceived somebody.
var refusedRedirects = []string{
	"", " ", "/relative", "relative", "//evil.com/cb", "https:", "https://", "https:///cb", "https:/claude.ai/cb",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "javascript://claude.ai/%0aalert(1)",
	"data:text/html,<script>", "vbscript:x", "file:///etc/passwd", "blob:https://claude.ai/x", "filesystem:https://claude.ai/x",
	"about:blank", "intent://scan/#Intent;end", "view-source:https://claude.ai", "ms-msdt:/id", "mailto:a@b.c",
	"http://example.com/cb", "http://claude.ai/api/mcp/auth_callback",
	"https://claude.ai@evil.com/api/mcp/auth_callback", `https://evil.com\@claude.ai/api/mcp/auth_callback`,
	"https://claude.ai%40evil.com/", "https://claude.ai:443@evil.com/", "https://claude.ai:443/api/mcp/auth_callback",
	"https://claude.ai.evil.com/api/mcp/auth_callback", "https://evilclaude.ai/api/mcp/auth_callback",
	"https://claude.ai./api/mcp/auth_callback", "https://CLAUDE.AI/api/mcp/auth_callback", "HTTPS://claude.ai/api/mcp/auth_callback",
	claudeURI + "#x", claudeURI + "#", claudeURI + "/../../evil", claudeURI + "/%2e%2e/evil", claudeURI + "/..;/x",
	claudeURI + "//x", claudeURI + ";a=b", claudeURI + "%00", claudeURI + "%0d%0aSet-Cookie:x=y", claudeURI + "\r\nX: y", claudeURI + "/",
	claudeURI + "?x=y", claudeURI + "?", claudeURI + "?code=evil&iss=y", "https://claude.ai//api/mcp/auth_callback", "https://claude.ai/./api/mcp/auth_callback",
	"https://сlaude.ai/api/mcp/auth_callback", "https://xn--laude-2of.ai/api/mcp/auth_callback", "https://xn--.ai/cb", "https://xn--a.ai/cb",
	"https://claude。ai/api/mcp/auth_callback", "https://clau\u200dde.ai/cb", "https://clau\u00adde.ai/cb", "https://ⓒlaude.ai/cb",
	"http://localhost.evil.com/cb", "http://127.0.0.1.evil.com/cb", "http://127.0.0.1@evil.com/cb", "http://localhost:80@evil.com/cb",
	"http://0x7f.1/cb", "http://2130706433/cb", "http://0177.0.0.1/cb", "http://[::ffff:127.0.0.1]/cb", "http://0.0.0.0/cb", "http://[::]/cb",
	"http://127.1/cb", "http://127.0.0.2/cb", "http://localhost./cb", "http://LOCALHOST/cb", "http://a.localhost/cb", "http://[0:0:0:0:0:0:0:1]/cb",
	"http://localhost:/cb", "http://localhost:0/cb", "http://localhost:65536/cb", "http://localhost:080/cb", "http://localhost:+80/cb", "http://[::1]x/cb", "http://[::1", "http://[::1/cb",
	"https://1.2.3.4/cb", "https://[2001:db8::1]/cb", "https://0x7f.1/cb", "https://single/cb", "https://-a.com/cb", "https://a..com/cb", "https://a_b.com/cb",
	"cursor://anysphere.cursor-mcp/oauth/other", "cursor://anysphere.cursor-mcp/oauth/callback/x", "cursor://evil/oauth/callback",
	"cursor://anysphere.cursor-mcp/oauth/callback?x=y", "Cursor://anysphere.cursor-mcp/oauth/callback", "cursor:anysphere.cursor-mcp/oauth/callback",
	"cursor://anysphere.cursor-mcp:80/oauth/callback", "myapp://callback/x", "com.example.app:/cb",
	"https://global.consent.azure-apim.net/redirect/../x", "https://global.consent.azure-apim.net/redirect/a/b",
	"https://global.consent.azure-apim.net/redirect/a?x=y", "https://global.consent.azure-apim.net/redirect/", "https://global.consent.azure-apim.net/redirect",
	"https://global.consent.azure-apim.net/redirect/a#x", "https://x.global.consent.azure-apim.net/redirect/a", "https://global.consent.azure-apim.net/redirect/*",
	"https://chatgpt.com/connector/oauth/a/b", "https://chatgpt.com:8443/connector/oauth/a", "https://claude.ai/" + strings.Repeat("a", maxRedirectURI),
}

var acceptedRedirects = []string{
	claudeURI, "https://claude.com/api/mcp/auth_callback",
	"https://chatgpt.com/connector/oauth/Ab_3-x", "https://chatgpt.com/connector_platform_oauth_redirect",
	"https://global.consent.azure-apim.net/redirect/cr123-atlassian-20mcp-5fabc",
	"https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/", "http://127.0.0.1:33418",
	"cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-retrieval/oauth/user-jira/callback",
	"https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback",
	"https://antigravity.google/oauth-callback", "http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug",
	"http://127.0.0.1:50123/callback/Xy_9-z", "http://[::1]:8080/cb", "http://localhost/callback?app=1", "https://localhost:8443/cb",
}

func TestAttack3_0_RefusedAtRegister(t *testing.T) {
	w := newWorld(t)
	for _, raw := range refusedRedirects {
		a := w.register(`{"redirect_uris":[` + quote(raw) + `]}`)
		if e := decode[errorBody](t, a.body); a.status != http.StatusBadRequest || e.Error != "invalid_redirect_uri" {
			t.Errorf("%q: %d %s", raw, a.status, a.body)
		}
	}
}

// A client id that holds the hash of a refused spelling cannot be had, and would not help.
func TestAttack3_0_RefusedAtAuthorize(t *testing.T) {
	w := newWorld(t)
	for _, raw := range refusedRedirects {
		u, _ := parseRedirectURI(raw)
		c := &client{name: "Evil", method: methodNone, issued: w.clock.Now(), redirects: []redirectHash{u.hash(), redirectURI{}.hash()}}
		if err := w.server.sealClient(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		q := request(registration{ClientID: c.id, RedirectURIs: []string{raw}})
		a := w.newBrowser().get(testIssuer + authorizePath + "?" + q.Encode())
		if a.status != http.StatusBadRequest || a.location != nil {
			t.Errorf("%q: status %d, location %v", raw, a.status, a.location)
		}
	}
}

func TestAttack3_0_AssistantsAreAccepted(t *testing.T) {
	w := newWorld(t)
	for _, raw := range acceptedRedirects {
		c := w.registered("x", "none", raw)
		if a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(c).Encode()); a.status != http.StatusOK {
			t.Errorf("%q: authorize answers %d: %s", raw, a.status, a.body)
		}
	}
}

func TestAttack3_0_ComparedAtAuthorize(t *testing.T) {
	tests := []struct {
		registered, used string
		ok               bool
	}{
		{"http://127.0.0.1:33418/", "http://127.0.0.1:33418", true},
		{"http://127.0.0.1/callback", "http://127.0.0.1:50123/callback", true},
		{"http://127.0.0.1:1/callback", "http://127.0.0.1:50123/callback", true},
		{"http://localhost:1/callback", "http://localhost/callback", true},
		{"http://[::1]:1/callback", "http://[::1]:2/callback", true},
		{"http://127.0.0.1/callback", "http://localhost/callback", false},
		{"http://127.0.0.1/callback", "http://127.0.0.1/other", false},
		{"http://127.0.0.1/callback", "http://127.0.0.1/callback/", false},
		{"http://127.0.0.1/callback?a=b", "http://127.0.0.1/callback", false},
		{"https://localhost:1/callback", "https://localhost:2/callback", false},
		{"https://chatgpt.com/connector/oauth/a", "https://chatgpt.com/connector/oauth/b", false},
		{claudeURI, "https://claude.com/api/mcp/auth_callback", false},
	}
	w := newWorld(t)
	for _, tc := range tests {
		c := w.registered("x", "none", tc.registered)
		a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(c, "redirect_uri", tc.used).Encode())
		if ok := a.status == http.StatusOK; ok != tc.ok || a.location != nil {
			t.Errorf("registered %s, used %s: status %d", tc.registered, tc.used, a.status)
		}
	}
}

func TestClientPolicy(t *testing.T) {
	tests := []struct {
		name    string
		policy  ClientPolicy
		allowed []string
		refused []string
	}{
		{"a preset alone", ClientPolicy{Presets: []string{"claude"}},
			[]string{claudeURI}, []string{"https://vscode.dev/redirect", "http://localhost/cb", "https://localhost/cb"}},
		{"a preset on the computer brings loopback", ClientPolicy{Presets: []string{"vscode"}},
			[]string{"https://vscode.dev/redirect", "http://localhost:5/cb"}, []string{claudeURI}},
		{"none", ClientPolicy{Presets: []string{}}, nil, []string{claudeURI, "http://localhost/cb"}},
		{"any", ClientPolicy{Any: true}, []string{"https://x.example.com/cb?a=b", "http://localhost/cb", "cursor://anysphere.cursor-mcp/oauth/callback"},
			[]string{"http://x.example.com/cb", "myapp://cb", "https://x.example.com:443/cb"}},
		{"patterns", ClientPolicy{Presets: []string{}, Patterns: []string{"https://chat.example.com/oauth/*/callback", "http://localhost/cb", "https://a.example.com:8443/cb?x=y"}},
			[]string{"https://chat.example.com/oauth/jira/callback", "http://localhost:9/cb", "https://a.example.com:8443/cb?x=y"},
			[]string{"https://chat.example.com/oauth/a/b/callback", "https://chat.example.com/oauth//callback", "https://x.chat.example.com/oauth/a/callback",
				"https://chat.example.com/oauth/a/callback?x", "http://127.0.0.1/cb", "https://a.example.com:8443/cb", "https://a.example.com/cb?x=y"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			p, err := newRedirectPolicy(tc.policy)
			if err != nil {
				t.Fatal(err)
			}
			for want, all := range map[bool][]string{true: tc.allowed, false: tc.refused} {
				for _, raw := range all {
					u, err := parseRedirectURI(raw)
					if got := err == nil && p.allows(u); got != want {
						t.Errorf("%s: allowed %v, want %v", raw, got, want)
					}
				}
			}
		})
	}
}

func TestClientPolicyErrorsNameTheCure(t *testing.T) {
	for want, policy := range map[string]ClientPolicy{
		"allow_clients: \"claud\" is not known":                  {Presets: []string{"claud"}},
		"allow_redirect \"myapp://x/cb\": the scheme myapp://":   {Patterns: []string{"myapp://x/cb"}},
		"allow_redirect \"https://*.example.com/cb\": * stands":  {Patterns: []string{"https://*.example.com/cb"}},
		"allow_redirect \"https://example.com/c*\": * stands":    {Patterns: []string{"https://example.com/c*"}},
		"allow_redirect \"http://example.com/cb\": http is":      {Patterns: []string{"http://example.com/cb"}},
		"allow_redirect \"https://example.com/../cb\": its path": {Patterns: []string{"https://example.com/../cb"}},
	} {
		if _, err := newRedirectPolicy(policy); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
}

func TestAnotherPolicyEndsWhatWasRegistered(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	code := w.newBrowser().code(c).Get("code")
	tokens := w.tokens(c)
	w.config.Clients = ClientPolicy{Presets: []string{"vscode"}}
	strict := w.addNode()
	wantError(t, token(t, strict, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	wantError(t, token(t, strict, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
	w.server = strict
	wantPage(t, w.newBrowser().get(testIssuer+authorizePath+"?"+request(c).Encode()), http.StatusBadRequest)
	if !strings.Contains(w.log.String(), `allow_with="allow_redirect `+claudeURI+`"`) {
		t.Error("the log does not hold the line that would allow it")
	}
}

func TestResponseKeepsTheQueryOfTheRedirectURI(t *testing.T) {
	u, err := parseRedirectURI("http://localhost:5/cb?app=1&x=a%20b")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := u.with(url.Values{"code": {"c"}, "iss": {testIssuer}}),
		"http://localhost:5/cb?app=1&x=a%20b&code=c&iss=https%3A%2F%2Fmcp.example.com"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// checkOneReading fails when what is accepted reads otherwise to another parser.
func checkOneReading(t *testing.T, everything *redirectPolicy, raw string) {
	t.Helper()
	u, err := parseRedirectURI(raw)
	if err != nil {
		return
	}
	std, err := url.Parse(raw)
	if err != nil || std.Scheme != u.scheme || std.Port() != u.port || std.User != nil || std.Fragment != "" {
		t.Fatalf("net/url reads %q as %v (%v)", raw, std, err)
	}
	if host := strings.Trim(u.host, "[]"); std.Hostname() != host {
		t.Fatalf("net/url finds host %q in %q, we %q", std.Hostname(), raw, u.host)
	}
	if u.private() {
		return
	}
	browser, err := whatwg.Parse(raw)
	if err != nil || browser.Hostname() != u.host || browser.Scheme() != u.scheme || browser.Username() != "" || browser.Pathname() != u.path {
		t.Fatalf("a browser reads %q otherwise: %v", raw, err)
	}
	again, err := parseRedirectURI(u.normal())
	if err != nil || again.hash() != u.hash() {
		t.Fatalf("the normal form %q of %q is not stable: %v", u.normal(), raw, err)
	}
	location := u.with(url.Values{"code": {"c"}, "iss": {testIssuer}})
	sent, err := url.Parse(location)
	if err != nil || len(sent.Query()["code"]) != 1 || len(sent.Query()["iss"]) != 1 || sent.Host != std.Host {
		t.Fatalf("the response %q does not hold one code and one iss: %v", location, err)
	}
	if everything.allows(u) && u.scheme == "http" && !loopbackName(u.host) {
		t.Fatalf("http to %q is allowed", u.host)
	}
}

func everyClient(t testing.TB) *redirectPolicy {
	t.Helper()
	p, err := newRedirectPolicy(ClientPolicy{Any: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzRedirectURI checks that what is accepted reads the same to other parsers.
func FuzzRedirectURI(f *testing.F) {
	for _, raw := range slices.Concat(refusedRedirects, acceptedRedirects) {
		f.Add(raw)
	}
	f.Add("https://xn--mnchen-3ya.de/cb")
	f.Add("https://xn--0000000000000-07xodmmnnnnnnnnn.2-n.a") // from right to left beside a digit
	everything := everyClient(f)
	f.Fuzz(func(t *testing.T, raw string) { checkOneReading(t, everything, raw) })
}
