package markup

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// format is what the two formats that can be edited in place do differently.
type format interface {
	// blocks spells new children of a node: blocks, or the items of a list, rows, cells. Parent is
	// nil for the document.
	blocks(source string, parent *node, children []*node) (string, bool)
	// runs spells inlines that stand in a block and are in no need of tidying.
	runs(in []inline) string
	// fill puts new content into a node: over what is there, or, where that may matter although it
	// does not show, behind it.
	fill(source string, n *node, content string, over bool) (patch, bool)
	// set changes what a node says of itself (level, task, name, title, ordered) to what now says.
	set(source string, read, was, now *node) ([]patch, bool)
	// appended puts blocks at the end of the document.
	appended(source string, root *node, blocks []*node) (patch, bool)
	// holdsText says whether inlines may stand in a node of a type.
	holdsText(typ string) bool
	// hides says whether a node's source has more than text with formats.
	hides(source string) bool
	// code changes the text of a code block.
	code(source string, read *node, text string) (patch, bool)
	// next decodes the character or reference at i of a text and tells how long it is.
	next(source string, i int) (text string, size int)
	// escape spells text as it stands in the source.
	escape(text string) string
	// splits says whether a run of text in a block may be replaced in part by other inlines.
	splits() bool
	// move spells a node that the source has elsewhere; run says that it has no element of its own.
	move(source string, run bool) string
	// blank is an empty paragraph.
	blank() string
	// finish corrects what patches side by side leave.
	finish(doc string) string
}

// patch replaces a part of the source.
type patch struct {
	at   extent
	text func() string
}

func literally(s string) func() string { return func() string { return s } }

// merge carries the changes between two Markdown trees over to the source that the first one was
// read from.
type merge struct {
	source string
	format format

	root *node                // the document
	was  []*node              // the document's Markdown
	base map[*node]*node      // for nodes of was, those of the document
	sums map[*node]uint64     // of the nodes that were compared
	gone map[uint64][]removed // what the change removes, by sum

	patches []patch
}

// removed is where a node stood, and in what.
type removed struct {
	at     extent
	parent string
	run    bool // it is text without an element
}

// isRun says whether a paragraph is text that has no element of its own.
func isRun(n *node) bool { return n != nil && n.kind == paragraph && n.origin.typ == "" }

// apply returns the source with now in the place of was.
func (m *merge) apply(now []*node) (string, error) {
	if err := m.children(m.root, m.was, now); err != nil {
		return "", err
	}
	return m.patched()
}

// patched is the source with all that was noted.
func (m *merge) patched() (string, error) {
	if len(m.patches) == 0 {
		return m.source, nil
	}
	slices.SortStableFunc(m.patches, func(a, b patch) int {
		return cmp.Or(cmp.Compare(a.at.start, b.at.start), cmp.Compare(a.at.end, b.at.end))
	})
	var b strings.Builder
	at := 0
	for _, p := range m.patches {
		if p.at.start < at {
			return "", fmt.Errorf("%w: two changes concern the same place", ErrNotEditable)
		}
		b.WriteString(m.source[at:p.at.start])
		b.WriteString(p.text())
		at = p.at.end
	}
	b.WriteString(m.source[at:])
	return m.format.finish(b.String()), nil
}

// replace notes a patch.
func (m *merge) replace(at extent, text string) {
	m.patches = append(m.patches, patch{at, literally(text)})
}

// children carries over the changes among siblings. Parent is the node of the document whose
// children they are.
func (m *merge) children(parent *node, was, now []*node) error {
	matches := align(m.sumAll(was), m.sumAll(now))
	at := place{parent: parent}
	i, j := 0, 0
	for _, p := range append(matches, match{len(was), len(now)}) {
		if err := m.gap(&at, was[i:p.a], now[j:p.b], was[p.a:]); err != nil {
			return err
		}
		if p.a < len(was) {
			at.after(m.base[was[p.a]])
		}
		i, j = p.a+1, p.b+1
	}
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
	for _, p := range append(pairs, match{len(was), len(now)}) {
		for _, n := range was[i:p.a] {
			if err := m.remove(at.parent, n); err != nil {
				return err
			}
		}
		if err := m.insert(at, now[j:p.b], firstOf(was[i:], rest)); err != nil {
			return err
		}
		if i < p.a && j == p.b && isRun(at.prev) && isRun(m.base[firstOf(was[p.a:], rest)]) {
			end := at.prev.origin.whole.end
			m.replace(extent{end, end}, m.format.blank()) // the two would become one
		}
		if p.a < len(was) {
			if err := m.change(at.parent, was[p.a], now[p.b]); err != nil {
				return err
			}
			at.after(m.base[was[p.a]])
		}
		i, j = p.a+1, p.b+1
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

// notEditable names the node that a change would have to destroy.
func notEditable(n *node) error {
	text := plainText(flatten(n))
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "…"
	}
	return fmt.Errorf("the part that begins with %q %w", text, ErrNotEditable)
}

func (m *merge) remove(parent, was *node) error {
	read := m.base[was]
	if read == nil {
		return notEditable(was)
	}
	if !read.origin.whole.known() || parent.origin.typ == "ac:plain-text-body" {
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
		end := lastByte(at.prev)
		m.patches = append(m.patches, patch{extent{end, end}, text})
	case hasPlace(next):
		start := next.origin.whole.start
		m.patches = append(m.patches, patch{extent{start, start}, text})
	case at.prev == nil && !at.lost && was == nil:
		p, ok := m.format.fill(m.source, at.parent, text(), false)
		if !ok {
			return notEditable(now[0])
		}
		m.patches = append(m.patches, p)
	default:
		return notEditable(now[0])
	}
	return nil
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
			switch content := m.spell(at.parent, n); {
			case single || isSection(n):
				b.WriteString(content)
			default:
				b.WriteString(singleSection(content))
			}
		}
		return b.String()
	}
	var where int
	switch {
	case single || !isLayoutSection(at.prev):
		where = next.origin.whole.start
	case at.lost:
		return notEditable(now[0])
	default:
		where = lastByte(at.prev)
	}
	m.patches = append(m.patches, patch{extent{where, where}, text})
	return nil
}

func singleSection(content string) string {
	return `<ac:layout-section ac:type="single"><ac:layout-cell>` + content + "</ac:layout-cell></ac:layout-section>"
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
		return was.text == now.text || m.code(read, now.text), nil
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
		return true, m.children(read, was.children, now.children)
	}
}

// columns changes what stands in columns. Their number is part of the layout.
func (m *merge) columns(read, was, now *node) (bool, error) {
	if len(was.children) != len(now.children) {
		return false, nil
	}
	for i, c := range was.children {
		if err := m.change(read, c, now.children[i]); err != nil {
			return false, err
		}
	}
	return true, nil
}

// column changes what stands in a column. One that the change leaves empty keeps a paragraph.
func (m *merge) column(read, was, now *node) (bool, error) {
	if err := m.children(read, was.children, now.children); err != nil || len(now.children) > 0 {
		return true, err
	}
	start := read.origin.body.start
	m.replace(extent{start, start}, m.format.blank())
	return true, nil
}

// code changes the text of a code block. False says that it cannot.
func (m *merge) code(read *node, text string) bool {
	p, ok := m.format.code(m.source, read, text)
	if ok {
		m.patches = append(m.patches, p)
	}
	return ok
}

// row changes the cells of a row. Those at the same place belong together, unless columns came or
// went.
func (m *merge) row(read, was, now *node) (bool, error) {
	if len(was.children) != len(now.children) {
		return true, m.children(read, was.children, now.children)
	}
	for i, c := range was.children {
		if err := m.change(read, c, now.children[i]); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (m *merge) table(read, was, now *node) (bool, error) {
	widths := func(t *node) int { return len(t.children[0].children) }
	if len(now.children) == 0 || isMerged(read) && widths(was) != widths(now) {
		return false, nil
	}
	if !spansRows(read) {
		return true, m.children(read, was.children, now.children)
	}
	if len(was.children) != len(now.children) {
		if !m.betweenSpans(read, was, now) {
			return false, nil
		}
		return true, m.children(read, was.children, now.children)
	}
	for i, r := range was.children {
		if err := m.change(read, r, now.children[i]); err != nil {
			return false, err
		}
	}
	return true, nil
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
		p, ok := m.format.fill(m.source, read, m.format.blank(), true)
		m.patches = append(m.patches, p)
		return ok, nil
	}
	content, ok := m.format.blocks(m.source, read, now.children)
	if !ok || first != nil { // Markdown has one line for what may be several blocks
		return false, notEditable(was)
	}
	p, ok := m.format.fill(m.source, read, content, false)
	m.patches = append(m.patches, p)
	return ok, nil
}

// similar pairs nodes that changed: of the same kind, in order, and the more words they share the
// rather.
func (m *merge) similar(was, now []*node) []match {
	if len(was) == 1 && len(now) == 1 && was[0].kind == now[0].kind {
		return []match{{0, 0}}
	}
	if len(was) == 0 || len(now) == 0 {
		return nil
	}
	if len(was) > maxTable/len(now)/16 {
		return inStep(was, now)
	}
	a, b := wordSets(was), wordSets(now)
	width := len(now) + 1
	best := make([]float64, (len(was)+1)*width)
	likeness := func(i, j int) float64 {
		if was[i].kind != now[j].kind {
			return 0
		}
		return jaccard(a[i], b[j])
	}
	for i := range slices.Backward(was) {
		for j := range slices.Backward(now) {
			best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1], likeness(i, j)+best[(i+1)*width+j+1])
		}
	}
	var out []match
	for i, j := 0, 0; i < len(was) && j < len(now); {
		switch l := likeness(i, j); {
		case l >= minLikeness && best[i*width+j] == l+best[(i+1)*width+j+1]:
			out = append(out, match{i, j})
			i++
			j++
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// inStep pairs nodes that are too many to compare, if they are as many of the same kinds.
func inStep(was, now []*node) []match {
	if !slices.EqualFunc(was, now, func(a, b *node) bool { return a.kind == b.kind }) {
		return nil
	}
	pairs := make([]match, len(was))
	for i := range was {
		pairs[i] = match{i, i}
	}
	return pairs
}

// minLikeness is the share of words that two blocks have in common when one is a new version of the
// other.
const minLikeness = 0.2

func wordSets(nodes []*node) []map[string]bool {
	const most = 200
	sets := make([]map[string]bool, len(nodes))
	for i, n := range nodes {
		set := map[string]bool{}
		for w := range strings.FieldsSeq(plainText(flatten(n))) {
			if len(set) == most {
				break
			}
			set[w] = true
		}
		sets[i] = set
	}
	return sets
}

func jaccard(a, b map[string]bool) float64 {
	shared := 0
	for w := range a {
		if b[w] {
			shared++
		}
	}
	all := len(a) + len(b) - shared
	if all == 0 {
		return 1
	}
	return float64(shared) / float64(all)
}

var sumSeed = maphash.MakeSeed()

// sum is a fingerprint of a node and all below it, without where it stands.
func (m *merge) sum(n *node) uint64 {
	if s, ok := m.sums[n]; ok {
		return s
	}
	type head struct {
		kind                    kind
		task                    taskState
		ordered, header         bool
		level, colspan, rowspan int
		name, title             string
		text, target            string
		inlines, children       int
	}
	var h maphash.Hash
	h.SetSeed(sumSeed)
	maphash.WriteComparable(&h, head{n.kind, n.task, n.ordered, n.header, n.level, n.colspan, n.rowspan, n.name, n.title, n.text, n.target, len(n.inlines), len(n.children)})
	for _, i := range n.inlines {
		maphash.WriteComparable(&h, i)
	}
	for _, c := range n.children {
		maphash.WriteComparable(&h, m.sum(c))
	}
	s := h.Sum64()
	m.sums[n] = s
	return s
}

func (m *merge) sumAll(nodes []*node) []uint64 {
	sums := make([]uint64, len(nodes))
	for i, n := range nodes {
		sums[i] = m.sum(n)
	}
	return sums
}
