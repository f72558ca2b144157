// Package records keeps what must live between requests: encrypted, expiring, take-once records
// over the few operations of Caddy's storage, and the keys that seal them.
//
// Storage has no expiry, no compare-and-set, and deleting a missing key succeeds. So the expiry is
// inside each record, whatever must happen once happens under a lock, and a sweep removes what has
// expired. The names of keys are hashes: a dump of the storage holds neither tokens nor the means
// to read them.
package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"path"
	"time"
)

// Storage is the part of certmagic.Storage that records need. Load reports a missing key with
// fs.ErrNotExist.
type Storage interface {
	Lock(ctx context.Context, name string) error
	Unlock(ctx context.Context, name string) error
	Store(ctx context.Context, key string, value []byte) error
	Load(ctx context.Context, key string) ([]byte, error)
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, prefix string, recursive bool) ([]string, error)
}

var (
	// ErrNotFound is returned for a record that does not exist or has expired.
	ErrNotFound = errors.New("record not found")

	// ErrExists is returned by Create for an id that is taken.
	ErrExists = errors.New("record exists")

	// ErrInvalid is returned for sealed data that is not ours, was sealed for something else, or
	// was altered.
	ErrInvalid = errors.New("sealed data is not valid")

	// ErrUnavailable wraps every failure that says nothing about the record: storage that does not
	// answer, a lock that is not to be had in time, keys that cannot be read. The answer to it is
	// 503, never a refusal.
	ErrUnavailable = errors.New("storage is unavailable")
)

// lockTimeout bounds the wait for a record's lock. Whoever holds one may be waiting for Entra, and
// others poll for a storage lock once a second.
const lockTimeout = 15 * time.Second

// storageTimeout bounds what is done under a lock or to release it, which goes on when the caller
// has gone away.
const storageTimeout = 5 * time.Second

// listTimeout bounds the listing of all records of a kind.
const listTimeout = 30 * time.Second

// Config configures a Store. All fields but Logger and Now are required.
type Config struct {
	// Storage returns the storage to use now. It is asked on each call, because a reload closes
	// the old configuration's storage while its requests still run.
	Storage func() Storage

	Keys   *Keyring
	Logger *slog.Logger
	Now    func() time.Time
}

// Store keeps records of every Kind. It is safe for concurrent use.
type Store struct {
	storage func() Storage
	keys    *Keyring
	log     *slog.Logger
	now     func() time.Time
	local   keyedMutex
}

// New returns a Store. It touches neither storage nor network.
func New(c Config) *Store {
	s := &Store{storage: c.Storage, keys: c.Keys, log: c.Logger, now: c.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Record is a value that knows when it ends.
type Record interface {
	ExpiresAt() time.Time
}

// Kind is one sort of record. The kinds of this product are Transactions, Codes, Issuances, Grants
// and Persons.
type Kind[T Record] struct{ name string }

// Get returns the record with this id. It returns ErrNotFound when there is none or it expired.
func (k Kind[T]) Get(ctx context.Context, s *Store, id string) (T, error) {
	return k.load(ctx, s, hashID(id), 0)
}

// load reads the record whose id has this hash; patience is that of Keyring.key.
func (k Kind[T]) load(ctx context.Context, s *Store, hash string, patience time.Duration) (T, error) {
	var none, v T
	loading, cancel := context.WithTimeout(ctx, storageTimeout)
	defer cancel()
	raw, err := s.storage().Load(loading, s.key(k.name, hash))
	if errors.Is(err, fs.ErrNotExist) {
		return none, ErrNotFound
	}
	if err != nil {
		return none, fmt.Errorf("%w: loading a %s: %w", ErrUnavailable, k.name, err)
	}
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return none, fmt.Errorf("%w: %s is not an envelope", ErrInvalid, k.name)
	}
	plain, err := s.keys.openEnvelope(ctx, k.purpose(hash), &e, patience)
	if err != nil {
		return none, fmt.Errorf("opening a %s: %w", k.name, err)
	}
	if err := json.Unmarshal(plain, &v); err != nil {
		return none, fmt.Errorf("%w: %s does not decode", ErrInvalid, k.name)
	}
	if !s.now().Before(v.ExpiresAt()) {
		return none, ErrNotFound
	}
	return v, nil
}

// All returns the live records of a kind, in no order. One that does not open comes as ErrInvalid
// and the others follow; trouble with the storage comes as ErrUnavailable and ends it.
func (k Kind[T]) All(ctx context.Context, s *Store) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		hashes, err := s.hashes(ctx, k.name)
		if err != nil {
			yield(none, err)
			return
		}
		for _, hash := range hashes {
			v, err := k.load(ctx, s, hash, reloadInterval)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if !yield(v, err) || errors.Is(err, ErrUnavailable) {
				return
			}
		}
	}
}

// hashes lists the ids, hashed, of the records of a kind.
func (s *Store) hashes(ctx context.Context, kind string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	keys, err := s.storage().List(ctx, s.keys.prefix()+"/"+kind, false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: listing every %s: %w", ErrUnavailable, kind, err)
	}
	for i, key := range keys {
		keys[i] = path.Base(key)
	}
	return keys, nil
}

// Put stores a record, over an older one if there is one.
func (k Kind[T]) Put(ctx context.Context, s *Store, id string, v T) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding a %s: %w", k.name, err)
	}
	hash := hashID(id)
	e, err := s.keys.sealEnvelope(ctx, k.purpose(hash), plain)
	if err != nil {
		return err
	}
	e.Expires = v.ExpiresAt().Unix()
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storageTimeout)
	defer cancel()
	if err := s.storage().Store(ctx, s.key(k.name, hash), raw); err != nil {
		return fmt.Errorf("%w: storing a %s: %w", ErrUnavailable, k.name, err)
	}
	return nil
}

// Create stores a record under its lock and returns ErrExists when a live one has the id already.
func (k Kind[T]) Create(ctx context.Context, s *Store, id string, v T) error {
	return s.locked(ctx, k.name, hashID(id), func(ctx context.Context) error {
		switch _, err := k.Get(ctx, s, id); {
		case err == nil:
			return ErrExists
		case !errors.Is(err, ErrNotFound):
			return err
		}
		return k.Put(ctx, s, id, v)
	})
}

// Update loads a record under its lock, lets f change it, and stores it when f returns nil. An
// error of f is returned as it is and nothing is stored, unless it is wrapped with Keep. f runs
// with a context that does not end when the caller goes away.
func (k Kind[T]) Update(ctx context.Context, s *Store, id string, f func(ctx context.Context, v T) error) error {
	return k.UpdateUnless(ctx, s, id, func(T) error { return nil }, f)
}

// UpdateUnless is Update for a record that may be settled for good, as a redeemed code is: settled is
// asked first, under the lock of this process alone, and its error is returned as it is. The waiters
// for a storage lock take turns by the second, so those that have nothing to change must not join.
func (k Kind[T]) UpdateUnless(ctx context.Context, s *Store, id string, settled func(v T) error, f func(ctx context.Context, v T) error) error {
	hash := hashID(id)
	unlock, err := s.lockLocally(ctx, k.name, hash)
	if err != nil {
		return err
	}
	defer unlock()
	v, err := k.Get(ctx, s, id)
	if err != nil {
		return err
	}
	if err := settled(v); err != nil {
		return err
	}
	return s.lockedInStorage(ctx, k.name, hash, func(ctx context.Context) error {
		v, err := k.Get(ctx, s, id)
		if err != nil {
			return err
		}
		return k.apply(ctx, s, id, v, f)
	})
}

// Upsert is Update for a record that need not exist: f then gets fresh. One that does not open any
// more, because its key was revoked, counts as none.
func (k Kind[T]) Upsert(ctx context.Context, s *Store, id string, fresh T, f func(ctx context.Context, v T) error) error {
	return s.locked(ctx, k.name, hashID(id), func(ctx context.Context) error {
		v, err := k.Get(ctx, s, id)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
			v, err = fresh, nil
		}
		if err != nil {
			return err
		}
		return k.apply(ctx, s, id, v, f)
	})
}

// apply stores what f makes of a record.
func (k Kind[T]) apply(ctx context.Context, s *Store, id string, v T, f func(ctx context.Context, v T) error) error {
	err := f(ctx, v)
	var kept *keptError
	if err != nil && !errors.As(err, &kept) {
		return err
	}
	if putErr := k.Put(ctx, s, id, v); putErr != nil {
		return putErr
	}
	if kept != nil {
		return kept.err
	}
	return nil
}

// Delete removes a record. Deleting one that does not exist is no error.
func (k Kind[T]) Delete(ctx context.Context, s *Store, id string) error {
	if err := s.storage().Delete(ctx, s.key(k.name, hashID(id))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: deleting a %s: %w", ErrUnavailable, k.name, err)
	}
	return nil
}

// Keep makes Update store the changed record and still return err: a wrong try that must count, a
// reuse that must revoke.
func Keep(err error) error { return &keptError{err} }

type keptError struct{ err error }

func (e *keptError) Error() string { return e.err.Error() }

// purpose binds what is sealed to the kind and the place of the record, so that two records
// swapped in storage do not open.
func (k Kind[T]) purpose(hash string) string { return "record/" + k.name + "/" + hash }

func (s *Store) key(kind, hash string) string { return s.keys.prefix() + "/" + kind + "/" + hash }

func hashID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
