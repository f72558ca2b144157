package atlassian

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// idleTimeout is how long a file may stand still on its way. It takes the place of attemptTimeout,
// which says how long an answer may take in all.
const idleTimeout = 30 * time.Second

var errIdle = fmt.Errorf("nothing moved for %d s: %w", int(idleTimeout/time.Second), context.DeadlineExceeded)

// watch ends a request on which nothing moves.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func newWatch(ctx context.Context, log *slog.Logger) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watch{ctx, cancel, safego.AfterFunc(log, "an idle file", idleTimeout, func() { cancel(errIdle) })}
}

// moved begins the time anew.
func (w *watch) moved() { w.timer.Reset(idleTimeout) }

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// cause is why the request ended, where err is no more than what that looked like from the connection.
func (w *watch) cause(err error) error {
	if ended := context.Cause(w.ctx); ended != nil {
		return ended
	}
	return err
}

// watchedBody is an answer under a watch. Time counts while it is waited for, and not while its reader
// is busy.
type watchedBody struct {
	io.ReadCloser
	watch *watch
}

func (b watchedBody) Read(p []byte) (int, error) {
	b.watch.moved()
	n, err := b.ReadCloser.Read(p)
	b.watch.timer.Stop()
	if err != nil && err != io.EOF { //nolint:errorlint // as io.Reader demands it
		err = b.watch.cause(err)
	}
	return n, err
}
