package markup

import (
	"strings"
	"time"
)

// storageText spells inlines.
func storageText(in []inline) string {
	w := &storageWriter{}
	w.spans(nest(tidy(in)))
	return w.out.String()
}

var storageElements = map[mark]string{
	strong: "strong", em: "em", strike: "del", underline: "u", sub: "sub", sup: "sup",
}

func (w *storageWriter) spans(spans []span) {
	for _, s := range spans {
		switch {
		case !s.wraps:
			w.leaf(s.leaf)
		case s.mark == 0:
			w.linked(s)
		default:
			name := storageElements[s.mark]
			w.raw("<" + name + ">")
			w.spans(s.children)
			w.raw("</" + name + ">")
		}
	}
}

func (w *storageWriter) leaf(in inline) {
	if in.source != "" {
		w.raw(in.source)
		return
	}
	switch in.kind {
	case breakInline:
		w.raw("<br />")
	case imageInline:
		w.image(in)
	case objectInline:
		w.object(in)
	default:
		if in.marks&code != 0 {
			w.raw("<code>" + escapeXML(in.text) + "</code>")
		} else {
			w.raw(escapeXML(collapse(in.text)))
		}
	}
}

// collapse makes one space of every white space, as HTML shows it.
func collapse(s string) string {
	if !strings.ContainsAny(s, "\t\n\u00a0") && !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	space := false
	for _, c := range s {
		blank := strings.ContainsRune(blanks, c)
		switch {
		case !blank:
			b.WriteRune(c)
		case !space:
			b.WriteByte(' ')
		}
		space = blank
	}
	return b.String()
}

// linked writes a link to the web, a page, an attachment or an anchor; where it leads nowhere that
// Confluence could follow, its text.
func (w *storageWriter) linked(s span) {
	href := s.link.href
	page, isPage := parsePageRef(href)
	scheme, _ := splitScheme(href)
	name, isFile := attachmentName(href)
	switch {
	case isPage:
		w.raw("<ac:link" + attribute("ac:anchor", page.anchor) + "><ri:page" + attribute("ri:space-key", page.space) +
			attribute("ri:content-title", page.title) + " />")
		w.linkBody(s.children)
	case len(href) > 1 && href[0] == '#':
		w.raw("<ac:link" + attribute("ac:anchor", unescapePath(href[1:])) + ">")
		w.linkBody(s.children)
	case scheme == schemeAttachment && isFile:
		w.raw("<ac:link><ri:attachment" + attribute("ri:filename", name) + " />")
		w.linkBody(s.children)
	case isWebLink(href):
		w.raw("<a" + attribute("href", href) + attribute("title", s.link.title) + ">")
		w.spans(s.children)
		w.raw("</a>")
	default:
		w.spans(s.children)
	}
}

func (w *storageWriter) linkBody(children []span) {
	w.raw("<ac:link-body>")
	w.spans(children)
	w.raw("</ac:link-body></ac:link>")
}

// attribute spells an attribute, or nothing when it is empty.
func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + escapeXML(strings.ReplaceAll(value, "\n", " ")) + `"`
}

func (w *storageWriter) image(in inline) {
	if address, ok := webImage(in.target); ok {
		in.target = address
	}
	alt := attribute("ac:alt", in.text) + attribute("ac:title", in.title)
	if name, ok := attachmentName(in.target); ok {
		w.raw("<ac:image" + alt + "><ri:attachment" + attribute("ri:filename", name) + " /></ac:image>")
	} else if isWebImage(in.target) || strings.HasPrefix(in.target, "/") { // on the web or on the same site
		w.raw("<ac:image" + alt + "><ri:url" + attribute("ri:value", in.target) + " /></ac:image>")
	} else {
		w.raw(escapeXML(in.text))
	}
}

// object writes what an object scheme stands for.
func (w *storageWriter) object(in inline) {
	scheme, rest := splitScheme(in.target)
	users := map[string]string{schemeMention: "ri:account-id", schemeUser: "ri:username", schemeUserKey: "ri:userkey"}
	address, isCard := cardURL(in.target)
	key, isIssue := issueKey(in.target)
	switch _, dateErr := time.Parse(time.DateOnly, in.text); {
	case users[scheme] != "" && rest != "":
		w.raw("<ac:link><ri:user" + attribute(users[scheme], objectID(rest)) + " /></ac:link>")
	case scheme == schemeStatus && in.text != "":
		w.macro("status", param{"colour", storageColor(rest)}, param{"title", in.text})
		w.endMacro()
	case scheme == schemeDate && dateErr == nil:
		w.raw("<time" + attribute("datetime", in.text) + " />")
	case isCard:
		w.linked(span{link: link{href: address}, children: []span{{leaf: inline{text: in.text}}}})
	case isIssue:
		w.macro("jira", param{"key", key})
		w.endMacro()
	case scheme == schemeMacro && isMacroName(rest):
		name, params := parseMacroDest(rest)
		w.macro(name, params...)
		w.endMacro()
	default:
		w.raw(escapeXML(in.text))
	}
}

func isMacroName(dest string) bool {
	name, _ := parseMacroDest(dest)
	return name != ""
}

// storageColor is a status colour as Confluence's macro spells it.
func storageColor(name string) string {
	color := statusColor(name)
	if color == "neutral" || color[0] == '#' {
		return "Grey"
	}
	return strings.ToUpper(color[:1]) + color[1:]
}
