package markup

import (
	"strconv"
	"strings"
)

// storageReader turns storage format into a tree. Blocks and inlines may stand side by side in it;
// the flow makes paragraphs of the inlines.
type storageReader struct {
	flow
	marks  mark
	link   link
	inText bool // within a paragraph, where a macro without a body is part of the text

	at     extent // of the element that is being read
	cdata  bool   // it is a CDATA section
	unit   extent // of the outermost inline element around it
	depth  int    // how many inline elements are around it
	broken bool   // a block stood in an inline element, so that units overlap blocks
}

func parseStorage(source string) ([]*node, error) {
	root, err := parseElements(source)
	if err != nil {
		return nil, err
	}
	return storageBlocks(root), nil
}

// storageBlocks reads the blocks in e.
func storageBlocks(e *element) []*node {
	var r storageReader
	r.children(e)
	return r.done()
}

// add adds inlines with the place they were read from.
func (r *storageReader) add(in ...inline) {
	for _, i := range in {
		if !i.at.known() {
			i.at = r.at
		}
		i.unit = r.unit
		r.flow.add(i)
	}
}

func (r *storageReader) block(n ...*node) {
	r.broken = r.broken || r.depth > 0
	r.flow.block(n...)
}

// done ends the flow. Blocks whose places overlap have none.
func (r *storageReader) done() []*node {
	blocks := r.flow.done()
	if r.broken {
		for _, b := range blocks {
			b.origin.whole, b.origin.body = extent{}, extent{}
			for i := range b.origin.raw {
				b.origin.raw[i].unit = extent{}
			}
		}
	}
	return blocks
}

// within reads the children of an inline element.
func (r *storageReader) within(e *element) {
	r.depth++
	r.children(e)
	r.depth--
}

// originOf is the place of a node that is an element whose children are in body.
func originOf(e, body *element) origin {
	return origin{whole: e.whole, body: body.body, typ: e.name}
}

// originOfCode is the place of a code block whose text is in body.
func originOfCode(e, body *element) origin {
	from := originOf(e, body)
	from.raw = linesOf(body, code)
	return from
}

// linesOf is the text in e as it stands, with its line ends as breaks.
func linesOf(e *element, marks mark) []inline {
	var in []inline
	for _, c := range e.children {
		for _, r := range textLines(c.text, marks, link{}) {
			r.at, r.literal, r.cdata = c.body, c.name == "", c.cdata
			in = append(in, r)
		}
		in = append(in, linesOf(c, marks)...)
	}
	return in
}

func (r *storageReader) children(e *element) {
	for _, c := range e.children {
		r.element(c)
	}
}

func (r *storageReader) element(e *element) {
	if r.depth == 0 {
		r.unit = e.whole
	}
	r.at = e.whole
	if e.name == "" {
		r.at, r.cdata = e.body, e.cdata
		r.text(e.text, true)
		r.cdata = false
		return
	}
	if m, ok := storageMarks[e.name]; ok {
		saved := r.marks
		r.marks |= m
		r.within(e)
		r.marks = saved
		return
	}
	if !r.inline(e) {
		r.blockElement(e)
	}
}

// storageMarks are the elements that format their text.
var storageMarks = map[string]mark{
	"strong": strong, "b": strong, "em": em, "i": em, "cite": em, "u": underline, "ins": underline,
	"s": strike, "del": strike, "strike": strike, "sub": sub, "sup": sup,
	"code": code, "tt": code, "kbd": code, "samp": code,
}

// text adds text with its white space collapsed, as HTML shows it. Confluence's editors leave
// non-breaking spaces all over a page; they mean nothing there.
func (r *storageReader) text(s string, literal bool) {
	if r.marks&code != 0 {
		r.add(inline{text: s, marks: r.marks, link: r.link, literal: literal, cdata: r.cdata})
		return
	}
	var b strings.Builder
	space := r.endsInSpace()
	for _, c := range s {
		switch c {
		case ' ', '\t', '\n', '\u00a0':
			if !space {
				b.WriteByte(' ')
			}
			space = true
		default:
			b.WriteRune(c)
			space = false
		}
	}
	if b.Len() > 0 {
		r.add(inline{text: b.String(), marks: r.marks, link: r.link, literal: literal, cdata: r.cdata})
	}
}

func (r *storageReader) endsInSpace() bool {
	if len(r.inlines) == 0 {
		return true
	}
	last := r.inlines[len(r.inlines)-1]
	return last.kind == breakInline || last.kind == textInline && last.marks&code == 0 && strings.HasSuffix(last.text, " ")
}

// inline reads an inline element; false says that e is none.
func (r *storageReader) inline(e *element) bool {
	switch e.name {
	case "br":
		r.add(inline{kind: breakInline, marks: r.marks, link: r.link})
	case "a":
		saved := r.link
		if href := e.attr("href"); href != "" {
			r.link = link{href: href, title: e.attr("title")}
		}
		r.within(e)
		r.link = saved
	case "span", "font", "small", "big", "abbr", "label", "ac:inline-comment-marker":
		r.within(e)
	case "img":
		r.add(inline{kind: imageInline, text: e.attr("alt"), target: e.attr("src"), marks: r.marks, link: r.link})
	case "time":
		r.add(inline{kind: objectInline, text: e.attr("datetime"), target: schemeDate + ":", marks: r.marks})
	case "ac:link":
		r.resourceLink(e)
	case "ac:image":
		r.image(e)
	case "ac:emoticon":
		r.emoticon(e)
	case "ac:placeholder":
		r.text(e.allText(), false)
	case "ac:structured-macro", "ac:macro":
		return r.inlineMacro(e)
	default:
		return false
	}
	return true
}

func (r *storageReader) emoticon(e *element) {
	for _, name := range []string{"ac:emoji-fallback", "ac:emoji-shortname", "ac:name"} {
		if s := e.attr(name); s != "" {
			if name == "ac:name" {
				s = ":" + s + ":"
			}
			r.add(inline{text: s, marks: r.marks, link: r.link})
			return
		}
	}
}

func (r *storageReader) blockElement(e *element) {
	switch e.name {
	case "h1", "h2", "h3", "h4", "h5", "h6":
		level, _ := strconv.Atoi(e.name[1:])
		raw := storageInlines(e)
		from := originOf(e, e)
		from.raw = raw
		r.block(&node{kind: heading, level: level, inlines: tidy(raw), origin: from})
	case "pre":
		r.block(&node{kind: codeBlock, text: e.allText(), origin: originOfCode(e, e)})
	case "hr":
		r.block(&node{kind: rule, origin: originOf(e, e)})
	case "blockquote":
		r.block(&node{kind: quote, children: storageBlocks(e), origin: originOf(e, e)})
	case "ul", "ol":
		r.block(storageList(e))
	case "ac:task-list":
		r.block(storageTasks(e))
	case "table":
		r.block(storageTable(e))
	case "ac:layout-section":
		r.block(storageLayout(e)...)
	case "ac:structured-macro", "ac:macro":
		r.macro(e)
	case "ac:adf-extension":
		r.adfExtension(e)
	case "ac:parameter", "ac:adf-attribute", "colgroup":
		// what these hold is settings, not text
	case "p":
		r.paragraph(e)
	case "div", "center", "section", "li", "dl", "dt", "dd", "td", "th", "tr", "tbody", "caption",
		"ac:layout", "ac:layout-cell", "ac:rich-text-body", "ac:task-body", "ac:adf-content":
		r.flush()
		r.children(e)
		r.flush()
	default: // not known: what is in it decides whether it is a block
		if holdsBlock(e) {
			r.flush()
			r.children(e)
			r.flush()
		} else {
			r.within(e)
		}
	}
}

// holdsBlock says whether there is an element below e that is surely a block.
func holdsBlock(e *element) bool {
	for _, c := range e.children {
		switch c.name {
		case "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "blockquote", "ul", "ol", "table", "div", "section", "dl",
			"ac:task-list", "ac:layout", "ac:layout-section", "ac:rich-text-body", "ac:plain-text-body", "ac:adf-extension":
			return true
		}
		if holdsBlock(c) {
			return true
		}
	}
	return false
}

// paragraph reads p, in which there is usually one paragraph.
func (r *storageReader) paragraph(e *element) {
	r.broken = r.broken || r.depth > 0
	r.flush()
	before, saved := len(r.blocks), r.inText
	r.inText = true
	r.children(e)
	r.inText = saved
	r.flush()
	if len(r.blocks) == before+1 && r.blocks[before].kind == paragraph {
		from := &r.blocks[before].origin
		from.whole, from.body, from.typ = e.whole, e.body, e.name
	}
}

// storageInlines reads what must be one run, such as a heading; blocks in it give their text.
func storageInlines(e *element) []inline {
	blocks := storageBlocks(e)
	if len(blocks) == 1 && blocks[0].kind == paragraph && blocks[0].origin.raw != nil {
		return blocks[0].origin.raw
	}
	return cellInlines(blocks, 0)
}

func storageList(e *element) *node {
	l := &node{kind: list, ordered: e.name == "ol", level: 1, origin: originOf(e, e)}
	if start, err := strconv.Atoi(e.attr("start")); err == nil {
		l.level = start
	}
	for _, c := range e.children {
		switch {
		case c.name == "li":
			l.children = append(l.children, &node{kind: item, children: storageBlocks(c), origin: originOf(c, c)})
		case c.name == "ul" || c.name == "ol":
			// A list right in a list belongs to the item before it.
			if len(l.children) == 0 {
				l.children = append(l.children, &node{kind: item})
			}
			last := l.children[len(l.children)-1]
			last.children = append(last.children, storageList(c))
		case c.name != "" || strings.TrimSpace(c.text) != "":
			l.children = append(l.children, &node{kind: item, children: storageBlocks(&element{children: []*element{c}})})
		}
	}
	return l
}

func storageTasks(e *element) *node {
	l := &node{kind: list, origin: originOf(e, e)}
	for _, c := range e.children {
		if c.name == "ac:task-list" && len(l.children) > 0 { // nested beside its task and not in it
			last := l.children[len(l.children)-1]
			last.children = append(last.children, storageTasks(c))
		}
		if c.name != "ac:task" {
			continue
		}
		it := &node{kind: item, task: openTask}
		if s := c.child("ac:task-status"); s != nil && strings.TrimSpace(s.allText()) == "complete" {
			it.task = doneTask
		}
		if body := c.child("ac:task-body"); body != nil {
			it.children = storageBlocks(body)
			it.origin = originOf(c, body)
		}
		l.children = append(l.children, it)
	}
	return l
}

// storageTable reads rows wherever they stand: in thead, tbody or right in the table.
func storageTable(e *element) *node {
	t := &node{kind: table, origin: originOf(e, e)}
	var walk func(*element)
	walk = func(e *element) {
		for _, c := range e.children {
			switch c.name {
			case "tr":
				t.children = append(t.children, storageRow(c))
			case "thead", "tbody", "tfoot":
				walk(c)
			case "caption":
				t.children = append(t.children, &node{kind: row, children: []*node{{kind: cell, children: storageBlocks(c)}}, origin: origin{whole: c.whole}})
			}
		}
	}
	walk(e)
	return t
}

func storageRow(e *element) *node {
	tr := &node{kind: row, origin: originOf(e, e)}
	for _, c := range e.children {
		if c.name != "td" && c.name != "th" {
			continue
		}
		td := &node{kind: cell, header: c.name == "th", children: storageBlocks(c), origin: originOf(c, c)}
		td.colspan, _ = strconv.Atoi(c.attr("colspan"))
		td.rowspan, _ = strconv.Atoi(c.attr("rowspan"))
		tr.children = append(tr.children, td)
	}
	return tr
}

// storageLayout reads a section's cells; a single one is no layout.
func storageLayout(e *element) []*node {
	l := &node{kind: columns, name: e.attr("ac:type"), origin: originOf(e, e)}
	for _, c := range e.children {
		if c.name == "ac:layout-cell" {
			l.children = append(l.children, &node{kind: column, children: storageBlocks(c), origin: originOf(c, c)})
		}
	}
	if len(l.children) == 1 {
		return l.children[0].children
	}
	return []*node{l}
}
