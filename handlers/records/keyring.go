package records

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySize is the size of every key here: A256GCM, RFC 7518 section 5.3.
const keySize = 32

// maxSealed bounds what Open looks at. The largest thing sealed is a grant with Entra's tokens.
const maxSealed = 256 << 10

// keysAge is how long the key set in memory is used without reading it again: how long a key that
// another node revoked may go on opening what it sealed.
const keysAge = 30 * time.Second

// reloadInterval is how often an unknown key id in what a client sent makes the key set be read
// again.
const reloadInterval = time.Second

// storageRoot is the first part of every key in storage; the version is that of the layout.
const storageRoot = "caddy_atlassian_mcp/v1"

// KeyringConfig configures a Keyring.
type KeyringConfig struct {
	// Issuer is the public URL. Everything sealed is bound to it, and each issuer has keys and
	// records of its own in storage.
	Issuer string

	// MasterKeys wrap the key set in storage; the first writes, every one may read. They are
	// secrets of high entropy such as an Entra client secret, used through HKDF. With none, keys
	// live in memory only and everything sealed is lost when the process ends.
	MasterKeys [][]byte

	// Storage returns the storage to use now, see Config.
	Storage func() Storage

	Logger *slog.Logger
	Now    func() time.Time
}

// Keyring seals and opens data with a set of symmetric keys that all nodes share. The set is a JWK
// set in storage, made on first use under a lock, and wrapped with a master key. It is safe for
// concurrent use.
type Keyring struct {
	cfg       KeyringConfig
	namespace string

	loading chan struct{} // held by whoever reads the keys, or wraps them anew

	mu      sync.RWMutex
	masters [][]byte
	former  [][]byte          // what masters were before the last Rewrap
	keys    []jose.JSONWebKey // the first seals
	loaded  time.Time         // when their reading began

	failed   error // of the last reading that failed
	failedAt time.Time
}

// NewKeyring returns a Keyring. It touches neither storage nor network.
func NewKeyring(c KeyringConfig) *Keyring {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	sum := sha256.Sum256([]byte(c.Issuer))
	return &Keyring{cfg: c, namespace: hex.EncodeToString(sum[:8]), loading: make(chan struct{}, 1), masters: c.MasterKeys}
}

// Persistent reports whether the keys outlive the process.
func (k *Keyring) Persistent() bool { return len(k.readers()) > 0 }

// readers are the master keys that may have wrapped what is in storage. The first one writes. A
// node whose secret changed reads what a slower one wrapped with the former.
func (k *Keyring) readers() [][]byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Concat(k.masters, k.former)
}

// Rewrap replaces the master keys while the Keyring is in use, as when a client secret changes, and
// wraps what is in storage with the first of the new ones. The keys themselves stay, and with them
// all that they have sealed. When it fails, the master keys are as before and it is to be called
// again. With the master keys that it has already it does nothing.
func (k *Keyring) Rewrap(ctx context.Context, masters [][]byte) error {
	select {
	case k.loading <- struct{}{}:
		defer func() { <-k.loading }()
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting for the keys: %w", ErrUnavailable, ctx.Err())
	}
	before := k.masters // written below, and only by who holds loading
	if len(masters) == 0 || len(before) == 0 || slices.EqualFunc(before, masters, bytes.Equal) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	err := k.locked(ctx, func(ctx context.Context, storage Storage) error {
		raw, err := storage.Load(ctx, k.prefix()+"/keys")
		if errors.Is(err, fs.ErrNotExist) {
			return nil // made on first use, with the new ones
		}
		if err != nil {
			return fmt.Errorf("%w: loading the keys: %w", ErrUnavailable, err)
		}
		keys, master, err := k.unwrap(raw, slices.Concat(masters, k.readers()))
		if err != nil || master == 0 {
			return err
		}
		return k.store(ctx, storage, keys, masters[0])
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.masters, k.former = masters, before
	return nil
}

// Seal encrypts plaintext as a compact JWE (dir, A256GCM) that opens for this purpose and issuer
// only. The binding is in the key, which is derived from both, and so costs no bytes.
func (k *Keyring) Seal(ctx context.Context, purpose string, plaintext []byte) (string, error) {
	keys, err := k.set(ctx, "", reloadInterval)
	if err != nil {
		return "", err
	}
	return seal(keys[0], k.derivation("seal", purpose), typ(purpose), plaintext)
}

// Open decrypts what Seal made for the same purpose. It returns ErrInvalid for anything else.
func (k *Keyring) Open(ctx context.Context, purpose, sealed string) ([]byte, error) {
	key, jwe, err := k.keyOf(ctx, sealed)
	if err != nil {
		return nil, err
	}
	if got, _ := jwe.Header.ExtraHeaders[jose.HeaderType].(string); got != typ(purpose) {
		return nil, ErrInvalid
	}
	derived, err := derive(key, k.derivation("seal", purpose))
	if err != nil {
		return nil, err
	}
	plain, err := jwe.Decrypt(derived)
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

// MAC returns the HMAC-SHA256 of sealed under a key derived, for this purpose, from the key that
// sealed it. It ends with that key.
func (k *Keyring) MAC(ctx context.Context, purpose, sealed string) ([]byte, error) {
	key, _, err := k.keyOf(ctx, sealed)
	if err != nil {
		return nil, err
	}
	derived, err := derive(key, k.derivation("mac", purpose))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, derived)
	mac.Write([]byte(sealed))
	return mac.Sum(nil), nil
}

// keyOf parses what Seal made, or a client says that it did, and finds the key it names.
func (k *Keyring) keyOf(ctx context.Context, sealed string) (jose.JSONWebKey, *jose.JSONWebEncryption, error) {
	if len(sealed) > maxSealed || !oneSpelling(sealed) {
		return jose.JSONWebKey{}, nil, ErrInvalid
	}
	jwe, err := jose.ParseEncryptedCompact(sealed, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return jose.JSONWebKey{}, nil, ErrInvalid
	}
	key, err := k.key(ctx, jwe.Header.KeyID, reloadInterval)
	return key, jwe, err
}

// key returns the key with this id, of a set that was read no longer ago than patience where it
// is not in the one in memory.
func (k *Keyring) key(ctx context.Context, id string, patience time.Duration) (jose.JSONWebKey, error) {
	if id == "" {
		return jose.JSONWebKey{}, ErrInvalid
	}
	keys, err := k.set(ctx, id, patience)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	for _, key := range keys {
		if key.KeyID == id {
			return key, nil
		}
	}
	return jose.JSONWebKey{}, ErrInvalid
}

// oneSpelling reports whether every part of a compact JWE is base64url as an encoder writes it.
// Decoders ignore line breaks and the unused bits of a last character, so that one value would have
// many spellings, of which a list of refused ones knows one.
func oneSpelling(sealed string) bool {
	for part := range strings.SplitSeq(sealed, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			return false
		}
	}
	return true
}

// prefix is the common part of all keys in storage of this issuer.
func (k *Keyring) prefix() string { return storageRoot + "/" + k.namespace }

// lockName is free of slashes and upper case, which file storage drops from the names of locks.
func (k *Keyring) lockName(kind, hash string) string {
	return strings.ReplaceAll(storageRoot, "/", "-") + "-" + k.namespace + "-" + kind + "-" + hash
}

// derivation is the HKDF info: what the derived key is for. Its parts are separated by a byte that
// none of them holds.
func (k *Keyring) derivation(use, purpose string) string {
	return use + "\x00" + purpose + "\x00" + k.cfg.Issuer
}

func seal(key jose.JSONWebKey, derivation, typ string, plaintext []byte) (string, error) {
	derived, err := derive(key, derivation)
	if err != nil {
		return "", err
	}
	options := (&jose.EncrypterOptions{}).WithType(jose.ContentType(typ))
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: derived, KeyID: key.KeyID}, options)
	if err != nil {
		return "", fmt.Errorf("sealing: %w", err)
	}
	jwe, err := encrypter.Encrypt(plaintext)
	if err != nil {
		return "", fmt.Errorf("sealing: %w", err)
	}
	return jwe.CompactSerialize()
}

func derive(key jose.JSONWebKey, info string) ([]byte, error) {
	secret, ok := key.Key.([]byte)
	if !ok || len(secret) == 0 {
		return nil, fmt.Errorf("%w: key %q is not symmetric", ErrUnavailable, key.KeyID)
	}
	derived, err := hkdf.Key(sha256.New, secret, nil, info, keySize)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return derived, nil
}

// masterKey gives a configured secret the shape of the other keys. Its id is not derived from it:
// nothing about the secret is stored.
func masterKey(secret []byte) jose.JSONWebKey {
	return jose.JSONWebKey{Key: secret, KeyID: "master"}
}

func newKey() (jose.JSONWebKey, error) {
	secret, id := make([]byte, keySize), make([]byte, 6)
	if _, err := rand.Read(secret); err != nil {
		return jose.JSONWebKey{}, err
	}
	if _, err := rand.Read(id); err != nil {
		return jose.JSONWebKey{}, err
	}
	return jose.JSONWebKey{Key: secret, KeyID: base64.RawURLEncoding.EncodeToString(id), Use: "enc"}, nil
}

// typ is the JWE type of what is sealed for a purpose: its first word.
func typ(purpose string) string {
	word, _, _ := strings.Cut(purpose, "/")
	return word
}

func holds(keys []jose.JSONWebKey, id string) bool {
	for _, key := range keys {
		if key.KeyID == id {
			return true
		}
	}
	return false
}
