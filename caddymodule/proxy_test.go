package caddymodule_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

const adasTenant = "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/" // Ada's tenant

// seen is what reached a backend.
type seen struct {
	Backend string
	Method  string
	Path    string
	Header  http.Header
	Trailer http.Header
}

// backend stands in for somebody else's MCP server. It answers with what it received, and each
// request counts as one upstream.
func (w *world) backend(name string) string {
	return w.counting(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = json.NewEncoder(rw).Encode(seen{name, r.Method, r.URL.Path, r.Header, r.Trailer})
	}))
}

func readSeen(t *testing.T, status int, body string) (s seen) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &s); status != http.StatusOK || err != nil || s.Backend == "" {
		t.Fatalf("the backend was not reached: %d %s", status, body)
	}
	return s
}

// gated is a site with a gate of these options before a backend.
func gated(options, backend string) string {
	return "entra_oauth\nhandle /mcp* {\nentra_auth {\n" + options + "\n}\nreverse_proxy " + backend + "\n}\n"
}

func TestIdentityHeaders(t *testing.T) {
	w := newWorld(t)
	backend := w.backend("any")
	w.load(w.caddyfile("", gated(`
		header X-User {http.auth.user.id}
		header X-Name {http.auth.user.name}
		header x-both "{http.auth.user.assistant} for {http.auth.user.oid}"
		header X-Groups {http.auth.user.groups}`, backend)))
	s := w.signIn(person.New("Chloé Martin"))
	resp, body := w.mcp(s.AccessToken, "{}")
	got := readSeen(t, resp.StatusCode, body).Header
	oid := strings.TrimPrefix(got.Get("X-User"), adasTenant)
	if len(oid) != 36 || got.Get("X-Name") != "Chlo%C3%A9 Martin" || got.Get("X-Both") != "Test for "+oid {
		t.Errorf("headers %v", got)
	}
	for _, name := range []string{"X-Groups", "Authorization"} {
		if values, ok := got[name]; ok {
			t.Errorf("%s: %d values", name, len(values))
		}
	}
	w.load(w.caddyfile("", gated("forward_authorization", backend)))
	resp, body = w.mcp(s.AccessToken, "{}")
	if got := readSeen(t, resp.StatusCode, body).Header.Values("Authorization"); !slices.Equal(got, []string{"Bearer " + s.AccessToken}) {
		t.Errorf("with forward_authorization: %d values", len(got))
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	newWorld(t)
	for option, says := range map[string]string{
		"header Authorization {http.auth.user.id}":   "a meaning of its own",
		"header x_forwarded_for {http.auth.user.id}": "a meaning of its own",
		"header Host x":                       "a meaning of its own",
		`header "X User" x`:                   "not a name of a header",
		`header X-User ""`:                    "has no value",
		"header X-User Zoë":                   "not printable ASCII",
		"header X-User {http.auth.user.mail}": "no placeholder {http.auth.user.mail}",
		"header X-User a\nheader x_user b":    "two spellings",
		"header X-User a\nheader X-User b":    "given twice",
		"header X-User":                       "wrong argument count",
		"header X-User a b":                   "wrong argument count",
		"name {env.NOT_SET_ANYWHERE}":         "NOT_SET_ANYWHERE",
		"forward_authorization yes":           "wrong argument count",
	} {
		if err := validate(t, "", gated(option, "127.0.0.1:1")); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(says)) {
			t.Errorf("%s: %v, want %q", option, err, says)
		}
	}
}

// exchange writes a request as it is and returns the first answer.
func exchange(t *testing.T, address, request string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// However a client spells the headers that name the caller, what is behind the gate sees ours and
// no other, and no token.
func TestAttack5_10_HeaderSmuggling(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", gated(`
		header X-Forwarded-User {http.auth.user.id}
		header X-Admin {http.auth.user.groups}`, w.backend("any"))))
	s := w.signIn(person.New("Ada Keller"))
	host := strings.TrimPrefix(w.base, "http://")
	const chunked = "Transfer-Encoding: chunked\r\n"
	for name, tc := range map[string]struct{ headers, body string }{
		"nothing":                 {},
		"as it is":                {headers: "X-Forwarded-User: admin\r\n"},
		"lower case":              {headers: "x-forwarded-user: admin\r\n"},
		"upper case":              {headers: "X-FORWARDED-USER: admin\r\n"},
		"underscores":             {headers: "X_Forwarded_User: admin\r\n"},
		"one underscore":          {headers: "x-forwarded_user: admin\r\n"},
		"dots":                    {headers: "X.Forwarded.User: admin\r\n"},
		"other signs":             {headers: "X!Forwarded~User: admin\r\n"},
		"twice":                   {headers: "X-Forwarded-User: admin\r\nX-Forwarded-User: root\r\n"},
		"one that we do not send": {headers: "X-Admin: yes\r\nx_admin: yes\r\n"},
		"hop-by-hop":              {headers: "Connection: X-Forwarded-User\r\n"},
		"hop-by-hop in a list":    {headers: "Connection: close, x-forwarded-USER ,X-Admin\r\nX-Admin: yes\r\n"},
		"hop-by-hop, two lines":   {headers: "Connection: keep-alive\r\nConnection: x-forwarded-user\r\nX-Forwarded-User: admin\r\n"},
		"hop-by-hop, underscores": {headers: "Connection: X_Forwarded_User\r\nX_Forwarded_User: admin\r\n"},
		"of the proxy":            {headers: "Proxy-Connection: X-Forwarded-User\r\nKeep-Alive: X-Forwarded-User\r\nTE: trailers, X-Forwarded-User\r\n"},
		"an upgrade":              {headers: "Connection: Upgrade, X-Forwarded-User\r\nUpgrade: websocket\r\nX-Forwarded-User: admin\r\n"},
		"a trailer":               {chunked + "Trailer: X-Forwarded-User, x_admin\r\n", "2\r\n{}\r\n0\r\nX-Forwarded-User: admin\r\nx_admin: yes\r\n\r\n"},
		"a trailer unannounced":   {chunked + "Trailer: X-Other\r\nTE: trailers\r\n", "2\r\n{}\r\n0\r\nX-Forwarded-User: admin\r\n\r\n"},
	} {
		if tc.body == "" {
			tc = struct{ headers, body string }{tc.headers + "Content-Length: 2\r\n", "{}"}
		}
		request := "POST /mcp HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + s.AccessToken + "\r\n" + tc.headers + "\r\n" + tc.body
		status, body := exchange(t, host, request)
		got := readSeen(t, status, body)
		named := map[string][]string{}
		for header, values := range got.Header {
			if plain := strings.ToLower(header); strings.Contains(plain, "user") && plain != "user-agent" || strings.Contains(plain, "admin") {
				named[header] = values
			}
		}
		if len(named) != 1 || len(named["X-Forwarded-User"]) != 1 || !strings.HasPrefix(named["X-Forwarded-User"][0], adasTenant) {
			t.Errorf("%s: the backend is told %v", name, named)
		}
		if len(got.Trailer) > 0 || got.Header.Get("Authorization") != "" {
			t.Errorf("%s: trailers %v, or a token", name, got.Trailer)
		}
	}
}

// No spelling of the path, no method and no header that some proxy believes leads past the gate to
// a backend.
func TestAttack5_11_PathAndMethodBypass(t *testing.T) {
	w := newWorld(t)
	backend := w.backend("any")
	tricks := [][]string{
		nil, {"Authorization", "Basic dXNlcjpwYXNzd29yZA=="}, {"X-Original-URL", "/public"}, {"X-Rewrite-URL", "/public"}, {"X-Forwarded-Uri", "/public"},
		{"X-Forwarded-Method", "OPTIONS"}, {"X-HTTP-Method-Override", "OPTIONS"}, {"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Host", "localhost"},
		{"User-Agent", "GoogleHC/1.0"}, {"Connection", "Upgrade", "Upgrade", "websocket"}, {"Access-Control-Request-Method", "POST"},
	}
	for name, site := range siteWide(t, w.dir) {
		t.Run(name, func(t *testing.T) {
			w.load(w.caddyfile("", strings.ReplaceAll(site, "atlassian_mcp", "reverse_proxy "+backend)))
			for _, path := range slices.Concat(mcpPaths, otherPaths) {
				for _, method := range methods {
					w.do(w.request(method, path, "{}"))
				}
				for _, headers := range tricks {
					w.do(w.request("POST", path, "{}", headers...))
				}
			}
			if n := w.upstream.Load(); n != 0 {
				t.Errorf("%d requests reached the backend", n)
			}
		})
	}
	host := strings.TrimPrefix(w.base, "http://")
	for _, line := range []string{
		"GET /mcp#/public HTTP/1.1", "GET /mcp?/public HTTP/1.1", "GET http://" + host + "/mcp HTTP/1.1", "GET //" + host + "/mcp HTTP/1.1",
		"GET /public/..;/mcp HTTP/1.1", "GET /mcp\\x HTTP/1.1", "GET /mcp HTTP/1.0", "CONNECT " + host + " HTTP/1.1", "OPTIONS * HTTP/1.1", "GeT /mcp HTTP/1.1", "PRI * HTTP/2.0",
	} {
		if status, body := exchange(t, host, line+"\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"); w.upstream.Load() != 0 {
			t.Fatalf("%s: %d %s", line, status, body)
		}
	}
}

// chains are the gates of a proxy that stands before three servers on two hosts.
func (w *world) threeServers() (sites string, resources map[string]string) {
	_, port, _ := strings.Cut(strings.TrimPrefix(w.base, "https://"), ":")
	tools := "https://tools.example.com:" + port
	gate := func(path, resource, backend string) string {
		return fmt.Sprintf("handle %s* {\nentra_auth {\nresource %s\nname %s\n}\nreverse_proxy %s\n}\n", path, resource, backend, w.backend(backend))
	}
	sites = w.site(w.base, "entra_oauth\n"+gate("/one", "/one", "one")+gate("/two", "/two", "two")+"handle {\nrespond INDEX\n}\n") +
		w.site(tools, "entra_oauth\n"+gate("/one", tools+"/one", "three"))
	return sites, map[string]string{"one": w.base + "/one", "two": w.base + "/two", "three": tools + "/one"}
}

// Tokens open the resource that they were handed out for and no other, be it on the same host, or
// at the same path of another, over TLS with Caddy's own authority, on HTTP/1.1 and on HTTP/2.
func TestAttack5_17_TokenSubstitution(t *testing.T) {
	w := newTLSWorld(t)
	sites, resources := w.threeServers()
	w.load(w.secureCaddyfile("", sites))
	for _, version := range []int{1, 2} {
		w.trust(version)
		tokens := map[string]string{}
		for name, resource := range resources {
			tokens[name] = w.signInFor(person.New("Ada Keller").Through(w.client.Transport), resource).AccessToken
		}
		for name, token := range tokens {
			for other, resource := range resources {
				before := w.upstream.Load()
				resp, body := w.do(w.requestTo(http.MethodPost, resource, "{}", "Authorization", "Bearer "+token))
				if resp.ProtoMajor != version {
					t.Fatalf("HTTP/%d, want %d", resp.ProtoMajor, version)
				}
				if name == other {
					if got := readSeen(t, resp.StatusCode, body); got.Backend != name {
						t.Errorf("the request for %s reached %s", name, got.Backend)
					}
				} else if resp.StatusCode != http.StatusUnauthorized || w.upstream.Load() != before {
					t.Errorf("HTTP/%d: the token of %s at %s: %d %s", version, name, other, resp.StatusCode, body)
				}
			}
		}
	}
}

// Each resource has its own challenge and metadata, on its own host.
func TestEveryResourceDescribesItself(t *testing.T) {
	w := newTLSWorld(t)
	sites, resources := w.threeServers()
	w.load(w.secureCaddyfile("", sites))
	w.trust(2)
	for name, resource := range resources {
		resp, _ := w.do(w.requestTo(http.MethodPost, resource, "{}"))
		_, challenge, _ := strings.Cut(resp.Header.Get("WWW-Authenticate"), `resource_metadata="`)
		at, _, _ := strings.Cut(challenge, `"`)
		if resp.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(at, strings.TrimSuffix(resource, "/"+lastOf(resource))) {
			t.Fatalf("%s: %d, metadata at %q", name, resp.StatusCode, at)
		}
		_, body := w.do(w.requestTo(http.MethodGet, at, ""))
		var doc struct {
			Resource string   `json:"resource"`
			Name     string   `json:"resource_name"`
			Servers  []string `json:"authorization_servers"`
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%s: %v in %s", name, err, body)
		}
		if doc.Resource != resource || doc.Name != name || !slices.Equal(doc.Servers, []string{w.base}) {
			t.Errorf("%s: %+v", name, doc)
		}
	}
}

func lastOf(url string) string { return url[strings.LastIndex(url, "/")+1:] }

// Behind a second Caddy the public URL stays what is configured, and the client is who the proxy
// says it is.
func TestBehindASecondCaddy(t *testing.T) {
	w := newTLSWorld(t)
	inner := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	w.load(w.secureCaddyfile("servers "+inner+" {\ntrusted_proxies static 127.0.0.1\n}",
		w.site(w.base, "reverse_proxy "+inner)+
			w.innerSite(inner, "log\n"+gated("header X-User {http.auth.user.id}", w.backend("any")))))
	w.trust(2, net.IPv4(127, 0, 0, 2))
	s := w.signIn(person.New("Ada Keller").Through(w.client.Transport))
	forged := []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http", "X-Forwarded-For", "203.0.113.9", "Authorization", "Bearer " + s.AccessToken}
	resp, body := w.do(w.request("POST", "/mcp", "{}", forged...))
	got := readSeen(t, resp.StatusCode, body)
	if !strings.HasPrefix(got.Header.Get("X-User"), adasTenant) {
		t.Errorf("headers %v", got.Header)
	}
	for _, path := range []string{"/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"} {
		if _, body := w.do(w.request("GET", path, "", forged[:6]...)); !strings.Contains(body, `"`+w.base) || strings.Contains(body, "evil.example") || strings.Contains(body, "http://") {
			t.Errorf("%s: %s", path, body)
		}
	}
	var clients []string
	for line := range strings.Lines(w.log()) {
		var record struct {
			Request struct {
				IP  string `json:"client_ip"`
				URI string `json:"uri"`
			} `json:"request"`
		}
		if json.Unmarshal([]byte(line), &record) == nil && record.Request.URI == "/mcp" {
			clients = append(clients, record.Request.IP)
		}
	}
	if len(clients) == 0 || clients[0] != "127.0.0.2" {
		t.Errorf("clients in the access log: %v", clients)
	}
}

// What an assistant will be able to do, and what its resource is called, is said of the resource
// that it asks for: Jira's tools stand behind one gate only.
func TestAbilitiesBelongToTheResource(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route+`
	handle /other* {
		entra_auth resource /other
		reverse_proxy `+w.backend("any")+`
	}
	handle /named* {
		entra_auth {
			resource /named
			name "Time sheets"
		}
		handle {
			atlassian_mcp {
				read_only
			}
		}
	}`))
	_, registered := w.register()
	for path, want := range map[string]struct {
		name          string
		reads, writes bool
	}{
		"/mcp": {"Jira and Confluence", true, true}, "/other": {"", false, false}, "/named": {"Time sheets", true, false},
	} {
		_, page := w.do(w.request("GET", authorizePath(t, registered, w.base+path), ""))
		reads, writes := strings.Contains(page, "Search and read Jira issues"), strings.Contains(page, "not yours")
		var doc struct {
			Name string `json:"resource_name"`
		}
		_, body := w.do(w.request("GET", "/.well-known/oauth-protected-resource"+path, ""))
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{want.name, want.reads, want.writes}, []any{doc.Name, reads, writes}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}
