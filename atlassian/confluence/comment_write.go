package confluence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// NewComment is a comment to be written: below a page, on a part of its text, or as a reply.
type NewComment struct {
	PageID  string // of what is no reply
	ReplyTo string // id of a comment
	Body    string
	Format  markup.Format
	// On is the text of the page that an inline comment is about. Where it occurs several times,
	// Matches says how often and Match which of them is meant, from 0.
	On      string
	Match   int
	Matches int
	// Attribution is a line of plain text below the comment. Empty is none.
	Attribution string
}

// AddedComment is what came of it.
type AddedComment struct {
	ID          string `json:"id"`
	Page        string `json:"page_id"`
	ReplyTo     string `json:"reply_to,omitempty"`
	Inline      bool   `json:"inline,omitempty"`
	URL         string `json:"url"`
	Attribution string `json:"attribution,omitempty"`
}

const noSuchComment = "There is no such comment, or this server may not see it: confluence_get_comments lists those of a page."

// AddComment writes a comment, once: a failure that leaves open whether it was written says so. It
// is one request; a reply takes one or two more to find out what it belongs to.
func (c *Client) AddComment(ctx context.Context, in NewComment) (*AddedComment, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	representation, value, err := written(in.Body, in.Format, in.Attribution, cloud)
	if err != nil {
		return nil, &atlassian.InputError{Argument: "body", Problem: err.Error(), Hint: "Send Markdown, or correct it. Nothing was written."}
	}
	at := &place{pageID: in.PageID, inline: in.On != ""}
	advice := "There is no such page, or the account of this server may not comment on it."
	if in.ReplyTo != "" {
		if at, err = c.placeOf(ctx, cloud, in.ReplyTo); err != nil {
			return nil, err
		}
		advice = "The account of this server may not reply to this comment."
	}
	create := c.createComment
	if cloud {
		create = c.createCloudComment
	}
	id, err := create(ctx, in, at, representation, value)
	if err != nil {
		return nil, hint(c.explainSelection(ctx, cloud, in, err), http.StatusNotFound, advice)
	}
	return &AddedComment{ID: id, Page: at.pageID, ReplyTo: in.ReplyTo, Inline: at.inline, URL: c.commentURL(at.pageID, id), Attribution: in.Attribution}, nil
}

func (in *NewComment) check() (err error) {
	if in.ReplyTo != "" {
		in.ReplyTo, err = atlassian.CheckID("comment_id", in.ReplyTo)
	} else {
		in.PageID, err = atlassian.CheckID("page_id", in.PageID)
	}
	if err != nil {
		return err
	}
	if strings.TrimSpace(in.Body) == "" {
		return &atlassian.InputError{Argument: "body", Problem: "it is empty"}
	}
	in.Matches = max(in.Matches, 1)
	if in.Match < 0 || in.Match >= in.Matches {
		return &atlassian.InputError{Argument: "text_selection_match_index", Problem: fmt.Sprintf("it is %d of %d", in.Match, in.Matches), Hint: "It counts from 0, and is less than text_selection_match_count."}
	}
	return checkFormat("format", in.Format)
}

// commentURL is where people look at a comment. Both deployments know this form.
func (c *Client) commentURL(pageID, id string) string {
	return c.site.WebURL("pages/viewpage.action?" + url.Values{"pageId": {pageID}, "focusedCommentId": {id}}.Encode())
}

func (c *Client) createCloudComment(ctx context.Context, in NewComment, at *place, representation, value string) (string, error) {
	body := map[string]any{"body": map[string]string{"representation": representation, "value": value}}
	switch {
	case in.ReplyTo != "":
		body["parentCommentId"] = in.ReplyTo
	case in.On != "":
		body["pageId"] = in.PageID
		body["inlineCommentProperties"] = map[string]any{"textSelection": in.On, "textSelectionMatchCount": in.Matches, "textSelectionMatchIndex": in.Match}
	default:
		body["pageId"] = in.PageID
	}
	var answer cloudComment
	err := c.call(ctx, http.MethodPost, path(cloudV2, nil, at.collection()), body, &answer)
	return answer.ID, err
}

// createComment uses the API of Data Center, which wants of an inline comment what its own page
// knows when somebody selects text there (sooperset/mcp-atlassian#1264).
func (c *Client) createComment(ctx context.Context, in NewComment, at *place, representation, value string) (string, error) {
	body := map[string]any{
		"type": "comment", "container": map[string]string{"id": at.pageID, "type": "page"},
		"body": map[string]any{representation: map[string]string{"value": value, "representation": representation}},
	}
	switch {
	case in.ReplyTo != "":
		body["ancestors"] = []any{map[string]string{"id": in.ReplyTo}}
		if at.inline {
			body["extensions"] = map[string]any{"location": "inline"}
		}
	case in.On != "":
		highlights, err := json.Marshal([][]string{{in.On}})
		if err != nil {
			return "", err
		}
		body["extensions"] = map[string]any{"location": "inline", "inlineProperties": map[string]any{
			"originalSelection": in.On, "numMatches": in.Matches, "matchIndex": in.Match,
			"lastFetchTime": strconv.FormatInt(time.Now().UnixMilli(), 10), "serializedHighlights": string(highlights),
		}}
	}
	var answer content
	err := c.call(ctx, http.MethodPost, path(restAPI, nil, "content"), body, &answer)
	return answer.ID, err
}

// explainSelection says of an inline comment that was refused how often its text is on the page.
func (c *Client) explainSelection(ctx context.Context, cloud bool, in NewComment, err error) error {
	var e *atlassian.Error
	if in.On == "" || !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return err
	}
	page, readErr := c.hold(ctx, cloud, in.PageID, 0)
	if readErr != nil {
		return err
	}
	switch n := strings.Count(shownText(page.storage), strings.Join(strings.Fields(in.On), " ")); n {
	case 0:
		e.Hint = "text_selection does not seem to be on the page: copy it from there exactly, without marks of Markdown."
	case in.Matches:
		e.Hint = "text_selection must lie within one paragraph, cell or list item, outside of macros."
	default:
		e.Hint = fmt.Sprintf("text_selection is %d times on the page: pass text_selection_match_count %d, and text_selection_match_index from 0.", n, n)
	}
	return err
}

var (
	hidden   = regexp.MustCompile(`(?s)<ac:(?:parameter|task-id|task-status)\b[^>]*>.*?</ac:(?:parameter|task-id|task-status)>`)
	blockTag = regexp.MustCompile(`</?(?:p|h[1-6]|li|td|th|tr|br|div)\b[^>]*>`)
	anyTag   = regexp.MustCompile(`<[^>]*>`)
)

// shownText is roughly what a reader sees of a text in storage format, a line for each block.
func shownText(storage string) string {
	text := html.UnescapeString(anyTag.ReplaceAllString(blockTag.ReplaceAllString(hidden.ReplaceAllString(storage, ""), "\n"), ""))
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}
