package confluencetools

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

func TestRestrictions(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id := s.idOf(t, "DOCS", "Architecture")
			ada, service := "akeller", "svc-mcp"
			if d.deployment == sandbox.Cloud {
				ada, service = "557058:ada", "557058:svc-mcp"
			}
			people := `{"id":"` + ada + `","name":"Ada Keller"},{"id":"` + service + `","name":"MCP Service"}`
			self := `{"id":"` + service + `","name":"MCP Service"}`
			const open = `"note":"The page itself keeps nobody out; pages above it and the space may."`
			for _, step := range []struct {
				name      string
				arguments map[string]any
				want      string
			}{
				{"nothing yet", nil, open},
				{"a reader", map[string]any{"read_users": []any{ada}}, `"read":{"users":[` + people + `]}`},
				{"a reader by name", map[string]any{"read_users": "ada keller, me"}, `"read":{"users":[` + people + `]}`},
				{"editors too", map[string]any{"edit_groups": "platform"}, `"read":{"users":[` + people + `]},"edit":{"users":[` + self + `],"groups":["platform"]}`},
				{"other readers", map[string]any{"read_groups": []any{"confluence-users"}, "edit_users": nil}, `"read":{"users":[` + self + `],"groups":["confluence-users"]},"edit":{"users":[` + self + `],"groups":["platform"]}`},
				{"read again", nil, `"read":{"users":[` + self + `],"groups":["confluence-users"]},"edit":{"users":[` + self + `],"groups":["platform"]}`},
				{"editing lifted", map[string]any{"edit_users": []any{}}, `"read":{"users":[` + self + `],"groups":["confluence-users"]}`},
				{"all lifted", map[string]any{"read_users": []any{}, "edit_groups": []any{}}, open},
			} {
				tool, arguments := "confluence_get_page_restrictions", map[string]any{}
				if step.arguments != nil {
					tool, arguments = "confluence_set_page_restrictions", step.arguments
				}
				arguments["page_id"] = id
				got := s.must(t, tool, arguments)
				delete(got, "untrusted")
				var want map[string]any
				if err := json.Unmarshal([]byte(`{"page_id":"`+id+`",`+step.want+`}`), &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", step.name, diff)
				}
			}
			set := func(member string, value any) map[string]any { return map[string]any{"page_id": id, member: value} }
			s.refused(t, "confluence_set_page_restrictions", map[string]any{"page_id": id}, "nothing to change")
			s.refused(t, "confluence_set_page_restrictions", set("read_users", []any{"nobody-at-all"}), `read_users: there is no user "nobody-at-all"`)
			s.refused(t, "confluence_set_page_restrictions", set("read_users", []any{"Sam Lee"}), "several people")
			s.refused(t, "confluence_set_page_restrictions", set("edit_users", []any{" "}), "edit_users: is empty")
			s.refused(t, "confluence_set_page_restrictions", set("edit_groups", []any{"nobody"}), "Group not found")
			s.refused(t, "confluence_set_page_restrictions", set("edit_groups", []any{" "}), "edit_groups")
			s.refused(t, "confluence_get_page_restrictions", map[string]any{"page_id": "99999"}, "no such page")
			s.refused(t, "confluence_set_page_restrictions", map[string]any{"page_id": "99999", "read_users": []any{ada}}, "no such page")
			if d.deployment == sandbox.Cloud { // an id is not looked up before
				s.refused(t, "confluence_set_page_restrictions", set("read_users", []any{"557058:gone"}), "User not found")
			}
			s = start(t, i, "TEAM")
			s.refused(t, "confluence_get_page_restrictions", map[string]any{"page_id": id}, "DOCS is not one")
		})
	}
}
