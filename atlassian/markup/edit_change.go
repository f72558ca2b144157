package markup

// change makes was what now is, in place where that is possible.
func (m *merge) change(parent, was, now *node) error {
	if m.sum(was) == m.sum(now) {
		return nil
	}
	read := m.base[was]
	if read == nil {
		return notEditable(was)
	}
	before := len(m.patches)
	ok, err := m.within(read, was, now)
	if ok || err != nil {
		return err
	}
	m.patches = m.patches[:before]
	text, fits := m.format.blocks(m.source, parent, []*node{now})
	if !fits || !read.origin.whole.known() || m.hides(read) || lastByte(read) > read.origin.whole.end {
		return notEditable(was)
	}
	m.replace(read.origin.whole, text)
	return nil
}

// changeEach changes siblings of which as many stay, each in its place.
func (m *merge) changeEach(parent *node, was, now []*node) error {
	for i, n := range was {
		if err := m.change(parent, n, now[i]); err != nil {
			return err
		}
	}
	return nil
}

// hides says whether a node may hold what Markdown does not show, so that it cannot be spelled anew.
func (m *merge) hides(read *node) bool {
	switch read.kind {
	case codeBlock, rule:
		return false
	case callout:
		return true
	case table:
		if isMerged(read) {
			return true
		}
	}
	return m.format.hides(read.origin.whole.of(m.source))
}

// within changes a node without replacing it. False says that it cannot, and patches are to be
// forgotten.
func (m *merge) within(read, was, now *node) (bool, error) {
	if was.kind != now.kind || read.kind != was.kind {
		return false, nil
	}
	if sameSettings(was, now) {
		return m.content(read, was, now)
	}
	settings, ok := m.format.set(m.source, read, was, now)
	if !ok || was.target != now.target || was.header != now.header || !read.origin.whole.known() {
		return false, nil
	}
	m.patches = append(m.patches, settings...)
	return m.content(read, was, now)
}

// sameSettings says whether two nodes of a kind differ in nothing but their content.
func sameSettings(a, b *node) bool {
	return a.level == b.level && a.task == b.task && a.name == b.name && a.title == b.title && a.target == b.target &&
		a.ordered == b.ordered && a.header == b.header
}

// content changes what a node holds. False says that it cannot.
func (m *merge) content(read, was, now *node) (bool, error) {
	switch was.kind {
	case paragraph, heading:
		return m.leaf(read, was.inlines, now.inlines), nil
	case codeBlock:
		return was.text == now.text || m.note(m.format.code(m.source, read, now.text)), nil
	case rule:
		return true, nil
	case row:
		return m.row(read, was, now)
	case table:
		return m.table(read, was, now)
	case cell:
		return m.cell(read, was, now)
	case columns:
		return m.columns(read, was, now)
	case column:
		return m.column(read, was, now)
	default:
		if len(now.children) == 0 {
			return false, nil
		}
		if err := m.children(read, was.children, now.children); err != nil || read.origin.copy == nil {
			return true, err
		}
		return true, m.copied(read.origin.copy, was.children, now.children)
	}
}

// columns changes what stands in columns. Their number is part of the layout.
func (m *merge) columns(read, was, now *node) (bool, error) {
	if len(was.children) != len(now.children) {
		return false, nil
	}
	return true, m.changeEach(read, was.children, now.children)
}

// column changes what stands in a column. One that the change leaves empty keeps a paragraph.
func (m *merge) column(read, was, now *node) (bool, error) {
	if err := m.children(read, was.children, now.children); err != nil || len(now.children) > 0 {
		return true, err
	}
	m.insertAt(read.origin.body.start, m.format.blank)
	return true, nil
}
