package caddymodule_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// backend is somebody else's server behind a gate, and remembers what reaches it.
type backend struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := new(backend)
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.seen = append(b.seen, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// taken returns what reached the backend since the last call.
func (b *backend) taken() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := b.seen
	b.seen = nil
	return seen
}

// behindGate is a site with a gate, which may have options, in front of the backend.
func (b *backend) behindGate(options string) string {
	return "entra_oauth\nhandle /mcp* {\nentra_auth {\n" + options + "\n}\nreverse_proxy " + b.URL + "\n}\n"
}

// Wherever a token stands, the backend gets none.
func TestAttack5_9_TokenReachesNoBackend(t *testing.T) {
	w, b := newWorld(t), newBackend(t)
	w.load(w.caddyfile("", b.behindGate("")))
	s := w.signIn(person.New("Ada Keller"))
	for name, tc := range map[string]struct {
		change func(r *http.Request)
		status int
	}{
		"as it should be":      {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.AccessToken) }, 200},
		"scheme in lower case": {func(r *http.Request) { r.Header.Set("Authorization", "bearer "+s.AccessToken) }, 200},
		"in the query":         {func(r *http.Request) { r.URL.RawQuery = "access_token=" + s.AccessToken }, 401},
		"in a cookie":          {func(r *http.Request) { r.Header.Set("Cookie", "access_token="+s.AccessToken) }, 401},
		"for a proxy":          {func(r *http.Request) { r.Header.Set("Proxy-Authorization", "Bearer "+s.AccessToken) }, 401},
		"twice":                {func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + s.AccessToken, "Bearer x"} }, 400},
		"twice, in two cases": {func(r *http.Request) {
			r.Header["Authorization"], r.Header["AUTHORIZATION"] = []string{"Bearer " + s.AccessToken}, []string{"Basic x"}
		}, 400},
		"as a list": {func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+s.AccessToken+", Bearer "+s.AccessToken)
		}, 401},
	} {
		req := w.request("POST", "/mcp", "{}")
		tc.change(req)
		if resp, body := w.do(req); resp.StatusCode != tc.status {
			t.Errorf("%s: %d %s, want %d", name, resp.StatusCode, body, tc.status)
		}
		seen := b.taken()
		if (len(seen) > 0) != (tc.status == http.StatusOK) {
			t.Errorf("%s: %d requests reached the backend", name, len(seen))
		}
		for _, r := range seen {
			if text := fmt.Sprint(r.URL, r.Header); strings.Contains(text, s.AccessToken) || r.Header.Get("Authorization") != "" {
				t.Errorf("%s: the backend got the token: %s", name, text)
			}
		}
	}
}

// Whatever spelling of an identity header a client sends, the backend sees only ours, also where the
// client declares it to be for one hop.
func TestAttack5_10_ForgedIdentityHeaders(t *testing.T) {
	w, b := newWorld(t), newBackend(t)
	w.load(w.caddyfile("", b.behindGate("header X-Forwarded-User {http.auth.user.username}\nheader X-Mcp-User {http.auth.user.id}")))
	s := w.signIn(person.New("Ben Okafor"))
	for _, forged := range []string{
		"X-Forwarded-User", "x-forwarded-user", "X-FORWARDED-USER", "x_forwarded_user", "X_Forwarded-User", "X-Forwarded_User", "X.Forwarded.User", "X-Mcp-User", "x_mcp_user",
	} {
		for _, connection := range []string{"", "X-Forwarded-User, X-Mcp-User", "x_forwarded_user", "close, x-mcp-user"} {
			req := w.request("POST", "/mcp", "{}", "Authorization", "Bearer "+s.AccessToken)
			req.Header[forged] = []string{"admin@contoso.example", "admin"}
			if connection != "" {
				req.Header.Set("Connection", connection)
			}
			resp, body := w.do(req)
			seen := b.taken()
			if resp.StatusCode != http.StatusOK || len(seen) != 1 {
				t.Fatalf("%s: %d %s, %d requests at the backend", forged, resp.StatusCode, body, len(seen))
			}
			h := seen[0].Header
			if got := h.Values("X-Forwarded-User"); len(got) != 1 || got[0] != "ben.okafor@contoso.example" {
				t.Errorf("%s, Connection %q: X-Forwarded-User is %q", forged, connection, got)
			}
			if got := h.Values("X-Mcp-User"); len(got) != 1 || !strings.HasSuffix(got[0], "/9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02") {
				t.Errorf("%s, Connection %q: X-Mcp-User is %q", forged, connection, got)
			}
			if text := fmt.Sprint(h); strings.Contains(text, "admin") {
				t.Errorf("%s, Connection %q: what was forged came through: %s", forged, connection, text)
			}
		}
	}
}

// No spelling of the path, no method and no header that names another path or caller gets a request
// without a token to the backend.
func TestAttack5_11_NothingReachesABackend(t *testing.T) {
	w, b := newWorld(t), newBackend(t)
	w.load(w.caddyfile("", b.behindGate("")))
	headers := [][]string{
		nil, {"X-Original-Url", "/public"}, {"X-Rewrite-Url", "/public"}, {"X-Forwarded-Uri", "/public"}, {"X-Forwarded-Method", "OPTIONS"},
		{"X-Http-Method-Override", "OPTIONS"}, {"X-Forwarded-For", "127.0.0.1"}, {"X-Real-Ip", "127.0.0.1"}, {"X-Forwarded-User", "admin"},
		{"User-Agent", "kube-probe/1.30"}, {"User-Agent", "GoogleHC/1.0"}, {"Connection", "Upgrade", "Upgrade", "websocket", "Sec-Websocket-Version", "13", "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
		{"Connection", "Authorization"}, {"Accept", "text/event-stream"}, {"Content-Type", "application/grpc"}, {"Access-Control-Request-Method", "POST"},
	}
	paths := slices.Concat(mcpPaths, otherPaths, []string{"/mcp/.well-known/oauth-protected-resource", "/mcp/health", "/mcp?x=/.well-known/x", "/mcp%2f", "/mcp%23/.well-known", "/%2e/mcp", "/mcp/..;/x", "/mcp\\x", "/mcp."})
	for _, method := range slices.Concat(methods, []string{"post", "PROPFIND"}) {
		for _, path := range paths {
			for _, set := range headers {
				req := w.request(method, "/", "{}", set...)
				req.URL.Opaque = "//" + req.URL.Host + path // as it is written here
				resp, body := w.do(req)
				if seen := b.taken(); len(seen) > 0 {
					t.Errorf("%s %s %v: %d %s reached the backend as %s", method, path, set, resp.StatusCode, body, seen[0].URL)
				}
				if strings.HasPrefix(path, "/mcp/") && resp.StatusCode < 400 && resp.StatusCode != http.StatusNoContent {
					t.Errorf("%s %s %v: %d %s", method, path, set, resp.StatusCode, body)
				}
			}
		}
	}
}

// TestWhoComesInByARule: other applications, guests and roles, through the whole chain.
func TestWhoComesInByARule(t *testing.T) {
	const nightReport = "6b1d2f80-35c7-4e19-9a42-8d07c3e5f614"
	w, b := newWorld(t), newBackend(t)
	entra := w.sandbox.Entra
	people := entrasandbox.DemoPeople()
	mint := func(who entrasandbox.Person, changes map[string]any) string {
		claims := entra.AccessClaims(who, "access_as_user")
		maps.Copy(claims, changes)
		for name, value := range claims {
			if value == nil {
				delete(claims, name)
			}
		}
		return entra.Mint(claims)
	}
	vscode := mint(people[1], map[string]any{"azp": "aebc6443-996d-45c2-90f0-388ff96faa56"})
	v1 := mint(people[1], map[string]any{"ver": "1.0", "iss": entra.IssuerV1(), "aud": "api://" + entrasandbox.DemoClientID, "azp": nil, "appid": nightReport})
	daemon := mint(people[2], map[string]any{"azp": nightReport, "scp": nil, "idtyp": "app", "roles": []string{"Report"}})
	guest := mint(people[3], map[string]any{"azp": nightReport})
	for name, tc := range map[string]struct {
		options, token string
		status         int
		assistant      string
	}{
		"VS Code by default":         {"", vscode, 401, ""},
		"VS Code by the preset":      {"allow_application vscode", vscode, 200, "Visual Studio Code"},
		"by its id":                  {"allow_application AEBC6443-996d-45c2-90f0-388ff96faa56 Editor", vscode, 200, "Editor"},
		"another one's rule":         {"allow_application " + nightReport, vscode, 401, ""},
		"v1, App ID URI":             {"allow_application " + nightReport, v1, 200, nightReport},
		"another scope":              {"allow_application vscode {\nscope other\n}", vscode, 403, ""},
		"app-only":                   {"allow_application " + nightReport, daemon, 403, ""},
		"app-only by the rule":       {"allow_application " + nightReport + " Report {\napp_only\n}", daemon, 200, "Report"},
		"app-only, another role":     {"allow_application " + nightReport + " {\napp_only\nrole Admin\n}", daemon, 403, ""},
		"a guest":                    {"allow_application " + nightReport, guest, 403, ""},
		"a guest by the rule":        {"allow_application " + nightReport + "\nallow_guests", guest, 200, nightReport},
		"a role that is missing":     {"allow_application vscode\nrequire_role Atlassian.Admin", vscode, 403, ""},
		"a role that is there":       {"allow_application vscode\nrequire_role Atlassian.Admin Atlassian.Writer", vscode, 200, "Visual Studio Code"},
		"app-only, the gate's role":  {"allow_application " + nightReport + " {\napp_only\n}\nrequire_role Atlassian.Writer", daemon, 403, ""},
		"a guest without the role":   {"allow_application " + nightReport + "\nallow_guests\nrequire_role Atlassian.Writer", guest, 403, ""},
		"twice, and the first as is": {"allow_application " + nightReport + "\nallow_application vscode", vscode, 200, "Visual Studio Code"},
	} {
		t.Run(name, func(t *testing.T) {
			w.load(w.caddyfile("", b.behindGate("header X-Assistant {http.auth.user.assistant}\n"+tc.options)))
			resp, body := w.mcp(tc.token, "{}")
			seen := b.taken()
			if resp.StatusCode != tc.status || (len(seen) > 0) != (tc.status == http.StatusOK) {
				t.Fatalf("%d %s, want %d", resp.StatusCode, body, tc.status)
			}
			if len(seen) > 0 && seen[0].Header.Get("X-Assistant") != tc.assistant {
				t.Errorf("the assistant is called %q, want %q", seen[0].Header.Get("X-Assistant"), tc.assistant)
			}
			challenge := resp.Header.Get("WWW-Authenticate")
			if tc.status == http.StatusForbidden && challenge != "" {
				t.Errorf("a challenge, upon which clients start a sign-in: %q", challenge)
			}
		})
	}
}

// TestWrongRulesSayWhatToChange: what would let in more people than the operator meant does not load.
func TestWrongRulesSayWhatToChange(t *testing.T) {
	setEnvironment(t, nil)
	t.Setenv("EMPTY", "")
	const id = "6b1d2f80-35c7-4e19-9a42-8d07c3e5f614"
	for options, want := range map[string]string{
		"allow_application claude":                                      "GUID",
		"allow_application " + complete["ENTRA_ID_CLIENT_ID"]:           "own application",
		"allow_application " + id + "\nallow_application " + id:         "given twice",
		"allow_application {env.NOT_SET_ANYWHERE}":                      "NOT_SET_ANYWHERE",
		"allow_application " + id + " {\nrole Reader\n}":                "app_only",
		"allow_application " + id + " {\napp_only\nrole {env.EMPTY}\n}": "role",
		"require_role {env.EMPTY}":                                      "require_role",
	} {
		err := validate(t, "", "entra_auth {\n"+options+"\n}\nrespond x")
		wantError(t, options, err, "entra_auth", want)
	}
}
