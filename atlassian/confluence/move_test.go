package confluence

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

func TestDeletePage(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id, below := w.pageID(t, "DOCS", "Architecture"), w.pageID(t, "DOCS", "Caddy handlers")
		comments, err := w.GetComments(t.Context(), CommentsRequest{PageID: w.pageID(t, "DOCS", "Token life cycle"), Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		w.sent()
		if _, err := w.DeletePage(t.Context(), comments.Comments[0].ID); err == nil || !strings.Contains(err.Error(), "confluence_search") {
			t.Errorf("a comment was deleted: %v", err)
		}
		for _, bad := range []string{"99999", "x", ""} {
			if _, err := w.DeletePage(t.Context(), bad); err == nil {
				t.Errorf("page %q was deleted", bad)
			}
		}
		for _, request := range w.sent() {
			if strings.HasPrefix(request, http.MethodDelete) {
				t.Errorf("sent %s", request)
			}
		}
		deleted, err := w.DeletePage(t.Context(), id)
		if err != nil || deleted.Title != "Architecture" || deleted.Space != "DOCS" {
			t.Fatalf("%+v, %v", deleted, err)
		}
		if sent := w.sent(); len(sent) != 2 {
			t.Errorf("sent %q", sent)
		}
		if _, err := w.GetPage(t.Context(), PageRequest{ID: id}); !errors.Is(err, atlassian.ErrNotFound) {
			t.Errorf("it is still there: %v", err)
		}
		if page, err := w.GetPage(t.Context(), PageRequest{ID: below}); err != nil || len(page.Ancestors) != 1 {
			t.Errorf("what was below it: %+v, %v", page, err)
		}
	})
}

func TestMoveRoundTrips(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id, target := w.pageID(t, "DOCS", "Architecture"), w.pageID(t, "DOCS", "Operations")
		old := w.pageID(t, "DOCS", "Installation")
		if cloud {
			w.names(t.Context(), "557058:ada", "557058:ben", "557058:svc-mcp")
			w.sent()
		}
		for _, step := range []struct {
			name              string
			run               func() error
			cloud, dataCenter int
		}{
			{"move below", func() error {
				_, err := w.MovePage(t.Context(), MoveRequest{PageID: id, TargetID: target, Position: "append"})
				return err
			}, 2, 4},
			{"move to the top", func() error {
				_, err := w.MovePage(t.Context(), MoveRequest{PageID: id, SpaceKey: "DOCS", Position: "append"})
				return err
			}, 2, 4},
			{"copy", func() error {
				_, err := w.CopyPage(t.Context(), CopyRequest{PageID: id, SpaceKey: "DOCS", Title: "Copy"})
				return err
			}, 1, 2},
			{"old version", func() error { _, err := w.GetVersion(t.Context(), VersionRequest{PageID: old, Version: 1}); return err }, 2, 2},
			{"this version", func() error { _, err := w.GetVersion(t.Context(), VersionRequest{PageID: old, Version: 2}); return err }, 1, 1},
			{"restrictions", func() error { _, err := w.GetRestrictions(t.Context(), id); return err }, 1, 1},
			{"restrict", func() error {
				_, err := w.SetRestrictions(t.Context(), RestrictionChange{PageID: id, ReadGroups: []string{"platform"}})
				return err
			}, 2, 2},
			{"lift", func() error {
				_, err := w.SetRestrictions(t.Context(), RestrictionChange{PageID: id, ReadGroups: []string{}})
				return err
			}, 1, 1},
			{"difference", func() error { _, err := w.GetDiff(t.Context(), old, 1, 2); return err }, 2, 2},
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

// TestMovesAreNotRepeated makes writes fail in a way that leaves their fate open.
func TestMovesAreNotRepeated(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id, target := w.pageID(t, "DOCS", "Architecture"), w.pageID(t, "DOCS", "Operations")
		writes := 0
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet {
				writes++
				rw.WriteHeader(http.StatusServiceUnavailable)
			}
			return r.Method != http.MethodGet
		})
		for name, run := range map[string]func() error{
			"move": func() error {
				_, err := w.MovePage(t.Context(), MoveRequest{PageID: id, TargetID: target, Position: "append"})
				return err
			},
			"copy": func() error {
				_, err := w.CopyPage(t.Context(), CopyRequest{PageID: id, SpaceKey: "DOCS", Title: "Copy"})
				return err
			},
			"delete": func() error { _, err := w.DeletePage(t.Context(), id); return err },
			"restrict": func() error {
				_, err := w.SetRestrictions(t.Context(), RestrictionChange{PageID: id, ReadGroups: []string{}})
				return err
			},
			"label": func() error { _, err := w.AddLabel(t.Context(), id, "x"); return err },
		} {
			writes = 0
			var failure *atlassian.Error
			if err := run(); !errors.As(err, &failure) || !failure.Uncertain || writes != 1 {
				t.Errorf("%s: %d writes, error %v", name, writes, err)
			}
		}
	})
}

// TestLongDiffIsCut has more differences than fit into a result.
func TestLongDiffIsCut(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		page, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "Long", Content: strings.Repeat("one\n\n", 5000)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.UpdatePage(t.Context(), PageUpdate{PageID: page.ID, Text: TextChange{Whole: new(strings.Repeat("<p>two</p>", 5000)), Format: "storage"}}); err != nil {
			t.Fatal(err)
		}
		diff, err := w.GetDiff(t.Context(), page.ID, 1, 2)
		if err != nil || size(diff) > resultBudget || diff.Truncated == "" || !strings.Contains(diff.Diff, "-one") {
			t.Errorf("%d bytes, truncated %q, %v", size(diff), diff.Truncated, err)
		}
		dry, err := w.UpdatePage(t.Context(), PageUpdate{PageID: page.ID, DryRun: true, Text: TextChange{Whole: new("<p>three</p>"), Format: "storage"}})
		if err != nil || size(dry) > resultBudget || dry.Truncated == "" {
			t.Errorf("dry run: %d bytes, truncated %q, %v", size(dry), dry.Truncated, err)
		}
		_, err = w.UpdatePage(t.Context(), PageUpdate{PageID: page.ID, ExpectedVersion: 1, Text: TextChange{Append: "x"}})
		if err == nil || len(err.Error()) > 16<<10 || !strings.Contains(err.Error(), "these are the first") {
			t.Errorf("conflict: %.300v", err)
		}
	})
}

// TestRestrictionsAreNotInvented answers without the lists: that must not read as open to everybody.
func TestRestrictionsAreNotInvented(t *testing.T) {
	for _, answer := range []string{
		`{}`, `{"read":{},"update":{}}`,
		`{"read":{"restrictions":{"user":{"results":[]}}},"update":{"restrictions":{"user":{"results":[]},"group":{"results":[]}}}}`,
	} {
		w := connect(t, "datacenter", "", nil, "sandbox-confluence-token")
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			rw.Header().Set("Content-Type", "application/json")
			if strings.HasSuffix(r.URL.Path, "/byOperation") {
				rw.Write([]byte(answer))
				return true
			}
			rw.Header().Del("Content-Type")
			return false
		})
		if got, err := w.GetRestrictions(t.Context(), "1"); err == nil {
			t.Errorf("%s reads as %+v", answer, got)
		}
	}
}

// TestDeleteWithoutPermission lets Confluence refuse in the words of each deployment.
func TestDeleteWithoutPermission(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Architecture")
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodDelete {
				return false
			}
			rw.Header().Set("Content-Type", "application/json")
			if cloud {
				rw.WriteHeader(http.StatusNotFound)
				rw.Write([]byte(`{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`))
				return true
			}
			rw.WriteHeader(http.StatusForbidden)
			rw.Write([]byte(`{"statusCode":403,"data":{"authorized":false,"valid":true,"errors":[],"successful":false},"message":"Could not delete content","reason":"Forbidden"}`))
			return true
		})
		if _, err := w.DeletePage(t.Context(), id); err == nil || !strings.Contains(err.Error(), "account") {
			t.Errorf("error %v", err)
		}
		w.intercept(nil)
		if _, err := w.GetPage(t.Context(), PageRequest{ID: id}); err != nil {
			t.Errorf("deleted all the same: %v", err)
		}
	})
}
