package jira

import (
	"html/template"
	"net/http"
	"strings"
)

var pages = template.Must(template.New("page").Parse(`{{define "head"}}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.}}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
header { color: #0a5bd0; font-weight: 600 }
@media (prefers-color-scheme: dark) { header, a { color: #7db3ff } }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem } dt { opacity: .75 } dd { margin: 0 }
pre { white-space: pre-wrap; font: inherit; border-left: 3px solid #8884; padding-left: 1rem }
table { border-collapse: collapse; width: 100% } td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8883 }
</style></head><body><header>Contoso Jira (sandbox)</header>{{end}}
{{define "issue"}}{{template "head" .Title}}
<h1>{{.Issue.Summary}}</h1>
<dl>{{range .Issue.Facts}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>{{end}}</dl>
<h2>Description</h2><pre>{{.Issue.Description}}</pre>
{{if .Issue.Comments}}<h2>Comments</h2>{{range .Issue.Comments}}<p><strong>{{.Name}}</strong></p><pre>{{.Value}}</pre>{{end}}{{end}}
<p><a href="{{.Home}}">All issues</a></p></body></html>{{end}}
{{define "start"}}{{template "head" "Contoso Jira (sandbox)"}}
{{range .}}<h1>{{.Name}}</h1><table>{{range .Issues}}<tr><td><a href="{{.Href}}">{{.Key}}</a></td><td>{{.Summary}}</td><td>{{.Status}}</td></tr>{{end}}</table>{{end}}
</body></html>{{end}}`))

type fact struct{ Name, Value string }

type issueView struct {
	Summary, Description string
	Facts, Comments      []fact
}

func (s *Server) viewOf(i *issue) issueView {
	v := issueView{Summary: i.summary, Description: strings.TrimSpace(plainTextOf(i.description))}
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, fact{name, value})
		}
	}
	add("Key", i.key)
	add("Type", i.kind.name)
	add("Status", i.status.name)
	add("Priority", i.priority.name)
	if i.resolution != nil {
		add("Resolution", i.resolution.name)
	}
	if i.assignee != nil {
		add("Assignee", i.assignee.display)
	}
	add("Reporter", i.reporter.display)
	add("Labels", strings.Join(i.labels, ", "))
	if i.parent != nil {
		add("Parent", i.parent.key+" "+i.parent.summary)
	}
	for _, l := range i.links {
		relation := l.kind.inward
		if l.outward {
			relation = l.kind.outward
		}
		add("Link", relation+" "+l.opposite.key)
	}
	for _, c := range i.comments {
		v.Comments = append(v.Comments, fact{c.author.display + ", " + c.created.Format("2 January 2006 15:04"), strings.TrimSpace(plainTextOf(c.body))})
	}
	return v
}

// issuePage is where the links in results lead.
func (s *Server) issuePage(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.state.byKey[r.PathValue("key")]
	if i == nil {
		http.NotFound(w, r)
		return
	}
	s.render(w, "issue", map[string]any{"Title": "[" + i.key + "] " + i.summary, "Issue": s.viewOf(i), "Home": s.base + "/"})
}

func (s *Server) startPage(w http.ResponseWriter, _ *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	type row struct{ Key, Href, Summary, Status string }
	type group struct {
		Name   string
		Issues []row
	}
	var groups []group
	for _, p := range s.state.projects {
		g := group{Name: p.name}
		for _, i := range s.state.issues {
			if i.project == p {
				g.Issues = append(g.Issues, row{i.key, s.base + "/browse/" + i.key, i.summary, i.status.name})
			}
		}
		groups = append(groups, g)
	}
	s.render(w, "start", groups)
}

func (s *Server) render(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
	}
}
