package entra

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScopes(t *testing.T) {
	const id = clientID
	for _, tc := range []struct {
		configured string
		request    string
		short      string
		warnings   int
	}{
		{"openid profile email", id + "/.default openid profile offline_access email", "openid profile email", 1},
		{"openid", id + "/.default openid profile offline_access", "openid", 1},
		{"offline_access", id + "/.default openid profile offline_access", "openid profile", 1},
		{"access_as_user", id + "/access_as_user openid profile offline_access", "access_as_user", 0},
		{"openid profile email offline_access access_as_user", id + "/access_as_user openid profile offline_access email", "access_as_user openid profile email", 0},
		{"api://" + id + "/access_as_user openid", id + "/access_as_user openid profile offline_access", "access_as_user openid", 0},
		{strings.ToUpper(id) + "/access_as_user", id + "/access_as_user openid profile offline_access", "access_as_user", 0},
		{"https://mcp.example.com/access_as_user", id + "/access_as_user openid profile offline_access", "access_as_user", 0},
		{"access_as_user api://" + id + "/access_as_user access_as_user", id + "/access_as_user openid profile offline_access", "access_as_user", 0},
		{"jira.read confluence.read", id + "/jira.read " + id + "/confluence.read openid profile offline_access", "jira.read confluence.read", 0},
		{id + "/.default openid", id + "/.default openid profile offline_access", "openid", 0},
		{"api://" + id + "//.default", id + "/.default openid profile offline_access", "openid profile", 0},
		{".default access_as_user", id + "/access_as_user openid profile offline_access", "access_as_user", 1},
		{"access_as_user User.Read https://graph.microsoft.com/Mail.Read", id + "/access_as_user openid profile offline_access", "access_as_user", 2},
		{"https://graph.microsoft.com/.default", id + "/.default openid profile offline_access", "openid profile", 2},
		{"api://11111111-2222-4333-8444-555555555555/access_as_user openid", id + "/.default openid profile offline_access", "openid", 2},
	} {
		got, err := planScopes(strings.Fields(tc.configured), id, []string{"https://mcp.example.com"})
		if err != nil {
			t.Errorf("%q: %v", tc.configured, err)
			continue
		}
		if diff := cmp.Diff([]any{tc.request, tc.short, tc.warnings}, []any{got.request, strings.Join(got.short, " "), len(got.warnings)}); diff != "" {
			t.Errorf("%q (-want +got):\n%s%s", tc.configured, diff, strings.Join(got.warnings, "\n"))
		}
	}
	for _, bad := range []string{"", "a b", `a"b`, "a\nb", "ü", "api://x/", strings.Repeat("a", 300)} {
		if _, err := planScopes([]string{bad}, id, nil); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
