package searchtools

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func answering(p policy.Product, ids ...string) *source {
	return &source{product: p, find: func(context.Context, atlassian.Scope) (hits []hit, err error) {
		for _, id := range ids {
			hits = append(hits, hit{ID: id})
		}
		return hits, nil
	}}
}

func failing(p policy.Product, err error) *source {
	return &source{product: p, find: func(context.Context, atlassian.Scope) ([]hit, error) { return nil, err }}
}

func TestAsk(t *testing.T) {
	refused := &atlassian.Error{Product: "confluence", Status: 403, Messages: []string{"no"}}
	troubled := &atlassian.Error{Product: "jira", Status: 500}
	broken, wrong := errors.New("broken"), &atlassian.InputError{Argument: "query"}
	missing := "Confluence could not be searched, so nothing of it is among the results. Confluence answered 403 Forbidden: no"
	for name, tc := range map[string]struct {
		sources    []*source
		want       string
		incomplete string
		err        string // the beginning of it
	}{
		"by turns":               {[]*source{answering("jira", "1", "2", "3"), answering("confluence", "a")}, "1 a 2 3", "", ""},
		"one":                    {[]*source{answering("confluence", "a", "b")}, "a b", "", ""},
		"none is open":           {nil, "", "", ""},
		"one is refused":         {[]*source{answering("jira", "1"), failing("confluence", refused)}, "1", missing, ""},
		"one is refused, empty":  {[]*source{answering("jira"), failing("confluence", refused)}, "", missing, ""},
		"the only one":           {[]*source{failing("confluence", refused)}, "", "", "Confluence answered 403 Forbidden: no"},
		"both":                   {[]*source{failing("jira", troubled), failing("confluence", refused)}, "", "", "Jira answered 500 Internal Server Error. Confluence answered 403 Forbidden: no"},
		"the query":              {[]*source{failing("jira", wrong), answering("confluence", "a")}, "", "", "query: "},
		"something in here":      {[]*source{answering("jira", "1"), failing("confluence", broken)}, "", "", "broken"},
		"both, one of them here": {[]*source{failing("jira", refused), failing("confluence", broken)}, "", "", "broken"},
	} {
		got, err := ask(t.Context(), slog.New(slog.DiscardHandler), tc.sources)
		if (err == nil) != (tc.err == "") || err != nil && !strings.HasPrefix(err.Error(), tc.err) {
			t.Errorf("%s: %v, want %v", name, err, tc.err)
		}
		if err != nil {
			continue
		}
		ids := []string{}
		for _, h := range got.Results {
			ids = append(ids, h.ID)
		}
		if diff := cmp.Diff(strings.Fields(tc.want), ids); diff != "" || got.Incomplete != tc.incomplete || got.Results == nil {
			t.Errorf("%s: %+v %s", name, got, diff)
		}
	}
}

// A product that does not answer costs nobody the results of the other, and a panic nobody the process.
func TestAskOutlivesASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		silent := &source{product: policy.Confluence, find: func(ctx context.Context, _ atlassian.Scope) ([]hit, error) {
			<-ctx.Done()
			return nil, &atlassian.Error{Product: "confluence", Messages: []string{"no answer in time"}}
		}}
		start := time.Now()
		got, err := ask(ctx, slog.New(slog.DiscardHandler), []*source{answering("jira", "1"), silent})
		if err != nil || len(got.Results) != 1 || !strings.Contains(got.Incomplete, "no answer in time") || time.Since(start) != 40*time.Second {
			t.Errorf("got %+v, %v after %v", got, err, time.Since(start))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		panics := &source{product: policy.Jira, find: func(context.Context, atlassian.Scope) ([]hit, error) { panic("boom") }}
		got, err := ask(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), []*source{panics, answering("confluence", "a")})
		if synctest.Wait(); err == nil || got != nil || !strings.Contains(log.String(), "boom") {
			t.Errorf("got %+v, %v; log %s", got, err, &log)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ask(ctx, slog.New(slog.DiscardHandler), []*source{answering("jira", "1")}); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller went away: %v", err)
	}
}
