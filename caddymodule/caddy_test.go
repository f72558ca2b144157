package caddymodule_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// world is a real Caddy in this process with the stand-ins around it.
type world struct {
	t       *testing.T
	base    string // origin of the MCP server
	port    int
	admin   string
	dir     string
	sandbox *sandbox.Sandbox
	client  *http.Client

	// upstream counts what reaches Jira and Confluence; slow holds their answers back.
	upstream atomic.Int32
	slow     atomic.Pointer[chan struct{}]
}

// newWorld starts the stand-ins and sets the environment. load starts Caddy.
func newWorld(t *testing.T, changes ...func(*sandbox.Config)) *world {
	t.Helper()
	w := &world{t: t, port: freePort(t), dir: t.TempDir(), client: noRedirects}
	w.base = fmt.Sprintf("http://localhost:%d", w.port)
	w.admin = fmt.Sprintf("localhost:%d", freePort(t))
	c := sandbox.Config{RedirectURI: w.base + "/oauth/callback"}
	for _, change := range changes {
		change(&c)
	}
	s, err := sandbox.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w.sandbox = s
	for _, setting := range s.Environment() {
		t.Setenv(setting.Name, setting.Value)
	}
	t.Setenv("JIRA_URL", w.counting(s.Jira))
	t.Setenv("CONFLUENCE_URL", w.counting(s.Confluence)+"/wiki")
	return w
}

// counting puts a server in front of a stand-in that counts and can hold answers back.
func (w *world) counting(next http.Handler) string {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.upstream.Add(1)
		if wait := w.slow.Load(); wait != nil {
			select {
			case <-*wait:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(server.Close)
	return server.URL
}

// freePort returns a port below those that the system gives to connections: one of them may be
// taken again before Caddy listens.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10000 + rand.N(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// route is the usual content of a site.
const route = `
	entra_oauth
	@mcp path /mcp /mcp/*
	handle @mcp {
		entra_auth
		atlassian_mcp
	}
`

// caddyfile is a whole configuration with this site in it.
func (w *world) caddyfile(global, site string) string {
	return fmt.Sprintf(`{
	admin %s
	persist_config off
	auto_https off
	storage file_system %s
	log {
		output file %s
		format json
		level DEBUG
	}
	%s
}
http://localhost:%d, http://127.0.0.1:%[5]d {
	bind 127.0.0.1
	log
	%[6]s
}
`, w.admin, filepath.Join(w.dir, "storage"), w.logFile(), global, w.port, site)
}

func (w *world) logFile() string { return filepath.Join(w.dir, "log.json") }

func (w *world) log() string {
	raw, err := os.ReadFile(w.logFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(raw)
}

func adapt(config string) ([]byte, error) {
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	return adapted, err
}

// load starts Caddy with this configuration, and ends what ran before.
func (w *world) load(config string) {
	w.t.Helper()
	if err := caddy.Stop(); err != nil {
		w.t.Fatal(err)
	}
	w.reload(config)
}

// reload does what `caddy reload` does, and waits until the old listener is gone: connections that
// it had not accepted yet are reset.
func (w *world) reload(config string) {
	w.t.Helper()
	defer time.Sleep(200 * time.Millisecond)
	adapted, err := adapt(config)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := caddy.Load(adapted, true); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = caddy.Stop() })
}

// do sends a request and returns the answer with its body read.
func (w *world) do(req *http.Request) (*http.Response, string) {
	w.t.Helper()
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(body)
}

// noRedirects opens a connection for each request, since a reload closes idle ones.
var noRedirects = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       90 * time.Second,
}

func (w *world) request(method, path, body string, headers ...string) *http.Request {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

// signedIn is what an assistant has after a sign-in, and what passed through its hands.
type signedIn struct {
	ClientID     string `json:"client_id"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Code, State  string
}

const redirectURI = "http://127.0.0.1:33418/callback"

// signIn does by hand what an assistant does.
func (w *world) signIn(who *person.Person) signedIn { return w.signInFor(who, w.base+"/mcp") }

// signInFor signs in for a token that opens this resource.
func (w *world) signInFor(who *person.Person, resource string) signedIn {
	w.t.Helper()
	return w.signInThrough("Test", who, resource)
}

// signInThrough signs in through an assistant of this name.
func (w *world) signInThrough(assistant string, who *person.Person, resource string) signedIn {
	w.t.Helper()
	var s signedIn
	resp, body := w.do(w.request("POST", "/oauth/register", `{"client_name":"`+assistant+`","redirect_uris":["`+redirectURI+`"]}`, "Content-Type", "application/json"))
	if resp.StatusCode != http.StatusCreated {
		w.t.Fatalf("register: %d %s", resp.StatusCode, body)
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		w.t.Fatal(err)
	}
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	s.State = "state-of-the-assistant-0123456789"
	authorize := w.base + "/oauth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {s.ClientID}, "redirect_uri": {redirectURI}, "state": {s.State},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"resource": {resource}, "scope": {"access_as_user offline_access"},
	}.Encode()
	back, err := who.Follow(w.t.Context(), authorize, redirectURI)
	if err != nil {
		w.t.Fatal(err)
	}
	s.Code = back.Query().Get("code")
	form := url.Values{"grant_type": {"authorization_code"}, "code": {s.Code}, "redirect_uri": {redirectURI}, "client_id": {s.ClientID}, "code_verifier": {verifier}}
	resp, body = w.do(w.request("POST", "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("token: %d %s (redirected to %s)", resp.StatusCode, body, back.Redacted())
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// message is a JSON-RPC request of the oldest protocol that is still spoken: it needs no handshake.
func message(method, params string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
}

func (w *world) mcp(token, body string) (*http.Response, string) {
	w.t.Helper()
	return w.do(w.mcpRequest(w.t.Context(), token, body))
}

func (w *world) mcpRequest(ctx context.Context, token, body string) *http.Request {
	return w.request("POST", "/mcp", body, "Content-Type", "application/json", "Accept", "application/json, text/event-stream",
		"Authorization", "Bearer "+token, "Mcp-Protocol-Version", "2025-06-18").WithContext(ctx)
}

var getIssue = message("tools/call", `{"name":"jira_get_issue","arguments":{"issue_key":"PLAT-1"}}`)

func TestWholeChain(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	s := w.signIn(person.New("Ada Keller"))
	resp, body := w.mcp(s.AccessToken, getIssue)
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "PLAT-1") || w.upstream.Load() == 0 {
		t.Errorf("tools/call: %d %s", resp.StatusCode, body)
	}
}

func TestPlaceholdersAndAccessLogNameThePerson(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", `
	entra_oauth
	handle /mcp {
		entra_auth
		respond "{http.auth.user.id} {http.auth.user.name} {http.auth.user.assistant} {http.request.header.Authorization}"
	}`))
	s := w.signIn(person.New("Ben Okafor"))
	_, body := w.mcp(s.AccessToken, "{}")
	if want := "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02 Ben Okafor Test "; body != want {
		t.Errorf("body %q, want %q", body, want)
	}
	if !strings.Contains(w.log(), `"user_id":"5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02"`) {
		t.Error("the access log does not name the person")
	}
}

// A sign-in and a call at debug level leave no secret in the logs, the adapted and the running
// configuration, the metrics, and the storage.
func TestAttack8_5_SecretsAreNeverPrinted(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile(`entra {
		client_secret {env.ENTRA_ID_CLIENT_SECRET}
	}`, strings.Replace(route, "atlassian_mcp", `atlassian_mcp {
			jira {env.JIRA_URL} {
				username {env.JIRA_USERNAME}
				token {env.JIRA_PERSONAL_TOKEN}
			}
		}`, 1))
	adapted, err := adapt(config)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(adapted, []byte("{env.ENTRA_ID_CLIENT_SECRET}")) || !bytes.Contains(adapted, []byte("{env.JIRA_PERSONAL_TOKEN}")) {
		t.Errorf("the adapted configuration lacks the placeholders: %s", adapted)
	}
	w.load(config)
	s := w.signIn(person.New("Ada Keller"))
	if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Fatalf("tools/call: %d %s", resp.StatusCode, body)
	}
	atEntra, exchange := w.sandbox.Entra.Last(entrasandbox.Authorize), w.sandbox.Entra.Last(entrasandbox.Token)
	var second signedIn
	for _, form := range []url.Values{
		{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}, "client_id": {s.ClientID}},
		{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}, "client_id": {s.ClientID}, "client_secret": {"a-secret-that-is-wrong"}},
		{"grant_type": {"authorization_code"}, "code": {s.Code}, "client_id": {s.ClientID}, "redirect_uri": {redirectURI}, "code_verifier": {strings.Repeat("v", 43)}},
	} {
		resp, body := w.do(w.request("POST", "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Cookie", "session=a-cookie-of-the-site"))
		if err := json.Unmarshal([]byte(body), &second); resp.StatusCode >= 500 || err != nil {
			t.Fatalf("token: %d %s", resp.StatusCode, body)
		}
	}
	w.do(w.request("GET", "/oauth/callback?state="+atEntra.Get("state")+"&code=another-code-of-entras", ""))
	admin := func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.admin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, body := w.do(req)
		return body
	}
	places := map[string]string{
		"log": w.log(), "adapted configuration": string(adapted), "running configuration": admin("/config/"), "metrics": admin("/metrics"),
		"storage": dump(t, filepath.Join(w.dir, "storage")),
	}
	secrets := map[string]string{
		"client secret": sandbox.ClientSecret, "Jira token": sandbox.JiraToken, "Confluence token": sandbox.ConfluenceToken,
		"access token": s.AccessToken, "refresh token": s.RefreshToken, "code": s.Code, "state": s.State, "verifier": strings.Repeat("v", 43),
		"second access token": second.AccessToken, "second refresh token": second.RefreshToken, "wrong secret": "a-secret-that-is-wrong", "cookie": "a-cookie-of-the-site",
		"state at Entra": atEntra.Get("state"), "nonce": atEntra.Get("nonce"), "code of Entra's": exchange.Get("code"), "verifier at Entra": exchange.Get("code_verifier"),
		"forged code": "another-code-of-entras", "refresh token of Entra's": w.sandbox.Entra.Last(entrasandbox.Token).Get("refresh_token"),
	}
	for where, text := range places {
		if text == "" {
			t.Errorf("nothing in the %s", where)
		}
		for what, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) {
				t.Errorf("the %s is in the %s, or there is none", what, where)
			}
		}
	}
	for _, path := range []string{"/oauth/authorize", "/oauth/callback"} {
		if strings.Contains(w.log(), `"uri":"`+path) {
			t.Errorf("%s is in the access log", path)
		}
	}
	if !strings.Contains(w.log(), `"uri":"/oauth/token"`) || !strings.Contains(w.log(), `"msg":"signed in"`) {
		t.Error("the log lacks the access record of the token endpoint or the record of the sign-in")
	}
}

func dump(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all.WriteString(path + "\n" + string(raw) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func endpoint(name string) entrasandbox.Endpoint { return entrasandbox.Endpoint(name) }
