package bearer

import (
	"errors"
	"slices"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// TestGroupsOfTheIssuance: what Graph told when the token was handed out stands in for what the
// token leaves out, and for nothing else.
func TestGroupsOfTheIssuance(t *testing.T) {
	for name, tc := range map[string]struct {
		inToken, stored []string
		overage         bool
		want            []string
		unknown         bool
	}{
		"left out and found":     {nil, []string{"a", "b"}, true, []string{"a", "b"}, false},
		"left out and not found": {nil, nil, true, nil, true},
		"in the token":           {[]string{"a"}, []string{"b"}, false, []string{"a"}, false},
		"none":                   {nil, []string{"b"}, false, nil, false},
	} {
		f := newFixture(t)
		f.verify = func(string) (*identity.Principal, error) {
			p := caller()
			p.Groups, p.GroupsUnknown = tc.inToken, tc.overage
			return p, nil
		}
		issuance, err := records.Issuances.Get(t.Context(), f.store, "good")
		if err != nil {
			t.Fatal(err)
		}
		issuance.Groups = tc.stored
		err = errors.Join(records.Issuances.Delete(t.Context(), f.store, "good"), records.Issuances.Put(t.Context(), f.store, "good", issuance))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second from the cache
			p, w := f.admit(request("POST", target, "Authorization", "Bearer good"))
			if p == nil {
				t.Fatalf("%s: refused with %d", name, w.Code)
			}
			if !slices.Equal(p.Groups, tc.want) || p.GroupsUnknown != tc.unknown {
				t.Errorf("%s: got %v, unknown: %v", name, p.Groups, p.GroupsUnknown)
			}
		}
	}
}
