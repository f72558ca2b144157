package ratelimit

import (
	"crypto/sha256"
	"sync"
	"time"
)

// CallConfig configures Calls. A number that is not positive is no limit.
type CallConfig struct {
	PerMinute int // how many calls may begin in a minute: so many at once, then evenly
	AtOnce    int // how many may run at the same time

	Now func() time.Time // nil: time.Now
}

// Calls bounds the calls of each caller. A caller is a hash of what identifies them, so that what is
// kept of one has a size of its own choosing for nobody. It is safe for concurrent use.
type Calls struct {
	CallConfig

	start   time.Time
	buckets *buckets[[sha256.Size]byte] // nil: no limit

	mu      sync.Mutex
	running map[[sha256.Size]byte]int // of those who have any
}

// NewCalls returns Calls of which nothing is used.
func NewCalls(c CallConfig) *Calls {
	if c.Now == nil {
		c.Now = time.Now
	}
	calls := &Calls{CallConfig: c, start: c.Now(), running: make(map[[sha256.Size]byte]int)}
	if c.PerMinute > 0 {
		calls.buckets = newBuckets[[sha256.Size]byte](c.PerMinute)
	}
	return calls
}

// Begin counts a call. Whoever may make it calls end, once, when it has ended. end is nil when they
// may not: then wait is how long until the next may begin, or 0 when one that runs must end first.
// A call that is refused counts for nothing.
func (c *Calls) Begin(caller [sha256.Size]byte) (end func(), wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.AtOnce > 0 && c.running[caller] >= c.AtOnce {
		return nil, 0
	}
	if c.buckets != nil {
		if wait := c.buckets.take(caller, c.Now().Sub(c.start)); wait > 0 {
			return nil, wait
		}
	}
	c.running[caller]++
	return func() { c.end(caller) }, 0
}

func (c *Calls) end(caller [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[caller]--; c.running[caller] == 0 {
		delete(c.running, caller)
	}
}
