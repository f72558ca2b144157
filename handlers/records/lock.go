package records

import (
	"context"
	"fmt"
	"sync"
)

// locked runs f while holding the record's lock, first within the process and then in storage, so
// that a storage lock has at most one waiter per node. f's context outlives the caller's: what was
// begun under a lock is brought to its end.
func (s *Store) locked(ctx context.Context, kind, hash string, f func(context.Context) error) error {
	unlock, err := s.lockLocally(ctx, kind, hash)
	if err != nil {
		return err
	}
	defer unlock()
	return s.lockedInStorage(ctx, kind, hash, f)
}

func (s *Store) lockLocally(ctx context.Context, kind, hash string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	if unlock, err = s.local.lock(ctx, s.keys.lockName(kind, hash)); err != nil {
		return nil, fmt.Errorf("%w: waiting for a %s: %w", ErrUnavailable, kind, err)
	}
	return unlock, nil
}

func (s *Store) lockedInStorage(ctx context.Context, kind, hash string, f func(context.Context) error) error {
	wait, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	name := s.keys.lockName(kind, hash)
	storage := s.storage()
	if err := storage.Lock(wait, name); err != nil {
		return fmt.Errorf("%w: locking a %s: %w", ErrUnavailable, kind, err)
	}
	lasting := context.WithoutCancel(ctx)
	defer func() {
		ctx, cancel := context.WithTimeout(lasting, storageTimeout)
		defer cancel()
		if err := storage.Unlock(ctx, name); err != nil {
			s.log.Warn("unlocking a record failed", "kind", kind, "error", err)
		}
	}()
	return f(lasting)
}

// keyedMutex is one mutex per name, kept only while somebody holds or waits for it.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	held  chan struct{} // capacity 1: full while held
	users int
}

func (m *keyedMutex) lock(ctx context.Context, name string) (unlock func(), err error) {
	m.mu.Lock()
	if m.locks == nil {
		m.locks = make(map[string]*keyedLock)
	}
	l := m.locks[name]
	if l == nil {
		l = &keyedLock{held: make(chan struct{}, 1)}
		m.locks[name] = l
	}
	l.users++
	m.mu.Unlock()

	leave := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(m.locks, name)
		}
	}
	select {
	case l.held <- struct{}{}:
		return func() { <-l.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
