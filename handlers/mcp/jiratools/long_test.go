package jiratools_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// TestAttack9_3_PartOfATextIsNotTheText: a model that read the beginning of a long text and sends that back would
// delete the rest.
func TestAttack9_3_PartOfATextIsNotTheText(t *testing.T) {
	var b strings.Builder
	for i := range 320 {
		fmt.Fprintf(&b, "Paragraph %d says number %d about grapes, barrels and wine, größer.\n\n", i, 7*i)
	}
	text := strings.TrimSpace(b.String())
	beginning, _, _ := strings.Cut(text, "Paragraph 50 ")
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{})
		set := func(field, value string) string {
			quoted, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			return `{"issue_key":"PLAT-3","fields":{"` + field + `":` + string(quoted) + `}}`
		}
		read := func(arguments string) (issue struct {
			Description string
			Truncated   []string
			Fields      map[string]string
		}) {
			t.Helper()
			said, failed := a.call(t, "jira_get_issue", arguments)
			if err := json.Unmarshal([]byte(said), &issue); failed || err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			return issue
		}
		for _, field := range []string{"description", "customfield_10030"} {
			if said, failed := a.call(t, "jira_update_issue", set(field, text)); failed {
				t.Fatal(said)
			}
		}
		seen := read(`{"issue_key":"PLAT-3"}`)
		part := strings.TrimSuffix(seen.Description, "\n\n"+excerpt.Mark)
		if part == seen.Description || len(part) < 4<<10 || !strings.HasPrefix(text, part) || !strings.Contains(seen.Truncated[0], "ask for this field alone") {
			t.Fatalf("%d bytes of %d, %v: …%s", len(seen.Description), len(text), seen.Truncated, part[max(0, len(part)-60):])
		}
		if whole := read(`{"issue_key":"PLAT-3","fields":["description"]}`); whole.Description != text || whole.Truncated != nil {
			t.Errorf("alone it is %d bytes of %d, %v", len(whole.Description), len(text), whole.Truncated)
		}
		if whole := read(`{"issue_key":"PLAT-3","fields":["Acceptance Criteria"]}`); whole.Fields["Acceptance Criteria"] != text {
			t.Errorf("alone it is %d bytes of %d", len(whole.Fields["Acceptance Criteria"]), len(text))
		}
		writes := a.writes.Load()
		refused := []string{"this is a part of the text", "by asking jira_get_issue for this field alone"}
		a.run(t, []call{
			{"jira_update_issue", set("description", seen.Description), true, refused},
			{"jira_update_issue", set("description", part), true, refused},
			{"jira_update_issue", set("description", "# News\n\n"+part+"\n\nAnd one line more."), true, refused},
			{"jira_update_issue", set("Acceptance Criteria", part), true, refused},
		})
		if n := a.writes.Load(); n != writes {
			t.Errorf("%d writes reached Jira", n-writes)
		}
		a.run(t, []call{
			{"jira_update_issue", set("description", strings.Replace(text, "wine", "juice", 1)), false, nil},
			{"jira_update_issue", set("description", beginning), false, nil},
			{"jira_update_issue", set("Acceptance Criteria", "Done."), false, nil},
		})
	})
}
