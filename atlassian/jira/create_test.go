package jira_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// everyField is a value for a field of every common type, by its name or id.
var everyField = map[string]any{
	"priority": "high", "labels": []any{"identity", "q4"}, "Affects Version/s": "1.0", "fix_versions": []any{"2.0"}, "due_date": "2026-12-31",
	"Story Points": "8", "Customer": 42.0, "customfield_10033": "2026-10-01", "Planned start": "2026-10-01T09:00:00+02:00",
	"Acceptance Criteria": "1. **works**", "environment": "`prod`", "Platforms": "Web, ios", "Region": "europe / Germany", "Risk": "10321",
	"Reviews": "Legal, contracts", "Tags": "a,b", "Owner": "Ada Keller", "Approvers": []any{"ben.okafor@contoso.example", "Ada Keller"},
	"Responsible group": "site-admins", "Delivered in": []any{"1.0", map[string]any{"name": "2.0"}}, "Found in": "2.0", "Sprint": "41", "parent": "plat-1",
}

// everyFieldRead is what reading them gives.
var everyFieldRead = map[string]any{
	"versions": []any{"1.0"}, "Story Points": 8.0, "Customer": "42", "Go-live": "2026-10-01", "Planned start": "2026-10-01T07:00:00Z",
	"Acceptance Criteria": "1. **works**", "environment": "`prod`", "Platforms": []any{"Web", "iOS"}, "Region": "Europe / Germany", "Risk": "High",
	"Reviews": []any{"Legal, contracts"}, "Tags": []any{"a", "b"}, "Owner": "Ada Keller", "Approvers": []any{"Ben Okafor", "Ada Keller"},
	"Responsible group": "site-admins", "Delivered in": []any{"1.0", "2.0"}, "Found in": "2.0", "Sprint": []any{"PLAT Sprint 12 (active)"},
}

// readEveryField reads an issue with the fields that everyField has.
func readEveryField(t *testing.T, b *bench, key string) *jira.Issue {
	t.Helper()
	names := []string{"summary", "priority", "labels", "fixVersions", "duedate", "parent", "description", "components", "assignee"}
	if b.deployment == sandbox.DataCenter {
		names = append(names, "Epic Link")
	}
	for name := range everyFieldRead {
		names = append(names, name)
	}
	return mustIssue(t, b, jira.GetIssueRequest{Key: key, Fields: names})
}

func TestCreateIssue(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		in := jira.NewIssue{
			Project: "plat", Type: "story", Summary: "New <story>", Description: "With **care**.", Assignee: "Ben Okafor",
			Components: []string{"gateway"}, Fields: everyField, Attribution: "On behalf of Ada",
		}
		got, err := b.CreateIssue(t.Context(), in)
		want := &jira.CreatedIssue{Key: "PLAT-11", URL: b.base + "/browse/PLAT-11", Type: "Story", Summary: "New <story>", Attribution: "On behalf of Ada"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		issue := readEveryField(t, b, got.Key)
		if diff := cmp.Diff(everyFieldRead, issue.Fields); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
		if issue.Description != "With **care**.\n\nOn behalf of Ada" || issue.Assignee != "Ben Okafor" || issue.Priority != "High" || issue.Due != "2026-12-31" ||
			issue.Parent == nil || issue.Parent.Key != "PLAT-1" || strings.Join(issue.Labels, " ") != "identity q4" || strings.Join(issue.Components, "") != "Gateway" ||
			strings.Join(issue.FixVersions, "") != "2.0" {
			t.Errorf("issue = %+v", issue)
		}
		// Screens are known now: what is left is one request, and one for each of two persons.
		b.requests()
		in.Fields = map[string]any{"Approvers": []any{"Ada Keller", "Ben Okafor"}}
		if _, err := b.CreateIssue(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if sent := b.requests(); len(sent) != 3 {
			t.Errorf("requests = %q", sent)
		}
	})
}

// Epics and sub-tasks are found by their place in the hierarchy.
func TestCreateInTheHierarchy(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		epic, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "epic", Summary: "An epic"})
		if err != nil {
			t.Fatal(err)
		}
		story, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "10001", Summary: "A story", Fields: map[string]any{"Epic Link": epic.Key}})
		if err != nil {
			t.Fatal(err)
		}
		task, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Subtask", Summary: "A sub-task", Fields: map[string]any{"parent": story.Key}})
		if err != nil || task.Type != "Sub-task" {
			t.Fatalf("%+v, %v", task, err)
		}
		if got := mustIssue(t, b, jira.GetIssueRequest{Key: story.Key}); got.Parent == nil || got.Parent.Key != epic.Key || len(got.Subtasks) != 1 {
			t.Errorf("story = %+v", got)
		}
		_, err = b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Story", Summary: "x", Fields: map[string]any{"epicKey": story.Key}})
		wantError(t, err, http.StatusBadRequest, map[string]string{sandbox.Cloud: "hierarchy", sandbox.DataCenter: "must be of type 'Epic'"}[b.deployment])
	})
}

func TestCreateIssueRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		try := func(change func(*jira.NewIssue)) error {
			in := jira.NewIssue{Project: "PLAT", Type: "Story", Summary: "x", Fields: map[string]any{}}
			change(&in)
			_, err := b.CreateIssue(t.Context(), in)
			return err
		}
		field := func(name string, value any) error {
			return try(func(in *jira.NewIssue) { in.Fields[name] = value })
		}
		wantInputError(t, try(func(in *jira.NewIssue) { in.Project = "a b" }), "project_key", "not a project key")
		wantInputError(t, try(func(in *jira.NewIssue) { in.Summary = " " }), "summary", "is empty")
		wantInputError(t, try(func(in *jira.NewIssue) { in.Type = "Saga" }), "issue_type", `no type "Saga"`, `"Epic", "Story"`)
		wantInputError(t, try(func(in *jira.NewIssue) { in.Assignee = "Sam Lee" }), "assignee", "several people")
		wantInputError(t, try(func(in *jira.NewIssue) { in.Components = []string{"Cellar"} }), "additional_fields", `"Cellar" is not a value`, `"Gateway", "Portal"`)
		wantInputError(t, try(func(in *jira.NewIssue) { in.Description, in.Format = "x", markup.ADF }), "description", "malformed")
		wantInputError(t, try(func(in *jira.NewIssue) { in.Type = "Bug" }), "additional_fields", "Bug in PLAT demands", `"customfield_10031" (Severity), allowed: "Critical"`)
		wantInputError(t, try(func(in *jira.NewIssue) { in.Type = "Sub-task" }), "additional_fields", "demands", `"parent"`)
		wantInputError(t, field("summary", "x"), "additional_fields", "argument of its own")
		wantInputError(t, field("Severity", "Major"), "additional_fields", `Story in PLAT has no field "Severity"`)
		wantInputError(t, field("Story Pints", 3.0), "additional_fields", `no field "Story Pints"`, `"Story Points"`)
		wantInputError(t, field("Story Points", "many"), "additional_fields", "takes a number")
		wantInputError(t, field("Go-live", "tomorrow"), "additional_fields", "takes a date", "2026-12-31")
		wantInputError(t, field("Planned start", "soon"), "additional_fields", "point in time")
		wantInputError(t, field("Platforms", []any{"Web", "BeOS"}), "additional_fields", `"BeOS" is not a value of "Platforms"`, `"Android"`)
		wantInputError(t, field("Region", "Europe / Japan"), "additional_fields", `"Japan" is not a value`, `"Germany", "France"`)
		wantInputError(t, field("Region", []any{"a", "b", "c"}), "additional_fields", "one or two values")
		wantInputError(t, field("Sprint", true), "additional_fields", "takes one sprint, by its name or its id")
		wantInputError(t, field("labels", []any{"two words"}), "additional_fields", "contains a space")
		wantInputError(t, field("labels", []any{nil}), "additional_fields", "null in a list")
		wantInputError(t, field("parent", "nonsense"), "additional_fields.parent", "not an issue key")
		b.requests()
		wantError(t, field("Responsible group", "nobody"), http.StatusBadRequest, "Group 'nobody' does not exist", `"customfield_10042" (Responsible group)`)
		wantError(t, try(func(in *jira.NewIssue) { in.Summary = "two\nlines" }), http.StatusBadRequest, "newline")
		_, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "NOPE", Type: "Story", Summary: "x"})
		wantError(t, err, http.StatusBadRequest, "No project could be found")
		wantInputError(t, field("labels", []any{nil}), "additional_fields") // after which the screens are known
		b.sandbox.Deny("PLAT", sandbox.PermissionCreate)
		wantError(t, try(func(*jira.NewIssue) {}), http.StatusBadRequest, "You cannot create issues in this project")
		wantError(t, try(func(*jira.NewIssue) {}), http.StatusForbidden, "no issue can be created in PLAT")
		if found, err := b.Search(t.Context(), jira.SearchRequest{JQL: "project = PLAT", Limit: 50}); err != nil || len(found.Issues) != 10 {
			t.Errorf("%d issues, %v: a refused one was made", len(found.Issues), err)
		}
	})
}

func TestCreateIsSentOnce(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			writes := 0
			b := newBench(t, v, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodGet {
						writes++
						w.WriteHeader(http.StatusGatewayTimeout)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			for n, send := range []func() error{
				func() error {
					_, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Story", Summary: "x"})
					return err
				},
				func() error {
					_, err := b.CreateIssues(t.Context(), []jira.NewIssue{{Project: "PLAT", Type: "Story", Summary: "x"}}, false)
					return err
				},
				func() error {
					_, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-2", Fields: map[string]any{"summary": "x"}, Worklog: "1h"})
					return err
				},
				func() error { _, err := b.DeleteIssue(t.Context(), "PLAT-2", false); return err },
				func() error { _, err := b.DeleteComment(t.Context(), "PLAT-7", "10115"); return err },
				func() error { _, err := b.Assign(t.Context(), "PLAT-7", ""); return err },
			} {
				var e *atlassian.Error
				if err := send(); !errors.As(err, &e) || !e.Uncertain || writes != n+1 || !strings.Contains(err.Error(), "look before trying again") {
					t.Errorf("%d: %d writes, %v", n, writes, err)
				}
			}
		})
	}
}

func TestCreateIssues(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		list := []jira.NewIssue{
			{Project: "PLAT", Type: "Story", Summary: "one", Assignee: "Ben Okafor"},
			{Project: "PLAT", Type: "Story", Summary: "two", Fields: map[string]any{"Responsible group": "nobody"}},
			{Project: "OPS", Type: "Task", Summary: "three", Assignee: "Ben Okafor"},
		}
		if got, err := b.CreateIssues(t.Context(), list, true); err != nil || !got.Valid {
			t.Fatalf("%+v, %v", got, err)
		}
		b.requests()
		got, err := b.CreateIssues(t.Context(), list, false)
		want := &jira.Batch{
			Created: []jira.CreatedIssue{
				{Key: "PLAT-11", URL: b.base + "/browse/PLAT-11", Type: "Story", Summary: "one"},
				{Key: "OPS-5", URL: b.base + "/browse/OPS-5", Type: "Task", Summary: "three"},
			},
			Failed: []jira.BatchFailure{{Item: 1, Summary: "two", Error: "customfield_10042: Group 'nobody' does not exist."}},
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if sent := b.requests(); len(sent) != 2 { // the person once, the issues once
			t.Errorf("requests = %q", sent)
		}
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "OPS-5"}); issue.Summary != "three" || issue.Assignee != "Ben Okafor" {
			t.Errorf("read back %+v", issue)
		}
		_, err = b.CreateIssues(t.Context(), list[1:2], false)
		wantError(t, err, http.StatusBadRequest, "issues[0]: customfield_10042: Group 'nobody' does not exist")
		list[0].Type, list[2].Summary = "Saga", ""
		b.requests()
		_, err = b.CreateIssues(t.Context(), list, false)
		wantInputError(t, err, "issues", "nothing was created", `issues[0]: issue_type: there is no type "Saga"`, "issues[2]: summary: is empty")
		_, err = b.CreateIssues(t.Context(), nil, false)
		wantInputError(t, err, "issues", "1 to 50")
		for _, line := range b.requests() {
			if strings.HasPrefix(line, http.MethodPost) {
				t.Errorf("sent %s", line)
			}
		}
	})
}

func TestDeleteIssue(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		_, err := b.DeleteIssue(t.Context(), "PLAT-3", false)
		wantError(t, err, http.StatusBadRequest, "has subtasks", "delete_subtasks")
		got, err := b.DeleteIssue(t.Context(), "plat-3", true)
		if diff := cmp.Diff(&jira.DeletedIssue{Deleted: "PLAT-3", Subtasks: true}, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		for _, key := range []string{"PLAT-3", "PLAT-4", "PLAT-5"} {
			_, err := b.GetIssue(t.Context(), jira.GetIssueRequest{Key: key})
			wantError(t, err, http.StatusNotFound)
		}
		_, err = b.DeleteIssue(t.Context(), "PLAT-3", true)
		wantError(t, err, http.StatusNotFound)
		_, err = b.DeleteIssue(t.Context(), "3", true)
		wantInputError(t, err, "issue_key", "not an issue key")
		b.sandbox.Deny("PLAT", sandbox.PermissionDelete)
		_, err = b.DeleteIssue(t.Context(), "PLAT-2", false)
		wantError(t, err, http.StatusForbidden, "permission to delete issues")
	})
}
