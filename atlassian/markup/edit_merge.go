package markup

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// format is what the two formats that can be edited in place do differently.
type format interface {
	// blocks spells new children of parent, which the source has: blocks, or the items of a list, rows,
	// cells. False says that they cannot stand there.
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

// replace notes that text takes the place of what is there.
func (m *merge) replace(at extent, text string) {
	m.patches = append(m.patches, patch{at, literally(text)})
}

// insertAt notes that text comes between two bytes.
func (m *merge) insertAt(at int, text func() string) {
	m.patches = append(m.patches, patch{extent{at, at}, text})
}

// note takes a patch that a format made, if it could.
func (m *merge) note(p patch, ok bool) bool {
	if ok {
		m.patches = append(m.patches, p)
	}
	return ok
}

// notEditable names the node that a change would have to destroy.
func notEditable(n *node) error {
	return fmt.Errorf("the part that begins with %s %w", quoted(plainText(flatten(n))), ErrNotEditable)
}

// quoted is a text as an error names it. Whoever wrote it knows it by its beginning.
func quoted(text string) string {
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "…"
	}
	return strconv.Quote(text)
}
