package caddymodule

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
)

// outbound is whom connections that leave from here trust.
type outbound struct {
	roots *x509.CertPool // nil: whom the system trusts
	pem   string         // what it was made of
}

// roots reads PEM files of certificate authorities into a pool that holds the system's too. It
// returns no pool when none is configured. What it read is part of what two configurations must
// have in common to share connections.
func (s *settings) roots(option string, configured []string) (pool *x509.CertPool, pem string) {
	if len(configured) == 0 {
		return nil, ""
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // the system has none; the configured ones are then all
	}
	for _, file := range s.secrets(option, configured) {
		raw, err := os.ReadFile(file)
		switch {
		case err != nil:
			s.failf(option, "%v; name a PEM file of a certificate authority", err)
		case !pool.AppendCertsFromPEM(raw):
			s.failf(option, "%s holds no certificate; name a PEM file of a certificate authority", file)
		}
		pem += string(raw)
	}
	return pool, pem
}

// trusting makes a transport, which nobody uses yet, accept servers that the roots vouch for.
func trusting(t *http.Transport, roots *x509.CertPool) *http.Transport {
	t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return t
}
