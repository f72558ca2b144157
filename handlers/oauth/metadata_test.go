package oauth

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

func fetch(t *testing.T, s *Server, method, path string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, testIssuer+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return read(t, serve(s, r))
}

func TestServerMetadataAtEverySpelling(t *testing.T) {
	w := newWorld(t)
	want := map[string]any{
		"issuer":                 testIssuer,
		"authorization_endpoint": testIssuer + "/oauth/authorize",
		"token_endpoint":         testIssuer + "/oauth/token",
		"registration_endpoint":  testIssuer + "/oauth/register",
		"revocation_endpoint":    testIssuer + "/oauth/revoke",
		"revocation_endpoint_auth_methods_supported":     []any{"none", "client_secret_post", "client_secret_basic"},
		"scopes_supported":                               []any{"openid", "profile", "email", "access_as_user", "offline_access"},
		"response_types_supported":                       []any{"code"},
		"response_modes_supported":                       []any{"query"},
		"grant_types_supported":                          []any{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          []any{"none", "client_secret_post", "client_secret_basic"},
		"code_challenge_methods_supported":               []any{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
	sorted := w.provider.ShortScopes()
	scopes := []any{}
	for _, s := range sorted {
		scopes = append(scopes, s)
	}
	want["scopes_supported"] = append(scopes, "offline_access")
	for _, path := range []string{serverMetadataPath, serverMetadataPath + "/mcp", "/mcp" + serverMetadataPath} {
		if diff := cmp.Diff(want, decode[map[string]any](t, fetch(t, w.server, http.MethodGet, path).body)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	want["jwks_uri"] = testIssuer + "/oauth/jwks"
	want["subject_types_supported"] = []any{"public"}
	want["id_token_signing_alg_values_supported"] = []any{"RS256"}
	want["request_parameter_supported"] = false
	want["request_uri_parameter_supported"] = false
	for _, path := range []string{openIDPath, openIDPath + "/mcp", "/mcp" + openIDPath} {
		if diff := cmp.Diff(want, decode[map[string]any](t, fetch(t, w.server, http.MethodGet, path).body)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if got := fetch(t, w.server, http.MethodGet, "/oauth/jwks").body; got != "{\"keys\":[]}\n" {
		t.Errorf("key set: %s", got)
	}
}

func TestResourceMetadataForExactlyTheResourcesThatExist(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{resource.WellKnown, resource.WellKnown + "/mcp"} {
		doc := decode[resource.Metadata](t, fetch(t, w.server, http.MethodGet, path).body)
		want := resource.Metadata{
			Resource: testResource, AuthorizationServers: []string{testIssuer}, Scopes: w.provider.ShortScopes(),
			BearerMethods: []string{"header"}, Name: "Jira and Confluence",
		}
		if diff := cmp.Diff(want, doc); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	for _, path := range []string{
		resource.WellKnown + "/other", resource.WellKnown + "/mcp/", resource.WellKnown + "/mcp/x", resource.WellKnown + "/",
		serverMetadataPath + "/other", openIDPath + "/", openIDPath + "/other",
	} {
		if !w.server.Owns(path) {
			t.Errorf("%s is passed on to the site", path)
		}
		wantError(t, fetch(t, w.server, http.MethodGet, path), http.StatusNotFound, "not_found")
	}
}

func TestTheRootDocumentIsThatOfTheDefaultResource(t *testing.T) {
	one, _ := resource.Parse(testIssuer + "/one")
	two, _ := resource.Parse(testIssuer + "/two")
	resources := []ResourceInfo{{Resource: one}, {Resource: two}}
	w := newWorld(t, func(c *Config) { c.Resources = func() []ResourceInfo { return resources } })
	wantError(t, fetch(t, w.server, http.MethodGet, resource.WellKnown), http.StatusNotFound, "not_found")
	c := w.registered("Claude", "none", claudeURI)
	a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(c, "resource", "").Encode())
	if a.location == nil || a.location.Query().Get("error") != "invalid_target" {
		t.Errorf("no resource among two: %d %v", a.status, a.location)
	}
	resources[1].Default = true
	if doc := decode[resource.Metadata](t, fetch(t, w.server, http.MethodGet, resource.WellKnown).body); doc.Resource != two.String() {
		t.Errorf("the root document is that of %s", doc.Resource)
	}
	if a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(c, "resource", "").Encode()); a.status != http.StatusOK {
		t.Errorf("no resource with a default: %d %v", a.status, a.location)
	}
	if a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(c, "resource", one.String()).Encode()); a.status != http.StatusOK {
		t.Errorf("the other resource: %d %v", a.status, a.location)
	}
}

func TestHeadersOfPublicDocuments(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{serverMetadataPath, openIDPath, resource.WellKnown + "/mcp", jwksPath} {
		get, head := fetch(t, w.server, http.MethodGet, path), fetch(t, w.server, http.MethodHead, path)
		if get.header.Get("Cache-Control") != metadataMaxAge || get.header.Get("Access-Control-Allow-Origin") != "*" || get.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, get.header)
		}
		if head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Length") != get.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %q %v", path, head.status, head.body, head.header)
		}
		wantError(t, fetch(t, w.server, http.MethodPost, path), http.StatusMethodNotAllowed, "invalid_request")
	}
	for _, path := range []string{serverMetadataPath, registerPath, tokenPath} {
		a := fetch(t, w.server, http.MethodOptions, path, "Origin", "http://localhost:6274", "Access-Control-Request-Method", "POST")
		if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("preflight of %s: %d %v", path, a.status, a.header)
		}
	}
}

// The documents say the same whatever a request claims about its host.
func TestAttack8_1_PoisonedDocuments(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{serverMetadataPath, openIDPath, resource.WellKnown + "/mcp"} {
		want := fetch(t, w.server, http.MethodGet, path).body
		for _, header := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Forwarded", "X-Original-URL"} {
			if got := fetch(t, w.server, http.MethodGet, path, header, "host=evil.example.com").body; got != want {
				t.Errorf("%s changes %s", header, path)
			}
		}
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "evil.example.com"
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, r)
		if rec.Body.String() != want {
			t.Errorf("Host changes %s", path)
		}
	}
}

func TestOwns(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]bool{
		registerPath: true, authorizePath: true, tokenPath: true, jwksPath: true, "/oauth/callback": true,
		serverMetadataPath: true, openIDPath + "/mcp": true, "/mcp" + openIDPath: true, resource.WellKnown: true,
		"/": false, "/mcp": false, "/mcp/": false, "/authorize": false, "/token": false, "/register": false, "/oauth": false, "/oauth/": false,
		"/oauth/token/": false, "/oauth/other": false, "/.well-known/security.txt": false, openIDPath + "x": false, "/other" + openIDPath: false,
	} {
		if got := w.server.Owns(path); got != want {
			t.Errorf("Owns(%s) is %v", path, got)
		}
		if private := w.server.Private(path); private != (path == authorizePath || path == "/oauth/callback") {
			t.Errorf("Private(%s) is %v", path, private)
		}
	}
}

func TestNewChecksItsConfiguration(t *testing.T) {
	good := newWorld(t).server.cfg
	for name, change := range map[string]func(*Config){
		"issuer with a path":  func(c *Config) { c.Issuer += "/x" },
		"issuer with a slash": func(c *Config) { c.Issuer += "/" },
		"plain http":          func(c *Config) { c.Issuer = "http://mcp.example.com" },
		"relative callback":   func(c *Config) { c.CallbackPath = "oauth/callback" },
		"callback taken":      func(c *Config) { c.CallbackPath = tokenPath },
		"no store":            func(c *Config) { c.Store = nil },
		"unknown preset":      func(c *Config) { c.Clients.Presets = []string{"x"} },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
