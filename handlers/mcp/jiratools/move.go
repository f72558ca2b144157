package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type moveIssueArguments struct {
	IssueKey string `json:"issue_key" min:"1"`
	Target   string `json:"target_project_key" min:"1"`
}

func moveIssue(client *jira.Client) mcp.Spec[moveIssueArguments, jira.MovedIssue] {
	return mcp.Spec[moveIssueArguments, jira.MovedIssue]{
		Name:        "jira_move_issue",
		Title:       "Move a Jira issue to another project",
		Description: "Move a Jira issue, with its subtasks, to another project. It gets a new key.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Write,
		Offered:     client.Offers(atlassian.MoveIssues),
		Touches: func(in *moveIssueArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey), project(in.Target)}
		},
		Resolve: func(ctx context.Context, in *moveIssueArguments) ([]policy.Object, error) {
			from, err := projectOf(ctx, client, in.IssueKey)
			if err != nil {
				return nil, err
			}
			to, err := currentProjects(ctx, client, projectNamed(in.Target))
			return append(from, to...), err
		},
		Run: func(ctx context.Context, in *moveIssueArguments) (*jira.MovedIssue, error) {
			return client.MoveIssue(ctx, in.IssueKey, in.Target)
		},
	}
}
