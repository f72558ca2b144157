package bearer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

const (
	ownApplication = "0b8e6f52-93d4-4a1b-8c7e-1f5a2d3c4b69"
	tenant         = "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31"
	person         = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01"
)

// fixture is a gate with one token, "good", that was handed out for its resource.
type fixture struct {
	gate     *Gate
	storage  *recordstest.Memory
	store    *records.Store
	log      bytes.Buffer
	verified atomic.Int32
	verify   func(token string) (*identity.Principal, error)
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{storage: new(recordstest.Memory)}
	storage := func() records.Storage { return f.storage }
	keys := records.NewKeyring(records.KeyringConfig{Issuer: "https://mcp.example.com", MasterKeys: [][]byte{[]byte("secret")}, Storage: storage})
	f.store = records.New(records.Config{Storage: storage, Keys: keys})
	f.verify = func(string) (*identity.Principal, error) { return caller(), nil }
	protected, err := resource.Parse("https://mcp.example.com/mcp")
	if err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://mcp.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	f.gate = New(Config{
		Resource: protected, ClientID: ownApplication, Scopes: []string{"access_as_user", "openid"},
		Store: f.store, Origins: origins, Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
		Verify: func(_ context.Context, token string) (*identity.Principal, error) {
			f.verified.Add(1)
			return f.verify(token)
		},
	})
	f.issue(t, "good", "https://mcp.example.com/mcp")
	return f
}

func caller() *identity.Principal {
	return &identity.Principal{
		TenantID: tenant, ObjectID: person, Name: "Ada Keller", Application: ownApplication, AppOnly: true,
		Expires: time.Now().Add(time.Hour),
	}
}

func (f *fixture) issue(t testing.TB, token, forResource string) {
	t.Helper()
	in := time.Now().Add(time.Hour)
	err := errors.Join(
		records.Issuances.Put(t.Context(), f.store, token, &records.Issuance{Grant: "g-" + token, ClientID: "client", ClientName: "Claude", Resource: forResource, Expires: in}),
		records.Grants.Put(t.Context(), f.store, "g-"+token, &records.Grant{ID: "g-" + token, TenantID: tenant, ObjectID: person, Expires: in}),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func (f *fixture) admit(r *http.Request) (*identity.Principal, *httptest.ResponseRecorder) {
	w := httptest.NewRecorder()
	p, ok := f.gate.Admit(w, r, r.Host, r.URL.Path)
	if ok != (p != nil) {
		panic("Admit: principal and verdict differ")
	}
	return p, w
}

const target = "https://mcp.example.com/mcp"

func TestAdmitsATokenOfOurs(t *testing.T) {
	f := newFixture(t)
	for _, header := range []string{"Bearer good", "bearer good", "BEARER  good "} {
		p, w := f.admit(request("POST", target, "Authorization", header))
		if p == nil {
			t.Fatalf("%q: refused with %d %s", header, w.Code, w.Body)
		}
		if p.ID() != tenant+"/"+person || p.Assistant.Name != "Claude" || p.Grant != "g-good" || p.AppOnly {
			t.Errorf("principal = %+v", p)
		}
	}
}

// Whatever is wrong with a token, on every method the answer is 401 and says nothing about why.
func TestAttack5_3_TokensNotHandedOutHere(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, f *fixture)
		headers []string
		code    string // error parameter of the challenge
	}{
		{name: "none"},
		{name: "basic", headers: []string{"Authorization", "Basic Z29vZDo="}},
		{name: "scheme only", headers: []string{"Authorization", "Bearer"}, code: "invalid_token"},
		{name: "comma list", headers: []string{"Authorization", "Bearer good, Bearer good"}, code: "invalid_token"},
		{name: "in a cookie", headers: []string{"Cookie", "access_token=good"}},
		{name: "huge", headers: []string{"Authorization", "Bearer " + strings.Repeat("a", maxToken+1)}, code: "invalid_token"},
		{name: "not verified", headers: []string{"Authorization", "Bearer good"}, code: "invalid_token", prepare: func(_ *testing.T, f *fixture) {
			f.verify = func(string) (*identity.Principal, error) {
				return nil, fmt.Errorf("%w: signature by key abc does not match", entra.ErrInvalidToken)
			}
		}},
		{name: "foreign application", headers: []string{"Authorization", "Bearer good"}, code: "invalid_token", prepare: func(_ *testing.T, f *fixture) {
			f.verify = func(string) (*identity.Principal, error) {
				p := caller()
				p.Application = "aebc6443-996d-45c2-90f0-388ff96faa56"
				return p, nil
			}
		}},
		{name: "without issuance record", headers: []string{"Authorization", "Bearer other"}, code: "invalid_token"},
		{name: "for another resource", headers: []string{"Authorization", "Bearer elsewhere"}, code: "invalid_token", prepare: func(t *testing.T, f *fixture) {
			f.issue(t, "elsewhere", "https://mcp.example.com/other")
		}},
		{name: "without grant", headers: []string{"Authorization", "Bearer good"}, code: "invalid_token", prepare: func(t *testing.T, f *fixture) {
			if err := records.Grants.Delete(t.Context(), f.store, "g-good"); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "of somebody else's grant", headers: []string{"Authorization", "Bearer good"}, code: "invalid_token", prepare: func(_ *testing.T, f *fixture) {
			f.verify = func(string) (*identity.Principal, error) {
				p := caller()
				p.ObjectID = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02"
				return p, nil
			}
		}},
		{name: "altered record", headers: []string{"Authorization", "Bearer good"}, code: "invalid_token", prepare: func(t *testing.T, f *fixture) {
			for key := range f.storage.Dump() {
				if strings.Contains(key, "/issuance/") {
					if err := f.storage.Store(t.Context(), key, []byte(`{"exp":9999999999,"sealed":"e30"}`)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
			t.Run(tc.name+"/"+method, func(t *testing.T) {
				f := newFixture(t)
				if tc.prepare != nil {
					tc.prepare(t, f)
				}
				p, w := f.admit(request(method, target+"?access_token=good", tc.headers...))
				if p != nil || w.Code != http.StatusUnauthorized {
					t.Fatalf("status %d, principal %+v; want 401", w.Code, p)
				}
				challenge := w.Header().Get("WWW-Authenticate")
				want := `Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="access_as_user openid"`
				if tc.code != "" {
					want = `Bearer error="` + tc.code + `", error_description="The access token is expired, revoked, or not for this server.", ` + strings.TrimPrefix(want, "Bearer ")
				}
				if challenge != want {
					t.Errorf("challenge\n got %s\nwant %s", challenge, want)
				}
				if strings.Contains(w.Body.String(), "signature") {
					t.Errorf("the body repeats the verifier: %s", w.Body)
				}
			})
		}
	}
}

// A token counts in one place only, and once.
func TestAttack5_9_TokensInOddPlaces(t *testing.T) {
	f := newFixture(t)
	for name, tc := range map[string]struct {
		r      *http.Request
		status int
	}{
		"in the query":         {request("POST", target+"?access_token=good"), 401},
		"in the body":          {httptest.NewRequest(http.MethodPost, target, strings.NewReader("access_token=good")), 401},
		"in a cookie":          {request("POST", target, "Cookie", "access_token=good; Authorization=Bearer good"), 401},
		"in a header like it":  {request("POST", target, "X-Authorization", "Bearer good", "Proxy-Authorization", "Bearer good", "X-Forwarded-Access-Token", "good"), 401},
		"as a password":        {request("POST", target, "Authorization", "Basic Z29vZDpnb29k"), 401},
		"two headers":          {request("POST", target, "Authorization", "Bearer good", "Authorization", "Bearer good"), 400},
		"two schemes":          {request("POST", target, "Authorization", "Basic eDp5", "Authorization", "Bearer good"), 400},
		"a list":               {request("POST", target, "Authorization", "Bearer good, Bearer good"), 401},
		"a list of schemes":    {request("POST", target, "Authorization", "Basic eDp5, Bearer good"), 401},
		"a quoted token":       {request("POST", target, "Authorization", `Bearer "good"`), 401},
		"a parameter":          {request("POST", target, "Authorization", "Bearer token=good"), 401},
		"a tab":                {request("POST", target, "Authorization", "Bearer\tgood"), 401},
		"scheme in lower case": {request("POST", target, "Authorization", "bearer good"), 200},
	} {
		p, w := f.admit(tc.r)
		if (p != nil) != (tc.status == 200) || w.Code != tc.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, tc.status)
		}
	}
}

func TestRevokedGrantEndsWithin30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		good := func() *http.Request { return request("POST", target, "Authorization", "Bearer good") }
		if p, w := f.admit(good()); p == nil {
			t.Fatalf("refused with %d", w.Code)
		}
		revoke := func(_ context.Context, g *records.Grant) error { g.Revoked = true; return nil }
		if err := records.Grants.Update(t.Context(), f.store, "g-good", revoke); err != nil {
			t.Fatal(err)
		}
		time.Sleep(recheck - time.Millisecond)
		if p, _ := f.admit(good()); p == nil {
			t.Error("refused before the cache was due: the cache does not work")
		}
		time.Sleep(time.Millisecond)
		if p, w := f.admit(good()); p != nil || w.Code != http.StatusUnauthorized {
			t.Errorf("30 s after the revocation: status %d, want 401", w.Code)
		}
	})
}

func TestCacheEndsWithTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		expires := time.Now().Add(10 * time.Second)
		f.verify = func(string) (*identity.Principal, error) {
			if !time.Now().Before(expires) {
				return nil, entra.ErrInvalidToken
			}
			p := caller()
			p.Expires = expires
			return p, nil
		}
		good := func() *http.Request { return request("POST", target, "Authorization", "Bearer good") }
		if p, _ := f.admit(good()); p == nil {
			t.Fatal("refused")
		}
		time.Sleep(10 * time.Second)
		if p, w := f.admit(good()); p != nil || w.Code != http.StatusUnauthorized {
			t.Errorf("an expired token: status %d, want 401", w.Code)
		}
	})
}

// A token that was just admitted at one gate does not open another that shares the cache.
func TestAttack5_17_TokenSubstitutionThroughTheCache(t *testing.T) {
	one, other := newFixture(t), newFixture(t)
	protected, err := resource.Parse("https://mcp.example.com/other")
	if err != nil {
		t.Fatal(err)
	}
	other.gate.cfg.Resource, other.gate.cfg.Store, other.gate.cfg.Cache = protected, one.store, one.gate.cfg.Cache
	if p, _ := one.admit(request("POST", target, "Authorization", "Bearer good")); p == nil {
		t.Fatal("refused at its own gate")
	}
	if p, w := other.admit(request("POST", "https://mcp.example.com/other", "Authorization", "Bearer good")); p != nil || w.Code != http.StatusUnauthorized {
		t.Errorf("at the other gate: status %d, want 401", w.Code)
	}
}

func TestCallersCannotChangeTheCache(t *testing.T) {
	f := newFixture(t)
	good := func() *http.Request { return request("POST", target, "Authorization", "Bearer good") }
	p, _ := f.admit(good())
	p.ObjectID = "changed"
	if again, _ := f.admit(good()); again.ObjectID != person {
		t.Errorf("ObjectID = %q", again.ObjectID)
	}
	if f.verified.Load() != 1 {
		t.Errorf("verified %d times, want once", f.verified.Load())
	}
}

func TestUnknowableIs503(t *testing.T) {
	for name, prepare := range map[string]func(*fixture){
		"storage": func(f *fixture) {
			f.storage.Fault = func(string, string) error { return errors.New("connection refused") }
		},
		"keys": func(f *fixture) {
			f.verify = func(string) (*identity.Principal, error) {
				return nil, fmt.Errorf("%w: dial tcp 10.0.0.1", entra.ErrUnavailable)
			}
		},
		"not configured": func(f *fixture) { f.gate.cfg.Verify, f.gate.cfg.Missing = nil, []string{"ENTRA_ID_CLIENT_ID"} },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			prepare(f)
			p, w := f.admit(request("POST", target, "Authorization", "Bearer good"))
			if p != nil || w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
				t.Fatalf("status %d, Retry-After %q; want 503", w.Code, w.Header().Get("Retry-After"))
			}
			if w.Header().Get("WWW-Authenticate") != "" || strings.Contains(w.Body.String(), "10.0.0.1") {
				t.Errorf("answer %v %s", w.Header(), w.Body)
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	f := newFixture(t)
	p, w := f.admit(request("OPTIONS", target, "Origin", "https://mcp.example.com", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "authorization, mcp-param-region, x-evil, mcp-param-\"x"))
	if p != nil || w.Code != http.StatusNoContent {
		t.Fatalf("status %d, principal %v; want 204 and no principal", w.Code, p)
	}
	h := w.Header()
	if h.Get("Access-Control-Allow-Origin") != "https://mcp.example.com" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("headers %v", h)
	}
	allowed := strings.ToLower(h.Get("Access-Control-Allow-Headers"))
	for _, name := range []string{"authorization", "mcp-protocol-version", "mcp-method", "mcp-param-region"} {
		if !strings.Contains(allowed, name) {
			t.Errorf("Access-Control-Allow-Headers lacks %s", name)
		}
	}
	if strings.Contains(allowed, "evil") || strings.Contains(allowed, `"`) {
		t.Errorf("Access-Control-Allow-Headers = %s", allowed)
	}
}

// A foreign web origin is refused before its token is looked at; without an Origin nothing changes.
func TestAttack5_16_ForeignOrigins(t *testing.T) {
	f := newFixture(t)
	for _, o := range []string{"https://evil.example", "null", ""} {
		for _, method := range []string{"POST", "OPTIONS"} {
			p, w := f.admit(request(method, target, "Origin", o, "Authorization", "Bearer good", "Access-Control-Request-Method", "POST"))
			if p != nil || w.Code != http.StatusForbidden || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s from %q: status %d, want 403", method, o, w.Code)
			}
		}
	}
	if f.verified.Load() != 0 {
		t.Error("a token was verified for a foreign origin")
	}
}

func TestForeignAddressIs500AndLoggedOnce(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		for _, url := range []string{"https://other.example.com/mcp", "https://mcp.example.com/elsewhere"} {
			p, w := f.admit(request("POST", url, "Authorization", "Bearer good"))
			if p != nil || w.Code != http.StatusInternalServerError {
				t.Errorf("%s: status %d, want 500", url, w.Code)
			}
		}
	}
	if n := strings.Count(f.log.String(), "entra_auth resource"); n != 2 {
		t.Errorf("the cure is in the log %d times, want once a host:\n%s", n, f.log.String())
	}
	for i := range 100 {
		f.admit(request("POST", fmt.Sprintf("https://h%d.example.com/mcp", i)))
	}
	if n := strings.Count(f.log.String(), "entra_auth resource"); n != maxStrayHosts {
		t.Errorf("%d hosts logged, want at most %d", n, maxStrayHosts)
	}
}

func TestAttack5_11_EverySpellingOfThePath(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/mcp", "/mcp/", "/MCP", "//mcp", "/mcp/x", "/%6dcp", "/mcp/%2e%2e/mcp", "/mcp;x", "/mcp%00"} {
		p, w := f.admit(request("POST", "https://mcp.example.com"+path))
		if p != nil || (w.Code != http.StatusUnauthorized && w.Code != http.StatusInternalServerError) {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

func TestLogHoldsNoToken(t *testing.T) {
	f := newFixture(t)
	f.admit(request("POST", target, "Authorization", "Bearer secret-token-value"))
	f.admit(request("POST", target, "Authorization", "Bearer secret-token-value, x"))
	if f.log.Len() == 0 || strings.Contains(f.log.String(), "secret-token-value") {
		t.Errorf("log: %s", f.log.String())
	}
}

func BenchmarkAdmitCached(b *testing.B) {
	f := newFixture(b)
	r := request("POST", target, "Authorization", "Bearer good")
	for b.Loop() {
		w := httptest.NewRecorder()
		if _, ok := f.gate.Admit(w, r, r.Host, r.URL.Path); !ok {
			b.Fatal(w.Code)
		}
	}
}

func FuzzAuthorizationHeader(f *testing.F) {
	for _, s := range []string{"Bearer good", "Bearer", "bearer \t", "Bearer a b", "Basic x", "Bearer \x00", "Bearer =="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Authorization": {value}}}
		token, err := bearerToken(r)
		if err == nil && (token == "" || strings.ContainsAny(token, " \t\r\n,\"\x00")) {
			t.Errorf("token %q from %q", token, value)
		}
	})
}
