package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(storyWriter{})
}

// story turns log records into lines that read as what happened.
type story struct {
	out io.Writer

	mu sync.Mutex // guards out
}

func newStory(out io.Writer) *story { return &story{out: out} }

// say writes one line.
func (s *story) say(kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s  %-9s %s\n", time.Now().Format("15:04:05"), kind, text)
}

// logger is what the stand-ins log to. Only their warnings are part of the story.
func (s *story) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(storyLines{s}, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// tell tells one record, if it belongs to the story.
func (s *story) tell(record map[string]any) {
	text := func(name string) string {
		v, _ := record[name].(string)
		return v
	}
	who, through := text("user"), text("assistant")
	if through == "" {
		through = "an assistant"
	}
	switch text("msg") {
	case "client registered":
		s.say("register", through+" registered")
	case "sign-in requested":
		s.say("consent", through+" asks to sign somebody in")
	case "sign-in approved":
		s.say("consent", through+" was approved; on to Entra")
	case "sign-in denied":
		s.say("consent", through+" was turned away")
	case "signed in":
		s.say("sign-in", who+" signed in for "+through)
	case "token issued":
		s.say("token", through+" got a token for "+who)
	case "token refreshed":
		s.say("token", through+" got a fresh token for "+who)
	case "tool call":
		s.say("tool", who+" through "+through+": "+call(record))
	case "token refused", "caller refused", "revocation refused", "grant revoked", "user blocked", "user unblocked":
		s.say("audit", text("msg")+because(text))
	default:
		s.tellTrouble(record, text)
	}
}

// because says who and why, of a record of the audit.
func because(text func(string) string) string {
	var details strings.Builder
	for _, name := range []string{"user", "assistant", "reason"} {
		if v := text(name); v != "" {
			fmt.Fprintf(&details, "; %s: %s", name, v)
		}
	}
	return details.String()
}

// intended are warnings about what the demo wants, with the loggers that give them: no admin
// endpoint, and plain http on loopback.
var intended = map[string]string{
	"admin endpoint disabled":                "admin",
	"HTTP/2 skipped because it requires TLS": "http",
	"HTTP/3 skipped because it requires TLS": "http",
	"ENTRA_ID_EXPECTED_ISSUER is http on loopback: right for the sandbox, never for people's real accounts": "entra",
}

// tellTrouble tells warnings and errors with their details.
func (s *story) tellTrouble(record map[string]any, text func(string) string) {
	level := strings.ToLower(text("level"))
	if level != "warn" && level != "error" {
		return
	}
	if logger, ok := intended[text("msg")]; ok && logger == text("logger") && level == "warn" {
		return
	}
	var details strings.Builder
	for _, name := range []string{"error", "reason", "redirect_host", "cure", "missing"} {
		if v, ok := record[name]; ok {
			fmt.Fprintf(&details, "; %s: %v", name, v)
		}
	}
	s.say(level, text("msg")+details.String())
}

// call says which tool touched what, and what came of it.
func call(record map[string]any) string {
	line := fmt.Sprint(record["tool"])
	if objects, ok := record["objects"].([]any); ok && len(objects) > 0 {
		names := make([]string, 0, len(objects))
		for _, o := range objects {
			names = append(names, fmt.Sprint(o))
		}
		line += " on " + strings.Join(names, ", ")
	}
	line += fmt.Sprintf(": %v", record["outcome"])
	if seconds, ok := record["duration"].(float64); ok {
		line += fmt.Sprintf(" (%d ms)", int(seconds*1000))
	}
	return line
}

// storyLines reads JSON log lines.
type storyLines struct{ story *story }

func (w storyLines) Write(line []byte) (int, error) {
	var record map[string]any
	if err := json.Unmarshal(line, &record); err == nil {
		w.story.tell(record)
	}
	return len(line), nil
}

// current is the story that Caddy's log belongs to. Caddy keeps its log open over configurations.
var current atomic.Pointer[story]

// currentLines reads the lines of Caddy's log.
type currentLines struct{}

func (currentLines) Write(line []byte) (int, error) { return storyLines{current.Load()}.Write(line) }

func (currentLines) Close() error { return nil }

// storyWriter is the log output that the demo's Caddyfile names.
type storyWriter struct{}

// CaddyModule implements caddy.Module.
func (storyWriter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.writers.demo", New: func() caddy.Module { return new(storyWriter) }}
}

func (storyWriter) String() string    { return "demo" }
func (storyWriter) WriterKey() string { return "demo" }

// OpenWriter implements caddy.WriterOpener.
func (storyWriter) OpenWriter() (io.WriteCloser, error) { return currentLines{}, nil }

// UnmarshalCaddyfile implements caddyfile.Unmarshaler.
func (*storyWriter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	return nil
}

// Interface guards
var (
	_ caddy.WriterOpener    = (*storyWriter)(nil)
	_ caddyfile.Unmarshaler = (*storyWriter)(nil)
)
