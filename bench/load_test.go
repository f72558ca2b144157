package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/jiratools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// call is one tool call and what became of it.
type call struct {
	number int
	write  bool
	key    string

	took     time.Duration // from the time at which it was to start
	requests int           // to Jira, failed ones included
	failures int           // answered with 429 or 503
	asked    time.Duration // the waits that Jira asked for before another attempt
	failed   bool          // the result is an error
	wrong    string        // what is wrong with the result
}

type callKey struct{}

// observed notes what Jira answered to the call that a request belongs to.
type observed struct{ http.RoundTripper }

func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.RoundTripper.RoundTrip(r)
	if c, ok := r.Context().Value(callKey{}).(*call); ok {
		c.requests++
		if err == nil && resp.StatusCode >= http.StatusTooManyRequests {
			c.failures++
			seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
			c.asked += time.Duration(seconds) * time.Second
		}
	}
	return resp, err
}

// stage is the MCP route in front of a slow and faulty Jira.
type stage struct {
	jira  *faulty
	calls sync.Map // number -> *call, while it runs
	idle  []*http.Transport
	url   string
	right map[string]string // what reading each issue says

	client http.Client
}

// readable and writable are issues of the sandbox. What is written changes nothing that is read.
var (
	readable = []string{"PLAT-1", "PLAT-3", "PLAT-7", "OPS-1"}
	writable = []string{"PLAT-2", "OPS-2", "OPS-3"}
)

func newStage(b testing.TB, latency time.Duration, faults float64) *stage {
	b.Helper()
	s := &stage{jira: newFaulty(b), right: make(map[string]string)}
	out := atlassian.NewTransport()
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: 512}
	s.idle = []*http.Transport{out, s.client.Transport.(*http.Transport)}
	site, err := atlassian.NewSite(atlassian.Jira, atlassian.Config{
		URL: s.jira.url, Transport: observed{out},
		Credentials: atlassian.Credentials{Username: "svc-mcp@contoso.example", Token: "sandbox-jira-token"},
	})
	if err != nil {
		b.Fatal(err)
	}
	client, err := jira.New(site)
	if err != nil {
		b.Fatal(err)
	}
	catalogue := new(mcp.Catalogue)
	jiratools.Register(catalogue, client)
	rules, err := policy.New(policy.Config{Known: catalogue.Tools()})
	if err != nil {
		b.Fatal(err)
	}
	origins, err := origin.New(public, nil)
	if err != nil {
		b.Fatal(err)
	}
	route, err := mcp.New(mcp.Config{Catalogue: catalogue, Policy: rules, Origins: origins})
	if err != nil {
		b.Fatal(err)
	}
	who := &identity.Principal{TenantID: "t", ObjectID: "o", Name: "Ada Keller", Assistant: identity.Assistant{Name: "Claude"}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := identity.NewContext(r.Context(), who)
		if number, err := strconv.Atoi(r.Header.Get("X-Call")); err == nil {
			c, _ := s.calls.Load(number)
			ctx = context.WithValue(ctx, callKey{}, c)
		}
		route.ServeHTTP(w, r.WithContext(ctx))
	}))
	b.Cleanup(front.Close)
	s.url = front.URL
	for _, key := range readable {
		c := &call{number: -1, key: key}
		if s.right[key] = s.send(c); c.failed {
			b.Fatal(s.right[key])
		}
	}
	s.jira.latency, s.jira.faults = latency, faults
	return s
}

// send makes the call and returns the text of its result.
func (s *stage) send(c *call) string {
	tool, arguments := "jira_get_issue", map[string]any{"issue_key": c.key}
	if c.write {
		tool, arguments = "jira_add_comment", map[string]any{"issue_key": c.key, "body": marker(c.number)}
	}
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments}})
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url, strings.NewReader(string(body)))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2025-06-18", "X-Call": strconv.Itoa(c.number),
	} {
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		c.wrong = err.Error()
		return ""
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	// One message, as an event of a stream.
	_, data, _ := strings.Cut(string(raw), "data: ")
	var answer struct {
		Result struct {
			IsError bool
			Content []struct{ Text string }
		}
	}
	if err != nil || json.Unmarshal([]byte(data), &answer) != nil || len(answer.Result.Content) != 1 {
		c.wrong = fmt.Sprintf("status %d: %.200s (%v)", resp.StatusCode, raw, err)
		return ""
	}
	c.failed = answer.Result.IsError
	return answer.Result.Content[0].Text
}

// run makes calls by the clock. One in five writes.
func (s *stage) run(count int, perSecond float64) []*call {
	calls := make([]*call, count)
	for i := range calls {
		calls[i] = &call{number: i, write: i%5 == 0, key: readable[i%len(readable)]}
		if calls[i].write {
			calls[i].key = writable[i%len(writable)]
		}
	}
	byTheClock(count, perSecond, func(i int, due time.Time) {
		c := calls[i]
		s.calls.Store(i, c)
		text := s.send(c)
		c.took = time.Since(due)
		s.calls.Delete(i)
		s.check(c, text)
	})
	return calls
}

// check says what is wrong with an answer. An error is right after a failure that may not be retried:
// a write that was answered with 503, or a fourth failure.
func (s *stage) check(c *call, text string) {
	switch {
	case c.wrong != "":
	case c.failed && c.write && c.failures > 0 && (strings.Contains(text, "503") || c.failures == 4):
	case c.failed && c.failures == 4:
	case c.failed:
		c.wrong = "error: " + text
	case c.write && !strings.Contains(text, `"id":`):
		c.wrong = "comment: " + text
	case !c.write && text != s.right[c.key]:
		c.wrong = "issue: " + text
	}
}

// writes says which writes were applied otherwise than their results say.
func (s *stage) writes(calls []*call) (wrong []string) {
	for _, c := range calls {
		if !c.write {
			continue
		}
		applied := s.jira.applied(c.number)
		if applied > 1 || applied == 0 && !c.failed {
			wrong = append(wrong, fmt.Sprintf("call %d, failed %v, was applied %d times", c.number, c.failed, applied))
		}
	}
	return wrong
}

func marker(number int) string { return fmt.Sprintf("comment of call (%d)", number) }

// faulty is Jira's stand-in behind a network that is slow, and in front of it something that answers
// 429 or 503 to some requests and asks for a second's wait.
type faulty struct {
	jira    http.Handler
	url     string
	latency time.Duration
	faults  float64 // share of requests

	turn atomic.Uint64
	mu   sync.Mutex
	seen map[string]int // comments that were written, by text
}

func newFaulty(b testing.TB) *faulty {
	b.Helper()
	f := &faulty{seen: make(map[string]int)}
	server := httptest.NewServer(f)
	b.Cleanup(server.Close)
	f.url = server.URL
	var err error
	if f.jira, err = sandbox.New(sandbox.Config{Deployment: sandbox.Cloud, BaseURL: f.url}); err != nil {
		b.Fatal(err)
	}
	return f
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(f.latency)
	// Spread evenly and without a pattern that calls could fall in step with.
	turn := f.turn.Add(1) * 0x9E3779B97F4A7C15
	fault := float64(turn>>11)/(1<<53) < f.faults
	unavailable := turn&1 == 0
	switch {
	case !fault:
		f.answer(w, r)
	case unavailable:
		if turn&2 == 0 { // it was done, and the answer got lost
			f.answer(httptest.NewRecorder(), r)
		}
		refuse(w, http.StatusServiceUnavailable)
	default:
		refuse(w, http.StatusTooManyRequests)
	}
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(status)
}

// answer lets Jira answer. A comment is counted and taken away again, so that Jira does not grow.
func (f *faulty) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/comment") {
		f.jira.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	made := httptest.NewRecorder()
	f.jira.ServeHTTP(made, r)
	maps.Copy(w.Header(), made.Header())
	w.WriteHeader(made.Code)
	_, _ = w.Write(made.Body.Bytes())
	_, number, _ := strings.Cut(string(body), "comment of call (")
	number, _, _ = strings.Cut(number, ")")
	f.mu.Lock()
	f.seen[number]++
	f.mu.Unlock()
	var comment struct{ ID string }
	if json.Unmarshal(made.Body.Bytes(), &comment) == nil {
		remove := r.Clone(r.Context())
		remove.Method, remove.URL.Path, remove.Body = http.MethodDelete, r.URL.Path+"/"+comment.ID, http.NoBody
		f.jira.ServeHTTP(httptest.NewRecorder(), remove)
	}
}

func (f *faulty) applied(number int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[strconv.Itoa(number)]
}

// rest is what is in use between calls: bytes of the heap, and goroutines.
func (s *stage) rest() (heap float64, goroutines int) {
	s.jira.mu.Lock()
	clear(s.jira.seen)
	s.jira.mu.Unlock()
	for _, t := range s.idle {
		t.CloseIdleConnections()
	}
	goroutines = runtime.NumGoroutine()
	for range 100 { // what belongs to the connections ends by itself
		time.Sleep(20 * time.Millisecond)
		if n := runtime.NumGoroutine(); n < goroutines {
			goroutines = n
		}
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), goroutines
}

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
	round()
	heapAfter, goroutinesAfter := s.rest()
	const noise = 256 << 10
	if heapAfter > heap+noise || goroutinesAfter > goroutines {
		t.Errorf("300 calls left %.0f bytes and %d goroutines", heapAfter-heap, goroutinesAfter-goroutines)
	}
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
