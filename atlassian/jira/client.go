// Package jira reads and changes Jira issues on Cloud and on Data Center, with Markdown for rich
// text and compact typed results.
package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	v2 "github.com/ctreminiom/go-atlassian/v2/jira/v2"
	v3 "github.com/ctreminiom/go-atlassian/v2/jira/v3"
	"github.com/ctreminiom/go-atlassian/v2/pkg/infra/models"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// Client calls one Jira. It is safe for concurrent use, and its credentials are those of each
// call's context (see [atlassian.WithCredentials]).
type Client struct {
	site   *atlassian.Site
	cloud  *v3.Client
	dc     *v2.Client
	fields fieldCache
	// types are by project, screens by project and type.
	types   metaCache[[]issueType]
	screens metaCache[map[string]fieldMeta]
}

// New makes a client for a site. It sends nothing.
func New(site *atlassian.Site) (*Client, error) {
	if site.Product() != atlassian.Jira {
		return nil, fmt.Errorf("a Jira client over a site of %s", site.Product())
	}
	cloud, err := v3.New(site, site.BaseURL())
	if err != nil {
		return nil, fmt.Errorf("making the Cloud client: %w", err)
	}
	dc, err := v2.New(site, site.BaseURL())
	if err != nil {
		return nil, fmt.Errorf("making the Data Center client: %w", err)
	}
	return &Client{site: site, cloud: cloud, dc: dc, fields: newFieldCache()}, nil
}

// Offers returns what says whether the site has a capability: see [atlassian.Site.Offers].
func (c *Client) Offers(needed atlassian.Capability) func(context.Context) bool {
	return func(ctx context.Context) bool { return c.site.Offers(ctx, needed) }
}

// api is one deployment's dialect: the version in its paths, and how it takes and gives rich text.
type api struct {
	deployment atlassian.Deployment
	version    string
	site       string
	format     markup.Format // of rich text that is read
}

func (a api) isCloud() bool { return a.deployment == atlassian.Cloud }

// path is an API path whose segments are escaped.
func (a api) path(query url.Values, segments ...string) string {
	p := "rest/api/" + a.version + "/" + atlassian.Path(segments...)
	if len(query) > 0 {
		p += "?" + query.Encode()
	}
	return p
}

func (c *Client) api(ctx context.Context) (api, error) {
	deployment, err := c.site.Deployment(ctx)
	if err != nil {
		return api{}, err
	}
	if deployment == atlassian.Cloud {
		return api{deployment: deployment, version: "3", site: c.site.WebURL("")}, nil
	}
	return api{deployment: deployment, version: "2", site: c.site.WebURL("")}, nil
}

// call sends a request that go-atlassian has no fitting method for, over its client. A nil body is
// none, and a nil out ignores the answer's.
func (c *Client) call(ctx context.Context, a api, method, path string, body, out any) error {
	newRequest, send := c.dc.NewRequest, c.dc.Call
	if a.isCloud() {
		newRequest, send = c.cloud.NewRequest, c.cloud.Call
	}
	req, err := newRequest(ctx, method, path, "", body)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	resp, err := send(req, nil)
	if err != nil || out == nil {
		return err
	}
	return c.decode(resp, method != http.MethodGet, out)
}

// decode reads the whole answer that go-atlassian keeps beside its typed result, which drops what
// its models do not know.
func (c *Client) decode(resp *models.ResponseScheme, write bool, out any) error {
	err := json.Unmarshal(resp.Bytes.Bytes(), out)
	if err == nil {
		return nil
	}
	e := &atlassian.Error{Product: atlassian.Jira, Status: resp.Code, Messages: []string{"the answer could not be understood"}}
	if write {
		e.Hint = "The change was made; only its confirmation is unreadable."
	}
	return fmt.Errorf("%w: %w", e, err)
}

// browseURL is where people look at an issue.
func (c *Client) browseURL(key string) string {
	return c.site.WebURL("browse/" + url.PathEscape(key))
}
