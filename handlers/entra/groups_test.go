package entra

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

func manyGroups(n int) []string {
	groups := make([]string, n)
	for i := range groups {
		groups[i] = fmt.Sprintf("b0000000-0000-4000-8000-%012x", i)
	}
	return groups
}

// withGroups gives Ada and the guest n groups and turns resolve_groups on.
func withGroups(n int) option {
	return func(s *sandbox.Config, c *Config) {
		s.People = sandbox.DemoPeople()
		s.People[0].Groups, s.People[3].Groups = manyGroups(n), manyGroups(n)
		c.ResolveGroups = true
	}
}

func TestGroupsAreResolved(t *testing.T) {
	for n, endpoint := range map[int]string{201: "", 202: "-", maxGroups: ""} {
		f := setup(t, withGroups(n))
		f.groupsTimeout = time.Minute
		f.entra.Misbehave(func(b *sandbox.Behaviour) { b.GroupsEndpoint = endpoint })
		tokens, err := f.exchangeFresh(t)
		if err != nil {
			t.Fatal(err)
		}
		if !tokens.Principal.GroupsUnknown || !slices.Equal(tokens.Groups, manyGroups(n)) {
			t.Errorf("%d groups: got %d", n, len(tokens.Groups))
		}
		again, err := f.Refresh(t.Context(), tokens.RefreshToken)
		if err != nil || !slices.Equal(again.Groups, manyGroups(n)) {
			t.Errorf("%d groups, refreshed: got %d, %v", n, len(again.Groups), err)
		}
	}
}

func TestWhatIsAskedForGroups(t *testing.T) {
	f := setup(t, withGroups(1500))
	tokens, err := f.exchangeFresh(t)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "client_secret": {secret},
		"refresh_token": {tokens.RefreshToken}, "scope": {graphScope}}
	if diff := cmp.Diff(want, f.entra.Last(sandbox.Token)); diff != "" {
		t.Errorf("token request (-want +got):\n%s", diff)
	}
	if n := f.entra.Count(sandbox.Graph); n != 2 {
		t.Errorf("Graph was asked %d times for two pages", n)
	}
	if q := f.entra.Last(sandbox.Graph); q.Get("$select") != "id" || q.Get("$skiptoken") == "" {
		t.Errorf("Graph was asked for %v", q)
	}
}

// TestGroupsOfATokenAreEnough: Graph is asked when it has to be and where the operator said so.
func TestGroupsOfATokenAreEnough(t *testing.T) {
	off := func(_ *sandbox.Config, c *Config) { c.ResolveGroups = false }
	for name, f := range map[string]*fixture{
		"few groups":    setup(t, withGroups(200)),
		"none":          setup(t, withGroups(0)),
		"turned off":    setup(t, withGroups(201), off),
		"no permission": setup(t, withGroups(200), func(s *sandbox.Config, _ *Config) { s.GraphPermissions = []string{} }),
	} {
		tokens, err := f.exchangeFresh(t)
		if err != nil {
			t.Fatal(err)
		}
		if tokens.Groups != nil || tokens.Principal.GroupsUnknown != (name == "turned off") {
			t.Errorf("%s: got %d groups, %+v", name, len(tokens.Groups), tokens.Principal)
		}
		if f.entra.Count(sandbox.Graph) != 0 || f.entra.Count(sandbox.Token) != 1 {
			t.Errorf("%s: Graph was asked", name)
		}
	}
}

func TestGroupsOfAGuest(t *testing.T) {
	f := setup(t, withGroups(201))
	f.ada = sandbox.DemoPeople()[3]
	tokens, err := f.exchangeFresh(t)
	if err != nil || !tokens.Principal.Guest || len(tokens.Groups) != 201 {
		t.Fatalf("got %+v, %v", tokens, err)
	}
}

// TestGroupsStayUnknown: whatever becomes of Graph, the person is signed in, and the operator reads
// what to do.
func TestGroupsStayUnknown(t *testing.T) {
	const id = "b0000000-0000-4000-8000-000000000000"
	fault := func(fault sandbox.Fault) func(*sandbox.Behaviour) {
		return func(b *sandbox.Behaviour) { b.Faults[sandbox.Graph] = fault }
	}
	for _, tc := range []struct {
		name, want string
		change     func(*sandbox.Behaviour)
		options    []option
	}{
		{"no consent", "add the delegated permission User.Read", nil, []option{func(s *sandbox.Config, _ *Config) { s.GraphPermissions = []string{"Mail.Read"} }}},
		{"refused", "Authorization_RequestDenied", func(b *sandbox.Behaviour) { b.GraphDenies = true }, nil},
		{"no refresh token", "no refresh token", func(b *sandbox.Behaviour) { b.NoRefreshToken = true }, nil},
		{"none", "is empty", func(b *sandbox.Behaviour) { b.GroupOverage = true }, []option{withGroups(0)}},
		{"too many", "assigned to the application", nil, []option{withGroups(maxGroups + 1)}},
		{"turned off", "write resolve_groups", nil, []option{func(_ *sandbox.Config, c *Config) { c.ResolveGroups = false }}},
		{"down", "status 503", fault(sandbox.Fault{Status: 503, Body: "<h1>no</h1>"}), nil},
		{"busy", "TooManyRequests", fault(sandbox.Fault{Status: 429, Body: `{"error":{"code":"TooManyRequests","message":"m"}}`}), nil},
		{"a code that is none", "status 400\"", fault(sandbox.Fault{Status: 400, Body: `{"error":{"code":"x\ny"}}`}), nil},
		{"elsewhere", "status 307", fault(sandbox.Fault{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:1/"}}}), nil},
		{"garbage", "is not a list", fault(sandbox.Fault{Body: "hello"}), nil},
		{"another document", "is not a list", fault(sandbox.Fault{Body: `{"values":[]}`}), nil},
		{"no ids", "is not a list", fault(sandbox.Fault{Body: `{"value":[{"id":"` + id + `"},{"id":"admins"}]}`}), nil},
		{"null", "is not a list", fault(sandbox.Fault{Body: `{"value":[null]}`}), nil},
		{"a next page elsewhere", "somewhere else", fault(sandbox.Fault{Body: `{"value":[{"id":"` + id + `"}],"@odata.nextLink":"https://graph.microsoft.com/v1.0/me/transitiveMemberOf?x"}`}), nil},
		{"huge", "larger", fault(sandbox.Fault{Body: strings.Repeat(" ", maxDocument+1)}), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log strings.Builder
			f := setup(t, append([]option{withGroups(201), func(_ *sandbox.Config, c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }}, tc.options...)...)
			if tc.change != nil {
				f.entra.Misbehave(tc.change)
			}
			f.groupsTimeout = time.Minute
			tokens, err := f.exchangeFresh(t)
			if err != nil {
				t.Fatal(err)
			}
			if tokens.Groups != nil || !tokens.Principal.GroupsUnknown {
				t.Errorf("got %d groups", len(tokens.Groups))
			}
			if !strings.Contains(log.String(), tc.want) || !strings.Contains(log.String(), f.ada.ObjectID) {
				t.Errorf("the log lacks %q: %s", tc.want, log.String())
			}
		})
	}
}

// TestSlowGraph: a person waits for it a few seconds, and pages without an end come to one.
func TestSlowGraph(t *testing.T) {
	f := setup(t, withGroups(201))
	f.entra.Misbehave(func(b *sandbox.Behaviour) { b.Faults[sandbox.Graph] = sandbox.Fault{Hang: true} })
	f.groupsTimeout = 100 * time.Millisecond
	began := time.Now()
	if tokens, err := f.exchangeFresh(t); err != nil || tokens.Groups != nil {
		t.Errorf("got %+v, %v", tokens, err)
	}
	if took := time.Since(began); took > requestTimeout {
		t.Errorf("the sign-in took %v", took)
	}
	f.groupsTimeout = time.Minute
	endless := fmt.Sprintf(`{"value":[],"@odata.nextLink":"%s/v1.0/me/transitiveMemberOf?$skiptoken=0"}`, f.authority.origin)
	f.entra.Misbehave(func(b *sandbox.Behaviour) { b.Faults[sandbox.Graph] = sandbox.Fault{Body: endless} })
	asked := f.entra.Count(sandbox.Graph)
	if tokens, err := f.exchangeFresh(t); err != nil || tokens.Groups != nil {
		t.Errorf("got %+v, %v", tokens, err)
	}
	if n := f.entra.Count(sandbox.Graph) - asked; n != maxPages {
		t.Errorf("%d pages were read", n)
	}
}

// TestAttack5_13_GroupsOverage: a token says where to ask for the groups, and that is nobody's
// address but the token's. It is not asked, and neither is what a discovery document makes up.
func TestAttack5_13_GroupsOverage(t *testing.T) {
	var lured atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	t.Cleanup(trap.Close)
	for _, resolve := range []bool{false, true} {
		f := setup(t, withGroups(201), func(_ *sandbox.Config, c *Config) { c.ResolveGroups = resolve })
		f.entra.Misbehave(func(b *sandbox.Behaviour) {
			b.GroupsEndpoint = trap.URL + "/users/x/getMemberObjects"
			b.DiscoveryChanges = map[string]any{"msgraph_host": strings.TrimPrefix(trap.URL, "http://")}
		})
		tokens, err := f.exchangeFresh(t)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := f.Verify(t.Context(), tokens.AccessToken); err != nil || !p.GroupsUnknown || p.Groups != nil {
			t.Errorf("the gate reads %+v, %v", p, err)
		}
		if (len(tokens.Groups) == 201) != resolve {
			t.Errorf("resolve_groups %v: got %d groups", resolve, len(tokens.Groups))
		}
	}
	if lured.Load() != 0 {
		t.Error("the address in the token was asked")
	}
}

func TestWhereGraphIs(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://login.microsoftonline.com/" + tenantID + "/v2.0":        "https://graph.microsoft.com",
		"https://sts.windows.net/" + tenantID + "/":                      "https://graph.microsoft.com",
		"https://login.microsoftonline.us/" + tenantID + "/v2.0":         "https://graph.microsoft.us",
		"https://login.partner.microsoftonline.cn/" + tenantID + "/v2.0": "https://microsoftgraph.chinacloudapi.cn",
		"http://localhost:8001/" + tenantID + "/v2.0":                    "http://localhost:8001",
		"https://login.example.com/" + tenantID + "/v2.0":                "",
	} {
		c := Config{Issuer: issuer, ClientID: clientID, ClientSecrets: []string{secret}, RedirectURI: redirectURI,
			AllowAuthority: []string{"login.example.com"}, ResolveGroups: true}
		p, err := New(c)
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "resolve_groups") {
				t.Errorf("%s: got %v", issuer, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range []string{"", "evil.example", "graph.microsoft.com.evil.example"} {
			if got := p.authority.graphOrigin(named); got != want {
				t.Errorf("%s, named %q: got %s, want %s", issuer, named, got, want)
			}
		}
		if got := p.authority.graphOrigin("dod-graph.microsoft.us"); (got == "https://dod-graph.microsoft.us") != (want == "https://graph.microsoft.us") {
			t.Errorf("%s: got %s", issuer, got)
		}
	}
}
