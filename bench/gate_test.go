package bench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/bearer"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

const (
	public = "https://mcp.example.com"
	pairs  = 31
)

// compare measures the two ways in turn and reports the medians of a unit of each and of their
// ratio, so that what else the machine does falls on both.
func compare(b *testing.B, units int, ours, other func()) {
	b.Helper()
	ours()
	other()
	var a, c, ratios []float64
	for b.Loop() {
		for range pairs {
			x, y := clocked(ours)/float64(units), clocked(other)/float64(units)
			a, c, ratios = append(a, x), append(c, y), append(ratios, x/y)
		}
	}
	b.ReportMetric(0, "ns/op") // of all pairs together: says nothing
	b.ReportMetric(median(a), "ns/ours")
	b.ReportMetric(median(c), "ns/other")
	b.ReportMetric(median(ratios), "ours/other")
}

func clocked(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start))
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// gated is a gate with a stand-in of Entra and records in memory.
type gated struct {
	config bearer.Config
	tokens []string
}

func newGated(b *testing.B, tokens int) *gated {
	b.Helper()
	var idp http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { idp.ServeHTTP(w, r) }))
	b.Cleanup(server.Close)
	secret := rand.Text()
	stand, err := entrasandbox.New(entrasandbox.Config{BaseURL: server.URL, ClientSecret: secret})
	if err != nil {
		b.Fatal(err)
	}
	idp = stand
	provider, err := entra.New(entra.Config{
		Issuer: stand.Authority(), ClientID: entrasandbox.DemoClientID, ClientSecrets: []string{secret},
		RedirectURI: public + "/oauth/callback", Scopes: []string{"access_as_user"},
	})
	if err != nil {
		b.Fatal(err)
	}
	m := new(recordstest.Memory)
	current := func() records.Storage { return m }
	keys := records.NewKeyring(records.KeyringConfig{Issuer: public, MasterKeys: [][]byte{[]byte(rand.Text())}, Storage: current})
	g := &gated{config: bearer.Config{ClientID: entrasandbox.DemoClientID, Verify: provider.Verify, Scopes: provider.ShortScopes()}}
	g.config.Store = records.New(records.Config{Storage: current, Keys: keys})
	if g.config.Resource, err = resource.Parse(public + "/mcp"); err != nil {
		b.Fatal(err)
	}
	if g.config.Origins, err = origin.New(public, nil); err != nil {
		b.Fatal(err)
	}
	for range tokens {
		g.issue(b, stand.Mint(stand.AccessClaims(entrasandbox.DemoPeople()[0], "access_as_user")))
	}
	return g
}

// issue does what the token endpoint does for the gate.
func (g *gated) issue(b *testing.B, token string) {
	b.Helper()
	ada, in, id := entrasandbox.DemoPeople()[0], time.Now().Add(time.Hour), rand.Text()
	issuance := &records.Issuance{Grant: id, ClientID: "client", ClientName: "Claude", Resource: public + "/mcp", Expires: in}
	grant := &records.Grant{ID: id, TenantID: entrasandbox.DemoTenantID, ObjectID: ada.ObjectID, Expires: in}
	if err := records.Issuances.Put(b.Context(), g.config.Store, token, issuance); err != nil {
		b.Fatal(err)
	}
	if err := records.Grants.Put(b.Context(), g.config.Store, id, grant); err != nil {
		b.Fatal(err)
	}
	g.tokens = append(g.tokens, token)
}

func admit(b *testing.B, gate *bearer.Gate, token string) {
	r := &http.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {"Bearer " + token}}}
	if _, ok := gate.Admit(httptest.NewRecorder(), r.WithContext(context.Background()), "mcp.example.com", "/mcp"); !ok {
		b.Fatal("refused")
	}
}

// BenchmarkGateCached compares the check of a token that was admitted just before with the hashing of
// it, by which it is remembered.
func BenchmarkGateCached(b *testing.B) {
	const times = 2000
	g := newGated(b, 1)
	gate := bearer.New(g.config)
	token := []byte(g.tokens[0])
	r := &http.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {"Bearer " + g.tokens[0]}}}
	w := httptest.NewRecorder()
	cached := func() {
		clear(w.Header())
		if _, ok := gate.Admit(w, r, "mcp.example.com", "/mcp"); !ok {
			b.Fatal("refused")
		}
	}
	var sum [sha256.Size]byte
	compare(b, times, func() {
		for range times {
			cached()
		}
	}, func() {
		for range times {
			sum = sha256.Sum256(token)
		}
	})
	b.ReportMetric(testing.AllocsPerRun(times, cached), "allocs/ours")
	if sum[0] != sha256.Sum256(token)[0] {
		b.Fatal("not hashed")
	}
}

// BenchmarkGateCold compares the first check of a token, records included, with the one operation
// that nobody can save: the verification of an RSA-2048 signature.
func BenchmarkGateCold(b *testing.B) {
	const tokens = 200
	g := newGated(b, tokens)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("what is signed"))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	compare(b, tokens, func() {
		config := g.config
		config.Cache = bearer.NewCache()
		gate := bearer.New(config)
		for _, token := range g.tokens {
			admit(b, gate, token)
		}
	}, func() {
		for range tokens {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// caller is one client with connections that stay open, in front of a real Caddy.
type caller struct {
	client *http.Client
	base   string
	token  string
}

// newCaller starts Caddy. Tokens are those of another application, which differ from ours in
// nothing that a cached check would do.
func newCaller(b *testing.B) *caller {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	base := fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	l.Close()
	s, err := sandbox.Start(sandbox.Config{RedirectURI: base + "/oauth/callback"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	for _, setting := range s.Environment() {
		b.Setenv(setting.Name, setting.Value)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	}))
	b.Cleanup(backend.Close)
	config := fmt.Sprintf("{\nadmin off\npersist_config off\nauto_https off\nstorage file_system %s\nlog {\nlevel ERROR\n}\n}\n%s {\nbind 127.0.0.1\n"+
		"handle /mcp {\nentra_auth {\nallow_application vscode\n}\nreverse_proxy %[3]s\n}\nhandle /plain {\nreverse_proxy %[3]s\n}\n"+
		"handle /respond {\nrespond 401\n}\n}\n", b.TempDir(), base, backend.URL)
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		b.Fatal(err)
	}
	if err := caddy.Load(adapted, true); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = caddy.Stop() })
	claims := s.Entra.AccessClaims(entrasandbox.DemoPeople()[0], "access_as_user")
	claims["azp"] = "aebc6443-996d-45c2-90f0-388ff96faa56"
	return &caller{&http.Client{}, base, s.Entra.Mint(claims)}
}

func (c *caller) call(b *testing.B, path string, status, times int) func() {
	return func() {
		for range times {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, c.base+path, strings.NewReader("{}"))
			if err != nil {
				b.Fatal(err)
			}
			if status == http.StatusOK {
				req.Header.Set("Authorization", "Bearer "+c.token)
			}
			resp, err := c.client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != status {
				b.Fatalf("%s: status %d", path, resp.StatusCode)
			}
		}
	}
}

// BenchmarkGateRefusal compares the challenge with Caddy's shortest answer.
func BenchmarkGateRefusal(b *testing.B) {
	c := newCaller(b)
	compare(b, 200, c.call(b, "/mcp", http.StatusUnauthorized, 200), c.call(b, "/respond", http.StatusUnauthorized, 200))
}

// BenchmarkGateProxy compares a proxy behind the gate with the same proxy alone.
func BenchmarkGateProxy(b *testing.B) {
	c := newCaller(b)
	compare(b, 200, c.call(b, "/mcp", http.StatusOK, 200), c.call(b, "/plain", http.StatusOK, 200))
}
