package entra

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// version is the ver claim. Tokens of each version have their own discovery document, issuer and
// key set; which one Entra issues is decided by the registration's requestedAccessTokenVersion and
// not by the endpoint that was asked
// (https://learn.microsoft.com/entra/identity-platform/access-tokens).
type version string

const (
	v1 version = "1.0"
	v2 version = "2.0"
)

// metadata is the part of a discovery document that is used (OpenID Connect Discovery section 3).
type metadata struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	KeysURI               string `json:"jwks_uri"`
	GraphHost             string `json:"msgraph_host"` // Entra's own addition
}

// fetchMetadata gets and checks the discovery document of one version.
func fetchMetadata(ctx context.Context, client *http.Client, a *authority, v version) (*metadata, error) {
	var m metadata
	if err := fetchJSON(ctx, client, a.discoveryURL(v), &m); err != nil {
		return nil, err
	}
	if err := a.checkIssuer(m.Issuer); err != nil {
		return nil, fmt.Errorf("discovery at %s: %w", a.discoveryURL(v), err)
	}
	for _, endpoint := range []struct{ name, value string }{
		{"authorization_endpoint", m.AuthorizationEndpoint},
		{"token_endpoint", m.TokenEndpoint},
		{"jwks_uri", m.KeysURI},
	} {
		if _, err := a.checkURL(endpoint.value, a.hosts); err != nil {
			return nil, fmt.Errorf("discovery at %s: %s: %w", a.discoveryURL(v), endpoint.name, err)
		}
	}
	return &m, nil
}

// checkURL accepts URLs on one of the hosts, by https, or by the scheme of the authority when that
// is on loopback.
//
// Microsoft's documents stay within one cloud but not within one host: v2 documents name the host
// they were asked from, v1 documents the cloud's preferred host (jwks_uri
// https://login.microsoftonline.com/common/discovery/keys) or, when asked there, an older alias. A
// tenant of another cloud is answered with that cloud's hosts, which ends here: the issuer has to
// be configured for the right cloud.
func (a *authority) checkURL(raw string, hosts []string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not an absolute URL", raw)
	}
	if u.Scheme != "https" && (!a.loopback || !strings.HasPrefix(a.origin, u.Scheme+"://")) {
		return nil, fmt.Errorf("%q is not https", raw)
	}
	if !slices.Contains(hosts, strings.ToLower(u.Host)) {
		return nil, fmt.Errorf("%q is not on a host of this authority (%s); is ENTRA_ID_EXPECTED_ISSUER set for another cloud?", raw, strings.Join(hosts, ", "))
	}
	return u, nil
}

// checkIssuer demands that the issuer belongs to this authority and holds the tenant, or for
// tenant-independent documents its placeholder, as a whole path segment.
func (a *authority) checkIssuer(issuer string) error {
	u, err := a.checkURL(issuer, a.issuers)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	want := a.tenant
	if a.multiTenant() {
		want = tenantPlaceholder
	}
	n := 0
	for segment := range strings.SplitSeq(u.Path, "/") {
		if strings.EqualFold(segment, want) {
			n++
		}
	}
	if n != 1 || u.RawQuery != "" {
		return fmt.Errorf("issuer %q is not of the tenant %s", issuer, a.tenant)
	}
	return nil
}

// issuerFor is the exact iss of tokens of a tenant.
func (m *metadata) issuerFor(tenantID string) string { return fillTenant(m.Issuer, tenantID) }

// fillTenant puts a tenant in place of the placeholder, which Microsoft writes in either case.
func fillTenant(issuer, tenantID string) string {
	i := strings.Index(strings.ToLower(issuer), tenantPlaceholder)
	if i < 0 {
		return issuer
	}
	return issuer[:i] + tenantID + issuer[i+len(tenantPlaceholder):]
}
