package markup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// markdownWriter spells a tree as Markdown. Its output, parsed again, gives the same tree but for
// what the package comment says Markdown cannot hold.
type markdownWriter struct {
	out    strings.Builder
	prefix []string // what every line of the open containers begins with
	bol    bool     // at the begin of a line, prefix not yet written
}

func writeMarkdown(blocks []*node) string {
	w := &markdownWriter{bol: true}
	w.blocks(blocks, 0)
	return strings.TrimRight(w.out.String(), "\n")
}

// line writes one or more lines, each behind the open containers' prefix.
func (w *markdownWriter) line(text string) {
	for part := range strings.SplitSeq(text, "\n") {
		w.start(part == "")
		w.out.WriteString(part)
		w.newline()
	}
}

// start writes the prefix at the begin of a line; blank lines get it without trailing spaces.
func (w *markdownWriter) start(blank bool) {
	if !w.bol {
		return
	}
	w.bol = false
	p := strings.Join(w.prefix, "")
	if blank {
		p = strings.TrimRight(p, " ")
	}
	w.out.WriteString(p)
}

func (w *markdownWriter) newline() {
	w.start(true)
	w.out.WriteByte('\n')
	w.bol = true
}

// blocks writes siblings with a blank line between them.
func (w *markdownWriter) blocks(blocks []*node, depth int) {
	var prev *node
	alternate := false
	for _, n := range blocks {
		if isEmpty(n) {
			continue
		}
		if prev != nil && (depth <= 0 || prev.kind != paragraph || !interruptsParagraph(n)) {
			w.newline()
		}
		// Two lists in a row stay two lists when their markers differ.
		alternate = prev != nil && prev.kind == list && n.kind == list && !alternate &&
			prev.ordered == n.ordered
		w.block(n, depth, alternate)
		prev = n
	}
}

// interruptsParagraph says whether n is a list that needs no blank line before it.
// https://spec.commonmark.org/0.31.2/#list-items
func interruptsParagraph(n *node) bool {
	return n.kind == list && (!n.ordered || n.level == 1) && firstBlock(n.children[0].children) != nil
}

// isEmpty says whether a block leaves nothing to read.
func isEmpty(n *node) bool {
	switch n.kind {
	case paragraph, heading:
		return len(n.inlines) == 0
	case list, table, quote, columns:
		return len(n.children) == 0
	default:
		return false
	}
}

func (w *markdownWriter) block(n *node, depth int, alternate bool) {
	if depth > maxDepth {
		w.line(writeInlines(flatten(n), inlineContext{}))
		return
	}
	switch n.kind {
	case paragraph:
		w.line(writeInlines(n.inlines, inlineContext{}))
	case heading:
		w.heading(n)
	case codeBlock:
		w.code(n)
	case rule:
		if len(w.prefix) > 0 {
			w.line("___") // in a list, "- ---" would be a rule without the list
		} else {
			w.line("---")
		}
	case quote:
		w.container("> ", "> ", func() { w.blocks(n.children, depth+1) })
	case callout:
		w.callout(n, depth)
	case list:
		w.list(n, depth, alternate)
	case table:
		w.table(n)
	case columns:
		w.columns(n, depth)
	case column:
		w.line(n.name)
	default:
		w.blocks(n.children, depth+1)
	}
}

// container runs body with first before its first line and rest before the others.
func (w *markdownWriter) container(first, rest string, body func()) {
	w.start(false)
	w.out.WriteString(first)
	at := w.out.Len()
	w.prefix = append(w.prefix, rest)
	body()
	if w.out.Len() == at {
		w.newline()
	}
	w.prefix = w.prefix[:len(w.prefix)-1]
}

func (w *markdownWriter) heading(n *node) {
	text := writeInlines(n.inlines, inlineContext{oneLine: true})
	// A closing sequence of # would be taken off.
	if body := strings.TrimRight(text, "#"); body != text && (body == "" || strings.HasSuffix(body, " ")) {
		text = text[:len(text)-1] + `\#`
	}
	w.line(strings.Repeat("#", min(max(n.level, 1), 6)) + " " + text)
}

func (w *markdownWriter) code(n *node) {
	info := codeInfo(n)
	mark := "`"
	if strings.Contains(info, mark) { // which must not stand behind a fence of backticks
		mark = "~"
	}
	fence := strings.Repeat(mark, max(3, longestRun(n.text, mark[0])+1))
	w.line(fence + info)
	if n.text != "" {
		w.line(n.text)
	}
	w.line(fence)
}

// codeInfo is the info string of a code block: its language and, behind it, its title.
func codeInfo(n *node) string {
	language := strings.Join(strings.Fields(n.name), "-")
	title := strings.Join(strings.Fields(n.title), " ")
	if language == "" && title != "" {
		language = "text"
	}
	info := strings.TrimSpace(language + " " + title)
	return escapeReferences(strings.ReplaceAll(info, `\`, `\\`))
}

// longestRun is the length of the longest run of c in s.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func (w *markdownWriter) callout(n *node, depth int) {
	w.container("> ", "> ", func() {
		head := "[!" + n.name + "]"
		if n.title != "" {
			head += " " + writeInlines([]inline{{text: n.title}}, inlineContext{oneLine: true})
		}
		w.line(head)
		if first := firstBlock(n.children); first != nil && first.kind != paragraph {
			w.newline()
		}
		w.blocks(n.children, depth+1)
	})
}

// firstBlock is the first block that leaves something to read, or nil.
func firstBlock(blocks []*node) *node {
	for _, b := range blocks {
		if !isEmpty(b) {
			return b
		}
	}
	return nil
}

func (w *markdownWriter) list(n *node, depth int, alternate bool) {
	for i, it := range n.children {
		marker := "- "
		switch {
		case n.ordered && alternate:
			marker = strconv.Itoa(listNumber(n, i)) + ") "
		case n.ordered:
			marker = strconv.Itoa(listNumber(n, i)) + ". "
		case alternate:
			marker = "* "
		}
		indent := strings.Repeat(" ", len(marker))
		switch it.task {
		case openTask:
			marker += "[ ] "
		case doneTask:
			marker += "[x] "
		}
		w.container(marker, indent, func() { w.item(it, depth) })
	}
}

// listNumber is the number of an ordered list's item; CommonMark allows nine digits.
func listNumber(n *node, i int) int { return min(max(n.level, 0)+i, 999_999_999) }

func (w *markdownWriter) item(it *node, depth int) {
	// A check box belongs to a paragraph, so one that has none keeps its line to itself.
	if first := firstBlock(it.children); it.task != noTask && first != nil && first.kind != paragraph {
		w.newline()
		w.newline()
	}
	w.blocks(it.children, depth+1)
}

// columns writes a layout's columns one after the other.
func (w *markdownWriter) columns(n *node, depth int) {
	for i, c := range n.children {
		if i > 0 {
			w.newline()
		}
		w.line(columnMarker(i+1, len(n.children)))
		w.newline()
		w.blocks(c.children, depth+1)
	}
}

func columnMarker(i, of int) string { return fmt.Sprintf("<!-- column %d of %d -->", i, of) }

// isColumnMarker recognises what columnMarker writes.
func isColumnMarker(s string) bool {
	rest, ok := strings.CutPrefix(s, "<!-- column ")
	rest, end := strings.CutSuffix(rest, " -->")
	return ok && end && strings.Trim(rest, "0123456789 of") == ""
}

// flatten is all text below n as one run of inlines, for what lies too deep to keep its structure.
func flatten(n *node) []inline {
	var in []inline
	appendFlat(&in, n)
	return in
}

func appendFlat(in *[]inline, n *node) {
	own := n.inlines
	if n.title != "" {
		own = append([]inline{{text: n.title + " "}}, own...)
	}
	if n.text != "" {
		own = append(slices.Clip(own), textLines(n.text, 0, link{})...)
	}
	if len(*in) > 0 && len(own) > 0 {
		*in = append(*in, inline{kind: breakInline})
	}
	*in = append(*in, own...)
	for _, c := range n.children {
		appendFlat(in, c)
	}
}
