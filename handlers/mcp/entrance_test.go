package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

const echoArguments = `{"issue_key":"PLAT-1"}`

// with returns the call with one thing changed.
func (c call) with(name, value string) call {
	header := map[string]string{name: value}
	for k, v := range c.header {
		if k != name {
			header[k] = v
		}
	}
	c.header = header
	return c
}

func (c call) saying(body string) call {
	c.body = body
	return c
}

func TestEntrance(t *testing.T) {
	f := newFixture(t)
	s, _ := f.server(t, policy.Config{}, nil)
	old, now := legacy("jira_echo", echoArguments), modern("jira_echo", echoArguments)
	anonymous := old
	anonymous.who = nil
	type row struct {
		call   call
		status int
		code   int // of a JSON-RPC error, 0: none
	}
	for name, tc := range map[string]row{
		"legacy":            {old, 200, 0},
		"modern":            {now, 200, 0},
		"nobody":            {anonymous, 401, 0},
		"own origin":        {old.with("Origin", "https://mcp.example.com"), 200, 0},
		"evil origin":       {old.with("Origin", "https://evil.example"), 403, 0},
		"null origin":       {old.with("Origin", "null"), 403, 0},
		"evil, and nobody":  {anonymous.with("Origin", "https://evil.example"), 403, 0},
		"text":              {old.with("Content-Type", "text/plain"), 415, 0},
		"UTF-16 by header":  {old.with("Content-Type", "application/json; charset=utf-16"), 415, 0},
		"UTF-8 by header":   {old.with("Content-Type", "application/json; charset=UTF-8"), 200, 0},
		"gzip":              {old.with("Content-Encoding", "gzip"), 415, 0},
		"no version":        {old.with("Mcp-Protocol-Version", ""), 200, 0},
		"ancient version":   {old.with("Mcp-Protocol-Version", "1900-01-01"), 400, sdk.CodeUnsupportedProtocolVersion},
		"future version":    {now.with("Mcp-Protocol-Version", "2999-01-01"), 400, sdk.CodeUnsupportedProtocolVersion},
		"draft version":     {now.with("Mcp-Protocol-Version", "DRAFT"), 400, sdk.CodeUnsupportedProtocolVersion},
		"Last-Event-ID":     {now.with("Last-Event-ID", "7"), 200, 0},
		"session id":        {old.with("Mcp-Session-Id", "7"), 200, 0},
		"name in base64":    {now.with("Mcp-Name", "=?base64?amlyYV9lY2hv?="), 200, 0},
		"wrong in base64":   {now.with("Mcp-Name", "=?base64?amlyYV9wYW5pYw==?="), 400, sdk.CodeHeaderMismatch},
		"broken base64":     {now.with("Mcp-Name", "=?base64?*?="), 400, sdk.CodeHeaderMismatch},
		"other name":        {now.with("Mcp-Name", "jira_panic"), 400, sdk.CodeHeaderMismatch},
		"other method":      {now.with("Mcp-Method", "tools/list"), 400, sdk.CodeHeaderMismatch},
		"no name":           {now.with("Mcp-Name", ""), 400, sdk.CodeHeaderMismatch},
		"name, legacy":      {old.with("Mcp-Name", "jira_panic"), 400, sdk.CodeHeaderMismatch},
		"method, legacy":    {old.with("Mcp-Method", "tools/list"), 400, sdk.CodeHeaderMismatch},
		"empty":             {old.saying(""), 400, -32700},
		"byte order mark":   {old.saying("\ufeff" + old.body), 400, -32700},
		"not UTF-8":         {old.saying(strings.Replace(old.body, "PLAT", "\xff", 1)), 400, -32700},
		"UTF-16":            {old.saying(strings.Join(strings.Split(old.body, ""), "\x00") + "\x00"), 400, -32700},
		"second value":      {old.saying(old.body + old.body), 400, -32700},
		"second method":     {old.saying(strings.Replace(old.body, `"id":1`, `"id":1,"method":"ping"`, 1)), 400, -32700},
		"escaped member":    {old.saying(strings.Replace(old.body, `"id":1`, `"id":1,"m\u0065thod":"ping"`, 1)), 400, -32700},
		"second name":       {old.saying(strings.Replace(old.body, `"name"`, `"name":"jira_panic","name"`, 1)), 400, -32700},
		"second argument":   {old.saying(strings.Replace(old.body, `{"issue_key"`, `{"issue_key":"OPS-1","issue_key"`, 1)), 400, -32700},
		"too deep":          {old.saying(strings.Replace(old.body, `"PLAT-1"`, strings.Repeat("[", 200)+strings.Repeat("]", 200), 1)), 400, -32700},
		"id null":           {old.saying(strings.Replace(old.body, `"id":1`, `"id":null`, 1)), 400, -32600},
		"id 1.5":            {old.saying(strings.Replace(old.body, `"id":1`, `"id":1.5`, 1)), 400, -32600},
		"id object":         {old.saying(strings.Replace(old.body, `"id":1`, `"id":{}`, 1)), 400, -32600},
		"method 7":          {old.saying(strings.Replace(old.body, `"tools/call"`, `7`, 1)), 400, -32600},
		"a string":          {old.saying(`"hello"`), 400, -32600},
		"empty batch":       {old.with("Mcp-Protocol-Version", "").saying(`[]`), 400, -32600},
		"batch of 21":       {old.with("Mcp-Protocol-Version", "").saying(`[` + strings.Repeat(`{"jsonrpc":"2.0","method":"notifications/initialized"},`, 20) + old.body + `]`), 400, -32600},
		"batch, one id":     {old.with("Mcp-Protocol-Version", "").saying(`[` + old.body + `,` + old.body + `]`), 400, -32600},
		"batch, one id \\u": {old.with("Mcp-Protocol-Version", "").saying(`[` + strings.Replace(old.body, `"id":1`, `"id":"a"`, 1) + `,` + strings.Replace(old.body, `"id":1`, `"id":"\u0061"`, 1) + `]`), 400, -32600},
		"batch, 2025-11-25": {old.saying(`[` + old.body + `]`), 400, 0},
		"notification":      {old.saying(`{"jsonrpc":"2.0","method":"notifications/initialized"}`), 202, 0},
		"too large":         {old.saying(strings.Replace(old.body, "PLAT-1", strings.Repeat("x", 1<<20), 1)), 413, 0},
		"undeclared":        {old.saying(`{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}`), 200, -32601},
		"completion":        {old.saying(`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"x"},"argument":{"name":"a","value":"b"}}}`), 200, -32601},
		"null parameters":   {old.saying(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}`), 200, -32600},
	} {
		t.Run(name, func(t *testing.T) {
			w := tc.call.send(t, s)
			if got := read(t, w); got.status != tc.status || got.code != tc.code {
				t.Errorf("got %d and %d, want %d and %d: %s", got.status, got.code, tc.status, tc.code, w.Body)
			}
			if w.Code == 200 && w.Header().Get("X-Accel-Buffering") != "no" {
				t.Error("no X-Accel-Buffering")
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

func TestUnsupportedVersionNamesTheSupported(t *testing.T) {
	s, _ := newFixture(t).server(t, policy.Config{}, nil)
	w := legacy("jira_echo", echoArguments).with("Mcp-Protocol-Version", "1900-01-01").send(t, s)
	want := `{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"unsupported protocol version","data":{"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"requested":"1900-01-01"}}}`
	if w.Body.String() != want {
		t.Errorf("got  %s\nwant %s", w.Body, want)
	}
}

func TestRepeatedHeadersAreRefused(t *testing.T) {
	s, _ := newFixture(t).server(t, policy.Config{}, nil)
	for _, name := range []string{"Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name"} {
		c := modern("jira_echo", echoArguments)
		r := c.request(t.Context())
		r.Header.Add(name, c.header[name])
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := read(t, w); got.status != 400 || got.code != sdk.CodeHeaderMismatch {
			t.Errorf("%s twice: %+v", name, got)
		}
	}
}

func TestOtherMethods(t *testing.T) {
	s, _ := newFixture(t).server(t, policy.Config{}, nil)
	for _, method := range []string{"GET", "HEAD", "DELETE", "PUT", "OPTIONS", "TRACE"} {
		for status, c := range map[int]call{401: {}, 405: {who: ada}} {
			r := c.request(t.Context())
			r.Method = method
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != status {
				t.Errorf("%s got %d, want %d", method, w.Code, status)
			}
			if status == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("%s: Allow %q", method, w.Header().Get("Allow"))
			}
		}
	}
}

func TestBatch(t *testing.T) {
	f := newFixture(t)
	s, log := f.server(t, policy.Config{}, nil)
	one := legacy("jira_echo", echoArguments)
	two := strings.Replace(legacy("jira_delete_issue", echoArguments).body, `"id":1`, `"id":2`, 1)
	w := one.with("Mcp-Protocol-Version", "").saying("["+one.body+","+two+"]").send(t, s)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `PLAT-1`) || !strings.Contains(w.Body.String(), "unknown tool") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	// Each message of a batch is judged and recorded by itself.
	if f.runs() != "jira_echo" || len(log.audit(t)) != 2 {
		t.Errorf("ran %s, audit %v", f.runs(), log.audit(t))
	}
}

func TestHosts(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000}
	outside := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}
	for name, tc := range map[string]struct {
		hosts []string
		local net.Addr
		host  string
		want  bool
	}{
		"outside":                     {nil, outside, "anything", true},
		"on loopback":                 {nil, loopback, "localhost:8000", true},
		"loopback names":              {nil, loopback, "[::1]:8000", true},
		"rebound":                     {nil, loopback, "evil.example:8000", false},
		"rebound to IPv6":             {nil, &net.TCPAddr{IP: net.IPv6loopback, Port: 1}, "evil.example", false},
		"a local name in another":     {nil, loopback, "localhost.evil.example", false},
		"none":                        {nil, loopback, "", false},
		"no local address":            {nil, nil, "anything", true},
		"behind a proxy":              {[]string{"MCP.example.com"}, loopback, "mcp.example.com", true},
		"behind a proxy, some port":   {[]string{"mcp.example.com"}, loopback, "mcp.EXAMPLE.com:8443", true},
		"behind a proxy, its port":    {[]string{"mcp.example.com:8443"}, loopback, "mcp.example.com:8443", true},
		"behind a proxy, other port":  {[]string{"mcp.example.com:8443"}, loopback, "mcp.example.com", false},
		"behind a proxy, other name":  {[]string{"mcp.example.com"}, loopback, "evil.example", false},
		"behind a proxy, longer name": {[]string{"mcp.example.com"}, loopback, "mcp.example.com.evil.example", false},
		"behind a proxy, loopback":    {[]string{"mcp.example.com"}, loopback, "localhost", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/mcp", nil)
			r.Host = tc.host
			if tc.local != nil {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tc.local))
			}
			if got := newHostList(tc.hosts).allows(r); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestCredentialsEndHere: a tool sees the request's headers, but not those that name secrets; and
// whoever logs the request afterwards sees it unchanged.
func TestCredentialsEndHere(t *testing.T) {
	var seen http.Header
	server := sdk.NewServer(&sdk.Implementation{Name: "x"}, nil)
	server.AddTool(&sdk.Tool{Name: "jira_echo", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(_ context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			seen = req.Extra.Header
			return &sdk.CallToolResult{}, nil
		})
	origins, err := origin.New("https://mcp.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Harden(Config{Origins: origins}, server)
	if err != nil {
		t.Fatal(err)
	}
	r := legacy("jira_echo", echoArguments).with("Authorization", "Bearer secret").with("Cookie", "a=b").request(t.Context())
	h.ServeHTTP(httptest.NewRecorder(), r)
	if seen == nil || seen.Get("Authorization") != "" || seen.Get("Cookie") != "" {
		t.Errorf("the tool saw %v", seen)
	}
	if r.Header.Get("Authorization") != "Bearer secret" {
		t.Error("the caller's request was changed")
	}
}

// FuzzEntrance: whatever the body, there is an answer, and no more tools run than were audited.
func FuzzEntrance(f *testing.F) {
	fix := newFixture(f)
	s, log := fix.server(f, policy.Config{Tools: []string{"jira_echo", "jira_change", "confluence_list"}}, nil)
	f.Add([]byte(legacy("jira_echo", echoArguments).body), "", "")
	f.Add([]byte(legacy("jira_echo", echoArguments).body), "2025-11-25", "")
	f.Add([]byte(modern("jira_change", echoArguments).body), "2026-07-28", "jira_change")
	f.Add([]byte(`[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}]`), "", "")
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"jira_echo","Name":"jira_change","arguments":{"issue_key":"\ud800"}}}`), "", "")
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`), "", "")
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x"}}`), "2025-06-18", "x")
	f.Fuzz(func(t *testing.T, body []byte, version, name string) {
		log.mu.Lock()
		log.b.Reset()
		log.mu.Unlock()
		fix.calls = nil
		c := call{who: ada, header: map[string]string{"Mcp-Protocol-Version": version, "Mcp-Name": name}, body: string(body)}
		if version == "2026-07-28" {
			c.header["Mcp-Method"] = "tools/call"
		}
		w := c.send(t, s)
		if w.Code != 200 && w.Code != 202 && (w.Code < 400 || w.Code > 499) {
			t.Errorf("status %d", w.Code)
		}
		ran := len(strings.Fields(fix.runs()))
		audited := bytes.Count([]byte(log.String()), []byte(`"outcome":"ok"`))
		if ran != audited {
			t.Errorf("%d tools ran, %d are in the audit: %s", ran, audited, log)
		}
	})
}

// TestReboundHost: a name that arrives over loopback is judged only for a caller whom no gate has
// judged, and never by the SDK, which would refuse a public name behind a proxy.
func TestReboundHost(t *testing.T) {
	s, _ := newFixture(t).server(t, policy.Config{}, func(c *Config) {
		c.AllowAnonymous, c.Hosts = true, []string{"mcp.example.com"}
	})
	person := legacy("jira_echo", echoArguments)
	anonymous := person
	anonymous.who = nil
	for name, tc := range map[string]struct {
		call call
		host string
		want int
	}{
		"a person at the public name":  {person, "mcp.example.com", 200},
		"a person at another name":     {person, "second.example.com", 200},
		"anonymous at the public name": {anonymous, "mcp.example.com", 200},
		"anonymous at another name":    {anonymous, "evil.example", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := tc.call.request(t.Context())
			r.Host = tc.host
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000}))
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != tc.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tc.want)
			}
		})
	}
}

// endless is a body without end that counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	// Past this nobody can claim to have stopped at 1 MiB, and the test should end.
	if e.read += len(p); e.read > 8*maxBody {
		return 0, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

func TestEndlessBodyIsNotRead(t *testing.T) {
	s, _ := newFixture(t).server(t, policy.Config{}, nil)
	body := new(endless)
	r := legacy("jira_echo", echoArguments).request(t.Context())
	r.Body, r.ContentLength = io.NopCloser(body), -1
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || body.read > 2*maxBody {
		t.Errorf("got %d after %d bytes", w.Code, body.read)
	}
}
