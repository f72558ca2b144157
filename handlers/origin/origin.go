// Package origin decides which web origins may call the server from a browser (MCP Streamable
// HTTP, "Security Warning": the Origin header must be validated against DNS rebinding).
package origin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

// Policy is the set of origins that may call. Its zero value allows none.
type Policy struct {
	allowed  map[string]bool
	loopback bool
}

// New allows the origin of publicURL and those listed, each written as scheme://host[:port]. A
// public URL on loopback allows every loopback origin too: there is nobody else on that network,
// and tools such as MCP Inspector run on a port of their own.
func New(publicURL string, allowed []string) (*Policy, error) {
	p := &Policy{allowed: make(map[string]bool)}
	for _, raw := range append([]string{publicURL}, allowed...) {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return nil, fmt.Errorf("origin %q is not of the form https://host", raw)
		}
		p.allowed[key(u)] = true
	}
	public, _ := url.Parse(publicURL)
	p.loopback = public.Scheme == "http" && resource.IsLoopback(public.Hostname())
	return p, nil
}

// Allows reports whether the request may come from where its Origin header says. A request without
// the header is no browser's cross-site request and is allowed; "null", several headers and
// anything unlisted are not.
func (p *Policy) Allows(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	u, err := url.Parse(values[0])
	if err != nil || u.Host == "" || u.Path != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	if p.allowed[key(u)] {
		return true
	}
	return p.loopback && u.Scheme == "http" && resource.IsLoopback(u.Hostname())
}

func key(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
}
