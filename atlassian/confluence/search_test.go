package confluence

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

func TestSearch(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		for _, tc := range []struct {
			name   string
			in     SearchRequest
			titles string
		}{
			{"words", SearchRequest{Query: "parallel sessions"}, "Re: Token life cycle"},
			{"a phrase", SearchRequest{Query: `"three handlers"`}, "Architecture"},
			{"CQL", SearchRequest{Query: `label = adr AND type = page ORDER BY title`}, "ADR-001 Caddy at the edge, ADR-002 Personal access tokens stay on the server, Decisions"},
			{"a space", SearchRequest{Query: `type = space ORDER BY title`}, "Platform Team, Product Docs"},
			{"words in a space", SearchRequest{Query: "caddy", Spaces: []string{"TEAM"}}, "ADR-001 Caddy at the edge"},
			{"CQL in a space", SearchRequest{Query: `title ~ "Caddy" OR title ~ "Weekly" ORDER BY title`, Spaces: []string{"TEAM"}}, "2026-11-16 Weekly, ADR-001 Caddy at the edge"},
			{"nothing", SearchRequest{Query: "zyzzyva"}, ""},
		} {
			tc.in.Limit = 10
			got, err := w.Search(t.Context(), tc.in)
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
				continue
			}
			var titles []string
			for _, hit := range got.Results {
				titles = append(titles, hit.Title)
			}
			if strings.Join(titles, ", ") != tc.titles || got.Total == nil || *got.Total != len(titles) {
				t.Errorf("%s: %q of %v, want %s", tc.name, titles, got.Total, tc.titles)
			}
		}
	})
}

func TestSearchResult(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Upgrade guide")
		got, err := w.Search(t.Context(), SearchRequest{Query: "reload cuts", Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		one := 1
		want := &SearchResult{
			Total: &one, CQL: `siteSearch ~ "reload cuts"`,
			Results: []Hit{{
				ID: id, Type: "page", Title: "Upgrade guide", Space: "DOCS", Updated: "2026-08-03T09:30:00Z",
				Excerpt: "Build, validate, reload: caddy validate caddy reload A reload cuts no running call.",
				URL:     w.url + "/pages/viewpage.action?pageId=" + id,
			}},
		}
		if cloud {
			want.Results[0].URL = w.url + "/wiki/spaces/DOCS/pages/" + id
		}
		got.Results[0].Excerpt = got.Results[0].Excerpt[max(0, strings.Index(got.Results[0].Excerpt, "Build,")):]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSearchPages(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		seen := map[string]bool{}
		in, pages := SearchRequest{Query: "type = page ORDER BY created", Limit: 5}, 0
		for {
			got, err := w.Search(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, hit := range got.Results {
				if seen[hit.ID] {
					t.Errorf("%s came twice", hit.Title)
				}
				seen[hit.ID] = true
			}
			if in.Cursor = got.Cursor; in.Cursor == "" {
				if len(seen) != *got.Total || pages != (len(seen)+4)/5 {
					t.Errorf("%d results on %d pages, want %d", len(seen), pages, *got.Total)
				}
				break
			}
		}
		first, err := w.Search(t.Context(), SearchRequest{Query: "type = page", Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Search(t.Context(), SearchRequest{Query: "type = comment", Limit: 5, Cursor: first.Cursor})
		var input *atlassian.InputError
		if !errors.As(err, &input) || input.Argument != "cursor" {
			t.Errorf("the cursor of another query: %v", err)
		}
	})
}

func TestBadCQL(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		for _, query := range []string{"title ~ two words", "spacee = DOCS", "label = adr ORDER BY nonsense"} {
			_, err := w.Search(t.Context(), SearchRequest{Query: query, Limit: 5})
			if err == nil || !strings.Contains(err.Error(), "Could not parse cql") || !strings.Contains(err.Error(), "values in quotes") {
				t.Errorf("%s: %v", query, err)
			}
			if sent := w.sent(); len(sent) != 1 {
				t.Errorf("%s: sent %q", query, sent)
			}
		}
	})
}

// TestWithoutSiteSearch is a site on which that field does not exist.
func TestWithoutSiteSearch(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Query().Get("cql"), "siteSearch") {
				return false
			}
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(http.StatusBadRequest)
			io.WriteString(rw, `{"statusCode":400,"message":"Could not parse cql"}`)
			return true
		})
		got, err := w.Search(t.Context(), SearchRequest{Query: "three handlers", Limit: 5})
		if err != nil || len(got.Results) != 1 || got.CQL != `text ~ "three handlers"` {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
