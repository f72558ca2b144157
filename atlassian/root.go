package atlassian

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// The root of a site is where its API answers: at the site's own address or, for API tokens with
// scopes, which Cloud takes nowhere else, below the site's cloud id at Atlassian's gateway. Only
// credentials tell which; the site's own address says nothing of it.

// Atlassian's gateways: that of everybody, and that of the government's cloud. They are no setting,
// because credentials go there.
const (
	gateway           = "https://api.atlassian.com/"
	governmentGateway = "https://api.atlassian-us-gov-mod.com/"
)

// governmentSites is how the hosts of the government's cloud end.
const governmentSites = ".atlassian-us-gov-mod.net"

var cloudID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// maxRoots bounds the memory of which credentials go where.
const maxRoots = 1000

// gatewayRoot is the root of the site with this cloud id at the gateway.
func (s *Site) gatewayRoot(id string) (*url.URL, error) {
	if !cloudID.MatchString(id) {
		return nil, errors.New("not a cloud id, such as 1324a887-45db-1bf4-1e99-ef0ff456d421")
	}
	origin := gateway
	if strings.HasSuffix(s.base.Hostname(), governmentSites) {
		origin = governmentGateway
	}
	return url.Parse(origin + "ex/" + s.product + "/" + strings.ToLower(id) + "/")
}

// isGateway says that a host is a gateway, which somebody may have taken for the site.
func isGateway(host string) bool {
	origin := "https://" + strings.ToLower(host) + "/"
	return origin == gateway || origin == governmentGateway
}

func (s *Site) setCloudID(env, id string) error {
	if id == "" {
		return nil
	}
	if s.known() == DataCenter {
		return fmt.Errorf("%s_CLOUD_ID is set for a site whose %s_DEPLOYMENT is %q: only Cloud has cloud ids", env, env, DataCenter)
	}
	root, err := s.gatewayRoot(id)
	if err != nil {
		return fmt.Errorf("%s_CLOUD_ID: %w", env, err)
	}
	s.gateway = root
	s.deployment.set(Cloud)
	return nil
}

// root is where requests with these credentials go. For Cloud, unless a cloud id was configured, the
// first call with them asks who they are of, at the site and then at the gateway. Cloud speaks https:
// what calls itself Cloud without it is none, and its tokens do not go to Atlassian.
func (s *Site) root(ctx context.Context, d Deployment, creds Credentials) (*url.URL, error) {
	switch {
	case s.gateway != nil:
		return s.gateway, nil
	case d != Cloud || s.base.Scheme != "https":
		return s.base, nil
	}
	return s.rootOf(creds).get(ctx, s, func(ctx context.Context) (*url.URL, error) {
		return s.findRoot(WithCredentials(ctx, creds))
	})
}

func (s *Site) rootOf(creds Credentials) *lookup[*url.URL] {
	key := sha256.Sum256([]byte(creds.Username + "\x00" + creds.Token))
	s.rootsMu.Lock()
	defer s.rootsMu.Unlock()
	found := s.roots[key]
	if found == nil {
		if s.roots == nil || len(s.roots) >= maxRoots {
			s.roots = make(map[[sha256.Size]byte]*lookup[*url.URL])
		}
		found = new(lookup[*url.URL])
		s.roots[key] = found
	}
	return found
}

// findRoot is where the credentials of the context are known: the site first, since tokens without
// scopes need nothing else.
func (s *Site) findRoot(ctx context.Context) (*url.URL, error) {
	atSite := s.recognised(ctx, s.base)
	var refused *Error
	if atSite == nil || !errors.As(atSite, &refused) || !isSignIn(refused.Status) {
		return s.base, atSite
	}
	var tenant struct {
		CloudID string `json:"cloudId"`
	}
	if err := s.probeJSON(ctx, "_edge/tenant_info", &tenant); err != nil {
		return nil, atSite
	}
	root, err := s.gatewayRoot(tenant.CloudID)
	if err != nil {
		return nil, atSite
	}
	switch err := s.recognised(ctx, root); {
	case err == nil || lacksScope(err):
		s.log.Info("the API token has scopes: calls go through Atlassian's gateway", "product", s.product, "gateway", root.Host)
		return root, nil
	case errors.Is(err, ErrBadCredentials):
		return nil, err
	}
	return nil, atSite
}

// recognised asks who the credentials are of.
func (s *Site) recognised(ctx context.Context, root *url.URL) error {
	path := "rest/api/3/myself"
	if s.product == Confluence {
		path = "wiki/rest/api/user/current"
	}
	var who struct {
		AccountID string `json:"accountId"`
	}
	if err := s.getJSON(ctx, root, path, &who); err != nil {
		return err
	}
	if who.AccountID == "" {
		return s.anonymousAnswer(nil, s.credentials(ctx))
	}
	return nil
}

// lacksScope says that the gateway knows the token, which was made without a scope that the request
// needs.
func lacksScope(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized && strings.Contains(strings.Join(e.Messages, " "), "scope does not match")
}
