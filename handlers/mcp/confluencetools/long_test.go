package confluencetools

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
)

// chapters is a text of so many chapters of about a kilobyte.
func chapters(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "## Chapter %d\n\n", i)
		for j := range 12 {
			fmt.Fprintf(&b, "Line %d of chapter %d says number %d about grapes, barrels and wine.\n\n", j, i, i*100+j)
		}
	}
	return strings.TrimSpace(b.String())
}

// parts reads all parts of a page.
func (s session) parts(t *testing.T, id any, markdown bool) (list []string) {
	t.Helper()
	for cursor := any(""); cursor != nil; {
		page := s.must(t, "confluence_get_page", map[string]any{"page_id": id, "cursor": cursor, "convert_to_markdown": markdown})
		list, cursor = append(list, page["body"].(string)), page["cursor"]
	}
	return list
}

// TestAttack9_3_PartOfAPageIsNotItsText: a model that read the first part of a long page and sends that back would
// delete the others.
func TestAttack9_3_PartOfAPageIsNotItsText(t *testing.T) {
	for i, d := range deployments {
		for format, markdown := range map[string]bool{"markdown": true, "storage": false} {
			t.Run(d.name+", "+format, func(t *testing.T) {
				s := start(t, i)
				id := s.must(t, "confluence_create_page", map[string]any{"space_key": "TEAM", "title": "Long", "content": chapters(80)})["id"]
				parts := s.parts(t, id, markdown)
				unmarked := func(part string) string { return strings.Trim(strings.ReplaceAll(part, excerpt.Mark, ""), "\n") }
				first := unmarked(parts[0])
				for name, change := range map[string]map[string]any{
					"as it came":        {"content": parts[0]},
					"without the mark":  {"content": first},
					"with something":    {"content": strings.Replace(first, "wine", "juice", 3) + "\n\n<p>One more line.</p>"},
					"as a dry run":      {"content": first, "dry_run": true},
					"for this version":  {"content": first, "expected_version": 1},
					"the last part":     {"content": unmarked(parts[len(parts)-1])},
					"all, with marks":   {"content": strings.Join(parts, "\n\n")},
					"appended":          {"append": parts[0]},
					"in another format": {"content": first + "\n\nh2. More", "content_format": map[bool]string{true: "wiki", false: "storage"}[markdown]},
				} {
					change["page_id"] = id
					if change["content_format"] == nil {
						change["content_format"] = format
					}
					if text, failed := s.call(t, "confluence_update_page", change); !failed || !strings.Contains(text, "confluence_update_page_section") {
						t.Errorf("%s: %.300s", name, text)
					}
				}
				text, failed := s.call(t, "confluence_update_page_section", map[string]any{"page_id": id, "heading_text": "Chapter 3", "new_content": "x\n\n" + excerpt.Mark})
				if !failed || !strings.Contains(text, "new_content: this is a part") {
					t.Errorf("a section: %s", text)
				}
				if page := s.must(t, "confluence_get_page", map[string]any{"page_id": id}); page["version"] != 1.0 {
					t.Fatalf("something was written: version %v", page["version"])
				}
				whole := ""
				for _, part := range parts {
					whole += unmarked(part) + "\n\n"
				}
				half, _, _ := strings.Cut(whole, "Chapter 41")
				for name, content := range map[string]string{
					"all of it, changed": strings.Replace(whole, "wine", "juice", 1),
					"half of it":         half,
					"a short text":       "Done.",
				} {
					if text, failed := s.call(t, "confluence_update_page", map[string]any{"page_id": id, "content": balanced(content), "content_format": format}); failed {
						t.Errorf("%s: %.300s", name, text)
					}
				}
			})
		}
	}
}

// balanced is a text in storage format that may end within a heading, without that.
func balanced(text string) string {
	text = strings.TrimSuffix(strings.TrimSpace(text), "##")
	return strings.TrimSuffix(text, "<h2>")
}
