// Package confluence reads and writes Confluence pages and comments on Cloud and on Data Center,
// with Markdown for rich text and compact typed results.
package confluence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	v1 "github.com/ctreminiom/go-atlassian/v2/confluence"
	v2 "github.com/ctreminiom/go-atlassian/v2/confluence/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Client calls one Confluence. It is safe for concurrent use, and its credentials are those of
// each call's context (see [atlassian.WithCredentials]).
type Client struct {
	site *atlassian.Site
	v1   *v1.Client // Data Center, and the search of Cloud
	v2   *v2.Client // Cloud
	log  *slog.Logger

	// Neither names nor spaces are secret among the people of a site, so all callers share them.
	// What a caller may read is decided by Confluence on the page itself, on every call.
	spaces *cache[Space]  // by id
	keys   *cache[Space]  // by key, and by an alias that was asked for
	people *cache[string] // account id -> display name
}

// New makes a client for a site. It sends nothing. A nil log discards.
func New(site *atlassian.Site, log *slog.Logger) (*Client, error) {
	if site.Product() != atlassian.Confluence {
		return nil, fmt.Errorf("a Confluence client over a site of %s", site.Product())
	}
	first, err := v1.New(site, site.BaseURL())
	if err != nil {
		return nil, fmt.Errorf("making the v1 client: %w", err)
	}
	second, err := v2.New(site, site.BaseURL())
	if err != nil {
		return nil, fmt.Errorf("making the v2 client: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{
		site: site, v1: first, v2: second, log: log,
		spaces: newCache[Space](), keys: newCache[Space](), people: newCache[string](),
	}, nil
}

// isCloud says which of the two APIs the site speaks.
func (c *Client) isCloud(ctx context.Context) (bool, error) {
	deployment, err := c.site.Deployment(ctx)
	return deployment == atlassian.Cloud, err
}

// The roots of the two APIs as go-atlassian spells them. The site takes "wiki/" out again on Data
// Center.
const (
	restAPI = "wiki/rest/api"
	cloudV2 = "wiki/api/v2"
)

func path(root string, query url.Values, segments ...string) string {
	p := root + "/" + atlassian.Path(segments...)
	if len(query) > 0 {
		p += "?" + query.Encode()
	}
	return p
}

// call sends a request that go-atlassian has no fitting method for, over its client, and decodes
// the answer into out.
func (c *Client) call(ctx context.Context, method, path string, body, out any) error {
	req, err := c.v1.NewRequest(ctx, method, path, "", body)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	_, err = c.v1.Call(req, out)
	return c.understood(err, method != http.MethodGet)
}

// understood turns an answer that could not be decoded into an Error. Whatever else goes wrong is
// one already.
func (c *Client) understood(err error, write bool) error {
	var known *atlassian.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &atlassian.Error{Product: atlassian.Confluence, Messages: []string{"the answer could not be understood"}}
	if write {
		e.Hint = "The change was made; only its confirmation is unreadable."
	}
	return fmt.Errorf("%w: %w", e, err)
}

// hint says what to do about an answer of the given status for which Confluence and the site have
// no better advice.
func hint(err error, status int, advice string) error {
	var e *atlassian.Error
	if errors.As(err, &e) && e.Status == status {
		e.Hint = advice
	}
	return err
}

// pageURL is where people look at a page. The forms without the title are shorter, and lead to the
// page also after it was renamed.
func (c *Client) pageURL(cloud bool, spaceKey, id string) string {
	if cloud {
		return c.site.WebURL("spaces/" + url.PathEscape(spaceKey) + "/pages/" + url.PathEscape(id))
	}
	return c.site.WebURL("pages/viewpage.action?pageId=" + url.QueryEscape(id))
}
