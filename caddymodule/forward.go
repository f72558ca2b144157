package caddymodule

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"golang.org/x/net/http/httpguts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// reservedHeaders mean something to HTTP, to Caddy or to the gate itself, so that they can name
// nobody.
var reservedHeaders = []string{
	"authorization", "connection", "content-length", "content-type", "cookie", "forwarded", "host", "keep-alive",
	"proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via",
	"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
}

// forward is what a gate makes of a request for the handler behind it.
type forward struct {
	headers       map[string]string
	ours          map[string]bool // the spellings of headers
	authorization bool
}

func newForward(headers map[string]string, authorization bool) (*forward, error) {
	f := &forward{headers: headers, ours: make(map[string]bool), authorization: authorization}
	for name, value := range headers {
		s := spelling(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			return nil, fmt.Errorf("entra_auth: header: %q is not a name of a header", name)
		case slices.Contains(reservedHeaders, s):
			return nil, fmt.Errorf("entra_auth: header: %s has a meaning of its own; choose another name, such as X-User", name)
		case f.ours[s]:
			return nil, fmt.Errorf("entra_auth: header: there are two spellings of %s; write one of them", name)
		}
		f.ours[s] = true
		if err := checkHeaderValue(value); err != nil {
			return nil, fmt.Errorf("entra_auth: header %s: %w", name, err)
		}
	}
	return f, nil
}

var userPlaceholder = regexp.MustCompile(`\{http\.auth\.user\.([^}]*)\}`)

// checkHeaderValue finds what would silently leave a header empty or not be sent.
func checkHeaderValue(value string) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("it has no value; write a placeholder such as {http.auth.user.id}")
	}
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) {
		return fmt.Errorf("%q is not printable ASCII", value)
	}
	known := userPlaceholders(new(identity.Principal))
	for _, match := range userPlaceholder.FindAllStringSubmatch(value, -1) {
		if _, ok := known[match[1]]; !ok {
			return fmt.Errorf("there is no placeholder %s", match[0])
		}
	}
	return nil
}

// apply changes r, which nobody else may read meanwhile.
func (f *forward) apply(r *http.Request) {
	if !f.authorization {
		r.Header.Del("Authorization")
	}
	if len(f.headers) == 0 {
		return
	}
	f.strip(r)
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return
	}
	for name, value := range f.headers {
		value, err := repl.ReplaceFunc(value, func(_ string, v any) (any, error) { return headerText(caddy.ToString(v)), nil })
		if err == nil && value != "" {
			r.Header.Set(name, value)
		}
	}
}

// strip removes what the client sent under our names. A name in Connection would make a proxy
// behind the gate drop our header, and trailers come when nobody looks any more.
func (f *forward) strip(r *http.Request) {
	for name := range r.Header {
		if f.ours[spelling(name)] {
			delete(r.Header, name)
		}
	}
	var connection []string
	for _, line := range r.Header.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); !f.ours[spelling(name)] {
				connection = append(connection, name)
			}
		}
	}
	if r.Header.Del("Connection"); len(connection) > 0 {
		r.Header.Set("Connection", strings.Join(connection, ", "))
	}
	r.Trailer = nil
}

// spelling is the same for all names of headers that some server takes for one another: case counts
// nowhere, and what reads headers as CGI variables sees an underscore for every sign.
func spelling(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		}
		return '-'
	}, name)
}

// headerText writes text so that it is one header value and can be read back: bytes beyond printable
// ASCII, the percent sign, and a blank at either end are percent-encoded, as in a URL.
func headerText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if blank := c == ' ' && (i == 0 || i == len(s)-1); blank || c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// header reads a line of the block. There may be several, with a name each.
func header(headers *map[string]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var name, value string
		if !d.AllArgs(&name, &value) {
			return d.ArgErr()
		}
		if _, ok := (*headers)[name]; ok {
			return d.Errf("entra_auth: header %s is given twice", name)
		}
		if *headers == nil {
			*headers = make(map[string]string)
		}
		(*headers)[name] = value
		if _, err := newForward(*headers, false); err != nil { // here, where the line is known
			return d.WrapErr(err)
		}
		return nil
	}
}
