package mcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// listen serves s on loopback to ada.
func listen(t testing.TB, s http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(identity.NewContext(r.Context(), ada)))
	}))
	t.Cleanup(server.Close)
	return server
}

func connect(t testing.TB, url, version string) *sdk.ClientSession {
	t.Helper()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: url, MaxRetries: -1, DisableStandaloneSSE: true},
		&sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func resultText(r *sdk.CallToolResult) string {
	if len(r.Content) == 0 {
		return ""
	}
	text, _ := r.Content[0].(*sdk.TextContent)
	return text.Text
}

// TestClient goes through what an assistant does, with the SDK's own client, in each era.
func TestClient(t *testing.T) {
	f := newFixture(t)
	s, _ := f.server(t, policy.Config{}, nil)
	server := listen(t, s)
	for _, version := range sdk.SupportedProtocolVersions() {
		t.Run(version, func(t *testing.T) {
			ctx, session := t.Context(), connect(t, server.URL, version)
			if got := session.InitializeResult().ProtocolVersion; got != version {
				t.Errorf("speaks %s", got)
			}
			capabilities := session.InitializeResult().Capabilities
			if capabilities.Tools == nil || capabilities.Tools.ListChanged || capabilities.Completions != nil ||
				capabilities.Logging != nil { //nolint:staticcheck // that the deprecated feature is not declared is the point
				t.Errorf("capabilities %+v", capabilities)
			}
			tools, err := session.ListTools(ctx, nil)
			if err != nil || len(tools.Tools) != 8 {
				t.Fatalf("tools %+v, %v", tools, err)
			}
			result, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "jira_echo", Arguments: map[string]any{"issue_key": "PLAT-1"}})
			if err != nil || resultText(result) != mark+`"key":"PLAT-1","limit":10}` {
				t.Errorf("result %+v, %v", result, err)
			}
			result, err = session.CallTool(ctx, &sdk.CallToolParams{Name: "jira_panic", Arguments: map[string]any{"issue_key": "PLAT-1"}})
			if err != nil || !result.IsError {
				t.Errorf("panic: %+v, %v", result, err)
			}
			if _, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "jira_delete_issue"}); err == nil || !strings.Contains(err.Error(), "unknown tool") {
				t.Errorf("unlisted tool: %v", err)
			}
			prompts, err := session.ListPrompts(ctx, nil)
			if err != nil || len(prompts.Prompts) != 0 {
				t.Errorf("prompts %+v, %v", prompts, err)
			}
			resources, err := session.ListResources(ctx, nil)
			if err != nil || len(resources.Resources) != 0 {
				t.Errorf("resources %+v, %v", resources, err)
			}
			if _, err := session.ReadResource(ctx, &sdk.ReadResourceParams{URI: "file:///etc/passwd"}); err == nil {
				t.Error("a resource was read")
			}
		})
	}
}

// TestDisconnect: a real client that goes away ends its call, and leaves no goroutine.
func TestDisconnect(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	f := newFixture(t)
	s, log := f.server(t, policy.Config{}, nil)
	server := listen(t, s)
	client := &http.Client{Transport: &http.Transport{}}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r := modern("jira_wait", echoArguments).request(ctx)
		r.RequestURI, r.Host = "", ""
		r.URL.Scheme, r.URL.Host = "http", server.Listener.Addr().String()
		if response, err := client.Do(r); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-f.begun
	cancel()
	if err := <-f.done; !errors.Is(err, context.Canceled) {
		t.Errorf("the tool's context ended with %v", err)
	}
	<-gone
	client.CloseIdleConnections()
	server.Close()
	if records := log.audit(t); len(records) != 1 || records[0]["outcome"] != "cancelled" {
		t.Errorf("audit %v", records)
	}
}

// TestConcurrent mixes callers, eras and outcomes on one server; run with -race.
func TestConcurrent(t *testing.T) {
	f := newFixture(t)
	s, log := f.server(t, policy.Config{Projects: []string{"PLAT"}}, nil)
	people := []*identity.Principal{ada, {TenantID: "t", ObjectID: "ben"}, {TenantID: "t", ObjectID: "guest", Guest: true}}
	const rounds = 10
	var wg sync.WaitGroup
	for i := range 4 * rounds {
		wg.Go(func() {
			who := people[i%len(people)]
			tool := []string{"jira_echo", "jira_panic", "jira_fail", "jira_delete_issue"}[i/rounds]
			for _, form := range []func(string, string) call{legacy, modern} {
				c := form(tool, fmt.Sprintf(`{"issue_key":"PLAT-%d"}`, i))
				c.who = who
				got := read(t, c.send(t, s))
				if open := !who.Guest && tool == "jira_echo"; open != strings.Contains(got.text, fmt.Sprintf(`"PLAT-%d"`, i)) {
					t.Errorf("%s by %s: %+v", tool, who.ObjectID, got)
				}
			}
		})
	}
	wg.Wait()
	for _, record := range log.audit(t) {
		if refused := record["outcome"] == "refused"; refused != (record["oid"] == "guest" || record["tool"] == "jira_delete_issue") {
			t.Errorf("audit %v", record)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	f := newFixture(b)
	s, _ := f.server(b, policy.Config{Projects: []string{"PLAT"}}, nil)
	for name, c := range map[string]call{"legacy": legacy("jira_echo", echoArguments), "modern": modern("jira_echo", echoArguments)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(httptest.NewRecorder(), c.request(b.Context()))
			}
		})
	}
}

func BenchmarkCheckMessages(b *testing.B) {
	body := []byte(modern("jira_echo", `{"issue_key":"`+strings.Repeat("x", 1<<19)+`","fields":[`+strings.Repeat(`"x",`, 1<<16)+`"x"]}`).body)
	header := modern("jira_echo", "").request(b.Context()).Header
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, no := checkMessages(header, body); no != nil {
			b.Fatal(no.text)
		}
	}
}

// TestInstructions: a model is told of the products that its person may use, and of no other.
func TestInstructions(t *testing.T) {
	f := newFixture(t)
	for want, rules := range map[string]policy.Config{
		"Works with the Jira and Confluence of": {},
		"Works with the Jira of":                {Rules: []policy.Rule{{What: []string{"read"}, Products: []string{"jira"}}}},
		"Works with the Confluence of":          {Rules: []policy.Rule{{What: []string{"read"}, Products: []string{"confluence"}}}},
		"You may use none of the tools":         {Rules: []policy.Rule{{What: []string{"read"}, Roles: []string{"Nobody"}}}},
	} {
		s, _ := f.server(t, rules, nil)
		server := listen(t, s)
		for _, version := range sdk.SupportedProtocolVersions() {
			if got := connect(t, server.URL, version).InitializeResult().Instructions; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, want %q", version, got, want)
			}
		}
	}
}
