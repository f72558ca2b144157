package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"sync"
)

// privateKey is an RSA key with its id.
type privateKey struct {
	id  string
	rsa *rsa.PrivateKey
}

// pool holds the keys of all servers of this process: making one takes a fifth of a second. Like
// the real Entra, every tenant signs with the same keys.
var pool struct {
	sync.Mutex
	keys []privateKey
}

func pooledKey(n int) privateKey {
	pool.Lock()
	defer pool.Unlock()
	for len(pool.keys) <= n {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		sum := sha256.Sum256(k.N.Bytes())
		pool.keys = append(pool.keys, privateKey{id: base64.RawURLEncoding.EncodeToString(sum[:20]), rsa: k})
	}
	return pool.keys[n]
}

// keyRing is the published keys; the first signs.
type keyRing struct {
	published []privateKey
	next      int
}

// strangerKey is the index of a pooled key that no server publishes.
const strangerKey = 0

func newKeyRing() keyRing {
	return keyRing{published: []privateKey{pooledKey(strangerKey + 1)}, next: strangerKey + 2}
}

// RotateKey signs with a new key from now on. The one before stays published, as Entra does at
// first, unless withdraw is set.
func (s *Server) RotateKey(withdraw bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := pooledKey(s.keys.next)
	s.keys.next++
	if withdraw {
		s.keys.published = nil
	}
	s.keys.published = append([]privateKey{fresh}, s.keys.published...)
}

func (s *Server) currentKey() privateKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys.published[0]
}

// keySet is the JWK set (RFC 7517), of which Entra leaves out alg. v2 sets name the issuer of each
// key.
func (s *Server) keySet(issuer string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []map[string]any{}
	for _, k := range s.keys.published {
		key := map[string]any{
			"kty": "RSA", "use": "sig", "kid": k.id, "x5t": k.id,
			"n":                   base64.RawURLEncoding.EncodeToString(k.rsa.N.Bytes()),
			"e":                   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.rsa.E)).Bytes()),
			"cloud_instance_name": "microsoftonline.com",
		}
		if issuer != "" {
			key["issuer"] = issuer
		}
		keys = append(keys, key)
	}
	return map[string]any{"keys": keys}
}
