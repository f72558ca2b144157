package jira_test

import (
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
)

// found are the keys and projects of what was found.
func found(r *jira.SearchResult) string {
	var keys []string
	for _, issue := range r.Issues {
		keys = append(keys, issue.Key+" in "+issue.Project())
	}
	return strings.Join(keys, ", ")
}

func TestFindIssues(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for _, tc := range []struct {
			words string
			scope atlassian.Scope
			jql   string
			want  string
		}{
			{"redirect Safari", atlassian.Scope{}, `text ~ "redirect Safari"`, "PLAT-7 in PLAT"},
			{"redirect Safari", atlassian.Scope{Only: []string{"OPS"}}, `project in ("OPS") AND (text ~ "redirect Safari")`, ""},
			{"redirect Safari", atlassian.Scope{Never: []string{"PLAT"}}, `project not in ("PLAT") AND (text ~ "redirect Safari")`, ""},
			{`"redirect loop"`, atlassian.Scope{}, `text ~ "\"redirect loop\""`, "PLAT-7 in PLAT"},
			// What would be JQL is words.
			{`x" OR project = OPS OR text ~ "x`, atlassian.Scope{}, `text ~ "x \"or project OPS or text\" x"`, ""},
			{`project = PLAT ORDER BY key`, atlassian.Scope{}, `text ~ "project PLAT ORDER BY key"`, ""},
			{`x") OR (key = OPS-1) OR (text ~ "x`, atlassian.Scope{Only: []string{"PLAT"}}, `project in ("PLAT") AND (text ~ "x \"or key OPS-1 or text\" x")`, ""},
		} {
			if _, err := b.FindIssues(t.Context(), "warm up", atlassian.Scope{}, 1); err != nil {
				t.Fatal(err)
			}
			b.requests()
			got, err := b.FindIssues(t.Context(), tc.words, tc.scope, 5)
			if err != nil || found(got) != tc.want {
				t.Errorf("%s: %v, %v; want %s", tc.words, got, err, tc.want)
			}
			if jql := b.lastBody(t)["jql"]; jql != tc.jql {
				t.Errorf("%s: sent %q, want %q", tc.words, jql, tc.jql)
			}
			if n := len(b.requests()); n != 1 {
				t.Errorf("%s: %d requests, want one", tc.words, n)
			}
		}
		got, err := b.FindIssues(t.Context(), "redirect Safari", atlassian.Scope{Only: []string{}}, 5)
		if err != nil || len(got.Issues) != 0 || len(b.requests()) != 0 {
			t.Errorf("where nothing is open: %v, %v", got, err)
		}
		_, err = b.FindIssues(t.Context(), "?!", atlassian.Scope{}, 5)
		wantInputError(t, err, "query", "nothing in it to look for")
	})
}

// An issue that is too long for one result is read whole where there is room for it.
func TestIssueBudget(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		made, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Task", Summary: "Long", Description: strings.Repeat("A line of a long text.\n\n", 1200), Format: "markdown"})
		if err != nil {
			t.Fatal(err)
		}
		for budget, cut := range map[int]bool{0: true, 128 << 10: false} {
			issue := mustIssue(t, b, jira.GetIssueRequest{Key: made.Key, Comments: 5, Budget: budget})
			if (issue.Truncated != nil) != cut || (len(issue.Description) < 28000) != cut {
				t.Errorf("budget %d: %d bytes, %v", budget, len(issue.Description), issue.Truncated)
			}
		}
	})
}
