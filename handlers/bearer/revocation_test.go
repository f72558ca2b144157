package bearer

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// Whatever the operator does at one node ends a token that another node
// admitted just before, within 30 seconds, and what follows a refusal is no sign-out of the others.
func TestAttack5_18_TakenBackOnEveryNode(t *testing.T) {
	for name, take := range map[string]func(*testing.T, *records.Store) error{
		"the grant": func(t *testing.T, s *records.Store) error {
			_, err := s.EndGrants(t.Context(), func(*records.Grant) bool { return true })
			return err
		},
		"the person": func(t *testing.T, s *records.Store) error {
			_, _, err := s.Block(t.Context(), tenant, person)
			return err
		},
		"the keys": func(t *testing.T, s *records.Store) error {
			_, err := s.RotateKeys(t.Context(), true)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				storage := func() records.Storage { return f.storage }
				keys := records.NewKeyring(records.KeyringConfig{Issuer: "https://mcp.example.com", MasterKeys: [][]byte{[]byte("secret")}, Storage: storage})
				operators := records.New(records.Config{Storage: storage, Keys: keys})
				good := func() *http.Request { return request("POST", target, "Authorization", "Bearer good") }
				time.Sleep(20 * time.Second) // so that the node's keys are not read at the same moment as its decision
				if p, w := f.admit(good()); p == nil {
					t.Fatalf("refused with %d", w.Code)
				}
				if err := take(t, operators); err != nil {
					t.Fatal(err)
				}
				time.Sleep(recheck)
				if p, w := f.admit(good()); p != nil || w.Code != http.StatusUnauthorized {
					t.Errorf("30 s later: status %d, want 401", w.Code)
				}
			})
		})
	}
}

// TestABlockedPersonWithALiveGrant: the block alone is enough.
func TestABlockedPersonWithALiveGrant(t *testing.T) {
	f := newFixture(t)
	if _, _, err := f.store.Block(t.Context(), tenant, person); err != nil {
		t.Fatal(err)
	}
	f.issue(t, "good", "https://mcp.example.com/mcp")
	if p, w := f.admit(request("POST", target, "Authorization", "Bearer good")); p != nil || w.Code != http.StatusUnauthorized {
		t.Errorf("status %d, want 401", w.Code)
	}
}

// TestABlockThatCannotBeLookedUpIs503: neither let in nor signed out.
func TestABlockThatCannotBeLookedUpIs503(t *testing.T) {
	f := newFixture(t)
	loads := 0
	f.storage.Fault = func(operation, _ string) error {
		if operation != "load" {
			return nil
		}
		if loads++; loads == 3 {
			return errors.New("connection refused")
		}
		return nil
	}
	if p, w := f.admit(request("POST", target, "Authorization", "Bearer good")); p != nil || w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
	if p, w := f.admit(request("POST", target, "Authorization", "Bearer good")); p == nil {
		t.Errorf("when storage is back: status %d", w.Code)
	}
}
