package markup

// table changes the rows of a table. Cells that cover others hold it together.
func (m *merge) table(read, was, now *node) (bool, error) {
	widths := func(t *node) int { return len(t.children[0].children) }
	if len(now.children) == 0 || isMerged(read) && widths(was) != widths(now) {
		return false, nil
	}
	switch {
	case spansRows(read) && len(was.children) == len(now.children):
		return true, m.changeEach(read, was.children, now.children)
	case spansRows(read) && !m.betweenSpans(read, was, now):
		return false, nil
	default:
		return true, m.children(read, was.children, now.children)
	}
}

// betweenSpans says whether a change of a table with cells that cover others below does no more than
// put or remove rows where no such cell is.
func (m *merge) betweenSpans(read, was, now *node) bool {
	a, b := m.sumAll(was.children), m.sumAll(now.children)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if head+tail < min(len(a), len(b)) {
		return false
	}
	down := 0 // the first row that no cell above reaches
	for i, r := range read.children {
		if down > i && (i == head || i == len(a)-tail) {
			return false
		}
		for _, c := range r.children {
			down = max(down, i+c.rowspan)
		}
	}
	return true
}

// row changes the cells of a row. Those at the same place belong together, unless columns came or
// went.
func (m *merge) row(read, was, now *node) (bool, error) {
	if len(was.children) != len(now.children) {
		return true, m.children(read, was.children, now.children)
	}
	return true, m.changeEach(read, was.children, now.children)
}

// cell changes what a cell holds: the words of its line, or else all of it.
func (m *merge) cell(read, was, now *node) (bool, error) {
	if len(was.children) == 1 && len(now.children) == 1 {
		if line := m.base[was.children[0]]; line != nil {
			before := len(m.patches)
			if m.leaf(line, was.children[0].inlines, now.children[0].inlines) {
				return true, nil
			}
			m.patches = m.patches[:before]
		}
	}
	first := firstBlock(read.children)
	if len(now.children) == 0 {
		if len(shown(read.children)) == 1 && first.origin.whole.known() {
			m.replace(first.origin.whole, m.format.blank())
			return true, nil
		}
		return m.note(m.format.fill(m.source, read, m.format.blank(), true)), nil
	}
	content, ok := m.format.blocks(m.source, read, now.children)
	if !ok || first != nil { // Markdown has one line for what may be several blocks
		return false, notEditable(was)
	}
	return m.note(m.format.fill(m.source, read, content, false)), nil
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
