package confluencetools

import (
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/hostile"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

var everything = policy.Config{Rules: []policy.Rule{{What: []string{"read", "write", "delete"}}}}

// hostileCall is a call to a Confluence whose every text is an attack. Shown says that the result tells
// some of them.
type hostileCall struct {
	tool          string
	arguments     map[string]any
	failed, shown bool
}

// hostileCalls are calls of every tool, with and without success.
func hostileCalls(page, comment any, ada string) []hostileCall {
	type a = map[string]any
	const section = "What to do when the site is down"
	return []hostileCall{
		{"confluence_search", a{"query": "token"}, false, true},
		{"confluence_search", a{"query": "type = page AND"}, true, true},
		{"confluence_get_page", a{"page_id": page}, false, true},
		{"confluence_get_page", a{"page_id": page, "convert_to_markdown": false}, false, true},
		{"confluence_get_page", a{"page_id": "99999"}, true, false},
		{"confluence_get_page_children", a{"parent_id": page}, false, false},
		{"confluence_get_space_page_tree", a{"space_key": "DOCS"}, false, true},
		{"confluence_list_spaces", a{}, false, true},
		{"confluence_get_labels", a{"page_id": page}, false, true},
		{"confluence_add_label", a{"page_id": page, "name": "new"}, false, true},
		{"confluence_remove_label", a{"page_id": page, "name": "new"}, false, false},
		{"confluence_remove_label", a{"page_id": page, "name": "other"}, true, true},
		{"confluence_get_comments", a{"page_id": page}, false, true},
		{"confluence_get_inline_comments", a{"page_id": page}, false, true},
		{"confluence_add_comment", a{"page_id": page, "body": "x"}, false, false},
		{"confluence_reply_to_comment", a{"comment_id": comment, "body": "x"}, false, false},
		{"confluence_add_inline_comment", a{"page_id": page, "body": "x", "text_selection": "rotated on every use"}, false, false},
		{"confluence_add_inline_comment", a{"page_id": page, "body": "x", "text_selection": "nowhere"}, true, true},
		{"confluence_update_page", a{"page_id": page, "append": "more", "dry_run": true}, false, true},
		{"confluence_update_page", a{"page_id": page, "append": "more"}, false, true},
		{"confluence_update_page", a{"page_id": page, "append": "more", "expected_version": 1}, true, true},
		{"confluence_update_page", a{"page_id": page, "title": "Installation"}, true, true},
		{"confluence_update_page_section", a{"page_id": page, "heading_text": section, "new_content": "x"}, true, false},
		{"confluence_get_page_history", a{"page_id": page, "version": 1}, false, true},
		{"confluence_get_page_diff", a{"page_id": page, "from_version": 1, "to_version": 2}, false, true},
		{"confluence_create_page", a{"space_key": "DOCS", "title": "New", "content": "x"}, false, true},
		{"confluence_create_page", a{"space_key": "DOCS", "title": "New", "content": "x"}, true, true},
		{"confluence_copy_page", a{"source_page_id": page, "destination_space_key": "DOCS", "new_title": "Copy"}, false, true},
		{"confluence_copy_page", a{"source_page_id": page, "destination_space_key": "DOCS", "new_title": "Copy"}, true, true},
		{"confluence_move_page", a{"page_id": page, "target_space_key": "DOCS"}, false, false},
		{"confluence_get_page_restrictions", a{"page_id": page}, false, false},
		{"confluence_set_page_restrictions", a{"page_id": page, "read_users": []string{ada}}, false, true},
		{"confluence_set_page_restrictions", a{"page_id": page, "read_groups": []string{"nobody"}}, true, true},
		{"confluence_delete_page", a{"page_id": page}, false, false},
		{"confluence_delete_page", a{"page_id": page}, true, true},
	}
}

// TestAttack9_1_HostilePages calls every tool with each payload in every text that Confluence sends.
func TestAttack9_1_HostilePages(t *testing.T) {
	for i, d := range deployments[:2] {
		clean := start(t, i)
		page := clean.must(t, "confluence_get_page", map[string]any{"title": "Token life cycle", "space_key": "DOCS"})["id"]
		comment := clean.must(t, "confluence_get_comments", map[string]any{"page_id": page})["comments"].([]any)[0].(map[string]any)["id"]
		ada := map[string]string{sandbox.Cloud: "557058:ada", sandbox.DataCenter: "akeller"}[d.deployment]
		for _, payload := range hostile.Payloads(t) {
			t.Run(d.name+", "+payload.Name, func(t *testing.T) {
				server, err := sandbox.New(sandbox.Config{Deployment: d.deployment})
				if err != nil {
					t.Fatal(err)
				}
				client := newClient(t, listen(t, payload.Wrap(server)), d.deployment)
				s := connect(t, client, member, func(*mcp.Config) {}, everything)
				tried := map[string]bool{}
				for _, call := range hostileCalls(page, comment, ada) {
					tried[call.tool] = true
					s.hostile(t, call)
				}
				list, err := s.ListTools(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, tool := range list.Tools {
					if !tried[tool.Name] {
						t.Errorf("%s has no call here", tool.Name)
					}
				}
			})
		}
	}
}

func (s session) hostile(t *testing.T, call hostileCall) {
	t.Helper()
	if _, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: call.tool, Arguments: call.arguments}); err != nil {
		t.Errorf("%s %v: %v", call.tool, call.arguments, err)
		return
	}
	text, failed, err := hostile.Check(s.wire.Last(), "Confluence")
	if err != nil {
		t.Errorf("%s %v: %v", call.tool, call.arguments, err)
	}
	if failed != call.failed || call.shown && !strings.Contains(text, hostile.Word) {
		t.Errorf("%s %v: failed %v: %s", call.tool, call.arguments, failed, text)
	}
}

// TestReadableContent: emoji that are spelled with joiners and selectors, and texts from right to left,
// come back as they were written.
func TestReadableContent(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			for n, text := range hostile.Readable {
				created := s.must(t, "confluence_create_page", map[string]any{"space_key": "TEAM", "title": strings.Repeat("x", n+1) + " " + text, "content": text})
				page := s.must(t, "confluence_get_page", map[string]any{"page_id": created["id"]})
				if page["body"] != text || page["title"] != strings.Repeat("x", n+1)+" "+text {
					t.Errorf("%q came back as %q in %q", text, page["body"], page["title"])
				}
				s.must(t, "confluence_update_page", map[string]any{"page_id": created["id"], "append": "more"})
				if page = s.must(t, "confluence_get_page", map[string]any{"page_id": created["id"]}); page["body"] != text+"\n\nmore" {
					t.Errorf("%q was changed to %q", text, page["body"])
				}
			}
		})
	}
}

// TestCommentsOfTheSourceStayThere: what is a comment in storage format is no text of the page.
func TestCommentsOfTheSourceStayThere(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			created := s.must(t, "confluence_create_page", map[string]any{"space_key": "TEAM", "title": "x", "content_format": "storage", "content": "<!-- obey --><p>seen<!-- obey --></p>"})
			if page := s.must(t, "confluence_get_page", map[string]any{"page_id": created["id"]}); page["body"] != "seen" {
				t.Errorf("read as %q", page["body"])
			}
		})
	}
}
