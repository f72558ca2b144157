package jira_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestGetPerson(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		cloud := b.deployment == sandbox.Cloud
		spellings := []string{"Ada Keller", " @ada keller ", "Ada.Keller@contoso.example", "akeller", "JIRAUSER-akeller"}
		ada := &jira.Person{ID: "akeller", Name: "Ada Keller", Email: "ada.keller@contoso.example", TimeZone: "Europe/Berlin"}
		if cloud {
			spellings, ada.ID = append(spellings[:3], "557058:ada"), "557058:ada"
		}
		b.GetPerson(t.Context(), "me")
		for _, who := range spellings {
			b.requests()
			got, err := b.GetPerson(t.Context(), who)
			if diff := cmp.Diff(ada, got); diff != "" || err != nil {
				t.Errorf("%q: %v (-want +got):\n%s", who, err, diff)
			}
			if n := len(b.requests()); n != 1 {
				t.Errorf("%q took %d requests", who, n)
			}
		}
		if got, err := b.GetPerson(t.Context(), "me"); err != nil || got.Name != "MCP Service" {
			t.Errorf("me = %+v, %v", got, err)
		}
		got, err := b.GetPerson(t.Context(), "noor.haddad@contoso.example") // whose address Cloud hides
		if err != nil || got.Name != "Noor Haddad" || (got.Email == "") != cloud {
			t.Errorf("by a hidden address: %+v, %v", got, err)
		}
	})
}

func TestGetPersonRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		find := func(who string) error {
			_, err := b.GetPerson(t.Context(), who)
			return err
		}
		id := map[string]string{sandbox.Cloud: "557058:sam2", sandbox.DataCenter: "slee2"}[b.deployment]
		wantInputError(t, find(" "), "user_identifier", "is empty")
		wantInputError(t, find("Ada"), "user_identifier", `no user "Ada"`, "Did you mean Ada Keller (")
		wantInputError(t, find("Nobody"), "user_identifier", `no user "Nobody"`)
		wantInputError(t, find("Sam Lee"), "user_identifier", "several people", "Sam Lee ("+id+", sam.lee@fabrikam.example)")
		wantInputError(t, find("Dora Fischer"), "user_identifier", "deactivated")
		wantInputError(t, find("sam.lee"), "user_identifier", `no user "sam.lee"`, id)
		wantInputError(t, find(map[string]string{sandbox.Cloud: "557058:gone", sandbox.DataCenter: "JIRAUSER99"}[b.deployment]), "user_identifier", "no user")
		if got, err := b.GetPerson(t.Context(), "sam.lee@fabrikam.example"); err != nil || got.ID != id {
			t.Errorf("one of two with a name = %+v, %v", got, err)
		}
	})
}

func TestAssignable(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for _, in := range []jira.AssignableRequest{{Query: "sam", Project: "plat", Limit: 20}, {Query: "SAM", Key: "OPS-1", Limit: 20}} {
			got, err := b.Assignable(t.Context(), in)
			if err != nil || len(got.Users) != 2 || got.Users[0].Name != "Sam Lee" || got.Users[0].ID == got.Users[1].ID {
				t.Errorf("%+v: %+v, %v", in, got, err)
			}
		}
		if got, err := b.Assignable(t.Context(), jira.AssignableRequest{Project: "PLAT", Limit: 3}); err != nil || len(got.Users) != 3 || got.Cursor == "" {
			t.Errorf("limit 3: %+v, %v", got, err)
		}
		if got, err := b.Assignable(t.Context(), jira.AssignableRequest{Query: "dora", Project: "PLAT", Limit: 3}); err != nil || got.Users == nil || len(got.Users) != 0 || got.Cursor != "" {
			t.Errorf("whoever is deactivated can be assigned: %+v, %v", got, err)
		}
		_, err := b.Assignable(t.Context(), jira.AssignableRequest{Query: "x"})
		wantInputError(t, err, "project_key", "is missing")
		_, err = b.Assignable(t.Context(), jira.AssignableRequest{Query: "x", Project: "a b"})
		wantInputError(t, err, "project_key", "not a project key")
		_, err = b.Assignable(t.Context(), jira.AssignableRequest{Query: "x", Key: "1"})
		wantInputError(t, err, "issue_key", "not an issue key")
		_, err = b.Assignable(t.Context(), jira.AssignableRequest{Query: "x", Project: "NOPE"})
		wantError(t, err, http.StatusNotFound, "No project could be found")
	})
}

func TestAssign(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got, err := b.Assign(t.Context(), "plat-9", "Ben Okafor")
		want := &jira.Assigned{Key: "PLAT-9", Assignee: "Ben Okafor", URL: b.base + "/browse/PLAT-9"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-9"}); issue.Assignee != "Ben Okafor" {
			t.Errorf("assignee = %s", issue.Assignee)
		}
		b.requests()
		if got, err = b.Assign(t.Context(), "PLAT-9", ""); err != nil || got.Assignee != "Unassigned" {
			t.Errorf("%+v, %v", got, err)
		}
		if n := len(b.requests()); n != 1 {
			t.Errorf("unassigning took %d requests", n)
		}
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-9"}); issue.Assignee != "Unassigned" {
			t.Errorf("assignee = %s", issue.Assignee)
		}
		assign := func(key, who string) error {
			_, err := b.Assign(t.Context(), key, who)
			return err
		}
		wantInputError(t, assign("x", "me"), "issue_key", "not an issue key")
		wantInputError(t, assign("PLAT-9", "Nobody"), "assignee", "no user")
		wantError(t, assign("PLAT-99", "Ben Okafor"), http.StatusNotFound, "does not exist")
		wantError(t, assign("PLAT-9", "me"), http.StatusBadRequest, "cannot be assigned", "jira_search_assignable_users")
		wantError(t, assign("OPS-1", ""), http.StatusBadRequest, "Issues must be assigned")
		b.sandbox.Deny("OPS", sandbox.PermissionAssign)
		status := map[string]int{sandbox.Cloud: http.StatusForbidden, sandbox.DataCenter: http.StatusUnauthorized}[b.deployment]
		wantError(t, assign("OPS-1", "Ben Okafor"), status, "You do not have permission to assign issues")
	})
}
