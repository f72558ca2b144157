package entra

import (
	"log/slog"
	"net/http"
	"time"
)

// Config describes the registration with Entra. It is complete after [New]: nothing in it changes
// later.
type Config struct {
	// Issuer is ENTRA_ID_EXPECTED_ISSUER: https://login.microsoftonline.com/{tenant-id}/v2.0, the
	// v1 form https://sts.windows.net/{tenant-id}/, or the v2 form with organizations or common in
	// place of the tenant id, which needs Tenants. It fixes the authority (cloud and tenant) and not
	// the version of token: both versions are accepted, each checked against its own discovery.
	Issuer string

	// AllowAuthority lists further hosts (with their port, if any) that Issuer may name. Microsoft's
	// public, US government and China clouds need no entry, nor does a loopback address.
	AllowAuthority []string

	// ClientID is the application (client) id of the app registration, a GUID.
	ClientID string

	// The application proves who it is in one of three ways: with client secrets, a certificate, or
	// a federated token.

	// ClientSecrets holds one secret, or two while one replaces the other: when Entra refuses the
	// one that worked last, the other is tried.
	ClientSecrets []string

	// ReadSecrets stands in for ClientSecrets when it is set, and is asked before each token
	// request. When it fails, or returns what can be no secret, the last good ones serve on.
	ReadSecrets func() ([]string, error)

	// CertificateFile and KeyFile are PEM files of a certificate that is registered with Entra and
	// of its RSA key. They are read again for each token request; while they do not belong
	// together, the last good ones serve on.
	CertificateFile string
	KeyFile         string

	// FederatedTokenFile holds a token of another issuer that Entra trusts for this application.
	// It is read again for each token request.
	FederatedTokenFile string

	// RedirectURI is our callback, as registered in Entra under the platform Web.
	RedirectURI string

	// Scopes are the configured scopes, split. Empty means openid profile email.
	Scopes []string

	// Tenants is the allow-list of tenant ids when Issuer names organizations or common.
	Tenants []string

	// Audiences are further App ID URIs of our own application.
	Audiences []string

	// ResolveGroups asks Microsoft Graph for the groups of people who have too many for a token,
	// with the delegated permission User.Read of the registration. Without it they are unknown.
	ResolveGroups bool

	// Transport carries every request to Entra; nil means [http.DefaultTransport].
	Transport http.RoundTripper

	// Logger receives what the operator should know; nil means nothing is logged.
	Logger *slog.Logger

	// Now tells the time; nil means [time.Now].
	Now func() time.Time
}
