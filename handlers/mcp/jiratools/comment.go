package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type addCommentArguments struct {
	IssueKey   string           `json:"issue_key" min:"1"`
	Body       string           `json:"body" min:"1"`
	Format     string           `json:"format" enum:"markdown,adf,wiki" default:"markdown"`
	Visibility *jira.Visibility `json:"visibility,omitempty" jsonschema:"Only this group or project role may read it"`
	Public     *bool            `json:"public,omitempty" jsonschema:"Service projects: false hides it from customers"`
}

func addComment(client *jira.Client) mcp.Spec[addCommentArguments, jira.AddedComment] {
	return mcp.Spec[addCommentArguments, jira.AddedComment]{
		Name:        "jira_add_comment",
		Title:       "Comment on a Jira issue",
		Description: "Add a comment to a Jira issue.",
		Toolset:     toolsetComments,
		Product:     policy.Jira,
		Access:      policy.Write,
		Spellings:   mcp.Spellings{Aliases: map[string]string{"comment": "body"}},
		Touches: func(in *addCommentArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Resolve: func(ctx context.Context, in *addCommentArguments) ([]policy.Object, error) {
			return projectOf(ctx, client, in.IssueKey)
		},
		Run: func(ctx context.Context, in *addCommentArguments) (*jira.AddedComment, error) {
			return client.AddComment(ctx, jira.AddCommentRequest{
				Key: in.IssueKey, Body: in.Body, Format: markup.Format(in.Format), Visibility: in.Visibility, Public: in.Public, Attribution: mcp.Attribution(ctx),
			})
		},
	}
}
