package confluence

import (
	"context"
	"net/http"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// CommentsRequest is one part of a page's comments.
type CommentsRequest struct {
	PageID string
	// Limit is how many comments to read at a time, 1 to 100: on Data Center all of them are
	// counted, on Cloud the threads.
	Limit  int
	Cursor string
	// Inline leaves out what is below the page.
	Inline bool
}

// MaxComments is the largest Limit.
const MaxComments = 100

// Comments is a part of a page's comments. Replies follow what they reply to, but on Data Center a
// reply may be in a later part than the comment.
type Comments struct {
	Comments []Comment `json:"comments"`
	// Cursor gets the next part; empty is the end.
	Cursor string `json:"cursor,omitempty"`
	// Truncated says what was left out for size and how to get it.
	Truncated string `json:"truncated,omitempty"`
}

// Comment is a comment below a page or, when it has Inline, on a part of its text.
type Comment struct {
	ID      string `json:"id"`
	ReplyTo string `json:"reply_to,omitempty"` // id of the comment above
	// Author and Created (RFC 3339, UTC) are those of the latest version on Cloud, which does not
	// tell others in a list.
	Author  string `json:"author"`
	Created string `json:"created,omitempty"`
	Inline  bool   `json:"inline,omitempty"`
	// On is the text that an inline comment is about.
	On string `json:"on,omitempty"`
	// Status of an inline comment that is not simply open: resolved, reopened, or dangling when
	// its text is gone.
	Status string `json:"status,omitempty"`
	Body   string `json:"body"` // Markdown
}

// maxCommentBody is how many bytes of JSON one comment may take, so that a single long one cannot
// push out the others.
const maxCommentBody = 8 << 10

// GetComments reads footer and inline comments of a page with their replies.
//
// On Data Center that is one request. On Cloud a list holds only what is no reply, so there is one
// request for each of the two lists, one for each comment to get its replies, and one for names
// that are not known yet.
func (c *Client) GetComments(ctx context.Context, in CommentsRequest) (*Comments, error) {
	id, err := atlassian.CheckID("page_id", in.PageID)
	if err != nil {
		return nil, err
	}
	in.PageID, in.Limit = id, min(max(in.Limit, 1), MaxComments)
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	list := "comments " + id
	if in.Inline {
		list = "inline " + list
	}
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return nil, err
	}
	read := c.dataCenterComments
	if cloud {
		read = c.cloudComments
	}
	out := &commentBuilder{list: list, left: resultBudget}
	out.result.Comments = []Comment{}
	if err := read(ctx, in, position, out); err != nil {
		return nil, hint(err, http.StatusNotFound, noSuchPage)
	}
	return &out.result, nil
}

// commentBuilder fills a result within its budget.
type commentBuilder struct {
	result Comments
	list   string
	left   int
}

// add appends comments as long as they fit, at least one in all, and returns how many it took.
func (b *commentBuilder) add(comments []Comment) int {
	for n, comment := range comments {
		if body := head(comment.Body, maxCommentBody); len(body) < len(comment.Body) {
			comment.Body = body + "…"
			b.result.Truncated = "Long comments are cut; open the page to read them whole."
		}
		cost := size(comment) + 1
		if cost > b.left && len(b.result.Comments) > 0 {
			b.result.Truncated = "The result is full. Pass cursor for the next comments."
			return n
		}
		b.left -= cost
		b.result.Comments = append(b.result.Comments, comment)
	}
	return len(comments)
}

// next sets the cursor.
func (b *commentBuilder) next(position atlassian.Cursor) { b.result.Cursor = position.Encode(b.list) }
