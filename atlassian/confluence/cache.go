package confluence

import (
	"sync"
	"time"
)

// What a cache holds and for how long. The names of spaces and people change rarely, and a stale
// one does no harm.
const (
	cacheSize = 4096
	cacheTime = 10 * time.Minute
)

// cache keeps look-ups for a while. It is safe for concurrent use.
type cache[V any] struct {
	mu      sync.Mutex
	entries map[string]cached[V]
}

type cached[V any] struct {
	value V
	until time.Time
}

func newCache[V any]() *cache[V] { return &cache[V]{entries: make(map[string]cached[V])} }

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok || time.Now().After(e.until) {
		var none V
		return none, false
	}
	return e.value, true
}

// put adds an entry. A full cache is emptied: it refills within a few calls, and needs no order.
func (c *cache[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= cacheSize {
		clear(c.entries)
	}
	c.entries[key] = cached[V]{value, time.Now().Add(cacheTime)}
}
