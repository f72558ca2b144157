package markup

import (
	"slices"
	"strconv"
	"strings"
)

// storageSections are Confluence's types of layout section by their number of columns, the one of
// equal widths first.
// https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
var storageSections = map[int][]string{
	2: {"two_equal", "two_left_sidebar", "two_right_sidebar"},
	3: {"three_equal", "three_with_sidebars"},
}

// page writes the blocks of a whole page. A page is in sections or is not, so when one of its blocks
// is a section, those around it become sections of a single column.
func (w *storageWriter) page(blocks []*node) {
	if !slices.ContainsFunc(blocks, isSection) {
		w.blocks(blocks)
		return
	}
	w.raw("<ac:layout>")
	for len(blocks) > 0 {
		if isSection(blocks[0]) {
			w.section(blocks[0])
			blocks = blocks[1:]
			continue
		}
		end := slices.IndexFunc(blocks, isSection)
		if end < 0 {
			end = len(blocks)
		}
		w.cells("single", []*node{{kind: column, children: blocks[:end]}})
		blocks = blocks[end:]
	}
	w.raw("</ac:layout>")
}

// isSection says whether a block is columns side by side.
func isSection(n *node) bool { return n.kind == columns && len(n.children) > 1 }

// section writes columns. Of more than Confluence has in a section, the further ones make sections
// of their own, and no column stays alone.
func (w *storageWriter) section(n *node) {
	const most = 3
	rest := n.children
	if len(rest) <= most {
		w.cells(sectionType(n.name, len(rest)), rest)
		return
	}
	for len(rest) > 0 {
		take := min(most, len(rest))
		if len(rest) == most+1 {
			take = 2
		}
		w.cells(sectionType("", take), rest[:take])
		rest = rest[take:]
	}
}

// cells writes a section of the given columns.
func (w *storageWriter) cells(typ string, columns []*node) {
	w.raw(`<ac:layout-section ac:type="` + typ + `">`)
	for _, c := range columns {
		w.wrapped("ac:layout-cell", c.children)
	}
	w.raw("</ac:layout-section>")
}

// sectionType is the type for two or three columns by the name of their node: a type already, or the
// widths with dashes between them.
func sectionType(name string, columns int) string {
	types := storageSections[columns]
	if slices.Contains(types, name) {
		return name
	}
	widths := columnShares(name)
	if len(widths) != columns {
		return types[0]
	}
	const alike = 5 // percent of the page
	first, second := widths[0], widths[1]
	switch {
	case columns == 3 && second > first+alike && second > widths[2]+alike:
		return "three_with_sidebars"
	case columns == 2 && second > first+alike:
		return "two_left_sidebar"
	case columns == 2 && first > second+alike:
		return "two_right_sidebar"
	default:
		return types[0]
	}
}

// columnShares are the widths in a section's name, nil when there is none.
func columnShares(name string) []float64 {
	var shares []float64
	for width := range strings.SplitSeq(name, "-") {
		share, err := strconv.ParseFloat(width, 64)
		if err != nil {
			return nil
		}
		shares = append(shares, share)
	}
	return shares
}
