package alltools_test

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/alltools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	sandboxconfluence "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
	sandboxjira "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

var update = flag.Bool("update", false, "rewrite the golden files, docs/tools.md and the table of the README")

// jiraURL and confluenceURL are where the sandboxes say that they are. Requests reach them through
// a transport that knows better, so that results are the same in each run.
const (
	jiraURL       = "https://example.atlassian.net"
	confluenceURL = "https://example.atlassian.net"
)

// world is both products, the whole catalogue before them, and an assistant whose person may use
// every tool.
type world struct {
	catalogue  *mcp.Catalogue
	endpoint   string
	session    *sdk.ClientSession
	jira       http.Handler
	confluence http.Handler
	requests   atomic.Int64 // that tools sent to Jira and Confluence
}

func newWorld(t *testing.T, deployment string) *world {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }
	j, err := sandboxjira.New(sandboxjira.Config{Deployment: deployment, BaseURL: jiraURL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	c, err := sandboxconfluence.New(sandboxconfluence.Config{Deployment: deployment, BaseURL: confluenceURL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{jira: j, confluence: c}
	jiraSite := site(t, atlassian.Jira, deployment, jiraURL, sandbox.JiraToken, w.counted(j))
	confluenceSite := site(t, atlassian.Confluence, deployment, confluenceURL, sandbox.ConfluenceToken, w.counted(c))
	jiraClient, err := jira.New(jiraSite)
	if err != nil {
		t.Fatal(err)
	}
	confluenceClient, err := confluence.New(confluenceSite, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.catalogue = alltools.Catalogue(nil, jiraClient, confluenceClient)
	w.serve(t)
	return w
}

func (w *world) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		next.ServeHTTP(rw, r)
	})
}

// handlerTransport answers requests by calling a handler.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	response := recorder.Result()
	response.Request = r
	return response, nil
}

func site(t *testing.T, product, deployment, url, token string, handler http.Handler) *atlassian.Site {
	t.Helper()
	credentials := atlassian.Credentials{Token: token}
	if deployment == sandbox.Cloud {
		credentials.Username = sandbox.Username
		if product == atlassian.Confluence {
			url += "/wiki"
		}
	}
	s, err := atlassian.NewSite(product, atlassian.Config{URL: url, Credentials: credentials, Transport: handlerTransport{handler}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) serve(t *testing.T) {
	t.Helper()
	everything := []policy.Rule{{What: []string{"read", "write", "delete"}}}
	rules, err := policy.New(policy.Config{Known: w.catalogue.Tools(), Rules: everything})
	if err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://mcp.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := mcp.New(mcp.Config{Catalogue: w.catalogue, Policy: rules, Origins: origins, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	who := &identity.Principal{TenantID: "t", ObjectID: "o", Name: "Ben Okafor", Assistant: identity.Assistant{Name: "Claude"}}
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(rw, r.WithContext(identity.NewContext(r.Context(), who)))
	}))
	t.Cleanup(front.Close)
	w.endpoint = front.URL
	w.session, err = sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(),
		&sdk.StreamableClientTransport{Endpoint: front.URL, MaxRetries: -1, DisableStandaloneSSE: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.session.Close() })
}

// post sends one message and returns the answer as it is.
func (w *world) post(t *testing.T, body string) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.endpoint, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// list is what an assistant is shown.
func (w *world) list(t *testing.T) []*sdk.Tool {
	t.Helper()
	result, err := w.session.ListTools(t.Context(), nil)
	if err != nil || result.NextCursor != "" {
		t.Fatalf("%+v, %v", result, err)
	}
	return result.Tools
}

// golden compares what is with what a file says, which -update rewrites.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); go test -update rewrites it:\n%s", path, diff)
	}
}
