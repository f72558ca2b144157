package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// RotateKeys makes a new key, with which everything is sealed from now on; what the older ones
// sealed still opens. With revoke the older ones go, and with them every client id and every record
// but the blocks; it returns how many grants that ended.
//
// Other nodes learn of a new key when they meet it, and of a revoked one within 30 seconds. The
// records that it sealed are removed as well, so that those end on all nodes at once.
func (s *Store) RotateKeys(ctx context.Context, revoke bool) (ended int, err error) {
	ctx = context.WithoutCancel(ctx) // half of it would sign nobody out and look as if it had
	id, err := s.keys.add(ctx)
	if err != nil {
		return 0, fmt.Errorf("adding a key: %w", err)
	}
	if !revoke {
		return 0, nil
	}
	if err := s.resealBlocks(ctx); err != nil {
		return 0, fmt.Errorf("sealing the blocks with the new key: %w", err)
	}
	for g, err := range Grants.All(ctx, s) {
		if errors.Is(err, ErrUnavailable) {
			return 0, fmt.Errorf("counting the grants: %w", err)
		}
		if err == nil && !g.Revoked {
			ended++
		}
	}
	dropped, err := s.keys.dropOlder(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("removing the older keys: %w", err)
	}
	for _, kind := range kinds {
		if err := s.dropSealedWith(ctx, kind, dropped); err != nil {
			return ended, fmt.Errorf("the older keys are revoked, but removing what they sealed: %w", err)
		}
	}
	return ended, nil
}

// resealBlocks seals the records of blocked persons with the new key.
func (s *Store) resealBlocks(ctx context.Context) error {
	for p, err := range Persons.All(ctx, s) {
		if errors.Is(err, ErrInvalid) {
			continue
		}
		if err != nil {
			return err
		}
		if p.Blocked.IsZero() {
			continue
		}
		err = Persons.Update(ctx, s, PersonID(p.TenantID, p.ObjectID), func(context.Context, *Person) error { return nil })
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// dropSealedWith removes the records of a kind that these keys sealed. What does not open for another
// reason is left alone: a key that is newer than we know may have sealed it.
func (s *Store) dropSealedWith(ctx context.Context, kind string, keyIDs []string) error {
	hashes, err := s.hashes(ctx, kind)
	if err != nil {
		return err
	}
	storage := s.storage()
	for _, hash := range hashes {
		raw, err := storage.Load(ctx, s.key(kind, hash))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: loading a %s: %w", ErrUnavailable, kind, err)
		}
		var e envelope
		if json.Unmarshal(raw, &e) != nil || !slices.Contains(keyIDs, e.KeyID) {
			continue
		}
		if err := storage.Delete(ctx, s.key(kind, hash)); err != nil {
			return fmt.Errorf("%w: deleting a %s: %w", ErrUnavailable, kind, err)
		}
	}
	return nil
}
