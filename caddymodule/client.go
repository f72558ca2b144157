package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
)

// Client is an assistant that is registered by hand. Type the id, and the secret if there is one,
// into the product, and with them `/oauth/authorize` and `/oauth/token` of the public URL where it
// asks for the addresses. It must send PKCE (S256), as MCP demands.
type Client struct {
	// The client id, of your choice: up to 64 letters, digits and `-._~`.
	ID string `json:"id,omitempty"`

	// What people read on the consent page. Default: the id.
	Name string `json:"name,omitempty"`

	// The client secret, of your choice: 32 characters or more, as `openssl rand -hex 32` prints.
	// The product may send it in the body or in the Authorization header. Default: none, and the
	// client is a public one.
	Secret string `json:"secret,omitempty"`

	// The redirect URIs that the product shows, and the only ones that this client may use. They
	// need no `allow_redirect`.
	Redirects []string `json:"redirects,omitempty"`
}

// staticClients reads the clients that are registered by hand. What is wrong with one beyond its
// placeholders, oauth.New says.
func (a *App) staticClients() ([]oauth.StaticClient, error) {
	var clients []oauth.StaticClient
	for _, c := range a.Clients {
		s := newSettings("entra: client " + c.ID)
		clients = append(clients, oauth.StaticClient{
			ID:           s.text("id", c.ID),
			Name:         s.text("name", c.Name),
			Secret:       s.text("secret", c.Secret),
			RedirectURIs: s.words("redirect", c.Redirects),
		})
		if c.Secret != "" && clients[len(clients)-1].Secret == "" {
			s.failf("secret", "it is empty; set what it names, or leave the option out for a public client")
		}
		if err := s.err(); err != nil {
			return nil, err
		}
	}
	return clients, nil
}

// client reads a block of the entra block. There may be several, with an id each.
func client(clients *[]Client) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var c Client
		if !d.AllArgs(&c.ID) {
			return d.ArgErr()
		}
		if slices.ContainsFunc(*clients, func(other Client) bool { return other.ID == c.ID }) {
			return d.Errf("entra: client %s is given twice", c.ID)
		}
		err := options{
			"name":     one(&c.Name),
			"secret":   one(&c.Secret),
			"redirect": several(&c.Redirects),
		}.parse(d, "entra client "+c.ID)
		*clients = append(*clients, c)
		return err
	}
}
