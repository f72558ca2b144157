package markup

import (
	"slices"
	"strconv"
	"strings"
)

// adfLayout reads a section of columns; its name is their widths.
func adfLayout(n *adfNode) *node {
	l := &node{kind: columns}
	var widths []string
	for i := range n.Content {
		c := &n.Content[i]
		widths = append(widths, dimension(attrText(c.Attrs, "width"), 100))
		col := &node{kind: column, children: adfBlocks(within(n, i, "layoutColumn")), origin: originOfADF(c)}
		if align := attr(c.Attrs, "valign"); isVerticalAlign(align) {
			col.name = align
		}
		l.children = append(l.children, col)
	}
	if !slices.Contains(widths, "") {
		l.name = strings.Join(widths, "-")
	}
	return l
}

var isVerticalAlign = oneOf("top", "middle", "bottom")

// storageLayouts are the widths of Confluence's types of section.
// https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
var storageLayouts = map[string]string{
	"two_left_sidebar": "33.33-66.66", "two_right_sidebar": "66.66-33.33", "three_with_sidebars": "25-50-25",
}

// columnWidths are the widths that a layout of n columns has by its name; equal ones when the name
// does not say.
func columnWidths(name string, n int) []string {
	if known := storageLayouts[name]; known != "" {
		name = known
	}
	widths := strings.Split(name, "-")
	for i, width := range widths {
		if widths[i] = dimension(width, 100); widths[i] == "" {
			widths = nil
			break
		}
	}
	if len(widths) == n {
		return widths
	}
	widths = nil
	for range n {
		widths = append(widths, strconv.FormatFloat(float64(10_000/n)/100, 'f', -1, 64))
	}
	return widths
}

// maxColumns is how many columns ADF allows in a section.
const maxColumns = 3

// layout writes a section of columns. More than ADF allows become several sections; a single one,
// or columns where none may stand, become what they hold.
func (w *adfWriter) layout(n *node, in adfPlace) {
	cols := n.children
	if !in.allows("layoutSection") || len(cols) < 2 {
		w.blocks(cols, in)
		return
	}
	widths := columnWidths(n.name, len(cols))
	if len(cols) <= maxColumns {
		w.section(cols, widths)
		return
	}
	for len(cols) > 0 {
		take := min(maxColumns, len(cols))
		if len(cols) == maxColumns+1 {
			take = 2 // no column stays alone
		}
		w.section(cols[:take], columnWidths("", take))
		cols = cols[take:]
	}
}

func (w *adfWriter) section(cols []*node, widths []string) {
	w.open("layoutSection", "")
	for i, c := range cols {
		attrs := `"width":` + widths[i]
		if c.name != "" {
			attrs += `,"valign":"` + c.name + `"`
		}
		w.container("layoutColumn", attrs, c.children, inColumn)
	}
	w.end()
}
