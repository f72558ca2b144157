package oauth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
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
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/bearer"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

const (
	testIssuer   = "https://mcp.example.com"
	testCallback = testIssuer + "/oauth/callback"
	testResource = testIssuer + "/mcp"
	testEntra    = "http://localhost:1" // never dialled: world carries the requests itself
	claudeURI    = "https://claude.ai/api/mcp/auth_callback"
	testSecret   = "8Q~sandbox-client-secret-value.for_tests"
	testVerifier = "a-code-verifier-that-is-long-enough-for-rfc-7636"
	ada          = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01"
	ben          = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02"
)

// world is an authorization server with everything that it stands between.
type world struct {
	t        testing.TB
	server   *Server
	nodes    []*Server
	storage  *recordstest.Memory
	shared   records.Storage // what the nodes use: storage, unless a test puts another in its place
	entra    *sandbox.Server
	provider *entra.Provider
	clock    *clock
	log      *logBuffer
	config   Config
	mu       sync.Mutex
	said     []string // the token answers of Entra

	lineDown atomic.Bool  // requests to Entra get no answer
	outside  atomic.Int32 // requests to anybody else
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

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// String returns what was written so far.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Reset forgets what was written.
func (l *logBuffer) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

// newWorld returns a world whose configuration the functions may change.
func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, storage: &recordstest.Memory{}, clock: &clock{now: time.Now().Truncate(time.Second)}, log: &logBuffer{}}
	var err error
	w.entra, err = sandbox.New(sandbox.Config{
		ClientSecret: testSecret, RedirectURIs: []string{testCallback}, BaseURL: testEntra, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.provider = w.newProvider()
	mcp, err := resource.Parse(testResource)
	if err != nil {
		t.Fatal(err)
	}
	w.config = Config{
		Issuer: testIssuer, CallbackPath: "/oauth/callback", Entra: w.provider,
		Resources: func() []ResourceInfo {
			return []ResourceInfo{{Resource: mcp, Name: "Jira and Confluence", Abilities: []string{"Search and read Jira issues"}}}
		},
		Logger: w.logger(),
		Now:    w.clock.Now,
	}
	w.shared = w.storage
	for _, f := range change {
		f(&w.config)
	}
	w.server = w.addNode()
	return w
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newProvider returns a provider that has fetched nothing from Entra yet.
func (w *world) newProvider() *entra.Provider {
	w.t.Helper()
	p, err := entra.New(entra.Config{
		Issuer: w.entra.Authority(), ClientID: sandbox.DemoClientID, ClientSecrets: []string{testSecret},
		RedirectURI: testCallback, Scopes: []string{"openid", "profile", "email", "access_as_user"},
		Transport: w, Logger: w.logger(), Now: w.clock.Now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// restarted returns a node that has just been started: it knows neither our keys nor Entra's.
func (w *world) restarted() *Server {
	w.t.Helper()
	w.provider = w.newProvider()
	w.config.Entra = w.provider
	return w.addNode()
}

// addNode returns one more server over the same storage, as another machine would run it.
func (w *world) addNode() *Server {
	w.t.Helper()
	c := w.config
	storage := func() records.Storage { return w.shared }
	c.Keys = records.NewKeyring(records.KeyringConfig{Issuer: c.Issuer, MasterKeys: [][]byte{[]byte(testSecret)}, Storage: storage, Logger: c.Logger, Now: w.clock.Now})
	c.Store = records.New(records.Config{Storage: storage, Keys: c.Keys, Logger: c.Logger, Now: w.clock.Now})
	s, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes = append(w.nodes, s)
	return s
}

// RoundTrip sends requests for the issuer to the server and those for Entra to the stand-in. There
// is nobody else.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	switch origin := r.URL.Scheme + "://" + r.URL.Host; {
	case origin == testIssuer:
		return serve(w.server, r), nil
	case origin != testEntra:
		w.outside.Add(1)
		return nil, errors.New("no such host")
	case w.lineDown.Load():
		return nil, errors.New("connection reset by peer")
	}
	rec := record(w.entra, r)
	if strings.HasSuffix(r.URL.Path, "/token") {
		w.mu.Lock()
		w.said = append(w.said, rec.Body.String())
		w.mu.Unlock()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

func serve(h http.Handler, r *http.Request) *http.Response { return record(h, r).Result() }

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.RequestURI(), r.Body)
	in.Header, in.Host = r.Header, r.URL.Host
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, in)
	return rec
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

func read(t testing.TB, resp *http.Response) answer {
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

func (b *browser) get(u string, headers ...string) answer {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	setHeaders(r, headers)
	return b.do(r)
}

func setHeaders(r *http.Request, headers []string) {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
}

func (b *browser) post(u string, form url.Values, headers ...string) answer {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	setHeaders(r, headers)
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

func decode[T any](t testing.TB, body string) T {
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

func sealedField(t testing.TB, page string) string {
	t.Helper()
	m := transactionField.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no transaction in %q", page)
	}
	return html.UnescapeString(m[1])
}

// ownPage are the headers that a browser sends with the form of our own page.
var ownPage = []string{"Origin", testIssuer, "Sec-Fetch-Site", "same-origin"}

// approve opens the page, approves, and returns the URL at Entra.
func (b *browser) approve(c registration, changes ...string) *url.URL {
	b.w.t.Helper()
	a := b.post(testIssuer+authorizePath, b.consent(c, changes...), ownPage...)
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
func token(t testing.TB, s *Server, form url.Values, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return read(t, serve(s, r))
}

// inParallel posts a form n times at once to the token endpoints of two nodes.
func (w *world) inParallel(n int, form url.Values) (answers []answer, took time.Duration) {
	w.t.Helper()
	nodes := []*Server{w.server, w.addNode()}
	answers = make([]answer, n)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = token(w.t, nodes[i%2], form) })
	}
	wg.Wait()
	return answers, time.Since(began)
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

// opens reports whether the gate of a node that never saw it lets an access token in.
func (w *world) opens(accessToken string) bool {
	w.t.Helper()
	_, ok := w.admit(accessToken)
	return ok
}

// admit shows an access token to the gate of a node that never saw it.
func (w *world) admit(accessToken string) (*identity.Principal, bool) {
	w.t.Helper()
	protected, err := resource.Parse(testResource)
	if err != nil {
		w.t.Fatal(err)
	}
	origins, err := origin.New(testIssuer, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	gate := bearer.New(bearer.Config{
		Resource: protected, ClientID: sandbox.DemoClientID, Verify: w.provider.Verify, Store: w.server.cfg.Store, Origins: origins, Now: w.clock.Now,
	})
	r := httptest.NewRequest(http.MethodPost, testResource, nil)
	r.Header.Set("Authorization", "Bearer "+accessToken)
	return gate.Admit(httptest.NewRecorder(), r, r.Host, r.URL.Path)
}

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// wantError checks an error answer of a JSON endpoint.
func wantError(t testing.TB, a answer, status int, code string) {
	t.Helper()
	if e := decode[errorBody](t, a.body); a.status != status || e.Error != code {
		t.Errorf("answer %d %q, want %d %q", a.status, e.Error, status, code)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers of the error: %v", a.header)
	}
}

// wantPage checks that an answer is a page and leads nowhere.
func wantPage(t testing.TB, a answer, status int) {
	t.Helper()
	if a.status != status || a.location != nil || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("status %d, location %v, type %q; want a page with status %d", a.status, a.location, a.header.Get("Content-Type"), status)
	}
}
