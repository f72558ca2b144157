package entra

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("request to %s", r.URL)
	return nil, errors.New("no network")
}

func valid(t *testing.T) Config {
	return Config{
		Issuer: "https://login.microsoftonline.com/" + tenantID + "/v2.0", ClientID: strings.ToUpper(clientID), ClientSecrets: []string{secret},
		RedirectURI: "https://mcp.example.com/oauth/callback", Scopes: []string{"access_as_user"}, Transport: noNetwork{t},
	}
}

func TestNew(t *testing.T) {
	p, err := New(valid(t))
	if err != nil {
		t.Fatal(err)
	}
	if p.ClientID() != clientID || len(p.Warnings()) != 0 || !slices.Equal(p.ShortScopes(), []string{"access_as_user"}) {
		t.Errorf("got client id %s, scopes %v, warnings %v", p.ClientID(), p.ShortScopes(), p.Warnings())
	}
}

func TestNewWarns(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"http":            func(c *Config) { c.Issuer = "http://localhost:8001/" + tenantID + "/v2.0" },
		"expose a scope":  func(c *Config) { c.Scopes = nil },
		"another applica": func(c *Config) { c.Scopes = append(c.Scopes, "https://graph.microsoft.com/User.Read") },
		"manifest":        func(c *Config) { c.RedirectURI = "http://127.0.0.1:8000/oauth/callback" },
	} {
		c := valid(t)
		change(&c)
		p, err := New(c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if w := p.Warnings(); len(w) != 1 || !strings.Contains(w[0], name) {
			t.Errorf("got %q, want one warning about %q", w, name)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"issuer", func(c *Config) { c.Issuer = "" }, "ENTRA_ID_EXPECTED_ISSUER"},
		{"client id", func(c *Config) { c.ClientID = "" }, "ENTRA_ID_CLIENT_ID"},
		{"client id is a placeholder", func(c *Config) { c.ClientID = "{env.ENTRA_ID_CLIENT_ID}" }, "ENTRA_ID_CLIENT_ID"},
		{"no secret", func(c *Config) { c.ClientSecrets = nil }, "ENTRA_ID_CLIENT_SECRET"},
		{"blank secret", func(c *Config) { c.ClientSecrets = []string{" "} }, "ENTRA_ID_CLIENT_SECRET"},
		{"secret id", func(c *Config) { c.ClientSecrets = []string{"0B8E6F52-93d4-4a1b-8c7e-1f5a2d3c4b69"} }, "column Value"},
		{"second secret is an id", func(c *Config) { c.ClientSecrets = []string{secret, clientID} }, "column Value"},
		{"secret with a line break", func(c *Config) { c.ClientSecrets = []string{secret + "\n"} }, "no secret of Entra has"},
		{"secret is a placeholder", func(c *Config) { c.ClientSecrets = []string{"{env.ENTRA_ID_CLIENT_SECRET}"} }, "placeholder"},
		{"three secrets", func(c *Config) { c.ClientSecrets = []string{"a", "b", "c"} }, "at most two"},
		{"no redirect", func(c *Config) { c.RedirectURI = "" }, "OAUTH_DCR_REDIRECT_URI"},
		{"redirect by http", func(c *Config) { c.RedirectURI = "http://mcp.example.com/oauth/callback" }, "must be https"},
		{"relative redirect", func(c *Config) { c.RedirectURI = "/oauth/callback" }, "absolute URL"},
		{"redirect with fragment", func(c *Config) { c.RedirectURI += "#" }, "fragment"},
		{"redirect with forbidden character", func(c *Config) { c.RedirectURI += ";x" }, "which Entra refuses"},
		{"long redirect", func(c *Config) { c.RedirectURI += strings.Repeat("x", 256) }, "256"},
		{"scope", func(c *Config) { c.Scopes = []string{"a b"} }, "OAUTH_DCR_SCOPE"},
		{"graph as audience", func(c *Config) { c.Audiences = []string{"https://graph.microsoft.com"} }, "Microsoft Graph"},
		{"audience no URI", func(c *Config) { c.Audiences = []string{"mcp"} }, "App ID URI"},
	} {
		c := valid(t)
		tc.change(&c)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error about %q", tc.name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows the secret", tc.name)
		}
	}
}
