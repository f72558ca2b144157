package records_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
)

// grantOf returns a new grant of a person, made now.
func grantOf(object, id string) *records.Grant {
	return &records.Grant{ID: id, TenantID: "tid", ObjectID: object, Created: time.Now(), Expires: time.Now().Add(24 * time.Hour)}
}

func add(t *testing.T, s *records.Store, g *records.Grant) (ended []*records.Grant) {
	t.Helper()
	ended, err := s.AddGrant(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

// live returns the ids of the grants that are not revoked, and counts those that do not open.
func live(t *testing.T, s *records.Store) (ids map[string]bool, unreadable int) {
	t.Helper()
	ids = make(map[string]bool)
	for g, err := range records.Grants.All(t.Context(), s) {
		switch {
		case errors.Is(err, records.ErrInvalid):
			unreadable++
		case err != nil:
			t.Fatal(err)
		case !g.Revoked:
			ids[g.ID] = true
		}
	}
	return ids, unreadable
}

func TestAllRecordsOfAKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m recordstest.Memory
		one, _ := node(&m, secret)
		two, _ := node(&m, secret)
		if ids, _ := live(t, one); len(ids) != 0 {
			t.Errorf("before anything is stored: %v", ids)
		}
		for i, id := range []string{"a", "b", "c", "short"} {
			g := grantOf("ada", id)
			if id == "short" {
				g.Expires = time.Now().Add(time.Minute)
			}
			add(t, []*records.Store{one, two}[i%2], g)
		}
		for key := range m.Dump() {
			if strings.Contains(key, "/grant/") {
				if err := m.Store(ctx, key+"0", m.Dump()[key]); err != nil { // in a place that is not its own
					t.Fatal(err)
				}
				break
			}
		}
		time.Sleep(time.Minute)
		if ids, unreadable := live(t, two); len(ids) != 3 || !ids["a"] || !ids["b"] || !ids["c"] || unreadable > 1 {
			t.Errorf("live %v, unreadable %d", ids, unreadable)
		}
		m.Fault = func(operation, _ string) error {
			if operation == "load" {
				return errors.New("connection refused")
			}
			return nil
		}
		var errs []error
		for _, err := range records.Grants.All(ctx, two) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], records.ErrUnavailable) {
			t.Errorf("storage that fails: %v, want ErrUnavailable once", errs)
		}
	})
}

func TestTheOldestGrantMakesRoom(t *testing.T) {
	var m recordstest.Memory
	s, _ := node(&m, secret)
	add(t, s, grantOf("ben", "of-ben"))
	for i := range records.MaxGrants {
		if ended := add(t, s, grantOf("ada", fmt.Sprint("g", i))); len(ended) != 0 {
			t.Fatalf("grant %d ended %v", i, ended)
		}
	}
	if _, err := s.EndGrant(t.Context(), "g1"); err != nil {
		t.Fatal(err)
	}
	if ended := add(t, s, grantOf("ada", "after-one-ended")); len(ended) != 0 {
		t.Errorf("a grant ended although another had: %v", ended)
	}
	ended := add(t, s, grantOf("ada", "one-too-many"))
	if len(ended) != 1 || ended[0].ID != "g0" || !ended[0].Revoked {
		t.Errorf("ended %+v, want g0", ended)
	}
	ids, _ := live(t, s)
	if len(ids) != records.MaxGrants+1 || ids["g0"] || ids["g1"] || !ids["one-too-many"] || !ids["of-ben"] {
		t.Errorf("%d grants live: %v", len(ids), ids)
	}
}

func TestGrantsOfOnePersonAddedOnTwoNodes(t *testing.T) {
	var m recordstest.Memory
	one, _ := node(&m, secret)
	two, _ := node(&m, secret)
	var wg sync.WaitGroup
	for i := range records.MaxGrants + 20 {
		wg.Go(func() { add(t, []*records.Store{one, two}[i%2], grantOf("ada", fmt.Sprint("g", i))) })
	}
	wg.Wait()
	if ids, _ := live(t, one); len(ids) != records.MaxGrants {
		t.Errorf("%d grants live, want %d", len(ids), records.MaxGrants)
	}
}

func TestBlock(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	one, _ := node(&m, secret)
	two, _ := node(&m, secret)
	add(t, one, grantOf("ada", "a1"))
	add(t, two, grantOf("ada", "a2"))
	add(t, two, grantOf("ben", "b"))
	changed, ended, err := one.Block(ctx, "TID", "Ada")
	if err != nil || !changed || len(ended) != 2 {
		t.Fatalf("Block = %v, %v, %v; want true and both of her grants", changed, ended, err)
	}
	if changed, ended, err := two.Block(ctx, "tid", "ada"); err != nil || changed || len(ended) != 0 {
		t.Errorf("again: %v, %v, %v", changed, ended, err)
	}
	for object, want := range map[string]bool{"ada": true, "ADA": true, "ben": false, "nobody": false} {
		if blocked, err := two.Blocked(ctx, "tid", object); err != nil || blocked != want {
			t.Errorf("Blocked(%s) = %v, %v", object, blocked, err)
		}
	}
	if _, err := two.AddGrant(ctx, grantOf("ada", "a3")); !errors.Is(err, records.ErrBlocked) {
		t.Errorf("a new grant: %v, want ErrBlocked", err)
	}
	if was, err := two.Unblock(ctx, "tid", "ada"); err != nil || !was {
		t.Errorf("Unblock = %v, %v", was, err)
	}
	if was, err := one.Unblock(ctx, "tid", "nobody"); err != nil || was {
		t.Errorf("Unblock of nobody = %v, %v", was, err)
	}
	add(t, one, grantOf("ada", "a4"))
	if ids, _ := live(t, one); ids["a1"] || ids["a2"] || !ids["a4"] || !ids["b"] {
		t.Errorf("live after the block was lifted: %v", ids)
	}
}

// TestBlockAgainstSignIn: whichever of a block and a new grant comes first, no live grant is left.
func TestBlockAgainstSignIn(t *testing.T) {
	for i := range 50 {
		var m recordstest.Memory
		one, _ := node(&m, secret)
		two, _ := node(&m, secret)
		var wg sync.WaitGroup
		var added error
		wg.Go(func() { _, added = one.AddGrant(t.Context(), grantOf("ada", "g")) })
		wg.Go(func() {
			if _, _, err := two.Block(t.Context(), "tid", "ada"); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if ids, _ := live(t, one); ids["g"] && added == nil {
			t.Fatalf("round %d: the grant was accepted and lives on", i)
		}
	}
}

func TestABlockDoesNotEndByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m recordstest.Memory
		s, _ := node(&m, secret)
		add(t, s, grantOf("ben", "b"))
		if _, _, err := s.Block(t.Context(), "tid", "ada"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * 365 * 24 * time.Hour)
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if blocked, err := s.Blocked(t.Context(), "tid", "ada"); err != nil || !blocked {
			t.Errorf("after nine years: %v, %v", blocked, err)
		}
		persons := 0
		for key := range m.Dump() {
			if strings.Contains(key, "/person/") {
				persons++
			}
		}
		if persons != 1 {
			t.Errorf("%d persons are kept, want only who is blocked", persons)
		}
	})
}

func TestStorageHoldsNoPersonReadably(t *testing.T) {
	var m recordstest.Memory
	s, _ := node(&m, secret)
	if _, _, err := s.Block(t.Context(), "tenant-of-ada", "object-id-of-ada"); err != nil {
		t.Fatal(err)
	}
	for key, value := range m.Dump() {
		if strings.Contains(key+string(value), "of-ada") {
			t.Errorf("storage shows who is blocked in %s", key)
		}
	}
}
