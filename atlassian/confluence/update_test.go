package confluence

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// storageOf reads a page's storage format.
func (w *wire) storageOf(t *testing.T, id string) string {
	t.Helper()
	page, err := w.GetPage(t.Context(), PageRequest{ID: id, Storage: true, BodyOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	w.sent()
	return page.Body
}

func (w *wire) markdownOf(t *testing.T, id string) string {
	t.Helper()
	page, err := w.GetPage(t.Context(), PageRequest{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	w.sent()
	return page.Body
}

// TestUpdateKeepsTheRest changes a word of the Markdown of every page of the demo: what Confluence
// holds afterwards is what it held before, but for that word.
func TestUpdateKeepsTheRest(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		for title, change := range map[string][2]string{
			"Token life cycle": {"2 minutes", "3 minutes"},
			"Installation":     {"Never put", "Do not put"},
			"Architecture":     {"three handlers", "3 handlers"},
			"First sign-in":    {"admin consent", "consent"},
			"Incident runbook": {"Entra's", "that of Entra"},
		} {
			id := w.pageID(t, "DOCS", title)
			before := w.storageOf(t, id)
			edited := strings.Replace(w.markdownOf(t, id), change[0], change[1], 1)
			got, err := w.UpdatePage(t.Context(), PageUpdate{PageID: id, Text: TextChange{Whole: &edited}})
			if err != nil {
				t.Errorf("%s: %v", title, err)
				continue
			}
			if sent := w.sent(); len(sent) != 2 {
				t.Errorf("%s: sent %q, want one read and one write", title, sent)
			}
			want := strings.Replace(before, change[0], change[1], 1)
			if after := w.storageOf(t, id); after != want || after == before {
				t.Errorf("%s: holds\n%s\nwant\n%s", title, after, want)
			}
			if got.Changed != "+1 -1 lines" || got.Diff != "" {
				t.Errorf("%s: %+v", title, got)
			}
		}
	})
}

func TestUpdatePage(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id, home, parent := w.pageID(t, "TEAM", "Working agreement"), w.pageID(t, "TEAM", "Platform Team"), w.pageID(t, "TEAM", "Onboarding")
		version := 1
		for _, step := range []struct {
			name string
			in   PageUpdate
			want string // in storage format afterwards
			sent int
		}{
			{"append", PageUpdate{Text: TextChange{Append: "**more**"}}, "<p><strong>more</strong></p>", 2},
			{"append storage", PageUpdate{Text: TextChange{Append: `<ac:structured-macro ac:name="toc" />`, Format: markup.Storage}}, `</p><ac:structured-macro ac:name="toc" />`, 2},
			{"append ADF", PageUpdate{Text: TextChange{Append: `{"type":"doc","version":1,"content":[{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"Adé"}]}]}`, Format: markup.ADF}}, `<h2>Adé</h2>`, 2},
			{"replacements", PageUpdate{Text: TextChange{Replace: []Replacement{{"within a day", "at once"}, {"Nobody", "No < one"}}}}, `<li>No &lt; one is on call alone.</li>`, 2},
			{"section", PageUpdate{Text: TextChange{Section: &Section{"adé", "below *it*"}}}, `<h2>Adé</h2><p>below <em>it</em></p>`, 2},
			{"section in storage", PageUpdate{Text: TextChange{Section: &Section{"Adé", "<p>a<br/>b</p>"}, Format: markup.Storage}}, `<h2>Adé</h2><p>a<br/>b</p>`, 2},
			{"title and parent", PageUpdate{Title: "Agreement", ParentID: parent}, `<h2>Adé</h2><p>a<br/>b</p>`, 3},
			{"wiki", PageUpdate{Text: TextChange{Whole: new("h1. W\n* x"), Format: markup.Wiki}}, `<h1>W</h1><ul><li>x</li></ul>`, 2},
			{"ADF", PageUpdate{Text: TextChange{Whole: new(`{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"a"}]}]}`), Format: markup.ADF}}, `<p>a</p>`, 2},
			{"storage", PageUpdate{Text: TextChange{Whole: new(`<p>b</p>`), Format: markup.Storage}, ExpectedVersion: 10}, `<p>b</p>`, 2},
		} {
			step.in.PageID = id
			if step.in.ExpectedVersion == 0 {
				step.in.ExpectedVersion = version
			}
			shown := step.in
			shown.DryRun = true
			dry, err := w.UpdatePage(t.Context(), shown)
			if err != nil || dry.Version != version || dry.Note != dryRunNote || !step.in.Text.none() && dry.Diff == "" {
				t.Fatalf("%s: dry run: %+v, %v", step.name, dry, err)
			}
			for _, request := range w.sent() {
				if !strings.HasPrefix(request, http.MethodGet) {
					t.Errorf("%s: the dry run sent %s", step.name, request)
				}
			}
			got, err := w.UpdatePage(t.Context(), step.in)
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			version++
			if got.Version != version || got.Space != "TEAM" || got.Changed != dry.Changed && !step.in.Text.none() {
				t.Errorf("%s: %+v, want version %d", step.name, got, version)
			}
			if sent := w.sent(); len(sent) != step.sent {
				t.Errorf("%s: sent %q, want %d requests", step.name, sent, step.sent)
			}
			if after := w.storageOf(t, id); !strings.Contains(after, step.want) {
				t.Errorf("%s: holds %s, want %s in it", step.name, after, step.want)
			}
		}
		page, err := w.GetPage(t.Context(), PageRequest{ID: id})
		if err != nil || page.Title != "Agreement" || len(page.Ancestors) != 2 || page.Ancestors[0].ID != home || page.Ancestors[1].ID != parent {
			t.Errorf("afterwards %+v, %v", page, err)
		}
	})
}

func TestUpdateWritesOnlyWhatChanges(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Architecture")
		same := w.markdownOf(t, id)
		got, err := w.UpdatePage(t.Context(), PageUpdate{PageID: id, Title: "Architecture", Text: TextChange{Whole: &same}})
		if err != nil || got.Note != unchangedNote || got.Version != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		if sent := w.sent(); len(sent) != 1 {
			t.Errorf("sent %q", sent)
		}
	})
}

func TestUpdateRefused(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id, elsewhere := w.pageID(t, "DOCS", "Architecture"), w.pageID(t, "TEAM", "Decisions")
		below := w.pageID(t, "DOCS", "Caddy handlers")
		before := w.storageOf(t, id)
		for _, tc := range []struct {
			in   PageUpdate
			want string
		}{
			{PageUpdate{}, "page_id"},
			{PageUpdate{PageID: "1/2", Title: "x"}, "page_id"},
			{PageUpdate{PageID: "99999", Title: "x"}, "find it with confluence_search"},
			{PageUpdate{PageID: id}, "nothing to change"},
			{PageUpdate{PageID: id, Title: strings.Repeat("x", 256)}, "title: it has 256"},
			{PageUpdate{PageID: id, Title: "operations"}, "Titles are unique in a space"},
			{PageUpdate{PageID: id, ParentID: "x"}, "parent_id"},
			{PageUpdate{PageID: id, ParentID: id}, "below itself"},
			{PageUpdate{PageID: id, ParentID: below}, "under itself"},
			{PageUpdate{PageID: id, ParentID: elsewhere}, "is not a page of space DOCS"},
			{PageUpdate{PageID: id, Text: TextChange{Whole: new("x"), Append: "y"}}, "more than one change"},
			{PageUpdate{PageID: id, Text: TextChange{Append: "y", Format: "html"}}, "content_format"},
			{PageUpdate{PageID: id, Text: TextChange{Whole: new("<p>"), Format: markup.Storage}}, "Storage format is XHTML"},
			{PageUpdate{PageID: id, Text: TextChange{Whole: new("<p"), Format: markup.Storage}, DryRun: true}, "content: malformed"},
			{PageUpdate{PageID: id, Text: TextChange{Whole: new("x"), Format: markup.ADF}}, "content: malformed document: ADF"},
			{PageUpdate{PageID: id, Text: TextChange{Section: &Section{"Nowhere", "x"}}}, "its headings are The way of a request / Picture"},
			{PageUpdate{PageID: id, Text: TextChange{Section: &Section{"Picture", "x"}, Format: markup.ADF}}, "new_content: malformed"},
			{PageUpdate{PageID: id, Text: TextChange{Replace: []Replacement{{"three handlers", "x"}, {"nowhere", "x"}}}}, "replacements[1].old: not in the document"},
			{PageUpdate{PageID: id, ExpectedVersion: 9, Title: "x"}, "expected_version: the page is at version 1, not 9"},
		} {
			_, err := w.UpdatePage(t.Context(), tc.in)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%+v: error %v, want one with %q", tc.in, err, tc.want)
			}
		}
		page, err := w.GetPage(t.Context(), PageRequest{ID: id})
		if after := w.storageOf(t, id); err != nil || after != before || page.Version != 1 || page.Title != "Architecture" {
			t.Errorf("changed all the same: %+v, %v", page, err)
		}
	})
}

// TestUpdateNotEditable changes what Markdown cannot say without losing something.
func TestUpdateNotEditable(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		const table = `<table><tbody><tr><td rowspan="2">stands on the left</td><td>stands on the right</td></tr><tr><td>stands below</td></tr></tbody></table>`
		page, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "Table", Content: table, Format: markup.Storage})
		if err != nil {
			t.Fatal(err)
		}
		other := "|  |  |\n| --- | --- |\n| stands on the left | stands on the right |"
		if _, err = w.UpdatePage(t.Context(), PageUpdate{PageID: page.ID, Text: TextChange{Whole: &other}}); err == nil ||
			!strings.Contains(err.Error(), "confluence_update_page_section") || !strings.Contains(err.Error(), "content_format storage") {
			t.Errorf("the error does not say what to do: %v", err)
		}
		if after := w.storageOf(t, page.ID); after != table {
			t.Errorf("changed all the same: %s", after)
		}
		if _, err := w.UpdatePage(t.Context(), PageUpdate{PageID: page.ID, Text: TextChange{Replace: []Replacement{{"the right", "the far right"}}}}); err != nil {
			t.Error(err)
		}
		if after := w.storageOf(t, page.ID); after != strings.Replace(table, "the right", "the far right", 1) {
			t.Errorf("after a replacement in a cell: %s", after)
		}
	})
}

func TestOutdatedVersionShowsWhatChanged(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Installation") // at version 2
		_, err := w.UpdatePage(t.Context(), PageUpdate{PageID: id, ExpectedVersion: 1, Text: TextChange{Append: "x"}})
		var input *atlassian.InputError
		if !errors.As(err, &input) || input.Argument != "expected_version" {
			t.Fatalf("error %v", err)
		}
		for _, part := range []string{"at version 2, not 1", "Ada Keller", "-Build Caddy.\n+Build Caddy with the plugin:"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error lacks %q: %v", part, err)
			}
		}
		for _, request := range w.sent() {
			if !strings.HasPrefix(request, http.MethodGet) && !strings.HasSuffix(request, "users-bulk") {
				t.Errorf("sent %s", request)
			}
		}
	})
}

// TestConflictIsNotWrittenOver lets somebody else change the page between our reading and writing.
func TestConflictIsNotWrittenOver(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Operations")
		puts := 0
		w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				if puts++; puts == 1 {
					if _, err := w.UpdatePage(t.Context(), PageUpdate{PageID: id, Text: TextChange{Append: "Theirs"}}); err != nil {
						t.Errorf("the other one: %v", err)
					}
				}
			}
			return false
		})
		_, err := w.UpdatePage(t.Context(), PageUpdate{PageID: id, Text: TextChange{Append: "Ours"}})
		w.intercept(nil)
		if !errors.Is(err, atlassian.ErrConflict) {
			t.Fatalf("error %v, want a conflict", err)
		}
		for _, part := range []string{"was at version 1", "is at 2 now", "expect version 2", "+Theirs", "MCP Service"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error lacks %q: %v", part, err)
			}
		}
		if puts != 2 { // theirs and ours
			t.Errorf("%d writes, want 2", puts)
		}
		if after := w.storageOf(t, id); strings.Contains(after, "Ours") || !strings.Contains(after, "Theirs") {
			t.Errorf("holds %s", after)
		}
	})
}

// TestUpdateIsNotRepeated makes the write fail in a way that leaves its fate open.
func TestUpdateIsNotRepeated(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Operations")
		puts := 0
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				puts++
				rw.WriteHeader(http.StatusGatewayTimeout)
			}
			return r.Method == http.MethodPut
		})
		_, err := w.UpdatePage(t.Context(), PageUpdate{PageID: id, Text: TextChange{Append: "Once"}})
		var failure *atlassian.Error
		if !errors.As(err, &failure) || !failure.Uncertain || puts != 1 {
			t.Errorf("%d writes, error %v", puts, err)
		}
	})
}
