package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type deleteIssueArguments struct {
	IssueKey string `json:"issue_key" min:"1"`
	Subtasks bool   `json:"delete_subtasks,omitempty" jsonschema:"Delete its subtasks, too; otherwise it must have none"`
}

func deleteIssue(client *jira.Client) mcp.Spec[deleteIssueArguments, jira.DeletedIssue] {
	return mcp.Spec[deleteIssueArguments, jira.DeletedIssue]{
		Name:        "jira_delete_issue",
		Title:       "Delete a Jira issue",
		Description: "Delete a Jira issue for good.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Delete,
		Touches: func(in *deleteIssueArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		// Subtasks are in the project of their issue.
		Resolve: func(ctx context.Context, in *deleteIssueArguments) ([]policy.Object, error) {
			return projectOf(ctx, client, in.IssueKey)
		},
		Run: func(ctx context.Context, in *deleteIssueArguments) (*jira.DeletedIssue, error) {
			return client.DeleteIssue(ctx, in.IssueKey, in.Subtasks)
		},
	}
}
