package searchtools

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/safego"
)

// ask searches all sources at once. One that fails is told of beside the results of the others; when
// none answers, that is the answer.
func ask(ctx context.Context, log *slog.Logger, sources []*source) (*results, error) {
	limited, cancel := patience(ctx)
	defer cancel()
	var searching sync.WaitGroup
	for _, s := range sources {
		s.err = errors.New("the search ended unexpectedly") // stands when it panics
		searching.Add(1)
		safego.Go(log, "searching "+s.product.Title(), func() {
			defer searching.Done()
			s.found, s.err = s.find(limited, s.scope)
		})
	}
	searching.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return gather(sources)
}

// patience leaves a third of the time that a call has, so that a product that does not answer costs
// nobody the results of the other.
func patience(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)*2/3)
}

// gather puts together what was found, a result of each source by turns. Only what a product answers,
// or that it does not, can be told of beside results: any other failure is one of this server or of the
// query.
func gather(sources []*source) (*results, error) {
	out, refusals := &results{Results: []hit{}}, []*atlassian.Error{}
	for _, s := range sources {
		if s.err == nil {
			continue
		}
		refused, ok := errors.AsType[*atlassian.Error](s.err)
		if !ok {
			return nil, s.err
		}
		refusals = append(refusals, refused)
		out.Incomplete = s.product.Title() + " could not be searched, so nothing of it is among the results. " + refused.Error()
	}
	if len(refusals) > 0 && len(refusals) == len(sources) {
		told := *refusals[0]
		for _, further := range refusals[1:] {
			told.Hint = strings.TrimSpace(told.Hint + " " + further.Error())
		}
		return nil, &told
	}
	for i := range perProduct {
		for _, s := range sources {
			if i < len(s.found) {
				out.Results = append(out.Results, s.found[i])
			}
		}
	}
	return out, nil
}
