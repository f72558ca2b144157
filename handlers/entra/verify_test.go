package entra

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func TestVerifyAcceptsBothVersions(t *testing.T) {
	for _, ver := range []int{1, 2} {
		f := setup(t, withTokenVersion(ver))
		got, err := f.Verify(t.Context(), f.token(map[string]any{"uti": "u", "groups": []string{"g1"}}))
		if err != nil {
			t.Fatalf("version %d: %v", ver, err)
		}
		want := &identity.Principal{
			TenantID: tenantID, ObjectID: f.ada.ObjectID, Name: "Ada Keller", Username: "ada.keller@contoso.example",
			Application: clientID, Scopes: []string{"access_as_user"}, Roles: []string{"Atlassian.Admin"}, Groups: []string{"g1"},
			TokenID: "u", Expires: time.Unix(f.clock.Now().Add(75*time.Minute).Unix(), 0),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", ver, diff)
		}
	}
}

func TestVerifyAcceptsEveryAudienceOfOurs(t *testing.T) {
	f := setup(t, func(_ *sandbox.Config, c *Config) { c.Audiences = []string{"https://mcp.example.com"} })
	for _, aud := range []string{clientID, strings.ToUpper(clientID), "api://" + clientID, "https://mcp.example.com"} {
		if _, err := f.Verify(t.Context(), f.token(map[string]any{"aud": aud})); err != nil {
			t.Errorf("aud %q: %v", aud, err)
		}
	}
	if _, err := f.Verify(t.Context(), f.token(map[string]any{"aud": "https://MCP.example.com"})); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("another spelling of an App ID URI: got %v, want ErrInvalidToken", err)
	}
}

// refusal is a change to a good token, which is signed properly, and what the operator's log says.
type refusal struct {
	name    string
	changes map[string]any
	reason  string
}

func (f *fixture) wantRefusals(t *testing.T, refusals []refusal) {
	t.Helper()
	for _, tc := range refusals {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.Verify(t.Context(), f.token(tc.changes))
			if !errors.Is(err, ErrInvalidToken) {
				t.Fatalf("got %v, want ErrInvalidToken", err)
			}
			if !strings.Contains(err.Error(), tc.reason) {
				t.Errorf("reason %q does not mention %q", err, tc.reason)
			}
		})
	}
}

// Tokens that Entra signed for somebody or something else, and ID tokens.
func TestAttack5_3_TokensForSomethingElse(t *testing.T) {
	f := setup(t)
	f.wantRefusals(t, []refusal{
		{"another application", map[string]any{"aud": "11111111-2222-4333-8444-555555555555"}, "another application"},
		{"several audiences", map[string]any{"aud": []string{clientID, "x"}}, "not a string"},
		{"our audience in a list", map[string]any{"aud": []string{clientID}}, "not a string"},
		{"nested audience", map[string]any{"aud": []any{[]string{clientID}}}, "not a string"},
		{"no audience", map[string]any{"aud": nil}, "another application"},
		{"graph by id", map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}, "Microsoft Graph"},
		{"graph by name", map[string]any{"aud": "https://graph.microsoft.com/"}, "Microsoft Graph"},
		{"another tenant", map[string]any{"tid": "11111111-2222-4333-8444-555555555555"}, "tenant"},
		{"tenant is no GUID", map[string]any{"tid": "../common"}, "GUID"},
		{"no tenant", map[string]any{"tid": nil}, "GUID"},
		{"another issuer", map[string]any{"iss": "https://login.microsoftonline.com/" + tenantID + "/v2.0"}, "issuer"},
		{"v1 issuer in a v2 token", map[string]any{"iss": f.entra.IssuerV1()}, "issuer"},
		{"literal template", map[string]any{"iss": strings.Replace(f.entra.Authority(), tenantID, "{tenantid}", 1)}, "issuer"},
		{"no issuer", map[string]any{"iss": nil}, "issuer"},
		{"issuer not a string", map[string]any{"iss": 7}, "issuer"},
		{"unknown version", map[string]any{"ver": "3.0"}, "ver"},
		{"no version", map[string]any{"ver": nil}, "ver"},
		{"v2 token that claims to be v1", map[string]any{"ver": "1.0"}, "appid"},
		{"id token: nonce", map[string]any{"nonce": "n"}, "ID token"},
		{"id token: c_hash", map[string]any{"c_hash": "h"}, "ID token"},
		{"id token: at_hash", map[string]any{"at_hash": "h"}, "ID token"},
		{"id token: no application", map[string]any{"azp": nil}, "ID token"},
		{"application is no GUID", map[string]any{"azp": "claude"}, "azp"},
		{"v1's application in a v2 token", map[string]any{"azp": nil, "appid": clientID}, "ID token"},
		{"no object id", map[string]any{"oid": nil}, "oid"},
		{"object id is no GUID", map[string]any{"oid": "ada"}, "oid"},
		{"roles not a list", map[string]any{"roles": "Atlassian.Admin"}, "roles"},
		{"groups of numbers", map[string]any{"groups": []int{1}}, "groups"},
		{"scp a list", map[string]any{"scp": []string{"access_as_user"}}, "scp"},
		{"application's own and a person's", map[string]any{"idtyp": "app"}, "idtyp"},
		{"name not a string", map[string]any{"name": 7}, "name"},
	})
}

func TestAttack5_5_Times(t *testing.T) {
	f := setup(t)
	now := f.clock.Now()
	f.wantRefusals(t, []refusal{
		{"no exp", map[string]any{"exp": nil}, "exp"},
		{"expired", map[string]any{"exp": now.Add(-skew).Unix()}, "expired"},
		{"exp a string", map[string]any{"exp": "1795430000"}, "whole seconds"},
		{"exp a fraction", map[string]any{"exp": 1795430000.5}, "whole seconds"},
		{"exp negative", map[string]any{"exp": -1}, "whole seconds"},
		{"exp zero", map[string]any{"exp": 0}, "whole seconds"},
		{"exp huge", map[string]any{"exp": 1e30}, "whole seconds"},
		{"exp null", map[string]any{"exp": any((*int)(nil))}, "whole seconds"},
		{"nbf in the future", map[string]any{"nbf": now.Add(skew + time.Second).Unix()}, "nbf"},
		{"iat in the future", map[string]any{"iat": now.Add(skew + time.Second).Unix()}, "iat"},
		{"iat a string", map[string]any{"iat": "yesterday"}, "iat"},
	})
}

func TestAttack5_5_TimesAtTheEdge(t *testing.T) {
	f := setup(t)
	now := f.clock.Now()
	for name, changes := range map[string]map[string]any{
		"exp":        {"exp": now.Add(-skew + time.Second).Unix()},
		"nbf":        {"nbf": now.Add(skew).Unix()},
		"iat":        {"iat": now.Add(skew).Unix()},
		"no nbf/iat": {"nbf": nil, "iat": nil},
	} {
		if _, err := f.Verify(t.Context(), f.token(changes)); err != nil {
			t.Errorf("%s at the edge: %v", name, err)
		}
	}
}

// wantNone holds that no token gets in.
func (f *fixture) wantNone(t *testing.T, tokens map[string]string) {
	t.Helper()
	for name, token := range tokens {
		t.Run(name, func(t *testing.T) {
			if who, err := f.Verify(t.Context(), token); !errors.Is(err, ErrInvalidToken) {
				t.Errorf("got %v and %v, want ErrInvalidToken", who, err)
			}
		})
	}
}

func TestAttack5_1_Algorithms(t *testing.T) {
	f := setup(t)
	f.wantNone(t, map[string]string{
		"stranger's key":            f.token(nil, sandbox.Stranger()),
		"alg none":                  f.token(nil, sandbox.Alg("none")),
		"alg none, signature kept":  f.token(nil, sandbox.Header("alg", "none")),
		"alg NoNe":                  f.token(nil, sandbox.Header("alg", "NoNe")),
		"alg missing":               f.token(nil, sandbox.Header("alg", nil)),
		"alg a list":                f.token(nil, sandbox.Header("alg", []string{"RS256"})),
		"HS256 with the public key": f.token(nil, sandbox.Alg("HS256")),
		"PS256":                     f.token(nil, sandbox.Alg("PS256")),
		"crit":                      f.token(nil, sandbox.Header("crit", []string{"exp"})),
		"b64":                       f.token(nil, sandbox.Header("b64", false)),
	})
}

// A token that brings its key, or says where one is, is refused without a request to anybody.
func TestAttack5_2_KeysOfTheTokensOwn(t *testing.T) {
	f := setup(t)
	asked := 0
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer evil.Close()
	f.mustVerify(t, f.token(nil))
	before := f.entra.Count(sandbox.KeysV2)
	f.wantNone(t, map[string]string{
		"unknown kid":           f.token(nil, sandbox.Header("kid", "../../etc/passwd")),
		"kid with SQL":          f.token(nil, sandbox.Header("kid", "' OR 1=1 --")),
		"kid with a line break": f.token(nil, sandbox.Header("kid", "a\r\nX-Evil: 1")),
		"no kid":                f.token(nil, sandbox.Header("kid", nil)),
		"kid not a string":      f.token(nil, sandbox.Header("kid", 1)),
		"long kid":              f.token(nil, sandbox.Header("kid", strings.Repeat("k", 300))),
		"jku":                   f.token(nil, sandbox.Header("jku", evil.URL)),
		"jwk":                   f.token(nil, sandbox.Header("jwk", map[string]string{"kty": "RSA"})),
		"x5u":                   f.token(nil, sandbox.Header("x5u", evil.URL)),
		"x5c":                   f.token(nil, sandbox.Header("x5c", []string{"MII"})),
	})
	if n := f.entra.Count(sandbox.KeysV2) - before; asked != 0 || n > 1 {
		t.Errorf("%d requests to an address in a token, %d for keys; want none, and one for the unknown kids", asked, n)
	}
}

func TestAttack5_3_OtherKindsOfToken(t *testing.T) {
	f := setup(t)
	f.wantNone(t, map[string]string{
		"typ of another token":   f.token(nil, sandbox.Header("typ", "logout+jwt")),
		"graph's token":          f.graphToken(t),
		"our own id token":       f.entra.Mint(f.entra.IDClaims(f.ada, "n", false)),
		"id token without nonce": f.entra.Mint(f.entra.IDClaims(f.ada, "", false)),
	})
}

func TestAttack5_6_TokensThatReadTwoWays(t *testing.T) {
	f := setup(t)
	good := f.token(nil)
	parts := strings.Split(good, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	member := func(m string) []byte { return []byte("{" + m + "," + string(payload[1:])) }
	f.wantNone(t, map[string]string{
		"another payload":          parts[0] + "." + base64.RawURLEncoding.EncodeToString(member(`"x":1`)) + "." + parts[2],
		"duplicate member":         f.entra.MintRaw(member(`"aud":"` + clientID + `"`)),
		"nested duplicate member":  f.entra.MintRaw(member(`"x":[{"y":1,"y":1}]`)),
		"escaped duplicate member": f.entra.MintRaw(member(`"\u0061ud":"` + clientID + `"`)),
		"deep nesting":             f.entra.MintRaw(member(`"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100))),
		"second JSON value":        f.entra.MintRaw(append(payload, "{}"...)),
		"payload is null":          f.entra.MintRaw([]byte("null")),
		"payload is a list":        f.entra.MintRaw([]byte("[]")),
		"payload is not JSON":      f.entra.MintRaw([]byte("ada")),
		"padded base64url":         parts[0] + "." + parts[1] + "." + parts[2] + "=",
		"base64url trailing bits":  good[:len(good)-1] + string(good[len(good)-1]+1), // A, Q, g or w ends it: two bits, and four that are zero
		"line break":               parts[0] + "." + parts[1] + "." + parts[2] + "\n",
		"leading space":            " " + good,
		"no signature":             parts[0] + "." + parts[1] + ".",
		"two parts":                parts[0] + "." + parts[1],
		"five parts, a JWE":        good + ".AAAA.AAAA",
		"JSON serialisation":       `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"a megabyte":               parts[0] + "." + parts[1] + "." + strings.Repeat("A", 1<<20),
		"empty":                    "",
	})
}

// graphToken asks for OpenID Connect scopes only.
func (f *fixture) graphToken(t *testing.T) string {
	t.Helper()
	scope := f.scope
	f.scope = "openid profile"
	defer func() { f.scope = scope }()
	q := f.signIn(t, "nonce", f.ada.Username)
	answer, err := f.requestToken(t.Context(), signIn, map[string][]string{
		"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer.AccessToken
}

func TestVerifyTellsWhoIsNoMember(t *testing.T) {
	for _, tc := range []struct {
		name    string
		changes map[string]any
		want    func(p *identity.Principal) bool
	}{
		{"application without scp", map[string]any{"scp": nil, "idtyp": "app"}, func(p *identity.Principal) bool { return p.AppOnly }},
		{"nothing says scp", map[string]any{"scp": nil}, func(p *identity.Principal) bool { return p.AppOnly }},
		{"blank scp", map[string]any{"scp": " "}, func(p *identity.Principal) bool { return p.AppOnly }},
		{"delegated", nil, func(p *identity.Principal) bool { return !p.AppOnly && !p.Guest && !p.GroupsUnknown }},
		{"guest by idp", map[string]any{"idp": "https://sts.windows.net/11111111-2222-4333-8444-555555555555/"}, func(p *identity.Principal) bool { return p.Guest }},
		{"guest by acct", map[string]any{"acct": 1}, func(p *identity.Principal) bool { return p.Guest }},
		{"guest by unreadable idp", map[string]any{"idp": 7}, func(p *identity.Principal) bool { return p.Guest }},
		{"member by acct", map[string]any{"acct": 0}, func(p *identity.Principal) bool { return !p.Guest }},
		{"member by idp", map[string]any{"idp": "https://sts.windows.net/" + tenantID + "/"}, func(p *identity.Principal) bool { return !p.Guest }},
		{"overage", map[string]any{"_claim_names": map[string]string{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]string{"endpoint": "http://127.0.0.1/"}}},
			func(p *identity.Principal) bool { return p.GroupsUnknown && p.Groups == nil }},
		{"hasgroups", map[string]any{"hasgroups": "true"}, func(p *identity.Principal) bool { return p.GroupsUnknown }},
	} {
		f := setup(t)
		p, err := f.Verify(t.Context(), f.token(tc.changes))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		} else if !tc.want(p) {
			t.Errorf("%s: got %+v", tc.name, p)
		}
	}
}

// The four-part check for tenant-independent authorities.
func TestAttack5_4_TenantSpoofing(t *testing.T) {
	const other, second = "11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-666666666666"
	multi := func(_ *sandbox.Config, c *Config) {
		c.Issuer = strings.Replace(c.Issuer, tenantID, "organizations", 1)
		c.Tenants = []string{tenantID, second}
	}
	for _, tc := range []struct {
		name      string
		version   int
		keyIssuer string
		changes   map[string]any
		want      error
	}{
		{"allowed tenant", 2, "", nil, nil},
		{"allowed tenant, v1, whose keys name no issuer", 1, "", nil, nil},
		{"tenant not on the list", 2, "", map[string]any{"tid": other}, ErrInvalidToken},
		{"tenant not on the list, issuer too", 2, "", map[string]any{"tid": other, "iss": "?" + other}, ErrInvalidToken},
		{"issuer of another tenant", 2, "", map[string]any{"iss": "?" + other}, ErrInvalidToken},
		{"issuer with the placeholder", 2, "", map[string]any{"iss": "?{tenantid}"}, ErrInvalidToken},
		{"key of this tenant alone", 2, "?" + tenantID, nil, nil},
		{"key of the other allowed tenant alone", 2, "?" + second, nil, ErrInvalidToken},
		{"key of another tenant alone", 2, "?" + other, nil, ErrUnavailable},
		{"key that names no issuer", 2, "-", nil, ErrUnavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := setup(t, multi, withTokenVersion(tc.version))
			full := func(short string) string {
				if tenant, ok := strings.CutPrefix(short, "?"); ok {
					return strings.Replace(f.entra.Authority(), tenantID, tenant, 1)
				}
				return short
			}
			f.entra.Misbehave(func(b *sandbox.Behaviour) { b.KeyIssuer = full(tc.keyIssuer) })
			if iss, ok := tc.changes["iss"].(string); ok {
				tc.changes["iss"] = full(iss)
			}
			_, err := f.Verify(t.Context(), f.token(tc.changes))
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}
