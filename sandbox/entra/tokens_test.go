package entra

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestVersion1(t *testing.T) {
	f := start(t, func(c *Config) { c.TokenVersion = 1 })
	api := url.Values{"scope": {"api://" + DemoClientID + "/access_as_user openid"}}
	_, answer := f.post(t, codeForm(f.signIn(t, api, "guest@partner.example").Get("code")), api)
	claims, id := claimsOf(t, answer["access_token"]), claimsOf(t, answer["id_token"])
	if claims["ver"] != "1.0" || claims["iss"] != f.IssuerV1() || claims["appid"] != DemoClientID || claims["aud"] != "api://"+DemoClientID || claims["azp"] != nil || claims["idp"] == nil {
		t.Errorf("access token %v", claims)
	}
	if id["ver"] != "2.0" || id["iss"] != f.Authority() {
		t.Errorf("id token %v", id)
	}
}

func TestDiscovery(t *testing.T) {
	f := start(t, nil)
	for path, want := range map[string]string{
		"/" + DemoTenantID + "/v2.0/.well-known/openid-configuration": f.Authority(),
		"/" + DemoTenantID + "/.well-known/openid-configuration":      f.IssuerV1(),
		"/organizations/v2.0/.well-known/openid-configuration":        f.cfg.BaseURL + "/{tenantid}/v2.0",
		"/common/.well-known/openid-configuration":                    f.cfg.BaseURL + "/sts/{tenantid}/",
	} {
		var document map[string]any
		f.get(t, f.cfg.BaseURL+path, http.StatusOK, &document)
		if document["issuer"] != want || document["code_challenge_methods_supported"] != nil || document["registration_endpoint"] != nil {
			t.Errorf("%s: got %v", path, document)
		}
		var set struct{ Keys []map[string]any }
		address, _ := document["jwks_uri"].(string)
		f.get(t, address, http.StatusOK, &set)
		if len(set.Keys) != 1 || set.Keys[0]["alg"] != nil || (set.Keys[0]["issuer"] == nil) != strings.Contains(want, "/sts/") {
			t.Errorf("%s: keys %v", path, set.Keys)
		}
	}
	f.get(t, f.cfg.BaseURL+"/contoso.example/v2.0/.well-known/openid-configuration", http.StatusBadRequest, nil)
	f.get(t, f.cfg.BaseURL+"/.well-known/oauth-authorization-server", http.StatusNotFound, nil)
}

func (f *fixture) get(t *testing.T, address string, status int, into any) {
	t.Helper()
	resp, err := f.client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		t.Errorf("%s: status %d, want %d", address, resp.StatusCode, status)
	}
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCodesAndRefreshTokensExpire(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	const ada = "ada.keller@contoso.example"
	_, answer := f.post(t, codeForm(f.signIn(t, nil, ada).Get("code")), nil)
	refresh, _ := answer["refresh_token"].(string)
	old := f.signIn(t, nil, ada).Get("code")
	f.Misbehave(func(b *Behaviour) { b.ClockOffset = codeLifetime + time.Second })
	if _, answer = f.post(t, codeForm(old), nil); answer["error"] != "invalid_grant" {
		t.Errorf("old code: %v", answer)
	}
	f.Misbehave(func(b *Behaviour) { b.ClockOffset = refreshLifetime + time.Second })
	if _, answer = f.post(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, nil); answer["error"] != "invalid_grant" {
		t.Errorf("old refresh token: %v", answer)
	}
}

func TestCodeIsForOneUseAmongMany(t *testing.T) {
	f := start(t, nil)
	code := f.signIn(t, nil, "ada.keller@contoso.example").Get("code")
	var mu sync.Mutex
	good := 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if status, _ := f.post(t, codeForm(code), nil); status == http.StatusOK {
				mu.Lock()
				good++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if good != 1 {
		t.Errorf("%d of 20 got tokens", good)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []Config{{}, {BaseURL: "http://localhost:1"}, {BaseURL: "x", ClientSecret: "s"}, {BaseURL: "http://localhost:1/x", ClientSecret: "s"}, {BaseURL: "http://localhost:1", ClientSecret: "s", TokenVersion: 3}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
