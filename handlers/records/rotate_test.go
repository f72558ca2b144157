package records_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
)

// keyID returns the id of the key that sealed a value.
func keyID(t *testing.T, sealed string) string {
	t.Helper()
	header, _, _ := strings.Cut(sealed, ".")
	raw, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), `"kid":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func sealed(t *testing.T, keys *records.Keyring) string {
	t.Helper()
	s, err := keys.Seal(t.Context(), "client_id", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rotate(t *testing.T, s *records.Store, revoke bool) (ended int) {
	t.Helper()
	ended, err := s.RotateKeys(t.Context(), revoke)
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

// After a rotation the old is readable, and the new is written with the new key.
func TestAttack8_7_Rotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m recordstest.Memory
		one, keys1 := node(&m, secret)
		two, keys2 := node(&m, secret)
		before := sealed(t, keys1)
		add(t, two, grantOf("ada", "old"))
		if ended := rotate(t, one, false); ended != 0 {
			t.Errorf("%d grants ended", ended)
		}
		after := sealed(t, keys1)
		if keyID(t, after) == keyID(t, before) {
			t.Error("the old key still seals")
		}
		add(t, one, grantOf("ada", "new"))
		for _, s := range []*records.Store{one, two} {
			for _, id := range []string{"old", "new"} {
				if _, err := records.Grants.Get(ctx, s, id); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		}
		time.Sleep(30 * time.Second)
		if got := keyID(t, sealed(t, keys2)); got != keyID(t, after) {
			t.Error("the other node still seals with the old key")
		}
		for _, s := range []string{before, after} {
			if _, err := keys2.Open(ctx, "client_id", s); err != nil {
				t.Errorf("the other node: %v", err)
			}
		}
	})
}

// TestRevokedKeysAreRefusedWithin30Seconds: by a node that made no rotation and is busy all the
// time, records at once and client ids within 30 seconds.
func TestRevokedKeysAreRefusedWithin30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m recordstest.Memory
		one, keys1 := node(&m, secret)
		two, keys2 := node(&m, secret)
		add(t, two, grantOf("ada", "a"))
		add(t, two, grantOf("ben", "b"))
		if _, err := two.EndGrant(ctx, "b"); err != nil {
			t.Fatal(err)
		}
		old := sealed(t, keys2)
		if ended := rotate(t, one, true); ended != 1 {
			t.Errorf("%d grants ended, want 1", ended)
		}
		if _, err := records.Grants.Get(ctx, two, "a"); !errors.Is(err, records.ErrNotFound) {
			t.Errorf("a record at once: %v, want ErrNotFound", err)
		}
		if _, err := keys1.Open(ctx, "client_id", old); !errors.Is(err, records.ErrInvalid) {
			t.Errorf("where it was revoked: %v, want ErrInvalid", err)
		}
		for range 300 {
			time.Sleep(100 * time.Millisecond)
			sealed(t, keys2)
		}
		if _, err := keys2.Open(ctx, "client_id", old); !errors.Is(err, records.ErrInvalid) {
			t.Errorf("elsewhere after 30 seconds: %v, want ErrInvalid", err)
		}
		if _, err := keys2.Open(ctx, "client_id", sealed(t, keys1)); err != nil {
			t.Errorf("what the new key sealed: %v", err)
		}
	})
}

// TestABlockOutlivesRevokedKeys: also one that a node makes that has not heard of the revocation.
func TestABlockOutlivesRevokedKeys(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	one, _ := node(&m, secret)
	two, keys2 := node(&m, secret)
	sealed(t, keys2)
	if _, _, err := one.Block(ctx, "tid", "ada"); err != nil {
		t.Fatal(err)
	}
	rotate(t, one, true)
	if _, _, err := two.Block(ctx, "tid", "ben"); err != nil {
		t.Fatal(err)
	}
	three, _ := node(&m, secret)
	for _, s := range []*records.Store{one, two, three} {
		for _, object := range []string{"ada", "ben"} {
			if blocked, err := s.Blocked(ctx, "tid", object); err != nil || !blocked {
				t.Errorf("%s: %v, %v", object, blocked, err)
			}
		}
	}
	if n := len(m.Dump()); n != 3 {
		t.Errorf("%d values are stored, want the keys and the blocks", n)
	}
}

func TestRotationOfKeysInMemory(t *testing.T) {
	var m recordstest.Memory
	s, keys := node(&m)
	before := sealed(t, keys)
	rotate(t, s, false)
	if _, err := keys.Open(t.Context(), "client_id", before); err != nil {
		t.Errorf("after a rotation: %v", err)
	}
	rotate(t, s, true)
	if _, err := keys.Open(t.Context(), "client_id", before); !errors.Is(err, records.ErrInvalid) {
		t.Errorf("after a revocation: %v, want ErrInvalid", err)
	}
}

// TestRotationOnTwoNodesAtOnce: whoever comes last, everything that is kept opens on both.
func TestRotationOnTwoNodesAtOnce(t *testing.T) {
	for range 20 {
		var m recordstest.Memory
		one, keys1 := node(&m, secret)
		two, keys2 := node(&m, secret)
		if _, _, err := one.Block(t.Context(), "tid", "ada"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, s := range []*records.Store{one, two} {
			wg.Go(func() { rotate(t, s, true) })
		}
		wg.Wait()
		fresh, keys3 := node(&m, secret)
		if blocked, err := fresh.Blocked(t.Context(), "tid", "ada"); err != nil || !blocked {
			t.Fatalf("the block: %v, %v", blocked, err)
		}
		// One of the two may not know yet that the other dropped its key.
		opened := 0
		for _, keys := range []*records.Keyring{keys1, keys2} {
			if _, err := keys3.Open(t.Context(), "client_id", sealed(t, keys)); err == nil {
				opened++
			}
		}
		if opened == 0 {
			t.Error("neither node has a key that counts")
		}
	}
}

// TestRotationFailingAtAnyPoint fails the n-th storage call for every n: the next try succeeds, and
// no block is lost.
func TestRotationFailingAtAnyPoint(t *testing.T) {
	for n := 1; ; n++ {
		var m recordstest.Memory
		s, keys := node(&m, secret)
		add(t, s, grantOf("ben", "b"))
		if _, _, err := s.Block(t.Context(), "tid", "ada"); err != nil {
			t.Fatal(err)
		}
		old, calls := sealed(t, keys), 0
		m.Fault = func(string, string) error {
			if calls++; calls == n {
				return errors.New("connection refused")
			}
			return nil
		}
		_, err := s.RotateKeys(t.Context(), true)
		m.Fault = nil
		if calls < n {
			if n < 15 {
				t.Fatalf("a rotation made only %d storage calls", calls)
			}
			return
		}
		if err != nil && !errors.Is(err, records.ErrUnavailable) {
			t.Errorf("fault at call %d: %v, want ErrUnavailable", n, err)
		}
		if err != nil {
			rotate(t, s, true)
		}
		if _, err := keys.Open(t.Context(), "client_id", old); !errors.Is(err, records.ErrInvalid) {
			t.Errorf("fault at call %d: the old key opens: %v", n, err)
		}
		if blocked, err := s.Blocked(t.Context(), "tid", "ada"); err != nil || !blocked {
			t.Errorf("fault at call %d: the block: %v, %v", n, blocked, err)
		}
	}
}

// TestKeysThatCannotBeReadAgain: a key may have been revoked, so that nothing opens when they are
// due, and everything when the storage is back.
func TestKeysThatCannotBeReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m recordstest.Memory
		_, keys := node(&m, secret)
		s := sealed(t, keys)
		m.Fault = func(string, string) error { time.Sleep(time.Second); return errors.New("connection refused") }
		time.Sleep(29 * time.Second)
		if _, err := keys.Open(t.Context(), "client_id", s); err != nil {
			t.Errorf("before they are due: %v", err)
		}
		time.Sleep(time.Second)
		before, began := m.Calls(), time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := keys.Open(t.Context(), "client_id", s); !errors.Is(err, records.ErrUnavailable) {
					t.Errorf("when they are due: %v, want ErrUnavailable", err)
				}
			})
		}
		wg.Wait()
		if calls, took := m.Calls()-before, time.Since(began); calls != 1 || took > time.Second {
			t.Errorf("50 callers asked the storage %d times and waited %s, want once and its second", calls, took)
		}
		m.Fault = nil
		if _, err := keys.Open(t.Context(), "client_id", s); err != nil {
			t.Errorf("when storage is back: %v", err)
		}
	})
}

// TestANodeWithTheFormerSecretGoesOn: while the nodes get a new secret one after the other, those
// that wait for it cannot read the keys again, and must not stop.
func TestANodeWithTheFormerSecretGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m recordstest.Memory
		_, slow := node(&m, []byte("old-secret"))
		s := sealed(t, slow)
		_, fast := node(&m, []byte("new-secret"), []byte("old-secret"))
		if _, err := fast.Open(t.Context(), "client_id", s); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := slow.Open(t.Context(), "client_id", s); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}
