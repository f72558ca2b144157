package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type searchArguments struct {
	JQL      string   `json:"jql" jsonschema:"e.g. project = PROJ AND status != Done ORDER BY updated DESC"`
	Fields   []string `json:"fields,omitempty" jsonschema:"Field names or ids to read instead of the usual ones" max:"100"`
	Limit    int      `json:"limit" min:"1" max:"100" default:"10"`
	Cursor   string   `json:"cursor,omitempty" jsonschema:"From the previous result"`
	Projects []string `json:"projects,omitempty" jsonschema:"Search only these project keys" max:"50"`
}

// searchResult is a page of issues that can be judged by the projects they are in.
type searchResult struct {
	*jira.SearchResult
}

func (r *searchResult) Within(allowed func(policy.Object) bool) bool {
	r.KeepProjects(projects(allowed))
	return true
}

func search(client *jira.Client) mcp.Spec[searchArguments, searchResult] {
	return mcp.Spec[searchArguments, searchResult]{
		Name:        "jira_search",
		Title:       "Search Jira issues",
		Description: "Search Jira issues with JQL.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Read,
		Spellings: mcp.Spellings{
			Aliases: map[string]string{"projects_filter": "projects", "start_at": "cursor", "page_token": "cursor"},
			Commas:  []string{"fields", "projects"},
			Ignored: []string{"expand", "use_display_names"},
		},
		Touches: func(in *searchArguments) []policy.Object {
			out := make([]policy.Object, 0, len(in.Projects))
			for _, key := range in.Projects {
				out = append(out, project(key))
			}
			return out
		},
		Run: func(ctx context.Context, in *searchArguments) (*searchResult, error) {
			found, err := client.Search(ctx, jira.SearchRequest{
				JQL: in.JQL, Projects: in.Projects, Fields: in.Fields, Limit: in.Limit, Cursor: in.Cursor,
				Scope: atlassian.Scope(mcp.Boundary(ctx, policy.Jira)),
			})
			if err != nil {
				return nil, err
			}
			return &searchResult{found}, nil
		},
	}
}
