package oauth

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/dnsname"
)

// ClientPolicy says which redirect URIs assistants may use, which hosts may describe them, and which
// assistants not at all. The zero value allows every built-in preset.
type ClientPolicy struct {
	// Presets names the built-in assistants that are allowed; nil means all of them. A hyphen in a
	// name is as good as an underscore. Those that run on the person's computer bring loopback
	// redirect URIs with any port.
	Presets []string

	// Any allows every https redirect URI, and all presets.
	Any bool

	// Patterns are further redirect URIs, https or loopback http, in which * stands for exactly one
	// path segment. A loopback pattern without a port allows every port.
	Patterns []string

	// MetadataHosts are further hosts whose Client ID Metadata Documents are believed. Clients that
	// they describe may also use redirect URIs on the document's own host.
	MetadataHosts []string

	// Deny are the ids of clients that may not be used, whatever their redirect URIs.
	Deny []string
}

// redirectPolicy is a ClientPolicy ready for use.
type redirectPolicy struct {
	any      bool
	loopback bool
	patterns []redirectPattern
	unlisted map[string][]string // by the URL of a metadata document
}

// newRedirectPolicy returns an error that names the directive and what to write in its place.
func newRedirectPolicy(c ClientPolicy) (*redirectPolicy, error) {
	p := &redirectPolicy{any: c.Any, unlisted: make(map[string][]string)}
	chosen, err := c.presets()
	if err != nil {
		return nil, err
	}
	for _, ps := range chosen {
		p.loopback = p.loopback || ps.loopback
		if ps.document != "" {
			p.unlisted[ps.document] = ps.unlisted
		}
		for _, raw := range ps.redirects {
			pattern, err := parseRedirectPattern(raw)
			if err != nil {
				return nil, fmt.Errorf("preset %s: %q: %w", ps.name, raw, err)
			}
			pattern.title = ps.title
			p.patterns = append(p.patterns, pattern)
		}
	}
	for _, raw := range c.Patterns {
		pattern, err := parseRedirectPattern(raw)
		if err == nil && pattern.uri.private() {
			err = fmt.Errorf("the scheme %s:// is not allowed; use https", pattern.uri.scheme)
		}
		if err != nil {
			return nil, fmt.Errorf("allow_redirect %q: %w", raw, err)
		}
		p.patterns = append(p.patterns, pattern)
	}
	return p, nil
}

// presets are those that are allowed.
func (c ClientPolicy) presets() ([]preset, error) {
	if c.Presets == nil || c.Any {
		return presets, nil
	}
	var chosen []preset
	for _, name := range c.Presets {
		i := slices.IndexFunc(presets, func(ps preset) bool { return ps.name == strings.ReplaceAll(name, "-", "_") })
		if i < 0 {
			return nil, fmt.Errorf("allow_clients: %q is not known; use any of: any %s", name, strings.Join(PresetNames(), " "))
		}
		chosen = append(chosen, presets[i])
	}
	return chosen, nil
}

// Documents returns the hosts whose Client ID Metadata Documents are believed, those of the presets
// and MetadataHosts, and the documents that assistants in use are known to have.
func (c ClientPolicy) Documents() (hosts, known []string, err error) {
	chosen, err := c.presets()
	if err != nil {
		return nil, nil, err
	}
	for _, host := range c.MetadataHosts {
		if !dnsname.Valid(host) {
			return nil, nil, fmt.Errorf("trust_metadata_host: %q is not a host name in lower case, such as assistant.example.com", host)
		}
		hosts = append(hosts, host)
	}
	for _, ps := range chosen {
		hosts = append(hosts, ps.documentHosts...)
		if ps.document == "" {
			continue
		}
		u, err := url.Parse(ps.document)
		if err != nil {
			return nil, nil, fmt.Errorf("preset %s: %w", ps.name, err)
		}
		hosts, known = append(hosts, u.Hostname()), append(known, ps.document)
	}
	return hosts, known, nil
}

// PresetNames returns the names that ClientPolicy.Presets may hold.
func PresetNames() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// allows reports whether a redirect URI may be registered and used. It is asked again each time
// that one is used, so that a change of configuration ends what was registered before.
func (p *redirectPolicy) allows(u redirectURI) bool {
	if loopbackName(u.host) && !u.private() && p.loopback {
		return true
	}
	if p.any && u.scheme == "https" {
		return true
	}
	return slices.ContainsFunc(p.patterns, func(pattern redirectPattern) bool { return pattern.matches(u) })
}

// titleOf names the preset whose fixed address u is, empty when it is none's. What leads to the
// person's own device says nothing about which program it is.
func (p *redirectPolicy) titleOf(u redirectURI) string {
	if u.private() || loopbackName(u.host) {
		return ""
	}
	for _, pattern := range p.patterns {
		if pattern.title != "" && pattern.matches(u) {
			return pattern.title
		}
	}
	return ""
}

// allowLine is what an operator writes to allow a redirect URI, empty when nothing would.
func allowLine(u redirectURI) string {
	if !u.private() {
		return "allow_redirect " + u.normal()
	}
	for _, p := range presets {
		for _, raw := range p.redirects {
			if pattern, err := parseRedirectPattern(raw); err == nil && pattern.matches(u) {
				return "allow_clients " + p.name
			}
		}
	}
	return ""
}

// redirectPattern is a redirect URI whose path may hold * segments.
type redirectPattern struct {
	uri      redirectURI // with a placeholder in place of each *
	segments []string
	title    string // of the preset that it belongs to
}

func parseRedirectPattern(raw string) (redirectPattern, error) {
	head, path, _ := strings.Cut(strings.Replace(raw, "://", "\x00", 1), "/")
	path, query, hasQuery := strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	plain := slices.Clone(segments)
	for i, segment := range plain {
		if segment == "*" {
			plain[i] = "any"
		}
	}
	uri := strings.Replace(head, "\x00", "://", 1) + "/" + strings.Join(plain, "/")
	if hasQuery {
		uri += "?" + query
	}
	if strings.Contains(uri, "*") {
		return redirectPattern{}, fmt.Errorf("* stands for one whole path segment, and for nothing else")
	}
	u, err := parseRedirectURI(uri)
	return redirectPattern{uri: u, segments: segments}, err
}

func (p redirectPattern) matches(u redirectURI) bool {
	anyPort := u.loopback() && p.uri.port == ""
	if u.scheme != p.uri.scheme || u.host != p.uri.host || u.query != p.uri.query || (u.port != p.uri.port && !anyPort) {
		return false
	}
	segments := strings.Split(strings.TrimPrefix(u.path, "/"), "/")
	return slices.EqualFunc(segments, p.segments, func(got, want string) bool {
		return got == want || (want == "*" && got != "")
	})
}
