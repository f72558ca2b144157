// Package caddymodule is all that Caddy sees of the plugin: the app and the three handlers, their
// JSON and Caddyfile forms, and the subcommands. It is thin; what it builds lives in handlers/ and
// atlassian/.
package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/bearer"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

func init() {
	caddy.RegisterModule(new(App))
}

const (
	defaultPublicURL    = "http://localhost:8000"
	defaultCallbackPath = "/oauth/callback"
)

// App is the registration with Microsoft Entra ID, the public URL, and the state that the handlers
// `entra_oauth`, `entra_auth` and `atlassian_mcp` share.
//
// It need not be configured: every setting that is left out is read from the environment. With
// Entra wholly unconfigured, registration of assistants works, and every other OAuth route and the
// gate answer 503 and say what is missing.
//
// Every setting takes placeholders. Write secrets as `{env.NAME}` or `{file.path}`; Caddy writes
// `{$NAME}` in the clear into its configuration.
type App struct {
	// The origin under which clients reach this server, such as `https://mcp.example.com`. Default:
	// the origin of the redirect URI. Issuer, metadata and redirects are built from it and never
	// from a request. Plain http is accepted on loopback only.
	PublicURL string `json:"public_url,omitempty"`

	// Who issues the tokens: `https://login.microsoftonline.com/{tenant-id}/v2.0`. Default: the
	// environment variable ENTRA_ID_EXPECTED_ISSUER.
	Issuer string `json:"issuer,omitempty"`

	// The application (client) id of the app registration. Default: the environment variable
	// ENTRA_ID_CLIENT_ID or OAUTH_DCR_CLIENT_ID.
	ClientID string `json:"client_id,omitempty"`

	// The client secret of the app registration, and a second one while one replaces the other: put
	// the new one first. A file named by `{file.path}` is read again when it changes, without a
	// reload. Default: the environment variable ENTRA_ID_CLIENT_SECRET or OAUTH_DCR_CLIENT_SECRET.
	ClientSecrets []string `json:"client_secrets,omitempty"`

	// The PEM file of a certificate of the app registration, instead of a client secret: requests
	// to Entra are then signed with its key. The file is read again when it changes, without a
	// reload. It needs `client_key` and `master_key`.
	ClientCertificate string `json:"client_certificate,omitempty"`

	// The PEM file of the certificate's RSA key, unencrypted. It is read again like the certificate.
	ClientKey string `json:"client_key,omitempty"`

	// The file of a token that a federated credential of the app registration accepts, instead of a
	// client secret: that of a Kubernetes service account, for example. It is read at each use. It
	// needs `master_key`. Default: the environment variable AZURE_FEDERATED_TOKEN_FILE, unless
	// there is a client secret or a certificate.
	FederatedTokenFile string `json:"federated_token_file,omitempty"`

	// PEM files of certificate authorities to trust beside the system's, in requests to Entra and
	// for the metadata documents of clients, as for a proxy that opens TLS. Proxies themselves come
	// from HTTPS_PROXY and NO_PROXY.
	TrustedCA []string `json:"trusted_ca,omitempty"`

	// The redirect URI of the app registration, at whose path this server answers Entra. Default:
	// the environment variable OAUTH_DCR_REDIRECT_URI or ENTRA_ID_REDIRECT_URI, else
	// `/oauth/callback` of the public URL.
	RedirectURI string `json:"redirect_uri,omitempty"`

	// The scopes to ask Entra for. Name the one that your app registration exposes, such as
	// `access_as_user`. Default: the environment variable OAUTH_DCR_SCOPE or ENTRA_ID_SCOPE, else
	// `openid profile email`.
	Scopes []string `json:"scopes,omitempty"`

	// The ids of the tenants whose people may sign in. Required when the issuer names
	// `organizations` or `common`.
	Tenants []string `json:"tenants,omitempty"`

	// Asks Microsoft Graph for the groups of people who are in more than 200, because their tokens
	// hold none. It needs the delegated permission User.Read of Microsoft Graph, with admin consent,
	// in the app registration. They are asked for when somebody signs in and whenever their
	// assistant refreshes. Without it, and whenever Graph does not tell, such a person counts neither
	// as a member nor as a non-member of any group; nobody is kept from signing in. Default: off.
	ResolveGroups bool `json:"resolve_groups,omitempty"`

	// Further App ID URIs of the app registration that tokens may have as their audience.
	Audiences []string `json:"audiences,omitempty"`

	// Further hosts that the issuer may name, beside Microsoft's clouds.
	AllowAuthorities []string `json:"allow_authorities,omitempty"`

	// Web origins whose pages may call the server, beside its own. None is needed for assistants
	// that are no web pages.
	AllowOrigins []string `json:"allow_origins,omitempty"`

	// The built-in assistants that may register, by name, or `any` for every https redirect URI.
	// Default: all of them, and whatever runs on the person's own computer.
	AllowClients []string `json:"allow_clients,omitempty"`

	// Further redirect URIs that may register. `*` stands for one segment of the path.
	AllowRedirects []string `json:"allow_redirects,omitempty"`

	// Further hosts whose Client ID Metadata Documents are believed: what they publish decides what
	// their clients are called and, on the same host, where the browser is sent back to. Default:
	// those of the assistants in `allow_clients`.
	TrustMetadataHosts []string `json:"trust_metadata_hosts,omitempty"`

	// The ids of clients that may not be used, as `caddy atlassian-mcp grants list --json` shows
	// them. They get no code and no token any more; `grants revoke --client` ends what they have.
	DenyClients []string `json:"deny_clients,omitempty"`

	// Clients that are registered by hand, for products that cannot register themselves.
	Clients []Client `json:"clients,omitempty"`

	// Wraps the keys in storage, instead of the client secret. At least 32 characters. Required with
	// `client_certificate` and `federated_token_file`. A file named by `{file.path}` is read again
	// when it changes, without a reload.
	MasterKey string `json:"master_key,omitempty"`

	// What one client address may do with the OAuth routes in a minute.
	RateLimit *RateLimit `json:"rate_limit,omitempty"`

	public      *url.URL
	loopback    bool
	clientID    string
	missing     []string
	origins     *origin.Policy
	state       *shared
	oauth       *oauth.Server
	logger      *slog.Logger
	audit       *slog.Logger
	leavePool   func() error
	leaveLimits func() error

	leaveDocuments func() error
	leaveLive      func()
	stopWork       context.CancelFunc

	mu        sync.Mutex
	resources []oauth.ResourceInfo
	gates     []gate
	policies  []appliedPolicy
}

// CaddyModule implements caddy.Module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "entra", New: func() caddy.Module { return new(App) }}
}

// Provision implements caddy.Provisioner. It touches neither network nor storage.
func (a *App) Provision(ctx caddy.Context) error {
	a.logger = ctx.Slogger()
	var err error
	if a.audit, err = auditLogger(ctx); err != nil {
		return err
	}
	a.leaveLive = live.push(&surroundings{storage: ctx.Storage(), log: a.logger.Handler()})
	reg, err := a.read()
	if err != nil {
		return err
	}
	if err := a.setPublicURL(reg.PublicURL); err != nil {
		return err
	}
	if a.origins, err = a.readOrigins(); err != nil {
		return err
	}
	if err := a.share(reg); err != nil {
		return err
	}
	clients, err := a.clientPolicy()
	if err != nil {
		return err
	}
	static, err := a.staticClients()
	if err != nil {
		return err
	}
	limits, err := a.shareLimits()
	if err != nil {
		return err
	}
	documents, err := a.shareDocuments(clients, reg.Out)
	if err != nil {
		return err
	}
	a.oauth, err = oauth.New(oauth.Config{
		Issuer: a.issuer(), CallbackPath: reg.Path, Loopback: a.loopback,
		Resources: a.registered,
		Entra:     a.state.entra, Missing: a.missing, Clients: clients, StaticClients: static, Documents: documents,
		Keys: a.state.keys, Store: a.state.store, Logger: a.logger, Audit: a.audit,
		Limits: limits, ClientAddress: clientAddress,
	})
	if err != nil {
		return fmt.Errorf("entra: %w", err)
	}
	a.warn()
	return nil
}

// share joins the state of an earlier configuration with the same registration, or makes it.
func (a *App) share(reg registration) error {
	key, err := sharedKey(reg.Settings)
	if err != nil {
		return err
	}
	// Files may have changed while the rest did not: what they hold now is checked at each load.
	var provider *entra.Provider
	if reg.Configured {
		if provider, err = entra.New(reg.Entra); err != nil {
			return fmt.Errorf("entra: %w", err)
		}
	}
	value, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) { return a.newShared(reg, provider), nil })
	if err != nil {
		return err
	}
	a.leavePool = func() error { _, err := pool.Delete(key); return err }
	a.state = value.(*shared)
	a.clientID = strings.ToLower(reg.Entra.ClientID)
	return nil
}

func (a *App) newShared(reg registration, provider *entra.Provider) *shared {
	s := &shared{entra: provider, cache: bearer.NewCache()}
	log := currentLogger()
	s.keys = records.NewKeyring(records.KeyringConfig{Issuer: a.issuer(), MasterKeys: reg.Masters, Storage: currentStorage, Logger: log})
	s.store = records.New(records.Config{Storage: currentStorage, Keys: s.keys, Logger: log})
	return s
}

func (a *App) warn() {
	if a.state.entra == nil {
		a.logger.Warn("sign-in with Entra is not configured: assistants can register, everything else is answered with 503", "missing", a.missing)
	} else {
		for _, w := range a.state.entra.Warnings() {
			a.logger.Warn(w)
		}
	}
	if !a.state.keys.Persistent() {
		a.logger.Warn("keys live in memory only: a restart signs everybody out; set ENTRA_ID_CLIENT_SECRET or master_key")
	}
}

// Start implements caddy.App.
func (a *App) Start() error {
	ctx, cancel := context.WithCancel(context.Background())
	a.stopWork = cancel
	safego.Go(a.logger, "sweeping expired records", func() { a.sweep(ctx) })
	if interval := masterInterval; a.mastersChange() {
		safego.Go(a.logger, "following changed secrets", func() { a.followMasters(ctx, interval) })
	}
	return nil
}

// sweep removes expired records now and then. The jitter keeps nodes from asking at once.
func (a *App) sweep(ctx context.Context) {
	for {
		wait := records.SweepInterval + rand.N(records.SweepInterval/10) //nolint:gosec // jitter
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if n, err := a.state.store.Sweep(ctx); err != nil {
			a.logger.Warn("expired records could not be removed", "error", err)
		} else if n > 0 {
			a.logger.Debug("expired records removed", "count", n)
		}
	}
}

// Stop implements caddy.App. Requests that are being drained still use the shared state.
func (a *App) Stop() error {
	if a.stopWork != nil {
		a.stopWork()
	}
	return nil
}

// Cleanup implements caddy.CleanerUpper.
func (a *App) Cleanup() error {
	if a.leaveLive != nil {
		a.leaveLive()
	}
	var errs []error
	for _, leave := range []func() error{a.leavePool, a.leaveLimits, a.leaveDocuments} {
		if leave != nil {
			errs = append(errs, leave())
		}
	}
	return errors.Join(errs...)
}

// appOf returns the entra app of the configuration, which is made when the Caddyfile has no entra
// block.
func appOf(ctx caddy.Context) (*App, error) {
	value, err := ctx.App("entra")
	if err != nil {
		return nil, err
	}
	return value.(*App), nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
