package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Site is where Jira or Confluence is, how to get there and how to sign in.
type Site struct {
	// The address that people open in a browser, such as `https://example.atlassian.net`.
	URL string `json:"url,omitempty"`

	// The e-mail address of the token's owner, for Cloud. Data Center and service accounts of Cloud
	// need the token alone.
	Username string `json:"username,omitempty"`

	// The API token (Cloud) or personal access token (Data Center). It never leaves the server.
	Token string `json:"token,omitempty"`

	// `cloud` or `datacenter`. Default: JIRA_DEPLOYMENT or CONFLUENCE_DEPLOYMENT, else the site is
	// asked.
	Deployment string `json:"deployment,omitempty"`

	// The id of a Cloud site at Atlassian's gateway, `api.atlassian.com`. With it every call goes
	// through the gateway. Default: JIRA_CLOUD_ID or CONFLUENCE_CLOUD_ID, else the first call finds
	// out whether the token needs the gateway, as those with scopes do, and asks the site for its id.
	CloudID string `json:"cloud_id,omitempty"`

	// PEM files of certificate authorities to trust in requests to the site beside the system's.
	TrustedCA []string `json:"trusted_ca,omitempty"`

	// PEM files of the certificate that the site, or what stands in front of it, asks its clients for,
	// and of its unencrypted key. They are read at each handshake. Default: JIRA_CLIENT_CERT and
	// JIRA_CLIENT_KEY, or CONFLUENCE_CLIENT_CERT and CONFLUENCE_CLIENT_KEY.
	ClientCertificate string `json:"client_certificate,omitempty"`
	ClientKey         string `json:"client_key,omitempty"`

	// Headers that go with every request to the site's own address, for what stands in front of it.
	// Authorization and Cookie are not for this. Default: JIRA_CUSTOM_HEADERS or CONFLUENCE_CUSTOM_HEADERS, as
	// `Name=value,Other-Name=value`.
	Headers map[string]string `json:"headers,omitempty"`

	// The proxy to the site: the URL of one that speaks http, https or socks5. Default:
	// JIRA_HTTPS_PROXY or CONFLUENCE_HTTPS_PROXY, else HTTPS_PROXY.
	Proxy string `json:"proxy,omitempty"`

	// Hosts, with their subdomains, that are reached without a proxy; `*` is all. Default:
	// JIRA_NO_PROXY or CONFLUENCE_NO_PROXY, else NO_PROXY.
	NoProxy []string `json:"no_proxy,omitempty"`
}

// site reads one product's settings. It returns nil when the product is not configured at all.
func (h *AtlassianMCP) site(product, prefix string, configured *Site) (*atlassian.Site, error) {
	if configured == nil {
		configured = new(Site)
	}
	s := newSettings("atlassian_mcp " + product)
	c := configured.config(s, prefix)
	transport := configured.transport(s, prefix)
	if err := s.err(); err != nil {
		return nil, err
	}
	switch {
	case c.URL == "" && c.Credentials.Token == "":
		return nil, nil
	case c.URL == "":
		return nil, fmt.Errorf("atlassian_mcp %s: url: there is a token but no address; set %s_URL", product, prefix)
	case c.Credentials.Token == "":
		return nil, fmt.Errorf("atlassian_mcp %s: token: there is an address but no token; set %s_PERSONAL_TOKEN", product, prefix)
	}
	c.Transport, c.Logger, c.UserAgent = transport, h.logger, "caddy-atlassian-mcp/"+version()
	site, err := atlassian.NewSite(product, c)
	if err != nil {
		return nil, fmt.Errorf("atlassian_mcp %s: %w", product, err)
	}
	for _, w := range site.Warnings() {
		h.logger.Warn(w)
	}
	return site, nil
}

func (c *Site) config(s *settings, prefix string) atlassian.Config {
	return atlassian.Config{
		URL: s.text("url", c.URL, prefix+"_URL"),
		Credentials: atlassian.Credentials{
			Username: s.text("username", c.Username, prefix+"_USERNAME"),
			Token:    s.text("token", c.Token, prefix+"_PERSONAL_TOKEN", prefix+"_API_TOKEN"),
		},
		Deployment: atlassian.Deployment(s.text("deployment", c.Deployment, prefix+"_DEPLOYMENT")),
		CloudID:    s.text("cloud_id", c.CloudID, prefix+"_CLOUD_ID"),
		Headers:    s.headers("header", c.Headers, prefix+"_CUSTOM_HEADERS"),
	}
}

// headers reads names and values. The variable holds them as mcp-atlassian has it: Name=value, separated
// by commas, without any quoting. A value may be a secret and is never part of an error.
func (s *settings) headers(option string, configured map[string]string, variable string) map[string]string {
	headers := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		headers[name] = s.replace(option, configured[name], []string{variable})
	}
	if len(configured) > 0 {
		return headers
	}
	for i, part := range strings.Split(s.environment(option, []string{variable}), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if _, twice := headers[name]; !found || twice {
			s.failf(option, "the environment variable %s: part %d is not of the form Name=value, or names a header again; a value cannot hold a comma", variable, i+1)
		}
		headers[name] = strings.TrimSpace(value)
	}
	return headers
}

// siteBlock reads the block of a product.
func siteBlock(value **Site, product string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		s := new(Site)
		var given []string
		if d.NextArg() {
			s.URL, given = d.Val(), []string{"url"}
		}
		if d.NextArg() {
			return d.ArgErr()
		}
		*value = s
		return options{
			"url":                one(&s.URL),
			"username":           one(&s.Username),
			"token":              one(&s.Token),
			"deployment":         one(&s.Deployment),
			"cloud_id":           one(&s.CloudID),
			"trusted_ca":         several(&s.TrustedCA),
			"client_certificate": pair(&s.ClientCertificate, &s.ClientKey),
			"header":             siteHeader(&s.Headers, product),
			"proxy":              one(&s.Proxy),
			"no_proxy":           several(&s.NoProxy),
		}.parse(d, "atlassian_mcp "+product, given...)
	}
}

// siteHeader reads a line of the block. There may be several, with a name each.
func siteHeader(headers *map[string]string, product string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var name, value string
		if !d.AllArgs(&name, &value) {
			return d.ArgErr()
		}
		if _, ok := (*headers)[name]; ok {
			return d.Errf("atlassian_mcp %s: header %s is given twice", product, name)
		}
		if *headers == nil {
			*headers = make(map[string]string)
		}
		(*headers)[name] = value
		return nil
	}
}
