package confluence

import (
	"context"
	"net/http"
)

// DeletedPage says what was deleted.
type DeletedPage struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Space string `json:"space"` // key
	Note  string `json:"note"`
}

// DeletePage moves a page to the trash of its space: one request to see that it is a page, because
// Data Center deletes comments and attachments under the same address, and one to delete it.
func (c *Client) DeletePage(ctx context.Context, pageID string) (*DeletedPage, error) {
	cloud, page, err := c.current(ctx, pageID)
	if err != nil {
		return nil, err
	}
	at := path(restAPI, nil, "content", page.id)
	if cloud {
		at = path(cloudV2, nil, "pages", page.id)
	}
	if err := c.call(ctx, http.MethodDelete, at, nil, nil); err != nil {
		return nil, hint(err, http.StatusNotFound, "The account of this server may read this page and not delete it.")
	}
	return &DeletedPage{ID: page.id, Title: oneLine(page.title), Space: page.space, Note: "It is in the trash of the space, where people can restore it."}, nil
}
