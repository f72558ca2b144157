package markup

import "slices"

// pair finds for the nodes of the document's Markdown those of the document itself. The two are
// alike but for what Markdown does not show.
func (m *merge) pair(read, written []*node) {
	read = m.flattened(read)
	if len(read) == len(written) && slices.EqualFunc(read, written, func(a, b *node) bool { return a.kind == b.kind }) {
		for i, n := range written {
			m.pairNode(read[i], n)
		}
		return
	}
	// A node that Markdown spells as several, or none, throws the others out of step; they are found
	// by what each of them reads as alone.
	alone := make([]uint64, len(read))
	for i, n := range read {
		if forms := parseMarkdown(writeMarkdown([]*node{n})); len(forms) == 1 {
			alone[i] = m.sum(forms[0])
		}
	}
	for _, p := range align(alone, m.sumAll(written)) {
		m.pairNode(read[p.a], written[p.b])
	}
}

// flattened is blocks as Markdown has them: without those that leave nothing to read, and columns
// each as a marker and its blocks.
func (m *merge) flattened(read []*node) []*node {
	var out []*node
	for _, n := range read {
		switch {
		case isEmpty(n):
		case n.origin.tied.known():
			if l := len(m.layouts); l == 0 || m.layouts[l-1].whole != n.origin.tied {
				m.layouts = append(m.layouts, layout{whole: n.origin.tied, tied: true})
			}
			l := &m.layouts[len(m.layouts)-1]
			l.blocks = append(l.blocks, n)
			out = append(out, n)
		case n.kind != columns:
			out = append(out, n)
		default:
			first := len(out)
			for i, c := range n.children {
				start := c.origin.body.start
				marker := &node{kind: column, name: columnMarker(i+1, len(n.children)), origin: origin{whole: extent{start, start}}}
				part := append([]*node{marker}, m.flattened(c.children)...)
				for _, b := range part {
					m.column[b] = c
				}
				out = append(out, part...)
			}
			m.layouts = append(m.layouts, layout{whole: n.origin.whole, blocks: slices.Clone(out[first:])})
		}
	}
	return out
}

// layout is columns with the markers and blocks that Markdown has for them, or blocks that are tied.
type layout struct {
	whole  extent
	blocks []*node
	tied   bool
}

// dropLayouts removes the layouts of which the change left nothing.
func (m *merge) dropLayouts() error {
	for _, l := range m.layouts {
		within := func(p patch) bool { return l.whole.start <= p.at.start && p.at.end <= l.whole.end }
		comes := func(p patch) bool { return !p.at.known() && l.whole.start < p.at.start && p.at.end < l.whole.end }
		stays := 0
		for _, n := range l.blocks {
			if !m.dropped[n] {
				stays++
			}
		}
		switch {
		case stays == len(l.blocks) || !l.whole.known():
		case stays == 0 && !slices.ContainsFunc(m.patches, comes):
			m.patches = slices.DeleteFunc(m.patches, func(p patch) bool { return p.at.known() && within(p) })
			m.replace(l.whole, "")
		case l.tied:
			return notEditable(l.blocks[0])
		default:
			m.fillColumns(l)
		}
	}
	return nil
}

// fillColumns puts an empty paragraph into columns of which the change left nothing: they stay.
func (m *merge) fillColumns(l layout) {
	var order []*node
	stays := map[*node]bool{}
	for _, n := range l.blocks {
		c := m.column[n]
		if n.kind == column {
			order = append(order, c)
		} else if !m.dropped[n] {
			stays[c] = true
		}
	}
	for _, c := range order {
		body := c.origin.body
		comes := func(p patch) bool { return !p.at.known() && body.start <= p.at.start && p.at.end <= body.end }
		if !stays[c] && body.known() && !slices.ContainsFunc(m.patches, comes) {
			m.replace(extent{body.start, body.start}, m.format.blank())
		}
	}
}

func (m *merge) pairNode(read, written *node) {
	m.base[written] = read
	if c := m.column[read]; c != nil {
		m.column[written] = c
	}
	switch read.kind {
	case table:
		m.pairTable(read, written)
	case row:
	default:
		m.pair(read.children, written.children)
	}
}

// pairTable pairs the cells of a table by their place in the grid.
func (m *merge) pairTable(read, written *node) {
	if len(read.children) != len(written.children) {
		return
	}
	for i, cells := range gridOf(read) {
		r := written.children[i]
		m.base[r] = read.children[i]
		for j, c := range r.children {
			if j < len(cells) && cells[j] != nil {
				m.base[c] = cells[j]
				m.pairCell(cells[j], c)
			}
		}
	}
}

// pairCell pairs what a cell holds. Markdown has one line for it, so several blocks become one run,
// whose words still are where they were.
func (m *merge) pairCell(read, written *node) {
	visible := slices.DeleteFunc(slices.Clone(read.children), isEmpty)
	switch {
	case len(written.children) != 1 || len(visible) == 0:
	case len(visible) == 1 && visible[0].kind == paragraph:
		m.base[written.children[0]] = visible[0]
	default:
		m.base[written.children[0]] = &node{kind: paragraph, origin: origin{raw: rawRun(visible)}}
	}
}

// rawRun is what cellInlines makes of blocks, with the places of the words.
func rawRun(blocks []*node) []inline {
	var in []inline
	for _, b := range blocks {
		in = append(in, inline{kind: breakInline})
		switch b.kind {
		case rule:
			in = append(in, inline{text: "---"})
		case list:
			for i, it := range b.children {
				in = append(in, inline{kind: breakInline}, inline{text: itemLabel(b, i)})
				in = append(in, rawRun(it.children)...)
			}
		default:
			in = append(in, inline{text: b.title + " "})
			in = append(in, rawLeaf(b)...)
			in = append(in, rawRun(b.children)...)
		}
	}
	return in
}

func rawLeaf(b *node) []inline {
	if b.origin.raw != nil {
		return b.origin.raw
	}
	return append(textLines(b.text, code, link{}), b.inlines...)
}

// spansRows says whether a table has cells that cover others below.
func spansRows(t *node) bool {
	for _, r := range t.children {
		for _, c := range r.children {
			if c.rowspan > 1 {
				return true
			}
		}
	}
	return false
}

// isMerged says whether a table has cells that cover others.
func isMerged(t *node) bool {
	for _, r := range t.children {
		for _, c := range r.children {
			if c.colspan > 1 || c.rowspan > 1 {
				return true
			}
		}
	}
	return false
}
