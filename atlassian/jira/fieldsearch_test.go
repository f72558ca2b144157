package jira_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestSearchFields(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for keyword, want := range map[string]jira.FieldInfo{
			"story points": {ID: "customfield_10016", Name: "Story Points", Type: "number (float)"},
			"sprnt":        {ID: "customfield_10020", Name: "Sprint", Type: "array of json (gh-sprint)"},
			"10033":        {ID: "customfield_10033", Name: "Go-live", Type: "date (datepicker)"},
			"criteria":     {ID: "customfield_10030", Name: "Acceptance Criteria", Type: "string (textarea)"},
		} {
			got, err := b.SearchFields(t.Context(), jira.FieldsRequest{Keyword: keyword, Limit: 1})
			if err != nil || len(got.Fields) != 1 {
				t.Fatalf("%s: %+v, %v", keyword, got, err)
			}
			if diff := cmp.Diff(want, got.Fields[0]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", keyword, diff)
			}
		}
		if got, err := b.SearchFields(t.Context(), jira.FieldsRequest{Keyword: "", Limit: 3}); err != nil || len(got.Fields) != 3 || got.Total < 30 {
			t.Errorf("all = %+v, %v", got, err)
		}
		if got, err := b.SearchFields(t.Context(), jira.FieldsRequest{Keyword: "qqqqqq", Limit: 3}); err != nil || got.Fields == nil || len(got.Fields) != 0 {
			t.Errorf("none = %+v, %v", got, err)
		}
		b.requests()
		b.SearchFields(t.Context(), jira.FieldsRequest{Keyword: "x", Limit: 3})
		if n := len(b.requests()); n != 0 {
			t.Errorf("%d requests for fields that are known", n)
		}
		b.SearchFields(t.Context(), jira.FieldsRequest{Keyword: "x", Limit: 3, Refresh: true})
		if n := len(b.requests()); n != 1 {
			t.Errorf("%d requests to refresh", n)
		}
	})
}

func TestFieldOptions(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		region := []jira.Option{
			{ID: "10310", Value: "Europe", Children: []jira.Option{{ID: "10311", Value: "Germany"}, {ID: "10312", Value: "France"}}},
			{ID: "10313", Value: "Asia", Children: []jira.Option{{ID: "10314", Value: "Japan"}}},
		}
		for _, tc := range []struct {
			in   jira.OptionsRequest
			want *jira.OptionList
		}{
			{jira.OptionsRequest{Field: "region", Project: "plat", Type: "Story", Limit: 50}, &jira.OptionList{Field: "customfield_10036", Name: "Region", Type: "Story", Options: region, Total: 2}},
			{jira.OptionsRequest{Field: "customfield_10031", Project: "PLAT", Limit: 50, Contains: "MAJ"},
				&jira.OptionList{Field: "customfield_10031", Name: "Severity", Type: "Bug", Options: []jira.Option{{ID: "10021", Value: "Major"}}, Total: 1}},
			{jira.OptionsRequest{Field: "components", Project: "PLAT", Type: "Task", Limit: 1}, &jira.OptionList{
				Field: "components", Name: "Component/s", Type: "Task", Options: []jira.Option{{ID: "10100", Value: "Gateway"}}, Total: 2,
				Cursor: atlassian.Cursor{Start: 1}.Encode("options components Task PLAT  "),
			}},
		} {
			got, err := b.FieldOptions(t.Context(), tc.in)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%+v: %v (-want +got):\n%s", tc.in, err, diff)
			}
		}
		got, err := b.FieldOptions(t.Context(), jira.OptionsRequest{Field: "Region", Limit: 50})
		if b.deployment == sandbox.DataCenter {
			wantInputError(t, err, "project_key", "is missing")
		} else if diff := cmp.Diff(&jira.OptionList{Field: "customfield_10036", Name: "Region", Context: "10500", Options: region, Total: 2}, got); diff != "" || err != nil {
			t.Errorf("by context: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestFieldOptionsRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		try := func(in jira.OptionsRequest) error {
			_, err := b.FieldOptions(t.Context(), in)
			return err
		}
		wantInputError(t, try(jira.OptionsRequest{Field: "Severty"}), "field_id", `no field "Severty"`, `"Severity"`)
		wantInputError(t, try(jira.OptionsRequest{Field: "Severity", Project: "PLAT", Type: "Story"}), "issue_type", "not on the screen")
		wantInputError(t, try(jira.OptionsRequest{Field: "Severity", Project: "PLAT", Type: "Saga"}), "issue_type", "no type")
		wantInputError(t, try(jira.OptionsRequest{Field: "Severity", Project: "a b"}), "project_key", "not a project key")
		wantInputError(t, try(jira.OptionsRequest{Field: "Story Points", Project: "PLAT"}), "field_id", "has no options", "number (float)")
		wantError(t, try(jira.OptionsRequest{Field: "Severity", Project: "NOPE"}), http.StatusBadRequest, "No project could be found")
		if b.deployment == sandbox.DataCenter {
			return
		}
		wantInputError(t, try(jira.OptionsRequest{Field: "Region", Context: "x"}), "context_id", "not an id")
		wantError(t, try(jira.OptionsRequest{Field: "Region", Context: "1"}), http.StatusNotFound, "context was not found")
		wantInputError(t, try(jira.OptionsRequest{Field: "Customer"}), "field_id", "has no context")
		b.sandbox.Deny("", sandbox.PermissionAdminister)
		wantError(t, try(jira.OptionsRequest{Field: "Region"}), http.StatusForbidden, "administrator", "Give project_key and issue_type")
	})
}
