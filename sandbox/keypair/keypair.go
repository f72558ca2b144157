// Package keypair makes self-signed certificates for tests: those that an application proves itself
// with, and those of servers.
package keypair

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Pair is a certificate and its RSA key.
type Pair struct {
	Certificate *x509.Certificate
	Key         *rsa.PrivateKey
}

// New makes a pair that is valid from a year before to a year after now, as a server for the host
// names too.
func New(t testing.TB, now time.Time, hosts ...string) *Pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "caddy-atlassian-mcp test"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), DNSNames: hosts,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &Pair{Certificate: certificate, Key: key}
}

// TLS is the pair as a server uses it.
func (p *Pair) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.Certificate.Raw}, PrivateKey: p.Key}
}

// CertificatePEM is the certificate as in a file.
func (p *Pair) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw})
}

// KeyPEM is the key in PKCS #8.
func (p *Pair) KeyPEM(t testing.TB) []byte {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// Write writes the pair to cert.pem and key.pem in a folder.
func (p *Pair) Write(t testing.TB, dir string) (certificateFile, keyFile string) {
	t.Helper()
	certificateFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	WriteFile(t, certificateFile, p.CertificatePEM())
	WriteFile(t, keyFile, p.KeyPEM(t))
	return certificateFile, keyFile
}

// WriteFile replaces a file in one step, as secret stores do.
func WriteFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
