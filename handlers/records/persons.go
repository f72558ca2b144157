package records

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	// MaxGrants is how many grants of one person live at a time.
	MaxGrants = 50

	// GrantLifetime is how long a grant lives at most.
	GrantLifetime = 90 * 24 * time.Hour

	// blockLifetime is how long a block holds. Only an operator ends one, so it outlives everything
	// that it could shut out.
	blockLifetime = 10 * 365 * 24 * time.Hour
)

// ErrBlocked is returned for somebody whom the operator has shut out.
var ErrBlocked = errors.New("the person is blocked")

// PersonID is the id of a person's record, from Entra's tid and oid.
func PersonID(tenantID, objectID string) string { return strings.ToLower(tenantID + "/" + objectID) }

// AddGrant stores a new grant and enters it with its person, or returns ErrBlocked. Where they have
// MaxGrants already the oldest ends, and is returned.
//
// The grant is stored first, so that whoever blocks the person meanwhile either finds it, or shuts
// it out here.
func (s *Store) AddGrant(ctx context.Context, g *Grant) (ended []*Grant, err error) {
	if err := Grants.Put(ctx, s, g.ID, g); err != nil {
		return nil, err
	}
	fresh := &Person{TenantID: g.TenantID, ObjectID: g.ObjectID}
	err = Persons.Upsert(ctx, s, PersonID(g.TenantID, g.ObjectID), fresh, func(ctx context.Context, p *Person) error {
		if !p.Blocked.IsZero() {
			return ErrBlocked
		}
		p.Name, p.Expires = g.Name, g.Created.Add(GrantLifetime)
		p.Grants = append(p.Grants, g.ID)
		for len(p.Grants) > MaxGrants {
			oldest, err := s.end(ctx, p.Grants[0])
			if err != nil {
				return err
			}
			if oldest != nil {
				ended = append(ended, oldest)
			}
			p.Grants = p.Grants[1:]
		}
		return nil
	})
	return ended, err
}

// EndGrant ends a grant and returns it, or nil where nothing was to end.
func (s *Store) EndGrant(ctx context.Context, id string) (*Grant, error) {
	g, err := s.end(ctx, id)
	if g == nil {
		return nil, err
	}
	err = Persons.Update(ctx, s, PersonID(g.TenantID, g.ObjectID), func(_ context.Context, p *Person) error {
		p.Grants = slices.DeleteFunc(p.Grants, func(listed string) bool { return listed == id })
		return nil
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		s.log.Warn("an ended grant still counts as one of its person's", "error", err)
	}
	return g, nil
}

func (s *Store) end(ctx context.Context, id string) (ended *Grant, err error) {
	over := func(g *Grant) error {
		if g.Revoked {
			return ErrNotFound
		}
		return nil
	}
	err = Grants.UpdateUnless(ctx, s, id, over, func(_ context.Context, g *Grant) error {
		if err := over(g); err != nil {
			return err
		}
		g.Revoke()
		ended = g
		return nil
	})
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrInvalid):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return ended, nil
}

// EndGrants ends the live grants that match and returns them. With an error it returns those that
// it ended before; to be called again.
func (s *Store) EndGrants(ctx context.Context, match func(*Grant) bool) (ended []*Grant, err error) {
	for g, err := range Grants.All(ctx, s) {
		switch {
		case errors.Is(err, ErrInvalid):
			continue // nobody can use it either
		case err != nil:
			return ended, err
		case g.Revoked || !match(g):
			continue
		}
		g, err = s.end(ctx, g.ID)
		if err != nil {
			return ended, err
		}
		if g != nil {
			ended = append(ended, g)
		}
	}
	return ended, nil
}

// Block shuts a person out and ends their grants, which it returns, and reports whether they were not
// blocked before. They need not have signed in ever.
func (s *Store) Block(ctx context.Context, tenantID, objectID string) (changed bool, ended []*Grant, err error) {
	// A block that is sealed with a key which was just revoked elsewhere would be lost.
	if err := s.keys.refresh(ctx); err != nil {
		return false, nil, err
	}
	id := PersonID(tenantID, objectID)
	err = Persons.Upsert(ctx, s, id, &Person{TenantID: tenantID, ObjectID: objectID}, func(_ context.Context, p *Person) error {
		if changed = p.Blocked.IsZero(); changed {
			p.Blocked = s.now()
		}
		p.Grants, p.Expires = nil, s.now().Add(blockLifetime)
		return nil
	})
	if err != nil {
		return false, nil, err
	}
	ended, err = s.EndGrants(ctx, func(g *Grant) bool { return PersonID(g.TenantID, g.ObjectID) == id })
	return changed, ended, err
}

// Unblock lets a person sign in again, and reports whether they were blocked. Their grants stay
// ended.
func (s *Store) Unblock(ctx context.Context, tenantID, objectID string) (was bool, err error) {
	err = Persons.Update(ctx, s, PersonID(tenantID, objectID), func(_ context.Context, p *Person) error {
		was = !p.Blocked.IsZero()
		p.Blocked, p.Expires = time.Time{}, s.now().Add(GrantLifetime)
		return nil
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
		return false, nil
	}
	return was, err
}

// Blocked reports whether a person is shut out.
func (s *Store) Blocked(ctx context.Context, tenantID, objectID string) (bool, error) {
	p, err := Persons.Get(ctx, s, PersonID(tenantID, objectID))
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return !p.Blocked.IsZero(), nil
}
