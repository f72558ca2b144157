package confluence

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

// TestContract sends every request that the client can send, refused ones included, and holds
// them and the sandbox's answers to Atlassian's documents.
func TestContract(t *testing.T) {
	for _, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			check := contract.Load(t, d.documents...).Under(d.context)
			exercise(t, connect(t, d.deployment, d.context, check, "sandbox-confluence-token"))
			want := []string{
				"DELETE /rest/api/content/{id}", "DELETE /rest/api/content/{id}/label",
				"GET /_edge/tenant_info",
				"GET /rest/api/content", "GET /rest/api/content/{id}", "GET /rest/api/content/{id}/child/comment", "GET /rest/api/content/{id}/child/{type}",
				"GET /rest/api/content/{id}/label", "GET /rest/api/content/{id}/restriction/byOperation",
				"GET /rest/api/search", "GET /rest/api/space", "GET /rest/api/user", "GET /rest/api/user/current",
				"POST /rest/api/content", "POST /rest/api/content/{id}/label", "PUT /rest/api/content/{id}", "PUT /rest/api/content/{id}/restriction",
			}
			if d.deployment == sandbox.Cloud {
				want = []string{
					"DELETE /wiki/api/v2/pages/{id}", "DELETE /wiki/rest/api/content/{id}/label",
					"GET /_edge/tenant_info",
					"GET /wiki/api/v2/folders/{id}", "GET /wiki/api/v2/folders/{id}/direct-children",
					"GET /wiki/api/v2/footer-comments/{comment-id}", "GET /wiki/api/v2/footer-comments/{id}/children",
					"GET /wiki/api/v2/inline-comments/{comment-id}", "GET /wiki/api/v2/inline-comments/{id}/children",
					"GET /wiki/api/v2/pages", "GET /wiki/api/v2/pages/{id}", "GET /wiki/api/v2/pages/{id}/ancestors",
					"GET /wiki/api/v2/pages/{id}/direct-children",
					"GET /wiki/api/v2/pages/{id}/footer-comments", "GET /wiki/api/v2/pages/{id}/inline-comments", "GET /wiki/api/v2/pages/{id}/labels",
					"GET /wiki/api/v2/spaces", "GET /wiki/api/v2/spaces/{id}", "GET /wiki/api/v2/spaces/{id}/pages",
					"GET /wiki/rest/api/content/{id}/restriction/byOperation", "GET /wiki/rest/api/search", "GET /wiki/rest/api/search/user", "GET /wiki/rest/api/user/current",
					"POST /wiki/api/v2/footer-comments", "POST /wiki/api/v2/inline-comments",
					"POST /wiki/api/v2/pages", "POST /wiki/api/v2/users-bulk",
					"POST /wiki/rest/api/content/{id}/copy", "POST /wiki/rest/api/content/{id}/label",
					"PUT /wiki/api/v2/pages/{id}", "PUT /wiki/rest/api/content/{id}/restriction", "PUT /wiki/rest/api/content/{pageId}/move/{position}/{targetId}",
				}
			}
			if diff := cmp.Diff(want, check.Seen()); diff != "" {
				t.Errorf("operations (-want +seen):\n%s", diff)
			}
			for _, dead := range check.Unused() {
				t.Errorf("the exception for %s tolerates nothing: %s", dead.Operation, dead.Finding)
			}
		})
	}
}

// exercise uses every method in every way that changes what is sent.
func exercise(t *testing.T, w *wire) {
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	refused := func(_ any, err error) {
		t.Helper()
		if err == nil {
			t.Error("no error")
		}
	}
	id := w.pageID(t, "DOCS", "Token life cycle")
	elsewhere := w.pageID(t, "TEAM", "Decisions")
	must(w.GetPage(ctx, PageRequest{ID: id}))
	must(w.GetPage(ctx, PageRequest{ID: id, Storage: true, BodyOnly: true}))
	w.spaces, w.people = newCache[Space](), newCache[string]()
	must(w.GetPage(ctx, PageRequest{Title: "Token life cycle", SpaceKey: "DOCS"}))
	must(w.SpaceOfPage(ctx, id))
	refused(w.GetPage(ctx, PageRequest{ID: "99999"}))
	refused(w.GetPage(ctx, PageRequest{Title: "Nowhere", SpaceKey: "DOCS"}))
	refused(w.GetPage(ctx, PageRequest{Title: "Nowhere", SpaceKey: "NOPE"}))

	for _, in := range []CommentsRequest{{PageID: id, Limit: 100}, {PageID: id, Limit: 1}} {
		for {
			part, err := w.GetComments(ctx, in)
			must(part, err)
			if in.Cursor = part.Cursor; in.Cursor == "" {
				break
			}
		}
	}
	refused(w.GetComments(ctx, CommentsRequest{PageID: "99999", Limit: 1}))

	for _, in := range []SearchRequest{
		{Query: "type in (page, comment, space) ORDER BY title", Limit: 7},
		{Query: `"refresh token" caddy's & co`, Limit: 50, Spaces: []string{"DOCS", "~ada"}},
	} {
		for {
			part, err := w.Search(ctx, in)
			must(part, err)
			if in.Cursor = part.Cursor; in.Cursor == "" {
				break
			}
		}
	}
	refused(w.Search(ctx, SearchRequest{Query: "title ~ two words", Limit: 1}))

	must(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Markdown", Content: "# A\n\n- [ ] b\n\n| c | d |\n|---|---|\n| e | f |\n\n```go\nx := 1 < 2\n```\n"}))
	must(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Storage", Content: "<p>x</p>", Format: markup.Storage, ParentID: id}))
	must(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Wiki", Content: "h1. x", Format: markup.Wiki}))
	refused(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Wiki", Content: "h1. x", Format: markup.Wiki}))
	refused(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Broken", Content: "<p>", Format: markup.Storage}))
	refused(w.CreatePage(ctx, NewPage{SpaceKey: "NOPE", Title: "Nowhere"}))
	refused(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Elsewhere", ParentID: elsewhere}))
	refused(w.CreatePage(ctx, NewPage{SpaceKey: "DOCS", Title: "Orphan", ParentID: "99999"}))
	exerciseLists(t, w, id, must, refused)
	exerciseComments(t, w, id, must, refused)
	exerciseUpdates(t, w, id, must, refused)
	exerciseMoves(t, w, id, must, refused)
	exerciseRestrictions(t, w, id, must, refused)
}

// exerciseRestrictions sets and lifts restrictions.
func exerciseRestrictions(t *testing.T, w *wire, id string, must, refused func(any, error)) {
	ctx := t.Context()
	must(w.SetRestrictions(ctx, RestrictionChange{PageID: id, ReadGroups: []string{"platform"}, EditUsers: []string{}}))
	must(w.SetRestrictions(ctx, RestrictionChange{PageID: id, EditUsers: []string{"Ada Keller", "me"}}))
	must(w.GetRestrictions(ctx, id))
	must(w.SetRestrictions(ctx, RestrictionChange{PageID: id, ReadGroups: []string{}}))
	refused(w.SetRestrictions(ctx, RestrictionChange{PageID: id, ReadGroups: []string{"nobody"}}))
	refused(w.SetRestrictions(ctx, RestrictionChange{PageID: "99999", ReadGroups: []string{}}))
	refused(w.GetRestrictions(ctx, "99999"))
}

// exerciseMoves moves, copies and deletes pages, and reads old versions.
func exerciseMoves(t *testing.T, w *wire, id string, must, refused func(any, error)) {
	ctx := t.Context()
	must(w.GetVersion(ctx, VersionRequest{PageID: id, Version: 1}))
	must(w.GetDiff(ctx, id, 1, 2))
	target := w.pageID(t, "DOCS", "Release notes")
	must(w.MovePage(ctx, MoveRequest{PageID: id, TargetID: target, Position: "append"}))
	must(w.MovePage(ctx, MoveRequest{PageID: id, SpaceKey: "DOCS", Position: "append"}))
	refused(w.MovePage(ctx, MoveRequest{PageID: target, TargetID: w.pageID(t, "DOCS", "Release 1.4"), Position: "append"}))
	refused(w.MovePage(ctx, MoveRequest{PageID: "99999", TargetID: target, Position: "append"}))
	copied, err := w.CopyPage(ctx, CopyRequest{PageID: target, SpaceKey: "DOCS", Title: "A copy", Attachments: true})
	must(copied, err)
	must(w.CopyPage(ctx, CopyRequest{PageID: target, SpaceKey: "DOCS", Title: "Another copy", ParentID: target}))
	refused(w.CopyPage(ctx, CopyRequest{PageID: target, SpaceKey: "DOCS", Title: "A copy"}))
	refused(w.CopyPage(ctx, CopyRequest{PageID: "99999", SpaceKey: "DOCS", Title: "X"}))
	must(w.DeletePage(ctx, copied.ID))
	refused(w.DeletePage(ctx, copied.ID))
}

// exerciseLists reads lists in parts, and changes labels.
func exerciseLists(t *testing.T, w *wire, id string, must, refused func(any, error)) {
	ctx := t.Context()
	home := w.pageID(t, "DOCS", "Product Docs")
	children, err := w.GetChildren(ctx, ChildrenRequest{ParentID: home, Limit: 2})
	must(children, err)
	must(w.GetChildren(ctx, ChildrenRequest{ParentID: home, Limit: 2, Cursor: children.Cursor}))
	refused(w.GetChildren(ctx, ChildrenRequest{ParentID: "99999", Limit: 2}))
	tree, err := w.GetTree(ctx, TreeRequest{SpaceKey: "DOCS", Limit: 3})
	must(tree, err)
	must(w.GetTree(ctx, TreeRequest{SpaceKey: "DOCS", Limit: 1000, Cursor: tree.Cursor}))
	refused(w.GetTree(ctx, TreeRequest{SpaceKey: "NOPE", Limit: 3}))
	spaces, err := w.ListSpaces(ctx, SpacesRequest{Limit: 1})
	must(spaces, err)
	must(w.ListSpaces(ctx, SpacesRequest{Limit: 1, Cursor: spaces.Cursor}))
	must(w.ListSpaces(ctx, SpacesRequest{Limit: 250, Type: "personal"}))
	must(w.GetLabels(ctx, id, ""))
	must(w.AddLabel(ctx, id, "new"))
	must(w.RemoveLabel(ctx, id, "new"))
	refused(w.RemoveLabel(ctx, id, "new"))
	refused(w.AddLabel(ctx, "99999", "new"))
	refused(w.GetLabels(ctx, "99999", ""))
}

// exerciseComments writes comments of every kind.
func exerciseComments(t *testing.T, w *wire, id string, must, refused func(any, error)) {
	ctx := t.Context()
	footer, err := w.AddComment(ctx, NewComment{PageID: id, Body: "x", Attribution: "On behalf of Ada"})
	must(footer, err)
	must(w.AddComment(ctx, NewComment{ReplyTo: footer.ID, Body: "h1. x", Format: markup.Wiki}))
	inline, err := w.AddComment(ctx, NewComment{PageID: id, Body: string(markup.ToADF("x")), Format: markup.ADF, On: "issuance record"})
	must(inline, err)
	must(w.AddComment(ctx, NewComment{ReplyTo: inline.ID, Body: "x"}))
	must(w.SpaceOfComment(ctx, inline.ID))
	must(w.GetComments(ctx, CommentsRequest{PageID: id, Limit: 100, Inline: true}))
	refused(w.AddComment(ctx, NewComment{PageID: id, Body: "x", On: "nowhere"}))
	refused(w.AddComment(ctx, NewComment{PageID: "99999", Body: "x"}))
	refused(w.AddComment(ctx, NewComment{ReplyTo: "99999", Body: "x"}))
	refused(w.AddComment(ctx, NewComment{PageID: id, Body: "<p>", Format: markup.Storage}))
}

// exerciseUpdates changes the page in every way that changes what is sent.
func exerciseUpdates(t *testing.T, w *wire, id string, must, refused func(any, error)) {
	ctx := t.Context()
	must(w.UpdatePage(ctx, PageUpdate{PageID: id, Text: TextChange{Append: "x"}, Message: "Why", Minor: true, Attribution: "On behalf of Ada"}))
	must(w.UpdatePage(ctx, PageUpdate{PageID: id, Title: "New title", ParentID: w.pageID(t, "DOCS", "Operations")}))
	must(w.UpdatePage(ctx, PageUpdate{PageID: id, Text: TextChange{Whole: new("h1. x"), Format: markup.Wiki}}))
	must(w.UpdatePage(ctx, PageUpdate{PageID: id, Text: TextChange{Whole: new(string(markup.ToADF("x"))), Format: markup.ADF}}))
	refused(w.UpdatePage(ctx, PageUpdate{PageID: id, ExpectedVersion: 1, Title: "Y"}))
	refused(w.UpdatePage(ctx, PageUpdate{PageID: id, Title: "Architecture"}))
	refused(w.UpdatePage(ctx, PageUpdate{PageID: "99999", Title: "Y"}))
	first := true
	w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && first {
			first = false
			must(w.UpdatePage(ctx, PageUpdate{PageID: id, Title: "Theirs"}))
		}
		return false
	})
	refused(w.UpdatePage(ctx, PageUpdate{PageID: id, Title: "Ours"}))
	w.intercept(nil)
}
