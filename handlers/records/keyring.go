package records

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySize is the size of every key here: A256GCM, RFC 7518 section 5.3.
const keySize = 32

// maxSealed bounds what Open looks at. The largest thing sealed is a grant with Entra's tokens.
const maxSealed = 256 << 10

// reloadInterval is how often an unknown key id makes the key set be read again.
const reloadInterval = 5 * time.Second

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

	loading chan struct{} // held by whoever reads the keys

	mu     sync.RWMutex
	keys   []jose.JSONWebKey // the first seals
	loaded time.Time
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
	return &Keyring{cfg: c, namespace: hex.EncodeToString(sum[:8]), loading: make(chan struct{}, 1)}
}

// Persistent reports whether the keys outlive the process.
func (k *Keyring) Persistent() bool { return len(k.cfg.MasterKeys) > 0 }

// Seal encrypts plaintext as a compact JWE (dir, A256GCM) that opens for this purpose and issuer
// only. The binding is in the key, which is derived from both, and so costs no bytes.
func (k *Keyring) Seal(ctx context.Context, purpose string, plaintext []byte) (string, error) {
	keys, err := k.set(ctx, "")
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

// keyOf parses a sealed value and finds the key it names.
func (k *Keyring) keyOf(ctx context.Context, sealed string) (jose.JSONWebKey, *jose.JSONWebEncryption, error) {
	none := jose.JSONWebKey{}
	if len(sealed) > maxSealed || !oneSpelling(sealed) {
		return none, nil, ErrInvalid
	}
	jwe, err := jose.ParseEncryptedCompact(sealed, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil || jwe.Header.KeyID == "" {
		return none, nil, ErrInvalid
	}
	keys, err := k.set(ctx, jwe.Header.KeyID)
	if err != nil {
		return none, nil, err
	}
	for _, key := range keys {
		if key.KeyID == jwe.Header.KeyID {
			return key, jwe, nil
		}
	}
	return none, nil, ErrInvalid
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

// set returns the key set, loading or making it when there is none yet, and reading it again when
// it does not hold want, which another node may have added.
func (k *Keyring) set(ctx context.Context, want string) ([]jose.JSONWebKey, error) {
	if keys, fresh := k.cached(want); fresh {
		return keys, nil
	}
	select {
	case k.loading <- struct{}{}:
		defer func() { <-k.loading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: waiting for the keys: %w", ErrUnavailable, ctx.Err())
	}
	cached, fresh := k.cached(want)
	if fresh {
		return cached, nil
	}
	keys, err := k.load(ctx)
	if err != nil && cached == nil {
		return nil, err
	}
	if err != nil {
		k.cfg.Logger.Warn("reading the keys again failed", "error", err)
		keys = cached
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.loaded = keys, k.cfg.Now()
	return keys, nil
}

// cached returns the keys in memory and whether they will do for want.
func (k *Keyring) cached(want string) (keys []jose.JSONWebKey, fresh bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.keys == nil {
		return nil, false
	}
	recent := k.cfg.Now().Sub(k.loaded) < reloadInterval
	return k.keys, want == "" || holds(k.keys, want) || recent || !k.Persistent()
}

func (k *Keyring) load(ctx context.Context) ([]jose.JSONWebKey, error) {
	if !k.Persistent() {
		return newSet()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
	defer cancel()
	storage := k.cfg.Storage()
	raw, err := storage.Load(ctx, k.prefix()+"/keys")
	if errors.Is(err, fs.ErrNotExist) {
		return k.create(ctx, storage)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: loading the keys: %w", ErrUnavailable, err)
	}
	keys, master, err := k.unwrap(raw)
	if err != nil {
		return nil, err
	}
	if master > 0 {
		if err := k.store(ctx, storage, keys); err != nil {
			k.cfg.Logger.Warn("wrapping the keys with the first client secret failed; keep the second one configured", "error", err)
		}
	}
	return keys, nil
}

// create makes the key set under a lock, or reads the one that another node made meanwhile.
func (k *Keyring) create(ctx context.Context, storage Storage) ([]jose.JSONWebKey, error) {
	name := k.lockName("keys", "")
	if err := storage.Lock(ctx, name); err != nil {
		return nil, fmt.Errorf("%w: locking the keys: %w", ErrUnavailable, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageTimeout)
		defer cancel()
		if err := storage.Unlock(ctx, name); err != nil {
			k.cfg.Logger.Warn("unlocking the keys failed", "error", err)
		}
	}()
	raw, err := storage.Load(ctx, k.prefix()+"/keys")
	if err == nil {
		keys, _, err := k.unwrap(raw)
		return keys, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: loading the keys: %w", ErrUnavailable, err)
	}
	keys, err := newSet()
	if err != nil {
		return nil, err
	}
	return keys, k.store(ctx, storage, keys)
}

func (k *Keyring) store(ctx context.Context, storage Storage, keys []jose.JSONWebKey) error {
	plain, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		return err
	}
	wrapped, err := seal(masterKey(k.cfg.MasterKeys[0]), k.derivation("wrap", ""), "keys", plain)
	if err != nil {
		return err
	}
	if err := storage.Store(ctx, k.prefix()+"/keys", []byte(wrapped)); err != nil {
		return fmt.Errorf("%w: storing the keys: %w", ErrUnavailable, err)
	}
	return nil
}

// unwrap opens the stored key set and says which master key it was.
func (k *Keyring) unwrap(raw []byte) (keys []jose.JSONWebKey, master int, err error) {
	jwe, err := jose.ParseEncryptedCompact(string(raw), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, 0, fmt.Errorf("%w: the keys in storage do not parse", ErrUnavailable)
	}
	for i, secret := range k.cfg.MasterKeys {
		derived, err := derive(masterKey(secret), k.derivation("wrap", ""))
		if err != nil {
			return nil, 0, err
		}
		plain, err := jwe.Decrypt(derived)
		if err != nil {
			continue
		}
		var set jose.JSONWebKeySet
		if err := json.Unmarshal(plain, &set); err != nil || len(set.Keys) == 0 {
			return nil, 0, fmt.Errorf("%w: the keys in storage do not decode", ErrUnavailable)
		}
		return set.Keys, i, nil
	}
	return nil, 0, fmt.Errorf("%w: the keys in storage (%s/keys) were wrapped with another secret; "+
		"configure the previous Entra client secret beside the new one, or the previous master_key, "+
		"or delete that key and everybody signs in again", ErrUnavailable, k.prefix())
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

func newSet() ([]jose.JSONWebKey, error) {
	secret, id := make([]byte, keySize), make([]byte, 6)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	return []jose.JSONWebKey{{Key: secret, KeyID: base64.RawURLEncoding.EncodeToString(id), Use: "enc"}}, nil
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
