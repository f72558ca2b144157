// Package safego starts goroutines whose panic ends in the log instead of ending the process.
package safego

import (
	"log/slog"
	"runtime/debug"
	"time"
)

// Go runs f in a new goroutine and logs a panic in it, with its stack, as a failure of what.
//
// A panic that reaches the top of any goroutine ends the whole process, and with it every site
// that Caddy serves. handlers/ and atlassian/ therefore start goroutines only here; a test over
// their syntax trees keeps it so.
func Go(log *slog.Logger, what string, f func()) {
	go run(log, what, f)
}

// AfterFunc is time.AfterFunc with Go's treatment of panics.
func AfterFunc(log *slog.Logger, what string, d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { run(log, what, f) })
}

func run(log *slog.Logger, what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic in background work", "work", what, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	f()
}
