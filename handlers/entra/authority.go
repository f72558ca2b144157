package entra

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// cloud is one of Microsoft's separate Entra clouds. Its hosts are aliases of each other, as
// Microsoft's instance discovery lists them: a document fetched from one may name another. Its
// token services are hosts that stand in the issuer of v1 tokens and answer nothing we ask for.
type cloud struct {
	hosts         []string // the preferred one first
	tokenServices []string
	graphs        []string // hosts of Microsoft Graph, the usual one first
}

var clouds = []cloud{
	{
		hosts:         []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com"},
		tokenServices: []string{"sts.windows.net"},
		graphs:        []string{"graph.microsoft.com"},
	},
	{
		// The US government cloud shares the v1 issuer of the public one, so a v1 issuer cannot
		// select it.
		hosts:         []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
		tokenServices: []string{"sts.windows.net"},
		graphs:        []string{"graph.microsoft.us", "dod-graph.microsoft.us"},
	},
	{
		hosts:         []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
		tokenServices: []string{"sts.chinacloudapi.cn"},
		graphs:        []string{"microsoftgraph.chinacloudapi.cn"},
	},
}

// guidPattern is how Entra writes a GUID; configuration and claims are lower-cased before.
var guidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func isGUID(s string) bool { return guidPattern.MatchString(s) }

// tenantPlaceholder is what stands for the tenant in the issuer of tenant-independent documents.
const tenantPlaceholder = "{tenantid}"

// authority is where discovery starts, and what it may name.
type authority struct {
	origin   string // scheme and host
	tenant   string // a GUID, organizations or common
	tenants  []string
	hosts    []string // hosts that may appear in discovery as endpoints
	issuers  []string // hosts that may appear in an issuer
	graphs   []string // hosts of Microsoft Graph, none when the host is not one of Microsoft's
	loopback bool
}

// multiTenant says that the authority's documents are tenant-independent.
func (a *authority) multiTenant() bool { return !isGUID(a.tenant) }

// allows says whether people of a tenant may come in.
func (a *authority) allows(tenantID string) bool { return slices.Contains(a.tenants, tenantID) }

// discoveryURL is the OpenID Connect discovery document of one token version.
func (a *authority) discoveryURL(v version) string {
	path := "/" + a.tenant
	if v == v2 {
		path += "/v2.0"
	}
	return a.origin + path + "/.well-known/openid-configuration"
}

const issuerHelp = "ENTRA_ID_EXPECTED_ISSUER must be https://login.microsoftonline.com/{tenant-id}/v2.0, " +
	"with your directory (tenant) id in place of {tenant-id}"

// parseAuthority reads the configured issuer.
func parseAuthority(issuer string, allowAuthority, tenants []string) (*authority, error) {
	if issuer == "" {
		return nil, errors.New("ENTRA_ID_EXPECTED_ISSUER is not set; " + issuerHelp)
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Opaque != "" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.RawPath != "" {
		return nil, fmt.Errorf("%s; %q is not a plain URL", issuerHelp, issuer)
	}
	a, err := authorityHost(u, allowAuthority)
	if err != nil {
		return nil, err
	}
	if a.tenant, err = issuerTenant(u); err != nil {
		return nil, err
	}
	return a, a.setTenants(tenants)
}

// authorityHost decides whether we may trust the host that the issuer names.
func authorityHost(u *url.URL, allowed []string) (*authority, error) {
	host := strings.ToLower(u.Host)
	a := &authority{loopback: isLoopback(u.Hostname())}
	switch {
	case u.Scheme == "http" && a.loopback, u.Scheme == "https":
	case u.Scheme == "http":
		return nil, fmt.Errorf("ENTRA_ID_EXPECTED_ISSUER must be https; http is accepted on loopback only, and %q is not", u.Host)
	default:
		return nil, fmt.Errorf("%s; the scheme %q is not https", issuerHelp, u.Scheme)
	}
	a.origin = u.Scheme + "://" + host
	for _, c := range clouds {
		if u.Scheme != "https" {
			break
		}
		if slices.Contains(c.tokenServices, host) {
			a.origin = "https://" + c.hosts[0]
		}
		if slices.Contains(c.tokenServices, host) || slices.Contains(c.hosts, host) {
			a.hosts, a.issuers, a.graphs = c.hosts, slices.Concat(c.hosts, c.tokenServices), c.graphs
			return a, nil
		}
	}
	if !a.loopback && !slices.ContainsFunc(allowed, func(s string) bool { return strings.EqualFold(s, host) }) {
		return nil, fmt.Errorf("ENTRA_ID_EXPECTED_ISSUER names %q, which is not a host of Microsoft Entra; if it is right, add `allow_authority %s`", u.Host, host)
	}
	a.hosts = []string{host}
	a.issuers = a.hosts
	return a, nil
}

// issuerTenant returns the tenant in the path of the issuer, v1 or v2.
func issuerTenant(u *url.URL) (string, error) {
	path := strings.TrimSuffix(strings.TrimPrefix(u.Path, "/"), "/")
	tenant, rest, _ := strings.Cut(path, "/")
	tenant = strings.ToLower(tenant)
	tokenService := slices.ContainsFunc(clouds, func(c cloud) bool {
		return slices.Contains(c.tokenServices, strings.ToLower(u.Host))
	})
	switch {
	case tokenService && rest != "", !tokenService && rest != "v2.0":
		return "", fmt.Errorf("%s, or https://sts.windows.net/{tenant-id}/ for v1; the path of %q is neither", issuerHelp, u.String())
	case isGUID(tenant):
		return tenant, nil
	case tokenService:
		return "", fmt.Errorf("ENTRA_ID_EXPECTED_ISSUER in its v1 form needs the tenant id (a GUID), and %q is none", tenant)
	case tenant == "organizations", tenant == "common":
		return tenant, nil
	case tenant == "consumers":
		return "", errors.New("ENTRA_ID_EXPECTED_ISSUER names consumers, but personal Microsoft accounts are in no organisation's directory; " + issuerHelp)
	default:
		return "", fmt.Errorf("%s; %q is not a tenant id (GUID), and a domain name cannot appear in a token's issuer", issuerHelp, tenant)
	}
}

func (a *authority) setTenants(tenants []string) error {
	for _, t := range tenants {
		t = strings.ToLower(strings.TrimSpace(t))
		if !isGUID(t) {
			return fmt.Errorf("the list of allowed tenants holds %q, which is not a tenant id (GUID)", t)
		}
		a.tenants = append(a.tenants, t)
	}
	switch {
	case a.multiTenant() && len(a.tenants) == 0:
		return fmt.Errorf("ENTRA_ID_EXPECTED_ISSUER names %q, which would let in every organisation that uses Microsoft Entra; "+
			"list the tenants that may sign in, or put your tenant id in its place", a.tenant)
	case a.multiTenant():
		return nil
	case len(a.tenants) > 1, len(a.tenants) == 1 && a.tenants[0] != a.tenant:
		return fmt.Errorf("ENTRA_ID_EXPECTED_ISSUER admits only the tenant %s, but other tenants are listed as allowed; "+
			"use organizations in place of the tenant id, or remove the list", a.tenant)
	}
	a.tenants = []string{a.tenant}
	return nil
}

// isLoopback says whether a host name reaches only this machine.
func isLoopback(hostname string) bool {
	ip := net.ParseIP(hostname)
	return strings.EqualFold(hostname, "localhost") || ip != nil && ip.IsLoopback()
}
