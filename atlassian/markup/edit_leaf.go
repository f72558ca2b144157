package markup

import "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/align"

// hunk is a run of words that becomes another.
type hunk struct{ was, wasEnd, now, nowEnd int }

func hunksOf(matches []align.Pair, was, now int) []hunk {
	var hunks []hunk
	at := hunk{}
	for _, p := range append(matches, align.Pair{A: was, B: now}) {
		if p.A > at.was || p.B > at.now {
			hunks = append(hunks, hunk{at.was, p.A, at.now, p.B})
		}
		at.was, at.now = p.A+1, p.B+1
	}
	return hunks
}

// leafEdit changes the words of one block.
type leafEdit struct {
	*merge
	read     *node
	was, now []word
	kept     map[int]int // words of now that are words of was
	hunks    []hunk
	atoms    []atom
	groups   []group
	of       []int // the group of each word of was
	segments []int // where each word's segment begins: the smallest run of whole words and whole units
	ends     []int // and ends
}

// leaf changes the words of a block in place. False says that it cannot.
func (m *merge) leaf(read *node, was, now []inline) bool {
	e := &leafEdit{merge: m, read: read, was: wordsOf(was), now: wordsOf(now), kept: map[int]int{}}
	matches := align.Common(e.was, e.now)
	if len(matches) == len(e.was) && len(matches) == len(e.now) {
		return true
	}
	for _, p := range matches {
		e.kept[p.B] = p.A
	}
	e.hunks = hunksOf(matches, len(e.was), len(e.now))
	if read.origin.raw == nil {
		return false
	}
	e.atoms = m.atomsOf(read.origin.raw)
	var ok bool
	if e.groups, ok = groupsOf(e.was, e.atoms); !ok {
		return false
	}
	e.segment()
	e.hunks = e.wholeHunks()
	return e.edit()
}

// edit notes a patch for each hunk that changes mere text, and for each part of the block around the
// others.
func (e *leafEdit) edit() bool {
	texts := make([][]patch, len(e.hunks))
	for i, h := range e.hunks {
		if p, ok := e.retext(h); ok {
			texts[i] = p
		}
	}
	for i := 0; i < len(e.hunks); i++ {
		if texts[i] != nil {
			continue
		}
		p, first, last := e.partAround(i)
		if !e.sound(p) {
			return false
		}
		for k := first; k <= last; k++ {
			texts[k] = nil
		}
		e.replace(p.at, e.spellPart(p))
		i = last
	}
	for _, p := range texts {
		e.patches = append(e.patches, p...)
	}
	return true
}

// sound says whether a part may be spelled anew: it is known where it begins and ends, inlines may
// stand there, and no link is in it whose text the source does not have.
func (e *leafEdit) sound(p part) bool {
	from, to := e.atomsIn(p.was, p.wasEnd)
	around := e.atoms[max(from-1, 0):min(to+1, len(e.atoms))]
	for _, a := range around {
		if !a.unit.known() {
			return false
		}
	}
	if e.overlap(p) {
		return false
	}
	body := e.read.origin.body
	if !e.format.holdsText(e.read.origin.typ) || p.at.end < p.at.start {
		return false
	}
	if e.read.origin.whole.known() {
		return body.start <= p.at.start && p.at.end <= body.end && !e.labelled(p)
	}
	return e.inOneBlock(p) && !e.labelled(p)
}

// overlap says whether something is to stay of a part in which one piece of the source is within
// another, as an image's caption is.
func (e *leafEdit) overlap(p part) bool {
	from, to := e.atomsIn(p.was, p.wasEnd)
	end, over := 0, false
	for _, a := range e.atoms[from:to] {
		over = over || a.at.start < end
		end = max(end, a.at.end)
	}
	for k := p.now; over && k < p.nowEnd; k++ {
		if _, kept := e.kept[k]; kept {
			return true
		}
	}
	return false
}

// labelled says whether a part would give new text to a link that shows the name of what it leads to.
func (e *leafEdit) labelled(p part) bool {
	for i := max(p.was-1, 0); i < min(p.wasEnd+1, len(e.was)); i++ {
		w := e.was[i]
		g := e.groups[e.of[i]]
		if w.kind != textInline || w.link == (link{}) || g.atoms == 0 || e.atoms[g.atom].node.known() {
			continue
		}
		for k := p.now; k < p.nowEnd; k++ {
			if _, kept := e.kept[k]; !kept && e.now[k].link == w.link {
				return true
			}
		}
	}
	return false
}

// inOneBlock says whether a part of a line that is made of several blocks is surely within one of
// them. What stands between them is not known.
func (e *leafEdit) inOneBlock(p part) bool {
	for _, w := range e.was[p.was:p.wasEnd] {
		if w.kind == breakInline {
			return false
		}
	}
	from, to := e.atomsIn(p.was, p.wasEnd)
	return from < to
}

// segment finds the runs of words that whole units hold. A line break in a text is none of its atoms.
func (e *leafEdit) segment() {
	e.of = make([]int, len(e.was))
	e.segments, e.ends = make([]int, len(e.was)), make([]int, len(e.was))
	for i := 0; i < len(e.groups); {
		j, end := i+1, e.unitEnd(e.groups[i], 0) // one past the segment's last group
		for k := j; k < len(e.groups) && end > 0; k++ {
			g := e.groups[k]
			if g.atoms > 0 && e.atoms[g.atom].unit.start >= end {
				break
			}
			if g.atoms > 0 {
				j, end = k+1, e.unitEnd(g, end)
			}
		}
		last := e.groups[j-1]
		for k := i; k < j; k++ {
			g := e.groups[k]
			for w := g.word; w < g.word+g.words; w++ {
				e.of[w], e.segments[w], e.ends[w] = k, e.groups[i].word, last.word+last.words
			}
		}
		i = j
	}
}

// unitEnd is where the units of a group end, at least at end.
func (e *leafEdit) unitEnd(g group, end int) int {
	for _, a := range e.atoms[g.atom : g.atom+g.atoms] {
		end = max(end, a.unit.end)
	}
	return end
}

// wholeHunks extends hunks to whole groups, and joins those that then overlap. The words that this
// adds are the same on both sides.
func (e *leafEdit) wholeHunks() []hunk {
	var out []hunk
	for _, h := range e.hunks {
		first, end := h.was, h.wasEnd
		if first < len(e.was) {
			first = e.groups[e.of[first]].word
		}
		if first < end {
			last := e.groups[e.of[end-1]]
			end = last.word + last.words
		}
		whole := hunk{first, end, h.now - (h.was - first), h.nowEnd + (end - h.wasEnd)}
		if n := len(out); n > 0 && first < out[n-1].wasEnd {
			whole.was, whole.now = out[n-1].was, out[n-1].now
			out = out[:n-1]
		}
		out = append(out, whole)
	}
	return out
}

// atomsIn are the first atom of words and the one after the last.
func (e *leafEdit) atomsIn(was, wasEnd int) (from, to int) {
	from = len(e.atoms)
	if was < len(e.was) {
		from = e.groups[e.of[was]].atom
	}
	if wasEnd > was {
		last := e.groups[e.of[wasEnd-1]]
		return from, last.atom + last.atoms
	}
	return from, from
}

// part is a hunk that was extended to whole units, and where they are.
type part struct {
	hunk
	at   extent
	next int // the atom behind it
}

// partAround extends the hunk i to whole units and to the other hunks, first to last, that touch them.
func (e *leafEdit) partAround(i int) (p part, first, last int) {
	first, last = i, i
	was, wasEnd := e.hunks[i].was, e.hunks[i].wasEnd
	for {
		from, to := was, wasEnd
		if from < len(e.was) && (from < to || e.segments[from] < from) {
			from = e.segments[from]
		}
		if to > from {
			to = e.ends[to-1]
		}
		from, to = e.withBreaks(from, to)
		for first > 0 && e.hunks[first-1].wasEnd >= from {
			first--
			from = min(from, e.hunks[first].was)
		}
		for last+1 < len(e.hunks) && e.hunks[last+1].was <= to {
			last++
			to = max(to, e.hunks[last].wasEnd)
		}
		h := hunk{
			from, to,
			e.hunks[first].now - (e.hunks[first].was - from),
			e.hunks[last].nowEnd + (to - e.hunks[last].wasEnd),
		}
		p = e.place(h)
		if e.needsLeft(p) {
			from--
		} else if from == was && to == wasEnd {
			return p, first, last
		}
		was, wasEnd = from, to
	}
}

// withBreaks adds the line breaks beside words that begin or end with one: a place between two atoms
// has all the breaks that are there.
func (e *leafEdit) withBreaks(from, to int) (int, int) {
	isBreak := func(i int) bool { return i >= 0 && i < len(e.was) && e.was[i].kind == breakInline }
	atStart, atEnd := from == to || isBreak(from), from == to || isBreak(to-1)
	for atStart && isBreak(from-1) {
		from--
	}
	for atEnd && isBreak(to) {
		to++
	}
	return from, to
}

// place finds the extent of whole units.
func (e *leafEdit) place(h hunk) part {
	from, to := e.atomsIn(h.was, h.wasEnd)
	p := part{hunk: h, next: to}
	body := e.read.origin.body
	p.at = body
	if from > 0 {
		p.at.start = e.atoms[from-1].unit.end
	}
	if to < len(e.atoms) {
		p.at.end = e.atoms[to].unit.start
	}
	if h.was == h.wasEnd {
		p.at.end = p.at.start
		return p
	}
	if from < to && e.was[h.was].kind != breakInline {
		p.at.start = e.atoms[from].unit.start
	}
	if from < to && e.was[h.wasEnd-1].kind != breakInline {
		p.at.end = e.atoms[to-1].unit.end
	}
	return p
}

// spaceOutside says whether white space stands right before a part.
func (e *leafEdit) spaceOutside(p part) bool {
	from, _ := e.atomsIn(p.was, p.wasEnd)
	if from == len(e.atoms) {
		return false
	}
	space := e.atoms[from].space
	return space.known() && space.end <= p.at.start
}

// trails says whether the white space before the word behind a part would be lost with it.
func (e *leafEdit) trails(p part) bool {
	if p.wasEnd == len(e.was) || p.next == len(e.atoms) || !e.was[p.wasEnd].spaced {
		return false
	}
	space := e.atoms[p.next].space
	return space.known() && space.start < p.at.end
}

// needsLeft says that a part must take in the word before it, to remove the white space between.
func (e *leafEdit) needsLeft(p part) bool {
	if p.was == 0 || !e.spaceOutside(p) {
		return false
	}
	if p.now < p.nowEnd {
		return !e.now[p.now].spaced
	}
	return p.wasEnd < len(e.was) && e.was[p.wasEnd].spaced || p.wasEnd == len(e.was)
}

// spellPart spells the new words of a part. Objects that stay or move are spelled as they stand.
func (e *leafEdit) spellPart(p part) string {
	var runs []inline
	inherited := e.commonExtra(p.hunk)
	outside := e.spaceOutside(p)
	for k := p.now; k < p.nowEnd; k++ {
		w := e.now[k]
		r := w.inline
		r.extra = inherited
		if a := e.atomOf(k); a != nil {
			r.extra = a.extra
			if r.kind != textInline {
				r.source = a.at.of(e.source)
			}
		}
		if w.spaced && (k > p.now || !outside) {
			before := runs
			if len(runs) == 0 && k > 0 {
				before = []inline{e.now[k-1].inline}
			}
			runs = append(runs, blankBetween(before, r))
		}
		runs = append(runs, r)
	}
	if e.trails(p) {
		runs = append(runs, inline{text: " "})
	}
	return e.format.runs(joinAlike(runs))
}

// blankBetween is a space with the formats that its neighbours share.
func blankBetween(before []inline, after inline) inline {
	blank := inline{text: " "}
	if len(before) == 0 {
		return blank
	}
	last := before[len(before)-1]
	blank.marks = last.marks & after.marks &^ code
	if last.link == after.link {
		blank.link = last.link
	}
	if last.extra == after.extra {
		blank.extra = last.extra
	}
	return blank
}

// joinAlike joins neighbouring runs of text that look alike.
func joinAlike(in []inline) []inline {
	out := in[:0:0]
	for _, r := range in {
		if n := len(out); n > 0 && sameFormat(&out[n-1], &r) && out[n-1].extra == r.extra && r.marks&code == 0 {
			out[n-1].text += r.text
			continue
		}
		out = append(out, r)
	}
	return out
}

// atomOf is what a new word was, if it is an old one: the first atom of it, or any equal object of
// the block. Nil says that it is new.
func (e *leafEdit) atomOf(now int) *atom {
	was, ok := e.kept[now]
	if !ok {
		w := e.now[now]
		if w.kind == textInline || w.kind == breakInline {
			return nil
		}
		for i, old := range e.was {
			if old.inline == w.inline {
				was, ok = i, true
			}
		}
	}
	if !ok {
		return nil
	}
	g := e.groups[e.of[was]]
	if g.atoms == 0 || e.now[now].kind != textInline && g.words > 1 {
		return nil
	}
	return &e.atoms[g.atom]
}

// commonExtra is what all the old words of a hunk have and Markdown does not show, for the new ones.
func (e *leafEdit) commonExtra(h hunk) string {
	from, to := e.atomsIn(h.was, h.wasEnd)
	extra := ""
	for i, a := range e.atoms[from:to] {
		if i > 0 && a.extra != extra {
			return ""
		}
		extra = a.extra
	}
	return extra
}
