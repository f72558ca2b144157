package caddymodule_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// newTLSWorld is a world whose public URL is https, with a name that only the client of trust knows.
func newTLSWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(c *sandbox.Config) {
		c.RedirectURI = strings.Replace(c.RedirectURI, "http://localhost", "https://mcp.example.com", 1)
	})
	w.base = fmt.Sprintf("https://mcp.example.com:%d", w.port)
	return w
}

// secureCaddyfile is a whole configuration with these sites, whose certificates Caddy issues itself.
func (w *world) secureCaddyfile(global, sites string) string {
	return fmt.Sprintf(`{
	admin %s
	persist_config off
	skip_install_trust
	auto_https disable_redirects
	storage file_system %s
	log {
		output file %s
		format json
		level DEBUG
	}
	%s
}
%s`, w.admin, filepath.Join(w.dir, "storage"), w.logFile(), global, sites)
}

// site is one with a certificate of Caddy's internal authority.
func (w *world) site(address, content string) string {
	return address + " {\nbind 127.0.0.1\ntls internal\n" + content + "\n}\n"
}

// innerSite is one behind another proxy, which is where TLS ends.
func (w *world) innerSite(address, content string) string {
	_, port, _ := strings.Cut(address, ":")
	return "http://:" + port + " {\nbind 127.0.0.1\n" + content + "\n}\n"
}

// trust makes the client of w trust Caddy's authority, find its hosts here, and speak this version
// of HTTP. A test that needs to know the client again gives it an address.
func (w *world) trust(version int, from ...net.IP) {
	w.t.Helper()
	root, err := os.ReadFile(filepath.Join(w.dir, "storage", "pki", "authorities", "local", "root.crt"))
	if err != nil {
		w.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(version == 1)
	protocols.SetHTTP2(version == 2)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, Protocols: protocols, DialContext: hereFrom(from...),
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: overTLS{transport}, CheckRedirect: noRedirects.CheckRedirect, Timeout: noRedirects.Timeout}
	w.untilCertified()
}

// overTLS leaves the stand-ins, which speak HTTP/1.1 without TLS, to the usual client.
type overTLS struct{ secure *http.Transport }

// RoundTrip implements http.RoundTripper.
func (o overTLS) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return o.secure.RoundTrip(r)
	}
	return noRedirects.Transport.RoundTrip(r)
}

func hereFrom(from ...net.IP) func(context.Context, string, string) (net.Conn, error) {
	var dialer net.Dialer
	if len(from) > 0 {
		dialer.LocalAddr = &net.TCPAddr{IP: from[0]}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, network, "127.0.0.1:"+port)
	}
}

// untilCertified waits for the certificates, which Caddy gets after it has started.
func (w *world) untilCertified() {
	w.t.Helper()
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var resp *http.Response
		for _, host := range []string{"mcp", "tools"} {
			if host == "tools" && !strings.Contains(w.log(), "tools.example.com") {
				break
			}
			if resp, err = w.client.Do(w.requestTo(http.MethodGet, strings.Replace(w.base, "mcp", host, 1)+"/", "")); err != nil {
				break
			}
			resp.Body.Close()
		}
		if err == nil {
			return
		}
	}
	w.t.Fatal(err)
}

func (w *world) requestTo(method, url, body string, headers ...string) *http.Request {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}
