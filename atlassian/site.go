package atlassian

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
)

// The products a Site can be for.
const (
	Jira       = "jira"
	Confluence = "confluence"
)

// DefaultMaxResponse is how many bytes of one answer are read when Config does not say.
const DefaultMaxResponse = 10 << 20

// Config describes a site. Only URL is required.
type Config struct {
	// URL is where people open the product in a browser, context path included:
	// https://example.atlassian.net, https://example.atlassian.net/wiki, https://it.example.com/jira.
	URL string

	// Deployment spares the probe when the operator knows it.
	Deployment Deployment

	// CloudID is the site's id at Atlassian's gateway. Set, all calls go through the gateway; empty, the
	// first call with some credentials finds out whether they need it.
	CloudID string

	// Credentials are used for requests whose context carries none.
	Credentials Credentials

	// Transport carries the requests. Nil is a transport of the site's own that honours the
	// proxy variables of the environment. It must not add credentials: it would add them after a
	// redirect, too. Where redirects of files lead is asked through the proxy and with the trusted
	// authorities of an *http.Transport, and without its client certificate.
	Transport http.RoundTripper

	// Headers go with every request to the site, for what stands in front of it. Credentials and
	// whatever frames a message are refused here.
	Headers map[string]string

	// Logger receives retries and what a caller must not see, such as addresses. Nil discards.
	Logger *slog.Logger

	// MaxResponse is the largest answer in bytes, after decompression; zero is DefaultMaxResponse.
	MaxResponse int64

	// UserAgent is sent with every request; empty is "caddy-atlassian-mcp".
	UserAgent string
}

// Site is one Jira or Confluence and everything a request to it needs. It is safe for concurrent
// use; one Site and the clients made over it serve all callers.
type Site struct {
	product   string
	base      *url.URL // what go-atlassian resolves its paths against; ends in "/"
	web       *url.URL // what people open; ends in "/"
	own       Credentials
	transport http.RoundTripper
	bare      http.RoundTripper // the same without client certificate
	public    publicnet.Network
	headers   http.Header
	log       *slog.Logger
	max       int64
	agent     string
	warnings  []string
	retries   *budget

	deployment lookup[Deployment]
	gateway    *url.URL // nil unless a cloud id was configured

	rootsMu sync.Mutex
	roots   map[[sha256.Size]byte]*lookup[*url.URL] // by credentials
}

// NewSite prepares a site without touching the network. Its errors name the variable to change
// (JIRA_URL, CONFLUENCE_URL and so on) and never repeat a secret.
func NewSite(product string, c Config) (*Site, error) {
	if product != Jira && product != Confluence {
		return nil, fmt.Errorf("unknown product %q", product)
	}
	env := strings.ToUpper(product)
	s := &Site{
		product: product,
		own:     c.Credentials,
		log:     c.Logger,
		max:     c.MaxResponse,
		agent:   c.UserAgent,
		retries: newBudget(time.Now()),

		transport: c.Transport,
	}
	if err := s.setURL(env, c.URL); err != nil {
		return nil, err
	}
	if err := s.setDeployment(env, c.Deployment); err != nil {
		return nil, err
	}
	if err := s.setCloudID(env, c.CloudID); err != nil {
		return nil, err
	}
	if err := s.setHeaders(env, c.Headers); err != nil {
		return nil, err
	}
	if err := c.Credentials.check(); err != nil {
		return nil, fmt.Errorf("%s_USERNAME or %s_PERSONAL_TOKEN: %w", env, env, err)
	}
	if c.Credentials.Token == "" {
		s.warn("%s_PERSONAL_TOKEN is not set: calls to %s will be refused", env, s.Name())
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.max <= 0 {
		s.max = DefaultMaxResponse
	}
	if s.agent == "" {
		s.agent = "caddy-atlassian-mcp"
	}
	if s.transport == nil {
		s.transport = NewTransport()
	}
	s.setRedirects()
	return s, nil
}

// setRedirects prepares the ways to where the site's redirects of files lead.
func (s *Site) setRedirects() {
	t, ok := s.transport.(*http.Transport)
	if !ok {
		s.bare, s.public = s.transport, publicnet.New(nil)
		return
	}
	proxy := t.Proxy
	if proxy == nil {
		proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	s.public = publicnet.New(proxy)
	bare := t.Clone()
	bare.DisableKeepAlives = true
	if bare.TLSClientConfig != nil {
		bare.TLSClientConfig.Certificates, bare.TLSClientConfig.GetClientCertificate = nil, nil
		s.public.TLS.RootCAs = bare.TLSClientConfig.RootCAs
	}
	s.bare = bare
}

// Product is "jira" or "confluence".
func (s *Site) Product() string { return s.product }

// Name is the product as people write it.
func (s *Site) Name() string { return productName(s.product) }

// Warnings are sentences for the operator's log about a configuration that works but should be
// looked at.
func (s *Site) Warnings() []string { return s.warnings }

// BaseURL is what go-atlassian's New takes as its site. For Confluence it lacks the trailing
// "/wiki", which all of go-atlassian's paths begin with; Do takes it out of them again where the
// site has none.
func (s *Site) BaseURL() string { return s.base.String() }

// WebURL is the address for people of a path below the site's URL, such as "browse/PLAT-1". The
// path must be escaped already. For Confluence Cloud "/wiki" is part of the site's URL.
func (s *Site) WebURL(path string) string {
	root := s.web.String()
	if s.product == Confluence && s.cloudWithoutWiki() {
		root += "wiki/"
	}
	return root + strings.TrimPrefix(path, "/")
}

func (s *Site) warn(format string, args ...any) {
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
}

// setURL checks the site's address and splits it into base and web.
func (s *Site) setURL(env, raw string) error {
	name := env + "_URL"
	if raw == "" {
		return fmt.Errorf("%s is not set: it is the address of %s, such as https://example.atlassian.net", name, s.Name())
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		return fmt.Errorf("%s is not an absolute http or https address, such as https://example.atlassian.net", name)
	}
	if u.User != nil {
		return fmt.Errorf("%s contains a user name or password: put them into %s_USERNAME and %s_PERSONAL_TOKEN", name, env, env)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s contains a query or fragment: give the address of the site alone", name)
	}
	if strings.Contains(u.Path+"/", "/rest/") || strings.Contains(u.Path, "..") || strings.Contains(u.Path, "%") {
		return fmt.Errorf("%s has the path %q: give the address of the site alone, without a REST path", name, u.Path)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		s.warn("%s uses http: tokens and content travel unencrypted; use https where the site offers it", name)
	}
	if isGateway(u.Hostname()) {
		return fmt.Errorf("%s is Atlassian's gateway: give the address that people open, such as https://example.atlassian.net; calls go through the gateway where the token needs it", name)
	}
	path := strings.Trim(u.Path, "/")
	if isAtlassianHost(u.Hostname()) && path != "" {
		if s.product == Jira || !strings.HasPrefix(path, "wiki") {
			s.warn("%s has the path %q, which Atlassian Cloud sites do not have: it is ignored", name, u.Path)
		}
		path = map[string]string{Confluence: "wiki"}[s.product]
	}
	s.web = &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: "/"}
	if path != "" {
		s.web.Path = "/" + path + "/"
	}
	base := *s.web
	if s.product == Confluence {
		base.Path = strings.TrimSuffix(base.Path, "wiki/")
		if !strings.HasSuffix(base.Path, "/") {
			base.Path = s.web.Path // a context path that merely ends in the letters, such as /mywiki
		}
	}
	s.base = &base
	return nil
}

// wikiInURL says that the configured address ends in "/wiki": paths that begin with "wiki/" are
// then right as they are, on Cloud and on a Data Center with that context path.
func (s *Site) wikiInURL() bool { return s.base.Path != s.web.Path }

// isAtlassianHost says that a host is one that Atlassian names itself.
func isAtlassianHost(host string) bool {
	host = strings.ToLower(host)
	return strings.HasSuffix(host, ".atlassian.net") || strings.HasSuffix(host, governmentSites)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func productName(product string) string {
	if product == Confluence {
		return "Confluence"
	}
	return "Jira"
}

// NewTransport returns what a site uses when Config names no transport: the standard library's,
// proxy variables included, with room for many calls to one host.
func NewTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	t.MaxResponseHeaderBytes = 1 << 20
	return t
}
