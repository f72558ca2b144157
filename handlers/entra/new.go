package entra

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func newProvider(c Config) (*Provider, error) {
	a, err := parseAuthority(strings.TrimSpace(c.Issuer), c.AllowAuthority, c.Tenants)
	if err != nil {
		return nil, err
	}
	clientID := strings.ToLower(strings.TrimSpace(c.ClientID))
	if !isGUID(clientID) {
		return nil, fmt.Errorf("ENTRA_ID_CLIENT_ID (or OAUTH_DCR_CLIENT_ID) must be the application (client) id of the app registration, a GUID; it is %q", c.ClientID)
	}
	redirectWarnings, err := checkRedirectURI(c.RedirectURI)
	if err != nil {
		return nil, err
	}
	audiences, err := audienceSet(clientID, c.Audiences)
	if err != nil {
		return nil, err
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "profile", "email"}
	}
	plan, err := planScopes(c.Scopes, clientID, c.Audiences)
	if err != nil {
		return nil, err
	}
	p := &Provider{
		authority:   a,
		clientID:    clientID,
		redirectURI: c.RedirectURI,
		scope:       plan.request,
		short:       plan.short,
		audiences:   audiences,

		resolveGroups: c.ResolveGroups,
		groupsTimeout: groupsTimeout,

		log: c.Logger,
		now: c.Now,
	}
	if strings.HasPrefix(a.origin, "http:") {
		p.warnings = append(p.warnings, "ENTRA_ID_EXPECTED_ISSUER is http on loopback: right for the sandbox, never for people's real accounts")
	}
	p.warnings = slices.Concat(p.warnings, redirectWarnings, plan.warnings)
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.prove, err = p.newProver(c); err != nil {
		return nil, err
	}
	if err := p.checkGraph(); err != nil {
		return nil, err
	}
	p.client = newClient(c.Transport)
	p.v1 = newSource(p, v1)
	p.v2 = newSource(p, v2)
	return p, nil
}

func checkSecrets(secrets []string) error {
	const name = "ENTRA_ID_CLIENT_SECRET (or OAUTH_DCR_CLIENT_SECRET)"
	if len(secrets) == 0 {
		return errors.New(name + " is not set; create a client secret under Certificates & secrets of the app registration")
	}
	if len(secrets) > 2 {
		return errors.New(name + ": at most two secrets, the present one and the one that replaces it")
	}
	for _, s := range secrets {
		switch {
		case strings.TrimSpace(s) == "":
			return errors.New(name + " is empty")
		case isGUID(strings.ToLower(strings.TrimSpace(s))):
			return errors.New(name + " looks like the id of a secret; copy the column Value, which the portal shows only once")
		case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
			return errors.New(name + " holds a space or another character that no secret of Entra has")
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}"):
			return errors.New(name + " holds a placeholder that was not replaced")
		}
	}
	return nil
}

// checkRedirectURI applies what Entra demands of a redirect URI
// (https://learn.microsoft.com/entra/identity-platform/reply-url). What Entra certainly refuses is
// an error; what depends on how it was registered is a warning.
func checkRedirectURI(raw string) (warnings []string, err error) {
	const name = "OAUTH_DCR_REDIRECT_URI (or ENTRA_ID_REDIRECT_URI)"
	if raw == "" {
		return nil, errors.New(name + " is not set; it is this server's callback, such as https://mcp.example.com/oauth/callback")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(raw, "#") {
		return nil, fmt.Errorf("%s must be an absolute URL without user and fragment, such as https://mcp.example.com/oauth/callback", name)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, fmt.Errorf("%s must be https: Entra accepts http on localhost only", name)
	}
	if len(raw) > 256 {
		return nil, fmt.Errorf("%s is longer than the 256 characters that Entra allows", name)
	}
	if strings.ContainsAny(raw, "!$'(),;") {
		return nil, fmt.Errorf("%s holds one of the characters ! $ ' ( ) , ; which Entra refuses", name)
	}
	if u.Scheme == "http" && !strings.EqualFold(u.Hostname(), "localhost") {
		warnings = append(warnings, name+" is http with an address: Entra takes http://127.0.0.1 only through the manifest and [::1] not at all; http://localhost is simpler")
	}
	return warnings, nil
}

// audienceSet lists every aud that means our own application.
func audienceSet(clientID string, further []string) ([]string, error) {
	set := []string{clientID, "api://" + clientID}
	for _, uri := range further {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme == "" {
			return nil, fmt.Errorf("audience %q is not an App ID URI, such as api://mcp.example.com or https://mcp.example.com", uri)
		}
		if isGraph(uri) {
			return nil, fmt.Errorf("audience %q is Microsoft Graph: a token for it must never be accepted here", uri)
		}
		set = append(set, uri)
	}
	return set, nil
}

// requestTimeout bounds each request to Entra, headers and body.
const requestTimeout = 10 * time.Second

// newClient returns a client that follows no redirect: Entra's documents and token endpoint have
// none, and a secret or a trust decision must not move to another address.
func newClient(t http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     t,
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
