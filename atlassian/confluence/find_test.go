package confluence

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

func TestFindPages(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, _ bool) {
		var asked []string
		w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
			if cql := r.URL.Query().Get("cql"); cql != "" {
				asked = append(asked, cql)
			}
			return false
		})
		for _, tc := range []struct {
			words string
			scope atlassian.Scope
			cql   string
			want  string
		}{
			{"tokens days unused", atlassian.Scope{}, `type = page AND siteSearch ~ "tokens days unused"`, "Token life cycle in DOCS"},
			{"tokens days unused", atlassian.Scope{Only: []string{"TEAM"}}, `(type = page AND siteSearch ~ "tokens days unused") AND space in ("TEAM")`, ""},
			{"tokens days unused", atlassian.Scope{Never: []string{"DOCS"}}, `(type = page AND siteSearch ~ "tokens days unused") AND space not in ("DOCS")`, ""},
			// What would be CQL is words.
			{`type = page`, atlassian.Scope{}, `type = page AND siteSearch ~ "type page"`, ""},
			{`space = TEAM ORDER BY title`, atlassian.Scope{}, `type = page AND siteSearch ~ "space TEAM ORDER BY title"`, ""},
			{`x") OR (space = TEAM`, atlassian.Scope{Only: []string{"DOCS"}}, `(type = page AND siteSearch ~ "x \"or space TEAM\"") AND space in ("DOCS")`, ""},
			{`x" OR type = comment OR text ~ "x`, atlassian.Scope{}, `type = page AND siteSearch ~ "x \"or type comment or text\" x"`, ""},
		} {
			asked = nil
			got, err := w.FindPages(t.Context(), tc.words, tc.scope, 5)
			if err != nil {
				t.Errorf("%s: %v", tc.words, err)
				continue
			}
			var found []string
			for _, hit := range got.Results {
				if hit.Type != "page" {
					t.Errorf("%s: found %+v", tc.words, hit)
				}
				found = append(found, hit.Title+" in "+hit.Space)
			}
			if strings.Join(found, ", ") != tc.want {
				t.Errorf("%s: %v, want %s", tc.words, found, tc.want)
			}
			if diff := cmp.Diff([]string{tc.cql}, asked); diff != "" {
				t.Errorf("%s: (-want +sent):\n%s", tc.words, diff)
			}
		}
		w.sent()
		if got, err := w.FindPages(t.Context(), "tokens", atlassian.Scope{Only: []string{}}, 5); err != nil || len(got.Results) != 0 || len(w.sent()) != 0 {
			t.Errorf("where nothing is open: %v, %v", got, err)
		}
		var input *atlassian.InputError
		if _, err := w.FindPages(t.Context(), "?!", atlassian.Scope{}, 5); !errors.As(err, &input) || input.Argument != "query" {
			t.Errorf("nothing to look for: %v", err)
		}
	})
}

// A page that is too long for one result is read whole where there is room for it.
func TestPageBudget(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, _ bool) {
		made, err := w.CreatePage(t.Context(), NewPage{SpaceKey: "TEAM", Title: "Long", Content: strings.Repeat("A line of a long page.\n\n", 4000), Format: "markdown"})
		if err != nil {
			t.Fatal(err)
		}
		for budget, cut := range map[int]bool{0: true, 64 << 10: true, 128 << 10: false} {
			page, err := w.GetPage(t.Context(), PageRequest{ID: made.ID, Budget: budget})
			if err != nil || (page.Cursor != "") != cut || size(page) > max(budget, resultBudget) {
				t.Errorf("budget %d: %d bytes, cursor %q, %v", budget, size(page), page.Cursor, err)
			}
		}
	})
}
