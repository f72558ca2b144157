package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/jiratools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
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

// rest is what is in use between calls: bytes of the heap, and goroutines.
func (s *stage) rest() (heap float64, goroutines int) {
	s.jira.mu.Lock()
	clear(s.jira.seen)
	s.jira.mu.Unlock()
	for _, t := range s.idle {
		t.CloseIdleConnections()
	}
	goroutines = runtime.NumGoroutine()
	// What belongs to the connections ends by itself, within two seconds on a busy machine.
	for unchanged, tries := 0, 0; unchanged < 10 && tries < 100; tries++ {
		time.Sleep(20 * time.Millisecond)
		unchanged++
		if n := runtime.NumGoroutine(); n < goroutines {
			goroutines, unchanged = n, 0
		}
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), goroutines
}
