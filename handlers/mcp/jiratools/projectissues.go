package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type projectIssuesArguments struct {
	ProjectKey string `json:"project_key" min:"1"`
	Limit      int    `json:"limit" min:"1" max:"100" default:"10"`
	Cursor     string `json:"cursor,omitempty" jsonschema:"From the previous result"`
}

func projectIssues(client *jira.Client) mcp.Spec[projectIssuesArguments, searchResult] {
	return mcp.Spec[projectIssuesArguments, searchResult]{
		Name:        "jira_get_project_issues",
		Title:       "List the issues of a Jira project",
		Description: "List the issues of a Jira project, the newest first.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Read,
		Spellings:   mcp.Spellings{Aliases: map[string]string{"start_at": "cursor"}},
		Touches: func(in *projectIssuesArguments) []policy.Object {
			return []policy.Object{project(in.ProjectKey)}
		},
		Resolve: func(_ context.Context, in *projectIssuesArguments) ([]policy.Object, error) {
			return []policy.Object{project(in.ProjectKey)}, nil
		},
		Run: func(ctx context.Context, in *projectIssuesArguments) (*searchResult, error) {
			key, err := atlassian.CheckProjectKey("project_key", in.ProjectKey)
			if err != nil {
				return nil, err
			}
			found, err := client.Search(ctx, jira.SearchRequest{JQL: `project = "` + key + `" ORDER BY created DESC, key DESC`, Limit: in.Limit, Cursor: in.Cursor})
			if err != nil {
				return nil, err
			}
			return &searchResult{found}, nil
		},
	}
}
