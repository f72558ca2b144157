package jira_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

var scoped = variant{name: "cloud, with a token that has scopes", deployment: sandbox.Cloud, scoped: true}

// TestContract sends every request that the client can send, refused ones included, and checks
// them and the sandbox's answers against Atlassian's documents.
func TestContract(t *testing.T) {
	for _, v := range append(variants, scoped) {
		t.Run(v.name, func(t *testing.T) {
			files := contract.JiraCloud
			if v.deployment == sandbox.DataCenter {
				files = contract.JiraDataCenter
			}
			c := contract.Load(t, files...)
			if v.prefix != "" {
				c = c.Under(v.prefix)
			}
			b := newBench(t, v, func(next http.Handler) http.Handler { return c.Wrap(t, next) })
			exerciseReads(t, b)
			exerciseWrites(t, b)
			exercisePeople(t, b)
			exerciseComments(t, b)
			exerciseFields(t, b)
			exerciseIssues(t, b)
			if lacking := c.Lacking(contract.DocumentedScopes(t, "../../docs/operations.md")); v.deployment == sandbox.Cloud && lacking != nil {
				t.Errorf("the documented scopes do not open: %s", strings.Join(lacking, "\n"))
			}
			if sent := b.requests(); v.scoped && !slices.Equal(sent, []string{"GET /rest/api/2/serverInfo", "GET /rest/api/3/myself", "GET /_edge/tenant_info"}) {
				t.Errorf("the site itself was asked %q", sent)
			}
			for _, dead := range c.Unused() {
				t.Errorf("the exception for %s tolerates nothing: %s", dead.Operation, dead.Finding)
			}
		})
	}
}

func exerciseReads(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	for _, in := range []jira.GetIssueRequest{
		{Key: "PLAT-3", Comments: 10},
		{Key: "PLAT-1"},
		{Key: "OPS-4", Transitions: true},
		{Key: "PLAT-7", Fields: []string{"*all"}, Comments: 2},
		{Key: "PLAT-3", Fields: []string{"Story Points", "Sprint", "summary", "Acceptance Criteria"}},
	} {
		mustIssue(t, b, in)
	}
	b.fill(t, "OPS-3", 101) // more than Jira hands out with the issue
	mustIssue(t, b, jira.GetIssueRequest{Key: "OPS-3", Comments: 5})
	for _, in := range []jira.SearchRequest{
		{JQL: "project = PLAT ORDER BY key", Limit: 3},
		{JQL: "labels = identity", Projects: []string{"PLAT", "OPS"}, Limit: 2, Fields: []string{"*all"}},
	} {
		for range 3 {
			found, err := b.Search(ctx, in)
			if err != nil {
				t.Fatalf("Search(%+v): %v", in, err)
			}
			in.Cursor = found.Cursor
		}
	}
	if _, err := b.FindIssues(ctx, `a "quoted phrase"`, atlassian.Scope{Never: []string{"OPS"}}, 5); err != nil {
		t.Error(err)
	}
	b.Search(ctx, jira.SearchRequest{JQL: "nonsense = 1", Limit: 1})
	b.GetIssue(ctx, jira.GetIssueRequest{Key: "PLAT-999"})
	b.GetTransitions(ctx, "PLAT-999")
	if key, err := b.ProjectKey(ctx, "INFRA"); key != "OPS" {
		t.Errorf("ProjectKey = %q, %v", key, err)
	}
	b.ProjectKey(ctx, "NOPE")
	if _, err := b.ProjectOf(ctx, "PLAT-1"); err != nil {
		t.Error(err)
	}
	if _, err := b.GetTransitions(ctx, "PLAT-7"); err != nil {
		t.Error(err)
	}
}

func exerciseWrites(t *testing.T, b *bench) {
	t.Helper()
	ctx, hidden := t.Context(), false
	for _, in := range []jira.AddCommentRequest{
		{Key: "PLAT-1", Body: "# Title\n\n- **one**\n- `two`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```go\nx := 1\n```\n\n> quote\n\n[link](https://example.com)"},
		{Key: "PLAT-1", Body: "for developers", Visibility: &jira.Visibility{Type: "role", Value: "Developers"}},
		{Key: "PLAT-1", Body: "internal", Public: &hidden},
	} {
		if _, err := b.AddComment(ctx, in); err != nil {
			t.Errorf("AddComment(%+v): %v", in, err)
		}
	}
	b.AddComment(ctx, jira.AddCommentRequest{Key: "PLAT-1", Body: "x", Visibility: &jira.Visibility{Type: "group", Value: "nobody"}})
	b.AddComment(ctx, jira.AddCommentRequest{Key: "PLAT-999", Body: "x"})
	for _, in := range []jira.TransitionRequest{
		{Key: "PLAT-7", Transition: "Done", Fields: map[string]any{"Resolution": "Done", "assignee": nil}, Comment: "*fixed*"},
		{Key: "PLAT-7", Transition: "To Do"},
	} {
		if _, err := b.Transition(ctx, in); err != nil {
			t.Errorf("Transition(%+v): %v", in, err)
		}
	}
	if _, err := b.Transition(ctx, jira.TransitionRequest{Key: "PLAT-3", Transition: "Done"}); err == nil {
		t.Error("a transition without its required field succeeded")
	}
}

func exercisePeople(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	for _, who := range []string{"me", "Ada Keller", "Nobody", map[string]string{sandbox.Cloud: "557058:ada", sandbox.DataCenter: "JIRAUSER-akeller"}[b.deployment]} {
		if _, err := b.GetPerson(ctx, who); (err != nil) != (who == "Nobody") {
			t.Errorf("GetPerson(%s): %v", who, err)
		}
	}
	b.GetPerson(ctx, map[string]string{sandbox.Cloud: "557058:gone", sandbox.DataCenter: "JIRAUSER99"}[b.deployment])
	for _, in := range []jira.AssignableRequest{{Query: "ada", Project: "PLAT", Limit: 5}, {Query: "ada", Key: "PLAT-1", Limit: 5}} {
		if _, err := b.Assignable(ctx, in); err != nil {
			t.Error(err)
		}
	}
	b.Assignable(ctx, jira.AssignableRequest{Project: "NOPE"})
	for _, who := range []string{"Ben Okafor", "", "me"} {
		if _, err := b.Assign(ctx, "PLAT-9", who); (err != nil) != (who == "me") {
			t.Errorf("Assign(%q): %v", who, err)
		}
	}
	b.Assign(ctx, "PLAT-99", "")
}

func exerciseComments(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	for _, oldest := range []bool{true, false} {
		if _, err := b.ListComments(ctx, jira.ListCommentsRequest{Key: "PLAT-7", Limit: 2, OldestFirst: oldest}); err != nil {
			t.Error(err)
		}
	}
	b.ListComments(ctx, jira.ListCommentsRequest{Key: "PLAT-99", Limit: 2})
	for _, in := range []jira.EditCommentRequest{
		{Key: "PLAT-7", ID: "10115", Body: "# new\n\n- text"},
		{Key: "PLAT-7", ID: "10115", Body: "for developers", Visibility: &jira.Visibility{Type: "role", Value: "Developers"}},
	} {
		if _, err := b.EditComment(ctx, in); err != nil {
			t.Error(err)
		}
	}
	b.EditComment(ctx, jira.EditCommentRequest{Key: "PLAT-7", ID: "1", Body: "x"})
	b.EditComment(ctx, jira.EditCommentRequest{Key: "PLAT-7", ID: "10115", Body: strings.Repeat("x", 40000)})
	if project, err := b.ProjectOfComment(ctx, "PLAT-7", "10115"); project != "PLAT" {
		t.Errorf("ProjectOfComment = %q, %v", project, err)
	}
	b.ProjectOfComment(ctx, "PLAT-1", "10115")
	if _, err := b.DeleteComment(ctx, "PLAT-7", "10115"); err != nil {
		t.Error(err)
	}
	b.DeleteComment(ctx, "PLAT-7", "10115")
}

func exerciseFields(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	if _, err := b.SearchFields(ctx, jira.FieldsRequest{Keyword: "points", Limit: 5, Refresh: true}); err != nil {
		t.Error(err)
	}
	if _, err := b.FieldOptions(ctx, jira.OptionsRequest{Field: "Region", Project: "PLAT", Limit: 5}); err != nil {
		t.Error(err)
	}
	b.FieldOptions(ctx, jira.OptionsRequest{Field: "Region", Project: "NOPE"})
	b.FieldOptions(ctx, jira.OptionsRequest{Field: "Region"})
	b.FieldOptions(ctx, jira.OptionsRequest{Field: "Region", Context: "1"})
}

func exerciseIssues(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	made, err := b.CreateIssue(ctx, jira.NewIssue{Project: "PLAT", Type: "Story", Summary: "x", Description: "# y", Fields: everyField})
	if err != nil {
		t.Fatal(err)
	}
	b.CreateIssue(ctx, jira.NewIssue{Project: "PLAT", Type: "Story", Summary: "two\nlines"})
	for _, group := range []string{"site-admins", "nobody"} {
		list := []jira.NewIssue{{Project: "PLAT", Type: "Story", Summary: "x", Fields: map[string]any{"Responsible group": group}}}
		if _, err := b.CreateIssues(ctx, list, false); (err != nil) != (group == "nobody") {
			t.Error(err)
		}
	}
	b.UpdateIssue(ctx, jira.UpdateIssueRequest{Key: "PLAT-999", Worklog: "1h"})
	for _, in := range []jira.UpdateIssueRequest{
		{Key: made.Key, Fields: map[string]any{"parent": nil, "labels": nil, "Owner": nil, "description": "new"}, Transition: "Start progress", Comment: "x", Visibility: &jira.Visibility{Type: "role", Value: "Developers"}},
		{Key: made.Key, Fields: map[string]any{"summary": "z"}, Comment: "x", Worklog: "1h", WorklogStarted: "2026-09-14", Expected: "2026-09-15T10:00:00Z"},
	} {
		if _, err := b.UpdateIssue(ctx, in); err != nil {
			t.Error(err)
		}
	}
	b.UpdateIssue(ctx, jira.UpdateIssueRequest{Key: made.Key, Fields: map[string]any{"summary": ""}})
	if _, err := b.UpdateIssue(ctx, jira.UpdateIssueRequest{Key: made.Key, Fields: map[string]any{"Sprint": "PLAT Sprint 12"}}); err != nil {
		t.Error(err)
	}
	b.UpdateIssue(ctx, jira.UpdateIssueRequest{Key: "OPS-1", Fields: map[string]any{"Sprint": "PLAT Sprint 12"}})
	if _, err := b.Transition(ctx, jira.TransitionRequest{Key: "PLAT-3", Transition: "Request changes", Fields: map[string]any{"description": "new", "Sprint": 42.0}}); err != nil {
		t.Error(err)
	}
	b.sandbox.Deny("OPS", sandbox.PermissionWork)
	b.UpdateIssue(ctx, jira.UpdateIssueRequest{Key: "OPS-1", Worklog: "1h"})
	b.DeleteIssue(ctx, "PLAT-3", false)
	if b.deployment == sandbox.Cloud {
		if _, err := b.Changelogs(ctx, jira.ChangelogsRequest{Keys: []string{made.Key, "PLAT-1"}, Fields: []string{"summary"}}); err != nil {
			t.Error(err)
		}
	}
	if b.deployment == sandbox.Cloud {
		if _, err := b.MoveIssue(ctx, made.Key, "OPS"); err != nil {
			t.Error(err)
		}
		b.sandbox.Deny("PLAT", sandbox.PermissionMove)
		b.MoveIssue(ctx, "PLAT-1", "OPS")
	}
	if _, err := b.DeleteIssue(ctx, "PLAT-3", true); err != nil {
		t.Error(err)
	}
	b.DeleteIssue(ctx, "PLAT-3", true)
}
