package cimd

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/publicnet"
)

var badIDs = []string{
	"", "client.example.com/x", "//client.example.com/x", "javascript:alert(1)", "file:///etc/passwd",
	"http://client.example.com/x", "HTTPS://client.example.com/x", " https://client.example.com/x", "https:/client.example.com/x",
	"https://client.example.com", "https://client.example.com/", "https:///x", "https:///client.example.com/x",
	"https://localhost/x", "https://localhost./x", "https://client.example.com./x", "https://metadata/x",
	"https://127.0.0.1/x", "https://169.254.169.254/latest/meta-data", "https://2130706433/x", "https://0x7f000001/x",
	"https://0x7f.1/x", "https://0177.0.0.1/x", "https://127.1/x", "https://10.0.0.1./x", "https://１２７.0.0.1/x",
	"https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://[64:ff9b::7f00:1]/x", "https://[fe80::1%25eth0]/x",
	"https://client.example.com:443/x", "https://client.example.com:22/x", "https://client.example.com:/x",
	"https://user@client.example.com/x", "https://user:secret@client.example.com/x", "https://claude.ai@evil.example/x",
	"https://claude.ai%40evil.example/x", "https://evil.example\\@claude.ai/x", "https://client.example.com\\x",
	"https://client.example.com/x#fragment", "https://client.example.com/x#", "https://client.example.com/x?", "https://client.example.com/x?y=z",
	"https://client.example.com?x=/y", "https://client.example.com/..", "https://client.example.com/a/../b", "https://client.example.com/./b",
	"https://client.example.com/a/%2e%2e/b", "https://client.example.com/%2E/b", "https://client.example.com/a/..%2fb", "https://client.example.com/%00",
	"https://client.example.com//b", "https://client.example.com/a;b=c", "https://client.example.com/a b", "https://client.example.com/a\r\nHost: x",
	"https://client.example.com/\u202eb", "https://Client.example.com/x", "https://ｃlient.example.com/x", "https://сlaude.ai/x", "https://claude。ai/x",
	"https://a_b.example.com/x", "https://-a.example.com/x", "https://xn--a.example/x",
	"https://client.example.com/" + strings.Repeat("a", maxID),
}

func TestAttack6_5_OddURLsAreRefusedBeforeAnythingIsLookedUp(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	for _, id := range badIDs {
		f.fails(t, id, ErrInvalidID)
		if err := f.Check(id); !errors.Is(err, ErrInvalidID) {
			t.Errorf("%q: Check says %v", id, err)
		}
	}
	if f.lookups != 0 || len(f.connections()) != 0 {
		t.Errorf("%d look-ups, %d connections", f.lookups, len(f.connections()))
	}
}

var privateAddresses = []string{
	"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.8.8.8",
	"168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
	"192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
	"240.0.0.1", "255.255.255.255",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::93.184.215.14", "64:ff9b::a9fe:a9fe", "64:ff9b::5db8:d70e",
	"64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "3fff::1",
	"4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "2606:4700::1111%lo",
}

func TestAttack6_5_AddressesThatAreNotPublic(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	for i, text := range privateAddresses {
		a := netip.MustParseAddr(text)
		if publicnet.Public(a) {
			t.Errorf("%s counts as public", a)
		}
		if publicnet.RefusePrivate("tcp", netip.AddrPortFrom(a, publicnet.Port).String(), nil) == nil {
			t.Errorf("the dialer would connect to %s", a)
		}
		for j, found := range [][]netip.Addr{{a}, {publicAddress, a}} {
			f.names = func(string) ([]netip.Addr, error) { return found, nil }
			f.fails(t, fmt.Sprintf("https://h%d-%d.example.com/x", i, j), ErrUnreachable)
		}
	}
	if dialled := f.connections(); len(dialled) != 0 {
		t.Errorf("connections to %v", dialled)
	}
	if strings.Contains(f.log.String(), "169.254") {
		t.Error("the log holds an internal address")
	}
}

func TestMappedAddresses(t *testing.T) {
	mapped := netip.AddrFrom16(publicAddress.As16())
	f := setup(t, Config{}, serveDocument)
	f.names = func(string) ([]netip.Addr, error) { return []netip.Addr{mapped}, nil }
	f.succeeds(t, clientID)
}

// TestAttack6_5_Rebinding has names whose address changes between one look-up and the next.
func TestAttack6_5_Rebinding(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	rebinding := func(string) ([]netip.Addr, error) {
		if f.lookups%2 == 1 {
			return []netip.Addr{publicAddress}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	f.names = rebinding
	f.succeeds(t, clientID)
	if f.lookups != 1 {
		t.Errorf("one fetch looks the name up %d times", f.lookups)
	}
	f.advance(maxLifetime)
	f.fails(t, clientID, ErrUnreachable)
	if dialled := f.connections(); len(dialled) != 1 || dialled[0] != "93.184.215.14:443" {
		t.Errorf("connections to %v", dialled)
	}
}

func TestAttack6_5_RedirectsAreNotFollowed(t *testing.T) {
	for _, target := range []string{"https://10.0.0.1/x", "https://client.example.com/other", "http://169.254.169.254/", "/other"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", target)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				w.Write(document(clientID, nil))
			})
			f.fails(t, clientID, ErrDocument)
			if n := len(f.connections()); n != 1 || f.requested() != 1 {
				t.Errorf("%d to %s: %d connections, %d requests", status, target, n, f.requested())
			}
		}
	}
}

func TestAttack6_5_TheCertificateIsTheHosts(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	f.fails(t, "https://client.example.org/x", ErrUnreachable)
	if f.requested() != 0 {
		t.Error("a request went to a host without a valid certificate")
	}
}

func TestAttack6_6_AThousandURLsOnOneHost(t *testing.T) {
	known := "https://client.example.com/known"
	f := setup(t, Config{Known: []string{known}}, serveDocument)
	flood := func(round string) (unreachable int) {
		for i := range 1000 {
			if _, err := f.Get(t.Context(), fmt.Sprintf("https://client.example.com/%s/%d", round, i)); errors.Is(err, ErrUnreachable) {
				unreachable++
			}
		}
		return unreachable
	}
	if n := flood("a"); n != 990 || f.requested() != strangerBudget.perHost {
		t.Errorf("%d refusals, %d requests", n, f.requested())
	}
	f.succeeds(t, known)
	f.succeeds(t, "https://other.example.com/x")
	f.succeeds(t, "https://client.example.com/a/0")
	f.advance(time.Minute)
	before := f.requested()
	if n := flood("b"); n != 990 || f.requested()-before != strangerBudget.perHost {
		t.Errorf("the next minute: %d refusals, %d requests", n, f.requested()-before)
	}
	f.advance(maxLifetime - time.Minute)
	before = f.requested()
	flood("c")
	f.succeeds(t, "https://client.example.com/a/0")
	if n := f.requested() - before; n != strangerBudget.perHost+1 {
		t.Errorf("a document that was fetched before is kept out by a flood: %d requests", n)
	}
}

// TestAttack6_6_AThousandNamesOfOneHost gets past the limit of a host with names that the resolver
// makes up.
func TestAttack6_6_AThousandNamesOfOneHost(t *testing.T) {
	f := setup(t, Config{}, serveDocument)
	f.names = func(string) ([]netip.Addr, error) { return nil, &net.DNSError{IsNotFound: true} }
	for i := range 1000 {
		f.fails(t, fmt.Sprintf("https://h%d.example.com/x", i), ErrUnreachable)
	}
	if f.lookups != strangerBudget.total || len(f.strangers.hosts) != strangerBudget.total {
		t.Errorf("%d look-ups, %d hosts remembered", f.lookups, len(f.strangers.hosts))
	}
}

func TestAttack6_6_FailuresAreNotRepeated(t *testing.T) {
	status := http.StatusNotFound
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
	})
	for range 20 {
		f.fails(t, clientID, ErrDocument)
	}
	if f.requested() != 1 {
		t.Errorf("%d requests", f.requested())
	}
	status = http.StatusServiceUnavailable
	f.advance(failurePause)
	f.fails(t, clientID, ErrUnreachable)
	if f.requested() != 2 {
		t.Errorf("%d requests after the pause", f.requested())
	}
	f.advance(-time.Hour) // a clock that is set back must not keep a failure
	f.fails(t, clientID, ErrUnreachable)
	if f.requested() != 3 {
		t.Errorf("%d requests after the clock was set back", f.requested())
	}
}

func TestAttack6_6_SlowBody(t *testing.T) {
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			w.Write([]byte(" "))
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
		panic(http.ErrAbortHandler) // and not an end that the client could still get
	})
	f.timeout = 100 * time.Millisecond
	err := f.fails(t, clientID, ErrUnreachable)
	if !strings.Contains(err.Error(), "in time") {
		t.Errorf("got %v", err)
	}
}

func TestAttack6_6_SilentServer(t *testing.T) {
	f := setup(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	f.timeout = 100 * time.Millisecond
	f.names = func(string) ([]netip.Addr, error) {
		return []netip.Addr{publicAddress, netip.MustParseAddr("1.1.1.1")}, nil
	}
	f.fails(t, clientID, ErrUnreachable)
	if f.requested() != 1 {
		t.Errorf("one fetch makes %d requests", f.requested())
	}
}

// TestAttack6_6_OneRequestHoweverManyAddresses has a web server that hangs up on every request.
func TestAttack6_6_OneRequestHoweverManyAddresses(t *testing.T) {
	f := setup(t, Config{}, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	f.names = func(string) ([]netip.Addr, error) {
		return []netip.Addr{publicAddress, netip.MustParseAddr("1.1.1.1"), netip.MustParseAddr("2606:4700::1111")}, nil
	}
	f.fails(t, clientID, ErrUnreachable)
	if f.requested() != 1 {
		t.Errorf("one fetch makes %d requests", f.requested())
	}
}

func TestAttack6_6_CompressedBomb(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(document(clientID, nil))
	z.Write(bytes.Repeat([]byte(" "), 8<<20))
	z.Close()
	for name, encoding := range map[string]string{"labelled": "gzip", "not labelled": "", "brotli": "br", "twice": "gzip, gzip"} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				if encoding != "" {
					w.Header().Set("Content-Encoding", encoding)
				}
				serve(w, bomb.Bytes())
			})
			f.fails(t, clientID, ErrDocument)
			if got := f.requests[0].Header.Get("Accept-Encoding"); got != "" {
				t.Errorf("asked for %s", got)
			}
		})
	}
}

func TestAttack6_6_HugeBody(t *testing.T) {
	wrote := make(chan int, 1)
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		total := 0
		for {
			n, err := w.Write(bytes.Repeat([]byte(" "), 64<<10))
			if total += n; err != nil {
				break
			}
		}
		wrote <- total
	})
	f.fails(t, clientID, ErrDocument)
	if total := <-wrote; total > 64<<20 {
		t.Errorf("the server got rid of %d bytes", total)
	}
}

func TestAttack6_6_HugeHeader(t *testing.T) {
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Fill", strings.Repeat("a", 2*(16<<10)))
		serve(w, document(clientID, nil))
	})
	f.fails(t, clientID, ErrUnreachable)
}

// TestAttack6_6_ManyCallersOneRequest sends away the caller that began the fetch.
func TestAttack6_6_ManyCallersOneRequest(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-answer
		serveDocument(w, r)
	})
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := f.Get(ctx, clientID)
		first <- err
	}()
	<-arrived
	results := make(chan error)
	for range 49 {
		go func() {
			_, err := f.Get(t.Context(), clientID)
			results <- err
		}()
	}
	leave()
	if err := <-first; !errors.Is(err, ErrUnreachable) || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that left got %v", err)
	}
	close(answer)
	for range 49 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if f.requested() != 1 {
		t.Errorf("%d requests", f.requested())
	}
}

// TestAttack6_4_NothingInADocumentIsFetched names the web server itself in every member that holds
// a URL.
func TestAttack6_4_NothingInADocumentIsFetched(t *testing.T) {
	members := map[string]any{"sector_identifier_uri": "https://client.example.com/s", "request_uris": []string{"https://client.example.com/r"}}
	for _, name := range []string{"jwks_uri", "logo_uri", "client_uri", "policy_uri", "tos_uri", "software_statement"} {
		members[name] = "https://client.example.com/" + name
	}
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) { serve(w, document(clientID, members)) })
	f.succeeds(t, clientID)
	if f.requested() != 1 || f.lookups != 1 {
		t.Errorf("%d requests, %d look-ups", f.requested(), f.lookups)
	}
}

func TestAttack6_7_DocumentsThatAreRefused(t *testing.T) {
	many := make([]string, maxRedirectURIs+1)
	for i := range many {
		many[i] = "https://client.example.com/callback"
	}
	for name, changes := range map[string]map[string]any{
		"another client_id":          {"client_id": "https://client.example.com/other"},
		"client_id in upper case":    {"client_id": "https://CLIENT.example.com/oauth/client.json"},
		"client_id with port":        {"client_id": "https://client.example.com:443/oauth/client.json"},
		"client_id with slash":       {"client_id": clientID + "/"},
		"no client_id":               {"client_id": nil},
		"client_id of wrong type":    {"client_id": []string{clientID}},
		"member in upper case":       {"client_id": nil, "CLIENT_ID": clientID},
		"secret":                     {"client_secret": "s3cr3t"},
		"empty secret":               {"client_secret": ""},
		"expiry of a secret":         {"client_secret_expires_at": 0},
		"client_secret_post":         {"token_endpoint_auth_method": "client_secret_post"},
		"client_secret_basic":        {"token_endpoint_auth_method": "client_secret_basic"},
		"client_secret_jwt and none": {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_methods_supported": []string{"none"}},
		"private_key_jwt alone":      {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://client.example.com/jwks"},
		"no none among methods":      {"token_endpoint_auth_method": nil, "token_endpoint_auth_methods_supported": []string{"private_key_jwt"}},
		"an invented method":         {"token_endpoint_auth_method": "None"},
		"no redirect URI":            {"redirect_uris": []string{}},
		"redirect URIs missing":      {"redirect_uris": nil},
		"redirect URI not a list":    {"redirect_uris": "http://127.0.0.1/callback"},
		"redirect URI not a string":  {"redirect_uris": []any{"http://127.0.0.1/callback", 1}},
		"empty redirect URI":         {"redirect_uris": []string{""}},
		"long redirect URI":          {"redirect_uris": []string{"https://client.example.com/" + strings.Repeat("a", maxRedirectURI)}},
		"many redirect URIs":         {"redirect_uris": many},
		"no authorization_code":      {"grant_types": []string{"client_credentials"}},
		"no code":                    {"response_types": []string{"token"}},
		"name of wrong type":         {"client_name": map[string]string{"en": "Assistant"}},
		"deep":                       {"jwks": []any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{}}}}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) { serve(w, document(clientID, changes)) })
			f.fails(t, clientID, ErrDocument)
		})
	}
}

func TestAttack6_7_OddJSON(t *testing.T) {
	good := string(document(clientID, nil))
	for name, body := range map[string]string{
		"empty":                "",
		"HTML":                 "<!doctype html><title>canary</title>",
		"an array":             "[" + good + "]",
		"null":                 "null",
		"two values":           good + good,
		"member twice":         strings.Replace(good, "{", `{"client_id":"https://client.example.com/oauth/client.json",`, 1),
		"member twice, escape": strings.Replace(good, "{", `{"redirect\u005furis":["https://evil.example/"],`, 1),
		"member twice below":   strings.Replace(good, "{", `{"jwks":{"keys":[],"keys":[]},`, 1),
		"byte order mark":      "\ufeff" + good,
		"not UTF-8":            strings.Replace(good, "Assistant", "\xff", 1),
		"cut short":            good[:len(good)-1],
		"one byte too long":    good + strings.Repeat(" ", maxDocument+1-len(good)),
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) { serve(w, []byte(body)) })
			f.fails(t, clientID, ErrDocument)
		})
	}
}

func TestAttack6_7_ContentTypes(t *testing.T) {
	for media, want := range map[string]error{
		"application/json":                  nil,
		"application/json; charset=utf-8":   nil,
		"Application/JSON":                  nil,
		"application/oauth-client+json":     nil,
		"text/html":                         ErrDocument,
		"text/plain":                        ErrDocument,
		"text/json":                         ErrDocument,
		"image/svg+json":                    ErrDocument,
		"application/octet-stream":          ErrDocument,
		"application/jsonp":                 ErrDocument,
		"application/json, text/html":       ErrDocument,
		"application/json; charset=a; b; =": ErrDocument,
	} {
		f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", media)
			w.Write(document(clientID, nil))
		})
		if _, err := f.Get(t.Context(), clientID); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", media, err, want)
		}
	}
}

// TestAttack6_8_AChangedDocumentTakesEffect withdraws a redirect URI.
func TestAttack6_8_AChangedDocumentTakesEffect(t *testing.T) {
	uri := "https://client.example.com/old"
	f := setup(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=31536000, immutable")
		serve(w, document(clientID, map[string]any{"redirect_uris": []string{uri}}))
	})
	f.succeeds(t, clientID).RedirectURIs[0] = "https://evil.example/"
	uri = "https://client.example.com/new"
	f.advance(maxLifetime - 1)
	if got := f.succeeds(t, clientID).RedirectURIs[0]; got != "https://client.example.com/old" {
		t.Errorf("before it expires: %s", got)
	}
	f.advance(1)
	if got := f.succeeds(t, clientID).RedirectURIs[0]; got != uri {
		t.Errorf("after it expired: %s", got)
	}
}
