package confluence

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/linediff"
)

// PageUpdate is a change of a page. What it does not name stays.
type PageUpdate struct {
	PageID string
	// ExpectedVersion is the version that the change was made for. Zero is whichever is current.
	ExpectedVersion int
	Title           string
	ParentID        string // a page in the same space
	Text            TextChange
	// Message is kept with the version.
	Message string
	// Minor spares the page's watchers a notification, on Data Center only.
	Minor bool
	// DryRun changes nothing and shows what would change.
	DryRun bool
	// Attribution is a line of plain text that is added to Message.
	Attribution string
}

// UpdatedPage says what came of a change.
type UpdatedPage struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Space   string `json:"space"` // key
	URL     string `json:"url"`
	Version int    `json:"version"`
	// Changed counts the lines of Markdown that came and went, and Replaced the texts that were found.
	Changed  string `json:"changed,omitempty"`
	Replaced int    `json:"replaced,omitempty"`
	Note     string `json:"note,omitempty"`
	// Diff is what a dry run would change.
	Diff        string `json:"diff,omitempty"`
	Truncated   string `json:"truncated,omitempty"`
	Attribution string `json:"attribution,omitempty"`
}

const (
	unchangedNote  = "Nothing was written: the page is like that already."
	dryRunNote     = "Nothing was written: dry run."
	minorEditNote  = "Confluence Cloud's API knows no minor edits: watchers are notified."
	maxUpdateDiff  = 16 << 10
	maxMessageSize = 2000 // bytes; Confluence shows a line
)

// UpdatePage changes a page: one request to read it and one to write it, or a third when somebody
// else was faster. A page is never written over a version that this call has not read.
func (c *Client) UpdatePage(ctx context.Context, in PageUpdate) (*UpdatedPage, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	before, err := c.hold(ctx, cloud, in.PageID, 0)
	if err != nil {
		return nil, err
	}
	if in.ExpectedVersion != 0 && in.ExpectedVersion != before.version {
		return nil, c.outdated(ctx, cloud, in.ExpectedVersion, before)
	}
	if err := c.checkParent(ctx, cloud, "parent_id", in.ParentID, before.space); err != nil {
		return nil, err
	}
	text, err := in.Text.apply(before.storage, cloud)
	if err != nil {
		return nil, err
	}
	out := &UpdatedPage{ID: before.id, Title: in.titleAfter(before), Space: before.space, URL: c.pageURL(cloud, before.space, before.id), Version: before.version, Replaced: text.replaced}
	if in.DryRun {
		return out, c.showChange(ctx, out, before, text)
	}
	if text.format == markup.Storage && text.value == before.storage && out.Title == oneLine(before.title) && in.ParentID == "" {
		out.Note = unchangedNote
		return out, nil
	}
	return c.writePage(ctx, cloud, in, before, text, out)
}

// check refuses what Confluence would refuse.
func (in *PageUpdate) check() (err error) {
	if in.PageID, err = atlassian.CheckID("page_id", in.PageID); err != nil {
		return err
	}
	if in.ParentID != "" {
		if in.ParentID, err = atlassian.CheckID("parent_id", in.ParentID); err != nil {
			return err
		}
		if in.ParentID == in.PageID {
			return &atlassian.InputError{Argument: "parent_id", Problem: "a page cannot be below itself"}
		}
	}
	if in.Title != "" {
		if in.Title, err = checkTitle("title", in.Title); err != nil {
			return err
		}
	}
	if in.Title == "" && in.ParentID == "" && in.Text.none() {
		return &atlassian.InputError{Argument: "content", Problem: "there is nothing to change", Hint: "Give content, append, replacements, title or parent_id."}
	}
	return in.Text.check()
}

func (in *PageUpdate) titleAfter(before *held) string {
	if in.Title != "" {
		return in.Title
	}
	return oneLine(before.title)
}

// message is what is kept with the version.
func (in *PageUpdate) message() string {
	message, _ := atlassian.Shorten(strings.TrimSpace(in.Message), maxMessageSize)
	switch {
	case in.Attribution == "":
		return message
	case message == "":
		return in.Attribution
	}
	return message + " – " + in.Attribution
}

// showChange fills in what would change.
func (c *Client) showChange(ctx context.Context, out *UpdatedPage, before *held, text *rewritten) error {
	after, err := text.markdown()
	if err != nil {
		return &atlassian.InputError{Argument: "content", Problem: err.Error(), Hint: "Correct it, or send Markdown. Nothing was changed."}
	}
	diff := linediff.Compare(toMarkdown(before.storage), strings.TrimSpace(after))
	out.Changed, out.Note = changed(diff), dryRunNote
	out.Diff, out.Truncated = c.show(ctx, diff, maxUpdateDiff, before.storage, text.value)
	return nil
}

func changed(diff linediff.Diff) string {
	if diff.Added+diff.Removed == 0 {
		return "no line of text"
	}
	return fmt.Sprintf("+%d -%d lines", diff.Added, diff.Removed)
}

// writePage sends the new version, once.
func (c *Client) writePage(ctx context.Context, cloud bool, in PageUpdate, before *held, text *rewritten, out *UpdatedPage) (*UpdatedPage, error) {
	put := c.putContent
	if cloud {
		put = c.putCloudPage
	}
	version, err := put(ctx, in, before, text)
	if err != nil {
		err = c.conflict(ctx, cloud, repairHint(err, in.Text.Format), before)
		return nil, hint(err, http.StatusNotFound, "The account of this server may read this page and not change it.")
	}
	out.Version, out.Attribution = version, in.Attribution
	if after, err := text.markdown(); err == nil && !in.Text.none() {
		out.Changed = changed(linediff.Compare(toMarkdown(before.storage), strings.TrimSpace(after)))
	}
	if cloud && in.Minor {
		out.Note = minorEditNote
	}
	return out, nil
}

func (c *Client) putCloudPage(ctx context.Context, in PageUpdate, before *held, text *rewritten) (int, error) {
	body := map[string]any{
		"id": before.id, "status": "current", "title": in.rawTitle(before),
		"body":    map[string]string{"representation": text.representation, "value": text.value},
		"version": map[string]any{"number": before.version + 1, "message": in.message()},
	}
	if in.ParentID != "" {
		body["parentId"] = in.ParentID
	}
	var answer cloudPage
	err := c.call(ctx, http.MethodPut, path(cloudV2, nil, "pages", before.id), body, &answer)
	return answer.Version.Number, err
}

func (c *Client) putContent(ctx context.Context, in PageUpdate, before *held, text *rewritten) (int, error) {
	body := map[string]any{
		"id": before.id, "type": "page", "title": in.rawTitle(before),
		"body":    map[string]any{text.representation: map[string]string{"representation": text.representation, "value": text.value}},
		"version": map[string]any{"number": before.version + 1, "message": in.message(), "minorEdit": in.Minor},
	}
	if in.ParentID != "" {
		body["ancestors"] = []any{map[string]string{"id": in.ParentID}}
	}
	var answer content
	err := c.call(ctx, http.MethodPut, path(restAPI, nil, "content", before.id), body, &answer)
	return answer.Version.Number, err
}

// rawTitle is the title to send. One that stays is sent as it is, with whatever it contains.
func (in *PageUpdate) rawTitle(before *held) string {
	if in.Title != "" {
		return in.Title
	}
	return before.title
}
