package atlassian

import (
	"context"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// lookupTimeout bounds a look-up, its retries included.
const lookupTimeout = 20 * time.Second

// lookup is something about a site that the site is asked for once, on first use: callers meanwhile
// wait for that one answer. Failures are not remembered.
type lookup[T any] struct {
	mu       sync.Mutex
	known    *T
	inFlight *answer[T]
}

type answer[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// get returns what is known, or what ask finds out.
func (l *lookup[T]) get(ctx context.Context, s *Site, ask func(context.Context) (T, error)) (T, error) {
	l.mu.Lock()
	if l.known != nil {
		defer l.mu.Unlock()
		return *l.known, nil
	}
	a := l.inFlight
	if a == nil {
		a = &answer[T]{done: make(chan struct{})}
		l.inFlight = a
		l.start(ctx, s, a, ask)
	}
	l.mu.Unlock()
	select {
	case <-a.done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, s.cancelled(ctx.Err())
	}
}

// start asks in a goroutine of its own, because the caller that happened to be first may go away
// while others wait.
func (l *lookup[T]) start(ctx context.Context, s *Site, a *answer[T], ask func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	safego.Go(s.log, "look-up at "+s.Name(), func() {
		a.err = &Error{Product: s.product, Messages: []string{"a look-up at the site failed"}}
		defer func() {
			cancel()
			l.mu.Lock()
			defer l.mu.Unlock()
			if a.err == nil {
				l.known = &a.value
			}
			l.inFlight = nil
			close(a.done)
		}()
		a.value, a.err = ask(ctx)
	})
}

// set makes a value known that nobody has to ask for.
func (l *lookup[T]) set(value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = &value
}

// peek is the value, or the zero value while it is not known.
func (l *lookup[T]) peek() (value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known != nil {
		value = *l.known
	}
	return value
}
