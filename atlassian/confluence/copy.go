package confluence

import (
	"context"
	"net/http"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// CopyRequest says what to copy and where to.
type CopyRequest struct {
	PageID      string
	SpaceKey    string
	Title       string
	ParentID    string // in the space; empty is the top of it
	Attachments bool
}

// CopiedPage is the copy.
type CopiedPage struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Space string `json:"space"` // key
	URL   string `json:"url"`
	Note  string `json:"note,omitempty"`
}

const textOnlyNote = "Only the text was copied: Data Center's API copies neither attachments nor labels nor restrictions, so everybody who may see the space may read it."

var copiedPage = placeArguments{"destination_space_key", "destination_parent_id", "new_title"}

// CopyPage copies a page without what is below it. On Cloud that is one request, and one
// for a space that is not known yet, and the copy keeps labels and restrictions; on Data Center it is two, and it does not. A parent takes one
// more.
func (c *Client) CopyPage(ctx context.Context, in CopyRequest) (*CopiedPage, error) {
	id, err := atlassian.CheckID("source_page_id", in.PageID)
	if err != nil {
		return nil, err
	}
	in.PageID = id
	page := NewPage{SpaceKey: in.SpaceKey, Title: in.Title, ParentID: in.ParentID}
	if err := page.check(copiedPage); err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	if page.SpaceKey, err = c.SpaceKey(ctx, "destination_space_key", page.SpaceKey); err != nil {
		return nil, err
	}
	if err := c.checkParent(ctx, cloud, copiedPage.parent, page.ParentID, page.SpaceKey); err != nil {
		return nil, err
	}
	if cloud {
		return c.copyCloudPage(ctx, in, page)
	}
	source, err := c.hold(ctx, false, in.PageID, 0)
	if err != nil {
		return nil, err
	}
	made, err := c.createContent(ctx, page, "storage", source.storage)
	if err != nil {
		return nil, createHint(err, page)
	}
	return &CopiedPage{ID: made.ID, Title: made.Title, Space: made.Space, URL: c.pageURL(false, made.Space, made.ID), Note: textOnlyNote}, nil
}

func (c *Client) copyCloudPage(ctx context.Context, in CopyRequest, page NewPage) (*CopiedPage, error) {
	destination := map[string]string{"type": "space", "value": page.SpaceKey}
	if page.ParentID != "" {
		destination = map[string]string{"type": "parent_page", "value": page.ParentID}
	}
	body := map[string]any{
		"copyAttachments": in.Attachments, "copyPermissions": true, "copyProperties": true, "copyLabels": true,
		"destination": destination, "pageTitle": page.Title,
	}
	var answer content
	if err := c.call(ctx, http.MethodPost, path(restAPI, nil, "content", in.PageID, "copy"), body, &answer); err != nil {
		return nil, hint(repairHint(err, ""), http.StatusNotFound, "There is no such page or space, or this server may not see it.")
	}
	return &CopiedPage{ID: answer.ID, Title: oneLine(answer.Title), Space: page.SpaceKey, URL: c.pageURL(true, page.SpaceKey, answer.ID)}, nil
}
