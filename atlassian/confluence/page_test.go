package confluence

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
)

func TestGetPage(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Token life cycle")
		architecture, home := w.pageID(t, "DOCS", "Architecture"), w.pageID(t, "DOCS", "Product Docs")
		want := &Page{
			ID: id, Title: "Token life cycle", Space: "DOCS", Version: 2,
			Author: "Ben Okafor", Created: "2026-10-12T09:30:00Z", UpdatedBy: "Ada Keller", Updated: "2026-10-19T09:30:00Z",
			Labels:    []string{"architecture", "entra", "security"},
			Ancestors: []PageRef{{home, "Product Docs"}, {architecture, "Architecture"}},
			URL:       w.url + "/pages/viewpage.action?pageId=" + id,
		}
		if cloud {
			want.URL = w.url + "/wiki/spaces/DOCS/pages/" + id
		}
		for name, in := range map[string]PageRequest{
			"by id":    {ID: id},
			"by title": {Title: "Token life cycle", SpaceKey: "DOCS"},
		} {
			got, err := w.GetPage(t.Context(), in)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Page{}, "Body")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			for _, part := range []string{"issuance record", "60–90 minutes", "Reviewed"} {
				if !strings.Contains(got.Body, part) {
					t.Errorf("%s: the body lacks %q:\n%s", name, part, got.Body)
				}
			}
		}
		storage, err := w.GetPage(t.Context(), PageRequest{ID: id, Storage: true, BodyOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(storage.Body, `<p>State: <ac:structured-macro ac:name="status"`) || storage.Author != "" {
			t.Errorf("storage format = %+v", storage)
		}
	})
}

// TestRoundTrips holds reads to the number of requests that their comments promise.
func TestRoundTrips(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		home := w.pageID(t, "TEAM", "Platform Team")
		deep := w.pageID(t, "TEAM", "Onboarding checklist")
		for _, step := range []struct {
			name              string
			run               func() error
			cloud, dataCenter int
		}{
			{"a page", func() error { _, err := w.GetPage(t.Context(), PageRequest{ID: deep}); return err }, 4, 1},
			{"again, with the names known", func() error { _, err := w.GetPage(t.Context(), PageRequest{ID: deep}); return err }, 3, 1},
			{"one without ancestors", func() error { _, err := w.GetPage(t.Context(), PageRequest{ID: home}); return err }, 2, 1},
			{"a body alone", func() error { _, err := w.GetPage(t.Context(), PageRequest{ID: deep, BodyOnly: true}); return err }, 1, 1},
			{"a search", func() error { _, err := w.Search(t.Context(), SearchRequest{Query: "laptop", Limit: 10}); return err }, 1, 1},
			{"the space of a page", func() error { _, err := w.SpaceOfPage(t.Context(), deep); return err }, 1, 1},
			{"no comments", func() error {
				_, err := w.GetComments(t.Context(), CommentsRequest{PageID: deep, Limit: 25})
				return err
			}, 2, 1},
			{"a new page", func() error { _, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "A"}); return err }, 1, 1},
			{"a new page below another", func() error {
				_, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "B", ParentID: home})
				return err
			}, 2, 2},
		} {
			if err := step.run(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			want := step.dataCenter
			if cloud {
				want = step.cloud
			}
			if got := w.sent(); len(got) != want {
				t.Errorf("%s: %d requests, want %d: %q", step.name, len(got), want, got)
			}
		}
	})
}

func TestGetPageErrors(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		for _, tc := range []struct {
			in   PageRequest
			want string // part of the text
			sent int
		}{
			{PageRequest{}, "Give page_id, or both title and space_key", 0},
			{PageRequest{Title: "Architecture"}, "Give page_id, or both", 0},
			{PageRequest{ID: "12/../34"}, "page_id", 0},
			{PageRequest{ID: "99999"}, "find it with confluence_search", 1},
			{PageRequest{Title: "Architecture", SpaceKey: "../x"}, "space_key", 0},
			{PageRequest{Title: "Arkitecture", SpaceKey: "DOCS"}, `no page "Arkitecture" in space DOCS`, 2},
			{PageRequest{Title: "Architecture", SpaceKey: "NOPE"}, "", 1},
		} {
			_, err := w.GetPage(t.Context(), tc.in)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%+v: error %v, want one with %q", tc.in, err, tc.want)
			}
			if sent := w.sent(); len(sent) > tc.sent {
				t.Errorf("%+v: sent %q", tc.in, sent)
			}
		}
	})
}

func TestLongBodyComesInParts(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		var content strings.Builder
		for i := range 3000 {
			content.WriteString("Zeile über Straßen " + strings.Repeat("x", 1+i%50) + "\n\n")
		}
		created, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "Long", Content: content.String()})
		if err != nil {
			t.Fatal(err)
		}
		var whole strings.Builder
		parts := 0
		for in := (PageRequest{ID: created.ID}); ; parts++ {
			page, err := w.GetPage(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if size(page) > resultBudget {
				t.Errorf("part %d takes %d bytes, more than %d", parts, size(page), resultBudget)
			}
			if (page.Cursor == "") != (page.Truncated == "") {
				t.Errorf("part %d has cursor %q and says %q", parts, page.Cursor, page.Truncated)
			}
			part, before := strings.CutPrefix(page.Body, excerpt.Mark+"\n\n")
			part, after := strings.CutSuffix(part, excerpt.Mark)
			if before != (parts > 0) || after != (page.Cursor != "") {
				t.Errorf("part %d is marked before: %v, after: %v", parts, before, after)
			}
			whole.WriteString(part)
			if page.Cursor == "" {
				break
			}
			in.Cursor = page.Cursor
		}
		if want := strings.TrimSpace(content.String()); strings.TrimSpace(whole.String()) != want || parts < 2 {
			t.Errorf("%d parts make %d bytes, want %d", parts+1, whole.Len(), len(want))
		}
	})
}

func TestCursorOfAnotherPageOrVersion(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Architecture")
		for name, cursor := range map[string]string{
			"another page":  atlassian.Cursor{Start: 3, Token: "1"}.Encode("page 1 markdown"),
			"other version": atlassian.Cursor{Start: 3, Token: "99"}.Encode("page " + id + " markdown"),
			"garbage":       "%%%",
		} {
			_, err := w.GetPage(t.Context(), PageRequest{ID: id, Cursor: cursor})
			var input *atlassian.InputError
			if !errors.As(err, &input) || input.Argument != "cursor" {
				t.Errorf("%s: %v, want an error about the cursor", name, err)
			}
		}
		beyond := atlassian.Cursor{Start: 1 << 30, Token: "1"}.Encode("page " + id + " markdown")
		if page, err := w.GetPage(t.Context(), PageRequest{ID: id, Cursor: beyond}); err != nil || page.Body != "" {
			t.Errorf("a cursor beyond the end: %+v, %v", page, err)
		}
	})
}

// TestMentions shows people by name, with no request more than for the authors.
func TestMentions(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "TEAM", "2026-11-16 Weekly")
		page, err := w.GetPage(t.Context(), PageRequest{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		want := "[@Ada Keller](mention:557058:ada), [@Ben Okafor](mention:557058:ben)"
		if cloud && !strings.Contains(page.Body, want) {
			t.Errorf("the body lacks %q:\n%s", want, page.Body)
		}
		bulk := 0
		for _, request := range w.sent() {
			if strings.HasSuffix(request, "/users-bulk") {
				bulk++
			}
		}
		if cloud && bulk != 1 || !cloud && bulk != 0 {
			t.Errorf("%d look-ups of names", bulk)
		}
	})
}

// TestNamesMayBeMissing keeps a page readable when the site does not tell who its authors are.
func TestNamesMayBeMissing(t *testing.T) {
	w := connect(t, "cloud", "", nil, "sandbox-confluence-token")
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/users-bulk") {
			rw.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	page, err := w.GetPage(t.Context(), PageRequest{Title: "Architecture", SpaceKey: "DOCS"})
	if err != nil || page.Author != "557058:ada" {
		t.Errorf("author = %+v, %v; want the account id", page, err)
	}
}

func TestBadCredentials(t *testing.T) {
	for _, d := range deployments {
		w := connect(t, d.deployment, d.context, nil, "wrong")
		_, err := w.Search(t.Context(), SearchRequest{Query: "token"})
		if !errors.Is(err, atlassian.ErrBadCredentials) || !strings.Contains(err.Error(), "CONFLUENCE_PERSONAL_TOKEN") {
			t.Errorf("%s: %v, want bad credentials", d.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: the error repeats the token: %v", d.name, err)
		}
	}
}
