package markup

import "strings"

// retext is the patches for a hunk that changes nothing but letters.
func (e *leafEdit) retext(h hunk) ([]patch, bool) {
	from, to := e.atomsIn(h.was, h.wasEnd)
	was, now := e.was[h.was:h.wasEnd], e.now[h.now:h.nowEnd]
	if len(was) == 0 {
		p, ok := e.insertText(h, from)
		return []patch{p}, ok
	}
	if from == to || !alike(was) || !alike(now) || len(now) > 0 && (now[0].marks != was[0].marks || now[0].link != was[0].link) {
		return nil, false
	}
	for _, a := range e.atoms[from:to] {
		if !a.node.known() {
			return nil, false
		}
	}
	first, last := e.atoms[from], e.atoms[to-1]
	before := from > 0 && e.atoms[from-1].node == first.node
	after := to < len(e.atoms) && e.atoms[to].node == last.node
	start := first.at.start
	spaced := len(now) > 0 && now[0].spaced
	switch {
	case len(now) == 0 && !before && !after:
		return nil, false // an empty element, or node, would stay
	case spaced == was[0].spaced:
		spaced = false // the white space stays as it is
	case was[0].spaced:
		if space := first.space; !space.known() || space.start < first.node.start || space.end > first.node.end {
			return nil, false // it is in something else
		}
		start = first.node.start
		if before {
			start = e.atoms[from-1].at.end
		}
	}
	return e.respell(e.letters(start, e.atoms[from:to]), joinWords(now, spaced))
}

// letter is a character of the source, or a reference to one.
type letter struct {
	text string
	at   extent
	of   *atom // which stands in the same text
}

// letters are those of atoms in literal text and of the white space between them, from start on.
func (e *leafEdit) letters(start int, atoms []atom) []letter {
	var letters []letter
	for i := range atoms {
		a, end, next := &atoms[i], atoms[i].at.end, 0
		switch {
		case i+1 == len(atoms):
		case atoms[i+1].node == a.node:
			end = atoms[i+1].at.start
			next = end
		default:
			end, next = a.node.end, atoms[i+1].node.start
		}
		for at := start; at < end; {
			s, size := e.letter(a.cdata, at, end)
			letters = append(letters, letter{s, extent{at, at + size}, a})
			at += size
		}
		start = next
	}
	return letters
}

// respell is the patches that make letters a text. Those at both ends that stay are not touched: the
// source may have a spelling of its own for them. False says that a text would be left empty.
func (e *leafEdit) respell(letters []letter, text string) ([]patch, bool) {
	all := letters
	for len(letters) > 0 && letters[0].text != "" && strings.HasPrefix(text, letters[0].text) {
		text = text[len(letters[0].text):]
		letters = letters[1:]
	}
	kept := len(all) - len(letters)
	for n := len(letters) - 1; n >= 0 && letters[n].text != "" && strings.HasSuffix(text, letters[n].text); n-- {
		text = text[:len(text)-len(letters[n].text)]
		letters = letters[:n]
	}
	if len(all) == 0 {
		return nil, false
	}
	if len(letters) == 0 {
		beside := all[max(kept-1, 0)]
		at := beside.at.start
		if kept > 0 {
			at = beside.at.end
		}
		return []patch{{extent{at, at}, literally(e.escape(beside.of.cdata, text))}}, true
	}
	var patches []patch
	for len(letters) > 0 {
		n := 1
		for n < len(letters) && letters[n].of.node == letters[0].of.node {
			n++
		}
		at := extent{letters[0].at.start, letters[n-1].at.end}
		if text == "" && at == letters[0].of.node {
			return nil, false
		}
		patches = append(patches, patch{at, literally(e.escape(letters[0].of.cdata, text))})
		letters, text = letters[n:], ""
	}
	return patches, true
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
	if h.was < len(e.was) && e.groups[e.of[h.was]].word != h.was {
		return patch{}, false // in the middle of what is one piece in the source
	}
	if h.was > 0 && at > 0 && like(e.was[h.was-1]) && e.atoms[at-1].node.known() {
		end := e.atoms[at-1].at.end
		return patch{extent{end, end}, literally(e.escape(e.atoms[at-1].cdata, joinWords(now, now[0].spaced)))}, true
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
	return patch{extent{start, start}, literally(e.escape(e.atoms[at].cdata, text))}, true
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

func alike(words []word) bool {
	for _, w := range words {
		if w.kind != textInline || w.marks != words[0].marks || w.link != words[0].link {
			return false
		}
	}
	return true
}
