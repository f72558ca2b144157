package atlassian

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
)

const mediaToken = "m3dia-t0ken"

// files is a site that demands credentials, a header and a client certificate, and a host of files that
// demands the token in the address. Other hosts than this one lead to where resolve says.
type files struct {
	*Site
	site, media *httptest.Server
	log         bytes.Buffer

	mu      sync.Mutex
	asked   []*http.Request // of both
	dialled []string
	address netip.Addr
}

func newFiles(t *testing.T, site, media http.HandlerFunc) *files {
	t.Helper()
	f := &files{address: netip.MustParseAddr("93.184.215.14")}
	certificate := shown(t)
	known := x509.NewCertPool()
	known.AddCert(certificate.Certificate)
	serve := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			f.asked = append(f.asked, r)
			f.mu.Unlock()
			h(w, r)
		}))
		s.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: known, MinVersion: tls.VersionTLS12}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	f.site = serve(func(w http.ResponseWriter, r *http.Request) {
		gated := r.Header.Get("Authorization") == "Bearer "+patOnly.Token && r.Header.Get("X-Gate") == "let me in" && len(r.TLS.PeerCertificates) == 1
		if !gated && !strings.HasPrefix(r.URL.Path, "/jira/open/") {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		site(w, r)
	})
	f.media = serve(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") != mediaToken {
			http.Error(w, "no token", http.StatusForbidden)
			return
		}
		media(w, r)
	})
	roots := x509.NewCertPool()
	roots.AddCert(f.site.Certificate())
	transport := NewTransport()
	transport.Proxy = nil
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	pair := certificate.TLS()
	transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	f.Site = newTestSite(t, Jira, transport, func(c *Config) {
		c.URL, c.Headers = f.site.URL+"/jira", map[string]string{"X-Gate": "let me in"}
		c.Logger = slog.New(slog.NewTextHandler(&f.log, nil))
	})
	f.public.Lookup = func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{f.address}, nil }
	f.public.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		f.dialled = append(f.dialled, address)
		if err := publicnet.RefusePrivate(network, address, nil); err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, f.media.Listener.Addr().String())
	}
	return f
}

var shownOnce struct {
	sync.Once
	pair *keypair.Pair
}

// shown is the client certificate of all the tests: a key takes its time.
func shown(t *testing.T) *keypair.Pair {
	shownOnce.Do(func() { shownOnce.pair = keypair.New(t, time.Now()) })
	return shownOnce.pair
}

const contentPath = "secure/attachment/10000/a.txt"

func (f *files) read(t *testing.T, address string, limit int64) (string, *File, error) {
	t.Helper()
	file, err := f.Download(t.Context(), address, limit)
	if err != nil {
		if strings.Contains(err.Error()+f.log.String(), mediaToken) || strings.Contains(err.Error()+f.log.String(), patOnly.Token) {
			t.Errorf("a secret is in %v or in the log: %s", err, &f.log)
		}
		return "", nil, err
	}
	data, err := io.ReadAll(file)
	if closed := errors.Join(file.Close(), file.Close()); closed != nil {
		t.Error(closed)
	}
	return string(data), file, err
}

func send(name, content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "Text/HTML; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(name))
		fmt.Fprint(w, content)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
	}
}

const mediaURL = "https://media.example.com/file/1/binary?token=" + mediaToken

func TestDownload(t *testing.T) {
	f := newFiles(t, send("Zürich plan.html", "<p>hello</p>"), nil)
	for _, address := range []string{contentPath, "/" + contentPath, f.site.URL + "/jira/" + contentPath} {
		content, file, err := f.read(t, address, 12)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		got := []any{content, file.Name, file.MediaType, file.Size}
		if diff := cmp.Diff([]any{"<p>hello</p>", "Zürich plan.html", "text/html", int64(12)}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
	for _, r := range f.asked {
		if r.URL.Path != "/jira/"+contentPath || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("asked for %s with %v", r.URL, r.Header)
		}
	}
	before := len(f.asked)
	for _, address := range []string{"https://evil.example.com/jira/x", "http://" + f.site.Listener.Addr().String() + "/jira/x", f.site.URL + "/other", "a/../b", "a/%2e%2e/b", "a%zz", "a\nb"} {
		if _, _, err := f.read(t, address, 12); err == nil {
			t.Errorf("%q was fetched", address)
		}
	}
	if len(f.asked) != before {
		t.Error("something was sent")
	}
	for _, address := range []string{"//evil.example.com/x", "evil.example.com/x"} { // paths of the site
		if _, _, err := f.read(t, address, 12); err != nil || f.asked[len(f.asked)-1].URL.Path != "/jira/evil.example.com/x" {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestAttack8_15_RedirectsTakeNothingAlong: to the host of files, and to a place of the site itself that
// anybody may see.
func TestAttack8_15_RedirectsTakeNothingAlong(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{mediaURL, "/jira/open/a.txt?token=" + mediaToken} {
			f := newFiles(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/jira/open/") {
					send("a.txt", "content")(w, r)
					return
				}
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			}, send("a.txt", "content"))
			content, file, err := f.read(t, contentPath, 100)
			if err != nil || content != "content" || file.Name != "a.txt" {
				t.Fatalf("%d to %s: %q, %v", status, to, content, err)
			}
			got := f.asked[1]
			want := http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "User-Agent": {"caddy-atlassian-mcp"}, "Connection": {"close"}}
			if got.ProtoMajor == 2 {
				delete(want, "Connection")
			}
			if diff := cmp.Diff(want, got.Header); len(f.asked) != 2 || diff != "" || len(got.TLS.PeerCertificates) != 0 {
				t.Errorf("%d to %s: %d requests, %d certificates shown, headers (-want +got):\n%s", status, to, len(f.asked), len(got.TLS.PeerCertificates), diff)
			}
		}
	}
}

func TestAttack8_15_RedirectsIntoTheNetwork(t *testing.T) {
	for _, to := range []string{
		"http://media.example.com/x", "ftp://media.example.com/x", "file:///etc/passwd", "javascript:alert(1)", "data:text/plain,x",
		"https://media.example.com:8443/x", "https://me:secret@media.example.com/x", "https://127.0.0.1/x", "https://[::1]/x",
		"https://169.254.169.254/latest/meta-data", "https://93.184.215.14/x", "https:///x", "https://%zz/?token=" + mediaToken,
	} {
		f := newFiles(t, redirect(to), send("a", "x"))
		f.public.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
			t.Errorf("%s was looked up", host)
			return nil, errors.New("none")
		}
		var e *Error
		if _, _, err := f.read(t, contentPath, 100); !errors.As(err, &e) || errors.Is(err, ErrBadCredentials) || e.retry != retryNever {
			t.Errorf("%s: %v", to, err)
		}
		if len(f.asked) != 1 || len(f.dialled) != 0 {
			t.Errorf("%s: %d requests, connections to %q", to, len(f.asked), f.dialled)
		}
	}
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"} {
		f := newFiles(t, redirect(mediaURL), send("a", "x"))
		f.address = netip.MustParseAddr(address)
		if _, _, err := f.read(t, contentPath, 100); !errors.Is(err, publicnet.ErrAddress) || len(f.asked) != 1 || len(f.dialled) != 0 {
			t.Errorf("%s: %v, %d requests, connections to %q", address, err, len(f.asked), f.dialled)
		}
	}
}

func TestAttack8_15_SecondRedirects(t *testing.T) {
	f := newFiles(t, redirect(mediaURL), redirect("https://media.example.com/again?token="+mediaToken))
	if _, _, err := f.read(t, contentPath, 100); err == nil || len(f.asked) != 2 || !strings.Contains(err.Error(), "a second redirect is not followed") {
		t.Errorf("%v, %d requests", err, len(f.asked))
	}
	f = newFiles(t, redirect("/jira/open/b"), nil) // back to itself, without end
	if _, _, err := f.read(t, contentPath, 100); err == nil || len(f.asked) != 2 || !strings.Contains(err.Error(), "a second redirect is not followed") {
		t.Errorf("%v, %d requests", err, len(f.asked))
	}
}

// TestDownloadSignInPages: a page without the header of an attachment is one, on the site as behind a
// redirect; an answer for anonymous visitors says so in a header.
func TestDownloadSignInPages(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		fmt.Fprint(w, "<title>Log in</title>")
	}
	for name, f := range map[string]*files{
		"on the site": newFiles(t, page, nil),
		"redirected": newFiles(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/jira/open/login.jsp" {
				page(w, r)
				return
			}
			redirect("/jira/open/login.jsp")(w, r)
		}, nil),
		"elsewhere": newFiles(t, redirect(mediaURL), page),
		"anonymous": newFiles(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Seraph-Loginreason", "AUTHENTICATED_FAILED")
			redirect(mediaURL)(w, r)
		}, send("a", "b")),
		"anonymous file": newFiles(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Ausername", "anonymous")
			send("a", "b")(w, r)
		}, nil),
		"refused": newFiles(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, nil),
	} {
		if _, _, err := f.read(t, contentPath, 100); !errors.Is(err, ErrBadCredentials) || !strings.Contains(err.Error(), "JIRA_PERSONAL_TOKEN") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFiles(t, redirect(strings.TrimSuffix(mediaURL, mediaToken)), nil)
	if _, _, err := f.read(t, contentPath, 100); err == nil || errors.Is(err, ErrBadCredentials) || errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "403 Forbidden") {
		t.Errorf("a refusal by another host: %v", err)
	}
}

// TestAttack8_15_EndlessBodies: with and without a length that says so, and an answer that a few bytes
// unpack to.
func TestAttack8_15_EndlessBodies(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return
			}
		}
	}
	for name, handler := range map[string]http.HandlerFunc{"on the site": endless, "elsewhere": redirect(mediaURL)} {
		f := newFiles(t, handler, endless)
		content, _, err := f.read(t, contentPath, 1000)
		var e *Error
		if len(content) != 1000 || !errors.As(err, &e) || err.Error() != "Jira call failed: the file is larger than 1000 bytes" {
			t.Errorf("%s: %d bytes, %v", name, len(content), err)
		}
	}
	for size, ok := range map[int]bool{99: true, 100: true, 101: false} {
		f := newFiles(t, send("a", strings.Repeat("x", size)), nil)
		if content, _, err := f.read(t, contentPath, 100); ok != (err == nil) || ok && len(content) != size {
			t.Errorf("%d bytes: read %d, %v", size, len(content), err)
		}
	}
	f := newFiles(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "gzip") }, nil)
	if _, _, err := f.read(t, contentPath, 100); err == nil || !strings.Contains(err.Error(), "encoding") {
		t.Errorf("an encoding: %v", err)
	}
}

// TestDownloadNeedsWholeFiles: no part, nothing that ends early.
func TestDownloadNeedsWholeFiles(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"a part":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPartialContent) },
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "50")
			fmt.Fprint(w, "half")
			panic(http.ErrAbortHandler)
		},
	} {
		var e *Error
		if _, _, err := newFiles(t, handler, nil).read(t, contentPath, 100); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDownloadRetries(t *testing.T) {
	for name, tc := range map[string]struct {
		steps []step
		calls int
		ok    bool
	}{
		"503":                     {[]step{{status: 503}, {status: 200, body: "x"}}, 2, true},
		"connection lost":         {[]step{{err: broken()}, {status: 200, body: "x"}}, 2, true},
		"503 behind the redirect": {[]step{{status: 303, header: http.Header{"Location": {"/x"}}}, {status: 503}, {status: 303, header: http.Header{"Location": {"/x"}}}, {status: 200, body: "x"}}, 4, true},
		"lost behind the redirect": {[]step{{status: 302, header: http.Header{"Location": {"/x"}}}, {err: broken()},
			{status: 302, header: http.Header{"Location": {"/x"}}}, {status: 200, body: "x"}}, 4, true},
		"404":      {[]step{{status: 404}}, 1, false},
		"for ever": {[]step{{status: 429, header: http.Header{"Retry-After": {"1"}}}}, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &script{steps: tc.steps}
				file, err := newTestSite(t, Jira, transport, nil).Download(t.Context(), contentPath, 100)
				if err == nil {
					file.Close()
				}
				if calls := int(transport.calls.Load()); calls != tc.calls || tc.ok != (err == nil) {
					t.Errorf("%d requests, want %d; %v", calls, tc.calls, err)
				}
			})
		})
	}
}

// drip is a body that sends one byte after each of its waits, and then none.
type drip struct {
	waits []time.Duration
	ctx   context.Context
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.waits) == 0 {
		<-d.ctx.Done()
		return 0, d.ctx.Err()
	}
	select {
	case <-time.After(d.waits[0]):
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	d.waits = d.waits[1:]
	return copy(p, "x"), nil
}

func (d *drip) Close() error { return nil }

// TestAttack8_15_SlowBodies: a file may take longer than a call otherwise may, as long as it moves; one
// that stops ends after the idle time, and every one with its context. Time in which nobody reads does
// not count.
func TestAttack8_15_SlowBodies(t *testing.T) {
	for name, tc := range map[string]struct {
		waits   []time.Duration
		timeout time.Duration
		read    int
		after   time.Duration
		want    error
	}{
		"stops":          {[]time.Duration{29 * time.Second, 29 * time.Second, 29 * time.Second}, time.Hour, 3, 3*29*time.Second + idleTimeout, errIdle},
		"never begins":   {nil, time.Hour, 0, idleTimeout, errIdle},
		"its call ends":  {[]time.Duration{20 * time.Second, 20 * time.Second}, 30 * time.Second, 1, 30 * time.Second, context.DeadlineExceeded},
		"is slower once": {[]time.Duration{time.Second, 31 * time.Second}, time.Hour, 1, 31 * time.Second, errIdle},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTestSite(t, Jira, roundTripper(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: &drip{tc.waits, r.Context()}, ContentLength: -1, Request: r}, nil
				}), nil)
				ctx, cancel := context.WithTimeout(t.Context(), tc.timeout)
				defer cancel()
				file, err := s.Download(ctx, contentPath, 100)
				if err != nil {
					t.Fatal(err)
				}
				if tc.timeout == time.Hour {
					time.Sleep(10 * time.Minute)
				}
				start := time.Now()
				data, err := io.ReadAll(file)
				var e *Error
				if took := time.Since(start); len(data) != tc.read || took != tc.after || !errors.Is(err, tc.want) || !errors.As(err, &e) {
					t.Errorf("%d bytes, %v after %v", len(data), err, took)
				}
				file.Close()
			})
		})
	}
}

// TestAttack8_15_SilentSites: on either side of a redirect.
func TestAttack8_15_SilentSites(t *testing.T) {
	for _, first := range [][]step{nil, {{status: 303, header: http.Header{"Location": {"/x"}}}}} {
		synctest.Test(t, func(t *testing.T) {
			s := newTestSite(t, Jira, &script{steps: append(first, step{hang: true})}, nil)
			ctx, cancel := context.WithTimeout(t.Context(), idleTimeout+time.Millisecond)
			defer cancel()
			start := time.Now()
			if _, err := s.Download(ctx, contentPath, 100); err == nil || time.Since(start) != idleTimeout {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	}
}

// TestDownloadEndsEarly: closing in the middle and at any time ends the request, and reading after it
// fails.
func TestDownloadEndsEarly(t *testing.T) {
	gone := make(chan struct{})
	f := newFiles(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	}, nil)
	file, err := f.Download(t.Context(), contentPath, 100)
	if err != nil {
		t.Fatal(err)
	}
	reading := make(chan error)
	go func() { _, err := io.ReadAll(file); reading <- err }()
	file.Close()
	if err := <-reading; err == nil {
		t.Error("the reader saw an end")
	}
	<-gone
	if _, err := file.Read(make([]byte, 1)); err == nil {
		t.Error("read from a closed file")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// bigFile is more than any buffer on the way holds, in bytes.
const bigFile = 100 << 20

// allocated is how much memory f asks for in all, in bytes. Under the race detector that is more: pools
// forget on purpose.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// zeros is a stream of n of them.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestDownloadHoldsNothing(t *testing.T) {
	f := newFiles(t, redirect(mediaURL), func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, zeros(bigFile)) })
	var n int64
	used := allocated(func() {
		file, err := f.Download(t.Context(), contentPath, bigFile)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if n, err = io.Copy(io.Discard, file); err != nil {
			t.Fatal(err)
		}
	})
	if n != bigFile || used > bigFile/2 {
		t.Errorf("%d bytes read with %d bytes of memory, both ends together", n, used)
	}
}
