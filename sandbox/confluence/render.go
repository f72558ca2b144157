package confluence

import (
	"encoding/xml"
	"html"
	"html/template"
	"net/url"
	"strings"
)

// plainElements are the elements of storage format that are shown as they are, without attributes.
var plainElements = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "li": true,
	"strong": true, "em": true, "u": true, "del": true, "sub": true, "sup": true, "code": true, "pre": true, "blockquote": true,
	"table": true, "tbody": true, "thead": true, "tr": true, "td": true, "th": true, "br": true, "hr": true,
}

// render turns storage format into safe HTML: known elements without their attributes, macros as
// boxes, everything else as its text.
func (s *Server) render(in *space, storage string) template.HTML {
	v := &viewer{server: s, space: in}
	d := parser(storage)
	for {
		token, err := d.Token()
		if err != nil {
			return template.HTML(v.b.String()) //nolint:gosec // made of plainElements and escaped text only
		}
		switch t := token.(type) {
		case xml.StartElement:
			v.start(t)
		case xml.EndElement:
			v.end(t)
		case xml.CharData:
			v.text(string(t))
		}
	}
}

type viewer struct {
	server    *Server
	space     *space
	b         strings.Builder
	macros    []string // names of the macros around
	parameter string   // name of the parameter around
	link      struct {
		open             bool
		text, href, name string
	}
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (v *viewer) start(t xml.StartElement) {
	switch name := t.Name.Local; {
	case t.Name.Space == "" && plainElements[name]:
		v.b.WriteString("<" + name + ">")
	case t.Name.Space == "" && name == "a":
		href := attr(t, "href")
		if u, err := url.Parse(href); err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			href = "#"
		}
		v.b.WriteString(`<a rel="noreferrer" href="` + html.EscapeString(href) + `">`)
	case name == "structured-macro":
		v.macros = append(v.macros, attr(t, "name"))
		v.openMacro(attr(t, "name"))
	case name == "parameter":
		v.parameter = attr(t, "name")
	case name == "task":
		v.b.WriteString("<li>")
	case name == "task-list":
		v.b.WriteString("<ul>")
	case name == "task-id", name == "task-status":
		v.parameter = name
	case name == "link":
		v.link.open, v.link.text, v.link.href, v.link.name = true, "", "", ""
	case t.Name.Space == "ri":
		v.reference(t)
	case name == "time":
		v.text(attr(t, "datetime"))
	}
}

func (v *viewer) openMacro(name string) {
	switch name {
	case "code":
		v.b.WriteString("<pre><code>")
	case "status", "jira":
		v.b.WriteString(`<span class="chip">`)
	case "info", "note", "warning", "tip", "panel", "expand":
		v.b.WriteString(`<div class="macro">`)
	}
}

func (v *viewer) closeMacro(name string) {
	switch name {
	case "code":
		v.b.WriteString("</code></pre>")
	case "status", "jira":
		v.b.WriteString("</span>")
	case "info", "note", "warning", "tip", "panel", "expand":
		v.b.WriteString("</div>")
	}
}

func (v *viewer) reference(t xml.StartElement) {
	switch t.Name.Local {
	case "page":
		key, title := orElse(attr(t, "space-key"), v.space.key), attr(t, "content-title")
		v.link.name = title
		if sp := v.server.store.spaceByKey(key); sp != nil {
			if p := v.server.store.titled(sp, title); p != nil {
				v.link.href = v.server.context + pagePath(v.server.cloud, p)
			}
		}
	case "user":
		id := attr(t, "account-id") + attr(t, "userkey")
		if p := find(v.server.store.people, func(p *person) bool { return p.is(id, nil) }); p != nil {
			v.link.name = "@" + p.name
		}
	case "attachment":
		v.text("[" + attr(t, "filename") + "]")
	}
}

func (v *viewer) end(t xml.EndElement) {
	switch name := t.Name.Local; {
	case t.Name.Space == "" && (name == "br" || name == "hr"):
	case t.Name.Space == "" && (plainElements[name] || name == "a"):
		v.b.WriteString("</" + name + ">")
	case name == "structured-macro":
		last := len(v.macros) - 1
		v.closeMacro(v.macros[last])
		v.macros = v.macros[:last]
	case name == "parameter", name == "task-id", name == "task-status":
		v.parameter = ""
	case name == "task":
		v.b.WriteString("</li>")
	case name == "task-list":
		v.b.WriteString("</ul>")
	case name == "link":
		v.link.open = false
		label := html.EscapeString(orElse(v.link.text, v.link.name))
		if v.link.href == "" {
			v.b.WriteString(label)
			return
		}
		v.b.WriteString(`<a href="` + html.EscapeString(v.link.href) + `">` + label + "</a>")
	}
}

func (v *viewer) text(text string) {
	switch {
	case v.link.open:
		v.link.text += text
	case v.parameter == "task-status":
		v.b.WriteString(map[string]string{"complete": "☑ "}[text] + map[string]string{"incomplete": "☐ "}[text])
	case v.parameter == "title" && len(v.macros) > 0 && v.macros[len(v.macros)-1] == "status", v.parameter == "key":
		v.b.WriteString(html.EscapeString(text))
	case v.parameter == "title":
		v.b.WriteString("<strong>" + html.EscapeString(text) + "</strong>")
	case v.parameter == "":
		v.b.WriteString(html.EscapeString(text))
	}
}
