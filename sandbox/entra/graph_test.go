package entra

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const graphScope = "https://graph.microsoft.com/User.Read"

// crowded is a server at which Ada is in n groups.
func crowded(t *testing.T, n int, change func(*Config)) *fixture {
	t.Helper()
	return start(t, func(c *Config) {
		c.People = DemoPeople()
		for range n {
			c.People[0].Groups = append(c.People[0].Groups, newGUID())
		}
		if change != nil {
			change(c)
		}
	})
}

func TestManyGroupsAreNotInTheToken(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "groups", 200: "groups", 201: "_claim_names"} {
		f := crowded(t, n, nil)
		_, answer := f.post(t, codeForm(f.signIn(t, nil, "ada.keller@contoso.example").Get("code")), nil)
		claims := claimsOf(t, answer["access_token"])
		for _, name := range []string{"groups", "_claim_names"} {
			if _, has := claims[name]; has != (name == want) {
				t.Errorf("%d groups, %s: %v", n, name, has)
			}
		}
	}
}

// graphGet asks Graph with a token and returns the status and the answer.
func (f *fixture) graphGet(t *testing.T, address string, token any) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if raw, ok := token.(string); ok {
		req.Header.Set("Authorization", "Bearer "+raw)
	}
	resp, err := f.client.Do(req)
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

// tokens are Ada's: one for the application, and one for Graph with this scope.
func (f *fixture) tokens(t *testing.T, scope string) (own, graph any) {
	t.Helper()
	_, first := f.post(t, codeForm(f.signIn(t, nil, "ada.keller@contoso.example").Get("code")), nil)
	status, second := f.post(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}, "scope": {scope}}, nil)
	if status != http.StatusOK || second["refresh_token"] != nil {
		t.Fatalf("%d %v", status, second)
	}
	return first["access_token"], second["access_token"]
}

func TestGraphListsGroupsInPages(t *testing.T) {
	f := crowded(t, 250, nil)
	_, token := f.tokens(t, graphScope)
	address := f.cfg.BaseURL + "/v1.0/me/transitiveMemberOf?$select=id"
	var sizes []int
	for address != "" {
		status, answer := f.graphGet(t, address, token)
		value, _ := answer["value"].([]any)
		if sizes = append(sizes, len(value)); status != http.StatusOK || len(sizes) > 3 {
			t.Fatalf("%d %v", status, answer)
		}
		address, _ = answer["@odata.nextLink"].(string)
	}
	if len(sizes) != 3 || sizes[0]+sizes[1]+sizes[2] != 250 {
		t.Errorf("pages of %v", sizes)
	}
}

func TestGraphRefuses(t *testing.T) {
	now := time.Now()
	f := crowded(t, 3, func(c *Config) {
		c.GraphPermissions = []string{"User.Read", "Mail.Read"}
		c.Now = func() time.Time { return now }
	})
	own, token := f.tokens(t, graphScope)
	other := crowded(t, 3, func(c *Config) { c.GraphPermissions = []string{"Mail.Read"} })
	_, mail := other.tokens(t, "https://graph.microsoft.com/Mail.Read")
	for _, tc := range []struct {
		name   string
		f      *fixture
		query  string
		token  any
		status int
		code   string
	}{
		{"good", f, "", token, 200, ""},
		{"no token", f, "", nil, 401, "InvalidAuthenticationToken"},
		{"a token for the application", f, "", own, 401, "InvalidAuthenticationToken"},
		{"a forged one", f, "", f.Mint(map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}), 401, "InvalidAuthenticationToken"},
		{"another permission", other, "", mail, 403, "Authorization_RequestDenied"},
		{"pages too large", f, "?$top=1000", token, 400, "Request_UnsupportedQuery"},
		{"pages of nothing", f, "?$top=0", token, 400, "Request_UnsupportedQuery"},
	} {
		status, answer := tc.f.graphGet(t, tc.f.cfg.BaseURL+"/v1.0/me/transitiveMemberOf"+tc.query, tc.token)
		said, _ := answer["error"].(map[string]any)
		if code, _ := said["code"].(string); status != tc.status || code != tc.code {
			t.Errorf("%s: %d %v", tc.name, status, answer)
		}
	}
	f.Misbehave(func(b *Behaviour) { b.GraphDenies = true })
	if status, _ := f.graphGet(t, f.cfg.BaseURL+"/v1.0/me/transitiveMemberOf", token); status != http.StatusForbidden {
		t.Errorf("restricted: %d", status)
	}
	f.Misbehave(func(b *Behaviour) { b.GraphDenies, b.ClockOffset = false, 2*time.Hour })
	if status, _ := f.graphGet(t, f.cfg.BaseURL+"/v1.0/me/transitiveMemberOf", token); status != http.StatusUnauthorized {
		t.Errorf("expired: %d", status)
	}
}

func TestGraphNeedsConsent(t *testing.T) {
	f := start(t, func(c *Config) { c.GraphPermissions = []string{} })
	_, first := f.post(t, codeForm(f.signIn(t, nil, "ada.keller@contoso.example").Get("code")), nil)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}, "scope": {graphScope}}
	if status, answer := f.post(t, form, nil); status == http.StatusOK || !strings.Contains(answer["error_description"].(string), "AADSTS65001") {
		t.Errorf("%d %v", status, answer)
	}
}
