package confluencetools

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/hostile"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

var deployments = []struct {
	name, deployment, context string
	documents                 []string
}{
	{"cloud", sandbox.Cloud, "", contract.ConfluenceCloud},
	{"data center", sandbox.DataCenter, "", contract.ConfluenceDataCenter},
	{"data center under a context path", sandbox.DataCenter, "/confluence", contract.ConfluenceDataCenter},
}

// session is an assistant that talks to the tools over MCP.
type session struct {
	*sdk.ClientSession
	wire *hostile.Wire // what comes back
}

// call returns the text of a result and whether it is an error.
func (s session) call(t *testing.T, tool string, arguments map[string]any) (string, bool) {
	t.Helper()
	result, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s %v: %v", tool, arguments, err)
	}
	text, _ := result.Content[0].(*sdk.TextContent)
	return text.Text, result.IsError
}

// must decodes the result of a call that has to succeed.
func (s session) must(t *testing.T, tool string, arguments map[string]any) map[string]any {
	t.Helper()
	text, isError := s.call(t, tool, arguments)
	if isError {
		t.Fatalf("%s %v: %s", tool, arguments, text)
	}
	var result map[string]any
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		t.Fatalf("%s: %v in %s", tool, err, text)
	}
	return result
}

// start connects an assistant through the tools to a sandbox, with limits on spaces if any. When
// the documents are there, the traffic to the sandbox is held to them.
func start(t *testing.T, deployment int, spaces ...string) session {
	t.Helper()
	return startAs(t, deployment, member, func(*mcp.Config) {}, spaces...)
}

// member is somebody who signed in.
var member = &identity.Principal{TenantID: "t", ObjectID: "o", Name: "Ben Okafor", Assistant: identity.Assistant{Name: "Claude"}}

// startAs is start for this person, or for nobody, and with a change of the route's configuration.
func startAs(t *testing.T, deployment int, who *identity.Principal, change func(*mcp.Config), spaces ...string) session {
	t.Helper()
	d := deployments[deployment]
	config := sandbox.Config{Deployment: d.deployment, Now: func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }}
	if d.context != "" {
		config.BaseURL = "http://confluence.example" + d.context
	}
	server, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	handler := http.Handler(server)
	if os.Getenv("ATLASSIAN_SPECS") != "" || os.Getenv("ATLASSIAN_SPECS_REQUIRED") == "1" {
		handler = contract.Load(t, d.documents...).Under(d.context).Wrap(t, handler)
	}
	site := listen(t, handler)
	return connect(t, newClient(t, site+d.context, d.deployment), who, change, policy.Config{Spaces: spaces})
}

func listen(t *testing.T, handler http.Handler) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func newClient(t *testing.T, url, deployment string) *confluence.Client {
	t.Helper()
	credentials := atlassian.Credentials{Token: "sandbox-confluence-token"}
	if deployment == sandbox.Cloud {
		credentials.Username = "svc-mcp@contoso.example"
	}
	site, err := atlassian.NewSite(atlassian.Confluence, atlassian.Config{URL: url, Credentials: credentials})
	if err != nil {
		t.Fatal(err)
	}
	client, err := confluence.New(site, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func connect(t *testing.T, client *confluence.Client, who *identity.Principal, change func(*mcp.Config), limits policy.Config) session {
	t.Helper()
	catalogue := new(mcp.Catalogue)
	Register(catalogue, client)
	limits.Known = catalogue.Tools()
	rules, err := policy.New(limits)
	if err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://mcp.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	config := mcp.Config{Catalogue: catalogue, Policy: rules, Origins: origins, Version: "1"}
	change(&config)
	route, err := mcp.New(config)
	if err != nil {
		t.Fatal(err)
	}
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who != nil {
			r = r.WithContext(identity.NewContext(r.Context(), who))
		}
		route.ServeHTTP(w, r)
	}))
	wire := &hostile.Wire{Next: http.DefaultTransport}
	assistant := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	s, err := assistant.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: wire}, MaxRetries: -1, DisableStandaloneSSE: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return session{s, wire}
}

// titles are the titles of a search's results.
func titles(result map[string]any) string {
	var list []string
	for _, hit := range result["results"].([]any) {
		list = append(list, hit.(map[string]any)["title"].(string))
	}
	return strings.Join(list, ", ")
}
