package jira_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestUpdateIssue(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.SearchFields(t.Context(), jira.FieldsRequest{Keyword: "", Limit: 1}) // the fields are known
		b.requests()
		got, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{
			Key: "plat-7", Fields: map[string]any{"Summary": "New summary", "Severity": "minor", "labels": nil, "resolution": "Duplicate"},
			Transition: "done", Comment: "Not **ours**.", Visibility: &jira.Visibility{Type: "role", Value: "Developers"},
			Worklog: "1h 30m", WorklogStarted: "2026-09-14T08:00:00+02:00", Expected: "2026-09-10T10:00:00Z", Attribution: "On behalf of Ada",
		})
		if err != nil {
			t.Fatal(err)
		}
		want := &jira.UpdatedIssue{
			Key: "PLAT-7", URL: b.base + "/browse/PLAT-7", Fields: []string{"customfield_10031", "labels", "summary"}, Transition: "Done", Status: "Done",
			Commented: true, WorklogID: got.WorklogID, Attribution: "On behalf of Ada",
		}
		if diff := cmp.Diff(want, got); diff != "" || got.WorklogID == "" {
			t.Errorf("update (-want +got):\n%s", diff)
		}
		if sent := b.requests(); len(sent) != 4 {
			t.Errorf("requests = %q, want 4", sent)
		}
		issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-7", Comments: 1, Fields: []string{"summary", "labels", "status", "resolution", "Severity"}})
		if issue.Summary != "New summary" || len(issue.Labels) != 0 || issue.Status != "Done" || issue.Resolution != "Duplicate" || issue.Fields["Severity"] != "Minor" ||
			issue.Comments[0].Body != "Not **ours**.\n\nOn behalf of Ada" || issue.Comments[0].VisibleTo != "role Developers" {
			t.Errorf("read back %+v", issue)
		}
	})
}

func TestUpdateParts(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-2", Comment: "hello", Attribution: "On behalf of Ada"})
		if err != nil || got.CommentID == "" || got.Attribution == "" || got.Commented {
			t.Errorf("a comment alone: %+v, %v", got, err)
		}
		if got, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-2", Worklog: "2d"}); err != nil || got.WorklogID == "" {
			t.Errorf("a worklog alone: %+v, %v", got, err)
		}
		for _, parent := range []any{"PLAT-2", nil} {
			if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-3", Fields: map[string]any{"epic_link": parent}}); err != nil {
				t.Errorf("parent %v: %v", parent, err)
			}
			if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-3"}); (parent == nil) != (issue.Parent == nil) || parent != nil && issue.Parent.Key != parent {
				t.Errorf("parent = %+v, want %v", issue.Parent, parent)
			}
		}
	})
}

// Null clears a field of any type, and the values of all types can be changed.
func TestUpdateEveryField(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-8", Fields: everyField}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(everyFieldRead, readEveryField(t, b, "PLAT-8").Fields); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		cleared := map[string]any{}
		for name := range everyField {
			if name != "priority" {
				cleared[name] = nil
			}
		}
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-8", Fields: cleared}); err != nil {
			t.Fatal(err)
		}
		issue := readEveryField(t, b, "PLAT-8")
		if len(issue.Fields) != 0 || issue.Parent != nil || issue.Labels != nil || issue.FixVersions != nil || issue.Due != "" {
			t.Errorf("left of what was cleared: %+v", issue)
		}
	})
}

// An edit of a description keeps what its Markdown does not show.
func TestUpdateDescription(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		shown := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-1"}).Description
		edited := strings.Replace(shown, "later", "soon", 1)
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-1", Fields: map[string]any{"description": edited}}); err != nil {
			t.Fatal(err)
		}
		sent, _ := json.Marshal(b.lastBody(t))
		got := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-1"}).Description
		if b.deployment == sandbox.Cloud && (!strings.Contains(string(sent), `"isNumberColumnEnabled":false`) || got != edited) {
			t.Errorf("sent %s\nread back (-want +got):\n%s", sent, cmp.Diff(edited, got))
		}
		if !strings.Contains(got, "| Chloé Martin | soon |") {
			t.Errorf("read back %s", got)
		}
	})
}

// A text that could not be read is not replaced: it may hold what the new one does not show.
func TestUpdateOfTextThatWasNotRead(t *testing.T) {
	b := newBench(t, variants[0], func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/field") {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	update := func(name string) error {
		_, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-3", Fields: map[string]any{name: "new"}})
		return err
	}
	wantInputError(t, update("Acceptance Criteria"), "fields", "cannot be changed safely", "customfield_10030")
	if err := update("customfield_10030"); err != nil {
		t.Error(err)
	}
}

func TestUpdateConflict(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		seen := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-9"}).Updated
		update := func(expected string, fields map[string]any) error {
			_, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-9", Fields: fields, Expected: expected})
			return err
		}
		if err := update(seen, map[string]any{"priority": "Low"}); err != nil {
			t.Fatal(err)
		}
		b.requests()
		wantInputError(t, update(seen, map[string]any{"priority": "Highest"}), "expected_updated", "conflict", "changed at 2026-09-15T10:00:00Z",
			`MCP Service changed priority from "High" to "Low"`, "Read the issue again")
		if sent := b.requests(); len(sent) != 1 || !strings.HasPrefix(sent[0], http.MethodGet) {
			t.Errorf("sent %q", sent)
		}
		_, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-9", Fields: map[string]any{"parent": "OPS-1"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, scope := range []atlassian.Scope{{Only: []string{"plat"}}, {Never: []string{"ops"}}, {Only: []string{}}} {
			_, err = b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-9", Fields: map[string]any{"priority": "Low"}, Expected: seen, Scope: scope})
			if wantInputError(t, err, "expected_updated", `from "High" to "Low"`); strings.Contains(err.Error(), "OPS") {
				t.Errorf("a conflict in %+v tells %v", scope, err)
			}
		}
		wantInputError(t, update(seen, map[string]any{"priority": "Low"}), "expected_updated", `to "OPS-1"`)
		wantInputError(t, update("yesterday", map[string]any{"priority": "Low"}), "expected_updated", "no point in time")
		seen = mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-10"}).Updated
		if _, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-10", Body: "x"}); err != nil {
			t.Fatal(err)
		}
		_, err = b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-10", Worklog: "1h", Expected: seen})
		wantInputError(t, err, "expected_updated", "may have been a comment")
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-9"}); issue.Priority != "Low" {
			t.Errorf("priority = %s", issue.Priority)
		}
	})
}

func TestUpdateRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		try := func(in jira.UpdateIssueRequest) error {
			if in.Key == "" {
				in.Key = "PLAT-7"
			}
			_, err := b.UpdateIssue(t.Context(), in)
			return err
		}
		summary := map[string]any{"summary": "changed"}
		wantInputError(t, try(jira.UpdateIssueRequest{Key: "7"}), "issue_key", "not an issue key")
		wantInputError(t, try(jira.UpdateIssueRequest{}), "fields", "nothing to change")
		wantInputError(t, try(jira.UpdateIssueRequest{Worklog: "long"}), "worklog", "no duration")
		wantInputError(t, try(jira.UpdateIssueRequest{Worklog: "1h", WorklogStarted: "then"}), "worklog_started", "no point in time")
		wantInputError(t, try(jira.UpdateIssueRequest{Worklog: "1h", Visibility: &jira.Visibility{}}), "comment_visibility", "no comment")
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: summary, Comment: " "}), "comment", "is empty")
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: summary, Comment: "x", Format: "adf"}), "comment", "malformed")
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: summary, Transition: "Close"}), "transition", `no transition "Close"`)
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: map[string]any{"Severity": "Fatal"}, Worklog: "1h"}), "fields", `"Fatal" is not a value`, `"Critical"`)
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: map[string]any{"status": "Done"}}), "fields", `PLAT-7 has no field "status"`)
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: map[string]any{"Story Pints": 1.0}}), "fields", `"Story Points"`)
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: map[string]any{"issue_type": "Bug"}}), "fields", "cannot be changed here")
		wantInputError(t, try(jira.UpdateIssueRequest{Fields: map[string]any{"parent": map[string]any{"id": "10101"}}}), "fields.parent", "not an issue key")
		wantError(t, try(jira.UpdateIssueRequest{Key: "PLAT-99", Fields: summary}), http.StatusNotFound)
		if got := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-7"}); got.Summary == "changed" {
			t.Error("a refused update changed the issue")
		}
		b.sandbox.Deny("PLAT", sandbox.PermissionEdit)
		wantError(t, try(jira.UpdateIssueRequest{Fields: summary, Worklog: "1h"}), http.StatusForbidden, "may not edit PLAT-7", "Nothing was changed")
	})
}

// A part that fails is an error that says what was done and what was not tried.
func TestUpdatePartly(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		_, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{
			Key: "PLAT-7", Fields: map[string]any{"summary": "changed"}, Transition: "Done", Comment: "x", Worklog: "1h",
		})
		wantError(t, err, http.StatusBadRequest, "Resolution is required", `Failed: transition "Done" with the comment.`, "Done before: fields summary.", "Not tried: worklog.", `"Won't Do"`)
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-7", Comments: 10}); issue.Summary != "changed" || issue.Status != "In Progress" || len(issue.Comments) != 3 {
			t.Errorf("issue = %+v", issue)
		}
		b.sandbox.Deny("PLAT", sandbox.PermissionWork)
		_, err = b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-7", Comment: "x", Worklog: "1h"})
		wantError(t, err, http.StatusBadRequest, "permission to associate a worklog", "Failed: worklog. Done before: comment.")
		_, err = b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-7", Fields: map[string]any{"summary": "two\nlines"}, Comment: "x"})
		wantError(t, err, http.StatusBadRequest, "newline", "Failed: fields summary. Not tried: comment.")
	})
}
