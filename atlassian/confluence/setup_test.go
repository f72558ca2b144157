package confluence

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/gateway"
)

// deployments are the forms of a site that every behaviour is tested on.
var deployments = []struct {
	name, deployment, context string
	documents                 []string
}{
	{"cloud", sandbox.Cloud, "", contract.ConfluenceCloud},
	{"data center", sandbox.DataCenter, "", contract.ConfluenceDataCenter},
	{"data center under a context path", sandbox.DataCenter, "/confluence", contract.ConfluenceDataCenter},
}

// wire is a sandbox and what was sent to it.
type wire struct {
	*Client
	url string

	mu       sync.Mutex
	requests []string // method and path
	before   func(w http.ResponseWriter, r *http.Request) bool
}

// intercept answers requests in the sandbox's place when f returns true.
func (w *wire) intercept(f func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = f
}

// sent returns the requests since the last call, without the probe of the deployment.
func (w *wire) sent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.requests
	w.requests = nil
	return sent
}

func (w *wire) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		if !strings.HasSuffix(r.URL.Path, "/_edge/tenant_info") {
			w.requests = append(w.requests, r.Method+" "+r.URL.Path)
		}
		w.mu.Unlock()
		next.ServeHTTP(rw, r)
	})
}

func (w *wire) intercepted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		before := w.before
		w.mu.Unlock()
		if before != nil && before(rw, r) {
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// onEach runs a test on every deployment.
func onEach(t *testing.T, test func(t *testing.T, w *wire, cloud bool)) {
	for _, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			var check *contract.Contract
			if os.Getenv("ATLASSIAN_SPECS") != "" {
				check = contract.Load(t, d.documents...).Under(d.context)
			}
			test(t, connect(t, d.deployment, d.context, check, "sandbox-confluence-token"), d.deployment == sandbox.Cloud)
		})
	}
}

// scopedToken is one that only the gateway takes.
const scopedToken = "scoped-token"

// connect starts a sandbox and a client of it. With a contract, all traffic is held to it.
func connect(t *testing.T, deployment, context string, check *contract.Contract, token string) *wire {
	t.Helper()
	w := &wire{}
	config := sandbox.Config{Deployment: deployment, Now: func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }}
	if context != "" {
		config.BaseURL = "http://confluence.example" + context
	}
	server, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	handler := http.Handler(server)
	if check != nil {
		handler = check.Wrap(t, handler)
	}
	handler = w.intercepted(handler)
	listener := httptest.NewServer(w.record(handler))
	t.Cleanup(listener.Close)
	w.url = listener.URL + context
	credentials := atlassian.Credentials{Token: token}
	if deployment == sandbox.Cloud {
		credentials.Username = "svc-mcp@contoso.example"
	}
	site := atlassian.Config{URL: w.url, Credentials: credentials}
	if token == scopedToken {
		front := httptest.NewServer(gateway.New(gateway.Config{
			Username: credentials.Username, Token: token,
			Confluence: gateway.Product{Handler: handler, Username: credentials.Username, Token: "sandbox-confluence-token"},
		}))
		t.Cleanup(front.Close)
		w.url = "https://contoso.atlassian.net/wiki"
		site.URL, site.Transport = w.url, gateway.Transport{"contoso.atlassian.net": listener.URL, "api.atlassian.com": front.URL}
	}
	made, err := atlassian.NewSite(atlassian.Confluence, site)
	if err != nil {
		t.Fatal(err)
	}
	if w.Client, err = New(made, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// pageID finds the id of a page of the demo.
func (w *wire) pageID(t *testing.T, key, title string) string {
	t.Helper()
	page, err := w.GetPage(t.Context(), PageRequest{Title: title, SpaceKey: key, BodyOnly: true})
	if err != nil {
		t.Fatalf("finding %s in %s: %v", title, key, err)
	}
	w.sent()
	return page.ID
}
