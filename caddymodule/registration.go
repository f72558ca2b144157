package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

// registration is what the settings say once placeholders and environment are in.
type registration struct {
	Entra      entra.Config `json:"-"`
	Configured bool
	Settings   []string // for the pool's key
	PublicURL  string
	Path       string
	Masters    [][]byte
	Out        outbound
}

// read gathers the settings of the registration.
func (a *App) read() (registration, error) {
	s := newSettings("entra")
	c := entra.Config{
		Issuer:         s.text("issuer", a.Issuer, "ENTRA_ID_EXPECTED_ISSUER"),
		ClientID:       s.text("client_id", a.ClientID, "ENTRA_ID_CLIENT_ID", "OAUTH_DCR_CLIENT_ID"),
		RedirectURI:    s.text("redirect_uri", a.RedirectURI, "OAUTH_DCR_REDIRECT_URI", "ENTRA_ID_REDIRECT_URI"),
		Scopes:         s.words("scope", a.Scopes, "OAUTH_DCR_SCOPE", "ENTRA_ID_SCOPE"),
		Tenants:        s.words("tenants", a.Tenants),
		Audiences:      s.words("audience", a.Audiences),
		AllowAuthority: s.words("allow_authority", a.AllowAuthorities),
		ResolveGroups:  a.ResolveGroups,
	}
	reg := registration{PublicURL: s.text("public_url", a.PublicURL)}
	credential := a.credentialSettings(s, &c)
	roots, pem := s.roots("trusted_ca", a.TrustedCA)
	if err := s.err(); err != nil {
		return reg, err
	}
	if err := a.settleURLs(&reg, &c); err != nil {
		return reg, err
	}
	reg.Configured = c.Issuer != "" || c.ClientID != "" || credential.given
	if a.missing = missingSettings(c); reg.Configured && len(a.missing) > 0 {
		return reg, fmt.Errorf("entra: the registration with Entra is half configured; set %s in the environment or in the entra block", strings.Join(a.missing, ", "))
	}
	if err := credential.check(c); err != nil {
		return reg, err
	}
	c.Logger = currentLogger()
	if roots != nil {
		c.Transport = trusting(http.DefaultTransport.(*http.Transport).Clone(), roots)
	}
	reg.Entra, reg.Masters, reg.Out = c, credential.masters, outbound{roots, pem}
	reg.Settings = slices.Concat([]string{c.Issuer, c.ClientID, c.RedirectURI, reg.PublicURL, pem}, credential.identity,
		[]string{"groups", strconv.FormatBool(c.ResolveGroups)}, []string{"scopes"}, c.Scopes, []string{"tenants"}, c.Tenants, []string{"audiences"}, c.Audiences, []string{"authorities"}, c.AllowAuthority)
	return reg, nil
}

func missingSettings(c entra.Config) (missing []string) {
	if c.Issuer == "" {
		missing = append(missing, "ENTRA_ID_EXPECTED_ISSUER")
	}
	if c.ClientID == "" {
		missing = append(missing, "ENTRA_ID_CLIENT_ID")
	}
	if len(c.ClientSecrets) == 0 && c.CertificateFile == "" && c.KeyFile == "" && c.FederatedTokenFile == "" {
		missing = append(missing, "ENTRA_ID_CLIENT_SECRET")
	}
	return missing
}

// settleURLs lets the public URL and the redirect URI each stand in for the other.
func (a *App) settleURLs(reg *registration, c *entra.Config) error {
	reg.PublicURL = strings.TrimSuffix(reg.PublicURL, "/")
	if c.RedirectURI == "" {
		if reg.PublicURL == "" {
			reg.PublicURL = defaultPublicURL
		}
		c.RedirectURI = reg.PublicURL + defaultCallbackPath
	}
	u, err := url.Parse(c.RedirectURI)
	if err != nil || u.Host == "" || u.RawQuery != "" {
		return errors.New("entra: redirect_uri: OAUTH_DCR_REDIRECT_URI must be an absolute URL without a query, such as https://mcp.example.com/oauth/callback")
	}
	if reg.PublicURL == "" {
		reg.PublicURL = u.Scheme + "://" + u.Host
	}
	reg.Path = u.Path
	return nil
}

func (a *App) setPublicURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("entra: public_url: %q is not an origin such as https://mcp.example.com; write it without a path", raw)
	case u.Scheme == "https":
	case u.Scheme == "http" && resource.IsLoopback(u.Hostname()):
		a.loopback = true
	default:
		return fmt.Errorf("entra: public_url: %q must be https, since tokens and codes travel over it; plain http is accepted on localhost only", raw)
	}
	a.public = u
	return nil
}

func (a *App) issuer() string { return a.public.Scheme + "://" + strings.ToLower(a.public.Host) }

func (a *App) readOrigins() (*origin.Policy, error) {
	s := newSettings("entra")
	allowed := s.words("allow_origin", a.AllowOrigins)
	if err := s.err(); err != nil {
		return nil, err
	}
	p, err := origin.New(a.issuer(), allowed)
	if err != nil {
		return nil, fmt.Errorf("entra: allow_origin: %w", err)
	}
	return p, nil
}

func (a *App) clientPolicy() (oauth.ClientPolicy, error) {
	s := newSettings("entra")
	p := oauth.ClientPolicy{
		Presets:  s.words("allow_clients", a.AllowClients),
		Patterns: s.words("allow_redirect", a.AllowRedirects),

		MetadataHosts: s.words("trust_metadata_host", a.TrustMetadataHosts),
		Deny:          s.words("deny_client", a.DenyClients),
	}
	if slices.Contains(p.Presets, "any") {
		p.Any, p.Presets = true, nil
	}
	if len(p.Presets) == 0 {
		p.Presets = nil
	}
	return p, s.err()
}
