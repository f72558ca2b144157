package entra

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
)

// start is when the clock of setup starts.
var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// withCertificate registers pairs with Entra and uses the first of them.
func withCertificate(t *testing.T, dir string, pairs ...*keypair.Pair) option {
	t.Helper()
	certificateFile, keyFile := pairs[0].Write(t, dir)
	return func(s *sandbox.Config, c *Config) {
		s.ClientSecret, c.ClientSecrets = "", nil
		for _, p := range pairs {
			s.Certificates = append(s.Certificates, p.Certificate)
		}
		c.CertificateFile, c.KeyFile = certificateFile, keyFile
	}
}

// withLog keeps what is logged.
func withLog(into *safeBuffer) option {
	return func(_ *sandbox.Config, c *Config) { c.Logger = slog.New(slog.NewTextHandler(into, nil)) }
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestClientAssertion reads the assertion by hand: nothing that made it helps to verify it.
func TestClientAssertion(t *testing.T) {
	pair := keypair.New(t, start)
	f := setup(t, withCertificate(t, t.TempDir(), pair))
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	first := f.entra.Last(sandbox.Token)
	if _, err := f.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	ids := map[any]bool{}
	for _, form := range []map[string][]string{first, f.entra.Last(sandbox.Token)} {
		if form["client_secret"] != nil || form["client_assertion_type"][0] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			t.Errorf("sent %v", form)
		}
		header, claims := openAssertion(t, form["client_assertion"][0], pair)
		thumbprint := sha256.Sum256(pair.Certificate.Raw)
		if header["alg"] != "PS256" || header["typ"] != "JWT" || header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(thumbprint[:]) || len(header) != 3 {
			t.Errorf("header %v", header)
		}
		endpoint := strings.TrimSuffix(f.entra.Authority(), "/v2.0") + "/oauth2/v2.0/token"
		if claims["iss"] != clientID || claims["sub"] != clientID || claims["aud"] != endpoint {
			t.Errorf("claims %v", claims)
		}
		now := float64(start.Unix())
		if exp, _ := claims["exp"].(float64); claims["nbf"] != now || claims["iat"] != now || exp <= now || exp > now+600 {
			t.Errorf("times %v", claims)
		}
		ids[claims["jti"]] = true
	}
	if len(ids) != 2 || ids[""] || ids[nil] {
		t.Errorf("jti is not another one for each request: %v", ids)
	}
}

func openAssertion(t *testing.T, jwt string, pair *keypair.Pair) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", jwt)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	if err := rsa.VerifyPSS(&pair.Key.PublicKey, crypto.SHA256, digest[:], signature, options); err != nil {
		t.Error(err)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// TestRotatedCertificate replaces the files one after the other, as a person would.
func TestRotatedCertificate(t *testing.T) {
	dir, log := t.TempDir(), new(safeBuffer)
	old, fresh := keypair.New(t, start), keypair.New(t, start)
	f := setup(t, withCertificate(t, dir, old, fresh), withLog(log))
	expect := func(when string, pair *keypair.Pair) {
		t.Helper()
		if _, err := f.exchangeFresh(t); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		openAssertion(t, f.entra.Last(sandbox.Token).Get("client_assertion"), pair)
	}
	expect("at first", old)
	keypair.WriteFile(t, filepath.Join(dir, "cert.pem"), fresh.CertificatePEM())
	expect("with the new certificate and the old key", old)
	expect("still", old)
	if n := strings.Count(log.String(), "cannot be read again"); n != 1 || !strings.Contains(log.String(), "client_certificate") {
		t.Errorf("logged %d times: %s", n, log)
	}
	keypair.WriteFile(t, filepath.Join(dir, "key.pem"), fresh.KeyPEM(t))
	expect("with both", fresh)
	if err := os.Remove(filepath.Join(dir, "key.pem")); err != nil {
		t.Fatal(err)
	}
	expect("without the key", fresh)
	if strings.Contains(log.String(), "PRIVATE KEY") {
		t.Errorf("the log shows the key: %s", log)
	}
}

func TestCertificateThatEntraDoesNotKnow(t *testing.T) {
	dir := t.TempDir()
	known := keypair.New(t, start)
	f := setup(t, withCertificate(t, dir, known))
	keypair.New(t, start).Write(t, dir)
	_, err := f.exchangeFresh(t)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Misconfigured || e.Code != "AADSTS700027" || !strings.Contains(e.Operator, "client_certificate") {
		t.Errorf("got %v, want the operator's fault", err)
	}
	known.Write(t, dir)
	f.entra.Misbehave(func(b *sandbox.Behaviour) { b.ClockOffset = time.Hour })
	if _, err = f.exchangeFresh(t); !errors.As(err, &e) || e.Code != "AADSTS700024" || !strings.Contains(e.Operator, "clock") {
		t.Errorf("an hour behind: got %v, want the operator's clock", err)
	}
}

// federatedToken is a token of a Kubernetes cluster's, say.
func federatedToken(t *testing.T, issuer *keypair.Pair, change map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": "https://oidc.example.com/cluster", "sub": "system:serviceaccount:mcp:caddy", "aud": []string{"api://AzureADTokenExchange"},
		"exp": start.Add(time.Hour).Unix(), "nbf": start.Unix(),
	}
	maps.Copy(claims, change)
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: issuer.Key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func withFederatedToken(issuer *keypair.Pair, file string) option {
	return func(s *sandbox.Config, c *Config) {
		s.ClientSecret, c.ClientSecrets = "", nil
		s.Federated = []sandbox.FederatedCredential{{Issuer: "https://oidc.example.com/cluster", Subject: "system:serviceaccount:mcp:caddy", Key: &issuer.Key.PublicKey}}
		c.FederatedTokenFile = file
	}
}

func TestFederatedToken(t *testing.T) {
	issuer, log := keypair.New(t, start), new(safeBuffer)
	file := filepath.Join(t.TempDir(), "token")
	first := federatedToken(t, issuer, map[string]any{"jti": "1"})
	keypair.WriteFile(t, file, []byte(first+"\n"))
	f := setup(t, withFederatedToken(issuer, file), withLog(log))
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.entra.Last(sandbox.Token).Get("client_assertion"); got != first {
		t.Errorf("sent %q, want what is in the file", got)
	}
	f.clock.advance(2 * time.Hour)
	var e *Error
	if _, err := f.Refresh(t.Context(), tokens.RefreshToken); !errors.As(err, &e) || e.Code != "AADSTS700024" || e.OAuth != "temporarily_unavailable" {
		t.Errorf("an expired token: got %v", err)
	}
	second := federatedToken(t, issuer, map[string]any{"exp": start.Add(3 * time.Hour).Unix()})
	keypair.WriteFile(t, file, []byte(second))
	if tokens, err = f.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("not-a-token-but-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Errorf("with a broken file, and a token that is still good: %v", err)
	}
	for _, hidden := range []string{"not-a-token", first, second} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("the log shows a token: %s", log)
		}
	}
	if !strings.Contains(log.String(), "federated_token_file") {
		t.Errorf("the log does not say what is wrong: %s", log)
	}
}

func TestFederatedTokenOfSomebodyElse(t *testing.T) {
	issuer, file := keypair.New(t, start), filepath.Join(t.TempDir(), "token")
	keypair.WriteFile(t, file, []byte(federatedToken(t, issuer, map[string]any{"sub": "system:serviceaccount:mcp:Caddy"})))
	f := setup(t, withFederatedToken(issuer, file))
	_, err := f.exchangeFresh(t)
	var e *Error
	if !errors.As(err, &e) || e.Code != "AADSTS700213" || !strings.Contains(e.Operator, "subject") {
		t.Errorf("got %v, want what to compare", err)
	}
}

// TestRotatedSecret replaces the secret while the provider runs.
func TestRotatedSecret(t *testing.T) {
	var mu sync.Mutex
	now, trouble := []string{secret}, error(nil)
	set := func(err error, secrets ...string) {
		mu.Lock()
		defer mu.Unlock()
		now, trouble = secrets, err
	}
	log := new(safeBuffer)
	f := setup(t, withLog(log), func(s *sandbox.Config, c *Config) {
		s.ExtraSecrets = []string{"brand-new~secret"}
		c.ClientSecrets = nil
		c.ReadSecrets = func() ([]string, error) {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(now), trouble
		}
	})
	for _, step := range []struct {
		name    string
		err     error
		secrets []string
		want    string
		asks    int
	}{
		{"at first", nil, []string{secret}, secret, 1},
		{"the new one first", nil, []string{"brand-new~secret", secret}, "brand-new~secret", 1},
		{"the new one not known to Entra yet", nil, []string{"unknown~secret", secret}, secret, 2},
		{"what worked comes first", nil, []string{"unknown~secret", secret}, secret, 1},
		{"the new one alone", nil, []string{"brand-new~secret"}, "brand-new~secret", 1},
		{"the file is gone", errors.New("no such file"), nil, "brand-new~secret", 1},
		{"the file is empty", nil, []string{""}, "brand-new~secret", 1},
		{"the file holds the secret's id", nil, []string{clientID}, "brand-new~secret", 1},
	} {
		set(step.err, step.secrets...)
		before := f.entra.Count(sandbox.Token)
		if _, err := f.exchangeFresh(t); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := f.entra.Last(sandbox.Token).Get("client_secret"); got != step.want || f.entra.Count(sandbox.Token)-before != step.asks {
			t.Errorf("%s: %q after %d requests", step.name, got, f.entra.Count(sandbox.Token)-before)
		}
	}
	for _, want := range []string{"no such file", "is empty", "column Value"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
	for _, hidden := range []string{secret, "brand-new~secret", "unknown~secret"} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("the log shows a secret: %s", log)
		}
	}
}

// TestSecretsAreReadByManyAtOnce is for the race detector.
func TestSecretsAreReadByManyAtOnce(t *testing.T) {
	f := setup(t, func(_ *sandbox.Config, c *Config) { c.ClientSecrets = []string{"expired~secret", secret} })
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := f.Refresh(t.Context(), tokens.RefreshToken); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestNewRefusesCredentials(t *testing.T) {
	dir := t.TempDir()
	certificateFile, keyFile := keypair.New(t, start).Write(t, dir)
	otherDir := t.TempDir()
	otherCertificate, _ := keypair.New(t, start).Write(t, otherDir)
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		keypair.WriteFile(t, path, []byte(content))
		return path
	}
	missing := filepath.Join(dir, "missing")
	elliptic := file("ec.pem", ellipticPair(t))
	token := file("token", "a.b.c")
	for _, tc := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"secret and certificate", func(c *Config) { c.CertificateFile, c.KeyFile = certificateFile, keyFile }, []string{"client_certificate", "ENTRA_ID_CLIENT_SECRET", "remove the others"}},
		{"secret and token", func(c *Config) { c.FederatedTokenFile = token }, []string{"federated_token_file", "ENTRA_ID_CLIENT_SECRET"}},
		{"certificate and token", func(c *Config) {
			c.ClientSecrets, c.CertificateFile, c.KeyFile, c.FederatedTokenFile = nil, certificateFile, keyFile, token
		}, []string{"federated_token_file", "client_certificate"}},
		{"certificate without key", func(c *Config) { c.ClientSecrets, c.CertificateFile = nil, certificateFile }, []string{"client_certificate", "two files"}},
		{"key without certificate", func(c *Config) { c.ClientSecrets, c.KeyFile = nil, keyFile }, []string{"client_certificate", "two files"}},
		{"no certificate there", func(c *Config) { c.ClientSecrets, c.CertificateFile, c.KeyFile = nil, missing, keyFile }, []string{"client_certificate", missing, "PEM file of the certificate"}},
		{"no key there", func(c *Config) { c.ClientSecrets, c.CertificateFile, c.KeyFile = nil, certificateFile, missing }, []string{"client_certificate", missing, "PEM file of the key"}},
		{"the other way round", func(c *Config) { c.ClientSecrets, c.CertificateFile, c.KeyFile = nil, keyFile, certificateFile }, []string{"client_certificate", keyFile, "unencrypted key"}},
		{"not a pair", func(c *Config) { c.ClientSecrets, c.CertificateFile, c.KeyFile = nil, otherCertificate, keyFile }, []string{"client_certificate", "does not match"}},
		{"elliptic curve", func(c *Config) { c.ClientSecrets, c.CertificateFile, c.KeyFile = nil, elliptic, elliptic }, []string{"client_certificate", "RSA"}},
		{"no token there", func(c *Config) { c.ClientSecrets, c.FederatedTokenFile = nil, missing }, []string{"federated_token_file", "AZURE_FEDERATED_TOKEN_FILE", missing}},
		{"no token in it", func(c *Config) { c.ClientSecrets, c.FederatedTokenFile = nil, file("bad-token", secret) }, []string{"federated_token_file", "does not hold a JWT"}},
		{"secrets cannot be read", func(c *Config) {
			c.ClientSecrets, c.ReadSecrets = nil, func() ([]string, error) { return nil, errors.New("no such file") }
		}, []string{"no such file"}},
		{"what is read is no secret", func(c *Config) {
			c.ClientSecrets, c.ReadSecrets = nil, func() ([]string, error) { return []string{secret + "\n"}, nil }
		}, []string{"ENTRA_ID_CLIENT_SECRET"}},
	} {
		c := valid(t)
		tc.change(&c)
		_, err := New(c)
		for _, part := range tc.want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want an error about %q", tc.name, err, part)
			}
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "-----")) {
			t.Errorf("%s: the error shows a secret: %v", tc.name, err)
		}
	}
}

func TestNewWarnsOfAnExpiredCertificate(t *testing.T) {
	c := valid(t)
	c.ClientSecrets = nil
	c.CertificateFile, c.KeyFile = keypair.New(t, start).Write(t, t.TempDir())
	for later, want := range map[time.Duration]int{0: 0, 400 * 24 * time.Hour: 1} {
		c.Now = func() time.Time { return start.Add(later) }
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if w := p.Warnings(); len(w) != want || want == 1 && !strings.Contains(w[0], "client_certificate") {
			t.Errorf("after %v: warnings %q", later, w)
		}
	}
}

// ellipticPair is a certificate with a key of a kind that Entra does not take.
func ellipticPair(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := *keypair.New(t, start).Certificate
	template.PublicKey, template.SignatureAlgorithm = nil, x509.UnknownSignatureAlgorithm
	raw, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
