package mcp

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func TestAudit(t *testing.T) {
	person := map[string]any{
		"level": "INFO", "msg": "tool call", "event": "tool call", "user": ada.Username, "username": ada.Username, "tid": ada.TenantID, "oid": ada.ObjectID, "assistant": "Claude",
		"tool": "jira_echo", "objects": []any{"issue:PLAT-1"}, "outcome": "ok",
	}
	with := func(pairs ...any) map[string]any {
		record := maps.Clone(person)
		for i := 0; i < len(pairs); i += 2 {
			if record[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
				delete(record, pairs[i].(string))
			}
		}
		return record
	}
	none := any(nil)
	for name, tc := range map[string]struct {
		call call
		want map[string]any
	}{
		"ok":       {legacy("jira_echo", echoArguments), person},
		"modern":   {modern("jira_echo", echoArguments), person},
		"refused":  {legacy("jira_delete_issue", echoArguments), with("tool", "jira_delete_issue", "objects", none, "outcome", "refused", "reason", "not allowed: jira_delete_issue deletes, which only a line can allow")},
		"outside":  {legacy("jira_echo", `{"issue_key":"OPS-1"}`), with("objects", []any{"issue:OPS-1"}, "outcome", "refused", "reason", "outside the projects or spaces that are open")},
		"unknown":  {legacy("jira_nonsense", `{}`), with("tool", "jira_nonsense", "objects", none, "outcome", "error", "reason", "there is no such tool")},
		"no name":  {legacy("argument text", `{}`), with("tool", nil, "objects", none, "outcome", "error", "reason", "there is no such tool")},
		"misfit":   {legacy("jira_echo", `{"secret text":1}`), with("objects", none, "outcome", "error", "reason", "the arguments do not fit the schema")},
		"no key":   {legacy("jira_fail", `{"issue_key":"PLATX- secret text","state":"done"}`), with("tool", "jira_fail", "objects", []any{"issue:?"}, "outcome", "refused", "reason", "outside the projects or spaces that are open")},
		"upstream": {legacy("jira_fail", `{"issue_key":"PLAT-1","state":"open"}`), with("tool", "jira_fail", "outcome", "error", "status", 404.0)},
		"input":    {legacy("jira_fail", `{"issue_key":"PLAT-1","state":"done"}`), with("tool", "jira_fail", "outcome", "error", "reason", "the arguments cannot be right")},
		"other":    {legacy("jira_fail", `{"issue_key":"PLAT-1"}`), with("tool", "jira_fail", "outcome", "error", "reason", "unforeseen")},
		"panic":    {legacy("jira_panic", echoArguments), with("tool", "jira_panic", "outcome", "panic")},
		"nobody":   {call{header: legacy("", "").header, body: legacy("jira_echo", echoArguments).body}, with("user", "anonymous", "username", nil, "tid", nil, "oid", nil, "assistant", nil)},
		"no names": {call{who: &identity.Principal{TenantID: "t", ObjectID: "o", Name: "Ada", Application: "app"}, header: legacy("", "").header, body: legacy("jira_echo", echoArguments).body}, with("user", "Ada", "username", nil, "tid", "t", "oid", "o", "assistant", nil, "application", "app")},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s, log := f.server(t, policy.Config{Projects: []string{"PLAT"}}, func(c *Config) { c.AllowAnonymous = true })
			w := tc.call.send(t, s)
			records := log.audit(t)
			if len(records) != 1 {
				t.Fatalf("%d records: %s", len(records), log)
			}
			got := records[0]
			if got["request"] == "" || got["duration"] == nil {
				t.Errorf("no request or duration: %v", got)
			}
			ignored := cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "time" || k == "request" || k == "duration" })
			if diff := cmp.Diff(tc.want, got, ignored); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(log.String(), "secret text") {
				t.Errorf("an argument is in the log: %s", log)
			}
			// What the caller is told to quote has to be findable.
			if text := read(t, w).text; strings.Contains(text, "under request") {
				if !strings.Contains(text, got["request"].(string)) || strings.Count(log.String(), got["request"].(string)) != 2 {
					t.Errorf("caller: %s\nlog: %s", text, log)
				}
				if strings.Contains(text, "secret detail") {
					t.Errorf("the caller was told %s", text)
				}
			}
		})
	}
}

func TestAuditBoundsObjects(t *testing.T) {
	var objects []policy.Object
	for range 30 {
		objects = append(objects, policy.Object{Kind: policy.Issue, ID: "PLAT-1"})
	}
	if got := spell(objects); len(got) != 21 || got[20] != "…" {
		t.Errorf("got %v", got)
	}
}

// The address of a failed request may hold arguments in its query.
func TestLogHasNoAddresses(t *testing.T) {
	err := fmt.Errorf("searching: %w", &url.Error{Op: "Get", URL: "https://jira.example.com/search?jql=secret", Err: errors.New("connection refused")})
	log := new(logBuffer)
	r := &record{request: "R"}
	if got := r.failure(slog.New(slog.NewJSONHandler(log, nil)), err); got.err != nil || got.ending.outcome != outcomeError {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), "connection refused") {
		t.Errorf("log %s", log)
	}
}
