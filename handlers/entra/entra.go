// Package entra is Microsoft Entra ID as an identity provider: it finds Entra's endpoints and
// keys, sends people there to sign in, exchanges what comes back, and verifies access tokens.
package entra

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// Provider is one app registration in Entra. It is safe for concurrent use.
type Provider struct {
	authority   *authority
	clientID    string
	prove       prover
	working     atomic.Pointer[string] // the secret that Entra accepted after another one
	redirectURI string
	scope       string
	short       []string
	audiences   []string
	warnings    []string

	resolveGroups bool
	groupsTimeout time.Duration

	client *http.Client
	log    *slog.Logger
	now    func() time.Time
	v1, v2 *source
}

// Tokens is what Entra gave for a code or a refresh token, verified.
type Tokens struct {
	// AccessToken is Entra's, issued for our own application.
	AccessToken string
	// Expiry is when AccessToken ends.
	Expiry time.Time
	// RefreshToken is Entra's. Entra leaves it out of some answers to a refresh; it is then the one
	// that was used. It is empty when Entra never gave one.
	RefreshToken string
	// Groups are those that Entra left out of AccessToken and Microsoft Graph told. Empty means that
	// AccessToken, and Principal, say all that is known.
	Groups []string
	// Principal is who signed in. Its AppOnly is false, with or without scp in the token: a code
	// and a refresh token always stand for a person.
	Principal *identity.Principal
}

// AuthorizationRequest is what varies between two requests to Entra's authorization endpoint.
type AuthorizationRequest struct {
	State    string // opaque and short: Entra limits its length
	Nonce    string // comes back in the ID token
	Verifier string // our PKCE code verifier, RFC 7636 section 4.1

	Prompt    string // OpenID Connect Core section 3.1.2.1; empty: Entra decides
	LoginHint string // the account to suggest; empty: none
}

// New checks the configuration. It does not touch the network. Every error says what to change and
// names the variable.
func New(c Config) (*Provider, error) { return newProvider(c) }

// Warnings returns what an operator should read when the configuration is loaded.
func (p *Provider) Warnings() []string { return slices.Clone(p.warnings) }

// ClientID returns the application id of our own registration, in lower case.
func (p *Provider) ClientID() string { return p.clientID }

// ShortScopes returns the scopes to tell assistants about: the configured ones in their short form,
// without offline_access.
func (p *Provider) ShortScopes() []string { return slices.Clone(p.short) }

// AuthorizationURL returns where to send the browser. Its error is an [*Error].
func (p *Provider) AuthorizationURL(ctx context.Context, r AuthorizationRequest) (string, error) {
	return p.authorizationURL(ctx, r)
}

// Exchange redeems an authorization code, once, and verifies the ID token with its nonce and the
// access token as [Provider.Verify] does. It asks Microsoft Graph for groups that Entra left out of
// the token, where the configuration says so; that this fails is no error. Its error is an [*Error].
func (p *Provider) Exchange(ctx context.Context, code, verifier, nonce string) (*Tokens, error) {
	return p.exchange(ctx, code, verifier, nonce)
}

// Refresh redeems a refresh token of Entra's, verifies the new access token and looks after the
// groups as [Provider.Exchange] does. The caller compares
// the Principal with whom the grant belongs to. Its error is an [*Error].
func (p *Provider) Refresh(ctx context.Context, refreshToken string) (*Tokens, error) {
	return p.refresh(ctx, refreshToken)
}

// Verify returns who an access token of ours stands for. It checks signature, algorithm, issuer,
// tenant, audience and times, and refuses ID tokens; it does not know of issuance records. AppOnly
// is therefore set for every token without scp: who finds an issuance record for the token clears
// it. The error wraps [ErrInvalidToken] or [ErrUnavailable].
func (p *Provider) Verify(ctx context.Context, rawToken string) (*identity.Principal, error) {
	return p.verify(ctx, rawToken)
}

// FromCallback returns the error that Entra sent to our callback, nil when q holds none. What it
// returns is made of fixed sentences; nothing of q but well-formed codes and ids gets into it.
func FromCallback(q url.Values) *Error { return fromCallback(q) }
