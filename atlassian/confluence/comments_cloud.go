package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// The two collections of comments in the v2 API, in the order in which they are read.
const (
	footerComments = "footer-comments"
	inlineComments = "inline-comments"
)

// cloudComment is a comment in the v2 API. Only the fields of its collection are set.
type cloudComment struct {
	ID               string       `json:"id"`
	Version          cloudVersion `json:"version"`
	Body             cloudBody    `json:"body"`
	ResolutionStatus string       `json:"resolutionStatus"`
	Properties       struct {
		Selection string `json:"inlineOriginalSelection"`
	} `json:"properties"`

	parent  string
	replies []*cloudComment
}

// cloudComments reads a part of the footer comments and, when they are through, of the inline
// comments. The token of a position is the collection and Confluence's cursor in it, and its start
// the number of comments of that part that were shown already.
func (c *Client) cloudComments(ctx context.Context, in CommentsRequest, position atlassian.Cursor, out *commentBuilder) error {
	collection, cursor := commentPosition(position.Token)
	if in.Inline {
		collection = inlineComments
	}
	for {
		threads, next, err := c.cloudThreads(ctx, collection, in, cursor)
		if err != nil {
			return err
		}
		comments := c.readThreads(ctx, threads, collection == inlineComments)
		shown := min(position.Start, len(comments))
		if n := out.add(comments[shown:]); shown+n < len(comments) {
			out.next(atlassian.Cursor{Start: shown + n, Token: collection + " " + cursor})
			return nil
		}
		switch {
		case next != "":
			out.next(atlassian.Cursor{Token: collection + " " + next})
			return nil
		case collection == inlineComments:
			return nil
		}
		collection, cursor, position.Start = inlineComments, "", 0
		if len(out.result.Comments) >= in.Limit {
			out.next(atlassian.Cursor{Token: collection + " "})
			return nil
		}
	}
}

// commentPosition reads the token of a position. It comes from a caller, so it cannot name anything
// but the two collections.
func commentPosition(token string) (collection, cursor string) {
	collection, cursor, _ = strings.Cut(token, " ")
	if collection == inlineComments {
		return inlineComments, cursor
	}
	return footerComments, cursor
}

// cloudThreads reads one page of a collection's comments with all their replies.
func (c *Client) cloudThreads(ctx context.Context, collection string, in CommentsRequest, cursor string) ([]*cloudComment, string, error) {
	query := url.Values{"body-format": {"storage"}, "limit": {strconv.Itoa(in.Limit)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	threads, next, err := c.cloudCommentPage(ctx, path(cloudV2, query, "pages", in.PageID, collection))
	if err != nil {
		return nil, "", err
	}
	for level := threads; len(level) > 0; {
		if level, err = c.readReplies(ctx, collection, level); err != nil {
			return nil, "", err
		}
	}
	return threads, next, nil
}

// readReplies reads the replies to each comment, side by side, and returns them all.
func (c *Client) readReplies(ctx context.Context, collection string, comments []*cloudComment) ([]*cloudComment, error) {
	calls := make([]func() error, 0, len(comments))
	for _, comment := range comments {
		calls = append(calls, func() error { return c.readRepliesTo(ctx, collection, comment) })
	}
	if err := together(c.log, "reading replies", calls...); err != nil {
		return nil, err
	}
	var replies []*cloudComment
	for _, comment := range comments {
		replies = append(replies, comment.replies...)
	}
	return replies, nil
}

func (c *Client) readRepliesTo(ctx context.Context, collection string, comment *cloudComment) error {
	query := url.Values{"body-format": {"storage"}, "limit": {strconv.Itoa(MaxComments)}}
	for {
		page, next, err := c.cloudCommentPage(ctx, path(cloudV2, query, collection, comment.ID, "children"))
		for _, reply := range page {
			reply.parent = comment.ID
		}
		comment.replies = append(comment.replies, page...)
		if err != nil || next == "" {
			return err
		}
		query.Set("cursor", next)
	}
}

// cloudCommentPage reads one page of comments and the cursor of the next.
func (c *Client) cloudCommentPage(ctx context.Context, path string) ([]*cloudComment, string, error) {
	var answer struct {
		Results []*cloudComment `json:"results"`
		Links   links           `json:"_links"`
	}
	if err := c.call(ctx, http.MethodGet, path, nil, &answer); err != nil {
		return nil, "", err
	}
	for _, comment := range answer.Results {
		if _, err := atlassian.CheckID("id", comment.ID); err != nil { // it goes into a path
			return nil, "", c.understood(err, false)
		}
	}
	return answer.Results, answer.Links.cursor(), nil
}

// readThreads flattens threads, replies after what they reply to, and resolves the authors' names.
func (c *Client) readThreads(ctx context.Context, threads []*cloudComment, inline bool) []Comment {
	var flat []*cloudComment
	var people []string
	var walk func([]*cloudComment)
	walk = func(comments []*cloudComment) {
		for _, comment := range comments {
			flat = append(flat, comment)
			people = append(append(people, comment.Version.AuthorID), mentioned(comment.Body.Storage.Value)...)
			walk(comment.replies)
		}
	}
	walk(threads)
	name := c.names(ctx, people...)
	comments := make([]Comment, 0, len(flat))
	for _, raw := range flat {
		comment := Comment{
			ID: raw.ID, ReplyTo: raw.parent, Author: name(raw.Version.AuthorID), Created: timestamp(raw.Version.CreatedAt),
			Inline: inline, Body: withNames(toMarkdown(raw.Body.Storage.Value), name),
		}
		if inline && raw.parent == "" {
			comment.On, comment.Status = snippet(raw.Properties.Selection), status(raw.ResolutionStatus)
		}
		comments = append(comments, comment)
	}
	return comments
}

// status leaves out what is the rule.
func status(s string) string {
	if s == "open" {
		return ""
	}
	return oneLine(s)
}

// links are the links of a list.
type links struct {
	Next string `json:"next"`
}

// cursor is the cursor in the address of the next page.
func (l links) cursor() string {
	next, err := url.Parse(l.Next)
	if err != nil {
		return ""
	}
	return next.Query().Get("cursor")
}
