package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func TestNewRefuses(t *testing.T) {
	p, err := policy.New(policy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"no catalogue": {Policy: p, Origins: new(origin.Policy)},
		"no policy":    {Catalogue: new(Catalogue), Origins: new(origin.Policy)},
		"no origins":   {Catalogue: new(Catalogue), Policy: p},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(Config{Catalogue: new(Catalogue), Policy: p, Origins: new(origin.Policy)}); err != nil {
		t.Errorf("an empty catalogue: %v", err)
	}
}

// TestPanicOutsideTools: a panic in any other handler ends that request only.
func TestPanicOutsideTools(t *testing.T) {
	server := sdk.NewServer(&sdk.Implementation{Name: "x"}, nil)
	server.AddPrompt(&sdk.Prompt{Name: "p"}, func(context.Context, *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) { panic("boom") })
	log := new(logBuffer)
	h, err := Harden(Config{Origins: new(origin.Policy), Logger: slog.New(slog.NewJSONHandler(log, nil))}, server)
	if err != nil {
		t.Fatal(err)
	}
	w := legacy("", "").saying(`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}}`).send(t, h)
	if got := read(t, w); got.code != -32603 || got.text != "internal error" {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(log.String(), `"panic":"boom"`) || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("log %s", log)
	}
}

func TestLogIsQuiet(t *testing.T) {
	s, log := newFixture(t).server(t, policy.Config{}, nil)
	if w := legacy("jira_echo", echoArguments).send(t, s); w.Code != 200 {
		t.Fatal(w.Code)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 {
		t.Errorf("%d lines: %s", lines, log)
	}

	b := new(logBuffer)
	l := quiet(slog.New(slog.NewJSONHandler(b, nil))).With("a", 1).WithGroup("g")
	l.Info("information")
	l.Warn("warning", "k", 2)
	var record map[string]any
	if err := json.Unmarshal([]byte(b.String()), &record); err != nil || record["msg"] != "warning" || record["a"] != 1.0 {
		t.Errorf("got %s, %v", b, err)
	}
}

func TestLimited(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	run := func(ctx context.Context, f func(context.Context) (int, error)) (int, error) {
		return limited(ctx, log, time.Hour, f)
	}
	if n, err := run(t.Context(), func(context.Context) (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err := run(t.Context(), func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }); !errors.Is(err, errNoEnd) {
		t.Errorf("Goexit: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := run(gone, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }); !errors.Is(err, errCancelled) {
		t.Errorf("cancelled: %v", err)
	}
	// A tool that fails for its own reasons keeps its error.
	own := errors.New("own")
	if _, err := run(t.Context(), func(context.Context) (int, error) { return 0, own }); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
	var caught *panicError
	if _, err := run(gone, func(context.Context) (int, error) { panic("boom") }); !errors.As(err, &caught) && !errors.Is(err, errCancelled) {
		t.Errorf("panic: %v", err)
	}
}

func TestHeadersBeforeMCP(t *testing.T) {
	s, _ := newFixture(t).server(t, policy.Config{}, nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, call{}.request(t.Context()))
	if w.Code != 401 || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), "jsonrpc") {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
}
