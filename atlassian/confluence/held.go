package confluence

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// held is a version of a page as Confluence holds it: what a change begins with.
type held struct {
	id, title, space string // space: key
	version          int
	storage          string
	message          string
	by               string // on Cloud an account id, for Client.names
	when             string
}

// hold reads a page, in its current version when version is 0. What is no current page, such as a
// comment or a page in the trash, is an InputError.
func (c *Client) hold(ctx context.Context, cloud bool, id string, version int) (*held, error) {
	read := c.holdContent
	if cloud {
		read = c.holdCloudPage
	}
	page, err := read(ctx, id, version)
	return page, hint(err, http.StatusNotFound, noSuchPage)
}

func (c *Client) holdCloudPage(ctx context.Context, id string, version int) (*held, error) {
	query := url.Values{"body-format": {"storage"}}
	if version > 0 {
		query.Set("version", strconv.Itoa(version))
	}
	var raw cloudPage
	if err := c.call(ctx, http.MethodGet, path(cloudV2, query, "pages", id), nil, &raw); err != nil {
		return nil, err
	}
	if version == 0 && raw.Status != "current" {
		return nil, notCurrent(id, raw.Status)
	}
	space, err := c.spaceByID(ctx, raw.SpaceID)
	return &held{
		id: raw.ID, title: raw.Title, space: space.Key, version: raw.Version.Number, storage: raw.Body.Storage.Value,
		message: raw.Version.Message, by: raw.Version.AuthorID, when: raw.Version.CreatedAt,
	}, err
}

func (c *Client) holdContent(ctx context.Context, id string, version int) (*held, error) {
	query := url.Values{"expand": {"body.storage,version,space"}}
	if version > 0 {
		query.Set("status", "historical")
		query.Set("version", strconv.Itoa(version))
	}
	var raw content
	if err := c.call(ctx, http.MethodGet, path(restAPI, query, "content", id), nil, &raw); err != nil {
		return nil, err
	}
	if raw.Type != "page" {
		return nil, notCurrent(id, raw.Type)
	}
	return &held{
		id: raw.ID, title: raw.Title, space: raw.Space.Key, version: raw.Version.Number, storage: raw.Body.Storage.Value,
		message: raw.Version.Message, by: raw.Version.By.name(), when: raw.Version.When,
	}, nil
}

func notCurrent(id, what string) error {
	return &atlassian.InputError{Argument: "page_id", Problem: fmt.Sprintf("%s is no current page but %q", id, oneLine(what)), Hint: noSuchPage}
}
