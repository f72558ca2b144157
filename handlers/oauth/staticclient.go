package oauth

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

// StaticClient is a client that the operator registers by hand, for a product that cannot register
// itself.
type StaticClient struct {
	// ID is the client id that the product is given: up to 64 letters, digits and -._~.
	ID string

	// Name is what people read on the consent page. Default: the ID.
	Name string

	// Secret is what the product proves itself with, in the body or in the Authorization header. It
	// has at least 32 characters. Without one the client is public, and PKCE alone protects it.
	Secret string

	// RedirectURIs are those that the client may use, and the only ones: exact, but for the port of
	// a loopback one. ClientPolicy need not allow them.
	RedirectURIs []string
}

// minStaticSecret is the least length of a secret that an operator chooses, in bytes.
const minStaticSecret = 32

// staticID keeps ids short and plain. A sealed id is longer, and a URL has other characters, so that
// none is ever mistaken for the other.
var staticID = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,64}$`)

// newStaticClients returns the clients by id. Its errors name the directive and what to write in its
// place, and hold no secret.
func newStaticClients(all []StaticClient) (map[string]*client, error) {
	clients := make(map[string]*client)
	for _, sc := range all {
		if !staticID.MatchString(sc.ID) {
			return nil, fmt.Errorf("client %q: the client id must have 1 to 64 letters, digits and - . _ ~", sc.ID)
		}
		if clients[sc.ID] != nil {
			return nil, fmt.Errorf("client %s: it is given twice; remove one, or give it another id", sc.ID)
		}
		c, err := sc.client()
		if err != nil {
			return nil, fmt.Errorf("client %s: %w", sc.ID, err)
		}
		clients[sc.ID] = c
	}
	return clients, nil
}

func (sc StaticClient) client() (*client, error) {
	c := &client{id: sc.ID, name: plaintext.Line(sc.Name, maxClientName), method: methodNone, static: true, secret: sc.Secret}
	if c.name == "" {
		c.name = sc.ID
	}
	if sc.Secret != "" {
		c.method = methodPost
		if err := checkStaticSecret(sc.Secret); err != nil {
			return nil, err
		}
	}
	if len(sc.RedirectURIs) == 0 {
		return nil, errors.New("redirect is missing; write the redirect URI that the product shows, such as redirect https://app.example.com/callback")
	}
	for _, raw := range sc.RedirectURIs {
		u, err := parseRedirectURI(raw)
		if err == nil && u.private() {
			err = fmt.Errorf("the scheme %s:// is not allowed; use https", u.scheme)
		}
		if err != nil {
			return nil, fmt.Errorf("redirect %q: %w", raw, err)
		}
		c.redirects = append(c.redirects, u.hash())
	}
	return c, nil
}

// checkStaticSecret refuses what can be guessed, and what would reach us altered: a Basic header has
// the secret form-encoded (RFC 6749 section 2.3.1), and many products leave that out.
func checkStaticSecret(secret string) error {
	const cure = "make another with `openssl rand -hex 32`"
	if len(secret) < minStaticSecret {
		return fmt.Errorf("secret: it is shorter than %d characters; %s", minStaticSecret, cure)
	}
	if strings.ContainsAny(secret, "+%") || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("secret: it holds +, %, a blank, or a character beyond ASCII, which products send in different ways; " + cure)
	}
	return nil
}

// accepts reports whether the client may prove itself by this method. Nobody can know which of the
// two ways a product sends the secret that was typed into it.
func (c *client) accepts(method string) bool {
	if c.static && c.method != methodNone {
		return method == methodPost || method == methodBasic
	}
	return method == c.method
}

// allowed reports whether a client may use a redirect URI that it registered: the policy of today
// says so, or the operator has listed it for this client, or it is on the host that is trusted to
// describe the client.
func (s *Server) allowed(c *client, u redirectURI) bool {
	if c.static {
		return c.registered(u)
	}
	onDocumentHost := c.documentHost != "" && u.scheme == "https" && u.host == c.documentHost && u.port == ""
	return onDocumentHost || s.policy.allows(u)
}
