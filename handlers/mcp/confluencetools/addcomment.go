package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// bodyArguments are the text of a comment.
type bodyArguments struct {
	Body   string `json:"body" min:"1"`
	Format string `json:"format" enum:"markdown,wiki,storage,adf" default:"markdown"`
}

func (in *bodyArguments) comment(ctx context.Context) confluence.NewComment {
	return confluence.NewComment{Body: in.Body, Format: markup.Format(in.Format), Attribution: mcp.Attribution(ctx)}
}

// bodySpellings are those of older clients.
var bodySpellings = mcp.Spellings{Aliases: map[string]string{"content": "body", "comment": "body"}}

type addCommentArguments struct {
	PageID string `json:"page_id" min:"1"`
	bodyArguments
}

func addComment(client *confluence.Client) mcp.Spec[addCommentArguments, confluence.AddedComment] {
	return mcp.Spec[addCommentArguments, confluence.AddedComment]{
		Name:        "confluence_add_comment",
		Title:       "Comment on a Confluence page",
		Description: "Add a comment below a Confluence page.",
		Toolset:     toolsetComments,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Spellings:   bodySpellings,
		Touches:     func(in *addCommentArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *addCommentArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *addCommentArguments) (*confluence.AddedComment, error) {
			comment := in.comment(ctx)
			comment.PageID = in.PageID
			return client.AddComment(ctx, comment)
		},
	}
}

type replyArguments struct {
	CommentID string `json:"comment_id" min:"1"`
	bodyArguments
}

func replyToComment(client *confluence.Client) mcp.Spec[replyArguments, confluence.AddedComment] {
	return mcp.Spec[replyArguments, confluence.AddedComment]{
		Name:        "confluence_reply_to_comment",
		Title:       "Reply to a Confluence comment",
		Description: "Reply to a comment on a Confluence page, inline or below it.",
		Toolset:     toolsetComments,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Spellings:   bodySpellings,
		Touches:     func(in *replyArguments) []policy.Object { return []policy.Object{oneComment(in.CommentID)} },
		Resolve: func(ctx context.Context, in *replyArguments) ([]policy.Object, error) {
			key, err := client.SpaceOfComment(ctx, in.CommentID)
			if err != nil {
				return nil, err
			}
			return []policy.Object{space(key)}, nil
		},
		Run: func(ctx context.Context, in *replyArguments) (*confluence.AddedComment, error) {
			comment := in.comment(ctx)
			comment.ReplyTo = in.CommentID
			return client.AddComment(ctx, comment)
		},
	}
}

type addInlineCommentArguments struct {
	PageID string `json:"page_id" min:"1"`
	bodyArguments
	Selection string `json:"text_selection" min:"1" max:"2000" jsonschema:"The words on the page, without Markdown"`
	Matches   int    `json:"text_selection_match_count" min:"1" default:"1" jsonschema:"How often they are on the page"`
	Match     int    `json:"text_selection_match_index" min:"0" default:"0" jsonschema:"Which of these is meant, from 0"`
}

func addInlineComment(client *confluence.Client) mcp.Spec[addInlineCommentArguments, confluence.AddedComment] {
	return mcp.Spec[addInlineCommentArguments, confluence.AddedComment]{
		Name:        "confluence_add_inline_comment",
		Title:       "Comment on words of a Confluence page",
		Description: "Add a comment on some words of a Confluence page.",
		Toolset:     toolsetComments,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Spellings:   bodySpellings,
		Touches:     func(in *addInlineCommentArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *addInlineCommentArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *addInlineCommentArguments) (*confluence.AddedComment, error) {
			comment := in.comment(ctx)
			comment.PageID, comment.On, comment.Match, comment.Matches = in.PageID, in.Selection, in.Match, in.Matches
			return client.AddComment(ctx, comment)
		},
	}
}
