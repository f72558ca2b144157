package jira_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestGetIssue(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got := mustIssue(t, b, jira.GetIssueRequest{Key: " plat-3 ", Comments: 10})
		want := &jira.Issue{
			Key: "PLAT-3", URL: b.base + "/browse/PLAT-3", Summary: "Users sign in with their company account", Type: "Story",
			Status: "In Review", StatusCategory: "In Progress", Priority: "High", Assignee: "Ben Okafor", Reporter: "Ada Keller",
			Labels: []string{"identity"}, Created: "2026-08-25T10:00:00Z", Updated: "2026-09-04T10:00:00Z",
			Parent: &jira.Ref{Key: "PLAT-1", Summary: "Single sign-on for all internal tools", Status: "In Progress"},
			Subtasks: []jira.Ref{
				{Key: "PLAT-4", Summary: "Register the application with the identity provider", Status: "Done"},
				{Key: "PLAT-5", Summary: "Handle expired sessions without losing form input", Status: "In Progress"},
			},
			Links: []jira.Link{
				{Relation: "is blocked by", Ref: jira.Ref{Key: "PLAT-7", Summary: "Redirect loop after sign-in on Safari", Status: "In Progress"}},
				{Relation: "is blocked by", Ref: jira.Ref{Key: "OPS-2", Summary: "Renew the certificate of the gateway", Status: "To Do"}},
			},
			Comments: []jira.Comment{
				{ID: "10113", Author: "Ada Keller", Created: "2026-09-03T10:00:00Z"},
				{ID: "10114", Author: "Ben Okafor", Created: "2026-09-04T10:00:00Z", Body: "Done, please look again."},
			},
		}
		if b.deployment == sandbox.DataCenter {
			want.Parent = &jira.Ref{Key: "PLAT-1"} // an epic link is a key and no more
		}
		for _, part := range []string{"**company account**", "### Notes", "- Guests stay outside.", "```yaml\nissuer:"} {
			if !strings.Contains(got.Description, part) {
				t.Errorf("description = %q, want %q in it", got.Description, part)
			}
		}
		if len(got.Comments) > 0 && !strings.Contains(got.Comments[0].Body, "the consent page needs the client's name in **bold**.") {
			t.Errorf("first comment = %q", got.Comments[0].Body)
		} else if len(got.Comments) > 0 {
			got.Comments[0].Body = ""
		}
		got.Description = ""
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(jira.Issue{})); diff != "" {
			t.Errorf("issue differs (-want +got):\n%s", diff)
		}
	})
}

func TestGetIssueTakesOneRequest(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-1", Comments: 10}) // the deployment, and on Data Center the fields
		b.requests()
		mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-3", Comments: 10})
		if got := b.requests(); len(got) != 1 {
			t.Errorf("requests = %q, want one", got)
		}
	})
}

func TestGetIssueSelectsFields(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-3", Fields: []string{"story points", "customfield_10020", "Acceptance Criteria", "Severity", "due_date", "KEY", "status"}})
		want := map[string]any{
			"Story Points": 5.0, "customfield_10020": []any{"PLAT Sprint 12 (active)"},
			"Acceptance Criteria": "1. A new employee signs in without a ticket.\n2. Signing out ends the session everywhere.",
		}
		if diff := cmp.Diff(want, got.Fields); diff != "" {
			t.Errorf("fields differ (-want +got):\n%s", diff)
		}
		if got.Summary != "" || got.Status != "In Review" || got.Comments != nil {
			t.Errorf("issue = %+v, want the asked fields only", got)
		}
		if bug := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-9", Fields: []string{"Severity", "assignee"}}); bug.Fields["Severity"] != "Major" || bug.Assignee != "Unassigned" {
			t.Errorf("bug = %+v", bug)
		}
		all := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-3", Fields: []string{"*all"}, Comments: 1})
		if all.Fields["Story Points"] != 5.0 || all.Summary == "" || len(all.Comments) != 1 || all.Fields["Creator"] != "Ada Keller" {
			t.Errorf("all = %+v", all)
		}
		data, _ := json.Marshal(all)
		if strings.Contains(string(data), "self") || strings.Contains(string(data), "null") || strings.Contains(string(data), "avatar") {
			t.Errorf("the result is not compact: %s", data)
		}
		_, err := b.GetIssue(t.Context(), jira.GetIssueRequest{Key: "PLAT-3", Fields: []string{"Story Pints"}})
		wantInputError(t, err, "fields", `no field "Story Pints"`, `"Story Points"`)
	})
}

func TestGetIssueWithTransitions(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got := mustIssue(t, b, jira.GetIssueRequest{Key: "OPS-3", Fields: []string{"summary"}, Transitions: true})
		want := []jira.Transition{
			{ID: "31", Name: "Resume", To: "In Progress", Category: "In Progress"},
			{ID: "41", Name: "Escalate", To: "In Progress", Category: "In Progress"},
		}
		if diff := cmp.Diff(want, got.Transitions); diff != "" {
			t.Errorf("transitions differ (-want +got):\n%s", diff)
		}
	})
}

func TestGetIssueShowsTheNewestComments(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.fill(t, "OPS-1", 129)
		if _, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "OPS-1", Body: "the last"}); err != nil {
			t.Fatal(err)
		}
		b.requests()
		got := mustIssue(t, b, jira.GetIssueRequest{Key: "OPS-1", Fields: []string{"summary"}, Comments: 2})
		if len(got.Comments) != 2 || got.CommentTotal != 130 || got.Comments[1].Body != "the last" || got.Comments[0].Body != "ping" {
			t.Errorf("comments = %+v of %d", got.Comments, got.CommentTotal)
		}
		if n := len(b.requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		if len(got.Truncated) != 1 || !strings.Contains(got.Truncated[0], "newest 2 of 130") {
			t.Errorf("truncated = %q", got.Truncated)
		}
	})
}

func TestGetIssueRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		_, err := b.GetIssue(t.Context(), jira.GetIssueRequest{Key: "../../secure/admin"})
		wantInputError(t, err, "issue_key", "not an issue key", "PROJ-123")
		if got := b.requests(); len(got) != 0 {
			t.Errorf("a bad key was sent: %q", got)
		}
		_, err = b.GetIssue(t.Context(), jira.GetIssueRequest{Key: "PLAT-999"})
		wantError(t, err, http.StatusNotFound, "Issue does not exist or you do not have permission to see it")
		ctx := atlassian.WithCredentials(t.Context(), atlassian.Credentials{Username: map[string]string{sandbox.Cloud: "x@y.example"}[b.deployment], Token: "wrong"})
		_, err = b.GetIssue(ctx, jira.GetIssueRequest{Key: "PLAT-1"})
		wantError(t, err, http.StatusUnauthorized, "JIRA_PERSONAL_TOKEN")
	})
}

func TestProjectOf(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got, err := b.ProjectOf(t.Context(), "OPS-2")
		if err != nil || got != "OPS" {
			t.Errorf("ProjectOf = %q, %v", got, err)
		}
		if _, err := b.ProjectOf(t.Context(), "OPS-99"); err == nil {
			t.Error("an issue that is not there has a project")
		}
	})
}

func TestKeepProjects(t *testing.T) {
	only := func(key string) func(string) bool { return func(k string) bool { return k == key } }
	each(t, func(t *testing.T, b *bench) {
		bug := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-7"})
		if !bug.KeepProjects(only("PLAT")) || len(bug.Links) != 2 || bug.Parent == nil {
			t.Errorf("bug = %+v, want it without its link to OPS", bug)
		}
		if ops := mustIssue(t, b, jira.GetIssueRequest{Key: "OPS-2"}); ops.KeepProjects(only("PLAT")) {
			t.Error("an issue of OPS may be shown where only PLAT may")
		}
		found, err := b.Search(t.Context(), jira.SearchRequest{JQL: "labels = customer ORDER BY key", Limit: 50, Fields: []string{"issuelinks"}})
		if err != nil || len(found.Issues) != 3 {
			t.Fatalf("Search = %+v, %v", found, err)
		}
		found.KeepProjects(only("OPS"))
		if len(found.Issues) != 1 || found.Issues[0].Key != "OPS-4" || len(found.Issues[0].Links) != 0 || found.Total != nil {
			t.Errorf("kept %+v, want OPS-4 without links, and no total", found)
		}
	})
}

func TestResultsStayInBudget(t *testing.T) {
	const limit = 36 << 10
	long := strings.Repeat("Lorem \"ipsum\" dolor\n\n", 400)
	each(t, func(t *testing.T, b *bench) {
		for range 4 {
			if _, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-1", Body: long}); err != nil {
				t.Fatal(err)
			}
		}
		issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-1", Comments: 100})
		data, _ := json.Marshal(issue)
		if len(data) > limit || len(issue.Truncated) == 0 || len(issue.Comments) == 0 || issue.Description == "" {
			t.Errorf("%d bytes, %d comments, truncated %q", len(data), len(issue.Comments), issue.Truncated)
		}
		searchInBudget(t, b, limit)
	})
}

// searchInBudget searches for issues of which few fit into one result, and expects to see each
// exactly once by following the cursor.
func searchInBudget(t *testing.T, b *bench, limit int) {
	t.Helper()
	const want = "OPS-1 OPS-2 OPS-3 OPS-4 PLAT-1 PLAT-2 PLAT-3 PLAT-4 PLAT-5 PLAT-6 PLAT-7 PLAT-8 PLAT-9 PLAT-10"
	for key := range strings.FieldsSeq(want) {
		if _, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: key, Body: strings.Repeat("word ", 2000)}); err != nil {
			t.Fatal(err)
		}
	}
	in := jira.SearchRequest{JQL: "project in (PLAT, OPS) ORDER BY key", Limit: 100, Fields: []string{"summary", "comment"}}
	var keys []string
	pages := 0
	for {
		found, err := b.Search(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := json.Marshal(found)
		if len(data) > limit {
			t.Errorf("%d bytes", len(data))
		}
		if pages++; pages > 20 || len(found.Issues) == 0 {
			t.Fatalf("%d pages, keys %q", pages, keys)
		}
		for _, i := range found.Issues {
			keys = append(keys, i.Key)
		}
		if in.Cursor = found.Cursor; in.Cursor == "" {
			break
		}
		if found.Truncated == "" {
			t.Error("a short page does not say why")
		}
	}
	if got := strings.Join(keys, " "); got != want || pages < 2 {
		t.Errorf("%d pages with %s", pages, got)
	}
}
