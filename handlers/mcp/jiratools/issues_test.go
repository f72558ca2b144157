package jiratools_test

import (
	"encoding/json"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestFields(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{})
		a.run(t, []call{
			{"jira_search_fields", `{"keyword":"story","limit":1}`, false, []string{untrusted + `"fields":[{"id":"customfield_10016","name":"Story Points","type":"number (float)"}],"total":1}`}},
			{"jira_search_fields", `{"limit":"3","refresh":"true"}`, false, []string{`"id":"summary"`}},
			{"jira_search_fields", `{"limit":0}`, true, []string{"limit must be at least 1"}},
			{"jira_get_field_options", `{"field_id":"Severity","project_key":"PLAT","issue_type":"Bug"}`, false,
				[]string{untrusted + `"field":"customfield_10031","name":"Severity","issue_type":"Bug","options":[{"id":"10020","value":"Critical"}`, `"total":3`}},
			{"jira_get_field_options", `{"field_id":"Region","project_key":"PLAT","values_only":true,"contains":"japan"}`, false, []string{`"options":[{"value":"Asia","children":[{"value":"Japan"}]}],"total":1`}},
			{"jira_get_field_options", `{"field_id":"Severity","project_key":"PLAT","return_limit":1}`, false, []string{`"total":3,"cursor":"`}},
			{"jira_get_field_options", `{"field_id":"Severty","project_key":"PLAT"}`, true, []string{`no field "Severty"`, `"Severity"`}},
			{"jira_get_field_options", `{"field_id":"Severity","project_key":"NOPE"}`, true, []string{"No project could be found"}},
		})
		text, failed := a.call(t, "jira_get_field_options", `{"field_id":"Severity"}`)
		if failed != (deployment == sandbox.DataCenter) || !failed && !strings.Contains(text, `"context":"10500"`) {
			t.Errorf("without a project: %s", text)
		}
	})
}

func TestIssues(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{}, func(r *route) { r.Attribution = true })
		const line = "On behalf of Ben Okafor, through Claude"
		a.run(t, []call{
			{"jira_create_issue", `{"project_key":"PLAT","summary":"Made <here>","issue_type":"Bug","description":"With **care**","components":"Gateway,portal","assignee":"Ada Keller","additional_fields":"{\"Severity\":\"major\",\"parent\":\"PLAT-1\"}"}`, false,
				[]string{untrusted + `"key":"PLAT-11","url":"https://jira.example/browse/PLAT-11","type":"Bug","summary":"Made <here>","attribution":"` + line + `"}`}},
			{"jira_get_issue", `{"issue_key":"PLAT-11"}`, false, []string{`"description":"With **care**\n\n` + line + `"`, `"components":["Gateway","Portal"]`, `"assignee":"Ada Keller"`, `"parent":{"key":"PLAT-1"`}},
			{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Bug"}`, true, []string{"demands", "Severity", `"Minor"`}},
			{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Saga"}`, true, []string{`no type "Saga"`, `"Story"`}},
			{"jira_create_issue", `{"project_key":"NOPE","summary":"x","issue_type":"Bug"}`, true, []string{"No project could be found"}},
			{"jira_create_issue", `{"project_key":"PLAT","issue_type":"Bug"}`, true, []string{"summary is required"}},
			{"jira_get_project_issues", `{"project_key":"plat","limit":1,"start_at":0}`, false, []string{untrusted + `"issues":[{"key":"PLAT-11"`, `"cursor":"`}},
			{"jira_get_project_issues", `{"project_key":"a b"}`, true, []string{"not a project key"}},
			{"jira_get_project_issues", `{"project_key":"NOPE"}`, true, []string{"400", "NOPE"}},
			{"jira_update_issue", `{"issue_key":"PLAT-11","fields":{"summary":"Changed","Severity":null},"additional_fields":{"labels":["a"]},"components":"Portal"}`, true, []string{"Severity is required"}},
			{"jira_update_issue", `{"issue_key":"PLAT-11","fields":{"summary":"Changed"},"additional_fields":"{\"labels\":[\"a\"]}","components":"Portal","transition":"Start progress","comment":"Off we go","worklog":"30m","return_fields":"*all"}`, false,
				[]string{`"fields":["components","labels","summary"],"transition":"Start progress","status":"In Progress","commented":true,"worklog_id":"`, `"attribution":"` + line + `"`}},
			{"jira_get_issue", `{"issue_key":"PLAT-11"}`, false, []string{`"summary":"Changed"`, `"labels":["a"]`, `"components":["Portal"]`, `"status":"In Progress"`, `"body":"Off we go\n\n` + line + `"`}},
			{"jira_update_issue", `{"issue_key":"PLAT-11","fields":{"summary":"x"},"expected_updated":"2026-09-01T00:00:00Z"}`, true, []string{"conflict", `changed summary from "Made <here>" to "Changed"`}},
			{"jira_update_issue", `{"issue_key":"PLAT-11","fields":{"summary":"x"},"additional_fields":{"summary":"y"}}`, true, []string{"given in another argument"}},
			{"jira_update_issue", `{"issue_key":"PLAT-11"}`, true, []string{"nothing to change"}},
			{"jira_update_issue", `{"issue_key":"PLAT-99","comment":"x"}`, true, []string{"404"}},
			{"jira_batch_create_issues", `{"issues":"[{\"project_key\":\"PLAT\",\"summary\":\"one\",\"issue_type\":\"Task\"},{\"project_key\":\"OPS\",\"summary\":\"two\",\"issue_type\":\"Task\",\"additional_fields\":{\"Responsible group\":\"nobody\"}}]"}`, false,
				[]string{untrusted + `"created":[{"key":"PLAT-12","url":"https://jira.example/browse/PLAT-12","type":"Task","summary":"one"`, `"failed":[{"item":1,"summary":"two","error":"customfield_10042: Group 'nobody' does not exist."}]`}},
			{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"one","issue_type":"Task"}],"validate_only":true}`, false, []string{untrusted + `"valid":true}`}},
			{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"one"}]}`, true, []string{"issues[0].issue_type is required"}},
			{"jira_batch_create_issues", `{"issues":[]}`, true, []string{"issues must have at least 1"}},
		})
		a.jira.Deny("OPS", sandbox.PermissionCreate)
		a.jira.Deny("OPS", sandbox.PermissionEdit)
		a.run(t, []call{
			{"jira_create_issue", `{"project_key":"OPS","summary":"x","issue_type":"Epic"}`, true, []string{"400", "could not be found in the project"}},
			{"jira_update_issue", `{"issue_key":"OPS-1","fields":{"summary":"x"}}`, true, []string{"may not edit OPS-1"}},
		})
	})
}

// Changes of several issues are read on Cloud only, and elsewhere the tool is not there.
func TestChangelogs(t *testing.T) {
	a := newAssistant(t, sandbox.Cloud, policy.Config{})
	a.run(t, []call{
		{"jira_update_issue", `{"issue_key":"PLAT-9","fields":{"summary":"new"}}`, false, nil},
		{"jira_batch_get_changelogs", `{"issue_ids_or_keys":"PLAT-9,PLAT-99","fields":"Summary"}`, false, []string{
			untrusted + `"issues":[{"key":"PLAT-9","changes":[{"at":"2026-09-15T10:00:00Z","by":"MCP Service","field":"summary","from":"Search returns pages that were deleted","to":"new"}]}],"missing":["PLAT-99"]}`,
		}},
		{"jira_batch_get_changelogs", `{"issue_ids_or_keys":["x y"]}`, true, []string{"not an issue key"}},
		{"jira_batch_get_changelogs", `{"issue_ids_or_keys":["PLAT-9"],"fields":["Nonsense"]}`, true, []string{`no field "Nonsense"`}},
	})
	bounded := newAssistant(t, sandbox.Cloud, policy.Config{Projects: []string{"PLAT"}})
	if text, _ := bounded.call(t, "jira_batch_get_changelogs", `{"issue_ids_or_keys":["OPS-1"]}`); text != untrusted+`"issues":[]}` {
		t.Errorf("outside: %s", text)
	}
	dc := newAssistant(t, sandbox.DataCenter, policy.Config{})
	list, err := dc.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		if tool.Name == "jira_batch_get_changelogs" || tool.Name == "jira_move_issue" {
			t.Errorf("Data Center lists %s", tool.Name)
		}
	}
	_, err = dc.CallTool(t.Context(), &sdk.CallToolParams{Name: "jira_batch_get_changelogs", Arguments: json.RawMessage(`{"issue_ids_or_keys":["PLAT-1"]}`)})
	if err == nil || !strings.Contains(err.Error(), "unknown tool") {
		t.Errorf("a call on Data Center: %v", err)
	}
}

func TestMove(t *testing.T) {
	a := newAssistant(t, sandbox.Cloud, policy.Config{})
	a.run(t, []call{
		{"jira_move_issue", `{"issue_key":"PLAT-9","target_project_key":"OPS"}`, false, []string{untrusted + `"key":"OPS-5","was":"PLAT-9","url":"https://jira.example/browse/OPS-5","type":"Bug"}`}},
		{"jira_move_issue", `{"issue_key":"PLAT-9","target_project_key":"OPS"}`, true, []string{"is in OPS already"}},
		{"jira_move_issue", `{"issue_key":"PLAT-99","target_project_key":"OPS"}`, true, []string{"404"}},
		{"jira_move_issue", `{"issue_key":"PLAT-8"}`, true, []string{"target_project_key is required"}},
	})
	bounded := newAssistant(t, sandbox.Cloud, policy.Config{Projects: []string{"PLAT"}})
	bounded.run(t, []call{
		{"jira_move_issue", `{"issue_key":"PLAT-9","target_project_key":"OPS"}`, true, []string{"project OPS is not one"}},
		{"jira_move_issue", `{"issue_key":"OPS-1","target_project_key":"PLAT"}`, true, []string{"project OPS is not one"}},
	})
	if n := bounded.writes.Load(); n != 0 {
		t.Errorf("%d writes reached Jira", n)
	}
}

// Neither an issue, nor one that a value names, is reached outside the open projects.
func TestIssuesBoundary(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		a := newAssistant(t, deployment, policy.Config{Projects: []string{"PLAT"}})
		outside := []string{"project OPS is not one"}
		a.run(t, []call{
			{"jira_create_issue", `{"project_key":"OPS","summary":"x","issue_type":"Task"}`, true, outside},
			{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Task","additional_fields":{"parent":"OPS-1"}}`, true, outside},
			{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Task","additional_fields":{"parent":{"key":"OPS-1"}}}`, true, outside},
			{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Task","additional_fields":{"project":"OPS"}}`, true, []string{"argument of its own"}},
			{"jira_update_issue", `{"issue_key":"OPS-1","comment":"x"}`, true, outside},
			{"jira_update_issue", `{"issue_key":"PLAT-3","fields":{"epic_link":"OPS-1"}}`, true, outside},
			{"jira_update_issue", `{"issue_key":"PLAT-3","additional_fields":{"customfield_10014":["OPS-1"]}}`, true, outside},
			{"jira_transition_issue", `{"issue_key":"PLAT-7","transition":"Stop progress","fields":{"parent":"OPS-1"}}`, true, outside},
			{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"Task"},{"project_key":"OPS","summary":"x","issue_type":"Task"}]}`, true, outside},
			{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"Task","additional_fields":{"parent":"OPS-1"}}]}`, true, outside},
			{"jira_get_project_issues", `{"project_key":"OPS"}`, true, outside},
			{"jira_get_field_options", `{"field_id":"Region","project_key":"OPS"}`, true, outside},
			{"jira_get_field_options", `{"field_id":"Region"}`, true, []string{"does not say where"}},
			{"jira_search_fields", `{"keyword":"x"}`, false, nil},
		})
		if n := a.writes.Load(); n != 0 {
			t.Errorf("%d writes reached Jira", n)
		}
		a.run(t, []call{
			{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Task","additional_fields":{"parent":"PLAT-1","Customer":"UTF-8"}}`, false, nil},
			{"jira_update_issue", `{"issue_key":"PLAT-3","fields":{"epic_link":"PLAT-2"}}`, false, nil},
		})
	})
}

// OPS was INFRA once, by which Jira goes on finding it: a line about OPS holds for INFRA, too.
func TestFormerProjectKeys(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		for name, rules := range map[string]policy.Config{
			"denied":      {Rules: []policy.Rule{{Deny: true, What: []string{"read", "write", "delete"}, Projects: []string{"OPS"}}}},
			"not allowed": {Rules: []policy.Rule{{What: []string{"read", "write"}, Projects: []string{"PLAT", "INFRA"}}}},
		} {
			a := newAssistant(t, deployment, rules)
			outside := []string{"project OPS is not one"}
			calls := []call{
				{"jira_get_issue", `{"issue_key":"INFRA-1"}`, true, []string{"lies outside"}},
				{"jira_get_transitions", `{"issue_key":"INFRA-1"}`, true, outside},
				{"jira_add_comment", `{"issue_key":"INFRA-1","body":"x"}`, true, outside},
				{"jira_create_issue", `{"project_key":"INFRA","summary":"x","issue_type":"Task"}`, true, outside},
				{"jira_create_issue", `{"project_key":" infra ","summary":"x","issue_type":"Task"}`, true, outside},
				{"jira_create_issue", `{"project_key":"PLAT","summary":"x","issue_type":"Task","additional_fields":{"parent":"INFRA-1"}}`, true, outside},
				{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"Task"},{"project_key":"INFRA","summary":"x","issue_type":"Task"}]}`, true, outside},
				{"jira_get_field_options", `{"field_id":"Region","project_key":"INFRA"}`, true, outside},
				{"jira_search_assignable_users", `{"query":"ada","project_key":"INFRA"}`, true, outside},
				{"jira_search", `{"jql":"project = INFRA"}`, false, []string{`"issues":[]`}},
				{"jira_search", `{"jql":"key = INFRA-1 OR key = OPS-1"}`, false, []string{`"issues":[]`}},
				{"jira_get_project_issues", `{"project_key":"INFRA"}`, false, []string{`"issues":[]`}},
			}
			if deployment == sandbox.Cloud {
				calls = append(calls, call{"jira_move_issue", `{"issue_key":"PLAT-9","target_project_key":"INFRA"}`, true, outside})
			}
			t.Run(name, func(t *testing.T) { a.run(t, calls) })
			if n := a.writes.Load(); n != 0 {
				t.Errorf("%s: %d writes reached Jira", name, n)
			}
		}
		open := newAssistant(t, deployment, policy.Config{})
		open.run(t, []call{{"jira_create_issue", `{"project_key":"INFRA","summary":"x","issue_type":"Task","assignee":"Ada Keller"}`, false, []string{`"key":"OPS-`}}})
	})
}
