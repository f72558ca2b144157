package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	redirect = "http://localhost:8000/oauth/callback"
	secret   = "s3cr3t~value"
	ownScope = DemoClientID + "/access_as_user openid profile offline_access email"
	verifier = "verifier-verifier-verifier-verifier-verifier-1"
)

type fixture struct {
	*Server
	client *http.Client
}

func start(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	c := Config{BaseURL: server.URL, ClientSecret: secret, RedirectURIs: []string{redirect}}
	if change != nil {
		change(&c)
	}
	var err error
	if f.Server, err = New(c); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.client = server.Client()
	f.client.Jar = jar
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return f
}

func (f *fixture) authorizeURL(changes url.Values) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {DemoClientID}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {ownScope}, "state": {"st"}, "nonce": {"no"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	merge(q, changes)
	return f.cfg.BaseURL + "/" + DemoTenantID + "/oauth2/v2.0/authorize?" + q.Encode()
}

func merge(into, changes url.Values) {
	for name, values := range changes {
		if values == nil {
			into.Del(name)
		} else {
			into[name] = values
		}
	}
}

// signIn returns the query of the callback.
func (f *fixture) signIn(t *testing.T, changes url.Values, person string) url.Values {
	t.Helper()
	back, err := f.SignIn(f.client, f.authorizeURL(changes), person)
	if err != nil {
		t.Fatal(err)
	}
	return back.Query()
}

func (f *fixture) post(t *testing.T, form, changes url.Values) (int, map[string]any) {
	t.Helper()
	full := url.Values{"client_id": {DemoClientID}, "client_secret": {secret}, "scope": {ownScope}}
	merge(full, form)
	merge(full, changes)
	resp, err := f.client.PostForm(f.cfg.BaseURL+"/"+DemoTenantID+"/oauth2/v2.0/token", full)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
}

func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	raw, _ := token.(string)
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %q", raw)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestSignInPage(t *testing.T) {
	f := start(t, nil)
	resp, err := f.client.Get(f.authorizeURL(nil))
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	for _, p := range DemoPeople() {
		if !strings.Contains(string(page), p.Name) || !strings.Contains(string(page), `value="`+p.ObjectID+`"`) {
			t.Errorf("the page does not offer %s", p.Name)
		}
	}
	if strings.Contains(string(page), "<script") || resp.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page has a script or no policy")
	}
}

func TestCodeFlow(t *testing.T) {
	f := start(t, nil)
	q := f.signIn(t, nil, "ada.keller@contoso.example")
	if q.Get("state") != "st" {
		t.Errorf("state %q", q.Get("state"))
	}
	status, answer := f.post(t, codeForm(q.Get("code")), nil)
	if status != http.StatusOK {
		t.Fatal(answer)
	}
	access, id := claimsOf(t, answer["access_token"]), claimsOf(t, answer["id_token"])
	for claim, want := range map[string]any{"ver": "2.0", "aud": DemoClientID, "azp": DemoClientID, "scp": "access_as_user", "tid": DemoTenantID, "iss": f.Authority()} {
		if access[claim] != want {
			t.Errorf("access token: %s is %v, want %v", claim, access[claim], want)
		}
	}
	if id["nonce"] != "no" || id["oid"] != access["oid"] || id["email"] != "ada.keller@contoso.example" || access["nonce"] != nil {
		t.Errorf("id token %v", id)
	}
	refresh, _ := answer["refresh_token"].(string)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	for range 2 { // the old refresh token stays good
		if status, answer = f.post(t, form, nil); status != http.StatusOK || answer["refresh_token"] == refresh {
			t.Errorf("refresh: %d %v", status, answer)
		}
	}
	if n := f.Count(Token); n != 3 {
		t.Errorf("counted %d token requests, want 3", n)
	}
}

func TestSessionSignsInSilently(t *testing.T) {
	f := start(t, nil)
	f.signIn(t, nil, "ben.okafor@contoso.example")
	for name, changes := range map[string]url.Values{"silent": nil, "prompt=none": {"prompt": {"none"}}} {
		resp, err := f.client.Get(f.authorizeURL(changes))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if location, _ := resp.Location(); location == nil || location.Query().Get("code") == "" {
			t.Errorf("%s: status %d, no code", name, resp.StatusCode)
		}
	}
	for name, changes := range map[string]url.Values{"select_account": {"prompt": {"select_account"}}, "another hint": {"login_hint": {"ada.keller@contoso.example"}}} {
		resp, err := f.client.Get(f.authorizeURL(changes))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, want the page", name, resp.StatusCode)
		}
	}
	f.RevokeSessions(DemoPeople()[1].ObjectID)
	if q := f.signIn(t, url.Values{"prompt": {"none"}}, ""); q.Get("error") != "login_required" {
		t.Errorf("after revocation: %v", q)
	}
}

func TestAuthorizeRefusals(t *testing.T) {
	f := start(t, nil)
	for code, changes := range map[string]url.Values{
		"AADSTS901002":  {"resource": {"https://mcp.example.com/mcp"}, "scope": {"openid"}},
		"AADSTS9010010": {"resource": {"https://mcp.example.com/mcp"}},
		"AADSTS650053":  {"scope": {"openid access_as_user"}},
		"AADSTS500011":  {"scope": {"api://other/x"}},
		"AADSTS70011":   {"scope": {DemoClientID + "/.default " + DemoClientID + "/access_as_user"}},
		"AADSTS28000":   {"scope": {DemoClientID + "/access_as_user User.Read"}},
		"AADSTS900144":  {"scope": nil},
		"AADSTS700054":  {"response_type": {"token"}},
		"AADSTS70007":   {"response_mode": {"form_post"}},
		"AADSTS90014":   {"code_challenge_method": {"S512"}},
		"AADSTS50058":   {"prompt": {"none"}},
	} {
		if q := f.signIn(t, changes, "ada.keller@contoso.example"); !strings.HasPrefix(q.Get("error_description"), code+":") || q.Get("state") != "st" {
			t.Errorf("%s: got %v", code, q)
		}
	}
	for code, changes := range map[string]url.Values{
		"AADSTS50011":  {"redirect_uri": {"http://localhost:8000/other"}},
		"AADSTS700016": {"client_id": {DemoTenantID}},
	} {
		resp, err := f.client.Get(f.authorizeURL(changes))
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(page), code) || resp.Header.Get("Location") != "" {
			t.Errorf("%s: status %d, want a page", code, resp.StatusCode)
		}
	}
	if q := f.signIn(t, nil, ""); q.Get("error_subcode") != "cancel" || q.Get("error") != "access_denied" {
		t.Errorf("cancel: got %v", q)
	}
	f.Misbehave(func(b *Behaviour) { b.AuthorizeError = "50105" })
	if q := f.signIn(t, nil, "ada.keller@contoso.example"); !strings.Contains(q.Get("error_description"), "AADSTS50105") {
		t.Errorf("got %v", q)
	}
}

func TestAnyPortOfLocalhost(t *testing.T) {
	f := start(t, nil)
	if !f.registered("http://localhost:9999/oauth/callback") || f.registered("http://127.0.0.1:8000/oauth/callback") || f.registered("https://localhost:8000/oauth/callback") {
		t.Error("redirect URIs are compared differently from Entra")
	}
}

func TestTokenRefusals(t *testing.T) {
	f := start(t, nil)
	const ada = "ada.keller@contoso.example"
	spent := f.signIn(t, nil, ada).Get("code")
	_, first := f.post(t, codeForm(spent), nil)
	refresh, _ := first["refresh_token"].(string)
	renewal := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	fresh := func() url.Values { return codeForm(f.signIn(t, nil, ada).Get("code")) }
	for _, tc := range []struct {
		number  float64
		form    url.Values
		changes url.Values
		oauth   string
		status  int
	}{
		{54005, codeForm(spent), nil, "invalid_grant", 400},
		{70000, codeForm("x"), nil, "invalid_grant", 400},
		{7000215, fresh(), url.Values{"client_secret": {"wrong"}}, "invalid_client", 401},
		{7000218, fresh(), url.Values{"client_secret": nil}, "invalid_client", 401},
		{700016, fresh(), url.Values{"client_id": {"x"}}, "unauthorized_client", 400},
		{501481, fresh(), url.Values{"code_verifier": {"wrong"}}, "invalid_grant", 400},
		{501481, fresh(), url.Values{"code_verifier": nil}, "invalid_grant", 400},
		{500112, fresh(), url.Values{"redirect_uri": {"http://localhost:1/oauth/callback"}}, "invalid_client", 400},
		{9010010, fresh(), url.Values{"resource": {"https://mcp.example.com/mcp"}}, "invalid_target", 400},
		{900144, fresh(), url.Values{"grant_type": nil}, "invalid_request", 400},
		{70003, fresh(), url.Values{"grant_type": {"password"}}, "unsupported_grant_type", 400},
		{90009, renewal, url.Values{"scope": nil}, "invalid_request", 400},
		{90009, renewal, url.Values{"scope": {"api://" + DemoClientID + "/access_as_user"}}, "invalid_request", 400},
		{9010010, renewal, url.Values{"resource": {"https://mcp.example.com/mcp"}}, "invalid_target", 400},
		{70000, renewal, url.Values{"refresh_token": {"x"}}, "invalid_grant", 400},
	} {
		status, answer := f.post(t, tc.form, tc.changes)
		codes, _ := answer["error_codes"].([]any)
		if status != tc.status || answer["error"] != tc.oauth || !slices.Equal(codes, []any{tc.number}) {
			t.Errorf("AADSTS%.0f: got %d %v", tc.number, status, answer)
		}
		if text, _ := answer["error_description"].(string); !strings.Contains(text, "\r\nTrace ID: ") || answer["trace_id"] == nil {
			t.Errorf("AADSTS%.0f: the description %q is not like Entra's", tc.number, text)
		}
	}
	resp, err := f.client.Get(f.cfg.BaseURL + "/" + DemoTenantID + "/oauth2/v2.0/token")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("GET: status %d", resp.StatusCode)
	}
}

// TestWhatScopesGive is the Graph trap, and the answers to .default.
func TestWhatScopesGive(t *testing.T) {
	const graphID = "00000003-0000-0000-c000-000000000000"
	for _, tc := range []struct {
		name, scope, aud string
		answer           DefaultScope
		scp              any
		refresh          bool
	}{
		{"openid only", "openid profile email", graphID, 0, "openid profile email User.Read", false},
		{"own scope", ownScope, DemoClientID, 0, "access_as_user", true},
		{"own scope, no offline_access", DemoClientID + "/access_as_user openid", DemoClientID, 0, "access_as_user", false},
		{"default with scp", DemoClientID + "/.default openid", DemoClientID, DefaultWithScopes, "access_as_user", false},
		{"default without scp", DemoClientID + "/.default openid", DemoClientID, DefaultWithoutScopes, nil, false},
		{"default gives graph", DemoClientID + "/.default openid", graphID, DefaultGraph, "openid profile email User.Read", false},
		{"default gives none", DemoClientID + "/.default openid", "", DefaultNoToken, nil, false},
	} {
		f := start(t, nil)
		f.Misbehave(func(b *Behaviour) { b.DefaultScope = tc.answer })
		scope := url.Values{"scope": {tc.scope}}
		_, answer := f.post(t, codeForm(f.signIn(t, scope, "ada.keller@contoso.example").Get("code")), scope)
		if (answer["refresh_token"] != nil) != tc.refresh {
			t.Errorf("%s: refresh token %v", tc.name, answer["refresh_token"])
		}
		if tc.aud == "" {
			if answer["access_token"] != nil || answer["id_token"] == nil {
				t.Errorf("%s: got %v", tc.name, answer)
			}
			continue
		}
		if claims := claimsOf(t, answer["access_token"]); claims["aud"] != tc.aud || claims["scp"] != tc.scp {
			t.Errorf("%s: aud %v, scp %v", tc.name, claims["aud"], claims["scp"])
		}
	}
}
