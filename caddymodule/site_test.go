package caddymodule_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/gateway"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
)

// witness is a host that remembers what it was shown.
type witness struct {
	http.Handler

	mu           sync.Mutex
	requests     []string
	certificates []string // serial numbers, one for each request
	gate         []string
}

func (s *witness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serial := ""
	if len(r.TLS.PeerCertificates) > 0 {
		serial = r.TLS.PeerCertificates[0].SerialNumber.String()
	}
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.certificates, s.gate = append(s.certificates, serial), append(s.gate, r.Header.Get("X-Gate"))
	s.mu.Unlock()
	s.Handler.ServeHTTP(w, r)
}

func (s *witness) all(t *testing.T, what string, got []string, want string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, value := range got {
		if value != want {
			t.Errorf("%s of %s: %q, want %q", what, s.requests[i], value, want)
		}
	}
	if len(got) == 0 {
		t.Errorf("%s: nothing was asked", what)
	}
}

// open is a route for whoever comes.
const open = "handle /mcp {\natlassian_mcp {\nallow_anonymous\n%s\n}\n}"

func (w *world) openCall(body string) string {
	w.t.Helper()
	_, text := w.do(w.request("POST", "/mcp", body, "Content-Type", "application/json", "Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", "2025-06-18"))
	return text
}

// TestTokenWithScopes: with nothing but the site's address and a token that has scopes, calls go
// through Atlassian's gateway and links lead to the site.
func TestTokenWithScopes(t *testing.T) {
	w := newWorld(t)
	tracker := newJira(t, jira.Cloud, "https://contoso.atlassian.net")
	site := &witness{Handler: tracker}
	front := &witness{Handler: gateway.New(gateway.Config{
		Token: "scoped-token-of-a-service-account", Lacks: func(r *http.Request) bool { return r.Method == http.MethodPost },
		Jira: gateway.Product{Handler: tracker, Username: sandbox.Username, Token: sandbox.JiraToken},
	})}
	o := newOutside(t, map[string]http.Handler{"contoso.atlassian.net": site, "api.atlassian.com": front})
	for name, value := range map[string]string{
		"JIRA_URL": "https://contoso.atlassian.net", "JIRA_USERNAME": "", "JIRA_PERSONAL_TOKEN": "scoped-token-of-a-service-account",
		"JIRA_HTTPS_PROXY": o.proxy, "JIRA_CUSTOM_HEADERS": "X-Gate=a=b, X-Other=c",
	} {
		t.Setenv(name, value)
	}
	w.load(w.caddyfile("", strings.Replace(open, "%s", "jira {\ntrusted_ca "+o.ca+"\n}", 1)))
	if body := w.openCall(getIssue); !strings.Contains(body, "https://contoso.atlassian.net/browse/PLAT-1") {
		t.Errorf("jira_get_issue: %s", body)
	}
	body := w.openCall(message("tools/call", `{"name":"jira_add_comment","arguments":{"issue_key":"PLAT-1","body":"hello"}}`))
	if !strings.Contains(body, "scope does not match") || !strings.Contains(body, `"isError":true`) {
		t.Errorf("jira_add_comment without the scope: %s", body)
	}
	if got := strings.Join(site.requests, ", "); got != "GET /rest/api/2/serverInfo, GET /rest/api/3/myself, GET /_edge/tenant_info" {
		t.Errorf("the site was asked %s", got)
	}
	site.all(t, "header", site.gate, "a=b")
	front.all(t, "header", front.gate, "")
	for _, secret := range []string{"scoped-token-of", "a=b"} {
		if strings.Contains(w.log(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestClientCertificate: the site sees the certificate, and the next one when the files change.
func TestClientCertificate(t *testing.T) {
	w := newWorld(t)
	host := &witness{Handler: newJira(t, jira.DataCenter, "https://jira.corp.example/jira")}
	o := newOutside(t, map[string]http.Handler{"jira.corp.example": host})
	first, second := keypair.New(t, time.Now()), keypair.New(t, time.Now().Add(time.Second))
	certificate, key := first.Write(t, t.TempDir())
	block := "jira https://jira.corp.example/jira {\ntoken " + sandbox.JiraToken + "\ntrusted_ca " + o.ca + "\nproxy " + o.proxy + "\nno_proxy wiki.corp.example\nheader X-Gate {env.GATE}\n" +
		"client_certificate " + certificate + " " + key + "\n}"
	t.Setenv("GATE", "secret-of-the-gate")
	config := w.caddyfile("", strings.Replace(open, "%s", block, 1))
	w.load(config)
	if body := w.openCall(getIssue); !strings.Contains(body, "https://jira.corp.example/jira/browse/PLAT-1") {
		t.Errorf("jira_get_issue: %s", body)
	}
	host.all(t, "certificate", host.certificates, first.Certificate.SerialNumber.String())
	host.all(t, "header", host.gate, "secret-of-the-gate")
	if strings.Contains(w.log(), "secret-of-the-gate") {
		t.Error("the log holds a header's value")
	}

	second.Write(t, filepath.Dir(certificate))
	w.load(config + "# another\n") // closes the connections, as a proxy does after a while
	host.certificates, host.requests = nil, nil
	w.openCall(getIssue)
	host.all(t, "certificate", host.certificates, second.Certificate.SerialNumber.String())
}

// TestProxyOfASite: the site's own settings come before those of the environment.
func TestProxyOfASite(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://everywhere.example.com:3128")
	t.Setenv("NO_PROXY", "wiki.example.com")
	for _, tc := range []struct {
		site        caddymodule.Site
		env         map[string]string
		target      string
		want        string
		description string
	}{
		{target: "jira.example.com", want: "http://everywhere.example.com:3128", site: caddymodule.Site{NoProxy: []string{"other.example.com"}}, description: "that of the environment"},
		{target: "jira.example.com", want: "", site: caddymodule.Site{NoProxy: []string{"*"}}, description: "none at all"},
		{target: "wiki.example.com", want: "http://everywhere.example.com:3128", site: caddymodule.Site{NoProxy: []string{"jira.example.com"}}, description: "NO_PROXY overridden"},
		{target: "a.example.com", want: "", site: caddymodule.Site{NoProxy: []string{"x.example.com", ".example.com"}}, description: "subdomains"},
		{target: "jira.example.com", want: "socks5://own.example.com:1080", site: caddymodule.Site{Proxy: "socks5://own.example.com:1080"}, description: "its own"},
		{target: "jira.example.com", want: "http://own.example.com:3128", env: map[string]string{"JIRA_HTTPS_PROXY": "own.example.com:3128"}, description: "its own by environment"},
		{target: "wiki.example.com", want: "", site: caddymodule.Site{Proxy: "http://own.example.com"}, description: "NO_PROXY holds for its own too"},
		{target: "jira.example.com", want: "", env: map[string]string{"JIRA_NO_PROXY": "jira.example.com"}, description: "none by environment"},
	} {
		t.Run(tc.description, func(t *testing.T) {
			for name, value := range tc.env {
				t.Setenv(name, value)
			}
			got, err := caddymodule.ProxyFor(tc.site, "https://"+tc.target+"/rest")
			if err != nil || got != tc.want {
				t.Errorf("%s through %q, %v; want %q", tc.target, got, err, tc.want)
			}
		})
	}
}

func TestWrongWaysToASite(t *testing.T) {
	certificate, key := keypair.New(t, time.Now()).Write(t, t.TempDir())
	missing := filepath.Join(t.TempDir(), "none.pem")
	for name, tc := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"a certificate without its key":    {map[string]string{"JIRA_CLIENT_CERT": certificate}, []string{"atlassian_mcp jira: client_certificate", "JIRA_CLIENT_KEY"}},
		"a key without its certificate":    {map[string]string{"CONFLUENCE_CLIENT_KEY": key}, []string{"atlassian_mcp confluence: client_certificate", "CONFLUENCE_CLIENT_CERT"}},
		"a certificate that is not there":  {map[string]string{"JIRA_CLIENT_CERT": missing, "JIRA_CLIENT_KEY": key}, []string{"client_certificate", "that of the certificate", "no such file"}},
		"what is in the files, not paths":  {map[string]string{"JIRA_CLIENT_CERT": "-----BEGIN CERTIFICATE-----\nhunter2\n", "JIRA_CLIENT_KEY": "-----BEGIN PRIVATE KEY-----\nhunter2\n"}, []string{"client_certificate", "JIRA_CLIENT_KEY", "paths"}},
		"the key itself, not its path":     {map[string]string{"JIRA_CLIENT_CERT": certificate, "JIRA_CLIENT_KEY": "-----BEGIN PRIVATE KEY-----\nhunter2\n"}, []string{"client_certificate", "that of the key", "paths"}},
		"a value for the name of a header": {map[string]string{"JIRA_CUSTOM_HEADERS": "X-A: hunter2=="}, []string{"JIRA_CUSTOM_HEADERS", "letters, digits and hyphens"}},

		"the key for the certificate": {map[string]string{"JIRA_CLIENT_CERT": key, "JIRA_CLIENT_KEY": key}, []string{"client_certificate", "unencrypted key"}},
		"a proxy without a host":      {map[string]string{"JIRA_HTTPS_PROXY": "hunter2://"}, []string{"atlassian_mcp jira: proxy", "http://proxy.example.com:3128"}},
		"a proxy of another kind":     {map[string]string{"JIRA_HTTPS_PROXY": "ftp://user:hunter2@proxy.example.com"}, []string{"atlassian_mcp jira: proxy"}},
		"a header without a value":    {map[string]string{"JIRA_CUSTOM_HEADERS": "X-A=1,hunter2"}, []string{"atlassian_mcp jira: header", "JIRA_CUSTOM_HEADERS", "part 2"}},
		"a header twice":              {map[string]string{"JIRA_CUSTOM_HEADERS": "X-A=hunter2, X-A=hunter2"}, []string{"JIRA_CUSTOM_HEADERS", "part 2"}},
		"a header with two spellings": {map[string]string{"JIRA_CUSTOM_HEADERS": "X-A=hunter2,x-a=hunter2"}, []string{"JIRA_CUSTOM_HEADERS", "X-A is given twice"}},
		"credentials as a header":     {map[string]string{"JIRA_CUSTOM_HEADERS": "authorization=Bearer hunter2"}, []string{"JIRA_CUSTOM_HEADERS", "Authorization", "JIRA_PERSONAL_TOKEN"}},
		"a cookie":                    {map[string]string{"CONFLUENCE_CUSTOM_HEADERS": "Cookie=hunter2"}, []string{"CONFLUENCE_CUSTOM_HEADERS", "Cookie"}},
		"a cloud id that is none":     {map[string]string{"JIRA_CLOUD_ID": "contoso"}, []string{"JIRA_CLOUD_ID", "1324a887"}},
		"the gateway for the site":    {map[string]string{"JIRA_URL": "https://api.atlassian.com/ex/jira/1324a887-45db-1bf4-1e99-ef0ff456d421"}, []string{"JIRA_URL", "address that people open"}},
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, tc.env)
			err := validate(t, "", route)
			wantError(t, name, err, tc.want...)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the message repeats a value: %v", err)
			}
		})
	}
	t.Run("all is well", func(t *testing.T) {
		setEnvironment(t, map[string]string{
			"JIRA_CLIENT_CERT": certificate, "JIRA_CLIENT_KEY": key, "JIRA_HTTPS_PROXY": "proxy.example.com:3128", "JIRA_NO_PROXY": "*",
			"JIRA_CUSTOM_HEADERS": " X-A = 1 ,, X-B=", "CONFLUENCE_HTTPS_PROXY": "socks5://127.0.0.1:1080",
		})
		if err := validate(t, "", route); err != nil {
			t.Error(err)
		}
	})
}
