package records

import "time"

// The kinds of record that are kept between requests. The id of each is a secret (a state, a
// code, a token) or unguessable, except a person's, and storage sees only its hash.
var (
	Transactions = Kind[*Transaction]{name: "transaction"}
	Codes        = Kind[*Code]{name: "code"}
	Issuances    = Kind[*Issuance]{name: "issuance"}
	Grants       = Kind[*Grant]{name: "grant"}
	Persons      = Kind[*Person]{name: "person"}
)

// kinds are the names of all of them, for what concerns every record.
var kinds = []string{Transactions.name, Codes.name, Issuances.name, Grants.name, Persons.name}

// Request is what an assistant asked for at the authorization endpoint, checked.
type Request struct {
	ClientID    string   `json:"client_id"`
	ClientName  string   `json:"client_name,omitempty"`
	RedirectURI string   `json:"redirect_uri"`
	State       string   `json:"state,omitempty"`
	Challenge   string   `json:"code_challenge"`  // S256, RFC 7636 section 4.2
	Resource    string   `json:"resource"`        // canonical form
	Scopes      []string `json:"scope,omitempty"` // in the client's spelling
}

// Transaction is a sign-in that the person approved and that is now at Entra. Its id is the state
// sent to Entra. It is taken once, at the callback.
type Transaction struct {
	Request
	Verifier string    `json:"verifier"` // our own PKCE verifier towards Entra
	Nonce    string    `json:"nonce"`
	Browser  []byte    `json:"browser"` // SHA-256 of the transaction cookie
	Expires  time.Time `json:"exp"`
	Taken    bool      `json:"taken,omitempty"`

	// CorrelationID joins the log records of one sign-in.
	CorrelationID string `json:"correlation_id,omitempty"`
}

// ExpiresAt implements Record.
func (t *Transaction) ExpiresAt() time.Time { return t.Expires }

// Code is an authorization code (RFC 6749 section 1.3.1) that waits to be redeemed, with what
// Entra gave for it. Its id is the code. Once redeemed it stays as a tombstone that names the
// grant and holds no token.
type Code struct {
	Request
	TenantID     string    `json:"tid"`
	ObjectID     string    `json:"oid"`
	Name         string    `json:"name,omitempty"`
	AccessToken  string    `json:"access_token,omitempty"`
	TokenExpires time.Time `json:"token_exp,omitzero"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	Groups       []string  `json:"groups,omitempty"` // see Issuance
	WrongTries   int       `json:"wrong_tries,omitempty"`
	Grant        string    `json:"grant,omitempty"` // set when redeemed: this is a tombstone
	Expires      time.Time `json:"exp"`
}

// ExpiresAt implements Record.
func (c *Code) ExpiresAt() time.Time { return c.Expires }

// Issuance says that an Entra access token was handed out by our token endpoint, to whom and for
// what. Its id is the access token.
type Issuance struct {
	Grant      string    `json:"grant"`
	ClientID   string    `json:"client_id"`
	ClientName string    `json:"client_name,omitempty"`
	Resource   string    `json:"resource"`
	Scopes     []string  `json:"scope,omitempty"`
	Expires    time.Time `json:"exp"`

	// Groups are those that Entra left out of the token and Microsoft Graph told. None means that
	// the token is all that is known.
	Groups []string `json:"groups,omitempty"`
}

// ExpiresAt implements Record.
func (i *Issuance) ExpiresAt() time.Time { return i.Expires }

// Grant is what a person allowed an assistant: it lives as long as refresh tokens of its family
// do. Its id is Grant.ID, 128 random bits.
type Grant struct {
	ID          string   `json:"id"`
	TenantID    string   `json:"tid"`
	ObjectID    string   `json:"oid"`
	Name        string   `json:"name,omitempty"`
	ClientID    string   `json:"client_id"`
	ClientName  string   `json:"client_name,omitempty"`
	RedirectURI string   `json:"redirect_uri"`
	Resource    string   `json:"resource"`
	Scopes      []string `json:"scope,omitempty"`

	EntraRefreshToken string `json:"entra_refresh_token,omitempty"`

	// Current and Previous are SHA-256 hashes of refresh tokens of ours. Within the window after
	// a rotation, Previous is answered with Successor and AccessToken again, as long as Current
	// was not used.
	Current      []byte    `json:"current"`
	Previous     []byte    `json:"previous,omitempty"`
	Successor    string    `json:"successor,omitempty"`
	AccessToken  string    `json:"access_token,omitempty"`
	AccessScopes []string  `json:"access_scope,omitempty"` // those of AccessToken: Scopes or fewer
	TokenExpires time.Time `json:"token_exp,omitzero"`
	Rotated      time.Time `json:"rotated,omitzero"`

	Created time.Time `json:"created"`
	Used    time.Time `json:"used"`
	Expires time.Time `json:"exp"`
	Revoked bool      `json:"revoked,omitempty"`
}

// ExpiresAt implements Record.
func (g *Grant) ExpiresAt() time.Time { return g.Expires }

// Revoke ends the grant in memory. The record stays: the gate looks at it until the last access
// token has ended.
func (g *Grant) Revoke() {
	g.Revoked = true
	g.EntraRefreshToken, g.Successor, g.AccessToken = "", "", ""
}

// Handle names the grant to people. Its id is none of their business: it is part of refresh tokens,
// and whoever knows it can end the grant.
func (g *Grant) Handle() string { return hashID(g.ID)[:16] }

// Person is what is kept about somebody beside the grants themselves. Its id is PersonID.
type Person struct {
	TenantID string `json:"tid"`
	ObjectID string `json:"oid"`
	Name     string `json:"name,omitempty"`

	// Grants are the ids of the person's grants, the oldest first. Some may have ended.
	Grants []string `json:"grants,omitempty"`

	// Blocked is since when the person is shut out, zero when they are not.
	Blocked time.Time `json:"blocked,omitzero"`

	Expires time.Time `json:"exp"`
}

// ExpiresAt implements Record.
func (p *Person) ExpiresAt() time.Time { return p.Expires }
