package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type getCommentsArguments struct {
	PageID string `json:"page_id" min:"1"`
	Limit  int    `json:"limit" min:"1" max:"100" default:"25"`
	Cursor string `json:"cursor,omitempty" jsonschema:"From the previous result"`
}

func getInlineComments(client *confluence.Client) mcp.Spec[getCommentsArguments, confluence.Comments] {
	spec := getComments(client)
	spec.Name, spec.Title = "confluence_get_inline_comments", "Read inline comments on a Confluence page"
	spec.Description = "Read the comments on parts of a Confluence page's text, with replies."
	spec.Run = func(ctx context.Context, in *getCommentsArguments) (*confluence.Comments, error) {
		return client.GetComments(ctx, confluence.CommentsRequest{PageID: in.PageID, Limit: in.Limit, Cursor: in.Cursor, Inline: true})
	}
	return spec
}

func getComments(client *confluence.Client) mcp.Spec[getCommentsArguments, confluence.Comments] {
	return mcp.Spec[getCommentsArguments, confluence.Comments]{
		Name:        "confluence_get_comments",
		Title:       "Read comments on a Confluence page",
		Description: "Read the footer and inline comments on a Confluence page, with replies.",
		Toolset:     toolsetComments,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches: func(in *getCommentsArguments) []policy.Object {
			return []policy.Object{onePage(in.PageID)}
		},
		Resolve: func(ctx context.Context, in *getCommentsArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *getCommentsArguments) (*confluence.Comments, error) {
			return client.GetComments(ctx, confluence.CommentsRequest{PageID: in.PageID, Limit: in.Limit, Cursor: in.Cursor})
		},
	}
}
