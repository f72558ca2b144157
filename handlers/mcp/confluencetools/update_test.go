package confluencetools

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

// idOf finds a page of the demo.
func (s session) idOf(t *testing.T, space, title string) string {
	t.Helper()
	return s.must(t, "confluence_get_page", map[string]any{"title": title, "space_key": space, "include_metadata": false})["id"].(string)
}

// refused is a call that has to fail, with these words.
func (s session) refused(t *testing.T, tool string, arguments map[string]any, words ...string) {
	t.Helper()
	text, isError := s.call(t, tool, arguments)
	for _, part := range words {
		if !isError || !strings.Contains(text, part) {
			t.Errorf("%s %v: error %v, want one with %q: %s", tool, arguments, isError, part, text)
		}
	}
}

func TestUpdatePage(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id := s.idOf(t, "TEAM", "Working agreement")
			page := s.must(t, "confluence_get_page", map[string]any{"page_id": id})
			edited := strings.Replace(page["body"].(string), "a day", "an hour", 1)

			dry := s.must(t, "confluence_update_page", map[string]any{"page_id": id, "title": "Working agreement", "content": edited, "dry_run": "true"})
			if !strings.Contains(dry["diff"].(string), "\n+- We review within an hour.") || dry["version"] != 1.0 || dry["untrusted"] == nil {
				t.Errorf("dry run: %v", dry)
			}
			// As mcp-atlassian's clients call it: every argument filled in.
			got := s.must(t, "confluence_update_page", map[string]any{
				"page_id": id, "title": "Working agreement", "content": edited, "is_minor_edit": false, "version_comment": nil, "parent_id": "",
				"content_format": "markdown", "enable_heading_anchors": false, "include_content": true, "emoji": nil, "page_width": nil, "table_layout": nil,
			})
			if got["version"] != 2.0 || got["changed"] != "+1 -1 lines" || got["diff"] != nil || got["untrusted"] == nil {
				t.Errorf("update: %v", got)
			}
			got = s.must(t, "confluence_update_page", map[string]any{"page_id": id, "content": "", "replacements": `[{"old":"an hour","new":"a minute"}]`, "expected_version": "2"})
			if got["version"] != 3.0 || got["replaced"] != 1.0 {
				t.Errorf("replacements: %v", got)
			}
			got = s.must(t, "confluence_update_page", map[string]any{"page_id": id, "append": "## Later\n\nSoon.", "is_minor_edit": true})
			if (got["note"] != nil) != (d.deployment == sandbox.Cloud) {
				t.Errorf("minor edit: %v", got)
			}
			s.must(t, "confluence_update_page_section", map[string]any{"page_id": id, "heading_text": "Later", "new_content": "* Never"})
			after := s.must(t, "confluence_get_page", map[string]any{"page_id": id})
			want := strings.Replace(page["body"].(string), "a day", "a minute", 1) + "\n\n## Later\n\n- Never"
			if after["body"] != want || after["version"] != 5.0 {
				t.Errorf("in the end: %v, want %s", after, want)
			}
			s.refused(t, "confluence_update_page", map[string]any{"page_id": id, "expected_version": 2, "content": "x"}, "at version 5, not 2", "-- We review within an hour.")
			s.refused(t, "confluence_update_page", map[string]any{"page_id": id, "expected_version": 0, "content": "x"}, "at least 1")
			s.refused(t, "confluence_update_page", map[string]any{"page_id": id, "replacements": []any{map[string]any{"old": "nowhere", "new": ""}}}, "replacements[0].old")
			s.refused(t, "confluence_update_page", map[string]any{"page_id": "99999", "append": "x"}, "confluence_search")
			s.refused(t, "confluence_update_page", map[string]any{"page_id": id}, "nothing to change")
			s.refused(t, "confluence_update_page_section", map[string]any{"page_id": id, "heading_text": "Nowhere", "new_content": ""}, "heading_text", "Later")
		})
	}
}

// TestVersionsAreAttributed looks at what Confluence keeps with a version.
func TestVersionsAreAttributed(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			server := newSandbox(t, i, nil)
			s := connect(t, newClient(t, listen(t, server)+d.context, d.deployment), member, func(c *mcp.Config) { c.Attribution = true }, policy.Config{})
			id := s.idOf(t, "TEAM", "Working agreement")
			got := s.must(t, "confluence_update_page", map[string]any{"page_id": id, "append": "x", "version_comment": "More"})
			const line = "On behalf of Ben Okafor, through Claude"
			if kept := server.VersionMessage(id); kept != "More – "+line || got["attribution"] != line {
				t.Errorf("kept %q, and the answer says %v", kept, got)
			}
			s.must(t, "confluence_update_page", map[string]any{"page_id": id, "append": "y"})
			if kept := server.VersionMessage(id); kept != line {
				t.Errorf("without a comment kept %q", kept)
			}
		})
	}
}

// newSandbox is a Confluence whose token may only read these spaces.
func newSandbox(t *testing.T, deployment int, readOnly []string) *sandbox.Server {
	t.Helper()
	d := deployments[deployment]
	config := sandbox.Config{Deployment: d.deployment, ReadOnly: readOnly}
	if d.context != "" {
		config.BaseURL = "http://confluence.example" + d.context
	}
	server, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// TestWithoutPermission lets the token's owner read one space and not change it.
func TestWithoutPermission(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			server := newSandbox(t, i, []string{"TEAM"})
			s := connect(t, newClient(t, listen(t, server)+d.context, d.deployment), member, func(*mcp.Config) {}, policy.Config{})
			id, comment := s.commented(t)
			for _, call := range changes(id, comment) {
				s.refused(t, call.tool, call.arguments, "account")
			}
			if page := s.must(t, "confluence_get_page", map[string]any{"page_id": id}); page["version"] != 1.0 {
				t.Errorf("changed all the same: %v", page)
			}
		})
	}
}

type call struct {
	tool      string
	arguments map[string]any
}

// commented is a page of TEAM with a comment.
func (s session) commented(t *testing.T) (page, comment string) {
	t.Helper()
	page = s.idOf(t, "TEAM", "ADR-002 Personal access tokens stay on the server")
	for id := range bodies(s.must(t, "confluence_get_comments", map[string]any{"page_id": page})) {
		comment = id
	}
	return page, comment
}

// changes are calls that change the page or something on it.
func changes(id, comment string) []call {
	return []call{
		{"confluence_create_page", map[string]any{"space_key": "TEAM", "title": "New", "content": "x"}},
		{"confluence_update_page", map[string]any{"page_id": id, "append": "x"}},
		{"confluence_move_page", map[string]any{"page_id": id, "target_space_key": "TEAM"}},
		{"confluence_copy_page", map[string]any{"source_page_id": id, "destination_space_key": "TEAM", "new_title": "Copy"}},
		{"confluence_set_page_restrictions", map[string]any{"page_id": id, "read_groups": []any{"platform"}}},
		{"confluence_add_label", map[string]any{"page_id": id, "name": "x"}},
		{"confluence_remove_label", map[string]any{"page_id": id, "name": "adr"}},
		{"confluence_add_comment", map[string]any{"page_id": id, "body": "x"}},
		{"confluence_add_inline_comment", map[string]any{"page_id": id, "body": "x", "text_selection": "Decision"}},
		{"confluence_reply_to_comment", map[string]any{"comment_id": comment, "body": "x"}},
	}
}

// TestWritesOutside tries every tool that writes on a page of a space that is not open.
func TestWritesOutside(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			server := newSandbox(t, i, nil)
			writes := 0
			url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "users-bulk") {
					writes++
				}
				server.ServeHTTP(w, r)
			}))
			client := newClient(t, url+d.context, d.deployment)
			team, comment := connect(t, client, member, func(*mcp.Config) {}, policy.Config{}).commented(t)
			s := connect(t, client, member, func(*mcp.Config) {}, policy.Config{Spaces: []string{"DOCS"}})
			for _, call := range changes(team, comment) {
				s.refused(t, call.tool, call.arguments, "TEAM is not one of the Confluence spaces")
			}
			docs := s.idOf(t, "DOCS", "Operations")
			s.refused(t, "confluence_update_page", map[string]any{"page_id": docs, "parent_id": team}, "is not a page of space DOCS")
			if writes != 0 {
				t.Errorf("%d writes were sent", writes)
			}
		})
	}
}
