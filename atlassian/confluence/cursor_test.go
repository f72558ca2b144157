package confluence

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// FuzzBodyCursor gives positions that no result of ours named: a caller can make any cursor.
func FuzzBodyCursor(f *testing.F) {
	f.Add(0, "1", "text")
	f.Add(3, "1", "Straße\nüber")
	f.Add(1<<40, "1", "short")
	f.Add(5, "", strings.Repeat("é\"", 9000))
	f.Fuzz(func(t *testing.T, start int, token, text string) {
		if !utf8.ValidString(text) {
			return
		}
		page := &Page{ID: "1", Version: 1}
		in := PageRequest{Storage: true, Cursor: atlassian.Cursor{Start: start, Token: token}.Encode("page 1 storage")}
		if err := page.setBody(in, text); err != nil {
			return
		}
		if !utf8.ValidString(page.Body) {
			t.Errorf("start %d tears a character apart: %q", start, page.Body)
		}
		if page.Cursor != "" && page.Body == "" {
			t.Error("the cursor does not move on")
		}
	})
}

// FuzzCommentCursor does the same for comments, whose cursor names a part of a path.
func FuzzCommentCursor(f *testing.F) {
	f.Add("footer-comments abc")
	f.Add("inline-comments ")
	f.Add("../../admin x")
	f.Fuzz(func(t *testing.T, token string) {
		if collection, _ := commentPosition(token); collection != footerComments && collection != inlineComments {
			t.Errorf("token %q leads to %q", token, collection)
		}
	})
}
