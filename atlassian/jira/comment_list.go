package jira

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
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
		kept, end := excerpt.Cut(comment.Body, 0, max(minComment, share))
		if end < len(comment.Body) {
			l.Truncated = append(l.Truncated, "comment "+comment.ID+": the first "+strconv.Itoa(end)+" of "+strconv.Itoa(len(comment.Body))+" bytes; a smaller limit shows more.")
			comment.Body = kept
			b.left -= noteOverhead
		}
		b.spendText(kept)
		b.left -= commentOverhead
		l.Comments = append(l.Comments, comment)
	}
	return len(list)
}
