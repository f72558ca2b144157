package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// TestLongListComesInParts has more pages with long titles than fit into a result: none may be lost
// or come twice, whatever limits a reader asks for, and no result may be too large.
func TestLongListComesInParts(t *testing.T) {
	const total = 700
	for _, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			w := connect(t, d.deployment, d.context, nil, "sandbox-confluence-token")
			w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/pages") && !strings.HasSuffix(r.URL.Path, "/content") {
					return false
				}
				start, _ := strconv.Atoi(r.URL.Query().Get("start") + r.URL.Query().Get("cursor"))
				limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
				if limit < 1 || limit > 250 {
					t.Errorf("a request for %d", limit)
				}
				var list []string
				for i := start; i < min(start+limit, total); i++ {
					list = append(list, fmt.Sprintf(`{"id":"%d","title":"%s"}`, i, strings.Repeat("long ", 45)))
				}
				next := ""
				if start+limit < total {
					next = fmt.Sprintf(`"next":"/x?cursor=%d"`, start+limit)
				}
				rw.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(rw, `{"results":[%s],"_links":{%s}}`, strings.Join(list, ","), next)
				return true
			})
			for _, limits := range [][]int{{1000}, {250}, {7, 1000, 90, 3}} {
				seen, said := 0, false
				in := TreeRequest{SpaceKey: "DOCS"}
				for i := 0; ; i++ {
					in.Limit = limits[i%len(limits)]
					part, err := w.GetTree(t.Context(), in)
					if err != nil {
						t.Fatal(err)
					}
					if size(part) > resultBudget+1024 || len(part.Pages) > in.Limit {
						t.Errorf("limit %d: %d pages in %d bytes", in.Limit, len(part.Pages), size(part))
					}
					for _, page := range part.Pages {
						if page.ID != strconv.Itoa(seen) {
							t.Fatalf("limits %v: page %s, want %d", limits, page.ID, seen)
						}
						seen++
					}
					said = said || part.Truncated != ""
					if in.Cursor = part.Cursor; in.Cursor == "" {
						break
					}
				}
				if seen != total || !said {
					t.Errorf("limits %v: %d pages, want %d; said that it is truncated: %v", limits, seen, total, said)
				}
			}
			in := ChildrenRequest{ParentID: "1", Cursor: atlassian.Cursor{Start: 1}.Encode("tree DOCS")}
			var input *atlassian.InputError
			if _, err := w.GetChildren(t.Context(), in); !errors.As(err, &input) || input.Argument != "cursor" {
				t.Errorf("the cursor of another list: %v", err)
			}
		})
	}
}

func TestListRoundTrips(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Operations")
		for name, run := range map[string]func() error{
			"children": func() error {
				_, err := w.GetChildren(t.Context(), ChildrenRequest{ParentID: id, Limit: 25})
				return err
			},
			"tree":   func() error { _, err := w.GetTree(t.Context(), TreeRequest{SpaceKey: "DOCS", Limit: 100}); return err },
			"spaces": func() error { _, err := w.ListSpaces(t.Context(), SpacesRequest{Limit: 25}); return err },
			"labels": func() error { _, err := w.GetLabels(t.Context(), id, ""); return err },
			"add":    func() error { _, err := w.AddLabel(t.Context(), id, "x"); return err },
			"remove": func() error { _, err := w.RemoveLabel(t.Context(), id, "operations"); return err },
		} {
			if err := run(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if sent := w.sent(); len(sent) != 1 {
				t.Errorf("%s: sent %q, want one request", name, sent)
			}
		}
	})
}

// TestFolderHasChildren reads below a folder, which only Cloud has.
func TestFolderHasChildren(t *testing.T) {
	w := connect(t, "cloud", "", nil, "sandbox-confluence-token")
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		rw.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/folders/4711"):
			fmt.Fprint(rw, `{"id":"4711","spaceId":"98306"}`)
		case strings.HasSuffix(r.URL.Path, "/folders/4711/direct-children"):
			fmt.Fprint(rw, `{"results":[{"id":"1","title":"A","type":"page"},{"id":"2","title":"B","type":"folder"}]}`)
		default:
			rw.Header().Del("Content-Type")
			return false
		}
		return true
	})
	all, err := w.GetChildren(t.Context(), ChildrenRequest{ParentID: "4711", Limit: 5})
	if err != nil || len(all.Pages) != 2 || all.Pages[0].Type != "" || all.Pages[1].Type != "folder" {
		t.Errorf("%+v, %v", all, err)
	}
	pages, err := w.GetChildren(t.Context(), ChildrenRequest{ParentID: "4711", Limit: 5, PagesOnly: true})
	if err != nil || len(pages.Pages) != 1 {
		t.Errorf("pages only: %+v, %v", pages, err)
	}
	if key, err := w.SpaceOfParent(t.Context(), "4711"); err != nil || key != "DOCS" {
		t.Errorf("space %q, %v", key, err)
	}
}
