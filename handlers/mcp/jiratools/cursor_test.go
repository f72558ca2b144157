package jiratools_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// lists are tools that list something: their arguments, a member for the size of a part, and the member of
// the result that holds the list.
var lists = []struct{ tool, arguments, limit, member string }{
	{"jira_search", `"jql":"project = PLAT ORDER BY key"`, "limit", "issues"},
	{"jira_get_project_issues", `"project_key":"PLAT"`, "limit", "issues"},
	{"jira_list_comments", `"issue_key":"PLAT-7"`, "limit", "comments"},
	{"jira_search_fields", `"keyword":"s"`, "limit", "fields"},
	{"jira_get_field_options", `"field_id":"Severity","project_key":"PLAT","issue_type":"Bug"`, "return_limit", "options"},
	{"jira_search_assignable_users", `"query":"","project_key":"PLAT"`, "limit", "users"},
	{"jira_batch_get_changelogs", `"issue_ids_or_keys":["PLAT-7"]`, "limit", ""},
}

// TestCursors: every list comes in parts that are the whole, and takes no cursor but its own.
func TestCursors(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{})
		if deployment == sandbox.Cloud {
			for _, summary := range []string{"a", "b", "c"} {
				a.call(t, "jira_update_issue", `{"issue_key":"PLAT-7","fields":{"summary":"`+summary+`"}}`)
			}
		}
		part := func(tool, arguments, member string) (items []any, cursor string) {
			t.Helper()
			text, failed := a.call(t, tool, arguments)
			var result map[string]any
			if err := json.Unmarshal([]byte(text), &result); failed || err != nil {
				t.Fatalf("%s %s: %s", tool, arguments, text)
			}
			if member == "" { // of the one issue
				for _, issue := range result["issues"].([]any) {
					items = append(items, issue.(map[string]any)["changes"].([]any)...)
				}
			} else {
				items, _ = result[member].([]any)
			}
			cursor, _ = result["cursor"].(string)
			return items, cursor
		}
		foreign := ""
		for _, l := range lists {
			if deployment == sandbox.DataCenter && l.tool == "jira_batch_get_changelogs" {
				continue
			}
			whole, _ := part(l.tool, `{`+l.arguments+`,"`+l.limit+`":100}`, l.member)
			var parts []any
			cursor, n := "", 0
			for ; n == 0 || cursor != ""; n++ {
				var items []any
				items, cursor = part(l.tool, `{`+l.arguments+`,"`+l.limit+`":1,"cursor":"`+cursor+`"}`, l.member)
				if len(items) > 1 || n > len(whole) {
					t.Fatalf("%s: part %d has %d", l.tool, n, len(items))
				}
				parts = append(parts, items...)
			}
			if diff := cmp.Diff(whole, parts); diff != "" || len(whole) < 2 {
				t.Errorf("%s: %d in parts (-want +got):\n%s", l.tool, len(parts), diff)
			}
			for _, wrong := range []string{"nonsense", foreign} {
				if wrong == "" {
					continue
				}
				if text, failed := a.call(t, l.tool, `{`+l.arguments+`,"cursor":"`+wrong+`"}`); !failed || !strings.Contains(text, "cursor: ") {
					t.Errorf("%s takes the cursor %q: %s", l.tool, wrong, text)
				}
			}
			_, foreign = part(l.tool, `{`+l.arguments+`,"`+l.limit+`":1}`, l.member)
		}
	})
}
