package jira_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/gateway"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// variant is a deployment and a context path, and whether the token is one with scopes.
type variant struct {
	name, deployment, prefix string
	scoped                   bool
}

var variants = []variant{
	{name: "cloud", deployment: sandbox.Cloud},
	{name: "datacenter", deployment: sandbox.DataCenter},
	{name: "datacenter below a context path", deployment: sandbox.DataCenter, prefix: "/jira"},
}

// bench is a client over a sandbox, and what went between them.
type bench struct {
	*jira.Client
	variant
	base    string
	sandbox *sandbox.Server

	mu   sync.Mutex
	sent []exchange
}

type exchange struct {
	line string // method, path and query, without the context path
	body map[string]any
}

// requests are the lines sent since the last call.
func (b *bench) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.sent {
		out = append(out, e.line)
	}
	b.sent = nil
	return out
}

func (b *bench) lastBody(t *testing.T) map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sent) == 0 {
		t.Fatal("nothing was sent")
	}
	return b.sent[len(b.sent)-1].body
}

var testNow = time.Date(2026, 9, 15, 10, 0, 0, 0, time.UTC)

// newBench starts a sandbox; wrap may stand between it and the client.
func newBench(t *testing.T, v variant, wrap func(http.Handler) http.Handler) *bench {
	t.Helper()
	b := &bench{variant: v}
	server := httptest.NewUnstartedServer(nil)
	listens := "http://" + server.Listener.Addr().String()
	b.base = listens + v.prefix
	if v.scoped {
		b.base = "https://contoso.atlassian.net"
	}
	jiraServer, err := sandbox.New(sandbox.Config{Deployment: v.deployment, BaseURL: b.base, Now: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	b.sandbox = jiraServer
	var handler http.Handler = jiraServer
	if wrap != nil {
		handler = wrap(handler)
	}
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.record(r)
		if r.URL.Path == "/_edge/tenant_info" { // of the platform, not of the product
			jiraServer.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)

	creds := atlassian.Credentials{Token: "sandbox-jira-token"}
	if v.deployment == sandbox.Cloud {
		creds.Username = "svc-mcp@contoso.example"
	}
	config := atlassian.Config{URL: b.base, Credentials: creds}
	if v.scoped {
		config.Credentials.Token = "scoped-token"
		front := httptest.NewServer(gateway.New(gateway.Config{
			Username: creds.Username, Token: "scoped-token",
			Jira: gateway.Product{Handler: handler, Username: creds.Username, Token: creds.Token},
		}))
		t.Cleanup(front.Close)
		config.Transport = gateway.Transport{"contoso.atlassian.net": listens, "api.atlassian.com": front.URL}
	}
	site, err := atlassian.NewSite(atlassian.Jira, config)
	if err != nil {
		t.Fatal(err)
	}
	if b.Client, err = jira.New(site); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) record(r *http.Request) {
	e := exchange{line: r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), b.prefix)}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		var raw json.RawMessage
		if json.NewDecoder(r.Body).Decode(&raw) == nil {
			json.Unmarshal(raw, &e.body)
		}
		r.Body = http.NoBody
		if raw != nil {
			r.Body = struct {
				*strings.Reader
				nopCloser
			}{strings.NewReader(string(raw)), nopCloser{}}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, e)
}

// fill writes n comments past everything between client and sandbox.
func (b *bench) fill(t *testing.T, key string, n int) {
	t.Helper()
	path, body := "/rest/api/2", `{"body":"ping"}`
	if b.deployment == sandbox.Cloud {
		path, body = "/rest/api/3", `{"body":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"ping"}]}]}}`
	}
	for range n {
		r := httptest.NewRequest(http.MethodPost, b.prefix+path+"/issue/"+key+"/comment", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer sandbox-jira-token")
		if b.deployment == sandbox.Cloud {
			r.SetBasicAuth("svc-mcp@contoso.example", "sandbox-jira-token")
		}
		w := httptest.NewRecorder()
		b.sandbox.ServeHTTP(w, r)
		if w.Code != http.StatusCreated {
			t.Fatal(w.Code, w.Body)
		}
	}
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

// each runs a test on every variant.
func each(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Helper()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) { f(t, newBench(t, v, nil)) })
	}
}

func mustIssue(t *testing.T, b *bench, in jira.GetIssueRequest) *jira.Issue {
	t.Helper()
	issue, err := b.GetIssue(t.Context(), in)
	if err != nil {
		t.Fatalf("GetIssue(%+v): %v", in, err)
	}
	return issue
}

// wantInputError fails unless err is an InputError about the argument whose text holds all parts.
func wantInputError(t *testing.T, err error, argument string, parts ...string) {
	t.Helper()
	var input *atlassian.InputError
	if !errors.As(err, &input) || input.Argument != argument {
		t.Fatalf("error = %v, want an InputError about %s", err, argument)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %q, want %q in it", err, part)
		}
	}
}

// wantError fails unless err is an Error with the status whose text holds all parts.
func wantError(t *testing.T, err error, status int, parts ...string) {
	t.Helper()
	var e *atlassian.Error
	if !errors.As(err, &e) || e.Status != status {
		t.Fatalf("error = %v, want an Error with status %d", err, status)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %q, want %q in it", err, part)
		}
	}
}
