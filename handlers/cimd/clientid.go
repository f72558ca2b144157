package cimd

import (
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/dnsname"
)

// maxID bounds the length of a client id, in bytes.
const maxID = 512

const scheme = "https://"

// IsURL reports whether a client id is meant to be the URL of a metadata document. Ids that servers
// hand out do not begin with https:// (section 6.9 of the draft).
func IsURL(clientID string) bool { return strings.HasPrefix(clientID, scheme) }

// parseID checks a client id (section 3 of the draft) and returns its host.
//
// The draft demands https, a path, and neither fragment, user info nor dot segments; it allows a
// port and advises against a query. Here both are refused: a port makes this server knock at doors
// that no document is behind, and a query makes any number of URLs out of one. Percent-encoding and
// empty segments go too, because servers disagree on what they mean.
func parseID(id string) (host string, err error) {
	rest, ok := strings.CutPrefix(id, scheme)
	if !ok {
		return "", invalidID("it must begin with https://")
	}
	if len(id) > maxID {
		return "", invalidID(fmt.Sprintf("it must have at most %d characters", maxID))
	}
	host, path, _ := strings.Cut(rest, "/")
	if !dnsname.Valid(host) {
		return "", invalidID("its host must be a domain name in lower case, without port and user info")
	}
	if path == "" {
		return "", invalidID("it must have a path")
	}
	for i := range len(path) {
		if !pathByte(path[i]) {
			return "", invalidID("its path must not hold percent-encoding or unusual characters, and no query or fragment may follow")
		}
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if segment == "." || segment == ".." || (segment == "" && i < len(segments)-1) {
			return "", invalidID("its path must not hold empty or dot segments")
		}
	}
	return host, nil
}

func invalidID(reason string) error { return fmt.Errorf("%w: %s", ErrInvalidID, reason) }

func pathByte(b byte) bool {
	return ('a' <= b && b <= 'z') || ('A' <= b && b <= 'Z') || ('0' <= b && b <= '9') ||
		strings.IndexByte("/-._~:@&=+,", b) >= 0
}
