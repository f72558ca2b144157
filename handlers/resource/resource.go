// Package resource is what a protected resource is called: the URL that assistants ask tokens for
// (RFC 8707), every spelling of it that clients send, and its metadata document (RFC 9728).
package resource

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// WellKnown is the path under which protected-resource metadata is served, RFC 9728 section 3.
const WellKnown = "/.well-known/oauth-protected-resource"

// Resource is one protected resource. The zero value is not valid; use Parse.
type Resource struct {
	scheme string
	host   string // lower case, without the scheme's default port
	path   string // without trailing slash; empty for the whole origin
}

// Parse reads an absolute http or https URL without user info, query or fragment.
func Parse(raw string) (*Resource, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("resource %q is not a URL", raw)
	}
	r, err := fromURL(u)
	if err != nil {
		return nil, fmt.Errorf("resource %q %w", raw, err)
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, fmt.Errorf("resource %q must not have a query", raw)
	}
	return r, nil
}

func fromURL(u *url.URL) (*Resource, error) {
	scheme := strings.ToLower(u.Scheme)
	switch {
	case scheme != "http" && scheme != "https":
		return nil, errors.New("must begin with https:// or http://")
	case u.Host == "" || u.Opaque != "":
		return nil, errors.New("must name a host")
	case u.User != nil:
		return nil, errors.New("must not hold user information")
	case u.Fragment != "" || u.RawFragment != "":
		return nil, errors.New("must not have a fragment")
	}
	return &Resource{
		scheme: scheme,
		host:   canonicalHost(scheme, u.Host),
		path:   strings.TrimSuffix(u.EscapedPath(), "/"),
	}, nil
}

// String is the canonical form, without trailing slash.
func (r *Resource) String() string { return r.scheme + "://" + r.host + r.path }

// Matches reports whether param, the resource parameter of an OAuth request, names this resource.
// Clients vary the case of scheme and host, write the default port, add one trailing slash, and
// append a query; they never vary the path. A loopback resource has its host's other names too.
func (r *Resource) Matches(param string) bool {
	u, err := url.Parse(param)
	if err != nil || strings.Contains(param, "#") {
		return false
	}
	other, err := fromURL(u)
	if err != nil {
		return false
	}
	return other.scheme == r.scheme && other.path == r.path && r.sameHost(other.host)
}

// Covers reports whether a request for this host and path is one for this resource. Paths compare
// as Caddy's path matcher does: cleaned, and without regard to case.
func (r *Resource) Covers(host, requestPath string) bool {
	if !r.CoversHost(host) {
		return false
	}
	if r.path == "" {
		return true
	}
	unescaped, err := url.PathUnescape(r.path)
	if err != nil {
		return false
	}
	own := strings.ToLower(unescaped)
	got := strings.ToLower(path.Clean("/" + requestPath))
	return got == own || strings.HasPrefix(got, own+"/")
}

// CoversHost reports whether host, as in a request's Host header, is this resource's.
func (r *Resource) CoversHost(host string) bool {
	return r.sameHost(canonicalHost(r.scheme, host))
}

func (r *Resource) sameHost(host string) bool {
	if host == r.host {
		return true
	}
	mine, minePort := splitPort(r.host)
	other, otherPort := splitPort(host)
	return minePort == otherPort && IsLoopback(mine) && IsLoopback(other)
}

// MetadataPath is where the resource's metadata is served, RFC 9728 section 3.1.
func (r *Resource) MetadataPath() string { return WellKnown + r.path }

// MetadataURL is the absolute URL of the metadata document. A client compares the origin of what
// it finds with the one it was given, so a loopback resource is spelled as host, the Host header of
// the request, spells it. Any other host is answered with the resource's own.
func (r *Resource) MetadataURL(host string) string {
	return r.scheme + "://" + r.spelling(host) + r.MetadataPath()
}

// Metadata is a protected-resource metadata document, RFC 9728 section 2.
type Metadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	Scopes               []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	Name                 string   `json:"resource_name,omitempty"`
}

// Metadata returns the document for a request to host, see MetadataURL.
func (r *Resource) Metadata(issuer string, scopes []string, host string) Metadata {
	return Metadata{
		Resource:             r.scheme + "://" + r.spelling(host) + r.path,
		AuthorizationServers: []string{issuer},
		Scopes:               scopes,
		BearerMethods:        []string{"header"},
	}
}

// spelling is host where it is another name of this loopback resource, else the resource's own. It
// is rebuilt from the fixed list of loopback names, so nothing a client invents gets through.
func (r *Resource) spelling(host string) string {
	canonical := canonicalHost(r.scheme, host)
	if !r.sameHost(canonical) {
		return r.host
	}
	name, port := splitPort(canonical)
	switch name {
	case "localhost", "127.0.0.1":
	case "::1":
		name = "[::1]"
	default:
		return r.host
	}
	if port == "" {
		return name
	}
	return name + ":" + port
}

// IsLoopback reports whether host, without port, is a name or address of this machine's loopback
// interface: localhost, 127.0.0.0/8 or ::1, as RFC 8252 section 7.3 uses them.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback() && !addr.Is4In6()
}

func canonicalHost(scheme, host string) string {
	host = strings.ToLower(host)
	name, port := splitPort(host)
	if (scheme == "https" && port == "443") || (scheme == "http" && port == "80") {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return host
}

func splitPort(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return strings.Trim(host, "[]"), ""
	}
	return name, port
}
