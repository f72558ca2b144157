// Package boundary tries every tool of the registry on what lies outside of a caller's projects and
// spaces.
package boundary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/alltools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	confluencesandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
	jirasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// secret is a word in every text outside, and in none inside.
const secret = "zanzibar"

// outsideSprint is the id of a sprint of OPS.
const outsideSprint = 99

// everything opens all tools, so that only the boundary is in the way.
var everything = policy.Rule{What: []string{"read", "write", "delete"}}

// boundaries are the ways to leave PLAT and DOCS open and OPS and TEAM closed.
var boundaries = map[string]policy.Config{
	"filters": {Rules: []policy.Rule{everything}, Projects: []string{"PLAT"}, Spaces: []string{"DOCS"}},
	"allowed": {Rules: []policy.Rule{
		{What: everything.What, Projects: []string{"PLAT"}, Spaces: []string{"DOCS"}},
	}},
	"denied": {Rules: []policy.Rule{
		everything, {Deny: true, What: everything.What, Projects: []string{"OPS"}}, {Deny: true, What: everything.What, Spaces: []string{"TEAM"}},
	}},
}

// world is Jira and Confluence with secrets outside, and the tools in front of them.
type world struct {
	t         *testing.T
	catalogue *mcp.Catalogue
	open      *assistant // may do everything
	ids       map[string]string

	mu       sync.Mutex
	writes   []string // changes, as Jira and Confluence received them
	asked    int      // requests since they were counted last
	rendered []string // requests for text as people see it, which has other pages included
}

// newWorld is a world of one deployment, with its secrets planted.
func newWorld(t *testing.T, deployment string) *world {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }
	w := &world{t: t}
	jiraServer := httptest.NewUnstartedServer(nil)
	jiraURL := "http://" + jiraServer.Listener.Addr().String()
	backend, err := jirasandbox.New(jirasandbox.Config{Deployment: deployment, BaseURL: jiraURL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	backend.AddSprint("OPS", outsideSprint, "Zanzibar sprint")
	w.serve(jiraServer, backend)
	wiki, err := confluencesandbox.New(confluencesandbox.Config{Deployment: deployment, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	wikiServer := httptest.NewUnstartedServer(nil)
	w.serve(wikiServer, wiki)

	jiraClient, err := jira.New(w.site(atlassian.Jira, jiraURL, deployment))
	if err != nil {
		t.Fatal(err)
	}
	wikiClient, err := confluence.New(w.site(atlassian.Confluence, wikiServer.URL, deployment), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.catalogue = alltools.Catalogue(nil, jiraClient, wikiClient)
	w.open = w.connect(policy.Config{Rules: []policy.Rule{everything}})
	w.plant(deployment)
	return w
}

func (w *world) site(product, url, deployment string) *atlassian.Site {
	w.t.Helper()
	credentials := atlassian.Credentials{Token: "sandbox-" + product + "-token"}
	if deployment == jirasandbox.Cloud {
		credentials.Username = "svc-mcp@contoso.example"
	}
	site, err := atlassian.NewSite(product, atlassian.Config{URL: url, Credentials: credentials})
	if err != nil {
		w.t.Fatal(err)
	}
	return site
}

// looks are the ends of paths that are read by POST.
var looks = []string{"/search", "/search/jql", "/search/approximate-count", "/bulkfetch", "/users-bulk", "/jql/parse"}

func (w *world) serve(server *httptest.Server, backend http.Handler) {
	server.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		read := r.Method == http.MethodGet
		for _, end := range looks {
			read = read || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end)
		}
		w.mu.Lock()
		w.asked++
		if !read {
			w.writes = append(w.writes, r.Method+" "+r.URL.Path)
		}
		if strings.Contains(r.URL.RawQuery, "view") || strings.Contains(r.URL.RawQuery, "renderedFields") {
			w.rendered = append(w.rendered, r.URL.String())
		}
		w.mu.Unlock()
		backend.ServeHTTP(out, r)
	})
	server.Start()
	w.t.Cleanup(server.Close)
}

// written returns the changes since it was asked last.
func (w *world) written() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.writes
	w.writes = nil
	return out
}

// countFromHere returns how many requests there were since it was called last.
func (w *world) countFromHere() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.asked
	w.asked = 0
	return n
}

// assistant is an MCP client of somebody whom some rules hold for.
type assistant struct {
	*sdk.ClientSession
	logged *logBuffer // log and audit
}

func (w *world) connect(rules policy.Config) *assistant {
	w.t.Helper()
	rules.Known = w.catalogue.Tools()
	p, err := policy.New(rules)
	if err != nil {
		w.t.Fatal(err)
	}
	origins, err := origin.New("https://mcp.example.com", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	logged := new(logBuffer)
	logger := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	route, err := mcp.New(mcp.Config{Catalogue: w.catalogue, Policy: p, Origins: origins, Version: "1", Logger: logger, Audit: logger})
	if err != nil {
		w.t.Fatal(err)
	}
	who := &identity.Principal{TenantID: "t", ObjectID: "o", Name: "Ben Okafor", Assistant: identity.Assistant{Name: "Claude"}}
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		route.ServeHTTP(out, r.WithContext(identity.NewContext(r.Context(), who)))
	}))
	w.t.Cleanup(front.Close)
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(w.t.Context(),
		&sdk.StreamableClientTransport{Endpoint: front.URL, MaxRetries: -1, DisableStandaloneSSE: true}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = session.Close() })
	return &assistant{session, logged}
}

// call returns everything that a call brings, and whether it failed.
func (a *assistant) call(t *testing.T, tool string, arguments map[string]any) (string, bool) {
	t.Helper()
	result, err := a.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return err.Error(), true
	}
	whole, err := json.Marshal(result)
	if err != nil || len(result.Content) == 0 {
		t.Fatalf("%s: %v, %+v", tool, err, result)
	}
	return string(whole), result.IsError
}

// must is the text of a call that has to succeed, decoded.
func (a *assistant) must(t *testing.T, tool string, arguments map[string]any) map[string]any {
	t.Helper()
	result, err := a.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	text := result.Content[0].(*sdk.TextContent).Text
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil || result.IsError {
		t.Fatalf("%s %v: %s", tool, arguments, text)
	}
	return out
}

// logBuffer is what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Reset()
}

// plant puts the secret into everything outside, and ties inside to outside in every way there is.
func (w *world) plant(deployment string) {
	w.t.Helper()
	const hidden = "Zanzibar"
	do := func(tool string, arguments map[string]any) map[string]any {
		w.t.Helper()
		return w.open.must(w.t, tool, arguments)
	}
	for _, key := range []string{"OPS-1", "OPS-2", "OPS-3", "OPS-4"} {
		do("jira_update_issue", map[string]any{"issue_key": key, "fields": map[string]any{
			"summary": hidden + " of " + key, "description": hidden, "labels": []any{secret},
		}, "comment": hidden})
	}
	ids := make(map[string]string)
	w.ids = ids
	ids["issue comment"] = fmt.Sprint(do("jira_add_comment", map[string]any{"issue_key": "OPS-1", "body": hidden})["id"])
	// An issue inside below one outside, and a moved one whose former key looks like one inside.
	do("jira_update_issue", map[string]any{"issue_key": "PLAT-9", "fields": map[string]any{"parent": "OPS-1"}})
	if deployment == jirasandbox.Cloud {
		made := do("jira_create_issue", map[string]any{"project_key": "PLAT", "issue_type": "Task", "summary": hidden})
		ids["moved issue"] = made["key"].(string)
		do("jira_move_issue", map[string]any{"issue_key": made["key"], "target_project_key": "OPS"})
	}

	page := func(space, title string) string {
		return fmt.Sprint(do("confluence_create_page", map[string]any{"space_key": space, "title": title, "content": "# " + hidden + "\n\nText of " + hidden + "."})["id"])
	}
	ids["outside"] = page("TEAM", hidden)
	ids["below"] = fmt.Sprint(do("confluence_create_page", map[string]any{"space_key": "TEAM", "parent_id": ids["outside"], "title": hidden + " below", "content": hidden})["id"])
	if deployment == jirasandbox.Cloud { // Data Center's API moves nothing from one space to another
		ids["moved"] = page("DOCS", hidden+" moved")
		do("confluence_move_page", map[string]any{"page_id": ids["moved"], "target_parent_id": ids["outside"]})
	}
	do("confluence_add_label", map[string]any{"page_id": ids["outside"], "name": secret})
	do("confluence_add_comment", map[string]any{"page_id": ids["outside"], "body": hidden})
	ids["outside comment"] = fmt.Sprint(do("confluence_add_comment", map[string]any{"page_id": ids["outside"], "body": hidden})["id"])
	do("confluence_update_page", map[string]any{"page_id": ids["outside"], "append": hidden + " again"})
	find := func(space, title string) string {
		return fmt.Sprint(do("confluence_get_page", map[string]any{"space_key": space, "title": title})["id"])
	}
	ids["home"], ids["home child"], ids["outside home"] = find("DOCS", "Product Docs"), find("DOCS", "Operations"), find("TEAM", "Platform Team")
	// A page inside that includes one outside.
	include := `<p>Inside.</p><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:space-key="TEAM" ri:content-title="Onboarding" /></ac:link></ac:parameter></ac:structured-macro>` +
		`<ac:structured-macro ac:name="excerpt-include"><ac:parameter ac:name=""><ac:link><ri:page ri:space-key="TEAM" ri:content-title="Onboarding" /></ac:link></ac:parameter></ac:structured-macro>`
	ids["inside"] = fmt.Sprint(do("confluence_create_page", map[string]any{"space_key": "DOCS", "title": "With an include", "content": include, "content_format": "storage"})["id"])
	ids["inside comment"] = fmt.Sprint(do("confluence_add_comment", map[string]any{"page_id": ids["inside"], "body": "Inside."})["id"])
	do("confluence_add_label", map[string]any{"page_id": ids["inside"], "name": "howto"})
	do("confluence_update_page", map[string]any{"page_id": ids["inside"], "append": "# Notes\n\nMore."})
	ids["inside issue comment"] = fmt.Sprint(do("jira_add_comment", map[string]any{"issue_key": "PLAT-7", "body": "Inside."})["id"])
	w.written()
}
