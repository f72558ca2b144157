package ratelimit

import (
	"crypto/sha256"
	"testing"
	"testing/synctest"
	"time"
)

func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ada, ben := sha256.Sum256([]byte("ada")), sha256.Sum256([]byte("ben"))
		c := NewCalls(CallConfig{PerMinute: 3, AtOnce: 2})
		first, _ := c.Begin(ada)
		second, _ := c.Begin(ada)
		if first == nil || second == nil {
			t.Fatal("the first two calls are refused")
		}
		if end, wait := c.Begin(ada); end != nil || wait != 0 {
			t.Errorf("a third at once: admitted %v, wait %v", end != nil, wait)
		}
		if end, _ := c.Begin(ben); end == nil {
			t.Error("somebody else is refused")
		}
		first()
		third, _ := c.Begin(ada)
		if third == nil {
			t.Fatal("refused although one has ended, and the refused call counts for nothing")
		}
		second()
		third()
		end, wait := c.Begin(ada)
		if end != nil || wait <= 0 || wait > 20*time.Second {
			t.Fatalf("a fourth in the minute: admitted %v, wait %v", end != nil, wait)
		}
		time.Sleep(wait)
		if end, _ = c.Begin(ada); end == nil {
			t.Error("refused after the time to wait")
		}
		end()
		if len(c.running) != 1 { // ben's
			t.Errorf("%d callers are kept", len(c.running))
		}
	})
}

func TestCallsWithoutLimit(t *testing.T) {
	c := NewCalls(CallConfig{})
	for range 1000 {
		if end, _ := c.Begin([sha256.Size]byte{}); end == nil {
			t.Fatal("refused")
		}
	}
}
