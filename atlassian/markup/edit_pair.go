package markup

import (
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/align"
)

// pair finds for the nodes of the document's Markdown those of the document itself. The two are
// alike but for what Markdown does not show.
func (m *merge) pair(read, written []*node) {
	read = shown(read)
	if len(read) == len(written) && slices.EqualFunc(read, written, func(a, b *node) bool { return a.kind == b.kind }) {
		for i, n := range written {
			m.pairNode(read[i], n)
		}
		return
	}
	// A node that Markdown spells as several, or none, throws the others out of step; they are found
	// by what each of them reads as alone.
	alone := make([]uint64, len(read))
	for i, n := range read {
		if forms := parseMarkdown(writeMarkdown([]*node{n})); len(forms) == 1 {
			alone[i] = m.sum(forms[0])
		}
	}
	for _, p := range align.Common(alone, m.sumAll(written)) {
		m.pairNode(read[p.A], written[p.B])
	}
}

// shown is blocks without those that leave nothing to read.
func shown(read []*node) []*node { return slices.DeleteFunc(slices.Clone(read), isEmpty) }

func (m *merge) pairNode(read, written *node) {
	m.base[written] = read
	switch read.kind {
	case table:
		m.pairTable(read, written)
	case row:
	default:
		m.pair(read.children, written.children)
	}
}

// pairTable pairs the cells of a table by their place in the grid.
func (m *merge) pairTable(read, written *node) {
	if len(read.children) != len(written.children) {
		return
	}
	for i, cells := range gridOf(read) {
		r := written.children[i]
		m.base[r] = read.children[i]
		for j, c := range r.children {
			if j < len(cells) && cells[j] != nil {
				m.base[c] = cells[j]
				m.pairCell(cells[j], c)
			}
		}
	}
}

// pairCell pairs what a cell holds. Markdown has one line for it, so several blocks become one run,
// whose words still are where they were.
func (m *merge) pairCell(read, written *node) {
	visible := slices.DeleteFunc(slices.Clone(read.children), isEmpty)
	switch {
	case len(written.children) != 1 || len(visible) == 0:
	case len(visible) == 1 && visible[0].kind == paragraph:
		m.base[written.children[0]] = visible[0]
	default:
		m.base[written.children[0]] = &node{kind: paragraph, origin: origin{raw: rawRun(visible)}}
	}
}

// rawRun is what cellInlines makes of blocks, with the places of the words.
func rawRun(blocks []*node) []inline {
	var in []inline
	for _, b := range blocks {
		in = append(in, inline{kind: breakInline})
		switch b.kind {
		case rule:
			in = append(in, inline{text: "---"})
		case list:
			for i, it := range b.children {
				in = append(in, inline{kind: breakInline}, inline{text: itemLabel(b, i)})
				in = append(in, rawRun(it.children)...)
			}
		default:
			in = append(in, inline{text: b.title + " "})
			in = append(in, rawLeaf(b)...)
			in = append(in, rawRun(b.children)...)
		}
	}
	return in
}

func rawLeaf(b *node) []inline {
	if b.origin.raw != nil {
		return b.origin.raw
	}
	return append(textLines(b.text, code, link{}), b.inlines...)
}
