package caddymodule_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// siteWide are directives that operators have beside ours, and that must neither swallow nor open
// anything.
func siteWide(t *testing.T, dir string) map[string]string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("INDEX"), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"alone":             route,
		"try_files":         "root " + dir + "\ntry_files {path} /index.html\nfile_server\n" + route,
		"basic_auth":        "basic_auth {\nuser " + string(hash) + "\n}\n" + route,
		"entra_auth":        "entra_auth\n" + route,
		"encode":            "encode gzip\n" + route,
		"redir":             "redir /old /new\n" + route,
		"catch-all handle":  route + "\nhandle {\nrespond INDEX\n}\n",
		"catch-all respond": route + "\nrespond INDEX\n",
		"rewrite":           "rewrite /elsewhere /mcp\n" + route,
		"strip_prefix":      "uri strip_prefix /prefix\n" + route,
		"header":            "request_header X-Forwarded-User admin\nheader X-Test yes\n" + route,
	}
}

var (
	mcpPaths   = []string{"/mcp", "/mcp/", "/MCP", "//mcp", "/mcp/x", "/%6dcp", "/./mcp", "/mcp/../mcp", "/mcp?access_token=x"}
	otherPaths = []string{"/mcp;x", "/mcp%00", "/elsewhere", "/prefix/mcp", "/mcpx"}
	methods    = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
)

// On every method and every spelling of the path, beside every
// site-wide directive, a request without a token is answered with 401 and reaches nothing.
func TestAttack5_11_NoTokenNoEntry(t *testing.T) {
	w := newWorld(t)
	for name, site := range siteWide(t, w.dir) {
		t.Run(name, func(t *testing.T) {
			w.load(w.caddyfile("", site))
			for _, headers := range [][]string{nil, {"Authorization", "Basic dXNlcjpwYXNzd29yZA=="}} {
				for _, method := range methods {
					for _, path := range mcpPaths {
						resp, body := w.do(w.request(method, path, "", headers...))
						if resp.StatusCode != http.StatusUnauthorized {
							t.Errorf("%s %s %v: %d %s, want 401", method, path, headers, resp.StatusCode, body)
						}
					}
					for _, path := range otherPaths {
						resp, body := w.do(w.request(method, path, getIssue, headers...))
						if strings.Contains(body, "jsonrpc") {
							t.Errorf("%s %s: %d reached the MCP server: %s", method, path, resp.StatusCode, body)
						}
					}
				}
			}
			if n := w.upstream.Load(); n != 0 {
				t.Errorf("%d requests reached Atlassian", n)
			}
		})
	}
}

// TestSinglePageApplication: a site-wide try_files takes the MCP route away from nobody.
func TestSinglePageApplication(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", siteWide(t, w.dir)["try_files"]))
	s := w.signIn(person.New("Ada Keller"))
	if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK || !strings.Contains(body, "PLAT-1") {
		t.Errorf("tools/call: %d %s", resp.StatusCode, body)
	}
	if _, body := w.do(w.request("GET", "/some/page/of/the/app", "")); body != "INDEX" {
		t.Errorf("the application: %q", body)
	}
}

// TestOAuthRoutesAreNeverSwallowed: nothing site-wide stands between an assistant and the routes
// that it needs before it has a token.
func TestOAuthRoutesAreNeverSwallowed(t *testing.T) {
	w := newWorld(t)
	for name, site := range siteWide(t, w.dir) {
		t.Run(name, func(t *testing.T) {
			w.load(w.caddyfile("", site))
			for _, path := range []string{
				"/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/mcp", "/.well-known/openid-configuration",
				"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp",
			} {
				resp, body := w.do(w.request("GET", path, ""))
				if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") || !strings.Contains(body, w.base) {
					t.Errorf("%s: %d %s %s", path, resp.StatusCode, resp.Header.Get("Content-Type"), body)
				}
			}
			resp, body := w.do(w.request("POST", "/oauth/register", `{"redirect_uris":["`+redirectURI+`"]}`, "Content-Type", "application/json"))
			if resp.StatusCode != http.StatusCreated {
				t.Errorf("register: %d %s", resp.StatusCode, body)
			}
		})
	}
}

func TestPreflightNeedsNoToken(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	resp, _ := w.do(w.request("OPTIONS", "/mcp", "", "Origin", "http://localhost:6274", "Access-Control-Request-Method", "POST"))
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get("Access-Control-Allow-Origin") != "http://localhost:6274" {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}
	resp, _ = w.do(w.request("OPTIONS", "/mcp", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"))
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("preflight from a foreign origin: %d, want 403", resp.StatusCode)
	}
}

// Forged and foreign tokens through the whole chain.
func TestAttack5_3_WrongTokensThroughTheWholeChain(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	entra := w.sandbox.Entra
	ada := entrasandbox.DemoPeople()[0]
	with := func(changes map[string]any) map[string]any {
		claims := entra.AccessClaims(ada, "access_as_user")
		maps.Copy(claims, changes)
		return claims
	}
	other := "00000000-1111-4222-8333-444455556666"
	for name, token := range map[string]string{
		"audience of Graph":           entra.Mint(with(map[string]any{"aud": "00000003-0000-0000-c000-000000000000"})),
		"another application's":       entra.Mint(with(map[string]any{"aud": other})),
		"another tenant":              entra.Mint(with(map[string]any{"tid": other})),
		"another issuer":              entra.Mint(with(map[string]any{"iss": "https://login.microsoftonline.com/" + other + "/v2.0"})),
		"expired":                     entra.Mint(with(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})),
		"not yet valid":               entra.Mint(with(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})),
		"ID token with roles":         entra.Mint(entra.IDClaims(ada, "nonce", true)),
		"issued to a foreign client":  entra.Mint(with(map[string]any{"azp": other})),
		"without issuance record":     entra.Mint(with(nil)),
		"v1 without issuance record":  entra.Mint(with(map[string]any{"ver": "1.0", "iss": entra.IssuerV1(), "appid": entrasandbox.DemoClientID, "azp": nil})),
		"algorithm none":              entra.Mint(with(nil), entrasandbox.Alg("none")),
		"algorithm HS256":             entra.Mint(with(nil), entrasandbox.Alg("HS256")),
		"signed by somebody else":     entra.Mint(with(nil), entrasandbox.Stranger()),
		"an opaque string":            "mcp-0123456789",
		"three dots":                  "a.b.c",
		"a JWE":                       "a.b.c.d.e",
		"very long":                   strings.Repeat("a", 8<<10),
		"the refresh token of nobody": "mcprt_" + strings.Repeat("A", 64),
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range methods {
				req := w.request(method, "/mcp", getIssue, "Authorization", "Bearer "+token, "Content-Type", "application/json", "Accept", "application/json, text/event-stream")
				resp, body := w.do(req)
				if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(resp.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
					t.Errorf("%s: %d %q %s", method, resp.StatusCode, resp.Header.Get("WWW-Authenticate"), body)
				}
			}
		})
	}
	if n := w.upstream.Load(); n != 0 {
		t.Errorf("%d requests reached Atlassian", n)
	}
	s := w.signIn(person.New("Ada Keller"))
	for _, wrong := range []string{s.RefreshToken, s.Code, s.ClientID} {
		if resp, _ := w.mcp(wrong, getIssue); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("something else of a real sign-in opens the gate: %d", resp.StatusCode)
		}
	}
	if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("the right token: %d %s", resp.StatusCode, body)
	}
}

// TestNoPrincipalNoEntry: atlassian_mcp believes nothing but the gate, not even another
// authentication that Caddy has accepted.
func TestNoPrincipalNoEntry(t *testing.T) {
	w := newWorld(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, site := range map[string]string{
		"no gate":    "entra_oauth\natlassian_mcp",
		"basic_auth": fmt.Sprintf("entra_oauth\nbasic_auth {\nuser %s\n}\natlassian_mcp", hash),
		"vars":       "vars http.auth.user.id admin\natlassian_mcp",
	} {
		t.Run(name, func(t *testing.T) {
			w.load(w.caddyfile("", site))
			for _, method := range methods {
				req := w.request(method, "/mcp", getIssue, "Content-Type", "application/json", "Accept", "application/json, text/event-stream", "X-Forwarded-User", "admin")
				req.SetBasicAuth("user", "password")
				if resp, body := w.do(req); resp.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s: %d %s, want 401", method, resp.StatusCode, body)
				}
			}
		})
	}
	if n := w.upstream.Load(); n != 0 {
		t.Errorf("%d requests reached Atlassian", n)
	}
}

// TestGateOfAnotherAddressIs500: a gate that does not fit the address protects nothing, so nothing
// passes it.
func TestGateOfAnotherAddressIs500(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", strings.ReplaceAll(route, "entra_auth", "entra_auth resource /other")))
	s := struct{ token string }{w.sandbox.Entra.Mint(w.sandbox.Entra.AccessClaims(entrasandbox.DemoPeople()[0], "access_as_user"))}
	resp, _ := w.mcp(s.token, getIssue)
	if resp.StatusCode != http.StatusInternalServerError || w.upstream.Load() != 0 {
		t.Errorf("status %d, %d requests upstream; want 500 and none", resp.StatusCode, w.upstream.Load())
	}
	if !strings.Contains(w.log(), "entra_auth resource") {
		t.Error("the log does not say which line to write")
	}
}

// A token for one resource does not open another, and each has metadata of its own.
func TestAttack5_17_TwoGates(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route+`
	handle /other {
		entra_auth resource /other
		respond "other"
	}`))
	s := w.signIn(person.New("Ada Keller"))
	if resp, _ := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Fatalf("at its own gate: %d", resp.StatusCode)
	}
	resp, body := w.do(w.request("GET", "/other", "", "Authorization", "Bearer "+s.AccessToken))
	if resp.StatusCode != http.StatusUnauthorized || strings.Contains(body, "other\n") {
		t.Errorf("at the other gate: %d %s, want 401", resp.StatusCode, body)
	}
	for path, want := range map[string]int{"/mcp": 200, "/other": 200, "/third": 404} {
		if resp, _ := w.do(w.request("GET", "/.well-known/oauth-protected-resource"+path, "")); resp.StatusCode != want {
			t.Errorf("metadata of %s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}
