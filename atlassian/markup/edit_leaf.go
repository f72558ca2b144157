package markup

import "strings"

// hunk is a run of words that becomes another.
type hunk struct{ was, wasEnd, now, nowEnd int }

func hunksOf(matches []match, was, now int) []hunk {
	var hunks []hunk
	at := hunk{}
	for _, p := range append(matches, match{was, now}) {
		if p.a > at.was || p.b > at.now {
			hunks = append(hunks, hunk{at.was, p.a, at.now, p.b})
		}
		at.was, at.now = p.a+1, p.b+1
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
	matches := align(e.was, e.now)
	if len(matches) == len(e.was) && len(matches) == len(e.now) {
		return true
	}
	for _, p := range matches {
		e.kept[p.b] = p.a
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
	return e.edit()
}

// edit notes a patch for each hunk that changes mere text, and for each part of the block around the
// others.
func (e *leafEdit) edit() bool {
	texts := make([]*patch, len(e.hunks))
	plain := true
	for i, h := range e.hunks {
		if p, ok := e.retext(e.whole(h)); ok {
			texts[i] = &p
		} else {
			plain = false
		}
	}
	if !plain && !e.read.origin.whole.known() {
		return false // a line made of several blocks: what stands between them is not known
	}
	for i := 0; i < len(e.hunks); i++ {
		if texts[i] != nil {
			continue
		}
		p, first, last := e.partAround(i)
		for k := first; k <= last; k++ {
			texts[k] = nil
		}
		e.replace(p.at, e.spellPart(p))
		i = last
	}
	for _, p := range texts {
		if p != nil {
			e.patches = append(e.patches, *p)
		}
	}
	return true
}

// segment finds the runs of words that whole units hold.
func (e *leafEdit) segment() {
	e.of = make([]int, len(e.was))
	e.segments, e.ends = make([]int, len(e.was)), make([]int, len(e.was))
	begin := 0
	unit := extent{}
	for i, g := range e.groups {
		for w := g.word; w < g.word+g.words; w++ {
			e.of[w] = i
		}
		joined := g.atoms > 0 && e.atoms[g.atom].unit.start < unit.end
		if !joined {
			begin = g.word
		}
		for _, a := range e.atoms[g.atom : g.atom+g.atoms] {
			unit = a.unit
		}
		for w := g.word; w < g.word+g.words; w++ {
			e.segments[w] = begin
		}
		for w := begin; w < g.word+g.words; w++ {
			e.ends[w] = g.word + g.words
		}
	}
}

// whole extends a hunk to whole groups. The words that this adds are the same on both sides.
func (e *leafEdit) whole(h hunk) hunk {
	if h.was == h.wasEnd {
		return h
	}
	first := e.groups[e.of[h.was]].word
	last := e.groups[e.of[h.wasEnd-1]]
	end := last.word + last.words
	return hunk{first, end, h.now - (h.was - first), h.nowEnd + (end - h.wasEnd)}
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

func alike(words []word) bool {
	for _, w := range words {
		if w.kind != textInline || w.marks != words[0].marks || w.link != words[0].link {
			return false
		}
	}
	return true
}

// retext is the patch for a hunk that changes nothing but letters within one piece of text.
func (e *leafEdit) retext(h hunk) (patch, bool) {
	from, to := e.atomsIn(h.was, h.wasEnd)
	was, now := e.was[h.was:h.wasEnd], e.now[h.now:h.nowEnd]
	if len(was) == 0 {
		return e.insertText(h, from)
	}
	if from == to || !alike(was) || !alike(now) || len(now) > 0 && (now[0].marks != was[0].marks || now[0].link != was[0].link) {
		return patch{}, false
	}
	node := e.atoms[from].node
	for _, a := range e.atoms[from:to] {
		if !a.node.known() || a.node != node {
			return patch{}, false
		}
	}
	before := from > 0 && e.atoms[from-1].node == node
	after := to < len(e.atoms) && e.atoms[to].node == node
	at := extent{e.atoms[from].at.start, e.atoms[to-1].at.end}
	spaced := len(now) > 0 && now[0].spaced
	switch {
	case len(now) == 0 && !before && !after:
		return patch{}, false // an empty element, or node, would stay
	case spaced == was[0].spaced:
		spaced = false // the white space stays as it is
	case was[0].spaced:
		if space := e.atoms[from].space; !space.known() || space.start < node.start || space.end > node.end {
			return patch{}, false // it is in something else
		}
		at.start = node.start
		if before {
			at.start = e.atoms[from-1].at.end
		}
	}
	return e.trimmed(at, joinWords(now, spaced)), true
}

// trimmed is the patch that makes a part of a text another, without the letters at both ends that
// stay: the source may have a spelling of its own for them.
func (m *merge) trimmed(at extent, text string) patch {
	type letter struct {
		text string
		at   int
	}
	var letters []letter
	for i := at.start; i < at.end; {
		s, size := m.format.next(m.source[:at.end], i)
		letters = append(letters, letter{s, i})
		i += size
	}
	for len(letters) > 0 && letters[0].text != "" && strings.HasPrefix(text, letters[0].text) {
		text = text[len(letters[0].text):]
		letters = letters[1:]
	}
	for n := len(letters) - 1; n >= 0 && letters[n].text != "" && strings.HasSuffix(text, letters[n].text); n-- {
		text = text[:len(text)-len(letters[n].text)]
		at.end = letters[n].at
		letters = letters[:n]
	}
	at.start = at.end
	if len(letters) > 0 {
		at.start = letters[0].at
	}
	return patch{at, literally(m.format.escape(text))}
}

// joinWords is text with single spaces.
func joinWords(words []word, spaced bool) string {
	var b strings.Builder
	for i, w := range words {
		if spaced && i == 0 || i > 0 && w.spaced {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// insertText is the patch for words that come into a piece of text, before the atom at.
func (e *leafEdit) insertText(h hunk, at int) (patch, bool) {
	now := e.now[h.now:h.nowEnd]
	if !alike(now) {
		return patch{}, false
	}
	like := func(w word) bool {
		return w.kind == textInline && w.marks == now[0].marks && w.link == now[0].link && w.marks&code == 0
	}
	if h.was > 0 && at > 0 && like(e.was[h.was-1]) && e.atoms[at-1].node.known() {
		end := e.atoms[at-1].at.end
		return patch{extent{end, end}, literally(e.format.escape(joinWords(now, now[0].spaced)))}, true
	}
	if h.was == len(e.was) || at == len(e.atoms) || !like(e.was[h.was]) || !e.atoms[at].node.known() {
		return patch{}, false
	}
	next, text := e.was[h.was], joinWords(now, false)
	switch {
	case next.spaced && now[0].spaced:
		text += " "
	case next.spaced:
		return patch{}, false
	case now[0].spaced:
		text = " " + text
	}
	start := e.atoms[at].at.start
	return patch{extent{start, start}, literally(e.format.escape(text))}, true
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
			runs = append(runs, blankBetween(runs, r))
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
		if n := len(out); n > 0 && sameFormat(out[n-1], r) && out[n-1].extra == r.extra && r.marks&code == 0 {
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
