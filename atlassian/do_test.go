package atlassian

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// script is a transport that gives its answers one after the other, the last for ever.
type script struct {
	steps []step
	calls atomic.Int32
	last  *http.Request
}

type step struct {
	status int
	header http.Header
	body   string
	err    error
	hang   bool // until the context of the attempt ends
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	n := int(s.calls.Add(1)) - 1
	now := s.steps[min(n, len(s.steps)-1)]
	s.last = r
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
	}
	if now.hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if now.err != nil {
		return nil, now.err
	}
	header := now.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	return &http.Response{
		StatusCode: now.status, Header: header, Body: io.NopCloser(strings.NewReader(now.body)), ContentLength: -1, Request: r,
	}, nil
}

var patOnly = Credentials{Token: "s3cret-token"}

func newTestSite(t testing.TB, product string, transport http.RoundTripper, change func(*Config)) *Site {
	t.Helper()
	c := Config{URL: "https://it.example.com/jira", Deployment: DataCenter, Credentials: patOnly, Transport: transport}
	if change != nil {
		change(&c)
	}
	s, err := NewSite(product, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newRequest(t testing.TB, ctx context.Context, s *Site, method string) *http.Request {
	t.Helper()
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader(`{"a":1}`)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.BaseURL()+"rest/api/2/issue/PLAT-1?fields=summary", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	return req
}

func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func broken() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

func TestDoRetries(t *testing.T) {
	ok := step{status: 200, body: `{}`}
	for _, tc := range []struct {
		name      string
		method    string
		readOnly  bool
		steps     []step
		calls     int
		status    int // 0: success
		uncertain bool
	}{
		{name: "success", method: "GET", steps: []step{ok}, calls: 1},
		{name: "read, 429", method: "GET", steps: []step{{status: 429}, ok}, calls: 2},
		{name: "read, 502 503 504", method: "GET", steps: []step{{status: 502}, {status: 503}, {status: 504}, ok}, calls: 4},
		{name: "read, connection lost", method: "GET", steps: []step{{err: broken()}, ok}, calls: 2},
		{name: "read, connection refused", method: "GET", steps: []step{{err: refused()}, ok}, calls: 2},
		{name: "read, no answer", method: "GET", steps: []step{{hang: true}, ok}, calls: 2},
		{name: "read, 500", method: "GET", steps: []step{{status: 500}, ok}, calls: 1, status: 500},
		{name: "read, 404", method: "GET", steps: []step{{status: 404}, ok}, calls: 1, status: 404},
		{name: "read, 503 for ever", method: "GET", steps: []step{{status: 503}}, calls: 4, status: 503},
		{name: "search, 503", method: "POST", readOnly: true, steps: []step{{status: 503}, ok}, calls: 2},
		{name: "write, 429", method: "POST", steps: []step{{status: 429}, ok}, calls: 2},
		{name: "write, connection refused", method: "PUT", steps: []step{{err: refused()}, ok}, calls: 2},
		{name: "write, 503", method: "POST", steps: []step{{status: 503}, ok}, calls: 1, status: 503, uncertain: true},
		{name: "write, 500", method: "DELETE", steps: []step{{status: 500}, ok}, calls: 1, status: 500, uncertain: true},
		{name: "write, 400", method: "POST", steps: []step{{status: 400}, ok}, calls: 1, status: 400},
		{name: "write, connection lost", method: "POST", steps: []step{{err: broken()}, ok}, calls: 1, status: -1, uncertain: true},
		{name: "write, no answer", method: "POST", steps: []step{{hang: true}, ok}, calls: 1, status: -1, uncertain: true},
		{name: "write, refused for ever", method: "POST", steps: []step{{err: refused()}}, calls: 4, status: -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &script{steps: tc.steps}
				s := newTestSite(t, Jira, transport, nil)
				ctx := t.Context()
				if tc.readOnly {
					ctx = ReadOnly(ctx)
				}
				resp, err := s.Do(newRequest(t, ctx, s, tc.method))
				if got := int(transport.calls.Load()); got != tc.calls {
					t.Errorf("%d attempts, want %d", got, tc.calls)
				}
				if tc.status == 0 {
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					return
				}
				var e *Error
				if !errors.As(err, &e) || max(tc.status, 0) != e.Status || e.Uncertain != tc.uncertain {
					t.Errorf("error = %#v, want status %d, uncertain %v", err, tc.status, tc.uncertain)
				}
				if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "fields=") {
					t.Errorf("the error tells too much: %v", err)
				}
			})
		})
	}
}

func TestDoHonoursRetryAfter(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		timeout      time.Duration
		calls        int
		wait         time.Duration
	}{
		{"seconds", "2", time.Minute, 2, 2 * time.Second},
		{"date", "in 5 s", time.Minute, 2, 5 * time.Second},
		{"longer than anybody waits", "3600", 2 * time.Hour, 1, 0},
		{"longer than the call may take", "10", 5 * time.Second, 1, 0},
		{"nonsense", "soon", time.Minute, 2, 0},
		{"negative", "-5", time.Minute, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				header := tc.header
				if header == "in 5 s" {
					header = time.Now().Add(5 * time.Second).UTC().Format(http.TimeFormat)
				}
				transport := &script{steps: []step{{status: 429, header: http.Header{"Retry-After": {header}}}, {status: 200, body: "{}"}}}
				s := newTestSite(t, Jira, transport, nil)
				ctx, cancel := context.WithTimeout(t.Context(), tc.timeout)
				defer cancel()
				start := time.Now()
				resp, err := s.Do(newRequest(t, ctx, s, "POST"))
				waited := time.Since(start)
				if err == nil {
					resp.Body.Close()
				}
				if got := int(transport.calls.Load()); got != tc.calls {
					t.Fatalf("%d attempts, want %d (%v)", got, tc.calls, err)
				}
				if waited < tc.wait || waited > tc.wait+150*time.Millisecond {
					t.Errorf("waited %v, want %v and at most 150 ms more", waited, tc.wait)
				}
				var e *Error
				if tc.calls == 1 && (!errors.As(err, &e) || e.RetryAfter == 0 || !strings.Contains(err.Error(), "Try again in")) {
					t.Errorf("error = %v, want it to say when to try again", err)
				}
			})
		})
	}
}

func TestDoKeepsARetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &script{steps: []step{{status: 503}}}
		s := newTestSite(t, Jira, transport, nil)
		const calls = 500
		for range calls {
			if _, err := s.Do(newRequest(t, t.Context(), s, "GET")); err == nil {
				t.Fatal("no error")
			}
		}
		// Waiting earns retries, too: one a second of the whole duration.
		if got := int(transport.calls.Load()); got > calls*3/2 {
			t.Errorf("%d attempts for %d calls of a site that is down", got, calls)
		}
	})
}

func TestDoEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, steps := range [][]step{{{hang: true}}, {{status: 503, header: http.Header{"Retry-After": {"20"}}}}} {
			s := newTestSite(t, Jira, &script{steps: steps}, nil)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := s.Do(newRequest(t, ctx, s, "GET"))
			if err == nil || time.Since(start) != time.Second {
				t.Errorf("%v after %v, want an error after 1 s", err, time.Since(start))
			}
		}
		s := newTestSite(t, Jira, &script{steps: []step{{hang: true}}}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Do(newRequest(t, ctx, s, "POST"))
		var e *Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Uncertain {
			t.Errorf("error = %v, want a deadline that leaves the write uncertain", err)
		}
	})
}

func TestDoCapsAnswers(t *testing.T) {
	for _, tc := range []struct {
		size int
		ok   bool
	}{{99, true}, {100, true}, {101, false}, {5000, false}} {
		s := newTestSite(t, Jira, &script{steps: []step{{status: 200, body: strings.Repeat("x", tc.size)}}}, func(c *Config) { c.MaxResponse = 100 })
		resp, err := s.Do(newRequest(t, t.Context(), s, "GET"))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		var e *Error
		if tc.ok != (err == nil) || len(data) != min(tc.size, 100) || (!tc.ok && !errors.As(err, &e)) {
			t.Errorf("%d bytes: read %d, %v", tc.size, len(data), err)
		}
	}
}

func TestDoRefusesWhatIsNotForTheSite(t *testing.T) {
	transport := &script{steps: []step{{status: 200, body: "{}"}}}
	s := newTestSite(t, Jira, transport, nil)
	for _, target := range []string{
		"https://evil.example.com/jira/rest/api/2/issue/1",
		"http://it.example.com/jira/rest/api/2/issue/1",
		"https://it.example.com:8443/jira/rest/api/2/issue/1",
		"https://it.example.com.evil.example/jira/rest",
		"https://user@it.example.com/jira/rest",
		"https://it.example.com/rest/api/2/issue/1",
		"https://it.example.com/jiraffe/rest",
		"https://it.example.com/jira/rest/../../secure",
		"https://it.example.com/jira/rest/%2e%2e/admin",
		"https://it.example.com/jira/" + Path("rest", "api", "2", "issue", ".."),
		"https://it.example.com/jira/" + Path("rest", "."),
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(req); err == nil {
			t.Errorf("%s was sent", target)
		}
	}
	if n := transport.calls.Load(); n != 0 {
		t.Errorf("%d requests went out", n)
	}
	for _, target := range []string{"https://IT.example.com:443/jira/rest/api", "https://it.example.com/jira/" + Path("rest", "a/b?c#d")} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if resp, err := s.Do(req); err != nil {
			t.Errorf("%s: %v", target, err)
		} else {
			resp.Body.Close()
		}
	}
}

func TestDoSetsCredentials(t *testing.T) {
	transport := &script{steps: []step{{status: 200, body: `{"accountId":"557058:svc"}`}}}
	site := func(d Deployment) *Site {
		return newTestSite(t, Jira, transport, func(c *Config) { c.Deployment = d })
	}
	s := site(DataCenter)
	send := func(ctx context.Context) error {
		req := newRequest(t, ctx, s, "GET")
		req.Header.Set("Authorization", "Bearer smuggled")
		req.Header.Set("Cookie", "JSESSIONID=1")
		resp, err := s.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	for _, tc := range []struct {
		name       string
		deployment Deployment
		ctx        context.Context
		want       string
	}{
		{"of the site", DataCenter, t.Context(), "Bearer s3cret-token"},
		{"of the context", DataCenter, WithCredentials(t.Context(), Credentials{Token: "other"}), "Bearer other"},
		{"Data Center with a user name", DataCenter, WithCredentials(t.Context(), Credentials{"me", "pat"}), "Bearer pat"},
		{"Cloud with a user name", Cloud, WithCredentials(t.Context(), Credentials{"me@example.com", "api"}), "Basic bWVAZXhhbXBsZS5jb206YXBp"},
		{"Cloud without", Cloud, WithCredentials(t.Context(), Credentials{Token: "oauth"}), "Bearer oauth"},
	} {
		s = site(tc.deployment)
		if err := send(tc.ctx); err != nil {
			t.Fatal(err)
		}
		if got := transport.last.Header.Values("Authorization"); len(got) != 1 || got[0] != tc.want {
			t.Errorf("%s: Authorization = %q, want %q", tc.name, got, tc.want)
		}
		if transport.last.Header.Get("Cookie") != "" {
			t.Error("a cookie went out")
		}
	}
	before := transport.calls.Load()
	for _, c := range []Credentials{{}, {Username: "x"}, {Token: "a\r\nX-Evil: 1"}, {Username: "a:b", Token: "t"}} {
		if err := send(WithCredentials(t.Context(), c)); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("credentials %q: %v, want a refusal", c.Username, err)
		}
	}
	if transport.calls.Load() != before {
		t.Error("a call without credentials went out")
	}
}

func TestDoTakesWikiOutOfPaths(t *testing.T) {
	for _, tc := range []struct {
		url        string
		deployment Deployment
		path, want string
		web        string
	}{
		{"https://c.example.com", DataCenter, "wiki/rest/api/content/1?a=b", "https://c.example.com/rest/api/content/1?a=b", "https://c.example.com/x"},
		{"https://c.example.com/confluence/", DataCenter, "wiki/rest/api/space/A%2FB", "https://c.example.com/confluence/rest/api/space/A%2FB", "https://c.example.com/confluence/x"},
		{"https://c.example.com/wiki", DataCenter, "wiki/rest/api/content/1", "https://c.example.com/wiki/rest/api/content/1", "https://c.example.com/wiki/x"},
		{"https://c.example.com/mywiki", DataCenter, "wiki/rest/api/content/1", "https://c.example.com/mywiki/rest/api/content/1", "https://c.example.com/mywiki/x"},
		{"https://x.atlassian.net", Cloud, "wiki/api/v2/pages", "https://x.atlassian.net/wiki/api/v2/pages", "https://x.atlassian.net/wiki/x"},
		{"https://x.atlassian.net/wiki/home", Cloud, "wiki/api/v2/pages", "https://x.atlassian.net/wiki/api/v2/pages", "https://x.atlassian.net/wiki/x"},
		{"https://docs.example.com", Cloud, "wiki/api/v2/pages", "https://docs.example.com/wiki/api/v2/pages", "https://docs.example.com/wiki/x"},
	} {
		transport := &script{steps: []step{{status: 200, body: `{"accountId":"557058:svc"}`}}}
		s := newTestSite(t, Confluence, transport, func(c *Config) { c.URL, c.Deployment = tc.url, tc.deployment })
		base, _ := url.Parse(s.BaseURL())
		target, _ := base.Parse(tc.path)
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, target.String(), nil)
		resp, err := s.Do(req)
		if err != nil {
			t.Errorf("%s: %v", tc.url, err)
			continue
		}
		resp.Body.Close()
		if got := transport.last.URL.String(); got != tc.want {
			t.Errorf("%s: asked %s, want %s", tc.url, got, tc.want)
		}
		if got := s.WebURL("/x"); got != tc.web {
			t.Errorf("%s: web address %s, want %s", tc.url, got, tc.web)
		}
	}
}
