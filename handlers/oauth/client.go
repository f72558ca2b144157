package oauth

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/cimd"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

const (
	clientPurpose = "client_id"
	secretPurpose = "client_secret"

	// clientLifetime is how long a registration lasts. Clients register again on invalid_client.
	clientLifetime = 365 * 24 * time.Hour

	maxClientID     = 512 // characters; with the rest, an authorize URL stays under 2000
	maxClientName   = 48  // bytes, as sealed in the id
	maxRedirectURIs = 8
)

// The token endpoint authentication methods of RFC 7591 section 2 that are offered.
const (
	methodNone  = "none"
	methodPost  = "client_secret_post"
	methodBasic = "client_secret_basic"
)

// authMethods are numbered by their place in sealed client ids: append, never reorder.
var authMethods = []string{methodNone, methodPost, methodBasic}

// errUnknownClient says that a client id is not one of ours, or has ended.
var errUnknownClient = errors.New("unknown client")

// client is a registered OAuth client. Nothing about it is stored: the client id is all of it,
// sealed, unless it is one of the configuration.
type client struct {
	id        string
	name      string // what it calls itself; may be empty
	method    string
	issued    time.Time
	redirects []redirectHash

	documentHost string // where its metadata document is; empty for a client without

	static bool   // a StaticClient
	secret string // of a static client; that of any other is made from its id
}

func (c *client) expires() time.Time { return c.issued.Add(clientLifetime) }

// registered reports whether u is one of the client's redirect URIs.
func (c *client) registered(u redirectURI) bool { return slices.Contains(c.redirects, u.hash()) }

// unnamedClient stands for the name of a client that gave none.
const unnamedClient = "An unnamed assistant"

// displayName is how the client is called on pages and in logs.
func (c *client) displayName() string {
	if c.name == "" {
		return unnamedClient
	}
	return c.name
}

// The sealed form is binary: 1 byte version, 1 byte method, 4 bytes time in seconds, 1 byte length
// and the name, 16 bytes for each redirect URI. JSON would take the longest ids over maxClientID.
const (
	clientVersion = 1
	clientHeader  = 7
)

func (c *client) encode() ([]byte, error) {
	method := slices.Index(authMethods, c.method)
	seconds := c.issued.Unix()
	if method < 0 || seconds < 0 || seconds > math.MaxUint32 || len(c.name) > maxClientName || len(c.redirects) > maxRedirectURIs {
		return nil, errors.New("client does not fit into an id")
	}
	b := []byte{clientVersion, byte(method)} //nolint:gosec // all three are checked above
	b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	b = append(b, byte(len(c.name))) //nolint:gosec // see above
	b = append(b, c.name...)
	for _, h := range c.redirects {
		b = append(b, h[:]...)
	}
	return b, nil
}

func decodeClient(b []byte) (*client, error) {
	if len(b) < clientHeader || b[0] != clientVersion || int(b[1]) >= len(authMethods) {
		return nil, errUnknownClient
	}
	name, rest := int(b[6]), b[clientHeader:]
	if name > maxClientName || name > len(rest) {
		return nil, errUnknownClient
	}
	hashes := rest[name:]
	if len(hashes) == 0 || len(hashes)%len(redirectHash{}) != 0 || len(hashes) > maxRedirectURIs*len(redirectHash{}) {
		return nil, errUnknownClient
	}
	c := &client{
		name:   string(rest[:name]),
		method: authMethods[b[1]],
		issued: time.Unix(int64(binary.BigEndian.Uint32(b[2:6])), 0),
	}
	for h := range slices.Chunk(hashes, len(redirectHash{})) {
		c.redirects = append(c.redirects, redirectHash(h))
	}
	return c, nil
}

// sealClient makes the client's id.
func (s *Server) sealClient(ctx context.Context, c *client) error {
	b, err := c.encode()
	if err != nil {
		return err
	}
	id, err := s.cfg.Keys.Seal(ctx, clientPurpose, b)
	if err != nil {
		return err
	}
	if len(id) > maxClientID {
		return fmt.Errorf("client id has %d characters", len(id))
	}
	c.id = id
	return nil
}

// client finds the client that an id stands for. The error is errUnknownClient when there is none,
// or one of package cimd's; any other says nothing about the client.
func (s *Server) client(ctx context.Context, id string) (*client, error) {
	if c := s.static[id]; c != nil {
		return c, nil
	}
	if cimd.IsURL(id) {
		return s.documentClient(ctx, id)
	}
	if id == "" || len(id) > maxClientID {
		return nil, errUnknownClient
	}
	b, err := s.cfg.Keys.Open(ctx, clientPurpose, id)
	if errors.Is(err, records.ErrInvalid) {
		return nil, errUnknownClient
	}
	if err != nil {
		return nil, err
	}
	c, err := decodeClient(b)
	if err != nil {
		return nil, err
	}
	c.id = id
	if !s.now().Before(c.expires()) {
		return nil, errUnknownClient
	}
	return c, nil
}

// clientSecret is the secret of a confidential client: a function of its id, so that it needs no
// storage either.
func (s *Server) clientSecret(ctx context.Context, c *client) (string, error) {
	if c.static {
		return c.secret, nil
	}
	mac, err := s.cfg.Keys.MAC(ctx, secretPurpose, c.id)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(mac), nil
}
