package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type listCommentsArguments struct {
	IssueKey string `json:"issue_key" min:"1"`
	Order    string `json:"order" enum:"newest,oldest" default:"newest" jsonschema:"Which come first"`
	Limit    int    `json:"limit" min:"1" max:"100" default:"20"`
	Cursor   string `json:"cursor,omitempty" jsonschema:"From the previous result"`
	Format   string `json:"format" enum:"markdown,adf,wiki" default:"markdown"`
}

func listComments(client *jira.Client) mcp.Spec[listCommentsArguments, jira.CommentList] {
	return mcp.Spec[listCommentsArguments, jira.CommentList]{
		Name:        "jira_list_comments",
		Title:       "List the comments on a Jira issue",
		Description: "List the comments on a Jira issue, page by page.",
		Toolset:     toolsetComments,
		Product:     policy.Jira,
		Access:      policy.Read,
		Touches: func(in *listCommentsArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Resolve: func(ctx context.Context, in *listCommentsArguments) ([]policy.Object, error) {
			return projectOf(ctx, client, in.IssueKey)
		},
		Run: func(ctx context.Context, in *listCommentsArguments) (*jira.CommentList, error) {
			return client.ListComments(ctx, jira.ListCommentsRequest{
				Key: in.IssueKey, OldestFirst: in.Order == "oldest", Limit: in.Limit, Cursor: in.Cursor, Format: markup.Format(in.Format),
			})
		},
	}
}

type editCommentArguments struct {
	IssueKey   string           `json:"issue_key" min:"1"`
	CommentID  string           `json:"comment_id" min:"1"`
	Body       string           `json:"body" min:"1" jsonschema:"The whole new text"`
	Format     string           `json:"format" enum:"markdown,adf,wiki" default:"markdown"`
	Visibility *jira.Visibility `json:"visibility,omitempty" jsonschema:"Only this group or project role may read it; default: as before"`
}

func editComment(client *jira.Client) mcp.Spec[editCommentArguments, jira.EditedComment] {
	return mcp.Spec[editCommentArguments, jira.EditedComment]{
		Name:        "jira_edit_comment",
		Title:       "Edit a comment on a Jira issue",
		Description: "Replace the text of a comment on a Jira issue.",
		Toolset:     toolsetComments,
		Product:     policy.Jira,
		Access:      policy.Write,
		Idempotent:  true,
		Spellings:   mcp.Spellings{Aliases: map[string]string{"comment": "body"}},
		Touches: func(in *editCommentArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey), oneComment(in.CommentID)}
		},
		// Jira finds a comment below its own issue only.
		Resolve: func(ctx context.Context, in *editCommentArguments) ([]policy.Object, error) {
			key, err := client.ProjectOfComment(ctx, in.IssueKey, in.CommentID)
			return projectNamed(key), err
		},
		Run: func(ctx context.Context, in *editCommentArguments) (*jira.EditedComment, error) {
			return client.EditComment(ctx, jira.EditCommentRequest{
				Key: in.IssueKey, ID: in.CommentID, Body: in.Body, Format: markup.Format(in.Format), Visibility: in.Visibility,
				Attribution: mcp.Attribution(ctx),
			})
		},
	}
}

type deleteCommentArguments struct {
	IssueKey  string `json:"issue_key" min:"1"`
	CommentID string `json:"comment_id" min:"1"`
}

func deleteComment(client *jira.Client) mcp.Spec[deleteCommentArguments, jira.DeletedComment] {
	return mcp.Spec[deleteCommentArguments, jira.DeletedComment]{
		Name:        "jira_delete_comment",
		Title:       "Delete a comment on a Jira issue",
		Description: "Delete a comment on a Jira issue for good.",
		Toolset:     toolsetComments,
		Product:     policy.Jira,
		Access:      policy.Delete,
		Touches: func(in *deleteCommentArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey), oneComment(in.CommentID)}
		},
		Resolve: func(ctx context.Context, in *deleteCommentArguments) ([]policy.Object, error) {
			key, err := client.ProjectOfComment(ctx, in.IssueKey, in.CommentID)
			return projectNamed(key), err
		},
		Run: func(ctx context.Context, in *deleteCommentArguments) (*jira.DeletedComment, error) {
			return client.DeleteComment(ctx, in.IssueKey, in.CommentID)
		},
	}
}
