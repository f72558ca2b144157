package entra

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID    = sandbox.DemoClientID
	tenantID    = sandbox.DemoTenantID
	secret      = "s3cr3t~of.the-registration"
	redirectURI = "http://localhost:8000/oauth/callback"
	verifier    = "verifier-verifier-verifier-verifier-verifier-1"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a Provider before a sandbox of its own.
type fixture struct {
	*Provider
	entra *sandbox.Server
	clock *clock
	ada   sandbox.Person
}

type option func(*sandbox.Config, *Config)

func withScopes(scopes ...string) option {
	return func(_ *sandbox.Config, c *Config) { c.Scopes = scopes }
}

func withTokenVersion(v int) option { return func(s *sandbox.Config, _ *Config) { s.TokenVersion = v } }

func setup(t *testing.T, options ...option) *fixture {
	t.Helper()
	f := &fixture{clock: &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, ada: sandbox.DemoPeople()[0]}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	sc := sandbox.Config{BaseURL: server.URL, ClientSecret: secret, RedirectURIs: []string{redirectURI}, Now: f.clock.Now}
	c := Config{
		Issuer: server.URL + "/" + tenantID + "/v2.0", ClientID: clientID, ClientSecrets: []string{secret}, RedirectURI: redirectURI,
		Scopes: []string{"access_as_user", "openid", "profile", "email"}, Transport: transport, Now: f.clock.Now,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, o := range options {
		o(&sc, &c)
	}
	var err error
	if f.entra, err = sandbox.New(sc); err != nil {
		t.Fatal(err)
	}
	handler = f.entra
	if f.Provider, err = New(c); err != nil {
		t.Fatal(err)
	}
	return f
}

// token mints an access token of Ada's that is good but for the changes.
func (f *fixture) token(changes map[string]any, options ...sandbox.Option) string {
	claims := f.entra.AccessClaims(f.ada, "access_as_user")
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return f.entra.Mint(claims, options...)
}

// signIn walks Entra's side and returns the query of the callback.
func (f *fixture) signIn(t *testing.T, nonce, person string) url.Values {
	t.Helper()
	address, err := f.AuthorizationURL(t.Context(), AuthorizationRequest{State: "state", Nonce: nonce, Verifier: verifier})
	if err != nil {
		t.Fatal(err)
	}
	back, err := f.entra.SignIn(&http.Client{Transport: f.client.Transport}, address, person)
	if err != nil {
		t.Fatal(err)
	}
	return back.Query()
}

// exchangeFresh signs Ada in and exchanges her code.
func (f *fixture) exchangeFresh(t *testing.T) (*Tokens, error) {
	t.Helper()
	q := f.signIn(t, "nonce", f.ada.Username)
	if q.Get("code") == "" {
		t.Fatalf("no code, but %s", q.Get("error_description"))
	}
	return f.Exchange(context.WithoutCancel(t.Context()), q.Get("code"), verifier, "nonce")
}
