package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type changelogsArguments struct {
	Issues []string `json:"issue_ids_or_keys" min:"1" max:"100"`
	Fields []string `json:"fields,omitempty" jsonschema:"Only changes of these fields, by name or id" max:"10"`
	Limit  int      `json:"limit" jsonschema:"Changes in a result; -1: as many as fit" min:"-1" max:"1000" default:"-1"`
	Cursor string   `json:"cursor,omitempty" jsonschema:"From the previous result"`
}

// changelogsResult are changes that can be judged by the projects of the issues.
type changelogsResult struct {
	*jira.Changelogs
}

func (r *changelogsResult) Within(allowed func(policy.Object) bool) bool {
	r.KeepProjects(projects(allowed))
	return true
}

func changelogs(client *jira.Client) mcp.Spec[changelogsArguments, changelogsResult] {
	return mcp.Spec[changelogsArguments, changelogsResult]{
		Name:        "jira_batch_get_changelogs",
		Title:       "Read the changes of Jira issues",
		Description: "Read who changed what and when in up to 100 Jira issues.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Read,
		Offered:     client.Offers(atlassian.BulkChangelogs),
		Spellings:   mcp.Spellings{Commas: []string{"issue_ids_or_keys", "fields"}},
		Touches: func(in *changelogsArguments) (out []policy.Object) {
			for _, key := range in.Issues {
				out = append(out, oneIssue(key))
			}
			return out
		},
		Run: func(ctx context.Context, in *changelogsArguments) (*changelogsResult, error) {
			found, err := client.Changelogs(ctx, jira.ChangelogsRequest{Keys: in.Issues, Fields: in.Fields, Limit: in.Limit, Cursor: in.Cursor})
			if err != nil {
				return nil, err
			}
			return &changelogsResult{found}, nil
		},
	}
}
