package markup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Original is a document as Atlassian holds it, open for changes that keep whatever they do not
// concern: macros and their ids, attributes, layouts, unknown elements, white space. Every change
// returns a new document; the Original stays as it is.
type Original struct {
	source string
	format func() format // for one change
	blocks []*node
	root   origin
}

// ErrNotEditable says that a change cannot be made without destroying something that Markdown does
// not show. The document has to be changed in its own format.
var ErrNotEditable = errors.New("cannot be changed as Markdown without losing what Markdown does not show")

// ErrNoSuchText says that a heading or text to be changed is not in the document.
var ErrNoSuchText = errors.New("not in the document")

// OpenStorage opens a document in Confluence storage format. The error is [ErrMalformed] or
// [ErrTooLarge].
func OpenStorage(xhtml string) (*Original, error) {
	blocks, err := parseStorage(xhtml)
	if err != nil {
		return nil, err
	}
	whole := extent{0, len(xhtml)}
	return &Original{xhtml, func() format { return &storageFormat{tasks: strings.Count(xhtml, "<ac:task>") + 1000} }, blocks, origin{whole: whole, body: whole, typ: "doc"}}, nil
}

// OpenADF opens an ADF document. The error is [ErrMalformed] or [ErrTooLarge].
func OpenADF(doc Document) (*Original, error) {
	blocks, from, err := parseADF(doc)
	if err != nil {
		return nil, err
	}
	source := string(doc)
	return &Original{source, func() format { return &adfFormat{tasks: strings.Count(source, `"localId"`) + 1000} }, blocks, from}, nil
}

// Markdown is what FromStorage or FromADF makes of the document. Edits begin with this text.
func (o *Original) Markdown() string { return Clean(writeMarkdown(o.blocks)) }

// Edit returns the document with the changes that turned its Markdown into edited. What stayed is
// kept byte for byte: blocks, and in a block that was changed all words and objects but the changed
// ones. The error is [ErrNotEditable].
func (o *Original) Edit(edited string) (string, error) {
	m := o.merge()
	return m.apply(parseMarkdown(edited))
}

// Append returns the document with more Markdown at its end.
func (o *Original) Append(markdown string) (string, error) {
	m := &merge{source: o.source, format: o.format()}
	now := parseMarkdown(markdown)
	if len(now) == 0 {
		return o.source, nil
	}
	p, ok := m.format.appended(o.source, &node{origin: o.root}, now)
	if !ok {
		return "", notEditable(now[0])
	}
	m.patches = []patch{p}
	return m.patched()
}

// ReplaceSection returns the document with the text below a heading replaced, down to the next one
// of the same or a higher level, or to the end of the heading's column; the heading itself stays. The
// heading is found by its text, without regard to case and white space. It is [ErrNoSuchText] when there is none and ambiguous
// when there are several, [ErrNotEditable] when the text cannot be replaced.
func (o *Original) ReplaceSection(title, markdown string) (string, error) {
	m := o.merge()
	siblings, at, err := findHeading(m.was, title)
	if err != nil {
		return "", err
	}
	now := slices.Concat(siblings[:at+1], parseMarkdown(markdown), siblings[sectionEnd(siblings, at):])
	return m.apply(withChildren(m.was, siblings, now))
}

// sectionEnd is where among its siblings the section of a heading ends.
func sectionEnd(siblings []*node, at int) int {
	for i, n := range siblings[at+1:] {
		if n.kind == heading && n.level <= siblings[at].level {
			return at + 1 + i
		}
	}
	return len(siblings)
}

// merge prepares a change.
func (o *Original) merge() *merge {
	m := &merge{
		source: o.source, format: o.format(), root: &node{origin: o.root},
		base: map[*node]*node{}, sums: map[*node]uint64{}, gone: map[uint64][]removed{},
	}
	m.was = parseMarkdown(o.Markdown())
	m.pair(o.blocks, m.was)
	return m
}

// findHeading finds a heading and the blocks that it stands among.
func findHeading(blocks []*node, title string) (siblings []*node, at int, err error) {
	want, found := foldTitle(title), 0
	var all []string
	var walk func([]*node)
	walk = func(blocks []*node) {
		for i, n := range blocks {
			if n.kind == heading {
				text := plainText(n.inlines)
				all = append(all, text)
				if foldTitle(text) == want {
					siblings, at = blocks, i
					found++
				}
			}
			walk(n.children)
		}
	}
	walk(blocks)
	switch {
	case found == 1:
		return siblings, at, nil
	case found > 1:
		return nil, 0, fmt.Errorf("%w: %d headings read %s", ErrNoSuchText, found, quoted(title))
	case len(all) == 0:
		return nil, 0, fmt.Errorf("%w: a heading %s; it has no headings", ErrNoSuchText, quoted(title))
	default:
		return nil, 0, fmt.Errorf("%w: a heading %s; its headings are %s", ErrNoSuchText, quoted(title), strings.Join(all[:min(len(all), 30)], " / "))
	}
}

// foldTitle is a heading as people compare it, with or without the marks of Markdown before it.
func foldTitle(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.TrimLeft(strings.TrimSpace(s), "#")), " "))
}

// withChildren is a tree in which the blocks that were siblings are now others. What is not on the
// way to them is shared.
func withChildren(blocks, siblings, now []*node) []*node {
	if len(blocks) > 0 && len(siblings) > 0 && &blocks[0] == &siblings[0] {
		return now
	}
	out := slices.Clone(blocks)
	for i, n := range blocks {
		if len(n.children) > 0 {
			changed := *n
			changed.children = withChildren(n.children, siblings, now)
			out[i] = &changed
		}
	}
	return out
}
