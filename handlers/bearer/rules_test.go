package bearer

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

const (
	foreignApplication = "aebc6443-996d-45c2-90f0-388ff96faa56"
	nightReport        = "6b1d2f80-35c7-4e19-9a42-8d07c3e5f614"
)

// TestRules: who comes in by which rule, and which answer keeps a client from a vain sign-in.
func TestRules(t *testing.T) {
	application := Application{ID: foreignApplication, Name: "VS Code", Scopes: []string{"access_as_user"}}
	daemon := Application{ID: nightReport, Name: "Night report", Scopes: []string{"access_as_user"}, AppOnly: true, Roles: []string{"Reader"}}
	anyRole := daemon
	anyRole.Roles = nil
	hidden := Application{ID: foreignApplication, Scopes: []string{"not.advertised"}}
	delegated := identity.Principal{Application: foreignApplication, Scopes: []string{"access_as_user"}}
	itself := identity.Principal{Application: nightReport, AppOnly: true, Roles: []string{"Reader"}}
	for name, tc := range map[string]struct {
		rules  Rules
		who    identity.Principal
		status int
		code   string
	}{
		"another application":               {Rules{}, delegated, 401, "invalid_token"},
		"not the one that is named":         {Rules{Applications: []Application{daemon}}, delegated, 401, "invalid_token"},
		"the one that is named":             {Rules{Applications: []Application{daemon, application}}, delegated, 200, ""},
		"without our scope":                 {Rules{Applications: []Application{application}}, identity.Principal{Application: foreignApplication, Scopes: []string{"other"}}, 403, "insufficient_scope"},
		"without a scope nobody can ask":    {Rules{Applications: []Application{hidden}}, delegated, 403, ""},
		"itself, but for people only":       {Rules{Applications: []Application{application}}, identity.Principal{Application: foreignApplication, AppOnly: true, Roles: []string{"Reader"}}, 403, ""},
		"itself with the role":              {Rules{Applications: []Application{daemon}}, itself, 200, ""},
		"itself with another role":          {Rules{Applications: []Application{daemon}}, identity.Principal{Application: nightReport, AppOnly: true, Roles: []string{"Writer"}}, 403, ""},
		"itself with any role":              {Rules{Applications: []Application{anyRole}}, itself, 200, ""},
		"itself without a role":             {Rules{Applications: []Application{anyRole}}, identity.Principal{Application: nightReport, AppOnly: true}, 403, ""},
		"itself without the gate's role":    {Rules{Applications: []Application{daemon}, Roles: []string{"Writer"}}, itself, 403, ""},
		"a guest":                           {Rules{}, identity.Principal{Application: ownApplication, Guest: true}, 403, ""},
		"a guest by the rule":               {Rules{Guests: true}, identity.Principal{Application: ownApplication, Guest: true}, 200, ""},
		"a guest of a foreign application":  {Rules{Applications: []Application{application}}, identity.Principal{Application: foreignApplication, Scopes: delegated.Scopes, Guest: true}, 403, ""},
		"the role":                          {Rules{Roles: []string{"Reader", "Writer"}}, identity.Principal{Application: ownApplication, Roles: []string{"Writer"}}, 200, ""},
		"the role in another case":          {Rules{Roles: []string{"Writer"}}, identity.Principal{Application: ownApplication, Roles: []string{"writer"}}, 403, ""},
		"no role":                           {Rules{Roles: []string{"Writer"}}, identity.Principal{Application: ownApplication}, 403, ""},
		"no role, and it is no group's id":  {Rules{Roles: []string{"Writer"}}, identity.Principal{Application: ownApplication, Groups: []string{"Writer"}}, 403, ""},
		"ours, itself: it has no issuance":  {Rules{Roles: []string{"Reader"}}, identity.Principal{Application: ownApplication, AppOnly: true, Roles: []string{"Reader"}, ObjectID: "x"}, 401, "invalid_token"},
		"another's, our issuance or not":    {Rules{Applications: []Application{application}}, delegated, 200, ""},
		"named, but not allowed any longer": {Rules{Applications: []Application{}}, delegated, 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.gate.cfg.Rules = tc.rules
			f.verify = func(string) (*identity.Principal, error) {
				who := *caller()
				who.Application, who.AppOnly, who.Guest = tc.who.Application, tc.who.AppOnly, tc.who.Guest
				who.Scopes, who.Roles, who.Groups = tc.who.Scopes, tc.who.Roles, tc.who.Groups
				if tc.who.ObjectID != "" {
					who.ObjectID = tc.who.ObjectID
				}
				return &who, nil
			}
			for _, cache := range []string{"cold", "cached"} {
				p, w := f.admit(request("POST", target, "Authorization", "Bearer good"))
				challenge := w.Header().Get("WWW-Authenticate")
				if (p != nil) != (tc.status == http.StatusOK) || w.Code != tc.status {
					t.Fatalf("%s: status %d, want %d: %s", cache, w.Code, tc.status, w.Body)
				}
				if tc.code == "" && challenge != "" || tc.code != "" && !strings.Contains(challenge, `error="`+tc.code+`"`) {
					t.Errorf("%s: challenge %q, want error %q", cache, challenge, tc.code)
				}
				if tc.status == http.StatusForbidden && !strings.Contains(f.log.String(), "refused") {
					t.Errorf("%s: nothing in the log", cache)
				}
			}
		})
	}
}

// TestRulesOutliveNoCache: what a new configuration forbids, the cache of the old one does not admit.
func TestRulesOutliveNoCache(t *testing.T) {
	f := newFixture(t)
	f.verify = func(string) (*identity.Principal, error) {
		p := caller()
		p.Application, p.AppOnly, p.Scopes = foreignApplication, false, []string{"access_as_user"}
		return p, nil
	}
	f.gate.cfg.Rules = Rules{Applications: []Application{{ID: foreignApplication, Name: "VS Code", Scopes: []string{"access_as_user"}}}}
	call := func() (*identity.Principal, int) {
		p, w := f.admit(request("POST", target, "Authorization", "Bearer good"))
		return p, w.Code
	}
	if p, status := call(); p == nil || p.Assistant != (identity.Assistant{ClientID: foreignApplication, Name: "VS Code"}) || p.Grant != "" {
		t.Fatalf("status %d, %+v", status, p)
	}
	f.gate.cfg.Rules = Rules{}
	if p, status := call(); p != nil || status != http.StatusUnauthorized {
		t.Errorf("without the rule: status %d, want 401", status)
	}
	f.gate.cfg.Rules = Rules{Applications: []Application{{ID: foreignApplication, Scopes: []string{"access_as_user"}}}, Roles: []string{"Reader"}}
	if p, status := call(); p != nil || status != http.StatusForbidden {
		t.Errorf("with another rule: status %d, want 403", status)
	}
}

// TestABlockedPersonOfAnotherApplication: they have no grant that could be revoked, so the block
// must be enough.
func TestABlockedPersonOfAnotherApplication(t *testing.T) {
	f := newFixture(t)
	f.verify = func(string) (*identity.Principal, error) {
		p := caller()
		p.Application, p.AppOnly, p.Scopes = foreignApplication, false, []string{"access_as_user"}
		return p, nil
	}
	f.gate.cfg.Rules = Rules{Applications: []Application{{ID: foreignApplication, Scopes: []string{"access_as_user"}}}}
	if _, _, err := f.store.Block(t.Context(), tenant, person); err != nil {
		t.Fatal(err)
	}
	if p, w := f.admit(request("POST", target, "Authorization", "Bearer good")); p != nil || w.Code != http.StatusUnauthorized {
		t.Errorf("status %d, want 401", w.Code)
	}
}

// Whoever somebody says they are by e-mail or name takes part in no decision: two people with one
// address are two people, and a new address is no new person.
func TestAttack5_12_EmailIsNoIdentity(t *testing.T) {
	for _, claimed := range []string{
		"ada.keller@contoso.example", "ADA.KELLER@contoso.example", "a@evil.com@contoso.example", "ada.keller@contoso.example\n", "ada.kеller@contoso.example", "",
	} {
		f := newFixture(t)
		f.verify = func(string) (*identity.Principal, error) {
			p := caller()
			p.ObjectID, p.Username, p.Name = "9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f99", claimed, "Ada Keller"
			return p, nil
		}
		if p, w := f.admit(request("POST", target, "Authorization", "Bearer good")); p != nil || w.Code != http.StatusUnauthorized {
			t.Errorf("%q with Ada's grant: status %d, want 401", claimed, w.Code)
		}
		f.verify = func(string) (*identity.Principal, error) {
			p := caller()
			p.Username = claimed
			return p, nil
		}
		if p, w := f.admit(request("POST", target, "Authorization", "Bearer good")); p == nil || p.ID() != tenant+"/"+person {
			t.Errorf("Ada, who is now called %q: status %d", claimed, w.Code)
		}
	}
}
