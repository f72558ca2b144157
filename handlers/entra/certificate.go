package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// assertionLifetime is short of the ten minutes that Microsoft recommends at most.
const assertionLifetime = 5 * time.Minute

// certificate is a key pair of which Entra knows the public half.
type certificate struct {
	key        *rsa.PrivateKey
	thumbprint string // x5t#S256, RFC 7515 section 4.1.8
	notAfter   time.Time
}

// certificateProver signs an assertion for each request
// (https://learn.microsoft.com/entra/identity-platform/certificate-credentials).
func (p *Provider) certificateProver(c Config) (prover, error) {
	current, err := newCurrent("client_certificate", p.log, func() (*certificate, error) { return readCertificate(c.CertificateFile, c.KeyFile) })
	if err != nil {
		return nil, err
	}
	if end := current.value.notAfter; p.now().After(end) {
		p.warnings = append(p.warnings, fmt.Sprintf("client_certificate: the certificate expired at %s, and Entra refuses it; replace the files, "+
			"which are read again without a reload, and upload it under Certificates & secrets", end.UTC().Format(time.RFC3339)))
	}
	return func(tokenEndpoint string) ([]url.Values, error) {
		jwt, err := p.sign(current.get(), tokenEndpoint)
		if err != nil {
			return nil, err
		}
		return assertion(jwt), nil
	}, nil
}

// readCertificate reads a certificate and its key from PEM files. Its errors repeat nothing of them.
func readCertificate(certificateFile, keyFile string) (*certificate, error) {
	if certificateFile == "" || keyFile == "" {
		return nil, errors.New("client_certificate: it takes two files, the certificate and its key")
	}
	certPEM, err := os.ReadFile(certificateFile)
	if err != nil {
		return nil, fmt.Errorf("client_certificate: %w; name the PEM file of the certificate", err)
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("client_certificate: %w; name the PEM file of the key", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("client_certificate: %s and %s are not the PEM files of a certificate and its unencrypted key: %w", certificateFile, keyFile, err)
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() < minModulusBits {
		return nil, fmt.Errorf("client_certificate: the key in %s is not an RSA key of at least %d bits, and Entra takes no other", keyFile, minModulusBits)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("client_certificate: %s: %w", certificateFile, err)
	}
	sum := sha256.Sum256(leaf.Raw)
	return &certificate{key: key, thumbprint: base64.RawURLEncoding.EncodeToString(sum[:]), notAfter: leaf.NotAfter}, nil
}

// sign makes a client assertion (RFC 7523 section 3) for one request.
func (p *Provider) sign(c *certificate, tokenEndpoint string) (string, error) {
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("x5t#S256", c.thumbprint)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: c.key}, options)
	if err != nil {
		return "", err
	}
	now := p.now()
	payload, err := json.Marshal(map[string]any{
		"aud": tokenEndpoint, "iss": p.clientID, "sub": p.clientID, "jti": rand.Text(),
		"nbf": now.Unix(), "iat": now.Unix(), "exp": now.Add(assertionLifetime).Unix(),
	})
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}
