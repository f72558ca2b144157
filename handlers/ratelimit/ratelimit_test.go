package ratelimit

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var claude = []netip.Prefix{netip.MustParsePrefix("160.79.104.0/21")}

func limiter(perMinute int) *Limiter { return New(Config{PerMinute: perMinute, Trusted: claude}) }

// taken is how many of n requests are admitted at once.
func taken(l *Limiter, address string, n int) (count int) {
	for range n {
		if l.Take(ClientOf(address)) == 0 {
			count++
		}
	}
	return count
}

// numbered is an address of its own for each n.
func numbered(n int) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(n)|10<<24)
	return netip.AddrFrom4(b).String()
}

func TestClientOf(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.7":             "203.0.113.7",
		"::ffff:203.0.113.7":      "203.0.113.7",
		"2001:db8:0:1::2":         "2001:db8:0:1::/64",
		"2001:db8:0:1:ffff::":     "2001:db8:0:1::/64",
		"fe80::1%eth0":            "fe80::/64",
		"::1":                     "::/64",
		"":                        "unknown",
		"@":                       "unknown",
		"203.0.113.7:443":         "unknown",
		"203.0.113.7, 192.0.2.1":  "unknown",
		"[2001:db8::1]":           "unknown",
		"0203.0.113.7":            "unknown",
		"client.example.com\r\nx": "unknown",
	} {
		if got := ClientOf(address).String(); got != want {
			t.Errorf("%q is %s, want %s", address, got, want)
		}
	}
	if ClientOf("fe80::1%eth0") != ClientOf("fe80::1%eth1") {
		t.Error("the zone of an address makes it another client")
	}
}

func TestRemote(t *testing.T) {
	for address, want := range map[string]bool{
		"203.0.113.7": true, "2001:db8::1": true, "10.0.0.1": false, "::ffff:192.168.0.1": false, "127.0.0.1": false,
		"::1": false, "fd00::1": false, "fe80::1": false, "@": false,
	} {
		if got := ClientOf(address).Remote(); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

func TestLimitComesBackEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(6)
		if got := taken(l, "203.0.113.7", 100); got != 6 {
			t.Errorf("%d admitted at once", got)
		}
		if wait := l.Take(ClientOf("203.0.113.7")); wait != 10*time.Second {
			t.Errorf("wait %s", wait)
		}
		time.Sleep(10*time.Second - 1)
		if got := taken(l, "203.0.113.7", 1); got != 0 {
			t.Error("admitted before the time that was named")
		}
		time.Sleep(1 * time.Nanosecond)
		if got := taken(l, "203.0.113.7", 3); got != 1 {
			t.Errorf("%d admitted after one came back", got)
		}
		time.Sleep(time.Hour)
		if got := taken(l, "203.0.113.7", 100); got != 6 {
			t.Errorf("%d admitted after an hour: more than a full bucket", got)
		}
	})
}

func TestRefusedRequestsCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(1)
		taken(l, "203.0.113.7", 1000)
		time.Sleep(time.Minute)
		if got := taken(l, "203.0.113.7", 1); got != 1 {
			t.Error("being refused made the wait longer")
		}
	})
}

func TestWhoSharesABucket(t *testing.T) {
	l := limiter(60)
	for _, tc := range []struct {
		name      string
		addresses []string
		want      int
	}{
		{"different addresses", []string{"203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8:0:1::1"}, 4 * 60},
		{"IPv4 in two spellings", []string{"203.0.113.3", "::ffff:203.0.113.3"}, 60},
		{"one /64", []string{"2001:db8:1::1", "2001:db8:1::2", "2001:db8:1:0:ffff:ffff:ffff:ffff"}, 60},
		{"no addresses", []string{"", "@", "nonsense"}, 60},
		{"the trusted range, for each address", []string{"160.79.104.1", "::ffff:160.79.111.255"}, 2 * 600},
		{"just outside of it", []string{"160.79.112.0"}, 60},
	} {
		sum := 0
		for _, address := range tc.addresses {
			sum += taken(l, address, 1000)
		}
		if sum != tc.want {
			t.Errorf("%s: %d admitted, want %d", tc.name, sum, tc.want)
		}
	}
}

// TestAttack6_2_FloodRefillsNoBucket: the bucket of an address that was pushed out is as empty afterwards.
func TestAttack6_2_FloodRefillsNoBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(60)
		taken(l, "203.0.113.7", 60)
		for i := range 3 * maxBuckets {
			l.Take(ClientOf(numbered(i)))
		}
		if l.everyone.own.Contains(ClientOf("203.0.113.7").key) {
			t.Fatal("the flood pushed nothing out")
		}
		if got := l.everyone.own.Len(); got != maxBuckets {
			t.Errorf("%d buckets", got)
		}
		if got := taken(l, "203.0.113.7", 60); got != 0 {
			t.Errorf("%d more admitted after the flood", got)
		}
	})
}

// TestFloodHarmsFew: one request each from many addresses takes a few from anybody else, and nothing
// from the trusted ranges. Two of those that were pushed out share a place on average; more than
// fifteen never do.
func TestFloodHarmsFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(60)
		for i := range 3 * maxBuckets {
			l.Take(ClientOf(numbered(i)))
		}
		if got := taken(l, "203.0.113.7", 1000); got < 45 {
			t.Errorf("%d admitted for a newcomer", got)
		}
		if got := taken(l, "160.79.104.1", 1000); got != 600 {
			t.Errorf("%d admitted for the trusted range", got)
		}
	})
}

func TestNoLimit(t *testing.T) {
	for _, perMinute := range []int{0, -1} {
		l := limiter(perMinute)
		if got := taken(l, "203.0.113.7", 1000); got != 1000 || l.PerMinute() != 0 {
			t.Errorf("limit %d: %d admitted, PerMinute %d", perMinute, got, l.PerMinute())
		}
	}
	if got := limiter(60).PerMinute(); got != 60 {
		t.Errorf("PerMinute %d", got)
	}
}

func TestLimiterAtOnce(t *testing.T) {
	now := time.Now()
	l := New(Config{PerMinute: 100, Now: func() time.Time { return now }})
	var admitted atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			admitted.Add(int32(taken(l, "203.0.113.7", 100)))
			taken(l, "2001:db8::1", 100)
		})
	}
	wg.Wait()
	if got := admitted.Load(); got != 100 {
		t.Errorf("%d admitted", got)
	}
}

func slots(perClient, total int) *Slots {
	return NewSlots(SlotConfig{PerClient: perClient, Trusted: claude, Total: total, Lifetime: 10 * time.Minute})
}

// opened takes n slots under names of their own and returns how many it got, and why no more.
func opened(s *Slots, address string, n int) (count int, last error) {
	for i := range n {
		if last = s.Take(address+" "+strconv.Itoa(i), ClientOf(address)); last == nil {
			count++
		}
	}
	return count, last
}

func TestSlots(t *testing.T) {
	s := slots(3, 40)
	for _, tc := range []struct {
		address string
		want    int
		err     error
	}{
		{"203.0.113.7", 3, ErrClientBusy},
		{"2001:db8::1", 3, ErrClientBusy},
		{"2001:db8::2", 0, ErrClientBusy},
		{"160.79.104.1", 30, ErrClientBusy},
		{"203.0.113.8", 3, ErrClientBusy},
		{"203.0.113.9", 1, ErrBusy},
	} {
		if got, err := opened(s, tc.address, 50); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %d slots, %v; want %d, %v", tc.address, got, err, tc.want, tc.err)
		}
	}
	s.Free("203.0.113.7 0")
	s.Free("203.0.113.7 0")
	s.Free("never taken")
	if err := s.Take("again", ClientOf("203.0.113.7")); err != nil {
		t.Errorf("after one was given back: %v", err)
	}
	if err := s.Take("again", ClientOf("203.0.113.7")); err != nil {
		t.Errorf("a name that has a slot: %v", err)
	}
	if err := s.Take("and again", ClientOf("203.0.113.7")); !errors.Is(err, ErrClientBusy) {
		t.Errorf("a slot was given back twice: %v", err)
	}
}

func TestSlotsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slots(2, 100)
		opened(s, "203.0.113.7", 1)
		time.Sleep(5 * time.Minute)
		opened(s, "203.0.113.7", 2)
		time.Sleep(5 * time.Minute)
		if got, _ := opened(s, "203.0.113.7", 50); got != 2 { // the second, which is open, and a new one
			t.Errorf("%d slots after the first ended", got)
		}
		time.Sleep(10 * time.Minute)
		if err := s.Take("last", ClientOf("192.0.2.1")); err != nil || len(s.held) != 1 || s.open.Len() != 1 {
			t.Errorf("%v; %d addresses and %d slots are remembered after all have ended", err, len(s.held), s.open.Len())
		}
	})
}

func TestNoSlots(t *testing.T) {
	var s *Slots
	if got, err := opened(s, "203.0.113.7", 100); got != 100 {
		t.Error(err)
	}
	s.Free("x")
	if got, err := opened(slots(0, 50), "203.0.113.7", 100); got != 50 || !errors.Is(err, ErrBusy) {
		t.Errorf("no limit per client: %d slots, %v", got, err)
	}
}

func TestSlotsAtOnce(t *testing.T) {
	s := slots(10, 20)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 200 {
				name := strconv.Itoa(i) + " " + strconv.Itoa(n)
				if s.Take(name, ClientOf(numbered(i))) == nil {
					s.Free(name)
				}
			}
		})
	}
	wg.Wait()
	if len(s.held) != 0 || s.open.Len() != 0 {
		t.Errorf("%d addresses and %d slots are left", len(s.held), s.open.Len())
	}
}

func BenchmarkTake(b *testing.B) {
	for name, addresses := range map[string]int{"one address": 1, "1000 addresses": 1000, "a flood": 8 * maxBuckets} {
		b.Run(name, func(b *testing.B) {
			l := limiter(60)
			clients := make([]Client, addresses)
			for i := range clients {
				clients[i] = ClientOf(numbered(i))
			}
			b.ReportAllocs()
			var next atomic.Uint32
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					l.Take(clients[int(next.Add(1))%len(clients)])
				}
			})
		})
	}
}
