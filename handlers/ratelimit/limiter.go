package ratelimit

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// TrustedFactor is how many times the limit the trusted ranges have: many people share the
	// addresses of a hosted assistant.
	TrustedFactor = 10

	// maxBuckets is how many addresses have a bucket of their own, and how many places the rest
	// share.
	maxBuckets = 16384
)

// Config configures a Limiter.
type Config struct {
	// PerMinute is how many requests one address may make in a minute: so many at once, after which
	// they come back evenly over the minute. Without it nothing is limited.
	PerMinute int

	// Trusted are address ranges with TrustedFactor times the limit, for each address of theirs.
	Trusted []netip.Prefix

	Now func() time.Time // nil: time.Now
}

// Limiter limits requests per client address. It is safe for concurrent use; a nil Limiter admits
// everything.
//
// An address never gets more than its limit, whatever others do: when there are more addresses than
// buckets the oldest bucket goes, and what it held stays behind in a place that its address shares
// with others. So a flood of addresses costs whoever makes it every bit of their own limit, and can
// at worst make newcomers wait for a minute. The trusted ranges have buckets of their own, which no
// flood from elsewhere reaches.
type Limiter struct {
	now       func() time.Time
	start     time.Time
	perMinute int
	ranges    []netip.Prefix
	everyone  *buckets[netip.Addr]
	trusted   *buckets[netip.Addr]
}

// New returns a Limiter, nil when there is no limit.
func New(c Config) *Limiter {
	if c.PerMinute <= 0 {
		return nil
	}
	l := &Limiter{now: c.Now, perMinute: c.PerMinute, ranges: c.Trusted, everyone: newBuckets[netip.Addr](c.PerMinute)}
	if l.now == nil {
		l.now = time.Now
	}
	if len(c.Trusted) > 0 {
		l.trusted = newBuckets[netip.Addr](TrustedFactor * c.PerMinute)
	}
	l.start = l.now()
	return l
}

// PerMinute is the limit of an address outside the trusted ranges; 0 is none.
func (l *Limiter) PerMinute() int {
	if l == nil {
		return 0
	}
	return l.perMinute
}

// Take counts a request. It returns 0 when the client may make it, else how long to wait.
func (l *Limiter) Take(c Client) time.Duration {
	if l == nil {
		return 0
	}
	b := l.everyone
	if c.in(l.ranges) {
		b = l.trusted
	}
	return b.take(c.key, l.now().Sub(l.start))
}

// buckets are token buckets by key. All there is to a bucket is the time at which it will be
// full again (the generic cell rate algorithm of ITU-T I.371), counted from the limiter's start.
type buckets[K comparable] struct {
	interval time.Duration // in which one token comes back

	mu     sync.Mutex
	own    *simplelru.LRU[K, time.Duration]
	shared [maxBuckets]time.Duration // what became of buckets that had to go: the latest, by hash
	seed   maphash.Seed              // so that nobody can choose whom to share with
}

func newBuckets[K comparable](perMinute int) *buckets[K] {
	b := &buckets[K]{interval: time.Minute / time.Duration(perMinute), seed: maphash.MakeSeed()}
	own, err := simplelru.NewLRU(maxBuckets, func(a K, full time.Duration) {
		place := b.place(a)
		*place = max(*place, full)
	})
	if err != nil {
		panic(err) // the size is a positive constant
	}
	b.own = own
	return b
}

func (b *buckets[K]) place(a K) *time.Duration {
	return &b.shared[maphash.Comparable(b.seed, a)%maxBuckets]
}

func (b *buckets[K]) take(a K, now time.Duration) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	full, ok := b.own.Get(a)
	if !ok {
		full = *b.place(a)
	}
	full = max(full, now) + b.interval
	if wait = full - now - time.Minute; wait > 0 {
		return wait
	}
	b.own.Add(a, full)
	return 0
}
