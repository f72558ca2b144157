package cimd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGet(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	got := f.succeeds(t, clientID)
	want := &Document{ID: clientID, Name: "Assistant", RedirectURIs: []string{"http://127.0.0.1/callback"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r := f.requests[0]
	if r.Host != "client.example.com" || r.TLS.ServerName != "client.example.com" || r.RequestURI != "/oauth/client.json" {
		t.Errorf("request to %s, %s, %s", r.Host, r.TLS.ServerName, r.RequestURI)
	}
	for name := range r.Header {
		if !slices.Contains([]string{"Accept", "User-Agent", "Connection"}, name) {
			t.Errorf("the request has a header %s", name)
		}
	}
}

// TestClientsInUse has the documents of assistants in the field, cut to what matters.
func TestClientsInUse(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"ChatGPT": {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "RS256",
			"token_endpoint_auth_methods_supported": []string{"none", "private_key_jwt"}, "jwks_uri": "https://chatgpt.com/oauth/jwks.json"},
		"Claude": {"grant_types": []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"}},
		"VS Code": {"grant_types": []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
			"redirect_uris": []string{"http://127.0.0.1:33418/", "https://vscode.dev/redirect"}},
		"only what must be": {"grant_types": nil, "response_types": nil, "token_endpoint_auth_method": nil, "client_name": nil},
	} {
		f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) { serve(w, document(clientID, changes)) })
		if _, err := f.Get(t.Context(), clientID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{
		"https://claude.ai/oauth/claude-code-client-metadata", "https://vscode.dev/oauth/client-metadata.json",
		"https://chatgpt.com/oauth/client.json", "https://chatgpt.com/oauth/IbUR3zxyNQ16/client.json", "https://chatgpt.com/oauth/codex/client.json",
		"https://github.com/copilot/cli/client-metadata.json", "https://zed.dev/oauth/client-metadata.json",
		"https://goose-docs.ai/oauth/client-metadata.json", "https://opencode.ai/oauth/opencode/client.json", "https://grok.com/oauth/mcp-client.json",
	} {
		if _, err := parseID(id); err != nil || !IsURL(id) {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, id := range []string{"", "eyJhbGciOiJkaXIifQ..x.y.z", "http://client.example.com/x", "HTTPS://client.example.com/x"} {
		if IsURL(id) {
			t.Errorf("%q is taken for a URL", id)
		}
	}
}

func TestTrust(t *testing.T) {
	trusted := true
	f := setup(t, Config{Trusted: func(host string) bool { return host == "client.example.com" && trusted }}, serveDocument)
	f.succeeds(t, clientID)
	f.fails(t, "https://other.example.com/x", ErrUntrusted)
	trusted = false
	f.fails(t, clientID, ErrUntrusted)
	if err := f.Check(clientID); !errors.Is(err, ErrUntrusted) {
		t.Errorf("Check says %v", err)
	}
	if f.requested() != 1 || f.lookups != 1 {
		t.Errorf("%d requests, %d look-ups", f.requested(), f.lookups)
	}
}

func TestCacheExpires(t *testing.T) {
	status := http.StatusOK
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write(document(clientID, nil))
	})
	f.succeeds(t, clientID)
	status = http.StatusInternalServerError
	f.advance(minLifetime - 1)
	f.succeeds(t, clientID)
	if f.requested() != 1 {
		t.Errorf("%d requests while the document is fresh", f.requested())
	}
	f.advance(1)
	f.fails(t, clientID, ErrUnreachable) // never an old document in place of a new one
	status = http.StatusOK
	f.advance(failurePause)
	f.succeeds(t, clientID)
	f.advance(-time.Hour)
	f.succeeds(t, clientID)
	if f.requested() != 4 {
		t.Errorf("%d requests; a clock that is set back must not keep a document", f.requested())
	}
}

func TestLifetime(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tc := range []struct {
		header http.Header
		want   time.Duration
	}{
		{http.Header{}, defaultLifetime},
		{http.Header{"Cache-Control": {"public"}}, defaultLifetime},
		{http.Header{"Cache-Control": {"public, Max-Age=7200"}}, 2 * time.Hour},
		{http.Header{"Cache-Control": {"public", `max-age="7200"`}}, 2 * time.Hour},
		{http.Header{"Cache-Control": {"max-age=7200"}, "Age": {"3600"}}, time.Hour},
		{http.Header{"Cache-Control": {"max-age=7200"}, "Age": {"99999999999999999999"}}, minLifetime},
		{http.Header{"Cache-Control": {"max-age=7200, no-store"}}, minLifetime},
		{http.Header{"Cache-Control": {"no-cache"}, "Expires": {at(time.Hour)}}, minLifetime},
		{http.Header{"Cache-Control": {"max-age=0"}}, minLifetime},
		{http.Header{"Cache-Control": {"max-age=-1"}}, minLifetime},
		{http.Header{"Cache-Control": {"max-age"}}, minLifetime},
		{http.Header{"Cache-Control": {"max-age=31536000"}}, maxLifetime},
		{http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, maxLifetime},
		{http.Header{"Cache-Control": {"max-age=7200"}, "Expires": {at(time.Hour)}}, 2 * time.Hour},
		{http.Header{"Expires": {at(time.Hour)}}, time.Hour},
		{http.Header{"Expires": {at(3 * time.Hour)}, "Date": {at(time.Hour)}}, 2 * time.Hour},
		{http.Header{"Expires": {at(-time.Hour)}}, minLifetime},
		{http.Header{"Expires": {"0"}}, minLifetime},
	} {
		if got := lifetime(tc.header, now); got != tc.want {
			t.Errorf("%v: got %v, want %v", tc.header, got, tc.want)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	for i := range 3 * cacheSize {
		id := clientID + strings.Repeat("x", i%maxID) + string(rune('a'+i/maxID))
		f.documents.Add(id, cached{})
		f.failures.Add(id, failure{})
	}
	if f.documents.Len() > cacheSize || f.failures.Len() > cacheSize {
		t.Errorf("%d documents, %d failures", f.documents.Len(), f.failures.Len())
	}
}

func TestTheNextAddressIsTried(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	dial := f.network.Dial
	v6 := netip.MustParseAddr("2606:4700::1111")
	f.names = func(string) ([]netip.Addr, error) { return []netip.Addr{v6, publicAddress}, nil }
	f.network.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if address == "93.184.215.14:443" {
			conn.Close()
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
		return conn, err
	}
	f.succeeds(t, clientID)
	if got := f.connections(); !slices.Equal(got, []string{"93.184.215.14:443", "[2606:4700::1111]:443"}) {
		t.Errorf("connections to %v", got)
	}
}

func TestUnreachable(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	for name, answer := range map[string]func(string) ([]netip.Addr, error){
		"unknown":   func(string) ([]netip.Addr, error) { return nil, &net.DNSError{IsNotFound: true} },
		"timeout":   func(string) ([]netip.Addr, error) { return nil, &net.DNSError{IsTimeout: true} },
		"addresses": func(string) ([]netip.Addr, error) { return nil, nil },
	} {
		f.names = answer
		f.fails(t, "https://"+name+".example.com/x", ErrUnreachable)
	}
	for _, status := range []int{408, 429, 500, 502, 503, 504} {
		f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		f.fails(t, clientID, ErrUnreachable)
	}
	for _, status := range []int{201, 204, 206, 400, 401, 403, 404, 410} {
		f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		f.fails(t, clientID, ErrDocument)
	}
}

// TestErrorsQuoteNothing has a web server that puts the same word wherever it can.
func TestErrorsQuoteNothing(t *testing.T) {
	for name, answer := range map[string]string{
		"status line": "HTTP/1.1 canary\r\n\r\n",
		"header":      "HTTP/1.1 200 OK\r\ncanary\r\n\r\n",
		"protocol":    "canary\r\n\r\n",
		"type":        "HTTP/1.1 200 OK\r\nContent-Type: canary\r\n\r\n",
		"status":      "HTTP/1.1 500 canary\r\n\r\n",
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n",
		"chunks":      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n",
		"body":        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"canary\":canary}",
		"member":      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"client_id\":\"canary\",\"redirect_uris\":[\"canary\"]}",
	} {
		f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			conn.Write([]byte(answer))
		})
		_, err := f.Get(t.Context(), clientID)
		if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(f.log.String(), "canary") {
			t.Errorf("%s: %v; log: %s", name, err, f.log.String())
		}
	}
}

func TestAPanicEndsInTheLog(t *testing.T) {
	f := setup(t, Config{Proxy: func(*http.Request) (*url.URL, error) { panic("lost") }}, serveDocument)
	f.fails(t, clientID, ErrUnreachable)
	if len(f.flights) != 0 {
		t.Error("the fetch counts as under way for ever")
	}
}
