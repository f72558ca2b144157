package markup

import (
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/align"
)

// children carries over the changes among siblings. Parent is the node of the document whose
// children they are.
func (m *merge) children(parent *node, was, now []*node) error {
	matches := align.Common(m.sumAll(was), m.sumAll(now))
	at := place{parent: parent}
	i, j := 0, 0
	for _, p := range append(matches, align.Pair{A: len(was), B: len(now)}) {
		if err := m.gap(&at, was[i:p.A], now[j:p.B], was[p.A:]); err != nil {
			return err
		}
		if p.A < len(was) {
			at.after(m.base[was[p.A]])
		}
		i, j = p.A+1, p.B+1
	}
	return nil
}

// copied makes a change of a node's content in the copy of it, too. A copy that says something else is
// spelled anew.
func (m *merge) copied(copy *node, was, now []*node) error {
	own := &merge{source: m.source, format: m.format, base: map[*node]*node{}, sums: m.sums, gone: map[uint64][]removed{}}
	said := parseMarkdown(writeMarkdown(copy.children))
	if slices.Equal(m.sumAll(said), m.sumAll(was)) {
		own.pair(copy.children, said)
		if own.children(copy, said, now) == nil {
			m.patches = append(m.patches, own.patches...)
			return nil
		}
	}
	text, ok := m.format.blocks(m.source, copy, now)
	if !ok {
		return notEditable(now[0])
	}
	m.replace(copy.origin.body, text)
	return nil
}

// place is where among its siblings a new node goes.
type place struct {
	parent *node
	prev   *node // of the document; nil before the first
	lost   bool  // behind prev is another whose place is not known
}

func (p *place) after(read *node) {
	p.lost = !hasPlace(read)
	if !p.lost {
		p.prev = read
	}
}

// hasPlace says whether it is known where a node stands. That of a column's marker, and of blocks that
// are tied, has no extent.
func hasPlace(read *node) bool {
	return read != nil && read.origin.whole.end > 0
}

// lastByte is where a node ends, with children that stand behind it in the source, as nested task
// lists do in ADF.
func lastByte(n *node) int {
	end := n.origin.whole.end
	for _, c := range n.children {
		end = max(end, lastByte(c))
	}
	return end
}

// gap carries over what became of the siblings between two that stayed; rest are those behind.
func (m *merge) gap(at *place, was, now, rest []*node) error {
	pairs := m.similar(was, now)
	i, j := 0, 0
	for _, p := range append(pairs, align.Pair{A: len(was), B: len(now)}) {
		for _, n := range was[i:p.A] {
			if err := m.remove(at.parent, n); err != nil {
				return err
			}
		}
		if err := m.insert(at, now[j:p.B], firstOf(was[i:], rest)); err != nil {
			return err
		}
		if i < p.A && j == p.B && isRun(at.prev) && isRun(m.base[firstOf(was[p.A:], rest)]) {
			m.insertAt(at.prev.origin.whole.end, m.format.blank) // the two would become one
		}
		if p.A < len(was) {
			if err := m.change(at.parent, was[p.A], now[p.B]); err != nil {
				return err
			}
			at.after(m.base[was[p.A]])
		}
		i, j = p.A+1, p.B+1
	}
	return nil
}

// firstOf is the first of all nodes, or nil.
func firstOf(lists ...[]*node) *node {
	for _, l := range lists {
		if len(l) > 0 {
			return l[0]
		}
	}
	return nil
}

// isRun says whether a paragraph is text that has no element of its own.
func isRun(n *node) bool { return n != nil && n.kind == paragraph && n.origin.typ == "" }

// removed is where a node stood, and in what.
type removed struct {
	at     extent
	parent string
	run    bool // it is text without an element
}

func (m *merge) remove(parent, was *node) error {
	read := m.base[was]
	if read == nil || !read.origin.whole.known() || parent.origin.typ == "ac:plain-text-body" {
		return notEditable(was)
	}
	if sum := m.sum(was); lastByte(read) <= read.origin.whole.end {
		m.gone[sum] = append(m.gone[sum], removed{read.origin.whole, parent.origin.typ, isRun(read)})
	}
	m.replace(read.origin.whole, "")
	m.removeOutside(read, read.origin.whole)
	return nil
}

// removeOutside removes what belongs to a node and does not stand within it.
func (m *merge) removeOutside(read *node, whole extent) {
	for _, c := range read.children {
		if c.origin.whole.start >= whole.end {
			m.replace(c.origin.whole, "")
			m.removeOutside(c, c.origin.whole)
		}
	}
}

// insert puts new nodes at a place, before the sibling was; nil says that there is none.
func (m *merge) insert(at *place, now []*node, was *node) error {
	if len(now) == 0 {
		return nil
	}
	next := m.base[was]
	if isLayoutSection(at.prev) || isLayoutSection(next) && (at.prev == nil || slices.ContainsFunc(now, isSection)) {
		return m.insertSections(at, now, next)
	}
	if strings.Contains(m.source, "<ac:layout>") && slices.ContainsFunc(now, isSection) {
		return notEditable(now[0]) // a section within a section
	}
	// Whether the format can say it is to be known here; what it says may be a node that moved.
	if _, ok := m.format.blocks(m.source, at.parent, now); !ok {
		return notEditable(now[0])
	}
	text := func() string {
		var b strings.Builder
		for _, n := range now {
			b.WriteString(m.spell(at.parent, n))
		}
		return b.String()
	}
	headed := next != nil && next.kind == row && at.prev != nil && isHeader(at.prev) // which may be in a thead
	switch {
	case at.prev != nil && !at.lost && (!headed || !hasPlace(next)):
		m.insertAt(lastByte(at.prev), text)
	case hasPlace(next):
		m.insertAt(next.origin.whole.start, text)
	case at.prev == nil && !at.lost && was == nil:
		if !m.note(m.format.fill(m.source, at.parent, text(), false)) {
			return notEditable(now[0])
		}
	default:
		return notEditable(now[0])
	}
	return nil
}

// spell is the source of a new node: that of an equal one which the change removes elsewhere, so
// that a block that moves keeps all it had.
func (m *merge) spell(parent, n *node) string {
	sum := m.sum(n)
	for i, from := range m.gone[sum] {
		if from.parent == parent.origin.typ {
			m.gone[sum] = slices.Delete(m.gone[sum], i, i+1)
			return m.format.move(from.at.of(m.source), from.run)
		}
	}
	text, _ := m.format.blocks(m.source, parent, []*node{n})
	return text
}

// isLayoutSection says whether columns are a section of a storage page's layout, beside which nothing
// may stand but other sections.
func isLayoutSection(read *node) bool { return read != nil && read.origin.typ == "ac:layout-section" }

// insertSections puts new nodes beside a section: into the one that follows when that has a single
// column, or each in a section of its own.
func (m *merge) insertSections(at *place, now []*node, next *node) error {
	single := hasPlace(next) && !isLayoutSection(next) && !slices.ContainsFunc(now, isSection)
	text := func() string {
		var b strings.Builder
		for _, n := range now {
			content := m.spell(at.parent, n)
			if !single && !isSection(n) {
				content = singleSection(content)
			}
			b.WriteString(content)
		}
		return b.String()
	}
	switch {
	case single || !isLayoutSection(at.prev):
		m.insertAt(next.origin.whole.start, text)
	case at.lost:
		return notEditable(now[0])
	default:
		m.insertAt(lastByte(at.prev), text)
	}
	return nil
}

func singleSection(content string) string {
	return `<ac:layout-section ac:type="single"><ac:layout-cell>` + content + "</ac:layout-cell></ac:layout-section>"
}
