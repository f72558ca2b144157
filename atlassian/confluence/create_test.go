package confluence

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

func TestCreatePage(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		parent := w.pageID(t, "DOCS", "Operations")
		for _, in := range []NewPage{
			{Title: "From Markdown", Content: "## Heading\n\n- *one*\n- two\n"},
			{Title: "From storage", Content: "<h2>Heading</h2><ul><li><em>one</em></li><li>two</li></ul>", Format: markup.Storage},
			{Title: "From wiki", Content: "h2. Heading\n* one\n* two", Format: markup.Wiki, ParentID: parent},
			{Title: "From ADF", Content: string(markup.ToADF("## Heading\n\n- one\n- *two*")), Format: markup.ADF},
		} {
			in.SpaceKey = "DOCS"
			created, err := w.CreatePage(t.Context(), in)
			if err != nil {
				t.Fatalf("%s: %v", in.Title, err)
			}
			if created.ID == "" || created.Title != in.Title || created.Space != "DOCS" || created.Version != 1 || created.Body != "" || !strings.Contains(created.URL, created.ID) {
				t.Errorf("%s: %+v", in.Title, created)
			}
			read, err := w.GetPage(t.Context(), PageRequest{ID: created.ID})
			if err != nil {
				t.Fatal(err)
			}
			above := "Product Docs"
			if in.ParentID != "" {
				above = "Operations"
			}
			if n := len(read.Ancestors); n == 0 || read.Ancestors[n-1].Title != above {
				t.Errorf("%s: ancestors %+v, want the last to be %s", in.Title, read.Ancestors, above)
			}
			for _, part := range []string{"## Heading", "one", "two"} {
				if !strings.Contains(read.Body, part) {
					t.Errorf("%s: the body lacks %q:\n%s", in.Title, part, read.Body)
				}
			}
			if read.Author != "MCP Service" {
				t.Errorf("%s: author %q", in.Title, read.Author)
			}
		}
	})
}

func TestCreatePageRefused(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		elsewhere := w.pageID(t, "TEAM", "Decisions")
		before := w.titles(t)
		for _, tc := range []struct {
			in   NewPage
			want string
		}{
			{NewPage{SpaceKey: "DOCS", Title: "architecture"}, "Titles are unique in a space"},
			{NewPage{SpaceKey: "DOCS", Title: "X", Content: "<p>a<b>c</p>", Format: markup.Storage}, "Storage format is XHTML"},
			{NewPage{SpaceKey: "DOCS", Title: "X", Content: "AT&T", Format: markup.Storage}, "Error parsing xhtml"},
			{NewPage{SpaceKey: "DOCS", Title: "X", Content: "text", Format: markup.ADF}, "content: malformed document: ADF"},
			{NewPage{SpaceKey: "NOPE", Title: "X"}, "no space"},
			{NewPage{SpaceKey: "NO/PE", Title: "X"}, "space_key"},
			{NewPage{SpaceKey: "DOCS", Title: "  "}, "title: it has 0 characters"},
			{NewPage{SpaceKey: "DOCS", Title: strings.Repeat("ä", 256)}, "title: it has 256 characters"},
			{NewPage{SpaceKey: "DOCS", Title: "X", Format: "html"}, "content_format"},
			{NewPage{SpaceKey: "DOCS", Title: "X", ParentID: "abc"}, "parent_id"},
			{NewPage{SpaceKey: "DOCS", Title: "X", ParentID: "99999"}, "parent_id: 99999 is not a page of space DOCS"},
			{NewPage{SpaceKey: "DOCS", Title: "X", ParentID: elsewhere}, "is not a page of space DOCS"},
		} {
			_, err := w.CreatePage(t.Context(), tc.in)
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tc.want)) {
				t.Errorf("%+v: error %v, want one with %q", tc.in, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "TEAM") {
				t.Errorf("%+v: the error names the space of the parent: %v", tc.in, err)
			}
		}
		if diff := cmp.Diff(before, w.titles(t)); diff != "" {
			t.Errorf("pages were created (-before +after):\n%s", diff)
		}
	})
}

// titles are the titles of all pages.
func (w *wire) titles(t *testing.T) []string {
	t.Helper()
	var titles []string
	for in := (SearchRequest{Query: "type = page order by title", Limit: 50}); ; {
		found, err := w.Search(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range found.Results {
			titles = append(titles, hit.Title)
		}
		if in.Cursor = found.Cursor; in.Cursor == "" {
			return titles
		}
	}
}

// TestFolderAsParent reads the space of a folder, which only Cloud has.
func TestFolderAsParent(t *testing.T) {
	w := connect(t, "cloud", "", nil, "sandbox-confluence-token")
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/folders/4711") {
			rw.Header().Set("Content-Type", "application/json")
			rw.Write([]byte(`{"id":"4711","spaceId":"98306"}`))
			return true
		}
		return false
	})
	_, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "X", ParentID: "4711"})
	if err == nil || !strings.Contains(err.Error(), "parent_id") {
		t.Errorf("a folder of another space: %v", err)
	}
	w.sent()
	w.CreatePage(t.Context(), NewPage{SpaceKey: "DOCS", Title: "X", ParentID: "4711"}) //nolint:errcheck // the sandbox has no folders
	if sent := w.sent(); !slices.Contains(sent, "POST /wiki/api/v2/pages") {
		t.Errorf("sent %q, want the page to be created", sent)
	}
}

// TestCreateIsNotRepeated makes a write fail in ways that leave its fate open.
func TestCreateIsNotRepeated(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				rw.WriteHeader(http.StatusBadGateway)
			}
			return r.Method == http.MethodPost
		})
		_, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "DOCS", Title: "Once"})
		var failure *atlassian.Error
		if !errors.As(err, &failure) || !failure.Uncertain {
			t.Errorf("error %v, want one that says that the page may have been created", err)
		}
		posts := 0
		for _, request := range w.sent() {
			if strings.HasPrefix(request, http.MethodPost) {
				posts++
			}
		}
		if posts != 1 {
			t.Errorf("%d attempts to create the page, want 1", posts)
		}
	})
}
