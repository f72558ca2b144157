package bench

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

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
