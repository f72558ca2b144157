package confluence

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// viewTemplate shows a page or a space to people. Everything in it is escaped but Body, which
// render made of an allow-list of elements.
var viewTemplate = template.Must(template.New("view").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}} – {{.Space}} – Confluence sandbox</title>
<style>
body{font:16px/1.6 system-ui,sans-serif;color:#172b4d;max-width:46rem;margin:2rem auto;padding:0 1rem}
nav,footer,.by{color:#44546f;font-size:.875rem}a{color:#0c66e4}h1{line-height:1.2;margin:.5rem 0}
pre{background:#f1f2f4;padding:1rem;overflow:auto}code{background:#f1f2f4;padding:0 .2em}pre code{padding:0}
table{border-collapse:collapse}td,th{border:1px solid #b3b9c4;padding:.3rem .6rem;text-align:left}
.macro{border-left:4px solid #0c66e4;background:#e9f2ff;padding:.5rem 1rem;margin:1rem 0}
.chip{background:#dcdfe4;border-radius:3px;padding:0 .4em;font-size:.8em;font-weight:600}
.comment{border-top:1px solid #dcdfe4;padding:.5rem 0}.reply{margin-left:2rem}
</style></head><body>
<nav>{{range $i, $a := .Path}}{{if $i}} / {{end}}<a href="{{$a.URL}}">{{$a.Title}}</a>{{end}}</nav>
<h1>{{.Title}}</h1>{{with .By}}<p class="by">{{.}}</p>{{end}}
<main>{{.Body}}</main>
{{with .Children}}<h2>Pages</h2><ul>{{range .}}<li><a href="{{.URL}}">{{.Title}}</a></li>{{end}}</ul>{{end}}
{{with .Comments}}<h2>Comments</h2>{{range .}}<div class="comment{{if .Reply}} reply{{end}}" id="comment-{{.ID}}"><p class="by">{{.By}}</p>{{.Body}}</div>{{end}}{{end}}
<footer><p>This is a sandbox; nothing here is real.</p></footer></body></html>`))

type viewData struct {
	Title, Space, By string
	Path, Children   []viewLink
	Body             template.HTML
	Comments         []viewComment
}

type viewLink struct{ Title, URL string }

type viewComment struct {
	ID    int64
	Reply bool
	By    string
	Body  template.HTML
}

// view shows what the path names to a browser.
func (s *Server) view(w http.ResponseWriter, r *http.Request, path string) {
	p, sp := s.viewed(path, r.URL.Query())
	var data viewData
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	case p != nil:
		data = s.viewPage(p)
	case sp != nil:
		data = viewData{Title: sp.name, Space: sp.key, Children: s.children(sp, nil)}
	default:
		http.Error(w, "Page not found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	viewTemplate.Execute(w, data) //nolint:errcheck // the browser went away
}

// viewed finds the page or space of a web path in the forms of both deployments.
func (s *Server) viewed(path string, q url.Values) (*page, *space) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/pages/viewpage.action":
		return s.pageByText(q.Get("pageId")), nil
	case len(parts) >= 4 && parts[0] == "spaces" && parts[2] == "pages":
		return s.pageByText(parts[3]), nil
	case len(parts) == 3 && parts[0] == "display":
		if sp := s.store.spaceByKey(parts[1]); sp != nil {
			return s.store.titled(sp, strings.ReplaceAll(parts[2], "+", " ")), nil
		}
	case len(parts) >= 2 && (parts[0] == "display" || parts[0] == "spaces"):
		return nil, s.store.spaceByKey(parts[1])
	}
	return nil, nil
}

func (s *Server) pageByText(id string) *page {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	return s.store.page(n)
}

func (s *Server) viewPage(p *page) viewData {
	data := viewData{
		Title: p.title(), Space: p.space.key, Body: s.render(p.space, p.current().body), Children: s.children(p.space, p),
		By:   p.current().by.name + ", " + p.current().when.Format("2 January 2006") + ", version " + strconv.Itoa(p.current().number),
		Path: []viewLink{{p.space.name, s.context + spacePath(s.cloud, p.space)}},
	}
	for _, a := range p.ancestors() {
		if a.id == p.space.homepage { // the space's link leads to the same
			continue
		}
		data.Path = append(data.Path, viewLink{a.title(), s.context + pagePath(s.cloud, a)})
	}
	for _, c := range s.store.commentsOf(func(c *comment) bool { return c.page == p }) {
		by := c.author.name + ", " + c.created.Format("2 January 2006")
		if c.selection != "" {
			by += ", on “" + c.selection + "” (" + c.status + ")"
		}
		data.Comments = append(data.Comments, viewComment{c.id, c.parent != nil, by, s.render(p.space, c.body)})
	}
	return data
}

// children are the pages directly below parent, or at the top of the space when it is nil.
func (s *Server) children(in *space, parent *page) []viewLink {
	var links []viewLink
	for _, e := range s.store.entries() {
		if e.kind == "page" && e.space == in && e.page.parent == parent {
			links = append(links, viewLink{e.title, s.context + pagePath(s.cloud, e.page)})
		}
	}
	slices.SortFunc(links, func(a, b viewLink) int { return cmp.Compare(a.Title, b.Title) })
	return links
}
