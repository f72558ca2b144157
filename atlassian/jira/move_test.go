package jira_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestMoveIssue(t *testing.T) {
	b := newBench(t, variants[0], nil)
	b.Offers(atlassian.MoveIssues)(t.Context()) // which asks what the site is
	b.requests()
	got, err := b.MoveIssue(t.Context(), "plat-3", "ops")
	want := &jira.MovedIssue{Key: "OPS-5", Was: "PLAT-3", URL: b.base + "/browse/OPS-5", Type: "Story"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	if sent := b.requests(); len(sent) != 6 { // issue, types, move, twice the task, issue
		t.Errorf("requests = %q", sent)
	}
	for _, key := range []string{"PLAT-3", "OPS-5"} {
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: key}); issue.Key != "OPS-5" || len(issue.Subtasks) != 2 || issue.Subtasks[0].Key != "OPS-6" {
			t.Errorf("%s is %+v", key, issue)
		}
	}
}

func TestMoveIssueRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		move := func(key, project string) error {
			_, err := b.MoveIssue(t.Context(), key, project)
			return err
		}
		wantInputError(t, move("x", "OPS"), "issue_key", "not an issue key")
		wantInputError(t, move("PLAT-1", "a b"), "target_project_key", "not a project key")
		if b.deployment == sandbox.DataCenter {
			wantInputError(t, move("PLAT-1", "OPS"), "issue_key", "Data Center")
			return
		}
		wantInputError(t, move("PLAT-1", "PLAT"), "target_project_key", "is in PLAT already")
		wantInputError(t, move("PLAT-4", "OPS"), "issue_key", "is a subtask")
		wantError(t, move("PLAT-99", "OPS"), http.StatusNotFound)
		wantError(t, move("PLAT-1", "NOPE"), http.StatusBadRequest, "No project could be found")
		b.sandbox.Deny("PLAT", sandbox.PermissionMove)
		wantError(t, move("PLAT-1", "OPS"), http.StatusBadRequest, "You do not have permission to move")
	})
}

// A move is sent once, and one that does not end in time says so.
func TestMoveOfUnknownFate(t *testing.T) {
	moves, answer := 0, `{"taskId":"7","status":"RUNNING"}`
	b := newBench(t, variants[0], func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/bulk/queue/") {
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte(answer))
				return
			}
			if r.Method == http.MethodPost {
				moves++
			}
			next.ServeHTTP(w, r)
		})
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := b.MoveIssue(ctx, "PLAT-1", "OPS")
	var e *atlassian.Error
	if !errors.As(err, &e) || !e.Uncertain || !strings.Contains(err.Error(), "accepted as task") || moves != 1 {
		t.Errorf("%d moves, %v", moves, err)
	}
	answer = `{"taskId":"7","status":"COMPLETE","failedAccessibleIssues":{"10101":["A mandatory field has no value."]}}`
	_, err = b.MoveIssue(t.Context(), "PLAT-2", "OPS")
	wantError(t, err, http.StatusBadRequest, "was not made", "A mandatory field has no value")
}
