package oauth

import (
	"fmt"
	"slices"
	"strings"
)

// ClientPolicy says which redirect URIs assistants may use. The zero value allows every built-in
// preset.
type ClientPolicy struct {
	// Presets names the built-in assistants that are allowed; nil means all of them. Those that run
	// on the person's computer bring loopback redirect URIs with any port.
	Presets []string

	// Any allows every https redirect URI, and all presets.
	Any bool

	// Patterns are further redirect URIs, https or loopback http, in which * stands for exactly one
	// path segment. A loopback pattern without a port allows every port.
	Patterns []string
}

// redirectPolicy is a ClientPolicy ready for use.
type redirectPolicy struct {
	any      bool
	loopback bool
	patterns []redirectPattern
}

// newRedirectPolicy returns an error that names the directive and what to write in its place.
func newRedirectPolicy(c ClientPolicy) (*redirectPolicy, error) {
	p := &redirectPolicy{any: c.Any}
	names := c.Presets
	if names == nil || c.Any {
		names = PresetNames()
	}
	for _, name := range names {
		i := slices.IndexFunc(presets, func(ps preset) bool { return ps.name == name })
		if i < 0 {
			return nil, fmt.Errorf("allow_clients: %q is not known; use any of: any %s", name, strings.Join(PresetNames(), " "))
		}
		p.loopback = p.loopback || presets[i].loopback
		for _, raw := range presets[i].redirects {
			pattern, err := parseRedirectPattern(raw)
			if err != nil {
				return nil, fmt.Errorf("preset %s: %q: %w", name, raw, err)
			}
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

// allowLine is what an operator writes to allow a redirect URI, empty when nothing would.
func allowLine(u redirectURI) string {
	if u.private() {
		return ""
	}
	return "allow_redirect " + u.normal()
}

// redirectPattern is a redirect URI whose path may hold * segments.
type redirectPattern struct {
	uri      redirectURI // with a placeholder in place of each *
	segments []string
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
