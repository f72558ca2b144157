package atlassian

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
)

// TestClientCertificates: a site that demands one, with the right one, none and a stranger's. The
// refusal comes in the handshake, so that nothing can have been applied, though the alert that says why
// may get lost with the connection.
func TestClientCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("asked with %s", r.Proto)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	}))
	known, stranger := keypair.New(t, time.Now()), keypair.New(t, time.Now())
	roots := x509.NewCertPool()
	roots.AddCert(known.Certificate)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, MaxVersion: tls.VersionTLS12}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for name, tc := range map[string]struct {
		shown *keypair.Pair
		ok    bool
	}{"known": {known, true}, "none": {nil, false}, "a stranger's": {stranger, false}} {
		t.Run(name, func(t *testing.T) {
			transport := NewTransport()
			transport.TLSClientConfig = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
			if tc.shown != nil {
				pair := tc.shown.TLS()
				transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			}
			s := newTestSite(t, Jira, transport, func(c *Config) { c.URL = server.URL })
			resp, err := s.Do(newRequest(t, t.Context(), s, "POST"))
			if tc.ok {
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Uncertain || !strings.Contains(err.Error(), "JIRA_CLIENT_CERT") && !strings.Contains(err.Error(), "connection broke") {
				t.Errorf("error = %v, want one that leaves nothing open", err)
			}
		})
	}
}
