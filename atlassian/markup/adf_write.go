package markup

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// adfWriter spells a tree as ADF. It writes JSON as it walks: a tree of maps would cost several
// times the parse.
type adfWriter struct {
	buf   []byte
	site  string // where issues are, without a slash at its end; "" when that is not known
	tasks int    // numbers the localIds that task and decision lists must have
}

func writeADF(blocks []*node, site string) Document {
	w := &adfWriter{site: site}
	w.raw(`{"version":1,"type":"doc","content":[`)
	w.blocks(blocks, inDoc)
	w.raw(`]}`)
	return w.buf
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
	w.raw(`"` + name + `":`)
	w.str(value)
}

// attrs writes a node's attributes, if it has any, behind its type.
func (w *adfWriter) attrs(attrs map[string]any) {
	if len(attrs) > 0 {
		w.raw(`,"attrs":{` + jsonAttrs(attrs) + `}`)
	}
}

// jsonAttrs spells attributes sorted by name, without the braces.
func jsonAttrs(attrs map[string]any) string {
	if len(attrs) == 0 {
		return ""
	}
	object := compactJSON(attrs)
	return string(object[1 : len(object)-1])
}

// open begins a node up to its content's bracket; attrs is its attributes' JSON, or "".
func (w *adfWriter) open(typ, attrs string) {
	w.next()
	w.raw(`{"type":"` + typ + `"`)
	if attrs != "" {
		w.raw(`,"attrs":{` + attrs + `}`)
	}
	w.raw(`,"content":[`)
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
		if runs := w.runs(n.inlines, 0); len(runs) > 0 {
			w.open("heading", `"level":`+strconv.Itoa(min(max(n.level, 1), 6)))
			w.inlines(runs)
			w.end()
		}
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
	case columns:
		w.layout(n, in)
	default:
		w.blocks(n.children, in)
	}
}

// paragraph writes a paragraph, or the blocks that it stands for: images, or a placeholder.
func (w *adfWriter) paragraph(n *node, in adfPlace) {
	if onlyMedia(n.inlines) {
		w.mediaBlocks(n.inlines, in)
		return
	}
	if len(n.inlines) == 1 && w.blockObject(n.inlines[0], in) {
		return
	}
	w.textParagraph(n.inlines, 0)
}

func (w *adfWriter) textParagraph(in []inline, marks mark) {
	if runs := w.runs(in, marks); len(runs) > 0 {
		w.open("paragraph", "")
		w.inlines(runs)
		w.end()
	}
}

func (w *adfWriter) code(n *node) {
	w.next()
	w.raw(`{"type":"codeBlock"`)
	attrs, _ := adfAttrs("codeBlock", parseAttrQuery(n.target))
	if n.name != "" {
		attrs["language"] = n.name
	}
	w.attrs(attrs)
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
		attrs := map[string]any{}
		if typ, own, ok := parseADFDest(n.target); ok && typ == "panel" {
			attrs = own
		}
		attrs["panelType"] = panel
		w.container("panel", jsonAttrs(attrs), titled(n), inPanel)
	case n.name == calloutDecision && in.allows("decisionList"):
		w.decisions(n)
	case n.name == calloutExpand && in.allows("expand"):
		w.container("expand", jsonAttrs(map[string]any{"title": n.title}), n.children, inExpand)
	case n.name == calloutExpand && in.allows("nestedExpand"):
		w.container("nestedExpand", jsonAttrs(map[string]any{"title": n.title}), n.children, inNestedExpand)
	case n.name == calloutMacro && w.bodied(n, in):
	case n.name == calloutMacro && in.allows("blockquote"):
		w.container("blockquote", "", titled(n), inQuote)
	default:
		w.blocks(titled(n), in)
	}
}

// bodied writes a node that an app fills, with the body it has; false when the callout has none of
// ADF's behind it.
func (w *adfWriter) bodied(n *node, in adfPlace) bool {
	body := map[string]adfPlace{"bodiedExtension": inBodied, "bodiedSyncBlock": inSync}
	typ, attrs, ok := parseADFDest(n.target)
	if !ok || body[typ] == 0 || !in.allows(typ) {
		return false
	}
	w.container(typ, jsonAttrs(attrs), n.children, body[typ])
	return true
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
		w.inlines(w.runs(flatten(b), 0))
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
