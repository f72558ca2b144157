package confluencetools

import (
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
)

// bodies are what comments say, by their ids.
func bodies(result map[string]any) map[string]map[string]any {
	out := make(map[string]map[string]any)
	for _, comment := range result["comments"].([]any) {
		comment := comment.(map[string]any)
		out[comment["id"].(string)] = comment
	}
	return out
}

func TestCommenting(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := startAs(t, i, member, func(c *mcp.Config) { c.Attribution = true })
			id := s.idOf(t, "DOCS", "Token life cycle")
			const line = "\n\nOn behalf of Ben Okafor, through Claude"
			footer := s.must(t, "confluence_add_comment", map[string]any{"page_id": id, "body": "A **footer**"})
			reply := s.must(t, "confluence_reply_to_comment", map[string]any{"comment_id": footer["id"], "content": "A reply"})
			deeper := s.must(t, "confluence_reply_to_comment", map[string]any{"comment_id": reply["id"], "body": "<p>Deeper</p>", "format": "storage"})
			inline := s.must(t, "confluence_add_inline_comment", map[string]any{"page_id": id, "body": "On this", "text_selection": "refresh token", "text_selection_match_count": 2, "text_selection_match_index": "1"})
			under := s.must(t, "confluence_reply_to_comment", map[string]any{"comment_id": inline["id"], "body": "Under it"})

			all := bodies(s.must(t, "confluence_get_comments", map[string]any{"page_id": id, "limit": 100}))
			onlyInline := bodies(s.must(t, "confluence_get_inline_comments", map[string]any{"page_id": id}))
			for _, want := range []struct {
				made    map[string]any
				body    string
				replyTo any
				inline  bool
			}{
				{footer, "A **footer**", nil, false}, {reply, "A reply", footer["id"], false}, {deeper, "Deeper", reply["id"], false},
				{inline, "On this", nil, true}, {under, "Under it", inline["id"], true},
			} {
				kept, listed := all[want.made["id"].(string)], onlyInline[want.made["id"].(string)] != nil
				if kept["body"] != want.body+line || kept["reply_to"] != want.replyTo || (kept["inline"] == true) != want.inline || listed != want.inline {
					t.Errorf("%v is kept as %v, listed as inline: %v", want.made, kept, listed)
				}
				if want.made["page_id"] != id || want.made["reply_to"] != want.replyTo || want.made["attribution"] == nil {
					t.Errorf("the answer says %v", want.made)
				}
			}
			if on := all[inline["id"].(string)]["on"]; on != "refresh token" || len(onlyInline) != 5 {
				t.Errorf("on %v, inline %v", on, onlyInline)
			}
			page := s.must(t, "confluence_get_page", map[string]any{"page_id": id})
			if page["version"] != 2.0 {
				t.Errorf("a comment made a new version: %v", page["version"])
			}
		})
	}
}

func TestCommentingRefused(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			id := s.idOf(t, "DOCS", "Token life cycle")
			before := len(bodies(s.must(t, "confluence_get_comments", map[string]any{"page_id": id, "limit": 100})))
			s.refused(t, "confluence_add_comment", map[string]any{"page_id": "99999", "body": "x"}, "404", "no such page")
			s.refused(t, "confluence_add_comment", map[string]any{"page_id": "x", "body": "x"}, "page_id")
			s.refused(t, "confluence_add_comment", map[string]any{"page_id": id, "body": " "}, "body: it is empty")
			s.refused(t, "confluence_add_comment", map[string]any{"page_id": id, "body": "<p>", "format": "storage"}, "Error parsing xhtml")
			s.refused(t, "confluence_add_comment", map[string]any{"page_id": id, "body": "x", "format": "adf"}, "body: malformed")
			s.refused(t, "confluence_reply_to_comment", map[string]any{"comment_id": "99999", "body": "x"}, "no such comment")
			s.refused(t, "confluence_reply_to_comment", map[string]any{"comment_id": id, "body": "x"}, "no such comment")
			inline := map[string]any{"page_id": id, "body": "x", "text_selection": "refresh token"}
			s.refused(t, "confluence_add_inline_comment", inline, "2 times on the page: pass text_selection_match_count 2")
			inline["text_selection"] = "nowhere"
			s.refused(t, "confluence_add_inline_comment", inline, "does not seem to be on the page")
			inline["text_selection_match_index"] = 1
			s.refused(t, "confluence_add_inline_comment", inline, "text_selection_match_index: it is 1 of 1")
			if after := len(bodies(s.must(t, "confluence_get_comments", map[string]any{"page_id": id, "limit": 100}))); after != before {
				t.Errorf("%d comments, before %d", after, before)
			}
		})
	}
}
