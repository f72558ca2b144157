package oauth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

// A client id holds the whole registration: a flood fills nothing and pushes nobody out.
func TestAttack6_1_RegistrationFlood(t *testing.T) {
	w := newWorld(t)
	early := w.registered("Claude", "none", claudeURI)
	before := len(w.storage.Dump())
	n := 10_000
	if raceDetector || testing.Short() {
		n = 500
	}
	for range n {
		w.registered("Flood", "client_secret_post", claudeURI)
	}
	if after := len(w.storage.Dump()); after != before {
		t.Errorf("storage grew from %d to %d values", before, after)
	}
	if tokens := w.tokens(early); tokens.AccessToken == "" {
		t.Error("the client from before the flood gets no token")
	}
}

func TestAttack6_4_NoMemberIsFetched(t *testing.T) {
	w := newWorld(t)
	address, asked := trap(t)
	for _, member := range []string{
		`"jwks_uri":"` + address + `"`, `"sector_identifier_uri":"` + address + `"`, `"request_uris":["` + address + `"]`, `"logo_uri":"` + address + `"`,
		`"software_statement":"eyJhbGciOiJub25lIn0.eyJqd2tzX3VyaSI6Ii0ifQ."`, `"initiate_login_uri":"` + address + `"`, `"jwks":{"keys":[{"x5u":"` + address + `"}]}`,
		`"backchannel_logout_uri":"` + address + `"`, `"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"` + address + `"`,
	} {
		a := w.register(`{"client_name":"Claude","redirect_uris":["` + claudeURI + `"],` + member + `}`)
		if a.status != http.StatusCreated || strings.Contains(a.body, address) {
			t.Errorf("%s: %d %s", member, a.status, a.body)
		}
		w.tokens(decode[registration](t, a.body))
	}
	if n := asked.Load() + w.outside.Load(); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}

// One client id for all people who use a product: what one of them ends, the others keep.
func TestAttack6_9_SharedClientID(t *testing.T) {
	w, _ := publishing(t)
	c := described(claudeCodeID, "http://localhost/callback")
	of := func(person string) tokenResponse {
		t.Helper()
		b := w.newBrowser()
		back := b.get(b.signIn(b.approve(c), person).String())
		if back.location == nil {
			t.Fatalf("sign-in of %s: %d", person, back.status)
		}
		return decode[tokenResponse](t, token(t, w.server, redemption(c, back.location.Query().Get("code"))).body)
	}
	for name, end := range map[string]func(mine tokenResponse){
		"revocation": func(mine tokenResponse) { wantRevoked(t, revoke(t, w.server, revocation(c, mine.RefreshToken))) },
		"reuse": func(mine tokenResponse) {
			token(t, w.server, renewal(c, mine.RefreshToken))
			w.clock.advance(rotationWindow + time.Second)
			wantError(t, token(t, w.server, renewal(c, mine.RefreshToken)), http.StatusBadRequest, "invalid_grant")
		},
	} {
		mine, theirs := of(ada), of(ben)
		end(mine)
		if w.opens(mine.AccessToken) {
			t.Errorf("%s: my access token still opens the gate", name)
		}
		if !w.opens(theirs.AccessToken) {
			t.Errorf("%s: somebody else's access token does not open the gate any more", name)
		}
		if a := token(t, w.server, renewal(c, theirs.RefreshToken)); a.status != http.StatusOK {
			t.Errorf("%s: somebody else's refresh: %d %s", name, a.status, a.body)
		}
	}
}

// RFC 7592 is not offered: a registration is read by nobody and changed by nobody, not even with its
// own secret.
func TestAttack6_10_NoClientConfigurationEndpoint(t *testing.T) {
	w := newWorld(t)
	a := w.register(`{"redirect_uris":["` + claudeURI + `"],"token_endpoint_auth_method":"client_secret_post","registration_access_token":"x"}`)
	for name := range decode[map[string]any](t, a.body) {
		if strings.HasPrefix(name, "registration_") {
			t.Errorf("the answer holds %s", name)
		}
	}
	c := decode[registration](t, a.body)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		for _, path := range []string{registerPath, registerPath + "?client_id=" + c.ClientID} {
			wantError(t, fetch(t, w.server, method, path, "Authorization", "Bearer "+c.Secret), http.StatusMethodNotAllowed, "invalid_request")
		}
	}
	if w.server.Owns(registerPath + "/" + c.ClientID) {
		t.Error("a client configuration endpoint is answered")
	}
}

// private_key_jwt is not offered: no assertion is ever looked at, so none can be replayed.
func TestAttack6_11_ClientAssertions(t *testing.T) {
	w := newWorld(t)
	c := w.registered("Claude", "private_key_jwt", claudeURI)
	if c.Method != methodNone {
		t.Errorf("registered with %s", c.Method)
	}
	code := w.newBrowser().code(c).Get("code")
	for _, with := range [][]string{
		{"client_assertion", "eyJhbGciOiJub25lIn0.e30."},
		{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		{"client_assertion", "x", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	} {
		for _, s := range []*Server{w.server, w.addNode()} {
			wantError(t, token(t, s, redemption(c, code, with...)), http.StatusUnauthorized, "invalid_client")
		}
	}
	if a := token(t, w.server, redemption(c, code)); a.status != http.StatusOK {
		t.Errorf("without an assertion: %d %s", a.status, a.body)
	}
}

// Pages of any site may call the JSON endpoints, which know no cookie. No page may read ours, or
// send credentials along.
func TestAttack6_12_CORS(t *testing.T) {
	w := newWorld(t)
	const evil = "https://evil.example.com"
	for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodPost} {
		for _, path := range []string{registerPath, tokenPath, jwksPath, serverMetadataPath, openIDPath, resource.WellKnown + "/mcp"} {
			h := fetch(t, w.server, method, path, "Origin", evil, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "cookie").header
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Set-Cookie") != "" ||
				strings.Contains(strings.ToLower(h.Get("Access-Control-Allow-Headers")), "cookie") {
				t.Errorf("%s %s: %v", method, path, h)
			}
		}
		for _, path := range []string{authorizePath, "/oauth/callback"} {
			r := httptest.NewRequest(method, testIssuer+path, nil)
			r.Header.Set("Origin", evil)
			for name := range read(t, serve(w.server, r)).header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s sends %s", method, path, name)
				}
			}
		}
	}
}
