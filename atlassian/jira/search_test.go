package jira_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestSearchFollowsTheCursor(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		in := jira.SearchRequest{JQL: "project = PLAT ORDER BY key", Limit: 4}
		var keys []string
		for range 3 {
			found, err := b.Search(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if (found.Total != nil) != (b.deployment == sandbox.DataCenter) || (found.Total != nil && *found.Total != 10) {
				t.Errorf("total = %v", found.Total)
			}
			for _, i := range found.Issues {
				keys = append(keys, i.Key)
			}
			in.Cursor = found.Cursor
		}
		if got := strings.Join(keys, " "); in.Cursor != "" || got != "PLAT-1 PLAT-2 PLAT-3 PLAT-4 PLAT-5 PLAT-6 PLAT-7 PLAT-8 PLAT-9 PLAT-10" {
			t.Errorf("keys = %s, cursor %q at the end", got, in.Cursor)
		}
	})
}

func TestSearchTakesOneRequestAPage(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.Search(t.Context(), jira.SearchRequest{JQL: "project = PLAT", Limit: 1})
		b.requests()
		if _, err := b.Search(t.Context(), jira.SearchRequest{JQL: "project = PLAT", Limit: 50}); err != nil {
			t.Fatal(err)
		}
		if got := b.requests(); len(got) != 1 {
			t.Errorf("requests = %q, want one", got)
		}
	})
}

func TestSearchSendsTheQueryAsItIs(t *testing.T) {
	const jql = `summary ~ "sign" AND (status = "In Review" OR labels in (identity)) ORDER BY updated DESC`
	each(t, func(t *testing.T, b *bench) {
		if _, err := b.Search(t.Context(), jira.SearchRequest{JQL: jql, Limit: 5}); err != nil {
			t.Fatal(err)
		}
		if got := b.lastBody(t)["jql"]; got != jql {
			t.Errorf("sent %q", got)
		}
		if _, err := b.Search(t.Context(), jira.SearchRequest{JQL: jql, Projects: []string{"ops"}, Limit: 5}); err != nil {
			t.Fatal(err)
		}
		want := `project in ("OPS") AND (summary ~ "sign" AND (status = "In Review" OR labels in (identity))) ORDER BY updated DESC`
		if got := b.lastBody(t)["jql"]; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}

func TestSearchRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		search := func(in jira.SearchRequest) error {
			in.Limit = 2
			_, err := b.Search(t.Context(), in)
			return err
		}
		wantError(t, search(jira.SearchRequest{JQL: "assigne = x"}), http.StatusBadRequest, "Field 'assigne' does not exist", `Did you mean "assignee"`)
		wantError(t, search(jira.SearchRequest{JQL: "project = NOPE"}), http.StatusBadRequest, "The value 'NOPE' does not exist for the field 'project'")
		wantError(t, search(jira.SearchRequest{JQL: "project ="}), http.StatusBadRequest, "Error in the JQL Query")
		wantInputError(t, search(jira.SearchRequest{JQL: "a) OR (b", Projects: []string{"PLAT"}}), "jql", "parenthesis")
		wantInputError(t, search(jira.SearchRequest{JQL: "project = PLAT", Projects: []string{`P" OR`}}), "projects", "not a project key")
		wantInputError(t, search(jira.SearchRequest{JQL: "project = PLAT", Cursor: "garbage!"}), "cursor", "not a cursor")

		first, err := b.Search(t.Context(), jira.SearchRequest{JQL: "project = PLAT", Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		wantInputError(t, search(jira.SearchRequest{JQL: "project = OPS", Cursor: first.Cursor}), "cursor", "another query")
	})
}

func TestSearchTakesOffsetsOnDataCenterOnly(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		in := jira.SearchRequest{JQL: "project = PLAT ORDER BY key", Limit: 2, Cursor: "0"}
		if found, err := b.Search(t.Context(), in); err != nil || found.Issues[0].Key != "PLAT-1" {
			t.Errorf("offset 0: %+v, %v", found, err)
		}
		in.Cursor = "4"
		found, err := b.Search(t.Context(), in)
		if b.deployment == sandbox.Cloud {
			wantInputError(t, err, "cursor", "no numeric offsets")
			return
		}
		if err != nil || found.Issues[0].Key != "PLAT-5" {
			t.Errorf("offset 4: %+v, %v", found, err)
		}
	})
}
