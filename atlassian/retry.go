package atlassian

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Retrying: at most maxAttempts tries, waits that double from firstWait with jitter, and the wait
// that the site asks for in its place, unless that is longer than maxWait.
const (
	maxAttempts = 4
	firstWait   = 100 * time.Millisecond
	maxWait     = 30 * time.Second
	waitJitter  = 50 * time.Millisecond
)

// retry says for which requests another attempt is safe after a failure.
type retry int

const (
	retryNever retry = iota
	retryReads       // the request may have had its effect
	retryAll         // the request certainly had none
)

// waitAndRetry decides whether to try again after the n-th failure and waits. It returns false
// when the failure should go to the caller.
func (s *Site) waitAndRetry(ctx context.Context, req *http.Request, failure *Error, write bool, n int) bool {
	if failure.retry == retryNever || (write && failure.retry != retryAll) || n+1 >= maxAttempts {
		return false
	}
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return false
	}
	wait := backoff(failure.RetryAfter, n)
	if deadline, ok := ctx.Deadline(); wait > maxWait+waitJitter || (ok && time.Until(deadline) <= wait) {
		return false
	}
	if !s.retries.take(time.Now()) {
		s.log.Warn("retry budget of the site is used up", "product", s.product, "status", failure.Status)
		return false
	}
	s.log.Debug("trying again", "product", s.product, "method", req.Method, "status", failure.Status, "attempt", n+1, "wait", wait)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is how long to wait after the n-th failure.
func backoff(asked time.Duration, n int) time.Duration {
	if asked > 0 {
		return asked + rand.N(waitJitter) //nolint:gosec // spreads load, guards nothing
	}
	wait := firstWait << n
	return wait/2 + rand.N(wait/2) //nolint:gosec // as above
}

// retryAfter reads a Retry-After header (RFC 9110 section 10.2.3): seconds or a date. It is zero
// when there is none that makes sense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(v, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// budget keeps retries from multiplying the load on a site in trouble. Each request earns a fifth
// of a retry and each second one; a site that fails all the time is asked about 1.2 times per
// call instead of maxAttempts times.
type budget struct {
	mu     sync.Mutex
	tokens float64
	last   time.Time
}

const (
	budgetSize       = 50
	budgetPerRequest = 0.2
	budgetPerSecond  = 1
)

func newBudget(now time.Time) *budget { return &budget{tokens: budgetSize, last: now} }

func (b *budget) earn(now time.Time, amount float64) {
	if passed := now.Sub(b.last).Seconds(); passed > 0 {
		amount += passed * budgetPerSecond
		b.last = now
	}
	b.tokens = min(budgetSize, b.tokens+amount)
}

// request earns what one call contributes.
func (b *budget) request(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.earn(now, budgetPerRequest)
}

// take spends one retry, if there is one.
func (b *budget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.earn(now, 0)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
