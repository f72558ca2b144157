package markup

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// adfWriter spells a tree as ADF. It writes JSON as it walks: a tree of maps would cost several
// times the parse.
type adfWriter struct {
	buf   []byte
	tasks int // numbers the localIds that task and decision lists must have
}

// adfPlace is an ADF node whose content is being written; it decides what may stand in it.
type adfPlace uint8

const (
	inDoc adfPlace = iota
	inItem
	inQuote
	inPanel
	inCell
	inExpand
	inNestedExpand
)

// adfAllowed says, for the places that do not allow every block, which ones they allow. All of
// them allow paragraphs, lists, code and media. From the definitions of Atlassian's schema:
// https://unpkg.com/@atlaskit/adf-schema/dist/json-schema/v1/full.json
var adfAllowed = map[adfPlace]map[string]bool{
	inItem:  {"taskList": true},
	inQuote: {},
	inPanel: {"heading": true, "taskList": true, "rule": true, "decisionList": true},
	inCell: {
		"heading": true, "taskList": true, "rule": true, "decisionList": true, "panel": true,
		"blockquote": true, "nestedExpand": true,
	},
	inExpand: {
		"heading": true, "taskList": true, "rule": true, "decisionList": true, "panel": true,
		"blockquote": true, "nestedExpand": true, "table": true,
	},
	inNestedExpand: {
		"heading": true, "taskList": true, "rule": true, "decisionList": true, "panel": true,
		"blockquote": true,
	},
}

func (p adfPlace) allows(typ string) bool {
	if p == inDoc {
		return typ != "nestedExpand"
	}
	return adfAllowed[p][typ]
}

func writeADF(blocks []*node) Document { return new(arena).writeADF(blocks) }

// writeADF is writeADF in the room that a has.
func (a *arena) writeADF(blocks []*node) Document {
	w := &adfWriter{buf: a.out[:0]}
	w.raw(`{"version":1,"type":"doc","content":[`)
	w.blocks(blocks, inDoc)
	w.raw(`]}`)
	a.out = w.buf
	return bytes.Clone(w.buf)
}

func (w *adfWriter) raw(s string) { w.buf = append(w.buf, s...) }

// next begins an array's element: with a comma unless it is the first.
func (w *adfWriter) next() {
	if c := w.buf[len(w.buf)-1]; c != '[' {
		w.buf = append(w.buf, ',')
	}
}

// str writes a JSON string. Text is valid UTF-8 by now, without control characters but tab and
// line feed.
func (w *adfWriter) str(s string) {
	w.buf = append(w.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf || c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		w.raw(s[from:i])
		switch c {
		case '"', '\\':
			w.buf = append(w.buf, '\\', c)
		case '\n':
			w.raw(`\n`)
		case '\t':
			w.raw(`\t`)
		default:
			w.raw(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		}
		i++
		from = i
	}
	w.raw(s[from:])
	w.buf = append(w.buf, '"')
}

// attr writes "name":"value".
func (w *adfWriter) attr(name, value string) {
	w.buf = append(w.buf, '"')
	w.raw(name)
	w.raw(`":`)
	w.str(value)
}

// open begins a node up to its content's bracket; attrs is its attributes' JSON, or "".
func (w *adfWriter) open(typ, attrs string) {
	w.next()
	w.raw(`{"type":"`)
	w.raw(typ)
	if attrs != "" {
		w.raw(`","attrs":{`)
		w.raw(attrs)
		w.raw(`},"content":[`)
		return
	}
	w.raw(`","content":[`)
}

func (w *adfWriter) end() { w.raw(`]}`) }

// localID is the attribute by which Atlassian tells tasks and decisions of one document apart.
func (w *adfWriter) localID() string {
	w.tasks++
	return `"localId":"task-` + strconv.Itoa(w.tasks) + `"`
}

func (w *adfWriter) blocks(blocks []*node, in adfPlace) {
	for _, n := range blocks {
		w.block(n, in)
	}
}

// container writes a node that must not be empty.
func (w *adfWriter) container(typ, attrs string, children []*node, in adfPlace) {
	w.open(typ, attrs)
	at := len(w.buf)
	w.blocks(children, in)
	if len(w.buf) == at {
		w.open("paragraph", "")
		w.end()
	}
	w.end()
}

func (w *adfWriter) block(n *node, in adfPlace) {
	switch n.kind {
	case paragraph:
		w.paragraph(n, in)
	case heading:
		if !in.allows("heading") {
			w.textParagraph(n.inlines, strong)
			return
		}
		w.open("heading", `"level":`+strconv.Itoa(min(max(n.level, 1), 6)))
		w.inlines(n.inlines, 0)
		w.end()
	case codeBlock:
		w.code(n)
	case rule:
		if in.allows("rule") {
			w.next()
			w.raw(`{"type":"rule"}`)
		}
	case quote:
		if in.allows("blockquote") {
			w.container("blockquote", "", n.children, inQuote)
		} else {
			w.blocks(n.children, in)
		}
	case list:
		w.list(n, in)
	case table:
		w.table(n, in)
	case callout:
		w.callout(n, in)
	default:
		w.blocks(n.children, in)
	}
}

// paragraph writes a paragraph, or media when it holds nothing but images that ADF can show.
func (w *adfWriter) paragraph(n *node, in adfPlace) {
	if onlyMedia(n.inlines) {
		for _, i := range n.inlines {
			if i.kind == imageInline {
				w.media(i)
			}
		}
		return
	}
	w.textParagraph(n.inlines, 0)
}

func (w *adfWriter) textParagraph(in []inline, marks mark) {
	if in = tidy(in); len(in) == 0 {
		return
	}
	w.open("paragraph", "")
	w.inlines(in, marks)
	w.end()
}

func onlyMedia(in []inline) bool {
	for _, i := range in {
		if _, _, media := parseMediaDest(i.target); i.kind == imageInline && (media || isWebImage(i.target)) {
			continue
		}
		if !isBlank(i) {
			return false
		}
	}
	return len(in) > 0
}

func (w *adfWriter) media(i inline) {
	w.next()
	w.raw(`{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{`)
	if id, collection, ok := parseMediaDest(i.target); ok {
		w.raw(`"type":"file",`)
		w.attr("id", id)
		w.raw(",")
		w.attr("collection", collection)
	} else {
		w.raw(`"type":"external",`)
		w.attr("url", i.target)
	}
	if i.text != "" {
		w.raw(",")
		w.attr("alt", i.text)
	}
	w.raw(`}`)
	if isWebLink(i.link.href) {
		w.raw(`,"marks":[`)
		w.linkMark(i.link)
		w.raw(`]`)
	}
	w.raw(`}]}`)
}

func (w *adfWriter) code(n *node) {
	w.next()
	w.raw(`{"type":"codeBlock"`)
	if n.name != "" {
		w.raw(`,"attrs":{`)
		w.attr("language", n.name)
		w.raw(`}`)
	}
	if n.text != "" {
		w.raw(`,"content":[{"type":"text",`)
		w.attr("text", n.text)
		w.raw(`}]`)
	}
	w.raw(`}`)
}

func (w *adfWriter) callout(n *node, in adfPlace) {
	panel, isPanel := panelTypes[n.name]
	switch {
	case isPanel && in.allows("panel"):
		w.container("panel", `"panelType":"`+panel+`"`, titled(n), inPanel)
	case n.name == calloutDecision && in.allows("decisionList"):
		w.decisions(n)
	case n.name == calloutExpand && (in == inDoc || in.allows("nestedExpand")):
		typ, place := "expand", inExpand
		if in != inDoc {
			typ, place = "nestedExpand", inNestedExpand
		}
		title := adfWriter{}
		title.attr("title", n.title)
		w.container(typ, string(title.buf), n.children, place)
	case n.name == calloutMacro && in.allows("blockquote"):
		w.container("blockquote", "", titled(n), inQuote)
	default:
		w.blocks(titled(n), in)
	}
}

// titled is a callout's body with its title before it, for nodes that have none of their own.
func titled(n *node) []*node {
	if n.title == "" {
		return n.children
	}
	head := &node{kind: paragraph, inlines: []inline{{text: n.title, marks: strong}}}
	return append([]*node{head}, n.children...)
}

// decisions writes each block of a decision callout as one decision.
func (w *adfWriter) decisions(n *node) {
	w.open("decisionList", w.localID())
	blocks := titled(n)
	if len(blocks) == 0 {
		blocks = []*node{{kind: paragraph}}
	}
	for _, b := range blocks {
		w.open("decisionItem", w.localID()+`,"state":"DECIDED"`)
		w.inlines(flatten(b), 0)
		w.end()
	}
	w.end()
}

// table writes a table; where none may stand, each row becomes a paragraph.
func (w *adfWriter) table(n *node, in adfPlace) {
	if !in.allows("table") {
		for _, r := range n.children {
			w.textParagraph(rowInlines(r), 0)
		}
		return
	}
	w.open("table", `"isNumberColumnEnabled":false,"layout":"default"`)
	for _, r := range n.children {
		w.open("tableRow", "")
		for _, c := range r.children {
			typ := "tableCell"
			if c.header {
				typ = "tableHeader"
			}
			w.container(typ, spanAttrs(c), c.children, inCell)
		}
		w.end()
	}
	w.end()
}

func spanAttrs(c *node) string {
	var attrs []string
	if c.colspan > 1 {
		attrs = append(attrs, `"colspan":`+strconv.Itoa(c.colspan))
	}
	if c.rowspan > 1 {
		attrs = append(attrs, `"rowspan":`+strconv.Itoa(c.rowspan))
	}
	return strings.Join(attrs, ",")
}

// rowInlines spells a row on one line.
func rowInlines(r *node) []inline {
	var in []inline
	for i, c := range r.children {
		if i > 0 {
			in = append(in, inline{text: " | "})
		}
		in = append(in, cellInlines(c.children, 0)...)
	}
	return in
}
