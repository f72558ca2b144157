package caddymodule_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/keypair"
)

// outside is an internet with hosts in it, under their real names, that only a proxy reaches, and whose
// certificates no system knows.
type outside struct {
	proxy string
	ca    string // file

	mu    sync.Mutex
	asked map[string]int // by host and port
}

// newOutside makes one with these hosts. It asks clients for a certificate and takes any, or none.
func newOutside(t *testing.T, hosts map[string]http.Handler) *outside {
	t.Helper()
	o := &outside{asked: make(map[string]int), ca: filepath.Join(t.TempDir(), "ca.pem")}
	pair := keypair.New(t, time.Now(), slices.Collect(maps.Keys(hosts))...)
	keypair.WriteFile(t, o.ca, pair.CertificatePEM())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hosts[r.Host].ServeHTTP(w, r) }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS()}, ClientAuth: tls.RequestClientCert}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.connect(w, r, server.Listener.Addr().String()) }))
	t.Cleanup(proxy.Close)
	o.proxy = proxy.URL
	return o
}

// newJira is the stand-in for Jira at this address.
func newJira(t *testing.T, deployment, address string) *jira.Server {
	t.Helper()
	tracker, err := jira.New(jira.Config{Deployment: deployment, BaseURL: address})
	if err != nil {
		t.Fatal(err)
	}
	return tracker
}

// connect is the method CONNECT (RFC 9110 section 9.3.6) to wherever it goes.
func (o *outside) connect(w http.ResponseWriter, r *http.Request, target string) {
	o.mu.Lock()
	o.asked[r.Method+" "+r.Host]++
	o.mu.Unlock()
	upstream, err := net.Dial("tcp", target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	w.WriteHeader(http.StatusOK)
	downstream, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer downstream.Close()
	go func() {
		_, _ = io.Copy(upstream, buffered) // it may have read the first byte already
		_ = upstream.Close()
	}()
	_, _ = io.Copy(downstream, upstream)
}

func (o *outside) count(host string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked["CONNECT "+host]
}

// TestProxyAndTrustedCA runs Caddy in a process of its own: the proxy variables are read once.
func TestProxyAndTrustedCA(t *testing.T) {
	for name, trusted := range map[string]bool{"with the CA": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, port: freePort(t), dir: t.TempDir(), client: noRedirects, admin: fmt.Sprintf("localhost:%d", freePort(t))}
			w.base = fmt.Sprintf("http://localhost:%d", w.port)
			tenant, err := entrasandbox.New(entrasandbox.Config{BaseURL: "https://login.microsoftonline.com", ClientSecret: sandbox.ClientSecret, RedirectURIs: []string{w.base + "/oauth/callback"}})
			if err != nil {
				t.Fatal(err)
			}
			o := newOutside(t, map[string]http.Handler{"login.microsoftonline.com": tenant, "jira.example.com": newJira(t, jira.Cloud, "https://jira.example.com")})
			option := ""
			if trusted {
				option = "trusted_ca " + o.ca
			}
			w.run(w.caddyfile("entra {\n"+option+"\n}", `
				entra_oauth
				handle /mcp {
					entra_auth
					atlassian_mcp
				}
				handle /open {
					atlassian_mcp {
						allow_anonymous
						jira https://jira.example.com {
							`+option+`
						}
					}
				}`),
				"HTTPS_PROXY="+o.proxy, "NO_PROXY=", "ENTRA_ID_EXPECTED_ISSUER="+tenant.Authority(), "ENTRA_ID_CLIENT_ID="+entrasandbox.DemoClientID,
				"ENTRA_ID_CLIENT_SECRET="+sandbox.ClientSecret, "OAUTH_DCR_REDIRECT_URI="+w.base+"/oauth/callback", "OAUTH_DCR_SCOPE=access_as_user",
				"JIRA_URL=https://jira.example.com", "JIRA_USERNAME="+sandbox.Username, "JIRA_PERSONAL_TOKEN="+sandbox.JiraToken)

			// A good token that was not handed out here is refused only once Entra's keys are known.
			token := tenant.Mint(tenant.AccessClaims(entrasandbox.DemoPeople()[0], "access_as_user"))
			want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusServiceUnavailable}[trusted]
			if resp, body := w.mcp(token, getIssue); resp.StatusCode != want {
				t.Errorf("with a token of Entra's: %d %s, want %d", resp.StatusCode, body, want)
			}
			req := w.request("POST", "/open", getIssue, "Content-Type", "application/json", "Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", "2025-06-18")
			if resp, body := w.do(req); resp.StatusCode != http.StatusOK || strings.Contains(body, "PLAT-1") != trusted {
				t.Errorf("a call of Jira: %d %s", resp.StatusCode, body)
			}
			for _, host := range []string{"login.microsoftonline.com:443", "jira.example.com:443"} {
				if o.count(host) == 0 {
					t.Errorf("the proxy was not asked for %s", host)
				}
			}
			if strings.Contains(w.log(), "unknown authority") == trusted {
				t.Errorf("the log says about the authority: %s", w.log())
			}
		})
	}
}

// run starts Caddy in another process, with this environment and no other.
func (w *world) run(config string, env ...string) {
	w.t.Helper()
	program, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(w.t.Context(), program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = slices.Concat(env, []string{asCaddy + "=1", "HOME=" + w.dir})
	cmd.Stdout, cmd.Stderr = w.t.Output(), w.t.Output()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", w.port))
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("Caddy does not listen: %v", err)
		}
	}
}
