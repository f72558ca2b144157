package caddymodule

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// transport is the way to the site: through which proxy, trusting whom, proving itself with what.
func (c *Site) transport(s *settings, prefix string) *http.Transport {
	t := atlassian.NewTransport()
	roots, _ := s.roots("trusted_ca", c.TrustedCA)
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	c.proveWith(s, prefix, t.TLSClientConfig)
	proxy := s.text("proxy", c.Proxy, prefix+"_HTTPS_PROXY")
	bypass := strings.Join(s.words("no_proxy", c.NoProxy, prefix+"_NO_PROXY"), ",")
	if proxy == "" && bypass == "" {
		return t
	}
	config := httpproxy.FromEnvironment()
	if proxy != "" {
		checkProxy(s, proxy)
		config.HTTPProxy, config.HTTPSProxy = proxy, proxy
	}
	if bypass != "" {
		config.NoProxy = bypass
	}
	choose := config.ProxyFunc()
	t.Proxy = func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
	return t
}

// checkProxy refuses what httpproxy would take for no proxy at all: the requests would then go past it.
func checkProxy(s *settings, proxy string) {
	if !strings.Contains(proxy, "://") {
		proxy = "http://" + proxy
	}
	u, err := url.Parse(proxy)
	if err == nil && u.Hostname() != "" {
		switch u.Scheme {
		case "http", "https", "socks5", "socks5h":
			return
		}
	}
	s.failf("proxy", "it is not the URL of a proxy, such as http://proxy.example.com:3128")
}

// proveWith presents the client certificate, which is read again at each handshake: such certificates
// live for days.
func (c *Site) proveWith(s *settings, prefix string, config *tls.Config) {
	const option = "client_certificate"
	certificate := s.text(option, c.ClientCertificate, prefix+"_CLIENT_CERT")
	key := s.text(option, c.ClientKey, prefix+"_CLIENT_KEY")
	switch {
	case certificate == "" && key == "":
		return
	case certificate == "" || key == "":
		s.failf(option, "a certificate and its key go together: set %s_CLIENT_CERT and %s_CLIENT_KEY", prefix, prefix)
		return
	}
	load := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		return &pair, err
	}
	if _, err := load(); err != nil {
		// What was given may be the key itself in place of its path.
		reason := err.Error()
		if of := new(fs.PathError); errors.As(err, &of) {
			reason = map[bool]string{true: "that of the certificate: ", false: "that of the key: "}[of.Path == certificate] + of.Err.Error()
		}
		s.failf(option, "it takes the paths of PEM files of a certificate and its unencrypted key (%s_CLIENT_CERT and %s_CLIENT_KEY), and not what is in them: %s", prefix, prefix, reason)
		return
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
}
