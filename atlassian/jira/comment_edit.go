package jira

import (
	"context"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// EditCommentRequest is a new text for a comment.
type EditCommentRequest struct {
	Key, ID string
	Body    string
	Format  markup.Format
	// Visibility limits who can read the comment; nil leaves that as it is.
	Visibility *Visibility
	// Attribution is a line of plain text below the comment, unless the text ends with it.
	Attribution string
}

// EditedComment is what came of it.
type EditedComment struct {
	ID        string `json:"id"`
	Issue     string `json:"issue"`
	URL       string `json:"url"`
	Updated   string `json:"updated,omitempty"`
	VisibleTo string `json:"visible_to,omitempty"`
	// Attribution is the line that was added to the text.
	Attribution string `json:"attribution,omitempty"`
}

// EditComment changes the text of a comment: one request to read it, one to write. Jira would open
// a restricted comment to everybody if the restriction were not sent again, and text that Markdown
// does not show is kept.
func (c *Client) EditComment(ctx context.Context, in EditCommentRequest) (*EditedComment, error) {
	a, path, key, err := c.commentPath(ctx, in.Key, in.ID)
	if err != nil {
		return nil, err
	}
	if err := checkBody("body", in.Body); err != nil {
		return nil, err
	}
	var was, raw rawComment
	if err := c.call(ctx, a, http.MethodGet, path, nil, &was); err != nil {
		return nil, err
	}
	line := in.Attribution
	if strings.HasSuffix(strings.TrimSpace(in.Body), line) {
		line = ""
	}
	body, err := a.edited("body", was.Body, in.Body, in.Format, line)
	if err != nil {
		return nil, err
	}
	payload := map[string]any{"body": body}
	switch {
	case in.Visibility != nil:
		payload["visibility"] = in.Visibility
	case was.Visibility != nil && was.Visibility.Value != "":
		payload["visibility"] = Visibility{Type: was.Visibility.Type, Value: was.Visibility.Value}
	}
	if err := c.call(ctx, a, http.MethodPut, path, payload, &raw); err != nil {
		return nil, err
	}
	now := a.comment(raw)
	return &EditedComment{
		ID: now.ID, Issue: key, URL: c.browseURL(key) + "?focusedCommentId=" + now.ID,
		Updated: timestamp(raw.Updated), VisibleTo: now.VisibleTo, Attribution: line,
	}, nil
}

func (c *Client) commentPath(ctx context.Context, issue, id string) (a api, path, key string, err error) {
	if key, err = atlassian.CheckIssueKey("issue_key", issue); err != nil {
		return a, "", "", err
	}
	if id, err = atlassian.CheckID("comment_id", id); err != nil {
		return a, "", "", err
	}
	if a, err = c.api(ctx); err != nil {
		return a, "", "", err
	}
	return a, a.path(nil, "issue", key, "comment", id), key, nil
}

// ProjectOfComment looks up the key of the project that a comment is in. The comment has to be one of
// the issue, as its own address says: the documents of Jira's API leave open what becomes of a path in
// which the two do not belong together.
func (c *Client) ProjectOfComment(ctx context.Context, issue, id string) (string, error) {
	a, path, key, err := c.commentPath(ctx, issue, id)
	if err != nil {
		return "", err
	}
	of, project, err := c.place(ctx, key)
	if err != nil {
		return "", err
	}
	var raw rawComment
	if err := c.call(ctx, a, http.MethodGet, path, nil, &raw); err != nil {
		return "", err
	}
	if of == "" || !strings.HasSuffix(raw.Self, "/issue/"+of+"/comment/"+raw.ID) {
		return "", &atlassian.InputError{Argument: "comment_id", Problem: "is no comment of " + key}
	}
	return project, nil
}

// DeletedComment names a comment that is no more.
type DeletedComment struct {
	Issue   string `json:"issue"`
	Deleted string `json:"deleted_comment"`
}

// DeleteComment deletes a comment for good, in one request.
func (c *Client) DeleteComment(ctx context.Context, issue, id string) (*DeletedComment, error) {
	a, path, key, err := c.commentPath(ctx, issue, id)
	if err != nil {
		return nil, err
	}
	if err := c.call(ctx, a, http.MethodDelete, path, nil, nil); err != nil {
		return nil, err
	}
	return &DeletedComment{Issue: key, Deleted: strings.TrimSpace(id)}, nil
}
