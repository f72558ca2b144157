package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// errForeign says that none of our master keys wrapped the set in storage.
var errForeign = errors.New("wrapped with another secret")

// set returns the key set, reading or making it when there is none in memory that is young enough,
// and reading it again when it does not hold want, which another node may have added, and was read
// longer ago than patience.
func (k *Keyring) set(ctx context.Context, want string, patience time.Duration) ([]jose.JSONWebKey, error) {
	came := k.cfg.Now()
	if keys, ok := k.cached(want, came.Add(-patience)); ok {
		return keys, nil
	}
	leave, err := k.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if keys, ok := k.cached(want, came.Add(-patience)); ok {
		return keys, nil
	}
	if err := k.failedSince(came); err != nil {
		return nil, err
	}
	return k.read(ctx)
}

// refresh reads the set again.
func (k *Keyring) refresh(ctx context.Context) error {
	leave, err := k.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = k.read(ctx)
	return err
}

// cached returns the keys in memory and whether they will do: they are young enough, and hold want
// or were read after since.
func (k *Keyring) cached(want string, since time.Time) (keys []jose.JSONWebKey, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	switch {
	case k.keys == nil:
		return nil, false
	case len(k.masters) == 0:
		return k.keys, true
	case k.cfg.Now().Sub(k.loaded) >= keysAge:
		return nil, false
	}
	return k.keys, want == "" || holds(k.keys, want) || k.loaded.After(since)
}

// failedSince returns the error of a reading that failed while the caller waited for it, so that
// those who wait for a storage that hangs do not try it one after the other.
func (k *Keyring) failedSince(came time.Time) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.failedAt.After(came) {
		return k.failed
	}
	return nil
}

// enter waits until nobody else reads or changes the keys.
func (k *Keyring) enter(ctx context.Context) (leave func(), err error) {
	select {
	case k.loading <- struct{}{}:
		return func() { <-k.loading }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: waiting for the keys: %w", ErrUnavailable, ctx.Err())
	}
}

// read brings the set of storage into memory. Where it cannot be read, the one in memory is not good
// for longer, because a key may have been revoked; unless another node has wrapped it with a secret
// that this one is yet to get.
func (k *Keyring) read(ctx context.Context) ([]jose.JSONWebKey, error) {
	began := k.cfg.Now()
	keys, err := k.load(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if errors.Is(err, errForeign) && k.keys != nil {
		k.cfg.Logger.Warn("the keys cannot be read again; those in memory go on being used", "error", err)
		keys, err = k.keys, nil
	}
	if err != nil {
		k.failed, k.failedAt = err, k.cfg.Now()
		return nil, err
	}
	k.keys, k.loaded = keys, began
	return keys, nil
}

func (k *Keyring) load(ctx context.Context) ([]jose.JSONWebKey, error) {
	if !k.Persistent() {
		return k.change(ctx, keep)
	}
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageTimeout)
	defer cancel()
	keys, master, err := k.stored(reading, k.cfg.Storage())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k.change(ctx, keep)
	case err == nil && master > 0:
		if _, err := k.change(ctx, keep); err != nil {
			k.cfg.Logger.Warn("wrapping the keys with the first client secret failed; keep the second one configured", "error", err)
		}
	}
	return keys, err
}

// stored returns the set in storage and the number of the master key that wrapped it, fs.ErrNotExist
// when there is none.
func (k *Keyring) stored(ctx context.Context, storage Storage) (keys []jose.JSONWebKey, master int, err error) {
	raw, err := storage.Load(ctx, k.prefix()+"/keys")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fs.ErrNotExist
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: loading the keys: %w", ErrUnavailable, err)
	}
	return k.unwrap(raw, k.readers())
}

// An alteration makes a new key set of one that is not empty.
type alteration func([]jose.JSONWebKey) []jose.JSONWebKey

// keep alters nothing.
func keep(keys []jose.JSONWebKey) []jose.JSONWebKey { return keys }

// change alters the set that all nodes share, having made it if there is none, and wraps it with the
// first master key. Its caller has entered.
func (k *Keyring) change(ctx context.Context, alter alteration) (keys []jose.JSONWebKey, err error) {
	if !k.Persistent() {
		if keys = k.keys; keys == nil {
			keys, err = newSet()
		}
		return alter(keys), err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
	defer cancel()
	err = k.locked(ctx, func(ctx context.Context, storage Storage) error {
		keys, _, err = k.stored(ctx, storage)
		if errors.Is(err, fs.ErrNotExist) {
			keys, err = newSet()
		}
		if err != nil {
			return err
		}
		keys = alter(keys)
		return k.store(ctx, storage, keys, k.masters[0])
	})
	return keys, err
}

// locked runs f while no other node changes the set.
func (k *Keyring) locked(ctx context.Context, f func(context.Context, Storage) error) error {
	storage, name := k.cfg.Storage(), k.lockName("keys", "")
	if err := storage.Lock(ctx, name); err != nil {
		return fmt.Errorf("%w: locking the keys: %w", ErrUnavailable, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageTimeout)
		defer cancel()
		if err := storage.Unlock(ctx, name); err != nil {
			k.cfg.Logger.Warn("unlocking the keys failed", "error", err)
		}
	}()
	return f(ctx, storage)
}

func (k *Keyring) store(ctx context.Context, storage Storage, keys []jose.JSONWebKey, master []byte) error {
	plain, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		return err
	}
	wrapped, err := seal(masterKey(master), k.derivation("wrap", ""), "keys", plain)
	if err != nil {
		return err
	}
	if err := storage.Store(ctx, k.prefix()+"/keys", []byte(wrapped)); err != nil {
		return fmt.Errorf("%w: storing the keys: %w", ErrUnavailable, err)
	}
	return nil
}

// unwrap opens the stored key set and says which master key it was.
func (k *Keyring) unwrap(raw []byte, masters [][]byte) (keys []jose.JSONWebKey, master int, err error) {
	jwe, err := jose.ParseEncryptedCompact(string(raw), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, 0, fmt.Errorf("%w: the keys in storage do not parse", ErrUnavailable)
	}
	for i, secret := range masters {
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
	return nil, 0, fmt.Errorf("%w: the keys in storage (%s/keys) were %w; "+
		"configure the previous Entra client secret beside the new one, or the previous master_key, "+
		"or delete that key and everybody signs in again", ErrUnavailable, k.prefix(), errForeign)
}

func newSet() ([]jose.JSONWebKey, error) {
	key, err := newKey()
	return []jose.JSONWebKey{key}, err
}

// add puts a new key in front, which seals from now on, and returns its id.
func (k *Keyring) add(ctx context.Context) (id string, err error) {
	key, err := newKey()
	if err != nil {
		return "", err
	}
	return key.KeyID, k.alter(ctx, func(keys []jose.JSONWebKey) []jose.JSONWebKey {
		return append([]jose.JSONWebKey{key}, keys...)
	})
}

// dropOlder removes the keys that are older than the one with this id, and returns their ids. Where
// that is gone, somebody else dropped it, and with it the older ones.
func (k *Keyring) dropOlder(ctx context.Context, id string) (dropped []string, err error) {
	err = k.alter(ctx, func(keys []jose.JSONWebKey) []jose.JSONWebKey {
		kept := slices.IndexFunc(keys, func(key jose.JSONWebKey) bool { return key.KeyID == id }) + 1
		if kept == 0 {
			return keys
		}
		for _, key := range keys[kept:] {
			dropped = append(dropped, key.KeyID)
		}
		return keys[:kept]
	})
	return dropped, err
}

func (k *Keyring) alter(ctx context.Context, a alteration) error {
	leave, err := k.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	began := k.cfg.Now()
	keys, err := k.change(ctx, a)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.loaded = keys, began
	return nil
}
