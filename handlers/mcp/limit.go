package mcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// How a call can end other than by its tool's own doing.
var (
	errDeadline  = errors.New("the call took too long")
	errCancelled = errors.New("the caller went away")
	errNoEnd     = errors.New("the tool ended its goroutine without returning")
)

// panicError is a panic that was caught.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// limited runs f and returns when f does, when f panics, when timeout has passed, or when ctx ends,
// whichever comes first. The context that f gets ends with it, so an f that heeds its context
// leaves nothing behind; one that does not runs on alone, and its result is dropped.
func limited[T any](ctx context.Context, log *slog.Logger, timeout time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errDeadline)
	defer cancel()
	type finish struct {
		result T
		err    error
	}
	ended := make(chan finish, 1)
	safego.Go(log, "tool call", func() {
		end := finish{err: errNoEnd}
		defer func() {
			if p := recover(); p != nil {
				end = finish{err: &panicError{value: p, stack: debug.Stack()}}
			}
			ended <- end
		}()
		end.result, end.err = f(ctx)
	})
	var end finish
	select {
	case end = <-ended:
	case <-ctx.Done():
		// What f had ready by now counts.
		select {
		case end = <-ended:
		default:
			end.err = ctx.Err()
		}
	}
	if end.err != nil && ctx.Err() != nil && !isPanic(end.err) {
		// The tool's own account of it ("context deadline exceeded") says less.
		if errors.Is(context.Cause(ctx), errDeadline) {
			return end.result, errDeadline
		}
		return end.result, errCancelled
	}
	return end.result, end.err
}

func isPanic(err error) bool {
	var p *panicError
	return errors.As(err, &p)
}
