package cimd

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clientID is a document's URL. The certificate of httptest is good for example.com and its
// sub-domains.
const clientID = "https://client.example.com/oauth/client.json"

// publicAddress is what names resolve to when a test says nothing else.
var publicAddress = netip.MustParseAddr("93.184.215.14")

// fixture is a Fetcher before a fake Internet, in which one web server answers at every public
// address. Every address goes through the check of the real dialer first.
type fixture struct {
	*Fetcher
	site *httptest.Server
	log  bytes.Buffer

	mu       sync.Mutex
	now      time.Time
	names    func(host string) ([]netip.Addr, error)
	lookups  int
	dialled  []string
	requests []*http.Request
}

func setup(t *testing.T, c Config, answer http.HandlerFunc) *fixture {
	t.Helper()
	f := &fixture{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	f.names = func(string) ([]netip.Addr, error) { return []netip.Addr{publicAddress}, nil }
	f.site = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.requests = append(f.requests, r)
		f.mu.Unlock()
		answer(w, r)
	}))
	f.site.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	f.site.StartTLS()
	t.Cleanup(f.site.Close)
	c.Now = f.clock
	c.Logger = slog.New(slog.NewTextHandler(&f.log, nil))
	if c.Proxy == nil {
		c.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	f.Fetcher = New(c)
	f.network.Lookup, f.network.Dial = f.lookup, f.dial
	f.network.TLS.RootCAs = x509.NewCertPool()
	f.network.TLS.RootCAs.AddCert(f.site.Certificate())
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups++
	return f.names(host)
}

func (f *fixture) dial(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dialled = append(f.dialled, address)
	f.mu.Unlock()
	if err := publicnet.RefusePrivate(network, address, nil); err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, f.site.Listener.Addr().String())
}

// requested is how many requests have reached the web server.
func (f *fixture) requested() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

func (f *fixture) connections() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.dialled)
}

// fails asks for a document that must not be had, for a reason that wraps want.
func (f *fixture) fails(t *testing.T, id string, want error) error {
	t.Helper()
	d, err := f.Get(t.Context(), id)
	if d != nil || !errors.Is(err, want) {
		t.Errorf("%s: got %v, %v, want %v", id, d, err, want)
	}
	return err
}

func (f *fixture) succeeds(t *testing.T, id string) *Document {
	t.Helper()
	d, err := f.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// document is a good document but for the changes; nil removes a member.
func document(id string, changes map[string]any) []byte {
	members := map[string]any{
		"client_id": id, "client_name": "Assistant", "redirect_uris": []string{"http://127.0.0.1/callback"},
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
		"token_endpoint_auth_method": "none",
	}
	maps.Copy(members, changes)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	body, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return body
}

func serve(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

// serveDocument answers every URL with its good document.
func serveDocument(w http.ResponseWriter, r *http.Request) {
	serve(w, document("https://"+r.Host+r.URL.Path, nil))
}
