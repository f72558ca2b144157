package jiratools_test

import (
	"encoding/json"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/hostile"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

var everything = policy.Config{Rules: []policy.Rule{{What: []string{"read", "write", "delete"}}}}

// hostileCall is a call to a Jira whose every text is an attack. Shown says that the result tells some
// of them.
type hostileCall struct {
	tool, arguments string
	failed, shown   bool
}

// hostileCalls are calls of every tool, with and without success.
var hostileCalls = []hostileCall{
	{"jira_get_issue", `{"issue_key":"PLAT-7","comment_limit":10,"expand":"transitions"}`, false, true},
	{"jira_get_issue", `{"issue_key":"PLAT-7","fields":"*all","comment_limit":3}`, false, true},
	{"jira_get_issue", `{"issue_key":"PLAT-3","fields":["customfield_10020","status","parent"]}`, false, true},
	{"jira_get_issue", `{"issue_key":"PLAT-7","format":"adf"}`, false, true},
	{"jira_get_issue", `{"issue_key":"PLAT-7","format":"wiki"}`, false, true},
	{"jira_get_issue", `{"issue_key":"PLAT-99"}`, true, true},
	{"jira_get_issue", `{"issue_key":"PLAT-7","fields":["Severety"]}`, true, false},
	{"jira_search", `{"jql":"project = PLAT","fields":"*all"}`, false, true},
	{"jira_search", `{"jql":"project = PLAT AND"}`, true, true},
	{"jira_search", `{"jql":"nonsense = 1"}`, true, true},
	{"jira_get_project_issues", `{"project_key":"PLAT"}`, false, true},
	{"jira_search_fields", `{"keyword":"e"}`, false, true},
	{"jira_get_field_options", `{"field_id":"customfield_10036","project_key":"PLAT","issue_type":"10002"}`, false, true},
	{"jira_get_field_options", `{"field_id":"customfield_10036","project_key":"PLAT","issue_type":"Saga"}`, true, true},
	{"jira_list_comments", `{"issue_key":"PLAT-7"}`, false, true},
	{"jira_get_transitions", `{"issue_key":"PLAT-7"}`, false, true},
	{"jira_get_user_profile", `{"user_identifier":"me"}`, false, true},
	{"jira_get_user_profile", `{"user_identifier":"Sam Lee"}`, true, true},
	{"jira_search_assignable_users", `{"query":"ada","project_key":"PLAT"}`, false, true},
	{"jira_assign_issue", `{"issue_key":"PLAT-9","assignee":"Ada"}`, true, true},
	{"jira_assign_issue", `{"issue_key":"PLAT-9","assignee":"{ada}"}`, false, true},
	{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"10002"}`, false, true},
	{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Saga"}`, true, true},
	{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"10004"}`, true, true},
	{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"10002","additional_fields":{"customfield_10036":"Moon"}}`, true, true},
	{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"10002","additional_fields":{"customfield_10042":"nobody"}}`, true, true},
	{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"10002"},{"project_key":"PLAT","summary":"y","issue_type":"10002","additional_fields":{"customfield_10042":"nobody"}}]}`, false, true},
	{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"Saga"}]}`, true, true},
	{"jira_update_issue", `{"issue_key":"PLAT-9","fields":{"summary":"new"},"transition":"11","comment":"x","worklog":"1h"}`, false, true},
	{"jira_update_issue", `{"issue_key":"PLAT-9","fields":{"nonsense":"new"}}`, true, true},
	{"jira_update_issue", `{"issue_key":"PLAT-9","fields":{"summary":"newer"},"expected_updated":"2026-01-01T00:00:00Z"}`, true, true},
	{"jira_update_issue", `{"issue_key":"PLAT-9","transition":"99"}`, true, true},
	{"jira_update_issue", `{"issue_key":"PLAT-9","fields":{"customfield_10020":"Hardening"}}`, true, true},
	{"jira_update_issue", `{"issue_key":"PLAT-9","fields":{"customfield_10042":"nobody"},"comment":"x"}`, true, true},
	{"jira_transition_issue", `{"issue_key":"PLAT-7","transition":"51"}`, true, true},
	{"jira_transition_issue", `{"issue_key":"PLAT-7","transition":"51","fields":{"resolution":"10000"}}`, false, true},
	{"jira_add_comment", `{"issue_key":"PLAT-7","body":"x"}`, false, true},
	{"jira_add_comment", `{"issue_key":"PLAT-7","body":"x","visibility":{"type":"role","value":"nobody"}}`, true, true},
	{"jira_edit_comment", `{"issue_key":"OPS-3","comment_id":"10122","body":"x"}`, false, false},
	{"jira_edit_comment", `{"issue_key":"OPS-3","comment_id":"1","body":"x"}`, true, true},
	{"jira_delete_comment", `{"issue_key":"OPS-3","comment_id":"10122"}`, false, false},
	{"jira_delete_comment", `{"issue_key":"OPS-3","comment_id":"10122"}`, true, true},
	{"jira_batch_get_changelogs", `{"issue_ids_or_keys":["PLAT-9"]}`, false, true},
	{"jira_move_issue", `{"issue_key":"PLAT-9","target_project_key":"OPS"}`, false, true},
	{"jira_delete_issue", `{"issue_key":"PLAT-3"}`, true, true},
	{"jira_delete_issue", `{"issue_key":"OPS-4"}`, false, false},
}

// TestAttack9_1_HostileIssues calls every tool with each payload in every text that Jira sends.
func TestAttack9_1_HostileIssues(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		for _, payload := range hostile.Payloads(t) {
			t.Run(payload.Name, func(t *testing.T) {
				a := newAssistant(t, deployment, everything, func(r *route) { r.upstream = payload.Wrap })
				tried := map[string]bool{}
				for _, call := range hostileCalls {
					tried[call.tool] = true
					a.hostile(t, deployment, call)
				}
				list, err := a.ListTools(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, tool := range list.Tools {
					if !tried[tool.Name] {
						t.Errorf("%s has no call here", tool.Name)
					}
				}
			})
		}
	})
}

func (a *assistant) hostile(t *testing.T, deployment string, call hostileCall) {
	t.Helper()
	ada := map[string]string{sandbox.Cloud: "557058:ada", sandbox.DataCenter: "akeller"}[deployment]
	_, err := a.CallTool(t.Context(), &sdk.CallToolParams{Name: call.tool, Arguments: json.RawMessage(strings.ReplaceAll(call.arguments, "{ada}", ada))})
	if err != nil {
		if deployment != sandbox.DataCenter || !strings.Contains(err.Error(), "unknown tool") {
			t.Errorf("%s %s: %v", call.tool, call.arguments, err)
		}
		return
	}
	text, failed, err := hostile.Check(a.wire.Last(), "Jira")
	if err != nil {
		t.Errorf("%s %s: %v", call.tool, call.arguments, err)
	}
	if failed != call.failed || call.shown && !strings.Contains(text, hostile.Word) {
		t.Errorf("%s %s: failed %v: %s", call.tool, call.arguments, failed, text)
	}
}

// TestReadableContent: emoji that are spelled with joiners and selectors, and texts from right to left,
// come back as they were written.
func TestReadableContent(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{})
		for _, text := range hostile.Readable {
			quoted, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			said, failed := a.call(t, "jira_create_issue", `{"project_key":"PLAT","issue_type":"Task","summary":`+string(quoted)+`,"description":`+string(quoted)+`}`)
			var created struct{ Key string }
			if err := json.Unmarshal([]byte(said), &created); failed || err != nil {
				t.Fatalf("%s, %v", said, err)
			}
			a.run(t, []call{
				{"jira_get_issue", `{"issue_key":"` + created.Key + `"}`, false, []string{`"summary":` + string(quoted), `"description":` + string(quoted)}},
				{"jira_add_comment", `{"issue_key":"` + created.Key + `","body":` + string(quoted) + `}`, false, nil},
				{"jira_list_comments", `{"issue_key":"` + created.Key + `"}`, false, []string{`"body":` + string(quoted)}},
			})
		}
	})
}
