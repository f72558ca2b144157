package confluencetools

import (
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

// above are the titles of the pages above a page, and its space.
func (s session) above(t *testing.T, id any) string {
	t.Helper()
	page := s.must(t, "confluence_get_page", map[string]any{"page_id": id})
	where := page["space"].(string)
	for _, ancestor := range page["ancestors"].([]any) {
		where += " / " + ancestor.(map[string]any)["title"].(string)
	}
	return where
}

func TestHistory(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id := s.idOf(t, "DOCS", "Installation")
			old := s.must(t, "confluence_get_page_history", map[string]any{"page_id": id, "version": 1})
			if old["body"] != "Build Caddy." || old["version"] != 1.0 || old["current_version"] != 2.0 || old["updated_by"] != "Ben Okafor" || old["untrusted"] == nil {
				t.Errorf("version 1: %v", old)
			}
			now := s.must(t, "confluence_get_page_history", map[string]any{"page_id": id, "version": "2", "convert_to_markdown": false})
			if !strings.Contains(now["body"].(string), "<ac:structured-macro") || now["updated_by"] != "Ada Keller" || now["version_comment"] != "Review" {
				t.Errorf("version 2: %v", now)
			}
			diff := s.must(t, "confluence_get_page_diff", map[string]any{"page_id": id, "from_version": 1, "to_version": 2})
			if text := diff["diff"].(string); !strings.Contains(text, "-Build Caddy.\n+Build Caddy with the plugin:\n") || !strings.HasPrefix(diff["changed"].(string), "+") {
				t.Errorf("difference: %v", diff)
			}
			back := s.must(t, "confluence_get_page_diff", map[string]any{"page_id": id, "from_version": 2, "to_version": 1})
			if !strings.Contains(back["diff"].(string), "+Build Caddy.\n") {
				t.Errorf("the other way: %v", back)
			}
			s.refused(t, "confluence_get_page_history", map[string]any{"page_id": id, "version": 3}, "versions 1 to 2")
			s.refused(t, "confluence_get_page_history", map[string]any{"page_id": id, "version": 0}, "at least 1")
			s.refused(t, "confluence_get_page_history", map[string]any{"page_id": "99999", "version": 1}, "no such page")
			s.refused(t, "confluence_get_page_diff", map[string]any{"page_id": id, "from_version": 1, "to_version": 9}, "to_version", "versions 1 to 2")
			s.refused(t, "confluence_get_page_diff", map[string]any{"page_id": id, "from_version": 1, "to_version": 1}, "the same")
			bounded := start(t, i, "TEAM")
			s = bounded
			s.refused(t, "confluence_get_page_history", map[string]any{"page_id": id, "version": 1}, "outside")
			s.refused(t, "confluence_get_page_diff", map[string]any{"page_id": id, "from_version": 1, "to_version": 2}, "outside")
		})
	}
}

func TestMove(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id, target, elsewhere := s.idOf(t, "DOCS", "Architecture"), s.idOf(t, "DOCS", "Operations"), s.idOf(t, "TEAM", "Decisions")
			below := s.idOf(t, "DOCS", "Caddy handlers")
			moved := s.must(t, "confluence_move_page", map[string]any{"page_id": id, "target_parent_id": target})
			if where := s.above(t, below); where != "DOCS / Product Docs / Operations / Architecture" || moved["space"] != "DOCS" {
				t.Errorf("moved to %s: %v", where, moved)
			}
			s.must(t, "confluence_move_page", map[string]any{"page_id": id, "target_space_key": "DOCS", "position": "append"})
			if where := s.above(t, id); where != "DOCS / Product Docs" {
				t.Errorf("moved to %s", where)
			}
			s.refused(t, "confluence_move_page", map[string]any{"page_id": id, "target_parent_id": id}, "to itself")
			s.refused(t, "confluence_move_page", map[string]any{"page_id": id, "target_parent_id": below}, "400")
			s.refused(t, "confluence_move_page", map[string]any{"page_id": id}, "target_parent_id")
			s.refused(t, "confluence_move_page", map[string]any{"page_id": id, "target_parent_id": "99999"}, "target_parent_id")
			s.refused(t, "confluence_move_page", map[string]any{"page_id": id, "target_parent_id": elsewhere, "target_space_key": "DOCS"}, "is not a page of space DOCS")
			s.refused(t, "confluence_move_page", map[string]any{"page_id": "99999", "target_parent_id": target}, "no such page")
			s.refused(t, "confluence_move_page", map[string]any{"page_id": id, "target_space_key": "NOPE"}, "no space")
			across := map[string]any{"page_id": id, "target_parent_id": elsewhere}
			if d.deployment != sandbox.Cloud {
				s.refused(t, "confluence_move_page", across, "confluence_copy_page")
				across["position"] = "before"
				s.refused(t, "confluence_move_page", across, "only below another")
				return
			}
			s.must(t, "confluence_move_page", across)
			if where := s.above(t, below); where != "TEAM / Platform Team / Decisions / Architecture" {
				t.Errorf("moved to %s", where)
			}
			s.must(t, "confluence_move_page", map[string]any{"page_id": id, "target_parent_id": elsewhere, "position": "before"})
			if where := s.above(t, id); where != "TEAM / Platform Team" {
				t.Errorf("moved to %s", where)
			}
		})
	}
}

func TestCopy(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id, parent := s.idOf(t, "DOCS", "Architecture"), s.idOf(t, "TEAM", "Decisions")
			noSpace := map[string]string{sandbox.Cloud: `destination_space_key: there is no space "NOPE"`, sandbox.DataCenter: "404"}
			copied := s.must(t, "confluence_copy_page", map[string]any{"source_page_id": id, "destination_space_key": "TEAM", "new_title": "A copy", "destination_parent_id": parent})
			if where := s.above(t, copied["id"]); where != "TEAM / Platform Team / Decisions" || copied["title"] != "A copy" || copied["space"] != "TEAM" {
				t.Errorf("copied to %s: %v", where, copied)
			}
			if (copied["note"] == nil) != (d.deployment == sandbox.Cloud) {
				t.Errorf("note: %v", copied)
			}
			whole := map[string]any{"page_id": id, "convert_to_markdown": false}
			body := s.must(t, "confluence_get_page", whole)["body"]
			whole["page_id"] = copied["id"]
			if got := s.must(t, "confluence_get_page", whole)["body"]; got != body {
				t.Errorf("the copy reads %v", got)
			}
			s.must(t, "confluence_copy_page", map[string]any{"source_page_id": id, "destination_space_key": "DOCS", "new_title": "Another copy", "copy_attachments": false})
			s.refused(t, "confluence_copy_page", map[string]any{"source_page_id": id, "destination_space_key": "TEAM", "new_title": "A copy"}, "Titles are unique")
			s.refused(t, "confluence_copy_page", map[string]any{"source_page_id": id, "destination_space_key": "NOPE", "new_title": "x"}, noSpace[d.deployment])
			s.refused(t, "confluence_copy_page", map[string]any{"source_page_id": "99999", "destination_space_key": "TEAM", "new_title": "x"}, "no such page")
			s.refused(t, "confluence_copy_page", map[string]any{"source_page_id": id, "destination_space_key": "DOCS", "new_title": "x", "destination_parent_id": parent}, "is not a page of space DOCS")
		})
	}
}

// TestMovesOutside opens one space, and takes nothing out of or into the other.
func TestMovesOutside(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			free := start(t, i)
			docs, team := free.idOf(t, "DOCS", "Architecture"), free.idOf(t, "TEAM", "Decisions")
			s := start(t, i, "DOCS")
			for tool, list := range map[string][]map[string]any{
				"confluence_move_page": {
					{"page_id": docs, "target_parent_id": team}, {"page_id": docs, "target_space_key": "TEAM"}, {"page_id": team, "target_parent_id": docs},
					{"page_id": team, "target_space_key": "DOCS"}, {"page_id": docs, "target_parent_id": team, "target_space_key": "DOCS"},
				},
				"confluence_copy_page": {
					{"source_page_id": docs, "destination_space_key": "TEAM", "new_title": "x"},
					{"source_page_id": team, "destination_space_key": "DOCS", "new_title": "x"},
				},
			} {
				for _, arguments := range list {
					s.refused(t, tool, arguments, "TEAM is not one of the Confluence spaces")
				}
			}
			s.refused(t, "confluence_copy_page", map[string]any{"source_page_id": docs, "destination_space_key": "DOCS", "new_title": "x", "destination_parent_id": team}, "is not a page of space DOCS")
			if where := s.above(t, docs); where != "DOCS / Product Docs" {
				t.Errorf("moved to %s", where)
			}
			if found := s.must(t, "confluence_search", map[string]any{"query": "title = x"}); len(found["results"].([]any)) != 0 {
				t.Errorf("copied: %v", found)
			}
		})
	}
}

// TestDeleteIsClosed looks for the tool that the policy gives to nobody.
func TestDeleteIsClosed(t *testing.T) {
	s := start(t, 0)
	id := s.idOf(t, "DOCS", "Architecture")
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		if tool.Name == "confluence_delete_page" {
			t.Error("it is listed")
		}
	}
	if result, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: "confluence_delete_page", Arguments: map[string]any{"page_id": id}}); err == nil {
		t.Errorf("it was called: %v", result)
	}
	s.must(t, "confluence_get_page", map[string]any{"page_id": id})
}
