// Package entra stands in for Microsoft Entra ID in the demo and in tests: it behaves like Entra
// where that matters to a web application that signs people in.
package entra

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says which tenant and which app registration the server plays.
type Config struct {
	// TenantID and ClientID are GUIDs in lower case; empty means DemoTenantID and DemoClientID.
	TenantID string
	ClientID string

	// ClientSecret is the registration's secret; required unless the registration has a certificate
	// or a federated credential. ExtraSecrets are valid beside it.
	ClientSecret string
	ExtraSecrets []string

	// Certificates are those of the registration. Their RSA keys sign client assertions.
	Certificates []*x509.Certificate

	// Federated are the registration's federated credentials.
	Federated []FederatedCredential

	// RedirectURIs are the registered ones (platform Web), compared exactly but for the port of
	// http://localhost.
	RedirectURIs []string

	// BaseURL is the server's own origin, for example http://localhost:8001; required.
	BaseURL string

	// Scopes are the ones that the registration exposes; nil means access_as_user. An empty list
	// that is not nil exposes none.
	Scopes []string

	// GraphPermissions are the delegated permissions of Microsoft Graph that were consented to; nil
	// means User.Read, which every new registration has.
	GraphPermissions []string

	// TokenVersion is the manifest's requestedAccessTokenVersion, 1 or 2; zero means 2.
	TokenVersion int

	// People can sign in; nil means those of the demo.
	People []Person

	// TokenLifetime is how long access tokens live; zero means 75 minutes.
	TokenLifetime time.Duration

	// Now tells the time; nil means time.Now.
	Now func() time.Time

	// Logger gets one line for each sign-in, refusal and token; nil means none.
	Logger *slog.Logger
}

// FederatedCredential is whose tokens the registration accepts as client assertions. All of it is
// compared letter by letter.
type FederatedCredential struct {
	Issuer   string
	Subject  string
	Audience string // empty means api://AzureADTokenExchange

	// Key verifies the issuer's RS256 signatures. The real Entra asks the issuer for it.
	Key *rsa.PublicKey
}

// The tenant and the app registration of the demo.
const (
	DemoTenantID = "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31"
	DemoClientID = "0b8e6f52-93d4-4a1b-8c7e-1f5a2d3c4b69"
)

// Person is somebody who can sign in.
type Person struct {
	ObjectID string
	Name     string
	Username string
	Title    string // shown on the sign-in page
	Roles    []string
	Groups   []string // object ids; more than 200 are left out of tokens
	Home     string   // for a guest: the issuer of their own tenant
}

// DemoPeople returns the people of the demo: an administrator, a writer, a reader and a guest.
func DemoPeople() []Person {
	return []Person{
		{ObjectID: "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01", Name: "Ada Keller", Username: "ada.keller@contoso.example", Title: "Platform lead", Roles: []string{"Atlassian.Admin"}},
		{ObjectID: "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02", Name: "Ben Okafor", Username: "ben.okafor@contoso.example", Title: "Developer", Roles: []string{"Atlassian.Writer"}},
		{ObjectID: "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f03", Name: "Chloé Martin", Username: "chloe.martin@contoso.example", Title: "Support", Roles: []string{"Atlassian.Reader"}},
		{ObjectID: "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f04", Name: "Dev Guest", Username: "guest@partner.example", Title: "Guest, no role", Home: "https://sts.windows.net/c0ffee00-1111-4222-8333-444455556666/"},
	}
}

func (c *Config) setDefaults() error {
	c.TenantID = cmp.Or(c.TenantID, DemoTenantID)
	c.ClientID = cmp.Or(c.ClientID, DemoClientID)
	c.TokenVersion = cmp.Or(c.TokenVersion, 2)
	c.TokenLifetime = cmp.Or(c.TokenLifetime, 75*time.Minute)
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.Scopes == nil {
		c.Scopes = []string{"access_as_user"}
	}
	if c.GraphPermissions == nil {
		c.GraphPermissions = []string{"User.Read"}
	}
	if c.People == nil {
		c.People = DemoPeople()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || u.Path != "" {
		return fmt.Errorf("base URL %q is not an origin", c.BaseURL)
	}
	if c.ClientSecret == "" && len(c.Certificates) == 0 && len(c.Federated) == 0 {
		return errors.New("a client secret, a certificate or a federated credential is required")
	}
	if c.TokenVersion != 1 && c.TokenVersion != 2 {
		return fmt.Errorf("token version %d is neither 1 nor 2", c.TokenVersion)
	}
	return nil
}

// person finds somebody by object id or user name.
func (c *Config) person(id string) (Person, bool) {
	i := slices.IndexFunc(c.People, func(p Person) bool {
		return id != "" && (p.ObjectID == id || strings.EqualFold(p.Username, id))
	})
	if i < 0 {
		return Person{}, false
	}
	return c.People[i], true
}
