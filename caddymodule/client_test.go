package caddymodule_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestClientsRegisteredByHand: such a client gets its consent page, for its own redirect URI, and
// proves itself with the secret that the placeholder names.
func TestClientsRegisteredByHand(t *testing.T) {
	w := newWorld(t)
	secret := strings.Repeat("s3cret", 6)
	t.Setenv("GEMINI_SECRET", secret)
	w.load(w.caddyfile(`entra {
		allow_clients claude
		client gemini-enterprise {
			name "Gemini Enterprise"
			secret {env.GEMINI_SECRET}
			redirect https://vertexaisearch.cloud.google.com/oauth-redirect
		}
	}`, route))
	authorize := func(redirect string) (*http.Response, string) {
		return w.do(w.request(http.MethodGet, "/oauth/authorize?"+url.Values{
			"response_type": {"code"}, "client_id": {"gemini-enterprise"}, "redirect_uri": {redirect}, "state": {"s"},
			"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
		}.Encode(), ""))
	}
	if resp, page := authorize("https://vertexaisearch.cloud.google.com/oauth-redirect"); resp.StatusCode != http.StatusOK || !strings.Contains(page, "Gemini Enterprise") {
		t.Errorf("authorize: %d %s", resp.StatusCode, page)
	}
	if resp, _ := authorize("https://claude.ai/api/mcp/auth_callback"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("authorize with a redirect URI that is not the client's: %d", resp.StatusCode)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"gemini-enterprise"}, "code": {strings.Repeat("x", 43)},
		"redirect_uri": {"https://vertexaisearch.cloud.google.com/oauth-redirect"}, "code_verifier": {strings.Repeat("v", 43)},
	}
	for given, want := range map[string]string{"": "invalid_client", secret + "x": "invalid_client", secret: "invalid_grant"} {
		form.Set("client_secret", given)
		resp, body := w.do(w.request(http.MethodPost, "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
		if !strings.Contains(body, want) {
			t.Errorf("token with secret %q: %d %s, want %s", given, resp.StatusCode, body, want)
		}
	}
	if strings.Contains(w.log(), secret) {
		t.Error("the log holds the secret")
	}
}
