package entra

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Bounds of a signing key. Microsoft's have 2048 bits.
const (
	minModulusBits = 2048
	maxModulusBits = 8192
	maxKeys        = 256
)

// signingKey is one RSA key of a key set, with the issuer that Microsoft's v2 key sets name for
// each of their keys: a template with {tenantid}, or one tenant. v1 key sets name none.
type signingKey struct {
	id     string
	issuer string
	public *rsa.PublicKey
}

// signs says whether the key may sign for an issuer.
func (k *signingKey) signs(issuer, tenantID string) bool {
	return k.issuer == "" || fillTenant(k.issuer, tenantID) == issuer
}

// usableKeys returns those that may sign for a tenant that is let in; none is an error. The key sets
// of tenant-independent v2 documents name an issuer for each key, and there it is demanded.
func (a *authority) usableKeys(keys []signingKey, m *metadata, v version) ([]signingKey, error) {
	usable := slices.DeleteFunc(keys, func(k signingKey) bool {
		if k.issuer == "" {
			return a.multiTenant() && v == v2
		}
		return !slices.ContainsFunc(a.tenants, func(t string) bool { return k.signs(m.issuerFor(t), t) })
	})
	if len(usable) == 0 {
		return nil, fmt.Errorf("the key set at %s holds no key of the issuer %s", m.KeysURI, m.Issuer)
	}
	return usable, nil
}

// fetchKeys gets a key set (RFC 7517 section 5). Keys that cannot verify RS256 are left out, and a
// set without any other is an error.
func fetchKeys(ctx context.Context, client *http.Client, address string) ([]signingKey, error) {
	var set struct {
		Keys []jsonKey `json:"keys"`
	}
	if err := fetchJSON(ctx, client, address, &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set at %s holds %d keys, more than %d", address, len(set.Keys), maxKeys)
	}
	var keys []signingKey
	for _, k := range set.Keys {
		if public, ok := k.rsaKey(); ok {
			keys = append(keys, signingKey{id: k.ID, issuer: k.Issuer, public: public})
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the key set at %s holds no RSA signing key", address)
	}
	return keys, nil
}

// jsonKey is a JWK (RFC 7517 section 4, RFC 7518 section 6.3.1). Its certificates are not looked
// at: the key set came from the issuer itself.
type jsonKey struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"` // Microsoft leaves it out
	ID        string `json:"kid"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
	Issuer    string `json:"issuer"`
}

func (k *jsonKey) rsaKey() (*rsa.PublicKey, bool) {
	if k.Type != "RSA" || k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != oidc.RS256 {
		return nil, false
	}
	n, errN := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.Modulus, "="))
	e, errE := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.Exponent, "="))
	if errN != nil || errE != nil || k.ID == "" || len(e) == 0 || len(e) > 4 {
		return nil, false
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	bits := public.N.BitLen()
	ok := bits >= minModulusBits && bits <= maxModulusBits && public.E >= 3 && public.E%2 == 1
	return public, ok
}

var (
	errUnknownKey   = errors.New("no key of the issuer has its kid")
	errBadSignature = errors.New("its signature does not match the key")
)

// foundKeys are the keys that have a token's kid and may sign for its issuer.
type foundKeys struct {
	token  *jwt
	keys   []signingKey
	issuer string
}

// verify checks the token's signature.
func (f foundKeys) verify() error {
	for _, k := range f.keys {
		if f.token.signedBy(k.public) {
			return nil
		}
	}
	return errBadSignature
}

// VerifySignature implements [oidc.KeySet] for this token alone. It does no I/O.
func (f foundKeys) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	if raw != f.token.raw {
		return nil, errBadSignature
	}
	return f.token.payload, f.verify()
}
