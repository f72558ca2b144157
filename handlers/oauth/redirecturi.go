package oauth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/dnsname"
)

// maxRedirectURI bounds the length of a redirect URI, in bytes.
const maxRedirectURI = 1024

// redirectURI is a redirection endpoint (RFC 6749 section 3.1.2) in its one accepted spelling.
//
// Browsers, net/url and the clients' own parsers disagree on odd spellings, and each disagreement
// is a way to send a code to somebody else. So nothing is repaired here: upper case in the host,
// user info, percent-encoding or dot segments in the path, a trailing dot, an address written as a
// number and so on are refused, and what is left reads the same to everybody.
type redirectURI struct {
	raw    string // as the client wrote it; this is where the browser is sent
	scheme string
	host   string // without port; IPv6 in brackets
	port   string // empty when there is none
	path   string // "/" when the client wrote none
	query  string // without the question mark
}

// redirectHash is what a client id remembers of a redirect URI.
type redirectHash [16]byte

// parseRedirectURI reads a redirect URI. Its errors are for the client's developer and the log, and
// quote nothing of the input.
func parseRedirectURI(raw string) (redirectURI, error) {
	u := redirectURI{raw: raw}
	if raw == "" || len(raw) > maxRedirectURI {
		return u, fmt.Errorf("it must have 1 to %d characters", maxRedirectURI)
	}
	for i := range len(raw) {
		if !redirectByte(raw[i]) {
			return u, errors.New("it holds a character that is not allowed in a redirect URI")
		}
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !validScheme(scheme) {
		return u, errors.New("it must begin with a scheme in lower case and ://")
	}
	u.scheme = scheme
	rest, query, hasQuery := strings.Cut(rest, "?")
	authority, path, hasPath := strings.Cut(rest, "/")
	u.path = "/" + path
	if err := u.setAuthority(authority); err != nil {
		return u, err
	}
	if hasPath {
		if err := checkPath(path); err != nil {
			return u, err
		}
	}
	if hasQuery {
		u.query = query
		return u, checkQuery(query)
	}
	return u, nil
}

// redirectByte says which bytes may occur at all. Everything else is either unsafe in a header or
// a page, or read differently by different parsers.
func redirectByte(b byte) bool {
	return isLower(b) || isDigit(b) || ('A' <= b && b <= 'Z') || strings.IndexByte("-._~:/?@&=+,%[]", b) >= 0
}

func isLower(b byte) bool { return 'a' <= b && b <= 'z' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func validScheme(s string) bool {
	if s == "" || !isLower(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isLower(s[i]) && !isDigit(s[i]) && strings.IndexByte("+.-", s[i]) < 0 {
			return false
		}
	}
	return true
}

func (u *redirectURI) setAuthority(authority string) error {
	host, port, hasPort := strings.Cut(authority, ":")
	if strings.HasPrefix(authority, "[") {
		address, after, closed := strings.Cut(authority, "]")
		host = address + "]"
		port, hasPort = strings.CutPrefix(after, ":")
		if !closed || (after != "" && !hasPort) {
			return errors.New("its host is not valid")
		}
	}
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return errors.New("its port is not valid")
		}
	}
	u.host, u.port = host, port
	switch {
	case u.private():
		if hasPort || !validPrivateAuthority(host) {
			return errors.New("its host is not valid")
		}
	case loopbackName(host):
	case u.scheme == "http":
		return errors.New("http is allowed for localhost, 127.0.0.1 and [::1] only")
	case !dnsname.Valid(host):
		return errors.New("its host must be a domain name in lower case")
	case port == "443":
		return errors.New("it must not name the default port")
	}
	return nil
}

// private reports whether the scheme belongs to an application on the person's device, RFC 8252
// section 7.1.
func (u redirectURI) private() bool { return u.scheme != "http" && u.scheme != "https" }

// loopback reports whether the URI leads to a program on the person's own computer over plain
// http, whose port is chosen at run time, RFC 8252 section 7.3.
func (u redirectURI) loopback() bool { return u.scheme == "http" && loopbackName(u.host) }

func loopbackName(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

func validPrivateAuthority(host string) bool {
	for i := range len(host) {
		if !isLower(host[i]) && !isDigit(host[i]) && host[i] != '-' && host[i] != '.' {
			return false
		}
	}
	return host != ""
}

// checkPath takes the path without its first slash.
func checkPath(path string) error {
	if strings.ContainsAny(path, "%[]") {
		return errors.New("its path must not hold percent-encoding or brackets")
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if segment == "." || segment == ".." || (segment == "" && i < len(segments)-1) {
			return errors.New("its path must not hold empty or dot segments")
		}
	}
	return nil
}

// reservedParameters are those that we add to a redirect URI (RFC 6749 section 4.1.2, RFC 9207);
// a URI that has one already would be answered with two.
var reservedParameters = []string{"code", "state", "iss", "error", "error_description", "error_uri"}

func checkQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil || query == "" || strings.ContainsAny(query, "[]") {
		return errors.New("its query is not valid")
	}
	for name, all := range values {
		if strings.ContainsFunc(name+strings.Join(all, ""), func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\uFFFD' }) {
			return errors.New("its query holds a control character")
		}
	}
	for _, name := range reservedParameters {
		if values.Has(name) {
			return fmt.Errorf("its query must not hold the parameter %s", name)
		}
	}
	return nil
}

// origin is scheme, host and port.
func (u redirectURI) origin() string {
	if u.port == "" {
		return u.scheme + "://" + u.host
	}
	return u.scheme + "://" + u.host + ":" + u.port
}

// normal is the form that is compared: the loopback interface without its port, which the client
// cannot know when it registers, and everything else exactly.
func (u redirectURI) normal() string {
	origin := u.origin()
	if u.loopback() {
		origin = u.scheme + "://" + u.host
	}
	if u.query == "" {
		return origin + u.path
	}
	return origin + u.path + "?" + u.query
}

func (u redirectURI) hash() redirectHash {
	sum := sha256.Sum256([]byte(u.normal()))
	return redirectHash(sum[:16])
}

// with appends the parameters of an authorization response, RFC 6749 section 4.1.2.
func (u redirectURI) with(response url.Values) string {
	if u.query == "" {
		return u.raw + "?" + response.Encode()
	}
	return u.raw + "&" + response.Encode()
}
