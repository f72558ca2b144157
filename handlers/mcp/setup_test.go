package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

var ada = &identity.Principal{
	TenantID: "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31", ObjectID: "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01",
	Username: "ada.keller@contoso.example", Assistant: identity.Assistant{Name: "Claude"},
}

type echoIn struct {
	Key    string         `json:"issue_key" jsonschema:"Issue key, e.g. PLAT-1" min:"1" max:"40"`
	Limit  int            `json:"limit" default:"10" min:"1" max:"50"`
	State  string         `json:"state,omitempty" enum:"open,done"`
	Fields []string       `json:"fields,omitempty" jsonschema:"Fields to return" max:"5"`
	Extra  map[string]any `json:"extra,omitempty"`
	Deep   *bool          `json:"deep,omitempty"`
}

type echoOut struct {
	Key    string         `json:"key"`
	Limit  int            `json:"limit"`
	State  string         `json:"state,omitempty"`
	Fields []string       `json:"fields,omitempty"`
	Extra  map[string]any `json:"extra,omitempty"`
	Deep   *bool          `json:"deep,omitempty"`
}

type nothing struct{}

type listOut struct {
	Spaces []string `json:"spaces"`
}

func (l *listOut) Within(allowed func(policy.Object) bool) bool {
	kept := []string{}
	for _, space := range l.Spaces {
		if allowed(policy.Object{Kind: policy.Space, ID: space}) {
			kept = append(kept, space)
		}
	}
	l.Spaces = kept
	return len(kept) > 0
}

func issueOf(in *echoIn) []policy.Object {
	return []policy.Object{{Kind: policy.Issue, ID: in.Key}}
}

func projectOf(_ context.Context, in *echoIn) ([]policy.Object, error) {
	key, _, _ := strings.Cut(in.Key, "-")
	return []policy.Object{{Kind: policy.Project, ID: key}}, nil
}

// fixture is a catalogue whose tools misbehave on request, and what is known of their doing.
type fixture struct {
	Catalogue

	mu    sync.Mutex
	calls []string
	begun chan string // receives the name of each tool that waits
	over  chan struct{}
	done  chan error // receives how the context of jira_wait ended
	log   *slog.Logger
}

func (f *fixture) ran(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
}

func (f *fixture) runs() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.calls, " ")
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{begun: make(chan string, 64), over: make(chan struct{}), done: make(chan error, 64), log: slog.New(slog.DiscardHandler)}
	echo := func(name string, access policy.Access, run func(context.Context, *echoIn) (*echoOut, error)) {
		Register(&f.Catalogue, Spec[echoIn, echoOut]{
			Name: name, Title: name, Description: "Does " + name + ".", Toolset: "jira_issues", Product: policy.Jira, Access: access,
			Spellings: Spellings{Aliases: map[string]string{"key": "issue_key"}, Commas: []string{"fields"}, Ignored: []string{"use_display_names"}},
			Touches:   issueOf, Resolve: projectOf,
			Run: func(ctx context.Context, in *echoIn) (*echoOut, error) { f.ran(name); return run(ctx, in) },
		})
	}
	echoed := func(_ context.Context, in *echoIn) (*echoOut, error) {
		return &echoOut{in.Key, in.Limit, in.State, in.Fields, in.Extra, in.Deep}, nil
	}
	echo("jira_echo", policy.Read, echoed)
	echo("jira_change", policy.Write, echoed)
	echo("jira_delete_issue", policy.Delete, echoed)
	echo("jira_panic", policy.Read, func(context.Context, *echoIn) (*echoOut, error) { panic("boom") })
	echo("jira_wait", policy.Read, func(ctx context.Context, _ *echoIn) (*echoOut, error) {
		f.begun <- "jira_wait"
		<-ctx.Done()
		f.done <- context.Cause(ctx)
		return nil, ctx.Err()
	})
	echo("jira_stuck", policy.Write, func(context.Context, *echoIn) (*echoOut, error) {
		f.begun <- "jira_stuck"
		<-f.over
		return nil, errors.New("late")
	})
	echo("jira_background", policy.Read, func(ctx context.Context, _ *echoIn) (*echoOut, error) {
		safego.Go(f.log, "background", func() { panic("in the background") })
		<-ctx.Done()
		return nil, ctx.Err()
	})
	echo("jira_fail", policy.Write, func(_ context.Context, in *echoIn) (*echoOut, error) {
		switch in.State {
		case "open":
			return nil, &atlassian.Error{Product: "jira", Status: 404, Messages: []string{"Issue does not exist"}}
		case "done":
			return nil, &atlassian.InputError{Argument: "issue_key", Problem: "is not a key"}
		}
		return nil, errors.New("secret detail")
	})
	Register(&f.Catalogue, Spec[nothing, listOut]{
		Name: "confluence_list", Title: "List", Description: "Lists.", Toolset: "confluence_pages", Product: policy.Confluence, Access: policy.Read,
		Touches: func(*nothing) []policy.Object { return nil },
		Run: func(context.Context, *nothing) (*listOut, error) {
			f.ran("confluence_list")
			return &listOut{Spaces: []string{"DOCS", "TEAM"}}, nil
		},
	})
	return f
}

// logBuffer collects the log as JSON lines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// audit returns the records "tool call".
func (l *logBuffer) audit(t testing.TB) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(l.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if record["msg"] == "tool call" {
			out = append(out, record)
		}
	}
	return out
}

func (f *fixture) server(t testing.TB, rules policy.Config, edit func(*Config)) (*Server, *logBuffer) {
	t.Helper()
	rules.Known = f.Tools()
	p, err := policy.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://mcp.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	log := new(logBuffer)
	f.log = slog.New(slog.NewJSONHandler(log, nil))
	c := Config{Catalogue: &f.Catalogue, Policy: p, Origins: origins, Logger: f.log, Version: "1.2.3"}
	if edit != nil {
		edit(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// call is one POST of a JSON-RPC message.
type call struct {
	who    *identity.Principal
	header map[string]string
	body   string
}

// legacy and modern are tools/call in protocol versions 2025-11-25 and 2026-07-28.
func legacy(tool, arguments string) call {
	return call{
		who:    ada,
		header: map[string]string{"Mcp-Protocol-Version": "2025-11-25"},
		body:   `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `}}`,
	}
}

const modernMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

func modern(tool, arguments string) call {
	return call{
		who:    ada,
		header: map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool},
		body:   `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `,` + modernMeta + `}}`,
	}
}

func (c call) request(ctx context.Context) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://mcp.example.com/mcp", strings.NewReader(c.body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if c.who != nil {
		r = r.WithContext(identity.NewContext(r.Context(), c.who))
	}
	return r
}

func (c call) send(t testing.TB, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, c.request(t.Context()))
	return w
}

// answer is what a caller makes of a response: the text of a result, or the error's.
type answer struct {
	status  int
	isError bool // a tool error
	code    int  // of a protocol error
	text    string
}

func read(t testing.TB, w *httptest.ResponseRecorder) answer {
	t.Helper()
	body := w.Body.String()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		_, data, _ := strings.Cut(body, "data: ")
		body, _, _ = strings.Cut(data, "\n")
	}
	a := answer{status: w.Code, text: strings.TrimSpace(body)}
	var message struct {
		Result struct {
			IsError bool `json:"isError"`
			Content []struct{ Text string }
		}
		Error *struct {
			Code    int
			Message string
		}
	}
	if json.Unmarshal([]byte(body), &message) != nil {
		return a
	}
	a.isError = message.Result.IsError
	switch {
	case message.Error != nil:
		a.code, a.text = message.Error.Code, message.Error.Message
	case len(message.Result.Content) > 0:
		a.text = message.Result.Content[0].Text
	}
	return a
}
