package cimd

import "time"

// The limits on fetches in a minute. All else that a stranger can do to a host through this server
// is within them. The total also bounds what a host with any number of names has to bear, and what
// is under way here at once.
var (
	strangerBudget = budget{perHost: 10, total: 300}
	familiarBudget = budget{perHost: 60, total: 600}
)

// budget counts fetches, for each host and in all, in windows of one minute.
type budget struct {
	perHost, total int

	began time.Time
	spent int
	hosts map[string]int // at most total entries
}

// take reports whether one more fetch from host may begin, and counts it.
func (b *budget) take(host string, now time.Time) bool {
	if b.hosts == nil || now.Before(b.began) || now.Sub(b.began) >= time.Minute {
		b.began, b.spent, b.hosts = now, 0, make(map[string]int)
	}
	if b.spent >= b.total || b.hosts[host] >= b.perHost {
		return false
	}
	b.spent++
	b.hosts[host]++
	return true
}
