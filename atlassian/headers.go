package atlassian

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// reserved are headers that a site sets itself or that frame a message. Cookies and Authorization are
// credentials, which have one place only.
var reserved = []string{
	"Authorization", "Cookie", "Host", "Accept", "Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect",
	"Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authorization", "Proxy-Connection", "X-Atlassian-Token",
}

// setHeaders checks the headers that go with every request to the site's own address. Its errors repeat
// nothing that could be a value: some are secrets of a gate in front of the site.
func (s *Site) setHeaders(env string, headers map[string]string) error {
	s.headers = make(http.Header, len(headers))
	for name, value := range headers {
		canonical := textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		switch {
		case !httpguts.ValidHeaderFieldName(canonical):
			return fmt.Errorf("%s_CUSTOM_HEADERS: one of the names is not that of a header; names are letters, digits and hyphens", env)
		case !httpguts.ValidHeaderFieldValue(value):
			return fmt.Errorf("%s_CUSTOM_HEADERS: the value of %s has a line break or another control character", env, canonical)
		case slices.Contains(reserved, canonical):
			return fmt.Errorf("%s_CUSTOM_HEADERS: %s is not for this: credentials go into %s_USERNAME and %s_PERSONAL_TOKEN, and the rest is set by the client", env, canonical, env, env)
		case s.headers[canonical] != nil:
			return fmt.Errorf("%s_CUSTOM_HEADERS: %s is given twice", env, canonical)
		}
		s.headers[canonical] = []string{strings.TrimSpace(value)}
	}
	return nil
}
