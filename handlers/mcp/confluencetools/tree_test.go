package confluencetools

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all reads a list in parts of this size and returns one member of each of its items.
func (s session) all(t *testing.T, tool string, arguments map[string]any, limit int, list, member string) []string {
	t.Helper()
	var found []string
	if limit > 0 {
		arguments["limit"] = limit
	}
	delete(arguments, "cursor")
	for range 100 {
		part := s.must(t, tool, arguments)
		items := part[list].([]any)
		if limit > 0 && len(items) > limit {
			t.Errorf("%s: %d items, more than %d", tool, len(items), limit)
		}
		for _, item := range items {
			found = append(found, fmt.Sprint(item.(map[string]any)[member]))
		}
		if part["cursor"] == nil {
			return found
		}
		arguments["cursor"] = part["cursor"]
	}
	t.Fatalf("%s: the list does not end", tool)
	return nil
}

func TestLists(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			home := s.idOf(t, "DOCS", "Product Docs")
			tree := s.must(t, "confluence_get_space_page_tree", map[string]any{"space_key": "DOCS"})
			pages := tree["pages"].([]any)
			titles, parents := map[any]string{}, map[string]string{}
			for _, item := range pages {
				titles[item.(map[string]any)["id"]] = item.(map[string]any)["title"].(string)
			}
			for _, item := range pages {
				if item := item.(map[string]any); item["parent_id"] != nil {
					parents[item["title"].(string)] = titles[item["parent_id"]]
				}
			}
			if len(pages) != 13 || parents["Token life cycle"] != "Architecture" || parents["Product Docs"] != "" || parents["Release 1.4"] != "Release notes" {
				t.Errorf("%d pages: %v", len(pages), parents)
			}
			for _, tc := range []struct {
				tool         string
				arguments    map[string]any
				list, member string
				want         []string
			}{
				{"confluence_get_page_children", map[string]any{"parent_id": home}, "pages", "title", []string{"Getting started", "Architecture", "Operations", "API reference", "Release notes"}},
				{"confluence_get_space_page_tree", map[string]any{"space_key": "DOCS"}, "pages", "id", nil},
				{"confluence_list_spaces", map[string]any{}, "spaces", "key", []string{"DOCS", "TEAM"}},
			} {
				whole := s.all(t, tc.tool, tc.arguments, 0, tc.list, tc.member)
				if diff := cmp.Diff(tc.want, whole); diff != "" && tc.want != nil {
					t.Errorf("%s (-want +got):\n%s", tc.tool, diff)
				}
				for limit := 1; limit <= 4; limit++ {
					if diff := cmp.Diff(whole, s.all(t, tc.tool, tc.arguments, limit, tc.list, tc.member)); diff != "" {
						t.Errorf("%s, %d at a time (-whole +parts):\n%s", tc.tool, limit, diff)
					}
				}
			}
			// As mcp-atlassian's clients call it.
			children := s.must(t, "confluence_get_page_children", map[string]any{"parent_id": home, "expand": "version,history", "limit": 50, "include_content": false, "convert_to_markdown": true, "start": 0, "include_folders": true})
			if len(children["pages"].([]any)) != 5 || children["untrusted"] == nil {
				t.Errorf("children: %v", children)
			}
			if spaces := s.must(t, "confluence_list_spaces", map[string]any{"type": "personal"}); len(spaces["spaces"].([]any)) != 0 {
				t.Errorf("personal spaces: %v", spaces)
			}
			s.refused(t, "confluence_get_page_children", map[string]any{"parent_id": "99999"}, "no such page")
			s.refused(t, "confluence_get_page_children", map[string]any{"parent_id": "x"}, "parent_id")
			s.refused(t, "confluence_get_page_children", map[string]any{"parent_id": home, "cursor": "x"}, "not a cursor")
			s.refused(t, "confluence_get_space_page_tree", map[string]any{"space_key": "NOPE"}, "confluence_list_spaces")
			s.refused(t, "confluence_get_space_page_tree", map[string]any{"space_key": "../x"}, "space_key")
		})
	}
}

// TestListsWithin opens one space and looks for another in the lists.
func TestListsWithin(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			free := start(t, i)
			team, docs := free.idOf(t, "TEAM", "Platform Team"), free.idOf(t, "DOCS", "Product Docs")
			s := start(t, i, "DOCS")
			if keys := s.all(t, "confluence_list_spaces", map[string]any{}, 1, "spaces", "key"); !slices.Equal(keys, []string{"DOCS"}) {
				t.Errorf("spaces %v", keys)
			}
			s.refused(t, "confluence_get_page_children", map[string]any{"parent_id": team}, "TEAM is not one")
			s.refused(t, "confluence_get_space_page_tree", map[string]any{"space_key": "TEAM"}, "TEAM is not one")
			s.refused(t, "confluence_get_labels", map[string]any{"page_id": team}, "TEAM is not one")
			s.must(t, "confluence_get_page_children", map[string]any{"parent_id": docs})
			s.must(t, "confluence_get_space_page_tree", map[string]any{"space_key": "DOCS"})
			s.must(t, "confluence_get_labels", map[string]any{"page_id": docs})
		})
	}
}

func TestLabels(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id := s.idOf(t, "DOCS", "Installation")
			labels := func() string {
				var list []string
				for _, label := range s.must(t, "confluence_get_labels", map[string]any{"page_id": id})["labels"].([]any) {
					list = append(list, label.(string))
				}
				return strings.Join(list, " ")
			}
			if got := labels(); got != "howto install" {
				t.Errorf("labels %q", got)
			}
			added := s.must(t, "confluence_add_label", map[string]any{"page_id": id, "name": "Caddy "})
			s.must(t, "confluence_add_label", map[string]any{"page_id": id, "name": "caddy"})
			if got := labels(); got != "howto install caddy" || len(added["labels"].([]any)) != 3 {
				t.Errorf("after adding %q, the answer says %v", got, added)
			}
			removed := s.must(t, "confluence_remove_label", map[string]any{"page_id": id, "name": "howto"})
			if got := labels(); got != "install caddy" || removed["removed"] != "howto" {
				t.Errorf("after removing %q, the answer says %v", got, removed)
			}
			s.refused(t, "confluence_remove_label", map[string]any{"page_id": id, "name": "howto"}, "confluence_get_labels")
			s.refused(t, "confluence_add_label", map[string]any{"page_id": id, "name": "two words"}, "one word")
			s.refused(t, "confluence_add_label", map[string]any{"page_id": "99999", "name": "x"}, "no such page")
			s.refused(t, "confluence_get_labels", map[string]any{"page_id": "99999"}, "no such page")
			s.refused(t, "confluence_get_labels", map[string]any{"page_id": "a b"}, "page_id")
		})
	}
}
