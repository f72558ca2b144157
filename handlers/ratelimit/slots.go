package ratelimit

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Why there is no slot.
var (
	ErrClientBusy = errors.New("too many are open for one address")
	ErrBusy       = errors.New("too many are open in all")
)

// SlotConfig configures Slots. Total and Lifetime are required.
type SlotConfig struct {
	PerClient int            // 0: no limit but Total
	Trusted   []netip.Prefix // ranges with TrustedFactor times that for each address
	Total     int
	Lifetime  time.Duration // after which a slot is free by itself

	Now func() time.Time // nil: time.Now
}

// Slots bounds how many things are open at once, for each address and in all. It is safe for
// concurrent use; nil Slots have no bound.
type Slots struct {
	SlotConfig

	mu   sync.Mutex
	open *simplelru.LRU[string, slot] // never read with Get, so that the oldest ends first
	held map[netip.Addr]int
}

type slot struct {
	client netip.Addr
	ends   time.Time
}

// NewSlots returns Slots that are all free.
func NewSlots(c SlotConfig) *Slots {
	s := &Slots{SlotConfig: c, held: make(map[netip.Addr]int)}
	if s.Now == nil {
		s.Now = time.Now
	}
	open, err := simplelru.NewLRU(c.Total, func(_ string, ended slot) {
		if s.held[ended.client]--; s.held[ended.client] == 0 {
			delete(s.held, ended.client)
		}
	})
	if err != nil {
		panic(err) // a Total that is not positive, which is the caller's constant
	}
	s.open = open
	return s
}

// Take takes a slot under a name. Whoever takes a name again has still one slot. The error is
// ErrClientBusy or ErrBusy.
func (s *Slots) Take(name string, c Client) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	for _, oldest, ok := s.open.GetOldest(); ok && !now.Before(oldest.ends); _, oldest, ok = s.open.GetOldest() {
		s.open.RemoveOldest()
	}
	limit := s.PerClient
	if c.in(s.Trusted) {
		limit *= TrustedFactor
	}
	switch {
	case s.open.Contains(name):
		return nil
	case limit > 0 && s.held[c.key] >= limit:
		return ErrClientBusy
	case s.open.Len() >= s.Total:
		return ErrBusy
	}
	s.open.Add(name, slot{c.key, now.Add(s.Lifetime)})
	s.held[c.key]++
	return nil
}

// Free gives the slot of this name back, if there is one.
func (s *Slots) Free(name string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open.Remove(name)
}
