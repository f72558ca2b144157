package confluence

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// maxTogether bounds how many requests one call has under way at a time.
const maxTogether = 6

// together runs calls side by side and returns the first error in their order.
func together(log *slog.Logger, what string, calls ...func() error) error {
	errs := make([]error, len(calls))
	slots := make(chan struct{}, maxTogether)
	var running sync.WaitGroup
	for i, call := range calls {
		errs[i] = errors.New(what + " ended unexpectedly") // stands when the call panics
		slots <- struct{}{}
		running.Add(1)
		safego.Go(log, what, func() {
			defer running.Done()
			defer func() { <-slots }()
			errs[i] = call()
		})
	}
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
