package markup

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// adfWriter spells a tree as ADF. It writes JSON as it walks: a tree of maps would cost several
// times the parse.
type adfWriter struct {
	mem   *arena
	buf   []byte
	align string // of the cell being written
	loose bool   // Markdown may say something else of the block
	site  string // where issues are, without a slash at its end; "" when that is not known
	tasks int    // numbers the localIds that task and decision lists must have
}

// toADF writes Markdown as a document that, read as Markdown and written again, is the same.
func toADF(markdown, site string) Document {
	mem := newArena()
	defer mem.giveBack()
	w := &adfWriter{mem: mem, site: site, buf: mem.out[:0]}
	w.raw(`{"version":1,"type":"doc","content":[`)
	for n := range mem.eachBlock(markdown) {
		w.settled(n)
	}
	w.raw(`]}`)
	mem.out = w.buf
	return bytes.Clone(w.buf)
}

// settled writes a block of the document. What would be something else when the document is read as
// Markdown and written again is read and written again at once: an address that is plain text here, as
// in a panel's title, and white space in formats that overlap.
func (w *adfWriter) settled(n *node) {
	at, tasks := len(w.buf), w.tasks
	w.loose = false
	w.block(n, inDoc)
	if !w.loose {
		return
	}
	written := bytes.TrimPrefix(w.buf[at:], []byte(","))
	blocks, _, err := parseADF(slices.Concat([]byte(`{"type":"doc","content":[`), written, []byte(`]}`)))
	if err != nil {
		return // larger than a document may be
	}
	w.buf, w.tasks = w.buf[:at], tasks
	again := newArena()
	defer again.giveBack()
	w.blocks(again.parseMarkdown(writeMarkdown(blocks)), inDoc)
}

// looksLikeAddress says whether text holds what Markdown may make a link of.
func looksLikeAddress(text string) bool {
	if strings.Contains(text, "://") || strings.Contains(text, "www.") {
		return true
	}
	_, domain, ok := strings.Cut(text, "@")
	return ok && strings.Contains(domain, ".")
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

// attrs writes a node's attributes, if it has any, behind its type.
func (w *adfWriter) attrs(attrs map[string]any) {
	if len(attrs) == 0 {
		return
	}
	w.raw(`,"attrs":{`)
	w.members(attrs)
	w.raw(`}`)
}

// members writes the members of an object, sorted by name.
func (w *adfWriter) members(attrs map[string]any) {
	names := make([]string, 0, 8)
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			w.raw(",")
		}
		w.str(name)
		w.raw(":")
		if text, ok := attrs[name].(string); ok {
			w.str(text)
		} else {
			w.buf = append(w.buf, compactJSON(attrs[name])...)
		}
	}
}

// jsonAttrs spells attributes sorted by name, without the braces.
func jsonAttrs(attrs map[string]any) string {
	var w adfWriter
	w.members(attrs)
	return string(w.buf)
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

// quote writes a quote, unless nothing of what it holds may stand in one.
func (w *adfWriter) quote(children []*node) {
	before := len(w.buf)
	w.open("blockquote", "")
	at := len(w.buf)
	w.blocks(children, inQuote)
	if len(w.buf) == at {
		w.buf = w.buf[:before]
		return
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
			w.quote(n.children)
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
	at := len(w.buf)
	w.textParagraph(n.inlines, 0)
	if align := w.align; len(w.buf) > at && in == inCell && (align == alignCenter || align == alignEnd) {
		w.buf = w.buf[:len(w.buf)-len("}")]
		w.raw(`,"marks":[{"type":"alignment","attrs":{"align":"` + align + `"}}]}`)
	}
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
		w.quote(titled(n))
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

// decisions writes each block of a decision callout as one decision, and one without text when
// there are none.
func (w *adfWriter) decisions(n *node) {
	w.open("decisionList", w.localID())
	at := len(w.buf)
	for _, b := range titled(n) {
		if runs := w.runs(flatten(b), 0); len(runs) > 0 {
			w.decision(runs)
		}
	}
	if len(w.buf) == at {
		w.decision(nil)
	}
	w.end()
}

func (w *adfWriter) decision(runs []inline) {
	w.open("decisionItem", w.localID()+`,"state":"DECIDED"`)
	w.inlines(runs)
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
		w.row(r)
	}
	w.end()
}

func (w *adfWriter) row(r *node) {
	w.open("tableRow", "")
	for _, c := range r.children {
		w.cell(c)
	}
	w.end()
}

func (w *adfWriter) cell(c *node) {
	typ := "tableCell"
	if c.header {
		typ = "tableHeader"
	}
	w.align = c.name
	w.container(typ, spanAttrs(c), c.children, inCell)
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
