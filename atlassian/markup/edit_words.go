package markup

import (
	"strings"
	"unicode/utf8"
)

// word is what text is compared by: letters between white space and changes of format, or one
// object, image or line break.
type word struct {
	inline
	spaced bool // white space stands before it
}

// wordsOf splits the inlines of a block. Code is one word, because its white space is part of it.
func wordsOf(in []inline) []word {
	var words []word
	spaced := false
	for _, r := range in {
		if r.kind != textInline || r.marks&code != 0 {
			words = append(words, word{r, spaced})
			spaced = false
			continue
		}
		text := r.text
		for text != "" {
			rest := strings.TrimLeft(text, blanks)
			spaced = spaced || len(rest) < len(text)
			if rest == "" {
				break
			}
			end := strings.IndexAny(rest, blanks)
			if end < 0 {
				end = len(rest)
			}
			part := r
			part.text = rest[:end]
			words = append(words, word{part, spaced})
			text, spaced = rest[end:], false
		}
	}
	return words
}

// visible is what a word puts on the page: its letters, or one mark for what is no text. A line
// break puts nothing.
func (w word) visible() string {
	switch w.kind {
	case textInline:
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(blanks, r) {
				return -1
			}
			return r
		}, w.text)
	case breakInline:
		return ""
	default:
		return objectMark
	}
}

// objectMark stands for an object. Clean keeps it out of text.
const objectMark = "\x00"

// atom is a piece of a block's source that words are made of.
type atom struct {
	text  string // as word.visible
	at    extent
	node  extent // the text around it, where it is literal; otherwise none
	unit  extent // the smallest part that holds it and that other inlines may replace
	space extent // the unit or text that the white space before it stands in; none without
	extra string // see inline.extra
	cdata bool   // see inline.cdata
}

// atomsOf finds the pieces of a block.
func (m *merge) atomsOf(raw []inline) []atom {
	var atoms []atom
	var space, literal extent
	for _, r := range raw {
		switch {
		case r.literal && r.at == literal: // another line of the same text
		case r.kind == breakInline:
			space = extent{}
		case r.kind != textInline:
			atoms = append(atoms, atom{text: objectMark, at: r.at, unit: r.unit, space: space, extra: r.extra})
			space = extent{}
		case r.literal:
			atoms = m.literalAtoms(atoms, r, &space)
			literal = r.at
		default:
			if letters := (word{inline: r}).visible(); letters != "" {
				if strings.ContainsAny(r.text[:1], blanks) {
					space = r.unit
				}
				atoms = append(atoms, atom{text: letters, at: r.at, unit: r.unit, space: space, extra: r.extra})
				space = extent{}
			}
			if strings.HasSuffix(r.text, " ") {
				space = r.unit
			}
		}
	}
	return atoms
}

// literalAtoms splits text in the source at its white space. A run of text right in the block is
// made of parts that may be replaced one by one.
func (m *merge) literalAtoms(atoms []atom, r inline, space *extent) []atom {
	split := m.format.splits() && r.unit == r.at
	var letters strings.Builder
	start := -1
	end := func(i int) {
		if start < 0 {
			return
		}
		a := atom{text: letters.String(), at: extent{start, i}, node: r.at, unit: r.unit, space: *space, extra: r.extra, cdata: r.cdata}
		if split {
			a.unit = a.at
		}
		atoms = append(atoms, a)
		letters.Reset()
		start, *space = -1, extent{}
	}
	var last rune
	for i := r.at.start; i < r.at.end; {
		text, size := m.cleanLetter(r.cdata, i, r.at.end, last)
		for _, c := range text {
			last = c
			if strings.ContainsRune(blanks, c) {
				end(i)
				*space = r.unit
				if split {
					*space = extent{i, i + size}
				}
				continue
			}
			if start < 0 {
				start = i
			}
			letters.WriteRune(c)
		}
		i += size
	}
	end(r.at.end)
	return atoms
}

// letter decodes the character or reference at i of a text that ends at end.
func (m *merge) letter(cdata bool, i, end int) (text string, size int) {
	if cdata {
		_, size = utf8.DecodeRuneInString(m.source[i:end])
		return m.source[i : i+size], size
	}
	return m.format.next(m.source[:end], i)
}

// cleanLetter is letter for a reader: nothing where Clean leaves out what follows the character last.
func (m *merge) cleanLetter(cdata bool, i, end int, last rune) (text string, size int) {
	text, size = m.letter(cdata, i, end)
	r, width := utf8.DecodeRuneInString(text)
	if width < len(text) || !isShaping(r) {
		return Clean(text), size
	}
	behind := ""
	if i+size < end {
		behind, _ = m.letter(cdata, i+size, end)
	}
	if shapes(last, r, behind) {
		return text, size
	}
	return "", size
}

// escape spells text as it stands in the source.
func (m *merge) escape(cdata bool, text string) string {
	if cdata {
		return strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>")
	}
	return m.format.escape(text)
}

// group is a run of words and the atoms they are made of. Within it the one does not tell where the
// other begins.
type group struct{ word, words, atom, atoms int } // first and how many

// groupsOf aligns words with atoms by their letters. False says that they are not the same text.
func groupsOf(words []word, atoms []atom) ([]group, bool) {
	var groups []group
	var a, b strings.Builder // of the group under way
	g := group{}
	i, j := 0, 0
	for i < len(words) || j < len(atoms) {
		switch {
		case a.Len() <= b.Len() && i < len(words):
			a.WriteString(words[i].visible())
			i++
			g.words++
		case j < len(atoms):
			b.WriteString(atoms[j].text)
			j++
			g.atoms++
		default:
			return nil, false
		}
		if a.Len() == b.Len() {
			if a.String() != b.String() {
				return nil, false
			}
			groups = append(groups, g)
			a.Reset()
			b.Reset()
			g = group{word: i, atom: j}
		}
	}
	return groups, a.Len() == b.Len()
}
