package markup

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ReplaceText returns the document with a text replaced wherever it stands in one block, and how
// often that was. White space counts as one space; letters have to be the same. Formats of the
// first letter go on to the new text. It is [ErrNoSuchText] when there is none.
func (o *Original) ReplaceText(from, to string) (string, int, error) {
	from = strings.Join(strings.Fields(Clean(from)), " ")
	if from == "" {
		return "", 0, fmt.Errorf("%w: an empty text", ErrNoSuchText)
	}
	m := &merge{source: o.source, format: o.format()}
	var walk func([]*node) int
	walk = func(blocks []*node) (count int) {
		for _, n := range blocks {
			switch {
			case n.kind == codeBlock && strings.Contains(n.text, from):
				if m.note(m.format.code(m.source, n, strings.ReplaceAll(n.text, from, Clean(to)))) {
					count += strings.Count(n.text, from)
				}
			case n.origin.raw != nil:
				count += m.replaceIn(n.origin.raw, from, Clean(to))
			}
			count += walk(n.children)
			if c := n.origin.copy; c != nil {
				walk(c.children) // nobody sees these besides the others
			}
		}
		return count
	}
	count := walk(o.blocks)
	if count == 0 {
		return "", 0, fmt.Errorf("%w: %s", ErrNoSuchText, quoted(from))
	}
	doc, err := m.patched()
	return doc, count, err
}

// replaceIn replaces a text in a block.
func (m *merge) replaceIn(raw []inline, from, to string) (count int) {
	atoms := m.atomsOf(raw)
	var text strings.Builder
	var of []int // by byte of text: its atom, or -1 for the space before one
	for i, a := range atoms {
		if a.space.known() && i > 0 {
			text.WriteByte(' ')
			of = append(of, -1)
		}
		text.WriteString(a.text)
		for range len(a.text) {
			of = append(of, i)
		}
	}
	s := text.String()
	for at := 0; ; {
		found := strings.Index(s[at:], from)
		if found < 0 {
			return count
		}
		start := at + found
		at = start + len(from)
		if m.replaceRange(atoms, of, start, at, to) {
			count++
		}
	}
}

// replaceRange replaces bytes of a block's text: the new text takes the place of those that stand in
// the same piece of text as the first, and the others go.
func (m *merge) replaceRange(atoms []atom, of []int, start, end int, to string) bool {
	type piece struct {
		at   extent
		atom atom
	}
	var pieces []piece
	for i := start; i < end; {
		a := of[i]
		j := i
		for j < end && of[j] == a {
			j++
		}
		if a >= 0 {
			at, ok := m.lettersAt(atoms[a], i-beginOf(of, i), j-beginOf(of, i))
			if !ok {
				return false
			}
			if n := len(pieces); n > 0 && sameText(atoms, of, i) {
				pieces[n-1].at.end = at.end
			} else {
				pieces = append(pieces, piece{at, atoms[a]})
			}
		}
		i = j
	}
	text := m.escape(pieces[0].atom.cdata, to)
	for _, p := range pieces {
		if text == "" && p.at == p.atom.node && !m.format.splits() {
			p.at = p.atom.unit // ADF has no empty text
		}
		m.replace(p.at, text)
		text = ""
	}
	return true
}

// sameText says whether the atom at byte i stands in the same text as the one before it.
func sameText(atoms []atom, of []int, i int) bool {
	a := of[i]
	return a > 0 && atoms[a].node.known() && atoms[a].node == atoms[a-1].node
}

// beginOf is the first byte of the atom that byte i belongs to.
func beginOf(of []int, i int) int {
	for i > 0 && of[i-1] == of[i] {
		i--
	}
	return i
}

// lettersAt is where the bytes from start to end of an atom's text stand in the source.
func (m *merge) lettersAt(a atom, start, end int) (extent, bool) {
	if !a.node.known() {
		return extent{}, false
	}
	at := extent{a.at.end, a.at.end}
	var last rune
	for i, n := a.at.start, 0; i < a.at.end && n < end; {
		text, size := m.cleanLetter(a.cdata, i, a.at.end, last)
		if n == start && text != "" {
			at.start = min(at.start, i)
		}
		if text != "" {
			last, _ = utf8.DecodeLastRuneInString(text)
		}
		n += len(text)
		i += size
		at.end = i
	}
	return at, at.start < at.end
}
