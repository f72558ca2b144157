package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

const commentExpand = "body.storage,version,history,ancestors,extensions.inlineProperties,extensions.resolution"

// dataCenterComments reads a part of a page's comments. It names no location: the specification
// has it as a single value, and without one all comments come.
func (c *Client) dataCenterComments(ctx context.Context, in CommentsRequest, position atlassian.Cursor, out *commentBuilder) error {
	query := url.Values{
		"depth": {"all"}, "expand": {commentExpand},
		"start": {strconv.Itoa(position.Start)}, "limit": {strconv.Itoa(in.Limit)},
	}
	var answer struct {
		Results []content `json:"results"`
		Links   links     `json:"_links"`
	}
	if err := c.call(ctx, http.MethodGet, path(restAPI, query, "content", in.PageID, "child", "comment"), nil, &answer); err != nil {
		return err
	}
	comments := make([]Comment, 0, len(answer.Results))
	for i := range answer.Results {
		comments = append(comments, answer.Results[i].comment())
	}
	n := out.add(comments)
	if n < len(comments) || answer.Links.Next != "" && n > 0 {
		out.next(atlassian.Cursor{Start: position.Start + n})
	}
	return nil
}

// comment reads a comment. Its nearest ancestor is what it replies to.
func (c *content) comment() Comment {
	comment := Comment{
		ID: c.ID, Author: c.History.CreatedBy.name(), Created: timestamp(c.History.CreatedDate),
		Body: toMarkdown(c.Body.Storage.Value), Inline: c.Extensions.Location == "inline" || c.Extensions.Location == "resolved",
	}
	if comment.Author == "" {
		comment.Author, comment.Created = c.Version.By.name(), timestamp(c.Version.When)
	}
	if n := len(c.Ancestors); n > 0 {
		comment.ReplyTo = c.Ancestors[n-1].ID
		return comment
	}
	if comment.Inline {
		comment.On = excerpt(c.Extensions.InlineProperties.OriginalSelection)
		comment.Status = status(c.Extensions.Resolution.Status)
		if c.Extensions.Location == "resolved" {
			comment.Status = "resolved"
		}
	}
	return comment
}
