package oauth

import (
	"net/http"
	"strings"
	"testing"
)

const (
	staticSecret = "a-secret-that-the-operator-chose-0123456789"
	geminiURI    = "https://vertexaisearch.cloud.google.com/oauth-redirect"
)

// manual is a client that the operator registered, as the tests pass one around.
func manual(id string, uris ...string) registration {
	return registration{ClientID: id, RedirectURIs: uris}
}

func withStatic(clients ...StaticClient) func(*Config) {
	return func(c *Config) { c.StaticClients = clients }
}

// TestStaticClientsProveThemselvesEitherWay: the operator cannot know which way a product takes.
func TestStaticClientsProveThemselvesEitherWay(t *testing.T) {
	w := newWorld(t, withStatic(StaticClient{ID: "gemini", Name: "Gemini Enterprise", Secret: staticSecret, RedirectURIs: []string{geminiURI}}))
	c := manual("gemini", geminiURI)
	code := w.newBrowser().code(c).Get("code")
	for name, tc := range map[string]struct {
		change  []string
		headers []string
	}{
		"no secret":                    {},
		"an empty secret":              {change: []string{"client_secret", ""}},
		"a wrong secret":               {change: []string{"client_secret", staticSecret + "x"}},
		"a wrong secret in the header": {headers: []string{"Authorization", basic("gemini", "x"+staticSecret)}},
		"no secret in the header":      {headers: []string{"Authorization", basic("gemini", "")}},
		"another client's id":          {change: []string{"client_id", "gemini2", "client_secret", staticSecret}},
		"the id in another case":       {change: []string{"client_id", "Gemini", "client_secret", staticSecret}},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, token(t, w.server, redemption(c, code, tc.change...), tc.headers...), http.StatusUnauthorized, "invalid_client")
		})
	}
	a := token(t, w.server, redemption(c, code, "client_secret", staticSecret))
	if a.status != http.StatusOK {
		t.Fatalf("with the secret in the body: %d %s", a.status, a.body)
	}
	refreshToken := decode[tokenResponse](t, a.body).RefreshToken
	wantError(t, token(t, w.server, renewal(c, refreshToken)), http.StatusUnauthorized, "invalid_client")
	a = token(t, w.server, renewal(c, refreshToken, "client_id", ""), "Authorization", basic("gemini", staticSecret))
	if a.status != http.StatusOK {
		t.Errorf("with the secret in the header: %d %s", a.status, a.body)
	}
	if strings.Contains(w.log.String(), staticSecret) || !strings.Contains(w.log.String(), `assistant="Gemini Enterprise"`) {
		t.Error("the log holds the secret, or not the name")
	}
}

func TestStaticClientsWithoutSecretArePublic(t *testing.T) {
	w := newWorld(t, withStatic(StaticClient{ID: "8b1c6e52-93d4-4a1b-8c7e-1f5a2d3c4b69", RedirectURIs: []string{"http://localhost/cb"}}))
	c := manual("8b1c6e52-93d4-4a1b-8c7e-1f5a2d3c4b69", "http://localhost:50123/cb")
	tokens := w.tokens(c)
	wantError(t, token(t, w.server, renewal(c, tokens.RefreshToken, "client_secret", staticSecret)), http.StatusUnauthorized, "invalid_client")
	if a := token(t, w.server, renewal(c, tokens.RefreshToken)); a.status != http.StatusOK {
		t.Errorf("refresh: %d %s", a.status, a.body)
	}
	page := w.newBrowser().get(testIssuer + authorizePath + "?" + request(c).Encode())
	if !strings.Contains(page.body, c.ClientID) {
		t.Error("the consent page does not name a client without name by its id")
	}
}

// TestStaticClientsUseTheirOwnRedirectURIs: those that are listed, whatever the policy says, and
// nobody else may use them.
func TestStaticClientsUseTheirOwnRedirectURIs(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Clients = ClientPolicy{Presets: []string{"claude"}}
		c.StaticClients = []StaticClient{{ID: "gemini", RedirectURIs: []string{geminiURI, "https://app.example.com/cb?x=y"}}}
	})
	for _, uri := range []string{geminiURI, "https://app.example.com/cb?x=y"} {
		w.tokens(manual("gemini", uri))
	}
	for _, uri := range []string{claudeURI, geminiURI + "/", geminiURI + "?x=y", "https://app.example.com/cb", "http://localhost/cb", ""} {
		a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(manual("gemini", uri)).Encode())
		wantPage(t, a, http.StatusBadRequest)
	}
	if !strings.Contains(w.log.String(), "add: redirect https://app.example.com/cb\"") {
		t.Error("the log does not hold the line to add")
	}
	if a := w.register(`{"redirect_uris":["` + geminiURI + `"]}`); a.status != http.StatusBadRequest {
		t.Errorf("another client registers the redirect URI: %d %s", a.status, a.body)
	}
}

// TestAnotherConfigurationEndsStaticClients: taking the client, or its redirect URI, out of the
// configuration ends what it has.
func TestAnotherConfigurationEndsStaticClients(t *testing.T) {
	w := newWorld(t, withStatic(StaticClient{ID: "gemini", RedirectURIs: []string{geminiURI}}))
	c := manual("gemini", geminiURI)
	code := w.newBrowser().code(c).Get("code")
	tokens := w.tokens(c)
	w.config.StaticClients[0].RedirectURIs = []string{"https://app.example.com/cb"}
	moved := w.addNode()
	wantError(t, token(t, moved, redemption(c, code)), http.StatusBadRequest, "invalid_grant")
	wantError(t, token(t, moved, renewal(c, tokens.RefreshToken)), http.StatusBadRequest, "invalid_grant")
	w.config.StaticClients = nil
	wantError(t, token(t, w.addNode(), renewal(c, tokens.RefreshToken)), http.StatusUnauthorized, "invalid_client")
}

func TestStaticClientErrorsNameTheCure(t *testing.T) {
	uris := []string{geminiURI}
	for _, tc := range []struct {
		client StaticClient
		want   string
	}{
		{StaticClient{RedirectURIs: uris}, `client "": the client id must have`},
		{StaticClient{ID: "a b", RedirectURIs: uris}, `client "a b": the client id must have`},
		{StaticClient{ID: "https://app.example.com/client.json", RedirectURIs: uris}, "the client id must have 1 to 64 letters"},
		{StaticClient{ID: strings.Repeat("x", 65), RedirectURIs: uris}, "the client id must have 1 to 64 letters"},
		{StaticClient{ID: "twice", RedirectURIs: uris}, "client twice: it is given twice"},
		{StaticClient{ID: "x"}, "client x: redirect is missing; write"},
		{StaticClient{ID: "x", RedirectURIs: []string{"http://example.com/cb"}}, `client x: redirect "http://example.com/cb": http is allowed for localhost`},
		{StaticClient{ID: "x", RedirectURIs: []string{"myapp://x/cb"}}, "the scheme myapp:// is not allowed; use https"},
		{StaticClient{ID: "x", RedirectURIs: []string{"https://example.com/*/cb"}}, "not allowed in a redirect URI"},
		{StaticClient{ID: "x", Secret: "short", RedirectURIs: uris}, "client x: secret: it is shorter than 32 characters; make another with `openssl rand -hex 32`"},
		{StaticClient{ID: "x", Secret: staticSecret + "+", RedirectURIs: uris}, "client x: secret: it holds +"},
		{StaticClient{ID: "x", Secret: staticSecret + "ä", RedirectURIs: uris}, "client x: secret: it holds +"},
	} {
		_, err := newStaticClients([]StaticClient{{ID: "twice", RedirectURIs: uris}, tc.client})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want %s…", err, tc.want)
		}
		if err != nil && len(tc.client.Secret) > 5 && strings.Contains(err.Error(), tc.client.Secret) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

// TestDenyListShutsStaticClientsOut: whoever adds a line to end a client need not find its block.
func TestDenyListShutsStaticClientsOut(t *testing.T) {
	w := newWorld(t, withStatic(StaticClient{ID: "gemini", Secret: staticSecret, RedirectURIs: []string{geminiURI}}))
	c := manual("gemini", geminiURI)
	code := w.newBrowser().code(c).Get("code")
	w.config.Clients.Deny = []string{"gemini"}
	w.server = w.addNode()
	wantPage(t, w.newBrowser().get(testIssuer+authorizePath+"?"+request(c).Encode()), http.StatusForbidden)
	if a := token(t, w.server, redemption(c, code, "client_secret", staticSecret)); a.status == http.StatusOK {
		t.Errorf("token: %d %s", a.status, a.body)
	}
}
