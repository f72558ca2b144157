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

	// ClientSecrets holds one secret, or two while one replaces the other: when Entra refuses the
	// one that worked last, the other is tried.
	ClientSecrets []string

	// RedirectURI is our callback, as registered in Entra under the platform Web.
	RedirectURI string

	// Scopes are the configured scopes, split. Empty means openid profile email.
	Scopes []string

	// Tenants is the allow-list of tenant ids when Issuer names organizations or common.
	Tenants []string

	// Audiences are further App ID URIs of our own application.
	Audiences []string

	// Transport carries every request to Entra; nil means [http.DefaultTransport].
	Transport http.RoundTripper

	// Logger receives what the operator should know; nil means nothing is logged.
	Logger *slog.Logger

	// Now tells the time; nil means [time.Now].
	Now func() time.Time
}
