package jira

import (
	"context"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// maxBody is the longest text that is sent. Jira's own limit is 32 767 characters of its
// format unless an administrator raised it.
const maxBody = 256 << 10

// Visibility limits a comment to the members of a group or project role.
type Visibility struct {
	Type  string `json:"type" enum:"group,role"`
	Value string `json:"value" jsonschema:"name of the group or role" min:"1"`
}

// AddCommentRequest is a comment to be written.
type AddCommentRequest struct {
	Key    string
	Body   string
	Format markup.Format
	// Visibility limits who can read the comment; nil is everybody who can read the issue.
	Visibility *Visibility
	// Public says, on a service project, whether customers see the comment; nil leaves that to Jira.
	Public *bool
	// Attribution is a line of plain text, without markup, below the comment. Empty is none.
	Attribution string
}

// AddedComment is what came of it.
type AddedComment struct {
	ID        string `json:"id"`
	Issue     string `json:"issue"`
	URL       string `json:"url"`
	Created   string `json:"created,omitempty"`
	Author    string `json:"author,omitempty"`
	VisibleTo string `json:"visible_to,omitempty"`
	// Attribution is the line that was added to the text.
	Attribution string `json:"attribution,omitempty"`
}

// internalComment is the property with which Jira Service Management marks comments that
// customers must not see.
const internalComment = "sd.public.comment"

// AddComment writes a comment, once: a failure that leaves open whether it was written says so.
func (c *Client) AddComment(ctx context.Context, in AddCommentRequest) (*AddedComment, error) {
	key, err := atlassian.CheckIssueKey("issue_key", in.Key)
	if err != nil {
		return nil, err
	}
	if err := checkBody("body", in.Body); err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	body, err := a.written("body", in.Body, in.Format, in.Attribution)
	if err != nil {
		return nil, err
	}
	payload := map[string]any{"body": body}
	if in.Visibility != nil {
		payload["visibility"] = in.Visibility
	}
	if in.Public != nil {
		payload["properties"] = []any{map[string]any{"key": internalComment, "value": map[string]any{"internal": !*in.Public}}}
	}
	var raw rawComment
	if err := c.call(ctx, a, http.MethodPost, a.path(nil, "issue", key, "comment"), payload, &raw); err != nil {
		return nil, err
	}
	made := a.comment(raw)
	return &AddedComment{
		ID: made.ID, Issue: key, URL: c.browseURL(key) + "?focusedCommentId=" + made.ID,
		Created: made.Created, Author: made.Author, VisibleTo: made.VisibleTo, Attribution: in.Attribution,
	}, nil
}

func checkBody(argument, markdown string) error {
	if strings.TrimSpace(markdown) == "" {
		return &atlassian.InputError{Argument: argument, Problem: "is empty"}
	}
	if len(markdown) > maxBody {
		return &atlassian.InputError{Argument: argument, Problem: "is too long", Hint: "Shorten it, or write several."}
	}
	return nil
}
