package markup

import (
	"slices"
	"strconv"
	"strings"
)

// wikiWriter spells a tree as Jira wiki markup.
type wikiWriter struct {
	out  strings.Builder
	open []string // macros under way: Jira's do not nest in themselves
}

func writeWiki(blocks []*node) string {
	w := &wikiWriter{}
	w.blocks(blocks)
	return strings.Trim(w.out.String(), "\n")
}

func (w *wikiWriter) line(s string) { w.out.WriteString(s + "\n") }

// blocks writes siblings with a blank line between them.
func (w *wikiWriter) blocks(blocks []*node) {
	first := true
	for _, n := range blocks {
		if isEmpty(n) {
			continue
		}
		if !first {
			w.line("")
		}
		first = false
		w.block(n)
	}
}

func (w *wikiWriter) block(n *node) {
	switch n.kind {
	case paragraph:
		if text := writeWikiInlines(n.inlines, false); text != "" {
			w.line(text)
		}
	case heading:
		w.line("h" + strconv.Itoa(min(max(n.level, 1), 6)) + ". " + oneLine(writeWikiInlines(n.inlines, true)))
	case codeBlock:
		w.code(n)
	case rule:
		w.line("----")
	case quote:
		w.tagged("quote", "", n.children)
	case list:
		w.list(n, "")
	case table:
		w.table(n)
	case callout:
		w.callout(n)
	default:
		w.blocks(n.children)
	}
}

// oneLine takes line ends out of a heading.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// code writes {code}, or {noformat} when the text holds what would end it.
func (w *wikiWriter) code(n *node) {
	tag, args := "code", wikiLanguage(n.name)
	if title := wikiArgText(n.title); title != "" {
		args = strings.TrimPrefix(args+"|title="+title, "|")
	}
	text := n.text
	if strings.Contains(text, "{code}") {
		tag, args = "noformat", ""
		text = strings.ReplaceAll(text, "{noformat}", "{ noformat}")
	}
	if args != "" {
		args = ":" + args
	}
	w.line("{" + tag + args + "}\n" + text + "\n{" + tag + "}")
}

// wikiArgText is text that can stand as an argument of a macro.
func wikiArgText(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strings.ContainsRune("{}|\n=:", r) {
			return ' '
		}
		return r
	}, s))
}

func wikiLanguage(name string) string { return strings.ReplaceAll(wikiArgText(name), " ", "") }

func (w *wikiWriter) tagged(tag, args string, children []*node) {
	if slices.Contains(w.open, tag) {
		w.blocks(children)
		return
	}
	w.open = append(w.open, tag)
	w.line("{" + tag + args + "}")
	w.blocks(children)
	w.line("{" + tag + "}")
	w.open = w.open[:len(w.open)-1]
}

// callout writes a panel. Jira has one panel macro, so what kind of panel it is shows in its
// background, or in its title when it is none of those that have a colour.
func (w *wikiWriter) callout(n *node) {
	title := wikiArgText(n.title)
	if title == "" && panelTypes[n.name] == "" {
		title = n.name[:1] + strings.ToLower(n.name[1:])
	}
	var args []string
	if title != "" {
		args = append(args, "title="+title)
	}
	if color := wikiPanelColors[panelTypes[n.name]]; color != "" {
		args = append(args, "bgColor="+color)
	}
	tag := ""
	if len(args) > 0 {
		tag = ":" + strings.Join(args, "|")
	}
	w.tagged("panel", tag, n.children)
}

// wikiPanelColors are the colours of ADF's panel types.
var wikiPanelColors = map[string]string{
	"info": "#deebff", "note": "#eae6ff", "tip": "#e6fcff", "success": "#e3fcef", "warning": "#fffae6", "error": "#ffebe6",
}

// list writes items with markers that name every list around them.
func (w *wikiWriter) list(n *node, outer string) {
	marker := outer + "*"
	if n.ordered {
		marker = outer + "#"
	}
	for i, it := range n.children {
		first := firstBlock(it.children)
		switch {
		case first == nil || first.kind != list || it.task != noTask:
			w.out.WriteString(marker + " " + wikiBox[it.task])
		case i > 0: // the nested list alone would belong to the item before
			w.line(marker + " ")
		}
		w.item(it, marker)
	}
}

// wikiBox spells a check box, which Jira has not, as text.
var wikiBox = map[taskState]string{openTask: `\[ \] `, doneTask: `\[x\] `}

// item writes an item's blocks behind its marker. A blank line would end the list, so there is
// none between them. An item that begins with a list has no marker of its own.
func (w *wikiWriter) item(it *node, marker string) {
	for i, n := range it.children {
		switch n.kind {
		case list:
			if i == 0 && it.task != noTask {
				w.line("")
			}
			w.list(n, marker)
		case heading: // h2. is read at the start of a line only
			w.line(writeWikiInlines(boldRuns(n.inlines), true))
		case rule:
			w.line("")
		case codeBlock:
			w.code(n)
		default:
			if i == 0 && n.kind == table {
				w.line("")
			}
			inner := wikiWriter{open: w.open}
			inner.block(n)
			w.out.WriteString(withoutBlankLines(inner.out.String()))
		}
	}
	if len(it.children) == 0 {
		w.line("")
	}
}

// withoutBlankLines keeps a list from ending in the middle of an item.
func withoutBlankLines(s string) string {
	for strings.Contains(s, "\n\n") {
		s = strings.ReplaceAll(s, "\n\n", "\n \n")
	}
	return s
}

func boldRuns(in []inline) []inline {
	out := make([]inline, len(in))
	for i, r := range in {
		r.marks |= strong
		out[i] = r
	}
	return out
}

// table writes a row a line. Merged cells leave the places they cover empty.
func (w *wikiWriter) table(n *node) {
	for r, cells := range gridOf(n) {
		var b strings.Builder
		bar := "|"
		for i, c := range cells {
			bar = "|"
			text := ""
			if c != nil {
				if c.header {
					bar = "||"
				}
				text = wikiCellText(c)
			} else if i == 0 && isHeader(n.children[r]) {
				bar = "||"
			}
			if text == "" {
				text = " "
			}
			b.WriteString(bar + text)
		}
		if len(cells) > 0 {
			w.line(b.String() + bar)
		}
	}
}

func wikiCellText(c *node) string {
	text := writeWikiInlines(cellInlines(c.children, 0), true)
	return strings.ReplaceAll(text, "\n", wikiBreak)
}
