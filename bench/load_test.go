package bench

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestLoad: whatever Jira fails with, no answer is wrong, no write is applied twice, and nothing is
// left when the calls have ended.
func TestLoad(t *testing.T) {
	s := newStage(t, 5*time.Millisecond, 0.2)
	round := func() {
		calls := s.run(300, 200)
		retried := 0
		for _, c := range calls {
			if c.wrong != "" {
				t.Errorf("call %d, %d requests, %d failures: %s", c.number, c.requests, c.failures, c.wrong)
			}
			if c.requests > 1 {
				retried++
			}
		}
		for _, wrong := range s.writes(calls) {
			t.Error(wrong)
		}
		if retried == 0 {
			t.Error("nothing was retried")
		}
	}
	round()
	heap, goroutines := s.rest()
	// Pools and connections settle; what is kept of each call is there again after each round.
	const noise = 256 << 10
	for range 4 {
		round()
		heapAfter, goroutinesAfter := s.rest()
		if heapAfter <= heap+noise && goroutinesAfter <= goroutines {
			return
		}
		t.Logf("300 calls left %.0f bytes and %d goroutines", heapAfter-heap, goroutinesAfter-goroutines)
		heap, goroutines = heapAfter, goroutinesAfter
	}
	t.Error("each round leaves something")
}

// BenchmarkLoad is 300 calls in a second for 30 seconds, to a Jira that takes 100 ms and fails one request in
// twenty. The other way is the same issue read from the same Jira without anything between: what that
// takes beyond 100 ms is the machine's doing.
func BenchmarkLoad(b *testing.B) {
	const latency, perSecond, seconds = 100 * time.Millisecond, 300, 30
	s := newStage(b, latency, 0.05)
	bare := s.bare(perSecond*seconds/3, perSecond)
	s.run(perSecond, perSecond) // opens the connections
	before, _ := s.rest()
	s.run(perSecond, perSecond)
	var calls []*call
	for b.Loop() {
		clear(s.jira.seen)
		calls = s.run(perSecond*seconds, perSecond)
	}
	for _, twice := range s.writes(calls) {
		b.Error(twice)
	}
	var clean, beyond []float64
	var failed, retries, wrong int
	for _, c := range calls {
		if c.wrong != "" {
			if wrong++; wrong <= 5 {
				b.Errorf("call %d: %s", c.number, c.wrong)
			}
		}
		if c.failed {
			failed++
		}
		retries += max(0, c.requests-1)
		if c.failures == 0 {
			clean = append(clean, milliseconds(c.took))
		} else if !c.failed {
			beyond = append(beyond, milliseconds(c.took-c.asked-time.Duration(c.requests)*latency))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(calls)), "calls")
	b.ReportMetric(float64(retries), "retries")
	b.ReportMetric(float64(failed), "errors")
	b.ReportMetric(float64(wrong), "wrong")
	b.ReportMetric(median(clean), "ms/median")
	b.ReportMetric(percentile(clean, 0.99), "ms/p99")
	b.ReportMetric(percentile(beyond, 0.99), "ms/beyond-waits-p99")
	b.ReportMetric(median(bare), "ms/bare-median")
	b.ReportMetric(percentile(bare, 0.99), "ms/bare-p99")
	after, _ := s.rest()
	b.ReportMetric((after-before)/1024, "kB-grown")
}

// bare reads an issue from Jira by the clock, and returns how many milliseconds it took where Jira did
// not fail.
func (s *stage) bare(count int, perSecond float64) (took []float64) {
	var mu sync.Mutex
	byTheClock(count, perSecond, func(_ int, due time.Time) {
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, s.jira.url+"/rest/api/3/issue/"+readable[0], http.NoBody)
		req.SetBasicAuth("svc-mcp@contoso.example", "sandbox-jira-token")
		resp, err := s.client.Do(req)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode == http.StatusOK {
			mu.Lock()
			defer mu.Unlock()
			took = append(took, milliseconds(time.Since(due)))
		}
	})
	return took
}

// byTheClock starts f count times, whatever became of those before, and waits for the last to end.
func byTheClock(count int, perSecond float64, f func(i int, due time.Time)) {
	var wait sync.WaitGroup
	start := time.Now()
	for i := range count {
		due := start.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
		time.Sleep(time.Until(due))
		wait.Go(func() { f(i, due) })
	}
	wait.Wait()
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

func percentile(values []float64, p float64) float64 {
	slices.Sort(values)
	return values[min(len(values)-1, int(float64(len(values))*p))]
}
