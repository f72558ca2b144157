package markup

import (
	"strconv"
	"strings"
)

// maxSpanColumns bounds the columns in which cells that span rows are followed. Beyond it such a
// cell counts for its own row only, so that no small table can stand for a huge one.
const maxSpanColumns = 200

// How the text of a cell is aligned, in ADF's words.
const (
	alignStart  = "start"
	alignCenter = "center"
	alignEnd    = "end"
)

// table writes a GitHub table. Its first row becomes the heading when all its cells are headers;
// otherwise the heading is empty, as the syntax demands one. A merged cell has its content where
// it begins and leaves the other places empty.
func (w *markdownWriter) table(n *node) {
	rows := gridOf(n)
	all := rows
	width := 1
	for _, r := range rows {
		width = max(width, len(r))
	}
	if isHeader(n.children[0]) {
		w.row(rows[0], width)
		rows = rows[1:]
	} else {
		w.row(nil, width)
	}
	w.line("|" + strings.Join(columnAligns(all, width), "|") + "|")
	for _, r := range rows {
		w.row(r, 0)
	}
}

// columnAligns spells how each column is aligned: as all of its cells are that say so.
func columnAligns(rows [][]*node, width int) []string {
	aligns := make([]string, width)
	for _, r := range rows {
		for i, c := range r {
			switch {
			case c == nil || c.name == "" || c.name == aligns[i]:
			case aligns[i] == "":
				aligns[i] = c.name
			default:
				aligns[i] = alignStart
			}
		}
	}
	for i, align := range aligns {
		aligns[i] = map[string]string{alignCenter: " :---: ", alignEnd: " ---: "}[align]
		if aligns[i] == "" {
			aligns[i] = " --- "
		}
	}
	return aligns
}

// row writes cells, and empty ones up to width: only the heading has to be complete.
func (w *markdownWriter) row(cells []*node, width int) {
	var b strings.Builder
	b.WriteByte('|')
	for i := range max(len(cells), width, 1) {
		text := ""
		if i < len(cells) && cells[i] != nil {
			text = writeInlines(cellInlines(cells[i].children, 0), inlineContext{oneLine: true, cell: true})
		}
		if text != "" {
			b.WriteString(" " + text)
		}
		b.WriteString(" |")
	}
	w.line(b.String())
}

// isHeader says whether all cells of a row are headers.
func isHeader(r *node) bool {
	for _, c := range r.children {
		if !c.header {
			return false
		}
	}
	return len(r.children) > 0
}

// gridOf is a table's rows with nil in the places that merged cells cover.
func gridOf(n *node) [][]*node {
	grid := make([][]*node, 0, len(n.children))
	var below [maxSpanColumns]int // rows still covered from above, by column
	for _, r := range n.children {
		var cells []*node
		for _, c := range r.children {
			cells = skipCovered(cells, &below)
			at := len(cells)
			span := min(max(c.colspan, 1), maxSpanColumns)
			cells = append(cells, c)
			cells = append(cells, make([]*node, span-1)...)
			for col := at; col < min(at+span, maxSpanColumns) && c.rowspan > 1; col++ {
				below[col] = c.rowspan - 1
			}
		}
		cells = skipCovered(cells, &below)
		grid = append(grid, cells)
	}
	return grid
}

// skipCovered adds the places at the end of a row that cells of earlier rows cover.
func skipCovered(cells []*node, below *[maxSpanColumns]int) []*node {
	for len(cells) < maxSpanColumns && below[len(cells)] > 0 {
		below[len(cells)]--
		cells = append(cells, nil)
	}
	return cells
}

// cellInlines makes one run of what a cell holds, because a table's row is one line.
func cellInlines(blocks []*node, depth int) []inline {
	var in []inline
	for _, b := range blocks {
		if isEmpty(b) {
			continue
		}
		if len(in) > 0 {
			in = append(in, inline{kind: breakInline})
		}
		switch {
		case depth > maxDepth:
			in = append(in, flatten(b)...)
		case b.kind == codeBlock:
			in = append(in, textLines(b.text, code, link{})...)
		case b.kind == rule:
			in = append(in, inline{text: "---"})
		case b.kind == list:
			in = append(in, listInlines(b, depth)...)
		case len(b.children) > 0 || b.title != "":
			if b.title != "" {
				in = append(in, inline{text: b.title, marks: strong}, inline{kind: breakInline})
			}
			in = append(in, cellInlines(b.children, depth+1)...)
		default:
			in = append(in, tidy(b.inlines)...)
		}
	}
	return in
}

// listInlines spells a list in a cell with bullets or numbers in its text.
func listInlines(l *node, depth int) []inline {
	var in []inline
	for i, it := range l.children {
		if i > 0 {
			in = append(in, inline{kind: breakInline})
		}
		in = append(in, inline{text: itemLabel(l, i)})
		in = append(in, cellInlines(it.children, depth+1)...)
	}
	return in
}

// itemLabel is how a list's item begins where there are no lists.
func itemLabel(l *node, i int) string {
	switch it := l.children[i]; {
	case it.task == doneTask:
		return "☑ "
	case it.task == openTask:
		return "☐ "
	case l.ordered:
		return strconv.Itoa(listNumber(l, i)) + ". "
	default:
		return "• "
	}
}
