package confluencetools

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// TestUses holds the tools that do the work of others to a list.
func TestUses(t *testing.T) {
	catalogue := new(mcp.Catalogue)
	Register(catalogue, nil)
	got := map[string][]policy.Use{}
	for _, tool := range catalogue.Tools() {
		if tool.Uses != nil {
			got[tool.Name] = tool.Uses
		}
	}
	want := map[string][]policy.Use{
		"confluence_update_page":         {{Tool: "confluence_get_page"}, {Tool: "confluence_move_page", Argument: "parent_id"}},
		"confluence_update_page_section": {{Tool: "confluence_get_page"}},
		"confluence_copy_page":           {{Tool: "confluence_create_page"}, {Tool: "confluence_get_page"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +registered):\n%s", diff)
	}
	if err := policy.CheckUses(catalogue.Tools()); err != nil {
		t.Error(err)
	}
}

// with starts an assistant under these lines of a policy.
func with(t *testing.T, deployment int, rules ...policy.Rule) session {
	t.Helper()
	return startAs(t, deployment, member, func(c *mcp.Config) {
		p, err := policy.New(policy.Config{Rules: rules, Known: c.Catalogue.Tools()})
		if err != nil {
			t.Fatal(err)
		}
		c.Policy = p
	})
}

// What one tool is closed for, no other does.
func TestWorkOfClosedTools(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			deny := func(tool string, spaces ...string) policy.Rule {
				return policy.Rule{Deny: true, What: []string{tool}, Spaces: spaces}
			}
			s := with(t, i, deny("confluence_move_page", "TEAM"), deny("confluence_create_page", "TEAM"))
			page, parent := s.idOf(t, "TEAM", "Working agreement"), s.idOf(t, "TEAM", "Decisions")
			was := s.above(t, page)
			s.refused(t, "confluence_update_page", map[string]any{"page_id": page, "append": "x", "parent_id": parent},
				"space TEAM is not one of the Confluence spaces that are open to you here for parent_id, which is the work of confluence_move_page. Nothing was done: leave parent_id out.")
			if got := s.above(t, page); got != was || s.must(t, "confluence_get_page", map[string]any{"page_id": page})["version"] != 1.0 {
				t.Errorf("it was changed: %s", got)
			}
			if got := s.must(t, "confluence_update_page", map[string]any{"page_id": page, "append": "x", "parent_id": ""}); got["version"] != 2.0 {
				t.Errorf("without: %v", got)
			}
			s.refused(t, "confluence_copy_page", copyOf(s.idOf(t, "DOCS", "Installation")).Arguments.(map[string]any), "space TEAM is not one")

			s = with(t, i, deny("confluence_move_page"), deny("confluence_create_page"))
			s.refused(t, "confluence_update_page", map[string]any{"page_id": page, "parent_id": parent},
				"Nothing was done: parent_id is the work of confluence_move_page, which is not open to you here. Leave parent_id out.")
			if _, err := s.CallTool(t.Context(), copyOf(page)); err == nil {
				t.Error("a copy is no new page")
			}
			if got := s.above(t, page); got != was {
				t.Errorf("it was moved: %s", got)
			}

			docs := start(t, i).idOf(t, "DOCS", "Installation") // of a sandbox of its own, with the same ids
			s = with(t, i, deny("confluence_get_page", "DOCS"))
			s.refused(t, "confluence_copy_page", copyOf(docs).Arguments.(map[string]any), "space DOCS is not one")
		})
	}
}

func copyOf(page string) *sdk.CallToolParams {
	return &sdk.CallToolParams{Name: "confluence_copy_page", Arguments: map[string]any{"source_page_id": page, "destination_space_key": "TEAM", "new_title": "Copy"}}
}
