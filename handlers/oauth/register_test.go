package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records/recordstest"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestRegistrationEchoesWhatWasAccepted(t *testing.T) {
	w := newWorld(t)
	a := w.register(`{"client_name":"Cursor","redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://evil.example.com/cb","http://127.0.0.1:33418","http://127.0.0.1:33418/","https://www.cursor.com/agents/mcp/oauth/callback"],
		"grant_types":["authorization_code"],"response_types":["code"],"scope":"openid foo access_as_user","application_type":"native","logo_uri":"https://evil.example.com/x.png","jwks":{"keys":[]},"contacts":null}`)
	if a.status != http.StatusCreated || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, headers %v", a.status, a.header)
	}
	got := decode[map[string]any](t, a.body)
	id := got["client_id"]
	want := map[string]any{
		"client_id": id, "client_id_issued_at": float64(w.clock.Now().Unix()), "client_name": "Cursor",
		"redirect_uris": []any{"cursor://anysphere.cursor-mcp/oauth/callback", "http://127.0.0.1:33418", "http://127.0.0.1:33418/", "https://www.cursor.com/agents/mcp/oauth/callback"},
		"grant_types":   []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"},
		"token_endpoint_auth_method": "none", "scope": "openid access_as_user",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{"redirect URI refused", `allow_with="allow_redirect https://evil.example.com/cb"`, "assistant=Cursor", "client registered"} {
		if !strings.Contains(w.log.String(), part) {
			t.Errorf("the log does not hold %s", part)
		}
	}
}

func TestConfidentialClientsGetASecret(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{methodPost, methodBasic} {
		c := w.registered("Claude", method, claudeURI)
		if c.Method != method || len(c.Secret) != 43 || c.SecretExpiresAt != w.clock.Now().Add(clientLifetime).Unix() {
			t.Errorf("registration: %+v", c)
		}
	}
	if c := w.registered("x", "private_key_jwt", claudeURI); c.Method != methodNone || c.Secret != "" {
		t.Errorf("a method that is not offered gives %+v", c)
	}
}

func TestClientIDsAreShort(t *testing.T) {
	w := newWorld(t)
	uris := []string{"https://global.consent.azure-apim.net/redirect/" + strings.Repeat("a", 200)}
	for i := range maxRedirectURIs - 1 {
		uris = append(uris, fmt.Sprintf("http://localhost/callback/%d", i))
	}
	for _, name := range []string{strings.Repeat("x", 300), strings.Repeat(`"`, 300), strings.Repeat("漢", 300)} {
		c := w.registered(name, "client_secret_basic", uris...)
		if len(c.ClientID) > maxClientID {
			t.Errorf("the id has %d characters", len(c.ClientID))
		}
		if len(c.Name) > maxClientName || !strings.HasPrefix(name, c.Name) {
			t.Errorf("the name is %q", c.Name)
		}
	}
	c := w.registered("Claude", "none", claudeURI)
	u := testIssuer + authorizePath + "?" + request(c, "state", strings.Repeat("s", 600)).Encode()
	if len(u) >= 2000 {
		t.Errorf("the authorize URL has %d characters", len(u))
	}
}

// TestRegistrationMeetsClientsHalfWay: what is odd in a request and yet clear is answered with what
// the client gets.
func TestRegistrationMeetsClientsHalfWay(t *testing.T) {
	everyday := "access_as_user openid profile email"
	for name, tc := range map[string]struct{ members, method, scope string }{
		"nothing but redirect URIs":    {``, methodNone, everyday},
		"empty values":                 {`,"client_name":"","scope":"","grant_types":[],"response_types":[],"token_endpoint_auth_method":""`, methodNone, everyday},
		"null values":                  {`,"client_name":null,"scope":null,"grant_types":null,"response_types":null,"token_endpoint_auth_method":null`, methodNone, everyday},
		"foreign scopes":               {`,"scope":"read:jira-work mcp:tools"`, methodNone, everyday},
		"some foreign scopes":          {`,"scope":"mcp:tools email openid email"`, methodNone, "email openid"},
		"grant types of other clients": {`,"grant_types":["refresh_token","authorization_code","urn:ietf:params:oauth:grant-type:device_code","client_credentials"]`, methodNone, everyday},
		"response types of others":     {`,"response_types":["code","code id_token"]`, methodNone, everyday},
		"a method that is not offered": {`,"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://evil.example.com/jwks"`, methodNone, everyday},
		"a secret in the header":       {`,"token_endpoint_auth_method":"client_secret_basic"`, methodBasic, everyday},
		"unknown members":              {`,"software_statement":"x.y.z","x":{"a":[1,2,{"b":null}]},"logo_uri":7,"contacts":"me","application_type":["native"]`, methodNone, everyday},
		"members in another case":      {`,"Scope":"email","TOKEN_ENDPOINT_AUTH_METHOD":"client_secret_post"`, methodNone, everyday},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.register(`{"redirect_uris":["` + claudeURI + `"]` + tc.members + `}`)
			c := decode[registration](t, a.body)
			if a.status != http.StatusCreated || c.Method != tc.method || c.Scope != tc.scope || (c.Secret != "") != (tc.method != methodNone) ||
				!slices.Equal(c.GrantTypes, []string{"authorization_code", "refresh_token"}) || !slices.Equal(c.ResponseTypes, []string{"code"}) {
				t.Errorf("%d %s", a.status, a.body)
			}
			if w.outside.Load() != 0 {
				t.Error("something was fetched")
			}
		})
	}
}

func TestRegistrationTakesAsManyRedirectURIsAsItSays(t *testing.T) {
	w := newWorld(t)
	var uris []string
	for i := range maxRedirectURIs {
		uris = append(uris, fmt.Sprintf("http://localhost/callback/%d", i))
	}
	w.tokens(registration{ClientID: w.registered("x", "none", uris...).ClientID, RedirectURIs: uris[maxRedirectURIs-1:]})
}

// TestRefusedRedirectURIsAreLogged with the line that would allow each.
func TestRefusedRedirectURIsAreLogged(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Clients = ClientPolicy{Presets: []string{"claude"}} })
	w.registered("Many", "none", claudeURI)
	for uri, want := range map[string]string{
		"https://vscode.dev/redirect":                  `allow_with="allow_redirect https://vscode.dev/redirect"`,
		"http://127.0.0.1:33418/":                      `allow_with="allow_redirect http://127.0.0.1/"`,
		"https://app.example.com:8443/cb?x=y":          `allow_with="allow_redirect https://app.example.com:8443/cb?x=y"`,
		"cursor://anysphere.cursor-mcp/oauth/callback": `allow_with="allow_clients cursor"`,
		"windsurf://codeium.windsurf/oauth/callback":   `reason="this scheme belongs to no known assistant"`,
		"http://app.example.com/cb":                    `reason="http is allowed for localhost`,
	} {
		w.log.Reset()
		a := w.register(`{"client_name":"Many","redirect_uris":[` + quote(uri) + `,"` + claudeURI + `"]}`)
		if c := decode[registration](t, a.body); a.status != http.StatusCreated || !slices.Equal(c.RedirectURIs, []string{claudeURI}) {
			t.Errorf("%s: %d %s", uri, a.status, a.body)
		}
		if log := w.log.String(); !strings.Contains(log, want) || !strings.Contains(log, "assistant=Many") || !strings.Contains(log, "refused_redirect_uris=1") {
			t.Errorf("%s: the log lacks %s:\n%s", uri, want, log)
		}
	}
}

// TestPresetNamesMayHaveHyphens, as the names of half of the products do.
func TestPresetNamesMayHaveHyphens(t *testing.T) {
	p, err := newRedirectPolicy(ClientPolicy{Presets: []string{"copilot-studio", "gemini-cli"}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := parseRedirectURI(copilotStudioURI)
	if err != nil || !p.allows(u) {
		t.Errorf("copilot-studio does not allow its redirect URI: %v", err)
	}
}

func TestRegistrationWithoutEntra(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Entra, c.Missing = nil, []string{"ENTRA_ID_CLIENT_ID", "ENTRA_ID_CLIENT_SECRET"} })
	w.registered("Claude", "client_secret_post", claudeURI)
	for _, path := range []string{tokenPath, jwksPath, serverMetadataPath, openIDPath, "/.well-known/oauth-protected-resource/mcp"} {
		method := http.MethodGet
		if path == tokenPath {
			method = http.MethodPost
		}
		a := read(t, serve(w.server, httptest.NewRequest(method, testIssuer+path, nil)))
		wantError(t, a, http.StatusServiceUnavailable, "temporarily_unavailable")
		if !strings.Contains(a.body, "ENTRA_ID_CLIENT_SECRET") || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	for _, path := range []string{authorizePath, "/oauth/callback"} {
		a := w.newBrowser().get(testIssuer + path)
		wantPage(t, a, http.StatusServiceUnavailable)
		if !strings.Contains(a.body, "ENTRA_ID_CLIENT_ID") {
			t.Errorf("%s does not say what is missing", path)
		}
	}
}

func TestAttack6_3_OddRegistrations(t *testing.T) {
	w := newWorld(t)
	many := `"` + strings.Join(slices.Repeat([]string{claudeURI}, 9), `","`) + `"`
	tests := []struct {
		body   string
		status int
		code   string
	}{
		{``, 400, "invalid_client_metadata"},
		{`[]`, 400, "invalid_client_metadata"},
		{`null`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"]}{}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"redirect_uris":["x"]}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"x":{"a":1,"a":2}}`, 400, "invalid_client_metadata"},
		{`{"REDIRECT_URIS":["` + claudeURI + `"]}`, 400, "invalid_redirect_uri"},
		{`{"redirect_uris":"` + claudeURI + `"}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":[1]}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":[]}`, 400, "invalid_redirect_uri"},
		{`{"redirect_uris":[` + many + `]}`, 400, "invalid_redirect_uri"},
		{`{"redirect_uris":["` + claudeURI + `"],"client_name":7}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"grant_types":["client_credentials"]}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"response_types":["token"]}`, 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, 400, "invalid_client_metadata"},
		{"{\"redirect_uris\":[\"" + claudeURI + "\"],\"client_name\":\"\xff\"}", 400, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"client_name":"` + strings.Repeat("x", 65<<10) + `"}`, 413, "invalid_client_metadata"},
		{`{"redirect_uris":["` + claudeURI + `"],"client_name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "invalid_client_metadata"},
		{`{"redirect_uris":[` + strings.Repeat(`"http://localhost/",`, 3000) + `"x"]}`, 400, "invalid_redirect_uri"},
		{`{"redirect_uris":[` + strings.Repeat(`"http://localhost/",`, 10_000) + `"x"]}`, 413, "invalid_client_metadata"},
		{strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), 400, "invalid_client_metadata"},
		{strings.Repeat("[", 60<<10), 400, "invalid_client_metadata"},
	}
	for _, tc := range tests {
		a := w.register(tc.body)
		if e := decode[errorBody](t, a.body); a.status != tc.status || e.Error != tc.code {
			t.Errorf("%.60s: %d %s", tc.body, a.status, a.body)
		}
	}
	r := httptest.NewRequest(http.MethodPost, testIssuer+registerPath, strings.NewReader(`{"redirect_uris":["`+claudeURI+`"]}`))
	for _, contentType := range []string{"text/plain", "", "application/x-www-form-urlencoded", "application/json; charset", "application/jsonx"} {
		r.Header.Set("Content-Type", contentType)
		wantError(t, read(t, serve(w.server, r)), http.StatusUnsupportedMediaType, "invalid_client_metadata")
	}
	wantError(t, read(t, serve(w.server, httptest.NewRequest(http.MethodGet, testIssuer+registerPath, nil))), http.StatusMethodNotAllowed, "invalid_request")
}

func TestClientIDsEnd(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "none", claudeURI)
	w.clock.advance(clientLifetime)
	wantError(t, token(t, w.server, redemption(c, strings.Repeat("x", stateLength))), http.StatusUnauthorized, "invalid_client")
	wantPage(t, w.newBrowser().get(testIssuer+authorizePath+"?"+request(c).Encode()), http.StatusBadRequest)
}

func TestClientIDsOfAnotherIssuerAreUnknown(t *testing.T) {
	w := newWorld(t)
	other := newWorld(t, func(c *Config) { c.Issuer = "https://other.example.com" })
	other.shared = w.storage
	s := other.addNode()
	c := w.registered("Claude", "none", claudeURI)
	if _, err := s.client(t.Context(), c.ClientID); !errors.Is(err, errUnknownClient) {
		t.Errorf("got %v", err)
	}
}

func FuzzRegistration(f *testing.F) {
	f.Add([]byte(`{"redirect_uris":["` + claudeURI + `"],"client_name":"Claude","token_endpoint_auth_method":"none","grant_types":["authorization_code"],"scope":"x"}`))
	f.Add([]byte(`{"a":[1,{"b":null}],"a":2}`))
	f.Add([]byte(`}`))
	f.Add([]byte(`{"client_name":"` + "\u202e" + `"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, oe := parseRegistration(body)
		if oe != nil {
			if oe.status != http.StatusBadRequest {
				t.Errorf("status %d", oe.status)
			}
			return
		}
		if len(req.redirectURIs) == 0 || len(req.redirectURIs) > maxRedirectURIs {
			t.Errorf("%d redirect URIs", len(req.redirectURIs))
		}
		name := plaintext.Line(req.name, maxClientName)
		if len(name) > maxClientName || strings.ContainsAny(name, "\n\r\t\u202e\u200b") || strings.TrimSpace(name) != name {
			t.Errorf("name %q", name)
		}
	})
}

func FuzzSealedClient(f *testing.F) {
	good := &client{name: "Claude", method: methodPost, issued: time.Unix(1700000000, 0), redirects: []redirectHash{{1}, {2}}}
	b, err := good.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeClient(b)
		if err != nil {
			return
		}
		again, err := c.encode()
		if err != nil || string(again) != string(b) {
			t.Errorf("%x decodes to %+v and encodes to %x, %v", b, c, again, err)
		}
	})
}

func FuzzClientID(f *testing.F) {
	keys := records.NewKeyring(records.KeyringConfig{Issuer: testIssuer, Storage: func() records.Storage { return &recordstest.Memory{} }})
	s := &Server{cfg: Config{Keys: keys}, now: time.Now}
	c := &client{name: "Claude", method: methodNone, issued: time.Now(), redirects: []redirectHash{{1}}}
	if err := s.sealClient(context.Background(), c); err != nil {
		f.Fatal(err)
	}
	f.Add(c.id)
	f.Add("eyJhbGciOiJub25lIn0....")
	f.Add("a.b.c.d.e")
	f.Fuzz(func(t *testing.T, id string) {
		if _, err := s.client(t.Context(), id); !errors.Is(err, errUnknownClient) && id != c.id {
			t.Errorf("%q: %v", id, err)
		}
	})
}
