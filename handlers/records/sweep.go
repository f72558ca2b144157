package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"
)

// SweepInterval is how often expired records are removed, by one node at a time.
const SweepInterval = 10 * time.Minute

// sweepTimeout bounds one sweep, so that a slow storage does not hold its lock for ever.
const sweepTimeout = 5 * time.Minute

// Sweep removes expired records unless a node did so within SweepInterval, and returns how many it
// removed.
func (s *Store) Sweep(ctx context.Context) (removed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	err = s.locked(ctx, "sweep", "", func(context.Context) error {
		due, err := s.sweepDue(ctx)
		if err != nil || !due {
			return err
		}
		for _, kind := range kinds {
			n, err := s.sweepKind(ctx, kind)
			removed += n
			if err != nil {
				return err
			}
		}
		now := strconv.FormatInt(s.now().Unix(), 10)
		return s.storage().Store(ctx, s.keys.prefix()+"/swept", []byte(now))
	})
	if err != nil {
		return removed, fmt.Errorf("sweeping expired records: %w", err)
	}
	return removed, nil
}

func (s *Store) sweepDue(ctx context.Context) (bool, error) {
	raw, err := s.storage().Load(ctx, s.keys.prefix()+"/swept")
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	last, _ := strconv.ParseInt(string(raw), 10, 64) // what is no time is long ago
	return s.now().Sub(time.Unix(last, 0)) >= SweepInterval, nil
}

func (s *Store) sweepKind(ctx context.Context, kind string) (removed int, err error) {
	storage := s.storage()
	keys, err := storage.List(ctx, s.keys.prefix()+"/"+kind, false)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
		raw, err := storage.Load(ctx, key)
		if err != nil {
			continue
		}
		var e envelope
		if json.Unmarshal(raw, &e) == nil && s.now().Unix() < e.Expires {
			continue
		}
		if err := storage.Delete(ctx, key); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
