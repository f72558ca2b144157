package jiratools_test

import (
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestComments(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{}, func(r *route) { r.Attribution = true })
		a.jira.Deny("OPS", sandbox.PermissionEditComments)
		a.run(t, []call{
			{"jira_list_comments", `{"issue_key":"PLAT-7","limit":1}`, false, []string{untrusted + `"issue":"PLAT-7","comments":[{"id":"10117","author":"Ada Keller"`, `"total":3`, `"cursor":"`}},
			{"jira_list_comments", `{"issue_key":"PLAT-7","order":"oldest"}`, false, []string{`"comments":[{"id":"10115"`}},
			{"jira_list_comments", `{"issue_key":"PLAT-7","order":"random"}`, true, []string{"order must be one of newest, oldest"}},
			{"jira_list_comments", `{"issue_key":"PLAT-7","cursor":"nonsense"}`, true, []string{"cursor: not a cursor"}},
			{"jira_list_comments", `{"issue_key":"PLAT-99"}`, true, []string{"404", "does not exist"}},
			{"jira_edit_comment", `{"issue_key":"PLAT-7","comment_id":10115,"comment":"Three more.","visibility":"{\"type\":\"role\",\"value\":\"Developers\"}"}`, false,
				[]string{untrusted + `"id":"10115","issue":"PLAT-7","url":"https://jira.example/browse/PLAT-7?focusedCommentId=10115","updated":"2026-09-15T10:00:00Z","visible_to":"role Developers","attribution":"On behalf of Ben Okafor, through Claude"}`}},
			{"jira_list_comments", `{"issue_key":"PLAT-7","order":"oldest","limit":1}`, false, []string{`"visible_to":"role Developers","body":"Three more.\n\nOn behalf of Ben Okafor, through Claude"`}},
			{"jira_edit_comment", `{"issue_key":"PLAT-7","comment_id":"1","body":"x"}`, true, []string{"404", "Can not find a comment"}},
			{"jira_edit_comment", `{"issue_key":"PLAT-7","comment_id":"x","body":"x"}`, true, []string{"comment_id"}},
			{"jira_edit_comment", `{"issue_key":"PLAT-7","comment_id":"10115","body":"x","format":"adf"}`, true, []string{"malformed document"}},
			{"jira_edit_comment", `{"issue_key":"OPS-3","comment_id":"10122","body":"x"}`, true, []string{"permission to edit this comment"}},
		})
	})
}

func TestCommentsBoundary(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{Projects: []string{"PLAT"}})
		a.run(t, []call{
			{"jira_list_comments", `{"issue_key":"OPS-3"}`, true, []string{"project OPS is not one"}},
			{"jira_edit_comment", `{"issue_key":"OPS-3","comment_id":"10122","body":"x"}`, true, []string{"project OPS is not one"}},
			{"jira_edit_comment", `{"issue_key":"PLAT-7","comment_id":"10122","body":"x"}`, true, []string{"404"}},
			{"jira_list_comments", `{"issue_key":"PLAT-7"}`, false, nil},
		})
		if n := a.writes.Load(); n != 0 {
			t.Errorf("%d writes reached Jira", n)
		}
	})
}

// What deletes is not there unless somebody opens it.
func TestDeletingIsClosed(t *testing.T) {
	a := newAssistant(t, sandbox.Cloud, policy.Config{})
	list, err := a.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		if strings.Contains(tool.Name, "delete") {
			t.Errorf("%s is listed", tool.Name)
		}
	}
}
