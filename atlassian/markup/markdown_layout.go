package markup

import (
	"slices"
	"strings"
)

// A section of columns is spelled with markers, each alone in its paragraph, so that what stands in
// the columns is not indented: a link that begins the section and its first column, one that
// begins each further column, and one that ends the section.
const (
	layoutNext = "next"
	layoutEnd  = "end"
)

// layoutMarker reads a paragraph that is a marker: what kind, and what it says besides.
func layoutMarker(n *node) (kind, query string, ok bool) {
	if n.kind != paragraph || len(n.inlines) != 1 || n.inlines[0].kind != objectInline {
		return "", "", false
	}
	scheme, name := splitScheme(n.inlines[0].target)
	kind, query, _ = strings.Cut(name, "?")
	return kind, query, scheme == schemeLayout
}

func isLayoutMarker(n *node) bool { _, _, ok := layoutMarker(n); return ok }

// inSection says whether blocks begin with a marker of columns that the last of them does not end.
func inSection(blocks []*node) bool {
	if len(blocks) == 0 {
		return false
	}
	first, _, marked := layoutMarker(blocks[0])
	last, _, _ := layoutMarker(blocks[len(blocks)-1])
	return marked && first != layoutNext && first != layoutEnd && last != layoutEnd
}

// groupColumns makes sections of the blocks between markers. Sections do not nest: one that begins
// before another has ended is none, and its marker stays the text it shows, as does any marker
// without a partner.
func groupColumns(blocks []*node) []*node {
	if !slices.ContainsFunc(blocks, isLayoutMarker) {
		return blocks
	}
	var out []*node
	var open columnsReader
	for _, b := range blocks {
		kind, query, ok := layoutMarker(b)
		switch {
		case !ok:
			out = append(out, b)
		case kind == layoutEnd && open.starts != nil:
			section := open.section(out)
			out = append(out[:open.starts[0]], section)
			open = columnsReader{}
		case kind == layoutNext && open.starts != nil:
			open.next(len(out), query)
			out = append(out, b)
		case kind != layoutEnd && kind != layoutNext:
			open = columnsReader{name: kind}
			open.next(len(out), query)
			out = append(out, b)
		default:
			out = append(out, b)
		}
	}
	return out
}

// columnsReader is a section under way.
type columnsReader struct {
	name   string
	starts []int    // where its markers stand
	aligns []string // of its columns
}

func (c *columnsReader) next(at int, query string) {
	align, _ := parseAttrQuery(query)["valign"].(string)
	if !isVerticalAlign(align) {
		align = ""
	}
	c.starts, c.aligns = append(c.starts, at), append(c.aligns, align)
}

// section is the columns between the markers in blocks and their end.
func (c *columnsReader) section(blocks []*node) *node {
	s := &node{kind: columns, name: unescapePath(c.name)}
	for i, start := range c.starts {
		end := len(blocks)
		if i+1 < len(c.starts) {
			end = c.starts[i+1]
		}
		content := append([]*node(nil), blocks[start+1:end]...)
		s.children = append(s.children, &node{kind: column, name: c.aligns[i], children: content})
	}
	return s
}

// columns writes a section between its markers. A single column needs none, and none may stand in
// another section.
func (w *markdownWriter) columns(n *node, depth int) {
	marked := len(n.children) > 1 && !w.inColumns
	if marked {
		w.inColumns = true
		defer func() { w.inColumns = false }()
	}
	first := true
	for i, c := range n.children {
		if marked {
			w.layoutMarker(i, n.name, c.name)
			first = false
		}
		if firstBlock(c.children) == nil {
			continue
		}
		if !first {
			w.newline()
		}
		first = false
		w.blocks(c.children, depth+1)
	}
	if marked {
		w.newline()
		w.line("[end of columns](" + schemeLayout + ":" + layoutEnd + ")")
	}
}

// layoutMarker writes the marker before a column.
func (w *markdownWriter) layoutMarker(i int, name, align string) {
	label, dest := "columns", escapePath(name)
	if i > 0 {
		w.newline()
		label, dest = "next column", layoutNext
	}
	if align != "" {
		dest += "?valign=" + align
	}
	w.line("[" + label + "](" + schemeLayout + ":" + dest + ")")
}
