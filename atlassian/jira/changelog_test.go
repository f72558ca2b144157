package jira_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// changed makes some changes of two issues.
func changed(t *testing.T, b *bench) {
	t.Helper()
	for n := range 4 {
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-9", Fields: map[string]any{"summary": "title " + strconv.Itoa(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "OPS-2", Fields: map[string]any{"summary": "ops", "Customer": "Contoso"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Assign(t.Context(), "PLAT-9", "Ada Keller"); err != nil {
		t.Fatal(err)
	}
}

func TestChangelogs(t *testing.T) {
	b := newBench(t, variants[0], nil)
	changed(t, b)
	b.requests()
	got, err := b.Changelogs(t.Context(), jira.ChangelogsRequest{Keys: []string{"ops-2", "PLAT-999"}})
	want := &jira.Changelogs{Missing: []string{"PLAT-999"}, Issues: []jira.IssueChanges{{Key: "OPS-2", Changes: []jira.Change{
		{At: "2026-09-15T10:00:00Z", By: "MCP Service", Field: "summary", From: "Renew the certificate of the gateway", To: "ops"},
		{At: "2026-09-15T10:00:00Z", By: "MCP Service", Field: "Customer", To: "Contoso"},
	}}}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(jira.IssueChanges{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if n := len(b.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
	for _, limit := range []int{1, 2, -1} { // pages of Jira's and of ours do not lose or repeat anything
		var seen []string
		in := jira.ChangelogsRequest{Keys: []string{"PLAT-9", "OPS-2"}, Limit: limit}
		for range 20 {
			page, err := b.Changelogs(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page.Issues {
				for _, c := range i.Changes {
					seen = append(seen, i.Key+" "+c.To)
				}
			}
			if in.Cursor = page.Cursor; in.Cursor == "" {
				break
			}
		}
		if got, want := strings.Join(seen, ", "), "PLAT-9 title 0, PLAT-9 title 1, PLAT-9 title 2, PLAT-9 title 3, PLAT-9 Ada Keller, OPS-2 ops, OPS-2 Contoso"; got != want {
			t.Errorf("limit %d: %s", limit, got)
		}
	}
	found, err := b.Changelogs(t.Context(), jira.ChangelogsRequest{Keys: []string{"PLAT-9", "OPS-2"}, Fields: []string{"assignee"}})
	if err != nil || len(found.Issues) != 1 || len(found.Issues[0].Changes) != 1 || found.Issues[0].Changes[0].To != "Ada Keller" {
		t.Errorf("of one field: %+v, %v", found, err)
	}
}

func TestChangelogsOfProjects(t *testing.T) {
	b := newBench(t, variants[0], nil)
	changed(t, b)
	for _, parent := range []string{"PLAT-1", "OPS-1"} {
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-8", Fields: map[string]any{"parent": parent}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Changelogs(t.Context(), jira.ChangelogsRequest{Keys: []string{"PLAT-8", "OPS-2"}})
	if err != nil || len(got.Issues) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	got.KeepProjects(func(key string) bool { return key == "PLAT" })
	if len(got.Issues) != 1 || got.Issues[0].Key != "PLAT-8" || len(got.Issues[0].Changes) != 1 || got.Issues[0].Changes[0].To != "PLAT-1" {
		t.Errorf("kept %+v", got.Issues)
	}
}

func TestChangelogsRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		try := func(in jira.ChangelogsRequest) error {
			_, err := b.Changelogs(t.Context(), in)
			return err
		}
		wantInputError(t, try(jira.ChangelogsRequest{}), "issue_ids_or_keys", "1 to 100")
		wantInputError(t, try(jira.ChangelogsRequest{Keys: []string{"../1"}}), "issue_ids_or_keys", "not an issue key")
		if b.deployment == sandbox.DataCenter {
			wantInputError(t, try(jira.ChangelogsRequest{Keys: []string{"PLAT-1"}}), "issue_ids_or_keys", "Data Center")
			return
		}
		wantInputError(t, try(jira.ChangelogsRequest{Keys: []string{"PLAT-1"}, Fields: []string{"Nonsense"}}), "fields", "no field")
		wantInputError(t, try(jira.ChangelogsRequest{Keys: []string{"PLAT-1"}, Fields: make([]string, 11)}), "fields", "10 fields")
		wantInputError(t, try(jira.ChangelogsRequest{Keys: []string{"PLAT-1"}, Cursor: "x"}), "cursor", "not a cursor")
		for _, line := range b.requests() {
			if strings.HasPrefix(line, http.MethodPost) {
				t.Errorf("sent %s", line)
			}
		}
	})
}
