package confluence

import (
	"context"
	"fmt"
	"net/http"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/linediff"
)

// VersionRequest names a version of a page.
type VersionRequest struct {
	PageID  string
	Version int
	Storage bool   // the text in storage format instead of Markdown
	Cursor  string // continues a text that did not fit into one result
}

// GetVersion reads a page as it was in a version: two requests, or one for the current version, and
// on Cloud another for names that are not known yet.
func (c *Client) GetVersion(ctx context.Context, in VersionRequest) (*Page, error) {
	cloud, current, err := c.current(ctx, in.PageID)
	if err != nil {
		return nil, err
	}
	version, err := c.past(ctx, cloud, current, "version", in.Version)
	if err != nil {
		return nil, err
	}
	name := func(name string) string { return name }
	if cloud {
		name = c.names(ctx, append(mentioned(version.storage), version.by)...)
	}
	page := &Page{
		ID: current.id, Title: oneLine(version.title), Space: current.space, URL: c.pageURL(cloud, current.space, current.id),
		Version: version.version, Current: current.version, Comment: oneLine(version.message), UpdatedBy: name(version.by), Updated: timestamp(version.when),
	}
	if err := page.setBody(PageRequest{Storage: in.Storage, Cursor: in.Cursor}, version.storage); err != nil {
		return nil, err
	}
	if cloud && !in.Storage {
		page.Body = withNames(page.Body, name)
	}
	return page, nil
}

// current reads the current version of a page.
func (c *Client) current(ctx context.Context, pageID string) (cloud bool, page *held, err error) {
	id, err := atlassian.CheckID("page_id", pageID)
	if err != nil {
		return false, nil, err
	}
	if cloud, err = c.isCloud(ctx); err != nil {
		return false, nil, err
	}
	page, err = c.hold(ctx, cloud, id, 0)
	return cloud, page, err
}

// past returns a version of a page whose current one is known.
func (c *Client) past(ctx context.Context, cloud bool, current *held, argument string, version int) (*held, error) {
	switch {
	case version == current.version:
		return current, nil
	case version < 1 || version > current.version:
		return nil, &atlassian.InputError{Argument: argument, Problem: fmt.Sprintf("there is no version %d", version), Hint: fmt.Sprintf("The page has versions 1 to %d.", current.version)}
	}
	page, err := c.hold(ctx, cloud, current.id, version)
	return page, hint(err, http.StatusNotFound, fmt.Sprintf("Somebody has removed version %d.", version))
}

// PageDiff is what differs between two versions of a page.
type PageDiff struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Space     string `json:"space"` // key
	From      int    `json:"from_version"`
	To        int    `json:"to_version"`
	Changed   string `json:"changed"`
	Diff      string `json:"diff,omitempty"` // of the Markdown
	Truncated string `json:"truncated,omitempty"`
}

// maxDiff is how many bytes of JSON the difference in a result may take.
const maxDiff = 28 << 10

// GetDiff compares the Markdown of two versions: three requests, or two when one of them is the
// current version.
func (c *Client) GetDiff(ctx context.Context, pageID string, from, to int) (*PageDiff, error) {
	if from == to {
		return nil, &atlassian.InputError{Argument: "to_version", Problem: "both versions are the same"}
	}
	cloud, current, err := c.current(ctx, pageID)
	if err != nil {
		return nil, err
	}
	var before, after *held
	err = together(c.log, "reading versions",
		func() (err error) { before, err = c.past(ctx, cloud, current, "from_version", from); return err },
		func() (err error) { after, err = c.past(ctx, cloud, current, "to_version", to); return err })
	if err != nil {
		return nil, err
	}
	diff := linediff.Compare(toMarkdown(before.storage), toMarkdown(after.storage))
	out := &PageDiff{ID: current.id, Title: oneLine(after.title), Space: current.space, From: from, To: to, Changed: changed(diff)}
	out.Diff, out.Truncated = c.show(ctx, diff, maxDiff, before.storage, after.storage)
	if out.Truncated != "" {
		out.Truncated += " confluence_get_page_history reads each version whole."
	}
	return out, nil
}
