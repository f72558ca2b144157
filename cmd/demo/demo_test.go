package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/alltools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

var update = flag.Bool("update", false, "rewrite the story in docs/audit.md")

// output collects what the demo prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// startDemo runs the command until the test ends, and returns its MCP URL and what it prints.
func startDemo(t *testing.T, args ...string) (url string, out *output) {
	t.Helper()
	port := freePorts(t)
	out = new(output)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"--port", strconv.Itoa(port)}, args...), out) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the demo ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the demo did not end")
		}
	})
	for range 200 {
		if strings.Contains(out.String(), "Ctrl-C ends the demo") {
			return "http://localhost:" + strconv.Itoa(port) + "/mcp", out
		}
		select {
		case err := <-ended:
			t.Fatalf("the demo did not start: %v\n%s", err, out)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("the demo is not ready:\n%s", out)
	return "", nil
}

// freePorts returns the first of four ports in a row that nobody listens on.
func freePorts(t *testing.T) int {
	t.Helper()
	for port := 21000; port < 60000; port += 7 {
		free := true
		for i := range 4 {
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+i)))
			if err != nil {
				free = false
				break
			}
			l.Close()
		}
		if free {
			return port
		}
	}
	t.Fatal("no free ports")
	return 0
}

const redirectURI = "http://127.0.0.1:33418/callback"

// assistant connects the Go SDK's client, signed in by who.
func assistant(t *testing.T, url string, who *person.Person) *mcp.ClientSession {
	t.Helper()
	handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		RedirectURL:         redirectURI,
		RequestRefreshToken: true,
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{
			Metadata: &oauthex.ClientRegistrationMetadata{ClientName: "Go test client", RedirectURIs: []string{redirectURI}},
		},
		AuthorizationCodeFetcher: func(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
			back, err := who.Follow(ctx, args.URL, redirectURI)
			if err != nil {
				return nil, err
			}
			q := back.Query()
			return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "go-test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: url, OAuthHandler: handler, DisableStandaloneSSE: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// callTool calls a tool and returns its text.
func callTool(t *testing.T, s *mcp.ClientSession, tool string, args map[string]any) string {
	t.Helper()
	result, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	var text strings.Builder
	for _, c := range result.Content {
		if tc, ok := c.(*mcp.TextContent); ok {
			text.WriteString(tc.Text)
		}
	}
	if result.IsError {
		t.Fatalf("%s: %s", tool, text.String())
	}
	return text.String()
}

// openTools counts the tools that a person of the tenant sees: all but those that delete.
func openTools() int {
	open := make(map[string]bool) // those of both products are there twice
	for _, tool := range alltools.Catalogue(nil, new(jira.Client), new(confluence.Client)).Tools() {
		if tool.Access != policy.Delete {
			open[tool.Name] = true
		}
	}
	return len(open)
}

// TestFirstSignIn is the whole way of a request, from a client that knows only the URL to answers
// from Jira and Confluence, over the end of its token.
func TestFirstSignIn(t *testing.T) {
	for _, deployment := range []string{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(deployment, func(t *testing.T) {
			url, out := startDemo(t, "--deployment", deployment, "--token-lifetime", "3s")
			ben := person.New("Ben Okafor")
			session := assistant(t, url, ben)
			if ben.Consented != 1 || ben.SignedIn != 1 {
				t.Errorf("consented %d times, signed in %d times; want once each", ben.Consented, ben.SignedIn)
			}
			tools, err := session.ListTools(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := openTools()
			if deployment == sandbox.DataCenter {
				want -= 2 // jira_batch_get_changelogs and jira_move_issue are Cloud's
			}
			if len(tools.Tools) != want {
				t.Errorf("%d tools, want %d", len(tools.Tools), want)
			}
			if issue := callTool(t, session, "jira_get_issue", map[string]any{"issue_key": "PLAT-1"}); !strings.Contains(issue, `"PLAT-1"`) {
				t.Errorf("jira_get_issue: %s", issue)
			}
			if pages := callTool(t, session, "confluence_search", map[string]any{"query": "release"}); !strings.Contains(pages, "elease") {
				t.Errorf("confluence_search: %s", pages)
			}
			comment := "Seen from the " + deployment + " test."
			callTool(t, session, "jira_add_comment", map[string]any{"issue_key": "PLAT-1", "body": comment})

			time.Sleep(3500 * time.Millisecond) // the access token ends
			if issue := callTool(t, session, "jira_get_issue", map[string]any{"issue_key": "PLAT-1"}); !strings.Contains(issue, comment) {
				t.Errorf("jira_get_issue does not show the new comment: %s", issue)
			}
			if ben.SignedIn != 1 {
				t.Errorf("signed in %d times; want once: the token should have been refreshed", ben.SignedIn)
			}
			for _, line := range []string{"Go test client registered", "Ben Okafor signed in", "got a fresh token", "Ben Okafor through Go test client: jira_get_issue on"} {
				if !strings.Contains(out.String(), line) {
					t.Errorf("the story lacks %q:\n%s", line, out)
				}
			}
		})
	}
}

// TestOnlyRealTroubleIsTold holds that the demo is silent about the warnings that its own
// configuration asks for, and about no others.
func TestOnlyRealTroubleIsTold(t *testing.T) {
	_, out := startDemo(t)
	before, _, _ := strings.Cut(out.String(), "caddy-atlassian-mcp demo")
	for line := range strings.Lines(before) {
		if strings.TrimSpace(line) != "" && !strings.Contains(line, "ENTRA_ID_EXPECTED_ISSUER") {
			t.Errorf("told before the banner: %s", line)
		}
	}
	for record, told := range map[string]bool{
		`{"level":"warn","logger":"admin","msg":"admin endpoint disabled"}`:                   false,
		`{"level":"warn","logger":"http","msg":"HTTP/3 skipped because it requires TLS"}`:     false,
		`{"level":"error","logger":"http","msg":"HTTP/3 skipped because it requires TLS"}`:    true,
		`{"level":"warn","logger":"somebody","msg":"admin endpoint disabled"}`:                true,
		`{"level":"warn","logger":"http","msg":"something else"}`:                             true,
		`{"level":"info","logger":"http","msg":"something else"}`:                             false,
		`{"level":"info","msg":"tool call","user":"ada@contoso.example","tid":"t","oid":"1"}`: true,
	} {
		var b bytes.Buffer
		if _, err := (storyLines{newStory(&b)}).Write([]byte(record)); err != nil || (b.Len() > 0) != told {
			t.Errorf("%s is told as %q", record, b.String())
		}
	}
}

// TestDocumentedStory: what docs/audit.md shows as told by the demo is what the demo makes of the
// records that it shows, at their times. With -update the document gets it.
func TestDocumentedStory(t *testing.T) {
	const path = "../../docs/audit.md"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records := regexp.MustCompile("(?s)```json\n(.*?)```\n").FindSubmatch(raw)
	block := regexp.MustCompile("(?s)```\n(\\d\\d:.*?)```\n")
	if records == nil || !block.Match(raw) {
		t.Fatalf("%s shows no records or no story", path)
	}
	var told strings.Builder
	for line := range bytes.Lines(records[1]) {
		var record struct{ TS float64 }
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := (storyLines{newStory(&b)}).Write(line); err != nil || strings.Count(b.String(), "\n") != 1 {
			t.Fatalf("%s is told as %q", line, b.String())
		}
		clock := time.Unix(int64(record.TS), 0).UTC().Format(time.TimeOnly)
		told.WriteString(clock + b.String()[len(clock):])
	}
	if *update {
		raw = block.ReplaceAllLiteral(raw, []byte("```\n"+told.String()+"```\n"))
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(block.FindSubmatch(raw)[1]), told.String()); diff != "" {
		t.Errorf("%s (-shown +told); -update rewrites it:\n%s", path, diff)
	}
}

func TestEnvPrintsWhatItWouldUseAndStartsNothing(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--env", "--port", "8600", "--deployment", "datacenter"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"OAUTH_DCR_REDIRECT_URI=http://localhost:8600/oauth/callback\n", "JIRA_URL=http://localhost:8602\n",
		"CONFLUENCE_URL=http://localhost:8603\n", "ENTRA_ID_EXPECTED_ISSUER=http://localhost:8601/",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("output lacks %q:\n%s", line, out.String())
		}
	}
	if strings.Contains(out.String(), "USERNAME") {
		t.Error("Data Center needs no user name")
	}
	if _, err := http.Get("http://localhost:8601/"); err == nil {
		t.Error("something was started")
	}
}

// With a public URL only the stand-ins start, and they expect a Caddy there.
func TestForACaddyOfOnesOwn(t *testing.T) {
	url, out := startDemo(t, "--public-url", "https://mcp.example.com")
	if !strings.Contains(out.String(), "https://mcp.example.com/mcp") {
		t.Errorf("the demo does not say what it expects:\n%s", out)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("the demo's own Caddy was started")
	}
	var env bytes.Buffer
	if err := run(t.Context(), []string{"--env", "--public-url", "https://mcp.example.com"}, &env); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(env.String(), "OAUTH_DCR_REDIRECT_URI=https://mcp.example.com/oauth/callback\n") {
		t.Errorf("the environment is for somebody else:\n%s", env.String())
	}
}

func TestBadCommandLines(t *testing.T) {
	for _, args := range [][]string{{"--port", "0"}, {"--port", "65533"}, {"--deployment", "server"}, {"--token-lifetime", "-1s"}, {"extra"}, {"--nonsense"}, {"--caddyfile", "testdata/not-there"}, {"--caddyfile", "Caddyfile", "--public-url", "https://mcp.example.com"}} {
		if err := run(t.Context(), args, new(bytes.Buffer)); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := run(t.Context(), []string{"--port", port}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "--port") {
		t.Errorf("a port that is taken: %v, want an error that names --port", err)
	}
}
