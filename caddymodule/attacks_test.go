package caddymodule_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

const registrationBody = `{"client_name":"Test","redirect_uris":["` + redirectURI + `"]}`

func (w *world) register(headers ...string) (*http.Response, string) {
	w.t.Helper()
	return w.do(w.request("POST", "/oauth/register", registrationBody, append(headers, "Content-Type", "application/json")...))
}

// authorizePath is the path and query of a good authorization request.
func authorizePath(t *testing.T, registered string, resource string) string {
	t.Helper()
	var c struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal([]byte(registered), &c); err != nil || c.ID == "" {
		t.Fatalf("registration: %v in %s", err, registered)
	}
	return "/oauth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {redirectURI}, "state": {"client-state"}, "resource": {resource},
		"code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
	}.Encode()
}

// Headers of a request that name another host change nothing that is handed out: a cache in front
// would hand it to everybody.
func TestAttack8_1_PoisonedHeaders(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	_, registered := w.register()
	authorize := authorizePath(t, registered, w.base+"/mcp")
	// What differs from one answer to the next whatever the request.
	changing := regexp.MustCompile(`"client_id(_issued_at)?":[^,]*|name="transaction" value="[^"]*"`)
	look := func(method, path, body string, headers ...string) string {
		headers = append(headers, "Content-Type", "application/json")
		resp, text := w.do(w.request(method, path, body, headers...))
		return fmt.Sprint(resp.StatusCode, resp.Header.Get("WWW-Authenticate"), resp.Header.Get("Location"), resp.Header.Get("Vary"), changing.ReplaceAllString(text, ""))
	}
	for _, target := range []struct{ method, path, body string }{
		{"GET", "/.well-known/oauth-authorization-server", ""}, {"GET", "/.well-known/openid-configuration", ""},
		{"GET", "/.well-known/oauth-protected-resource", ""}, {"GET", "/.well-known/oauth-protected-resource/mcp", ""},
		{"POST", "/oauth/register", registrationBody}, {"GET", authorize, ""}, {"GET", authorize + "&response_mode=x", ""}, {"POST", "/mcp", getIssue},
	} {
		want := look(target.method, target.path, target.body)
		if !strings.HasPrefix(want, "2") && !strings.Contains(want, w.base) && !strings.Contains(want, redirectURI) {
			t.Fatalf("%s %s: %s", target.method, target.path, want)
		}
		for _, header := range [][2]string{
			{"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Prefix", "/evil"}, {"X-Forwarded-Port", "444"},
			{"Forwarded", "host=evil.example;proto=https"}, {"X-Original-Url", "/evil"}, {"X-Rewrite-Url", "/evil"}, {"X-Host", "evil.example"},
			{"X-Forwarded-Server", "evil.example"}, {"X-Http-Method-Override", "DELETE"}, {"Via", "1.1 evil.example"},
		} {
			if got := look(target.method, target.path, target.body, header[0], header[1]); got != want {
				t.Errorf("%s changes %s %s from %.300s to %.300s", header[0], target.method, target.path, want, got)
			}
		}
	}
}

// What is meant for one caller is never kept by anybody on the way; what is public is, shortly.
func TestAttack8_2_CachedAnswers(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	s := w.signIn(person.New("Ada Keller"))
	_, registered := w.register()
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	authorize := authorizePath(t, registered, w.base+"/mcp")
	for name, req := range map[string]*http.Request{
		"registration":       w.request("POST", "/oauth/register", registrationBody, "Content-Type", "application/json"),
		"bad registration":   w.request("POST", "/oauth/register", "{}", "Content-Type", "application/json"),
		"consent page":       w.request("GET", authorize, ""),
		"error at authorize": w.request("GET", authorize+"&response_mode=x", ""),
		"consent form":       w.request("POST", "/oauth/authorize", "decision=approve", form...),
		"callback":           w.request("GET", "/oauth/callback?state=x", ""),
		"token":              w.request("POST", "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}, "client_id": {s.ClientID}}.Encode(), form...),
		"bad token request":  w.request("POST", "/oauth/token", "", form...),
		"wrong method":       w.request("GET", "/oauth/token", ""),
		"no token":           w.request("POST", "/mcp", getIssue),
		"tool call":          w.mcpRequest(t.Context(), s.AccessToken, getIssue),
	} {
		resp, body := w.do(req)
		want := "no-store"
		if name == "tool call" { // a stream, as the MCP SDK marks it; the answer to a POST is kept by nobody
			want = "no-cache, no-transform"
		}
		if got := resp.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control is %q, status %d: %.200s", name, got, resp.StatusCode, body)
		}
		if name == "token" && (resp.StatusCode != http.StatusOK || resp.Header.Get("Pragma") != "no-cache") {
			t.Errorf("token: %d %v", resp.StatusCode, resp.Header)
		}
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/mcp", "/oauth/jwks"} {
		resp, _ := w.do(w.request("GET", path, ""))
		if got := resp.Header.Get("Cache-Control"); got != "public, max-age=300" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
}

// A second request hidden in the body of one that the gate admits must not reach what is behind it.
func TestAttack8_4_RequestSmuggling(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	var reached []string
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		reached = append(reached, r.URL.Path)
	}))
	defer backend.Close()
	w.load(w.caddyfile("", "entra_oauth\nhandle /mcp* {\nentra_auth\nreverse_proxy "+backend.URL+"\n}\n"))
	s := w.signIn(person.New("Ada Keller"))
	host := strings.TrimPrefix(w.base, "http://")
	hidden := "GET /mcp/hidden HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	chunked := "0\r\n\r\n" + hidden
	for name, tc := range map[string]struct{ headers, body string }{
		"length before chunked":      {fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", len(chunked)), chunked},
		"chunked before length":      {fmt.Sprintf("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", len(chunked)), chunked},
		"two lengths":                {fmt.Sprintf("Content-Length: 0\r\nContent-Length: %d\r\n", len(hidden)), hidden},
		"a list of lengths":          {fmt.Sprintf("Content-Length: 0, %d\r\n", len(hidden)), hidden},
		"a length with a sign":       {fmt.Sprintf("Content-Length: +%d\r\n", len(hidden)), hidden},
		"chunked with a tab":         {"Transfer-Encoding:\tchunked\r\n", chunked},
		"chunked twice":              {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunked},
		"chunked and identity":       {"Transfer-Encoding: chunked, identity\r\n", chunked},
		"unknown coding":             {"Transfer-Encoding: xchunked\r\n", chunked},
		"a space before the colon":   {fmt.Sprintf("Content-Length : %d\r\n", len(hidden)), hidden},
		"a folded header":            {fmt.Sprintf("X: y\r\n Content-Length: %d\r\n", len(hidden)), hidden},
		"line feeds alone":           {fmt.Sprintf("X: y\nContent-Length: %d\n", len(hidden)), hidden},
		"a chunk size with an alien": {"Transfer-Encoding: chunked\r\n", "0;\n\r\n" + hidden},
		"a negative chunk":           {"Transfer-Encoding: chunked\r\n", "-1\r\n\r\n" + hidden},
		"a request in the request":   {"Connection: keep-alive\r\n", hidden},
		"upgrade to h2c":             {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", hidden},
	} {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n%s", host, s.AccessToken, tc.headers, tc.body)
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		var statuses []int
		for r := bufio.NewReader(conn); ; {
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				break
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			statuses = append(statuses, resp.StatusCode)
			_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)) // for an answer to what was hidden
		}
		conn.Close()
		if len(statuses) == 0 || len(statuses) > 2 || len(statuses) == 2 && statuses[1] != http.StatusUnauthorized && statuses[1] != http.StatusBadRequest {
			t.Errorf("%s: answers %v", name, statuses)
		}
		mu.Lock()
		for _, path := range reached {
			if path != "/mcp" {
				t.Errorf("%s: %s reached the backend", name, path)
			}
		}
		mu.Unlock()
	}
	if len(reached) == 0 {
		t.Error("nothing at all reached the backend")
	}
}

// What clients choose never becomes the name of a time series.
func TestAttack8_6_MetricsExplosion(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("metrics\nentra {\nrate_limit {\nregister off\nauthorize off\n}\n}", route))
	series := func() map[string]bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.admin+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := w.do(req)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("metrics: %d %s", resp.StatusCode, body)
		}
		found := map[string]bool{}
		for line := range strings.Lines(body) {
			if name, _, ok := strings.Cut(line, "} "); ok && !strings.HasPrefix(line, "#") {
				found[name] = true
			}
		}
		return found
	}
	use := func(client int) {
		name := fmt.Sprintf("client-%d", client)
		resp, body := w.do(w.request("POST", "/oauth/register", `{"client_name":"`+name+`","redirect_uris":["http://localhost/`+name+`"]}`, "Content-Type", "application/json", "User-Agent", name, "Origin", "https://"+name+".example"))
		if resp.StatusCode != http.StatusCreated {
			t.Fatalf("register: %d %s", resp.StatusCode, body)
		}
		if client%10 == 0 {
			w.do(w.request("GET", "/oauth/authorize?client_id="+name+"&resource="+name, ""))
			w.do(w.request("GET", "/.well-known/oauth-protected-resource/"+name, ""))
			w.mcp(name, message(name, "{}"))
		}
	}
	use(0)
	series() // which counts itself from now on
	before := series()
	for client := 1; client <= 1000; client++ {
		use(client)
	}
	after := series()
	if len(before) < 10 || len(after) > len(before) {
		t.Errorf("%d series after one client, %d after a thousand", len(before), len(after))
	}
	for name := range after {
		if strings.Contains(name, "client-") {
			t.Errorf("a client chose %s", name)
		}
	}
}

// What is no secret does not start: neither a weak one, nor the name of one that nobody filled in.
func TestAttack8_8_WeakSecrets(t *testing.T) {
	for name, tc := range map[string]struct{ secret, global string }{
		"none":                          {"", ""},
		"spaces":                        {"   ", ""},
		"the id of a secret":            {"7c1f0c52-93d4-4a1b-8c7e-1f5a2d3c4b69", ""},
		"a placeholder in a variable":   {"{env.ENTRA_SECRET}", ""},
		"a line break":                  {"secret\nsecret", ""},
		"a placeholder without a value": {complete["ENTRA_ID_CLIENT_SECRET"], "client_secret {env.NOT_SET_ANYWHERE}"},
		"a file that is not there":      {complete["ENTRA_ID_CLIENT_SECRET"], "client_secret {file./not/there}"},
		"an empty one in the Caddyfile": {complete["ENTRA_ID_CLIENT_SECRET"], `client_secret ""`},
		"a short master key":            {complete["ENTRA_ID_CLIENT_SECRET"], "master_key 0123456789abcdef"},
		"an unset master key":           {complete["ENTRA_ID_CLIENT_SECRET"], "master_key {env.NOT_SET_ANYWHERE}"},
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, map[string]string{"ENTRA_ID_CLIENT_SECRET": tc.secret})
			if tc.secret == "" {
				os.Unsetenv("ENTRA_ID_CLIENT_SECRET")
			}
			if err := validate(t, "entra {\n"+tc.global+"\n}", route); err == nil {
				t.Error("accepted")
			} else if tc.secret != "" && strings.Contains(err.Error(), tc.secret) && !strings.HasPrefix(tc.secret, "{") && strings.TrimSpace(tc.secret) != "" {
				t.Errorf("the message repeats the secret: %v", err)
			}
		})
	}
}

// The operator's side is part of Caddy's admin endpoint and of no site, and the admin endpoint talks
// to no web page.
func TestAttack8_9_AdminOnThePublicListener(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	s := w.signIn(person.New("Ada Keller"))
	for _, path := range []string{
		"/atlassian-mcp/grants", "/atlassian-mcp/grants/revoke", "/atlassian-mcp/users", "/atlassian-mcp/users/block", "/atlassian-mcp/users/unblock",
		"/atlassian-mcp/keys/rotate", "/config/", "/load", "/stop", "/metrics", "/debug/pprof/", "/debug/vars", "/pki/ca/local", "/id/x", "/reverse_proxy/upstreams",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			_, body := w.do(w.request(method, path, `{"all":true,"revoke":true}`, "Content-Type", "application/json", "Authorization", "Bearer "+s.AccessToken))
			if body != "" { // Caddy answers what no route matches with nothing
				t.Errorf("%s %s: %.200s", method, path, body)
			}
		}
	}
	for name, headers := range map[string][]string{
		"a page on the web": {"Origin", "https://evil.example"}, "a sandboxed page": {"Origin", "null"}, "a page of the site": {"Origin", w.base},
		"a name that leads here": {"Host", "evil.example"}, "the name of the site": {"Host", "localhost"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.admin+"/atlassian-mcp/grants/revoke", strings.NewReader(`{"all":true}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if req.Header.Set(headers[0], headers[1]); headers[0] == "Host" {
			req.Host = headers[1]
		}
		// Caddy answers "Origin: null" with 400.
		if resp, body := w.do(req); resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	if resp, body := w.mcp(s.AccessToken, getIssue); resp.StatusCode != http.StatusOK {
		t.Errorf("afterwards the sign-in is gone: %d %s", resp.StatusCode, body)
	}
}

// Caddy reloads while a person is at the consent page, at Entra, and on the way back.
func TestAttack8_11_ReloadDuringASignIn(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	levels := []string{"INFO", "WARN", "DEBUG"}
	reload := func(i int) { w.reload(strings.Replace(config, "level DEBUG", "level "+levels[i], 1)) }
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := *noRedirects
	browser.Jar = jar
	_, registered := w.register()
	resp, err := browser.Get(w.base + authorizePath(t, registered, w.base+"/mcp"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	field := regexp.MustCompile(`name="transaction" value="([^"]+)"`).FindSubmatch(page)
	if err != nil || field == nil {
		t.Fatalf("consent page: %d %v", resp.StatusCode, err)
	}
	reload(0)
	if resp, err = browser.PostForm(w.base+"/oauth/authorize", url.Values{"transaction": {string(field[1])}, "decision": {"approve"}}); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	reload(1)
	callback, err := w.sandbox.Entra.SignIn(&browser, resp.Header.Get("Location"), entrasandbox.DemoPeople()[0].ObjectID)
	if err != nil {
		t.Fatalf("at Entra, after %d: %v", resp.StatusCode, err)
	}
	reload(2)
	if resp, err = browser.Get(callback.String()); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if back, err := resp.Location(); err != nil || back.Query().Get("code") == "" {
		t.Errorf("back from Entra: %d, location %v", resp.StatusCode, back)
	}
}

// Nothing of a configuration outlives it.
func TestAttack8_11_ReloadLeaksNothing(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("grace_period 1s", route)
	w.load(config)
	use := func(i int) {
		adapted, err := adapt(strings.Replace(config, "level DEBUG", []string{"level INFO", "level WARN"}[i%2], 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := caddy.Load(adapted, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		if resp, _ := w.mcp("", getIssue); resp.StatusCode != http.StatusUnauthorized {
			t.Fatalf("after reload %d: %d", i, resp.StatusCode)
		}
	}
	// settled is how many goroutines run once their number stays the same.
	settled := func() (n int) {
		same := 0
		for deadline := time.Now().Add(10 * time.Second); same < 15 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if now := runtime.NumGoroutine(); now == n {
				same++
			} else {
				n, same = now, 0
			}
		}
		return n
	}
	use(0)
	use(1)
	before := settled()
	const reloads = 20
	for i := range reloads {
		use(i)
	}
	if after := settled(); after >= before+reloads/2 {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before %d reloads, %d after\n%s", before, reloads, after, buf[:runtime.Stack(buf, true)])
	}
}
