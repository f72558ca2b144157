package records_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
)

const issuer = "https://mcp.example.com"

var secret = []byte("entra-client-secret-0123456789abcdef")

func node(m *recordstest.Memory, masters ...[]byte) (*records.Store, *records.Keyring) {
	storage := func() records.Storage { return m }
	keys := records.NewKeyring(records.KeyringConfig{Issuer: issuer, MasterKeys: masters, Storage: storage})
	return records.New(records.Config{Storage: storage, Keys: keys}), keys
}

func grant(expires time.Time) *records.Grant {
	return &records.Grant{ID: "g1", TenantID: "tid", ObjectID: "object-id-of-ada", EntraRefreshToken: "refresh-token-of-entra", Expires: expires}
}

func TestRecordRoundTripOverTwoNodes(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	one, _ := node(&m, secret)
	two, _ := node(&m, secret)
	want := grant(time.Now().Add(time.Hour).UTC().Truncate(time.Second))
	if err := records.Grants.Put(ctx, one, "g1", want); err != nil {
		t.Fatal(err)
	}
	got, err := records.Grants.Get(ctx, two, "g1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grant (-want +got):\n%s", diff)
	}
	if _, err := records.Grants.Get(ctx, two, "g2"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("unknown grant: %v, want ErrNotFound", err)
	}
	if err := records.Grants.Delete(ctx, two, "g1"); err != nil {
		t.Fatal(err)
	}
	if _, err := records.Grants.Get(ctx, one, "g1"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("deleted grant: %v, want ErrNotFound", err)
	}
}

func TestStorageHoldsNothingReadable(t *testing.T) {
	var m recordstest.Memory
	s, _ := node(&m, secret)
	if err := records.Grants.Put(t.Context(), s, "id-of-the-grant", grant(time.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	for key, value := range m.Dump() {
		for _, plain := range []string{"id-of-the-grant", "refresh-token-of-entra", "object-id-of-ada", string(secret)} {
			if strings.Contains(key, plain) || bytes.Contains(value, []byte(plain)) {
				t.Errorf("storage shows %q in %s", plain, key)
			}
		}
	}
}

func TestSwappedRecordsDoNotOpen(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	s, _ := node(&m, secret)
	for _, id := range []string{"a", "b"} {
		if err := records.Grants.Put(ctx, s, id, grant(time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
	}
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(m.Dump())), func(k string) bool { return !strings.Contains(k, "/grant/") })
	if err := m.Store(ctx, keys[0], m.Dump()[keys[1]]); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for _, id := range []string{"a", "b"} {
		if _, err := records.Grants.Get(ctx, s, id); errors.Is(err, records.ErrInvalid) {
			failures++
		}
	}
	if failures != 1 {
		t.Errorf("%d of the two records refused, want the one that was overwritten", failures)
	}
}

func TestSealIsBoundToPurposeAndIssuer(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	_, keys := node(&m, secret)
	sealed, err := keys.Seal(ctx, "client_id", []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keys.Open(ctx, "client_id", sealed); err != nil || string(got) != "payload" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for _, purpose := range []string{"transaction", "client_id/x", ""} {
		if _, err := keys.Open(ctx, purpose, sealed); !errors.Is(err, records.ErrInvalid) {
			t.Errorf("Open for %q: %v, want ErrInvalid", purpose, err)
		}
	}
	other := records.NewKeyring(records.KeyringConfig{Issuer: "https://other.example.com", MasterKeys: [][]byte{secret}, Storage: func() records.Storage { return &m }})
	if _, err := other.Open(ctx, "client_id", sealed); !errors.Is(err, records.ErrInvalid) {
		t.Errorf("Open at another issuer: %v, want ErrInvalid", err)
	}
	for i := range sealed {
		altered := []byte(sealed)
		altered[i] ^= 1
		if plain, err := keys.Open(ctx, "client_id", string(altered)); err == nil && string(plain) != "payload" {
			t.Errorf("altered at %d opened as %q", i, plain)
		}
	}
}

func TestASealedValueHasOneSpelling(t *testing.T) {
	var m recordstest.Memory
	_, keys := node(&m, secret)
	sealed, err := keys.Seal(t.Context(), "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	// 16 bytes of tag leave four unused bits in the last character.
	last := strings.Index("AQgw", sealed[len(sealed)-1:])
	for name, other := range map[string]string{
		"unused bits":         sealed[:len(sealed)-1] + string("BRhx"[last]),
		"a line break":        sealed + "\n",
		"a line break inside": sealed[:5] + "\r\n" + sealed[5:],
		"padding":             sealed + "==",
	} {
		if _, err := keys.Open(t.Context(), "p", other); !errors.Is(err, records.ErrInvalid) {
			t.Errorf("%s: Open = %v, want ErrInvalid", name, err)
		}
		if _, err := keys.MAC(t.Context(), "p", other); !errors.Is(err, records.ErrInvalid) {
			t.Errorf("%s: MAC = %v, want ErrInvalid", name, err)
		}
	}
}

func TestMACEndsWithPurposeAndKey(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	_, keys := node(&m, secret)
	_, second := node(&m, secret)
	id, err := keys.Seal(ctx, "client_id", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	a, errA := keys.MAC(ctx, "client_secret", id)
	b, errB := second.MAC(ctx, "client_secret", id)
	c, errC := keys.MAC(ctx, "other", id)
	if err := errors.Join(errA, errB, errC); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two nodes compute different secrets")
	}
	if bytes.Equal(a, c) {
		t.Error("two purposes give the same secret")
	}
	if _, err := keys.MAC(ctx, "client_secret", "not-sealed"); !errors.Is(err, records.ErrInvalid) {
		t.Errorf("MAC of a foreign id: %v, want ErrInvalid", err)
	}
}

func TestSecretRotationKeepsTheKeys(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	_, before := node(&m, []byte("old-secret"))
	sealed, err := before.Seal(ctx, "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, during := node(&m, []byte("new-secret"), []byte("old-secret"))
	if _, err := during.Open(ctx, "p", sealed); err != nil {
		t.Fatalf("with both secrets: %v", err)
	}
	_, after := node(&m, []byte("new-secret"))
	if _, err := after.Open(ctx, "p", sealed); err != nil {
		t.Fatalf("with the new secret alone: %v", err)
	}
	_, stranger := node(&m, []byte("another-secret"))
	_, err = stranger.Open(ctx, "p", sealed)
	if !errors.Is(err, records.ErrUnavailable) || !strings.Contains(err.Error(), "previous Entra client secret") {
		t.Errorf("with a foreign secret: %v, want ErrUnavailable that names the cure", err)
	}
}

func TestKeysAreMadeOnceByManyNodes(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	var wg sync.WaitGroup
	sealed := make([]string, 16)
	for i := range sealed {
		wg.Go(func() {
			_, keys := node(&m, secret)
			s, err := keys.Seal(ctx, "p", []byte("x"))
			if err != nil {
				t.Error(err)
			}
			sealed[i] = s
		})
	}
	wg.Wait()
	_, keys := node(&m, secret)
	for i, s := range sealed {
		if _, err := keys.Open(ctx, "p", s); err != nil {
			t.Errorf("what node %d sealed: %v", i, err)
		}
	}
}

func TestUnknownKeyIsLookedUpAtMostOncePerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m, foreign recordstest.Memory
		_, keys := node(&m, secret)
		_, other := node(&foreign, secret)
		stranger, err := other.Seal(ctx, "p", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Seal(ctx, "p", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		before := m.Calls()
		for range 1000 {
			if _, err := keys.Open(ctx, "p", stranger); !errors.Is(err, records.ErrInvalid) {
				t.Fatalf("foreign key: %v, want ErrInvalid", err)
			}
		}
		if n := m.Calls() - before; n != 1 {
			t.Errorf("storage was asked %d times, want once", n)
		}
	})
}

func TestWithoutMasterKeyNothingOfTheKeysIsStored(t *testing.T) {
	var m recordstest.Memory
	_, keys := node(&m)
	if keys.Persistent() {
		t.Error("Persistent = true")
	}
	sealed, err := keys.Seal(t.Context(), "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Dump()) != 0 {
		t.Errorf("storage holds %d values", len(m.Dump()))
	}
	_, restarted := node(&m)
	if _, err := restarted.Open(t.Context(), "p", sealed); !errors.Is(err, records.ErrInvalid) {
		t.Errorf("after a restart: %v, want ErrInvalid", err)
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m recordstest.Memory
		s, _ := node(&m, secret)
		if err := records.Grants.Put(ctx, s, "g", grant(time.Now().Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute - time.Second)
		if _, err := records.Grants.Get(ctx, s, "g"); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := records.Grants.Get(ctx, s, "g"); !errors.Is(err, records.ErrNotFound) {
			t.Errorf("at its end: %v, want ErrNotFound", err)
		}
	})
}

func TestCreateOnce(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			s, _ := node(&m, secret)
			switch err := records.Grants.Create(ctx, s, "g", grant(time.Now().Add(time.Hour))); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, records.ErrExists):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 created the record, want 1", won.Load())
	}
}

func TestUpdateIsAtomicAcrossNodes(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	one, _ := node(&m, secret)
	two, _ := node(&m, secret)
	code := &records.Code{Expires: time.Now().Add(time.Hour)}
	if err := records.Codes.Put(ctx, one, "c", code); err != nil {
		t.Fatal(err)
	}
	var taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		s := []*records.Store{one, two}[i%2]
		wg.Go(func() {
			err := records.Codes.Update(ctx, s, "c", func(_ context.Context, c *records.Code) error {
				if c.Grant != "" {
					return errors.New("taken")
				}
				c.Grant = "g"
				return nil
			})
			if err == nil {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times, want once", taken.Load())
	}
}

func TestUpdateStoresOnlyWhatIsKept(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	s, _ := node(&m, secret)
	if err := records.Codes.Put(ctx, s, "c", &records.Code{Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("wrong verifier")
	try := func(wrap func(error) error) error {
		return records.Codes.Update(ctx, s, "c", func(_ context.Context, c *records.Code) error {
			c.WrongTries++
			return wrap(wrong)
		})
	}
	for _, tc := range []struct {
		wrap func(error) error
		want int
	}{{func(err error) error { return err }, 0}, {records.Keep, 1}, {records.Keep, 2}} {
		if err := try(tc.wrap); !errors.Is(err, wrong) {
			t.Errorf("Update = %v, want the error of f", err)
		}
		c, err := records.Codes.Get(ctx, s, "c")
		if err != nil {
			t.Fatal(err)
		}
		if c.WrongTries != tc.want {
			t.Errorf("WrongTries = %d, want %d", c.WrongTries, tc.want)
		}
	}
}

func TestUpdateGoesOnWhenTheCallerLeaves(t *testing.T) {
	var m recordstest.Memory
	s, _ := node(&m, secret)
	if err := records.Codes.Put(t.Context(), s, "c", &records.Code{Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := records.Codes.Update(ctx, s, "c", func(inner context.Context, c *records.Code) error {
		cancel()
		c.Grant = "g"
		return inner.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := records.Codes.Get(t.Context(), s, "c"); err != nil || c.Grant != "g" {
		t.Errorf("after the caller left: %+v, %v", c, err)
	}
}

// TestEveryStorageFaultIsUnavailable fails the n-th storage call for every n: whatever breaks, the
// answer is ErrUnavailable, and the next try works.
func TestEveryStorageFaultIsUnavailable(t *testing.T) {
	ctx := t.Context()
	down := errors.New("connection refused")
	for n := 1; ; n++ {
		var m recordstest.Memory
		s, _ := node(&m, secret)
		calls := 0
		m.Fault = func(string, string) error {
			if calls++; calls == n {
				return down
			}
			return nil
		}
		flow := func() error {
			if err := records.Codes.Create(ctx, s, "c", &records.Code{Expires: time.Now().Add(time.Hour)}); err != nil {
				return err
			}
			return records.Codes.Update(ctx, s, "c", func(_ context.Context, c *records.Code) error { c.Grant = "g"; return nil })
		}
		err := flow()
		if calls < n {
			if n < 8 {
				t.Fatalf("the flow made only %d storage calls", calls)
			}
			return
		}
		if err == nil {
			continue // a failed unlock is logged and ends by itself
		}
		if !errors.Is(err, records.ErrUnavailable) {
			t.Errorf("fault at call %d: %v, want ErrUnavailable", n, err)
		}
		if err := flow(); err != nil && !errors.Is(err, records.ErrExists) {
			t.Errorf("next try after a fault at call %d: %v", n, err)
		}
	}
}

func TestLockTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m recordstest.Memory
		s, _ := node(&m, secret)
		if err := records.Codes.Put(ctx, s, "c", &records.Code{Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		go func() {
			_ = records.Codes.Update(ctx, s, "c", func(context.Context, *records.Code) error { <-release; return nil })
		}()
		synctest.Wait()
		err := records.Codes.Update(ctx, s, "c", func(context.Context, *records.Code) error { return nil })
		if !errors.Is(err, records.ErrUnavailable) {
			t.Errorf("waiting for a held lock: %v, want ErrUnavailable", err)
		}
		close(release)
		synctest.Wait()
	})
}

func TestSweepRemovesOnlyWhatExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m recordstest.Memory
		one, _ := node(&m, secret)
		two, _ := node(&m, secret)
		for id, life := range map[string]time.Duration{"a": time.Minute, "b": time.Minute, "c": time.Hour} {
			if err := records.Grants.Put(ctx, one, id, grant(time.Now().Add(life))); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if n, err := one.Sweep(ctx); n != 2 || err != nil {
			t.Errorf("first sweep removed %d, %v; want 2", n, err)
		}
		if n, err := two.Sweep(ctx); n != 0 || err != nil {
			t.Errorf("sweep by the other node removed %d, %v; want 0, it is not due", n, err)
		}
		if _, err := records.Grants.Get(ctx, two, "c"); err != nil {
			t.Errorf("the live record: %v", err)
		}
		time.Sleep(time.Hour)
		if n, err := two.Sweep(ctx); n != 1 || err != nil {
			t.Errorf("later sweep removed %d, %v; want 1", n, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	var m recordstest.Memory
	_, keys := node(&m, secret)
	sealed, err := keys.Seal(f.Context(), "client_id", []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{sealed, "", "....", "e30....", strings.Replace(sealed, "..", ".AAAA.", 1)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, err := keys.Open(context.Background(), "client_id", s)
		if err == nil && string(plain) != "x" {
			t.Errorf("a forged value opened as %q", plain)
		}
	})
}

func BenchmarkSealOpen(b *testing.B) {
	var m recordstest.Memory
	_, keys := node(&m, secret)
	for b.Loop() {
		sealed, err := keys.Seal(b.Context(), "client_id", []byte("payload of a client id, some two hundred bytes in real life"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := keys.Open(b.Context(), "client_id", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRewrapKeepsTheKeys: a secret changes under a running node, before the keys were first used or
// after, and on two nodes one after the other.
func TestRewrapKeepsTheKeys(t *testing.T) {
	ctx := t.Context()
	older, newer := []byte("old-secret"), []byte("new-secret")
	for _, used := range []bool{true, false} {
		var m recordstest.Memory
		_, seed := node(&m, older)
		sealed, err := seed.Seal(ctx, "p", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, first := node(&m, older)
		_, second := node(&m, older)
		if used {
			for _, keys := range []*records.Keyring{first, second} {
				if _, err := keys.Open(ctx, "p", sealed); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, step := range []*records.Keyring{first, first, second} {
			if err := step.Rewrap(ctx, [][]byte{newer}); err != nil {
				t.Errorf("used %v: %v", used, err)
			}
		}
		_, restarted := node(&m, newer)
		for name, keys := range map[string]*records.Keyring{"the first node": first, "the second": second, "one that starts": restarted} {
			if plain, err := keys.Open(ctx, "p", sealed); err != nil || string(plain) != "x" {
				t.Errorf("used %v: %s: %q, %v", used, name, plain, err)
			}
		}
		_, late := node(&m, older)
		if _, err := late.Open(ctx, "p", sealed); !errors.Is(err, records.ErrUnavailable) {
			t.Errorf("used %v: the former secret still opens the keys: %v", used, err)
		}
	}
}

// TestRewrapOfNothing: before the keys were made, and with a node that still has the former secret
// making them.
func TestRewrapOfNothing(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	_, fast := node(&m, []byte("old-secret"))
	_, slow := node(&m, []byte("old-secret"))
	if err := fast.Rewrap(ctx, [][]byte{[]byte("new-secret")}); err != nil || len(m.Dump()) != 0 {
		t.Errorf("%v, %d values stored", err, len(m.Dump()))
	}
	sealed, err := slow.Seal(ctx, "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fast.Open(ctx, "p", sealed); err != nil {
		t.Errorf("what the slower node sealed: %v", err)
	}
	_, restarted := node(&m, []byte("new-secret"))
	if _, err := restarted.Open(ctx, "p", sealed); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	before := m.Calls()
	for _, masters := range [][][]byte{nil, {[]byte("new-secret")}} {
		if err := fast.Rewrap(ctx, masters); err != nil || m.Calls() != before {
			t.Errorf("with nothing to do: %v, %d calls", err, m.Calls()-before)
		}
	}
	_, volatile := node(&m)
	if err := volatile.Rewrap(ctx, [][]byte{secret}); err != nil || volatile.Persistent() {
		t.Errorf("keys in memory: %v, persistent %v", err, volatile.Persistent())
	}
}

func TestRewrapFails(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	_, keys := node(&m, []byte("old-secret"))
	sealed, err := keys.Seal(ctx, "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"lock", "load", "store"} {
		m.Fault = func(op, _ string) error {
			if op == operation {
				return errors.New("storage is down")
			}
			return nil
		}
		if err := keys.Rewrap(ctx, [][]byte{[]byte("new-secret")}); !errors.Is(err, records.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want ErrUnavailable", operation, err)
		}
		m.Fault = nil
		_, restarted := node(&m, []byte("old-secret"))
		if _, err := restarted.Open(ctx, "p", sealed); err != nil {
			t.Errorf("%s: the former secret no longer opens the keys: %v", operation, err)
		}
	}
	if err := keys.Rewrap(ctx, [][]byte{[]byte("new-secret")}); err != nil {
		t.Errorf("when storage is back: %v", err)
	}
	_, stranger := node(&m, []byte("old-secret"))
	if err := stranger.Rewrap(ctx, [][]byte{[]byte("third-secret")}); !errors.Is(err, records.ErrUnavailable) {
		t.Errorf("a set that neither opens: %v", err)
	}
	_, restarted := node(&m, []byte("new-secret"))
	if _, err := restarted.Open(ctx, "p", sealed); err != nil {
		t.Errorf("it was overwritten: %v", err)
	}
}

func TestRewrapWhileInUse(t *testing.T) {
	ctx := t.Context()
	var m recordstest.Memory
	_, keys := node(&m, []byte("old-secret"))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := keys.Seal(ctx, "p", []byte("x")); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := keys.Rewrap(ctx, [][]byte{[]byte("new-secret" + string(rune('a'+i%2)))}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sealed, err := keys.Seal(ctx, "p", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Rewrap(ctx, [][]byte{[]byte("last-secret")}); err != nil {
		t.Fatal(err)
	}
	_, restarted := node(&m, []byte("last-secret"))
	if _, err := restarted.Open(ctx, "p", sealed); err != nil {
		t.Error(err)
	}
}
