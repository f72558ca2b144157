package jiratools_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/jiratools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// TestUses holds the tools that do the work of others to a list. A tool that logs work would have to be
// in it as soon as there is one: jira_update_issue does that, too.
func TestUses(t *testing.T) {
	catalogue := new(mcp.Catalogue)
	jiratools.Register(catalogue, nil)
	got := map[string][]policy.Use{}
	for _, tool := range catalogue.Tools() {
		if tool.Uses != nil {
			got[tool.Name] = tool.Uses
		}
		if tool.Name == "jira_add_worklog" {
			t.Error("worklog of jira_update_issue is the work of jira_add_worklog")
		}
	}
	want := map[string][]policy.Use{
		"jira_get_issue":           {{Tool: "jira_get_transitions", Argument: "include"}},
		"jira_update_issue":        {{Tool: "jira_transition_issue", Argument: "transition"}, {Tool: "jira_get_issue", Argument: "expected_updated"}, {Tool: "jira_add_comment", Argument: "comment"}},
		"jira_transition_issue":    {{Tool: "jira_add_comment", Argument: "comment"}},
		"jira_batch_create_issues": {{Tool: "jira_create_issue"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +registered):\n%s", diff)
	}
	if err := policy.CheckUses(catalogue.Tools()); err != nil {
		t.Error(err)
	}
}

// What one tool is closed for, no other does.
func TestWorkOfClosedTools(t *testing.T) {
	deployments(t, func(t *testing.T, deployment string) {
		deny := func(tool, project string) policy.Rule {
			return policy.Rule{Deny: true, What: []string{tool}, Projects: []string{project}}
		}
		a := newAssistant(t, deployment, policy.Config{Rules: []policy.Rule{
			{Deny: true, What: []string{"jira_add_comment"}}, deny("jira_transition_issue", "OPS"), deny("jira_create_issue", "OPS"),
		}})
		const comment = "Nothing was done: comment is the work of jira_add_comment, which is not open to you here. Leave comment out."
		a.run(t, []call{
			{"jira_update_issue", `{"issue_key":"PLAT-3","fields":{"summary":"x"},"comment":"y"}`, true, []string{comment}},
			{"jira_update_issue", `{"issue_key":"OPS-3","transition":"Resume"}`, true,
				[]string{"project OPS is not one of the Jira projects that are open to you here for transition, which is the work of jira_transition_issue. Nothing was done: leave transition out."}},
			{"jira_transition_issue", `{"issue_key":"PLAT-7","transition":"Stop progress","comment":"y"}`, true, []string{comment}},
			{"jira_transition_issue", `{"issue_key":"OPS-3","transition":"Resume"}`, true, []string{"project OPS is not one of the Jira projects that are open to you here."}},
			{"jira_batch_create_issues", `{"issues":[{"project_key":"OPS","summary":"x","issue_type":"Task"}]}`, true, []string{"project OPS is not one"}},
		})
		if n := a.writes.Load(); n != 0 {
			t.Errorf("%d writes reached Jira", n)
		}
		a.run(t, []call{
			{"jira_update_issue", `{"issue_key":"PLAT-7","transition":"Stop progress","comment":""}`, false, []string{`"transition":"Stop progress"`}},
			{"jira_update_issue", `{"issue_key":"OPS-3","fields":{"summary":"x"},"transition":"","comment":null}`, false, []string{`"fields":["summary"]`}},
			{"jira_transition_issue", `{"issue_key":"PLAT-2","transition":"Start progress","comment":" "}`, false, []string{`"status":"In Progress"`}},
			{"jira_batch_create_issues", `{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"Task"}]}`, false, []string{`"created":[`}},
		})
	})
}
