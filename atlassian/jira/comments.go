package jira

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// ListCommentsRequest is one page of an issue's comments.
type ListCommentsRequest struct {
	Key string
	// OldestFirst turns the order round.
	OldestFirst bool
	// Limit is how many to read, 1 to 100.
	Limit int
	// Cursor continues a list; empty is its beginning.
	Cursor string
	// Format is that of the texts; empty is Markdown.
	Format markup.Format
}

// CommentList is a page of comments.
type CommentList struct {
	Issue    string    `json:"issue"`
	Comments []Comment `json:"comments"`
	Total    int       `json:"total"`
	// Cursor gets the next page; empty is the end.
	Cursor string `json:"cursor,omitempty"`
	// Truncated says, a sentence each, what was left out for size and how to get it.
	Truncated []string `json:"truncated,omitempty"`
}

// ListComments reads a page of comments in one request.
func (c *Client) ListComments(ctx context.Context, in ListCommentsRequest) (*CommentList, error) {
	key, err := atlassian.CheckIssueKey("issue_key", in.Key)
	if err != nil {
		return nil, err
	}
	order := "-created"
	if in.OldestFirst {
		order = "created"
	}
	list := "comments of " + key + " by " + order
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	a.format = in.Format
	limit := min(max(in.Limit, 1), 100)
	query := url.Values{"startAt": {strconv.Itoa(position.Start)}, "maxResults": {strconv.Itoa(limit)}, "orderBy": {order}}
	var page commentPage
	if err := c.call(ctx, a, http.MethodGet, a.path(query, "issue", key, "comment"), nil, &page); err != nil {
		return nil, err
	}
	out := &CommentList{Issue: key, Comments: []Comment{}, Total: page.Total}
	next := position.Start + out.fill(a, page.Comments)
	if next < page.Total && len(page.Comments) > 0 {
		out.Cursor = atlassian.Cursor{Start: next}.Encode(list)
	}
	return out, nil
}

// fill takes as many comments as fit, at least one, and returns how many.
func (l *CommentList) fill(a api, list []rawComment) int {
	b := newBudget(resultBudget)
	for n, raw := range list {
		if n > 0 && b.left < minComment+commentOverhead {
			l.Truncated = append(l.Truncated, "Only "+strconv.Itoa(n)+" comments fit into one result: pass cursor for the next.")
			return n
		}
		comment := a.comment(raw)
		share := (b.left - commentOverhead) / min(3, len(list)-n)
		kept, cost := atlassian.Fit(comment.Body, max(minComment, share))
		if len(kept) < len(comment.Body) {
			l.Truncated = append(l.Truncated, "comment "+comment.ID+": the first "+strconv.Itoa(len(kept))+" of "+strconv.Itoa(len(comment.Body))+" bytes; a smaller limit shows more.")
			comment.Body = kept
			b.left -= noteOverhead
		}
		b.left -= cost + commentOverhead
		l.Comments = append(l.Comments, comment)
	}
	return len(list)
}

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
