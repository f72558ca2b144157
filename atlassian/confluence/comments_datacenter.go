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
// has it as a single value, and without one all comments come. Those that are not inline are dropped
// here when only inline ones are asked for, and the next are read until there are enough.
func (c *Client) dataCenterComments(ctx context.Context, in CommentsRequest, position atlassian.Cursor, out *commentBuilder) error {
	for start := position.Start; ; {
		page, more, err := c.commentPage(ctx, in, start)
		if err != nil {
			return err
		}
		for i := range page {
			comment := page[i].comment()
			if in.Inline && !comment.Inline {
				continue
			}
			if len(out.result.Comments) >= in.Limit || out.add([]Comment{comment}) == 0 {
				out.next(atlassian.Cursor{Start: start + i})
				return nil
			}
		}
		if start += len(page); !more || len(page) == 0 {
			return nil
		}
		if !in.Inline {
			out.next(atlassian.Cursor{Start: start})
			return nil
		}
	}
}

// commentPage reads comments and whether there are more.
func (c *Client) commentPage(ctx context.Context, in CommentsRequest, start int) ([]content, bool, error) {
	limit := in.Limit
	if in.Inline {
		limit = MaxComments
	}
	query := url.Values{"depth": {"all"}, "expand": {commentExpand}, "start": {strconv.Itoa(start)}, "limit": {strconv.Itoa(limit)}}
	var answer struct {
		Results []content `json:"results"`
		Links   links     `json:"_links"`
	}
	err := c.call(ctx, http.MethodGet, path(restAPI, query, "content", in.PageID, "child", "comment"), nil, &answer)
	return answer.Results, answer.Links.Next != "", err
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
		comment.On = snippet(c.Extensions.InlineProperties.OriginalSelection)
		comment.Status = status(c.Extensions.Resolution.Status)
		if c.Extensions.Location == "resolved" {
			comment.Status = "resolved"
		}
	}
	return comment
}
