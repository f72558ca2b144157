package oauth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

const (
	testIssuer   = "https://mcp.example.com"
	testCallback = testIssuer + "/oauth/callback"
	testResource = testIssuer + "/mcp"
	claudeURI    = "https://claude.ai/api/mcp/auth_callback"
	testSecret   = "8Q~sandbox-client-secret-value.for_tests"
	testVerifier = "a-code-verifier-that-is-long-enough-for-rfc-7636"
	ada          = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01"
	ben          = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02"
)

// world is an authorization server with everything that it stands between.
type world struct {
	t        *testing.T
	server   *Server
	nodes    []*Server
	storage  *recordstest.Memory
	entra    *sandbox.Server
	provider *entra.Provider
	clock    *clock
	log      *bytes.Buffer
	config   Config
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// newWorld returns a world whose configuration the functions may change.
func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, storage: &recordstest.Memory{}, clock: &clock{now: time.Now().Truncate(time.Second)}, log: &bytes.Buffer{}}
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.entra.ServeHTTP(rw, r) }))
	t.Cleanup(upstream.Close)
	var err error
	w.entra, err = sandbox.New(sandbox.Config{
		ClientSecret: testSecret, RedirectURIs: []string{testCallback}, BaseURL: upstream.URL, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.provider, err = entra.New(entra.Config{
		Issuer: w.entra.Authority(), ClientID: sandbox.DemoClientID, ClientSecrets: []string{testSecret},
		RedirectURI: testCallback, Scopes: []string{"openid", "profile", "email", "access_as_user"},
		Transport: upstream.Client().Transport, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	mcp, err := resource.Parse(testResource)
	if err != nil {
		t.Fatal(err)
	}
	w.config = Config{
		Issuer: testIssuer, CallbackPath: "/oauth/callback", Entra: w.provider,
		Resources: func() []ResourceInfo { return []ResourceInfo{{Resource: mcp, Name: "Jira and Confluence"}} },
		Abilities: func() []string { return []string{"Search and read Jira issues"} },
		Logger:    slog.New(slog.NewTextHandler(&lockedWriter{w: w.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:       w.clock.Now,
	}
	for _, f := range change {
		f(&w.config)
	}
	w.server = w.addNode()
	return w
}

// addNode returns one more server over the same storage, as another machine would run it.
func (w *world) addNode() *Server {
	w.t.Helper()
	c := w.config
	storage := func() records.Storage { return w.storage }
	c.Keys = records.NewKeyring(records.KeyringConfig{Issuer: c.Issuer, MasterKeys: [][]byte{[]byte(testSecret)}, Storage: storage, Now: w.clock.Now})
	c.Store = records.New(records.Config{Storage: storage, Keys: c.Keys, Now: w.clock.Now})
	s, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes = append(w.nodes, s)
	return s
}

// RoundTrip sends requests for the issuer to the server and all others to the network.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.String(), testIssuer) {
		return http.DefaultTransport.RoundTrip(r)
	}
	return serve(w.server, r), nil
}

func serve(h http.Handler, r *http.Request) *http.Response {
	in := httptest.NewRequest(r.Method, r.URL.RequestURI(), r.Body)
	in.Header, in.Host = r.Header, r.URL.Host
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, in)
	return rec.Result()
}

// browser is an HTTP client with cookies of its own, which follows no redirect by itself.
type browser struct {
	w      *world
	client *http.Client
}

func (w *world) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w, &http.Client{
		Jar: jar, Transport: w,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type answer struct {
	status   int
	header   http.Header
	body     string
	location *url.URL
}

func (b *browser) do(r *http.Request) answer {
	b.w.t.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return read(b.w.t, resp)
}

func read(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if l := resp.Header.Get("Location"); l != "" {
		if a.location, err = url.Parse(l); err != nil {
			t.Fatalf("Location does not parse: %v", err)
		}
	}
	return a
}

func (b *browser) get(u string) answer {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(u string, form url.Values, headers ...string) answer {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(r)
}

// registered registers a client and returns the answer.
func (w *world) registered(name, method string, uris ...string) registration {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"client_name": name, "redirect_uris": uris, "token_endpoint_auth_method": method})
	if err != nil {
		w.t.Fatal(err)
	}
	a := w.register(string(body))
	if a.status != http.StatusCreated {
		w.t.Fatalf("registration: status %d: %s", a.status, a.body)
	}
	return decode[registration](w.t, a.body)
}

func (w *world) register(body string) answer {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+registerPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return read(w.t, serve(w.server, r))
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return v
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request is a good authorization request of a client; changes alternate names and values, and an
// empty value removes the parameter.
func request(c registration, changes ...string) url.Values {
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.ClientID}, "redirect_uri": {c.RedirectURIs[0]}, "state": {"client-state"},
		"code_challenge": {challenge(testVerifier)}, "code_challenge_method": {"S256"},
		"scope": {"access_as_user openid"}, "resource": {testResource},
	}
	change(q, changes)
	return q
}

func change(v url.Values, changes []string) {
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			v.Del(changes[i])
		} else {
			v.Set(changes[i], changes[i+1])
		}
	}
}

var transactionField = regexp.MustCompile(`name="transaction" value="([^"]+)"`)

// consent opens the consent page and returns its form.
func (b *browser) consent(c registration, changes ...string) url.Values {
	b.w.t.Helper()
	a := b.get(testIssuer + authorizePath + "?" + request(c, changes...).Encode())
	if a.status != http.StatusOK {
		b.w.t.Fatalf("consent page: status %d, location %v: %s", a.status, a.location, a.body)
	}
	return url.Values{"transaction": {sealedField(b.w.t, a.body)}, "decision": {"approve"}}
}

func sealedField(t *testing.T, page string) string {
	t.Helper()
	m := transactionField.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no transaction in %q", page)
	}
	return html.UnescapeString(m[1])
}

// approve opens the page, approves, and returns the URL at Entra.
func (b *browser) approve(c registration, changes ...string) *url.URL {
	b.w.t.Helper()
	a := b.post(testIssuer+authorizePath, b.consent(c, changes...), "Origin", testIssuer, "Sec-Fetch-Site", "same-origin")
	if a.status != http.StatusSeeOther || a.location == nil {
		b.w.t.Fatalf("approval: status %d: %s", a.status, a.body)
	}
	return a.location
}

// signIn signs a person in at Entra and returns the URL of our callback.
func (b *browser) signIn(at *url.URL, person string) *url.URL {
	b.w.t.Helper()
	login := *at
	login.Path = "/" + sandbox.DemoTenantID + "/login"
	login.RawQuery = ""
	a := b.post(login.String(), url.Values{"person": {person}, "request": {at.RawQuery}})
	if a.location == nil {
		b.w.t.Fatalf("sign-in at Entra: status %d: %s", a.status, a.body)
	}
	return a.location
}

// code does everything up to the redirect to the client and returns its parameters.
func (b *browser) code(c registration, changes ...string) url.Values {
	b.w.t.Helper()
	a := b.get(b.signIn(b.approve(c, changes...), ada).String())
	if a.status != http.StatusSeeOther || a.location.Query().Get("code") == "" {
		b.w.t.Fatalf("callback: status %d, location %v: %s", a.status, a.location, a.body)
	}
	return a.location.Query()
}

// token posts a form to the token endpoint of a node.
func token(t *testing.T, s *Server, form url.Values, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return read(t, serve(s, r))
}

// redemption is the good token request for a code.
func redemption(c registration, code string, changes ...string) url.Values {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.RedirectURIs[0]},
		"client_id": {c.ClientID}, "code_verifier": {testVerifier}, "resource": {testResource},
	}
	change(form, changes)
	return form
}

func renewal(c registration, refreshToken string, changes ...string) url.Values {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}, "client_id": {c.ClientID}}
	change(form, changes)
	return form
}

// tokens does the whole flow and returns what the client gets.
func (w *world) tokens(c registration, changes ...string) tokenResponse {
	w.t.Helper()
	a := token(w.t, w.server, redemption(c, w.newBrowser().code(c, changes...).Get("code")))
	if a.status != http.StatusOK {
		w.t.Fatalf("token: status %d: %s", a.status, a.body)
	}
	return decode[tokenResponse](w.t, a.body)
}

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// wantError checks an error answer of a JSON endpoint.
func wantError(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if e := decode[errorBody](t, a.body); a.status != status || e.Error != code {
		t.Errorf("answer %d %q, want %d %q", a.status, e.Error, status, code)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers of the error: %v", a.header)
	}
}

// wantPage checks that an answer is a page and leads nowhere.
func wantPage(t *testing.T, a answer, status int) {
	t.Helper()
	if a.status != status || a.location != nil || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("status %d, location %v, type %q; want a page with status %d", a.status, a.location, a.header.Get("Content-Type"), status)
	}
}
