package cimd

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// proxy is an outbound proxy that opens every tunnel to the web server of a fixture.
type proxy struct {
	*httptest.Server
	status int

	mu    sync.Mutex
	asked []string
	auth  string
}

func newProxy(t *testing.T, f **fixture, secure bool) *proxy {
	t.Helper()
	p := &proxy{status: http.StatusOK}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host)
		p.auth = r.Header.Get("Proxy-Authorization")
		p.mu.Unlock()
		if p.status != http.StatusOK {
			http.Error(w, "canary", p.status)
			return
		}
		tunnel(w, (*f).site.Listener.Addr().String())
	}))
	p.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if secure {
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	return p
}

func tunnel(w http.ResponseWriter, address string) {
	far, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, "", http.StatusBadGateway)
		return
	}
	near, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		far.Close()
		return
	}
	io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		defer far.Close()
		io.Copy(far, buffered)
	}()
	defer near.Close()
	io.Copy(near, far)
}

func (p *proxy) choose(secret *url.Userinfo) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		if r.URL.Hostname() == "direct.example.com" {
			return nil, nil
		}
		u, err := url.Parse(p.URL)
		u.User = secret
		return u, err
	}
}

func setupProxy(t *testing.T, secure bool) (*fixture, *proxy) {
	t.Helper()
	var f *fixture
	p := newProxy(t, &f, secure)
	f = setup(t, Config{Proxy: p.choose(url.UserPassword("user", "pass"))}, serveDocument)
	return f, p
}

func TestProxy(t *testing.T) {
	for name, secure := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			f, p := setupProxy(t, secure)
			f.succeeds(t, clientID)
			if len(p.asked) != 1 || p.asked[0] != "CONNECT 93.184.215.14:443" {
				t.Errorf("the proxy was asked for %v, not for the address that was checked", p.asked)
			}
			if p.auth != "Basic dXNlcjpwYXNz" {
				t.Errorf("the proxy got the credentials %q", p.auth)
			}
			r := f.requests[0]
			if r.Host != "client.example.com" || r.TLS.ServerName != "client.example.com" || r.Header.Get("Proxy-Authorization") != "" {
				t.Errorf("the host got %s, %s, %v", r.Host, r.TLS.ServerName, r.Header)
			}
			f.succeeds(t, "https://direct.example.com/x")
			if len(p.asked) != 1 || len(f.connections()) != 1 {
				t.Errorf("a host that is excepted from the proxy goes through it")
			}
		})
	}
}

func TestAttack6_5_NoPrivateAddressThroughTheProxy(t *testing.T) {
	f, p := setupProxy(t, false)
	for i, text := range privateAddresses[:8] {
		a := netip.MustParseAddr(text)
		f.names = func(string) ([]netip.Addr, error) { return []netip.Addr{publicAddress, a}, nil }
		f.fails(t, "https://h"+string(rune('a'+i))+".example.com/x", ErrUnreachable)
	}
	f.names = func(string) ([]netip.Addr, error) { return nil, &net.DNSError{IsNotFound: true} }
	f.fails(t, "https://internal.example.com/x", ErrUnreachable) // the proxy might know it
	if len(p.asked) != 0 {
		t.Errorf("the proxy was asked for %v", p.asked)
	}
}

// TestAttack6_5_TheProxyDoesNotVouchForTheHost has a tunnel that ends somewhere else.
func TestAttack6_5_TheProxyDoesNotVouchForTheHost(t *testing.T) {
	f, _ := setupProxy(t, false)
	f.fails(t, "https://client.example.org/x", ErrUnreachable)
	if f.requested() != 0 {
		t.Error("a request went to a host without a valid certificate")
	}
}

func TestProxyTrouble(t *testing.T) {
	f, p := setupProxy(t, false)
	p.status = http.StatusForbidden
	err := f.fails(t, clientID, ErrUnreachable)
	if !strings.Contains(err.Error(), "403") || strings.Contains(f.log.String(), "canary") || strings.Contains(f.log.String(), "pass") {
		t.Errorf("got %v, log: %s", err, f.log.String())
	}
	p.Close()
	err = f.fails(t, "https://client.example.com/gone", ErrUnreachable)
	if !strings.Contains(err.Error(), "outbound proxy") {
		t.Errorf("got %v", err)
	}
	f = setup(t, Config{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("canary") }}, serveDocument)
	err = f.fails(t, clientID, ErrUnreachable)
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestProxyWithoutValidCertificate(t *testing.T) {
	f, p := setupProxy(t, true)
	f.network.DialProxy = f.network.Dial // any address leads to the same certificate
	f.network.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("https://93.184.215.14:443") }
	err := f.fails(t, clientID, ErrUnreachable)
	if !strings.Contains(err.Error(), "outbound proxy") || len(p.asked) != 0 {
		t.Errorf("got %v", err)
	}
}
