package markup

import (
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

	alternate bool // the next list's marker must not be that of the list around it
	inColumns bool // within a section of columns
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
	alternate := w.alternate
	w.alternate = false
	for _, n := range blocks {
		if isEmpty(n) {
			continue
		}
		if prev != nil && (depth <= 0 || !joins(prev, n)) {
			w.newline()
		}
		// Two lists in a row stay two lists when their markers differ.
		if prev != nil {
			alternate = prev.kind == list && n.kind == list && !alternate && prev.ordered == n.ordered
		}
		w.block(n, depth, alternate)
		prev = n
	}
}

// joins says whether n, within an item or quote, needs no blank line before it. Below an empty item
// there must be none: it would end the items around it as well.
func joins(prev, n *node) bool {
	return prev.kind == paragraph && interruptsParagraph(n) || prev.kind == list && endsEmpty(prev)
}

// endsEmpty says whether the last line of a list is a marker.
func endsEmpty(l *node) bool {
	last := l.children[len(l.children)-1]
	if len(last.children) == 0 {
		return last.task == noTask
	}
	below := last.children[len(last.children)-1]
	return below.kind == list && len(below.children) > 0 && endsEmpty(below)
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
	if body := strings.TrimRight(text, "#"); body != text && (body == "" || strings.HasSuffix(body, " ") || strings.HasSuffix(body, "\t")) {
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
	if strings.HasPrefix(info, mark) {
		info = " " + info // or it would be part of the fence
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
	info := strings.TrimSpace(strings.TrimSpace(language+" "+title) + " " + codeAttrs(n.target))
	return escapeReferences(strings.ReplaceAll(info, `\`, `\\`))
}

// codeAttrs spells what else ADF says of a code block at the end of its info string, as in
// {wrap:=true}.
func codeAttrs(query string) string {
	if query == "" {
		return ""
	}
	return "{" + query + "}"
}

// cutCodeAttrs undoes codeAttrs; in braces that hold anything else it finds a title.
func cutCodeAttrs(info string) (rest, query string) {
	at := strings.LastIndexByte(info, '{')
	if at < 0 || !strings.HasSuffix(info, "}") {
		return info, ""
	}
	query = info[at+1 : len(info)-1]
	attrs, _ := adfAttrs("codeBlock", parseAttrQuery(query))
	if len(attrs) == 0 || attrQuery(attrs) != query {
		return info, ""
	}
	return strings.TrimSpace(info[:at]), query
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
		if text := writeInlines(calloutTitle(n), inlineContext{oneLine: true, joined: true}); text != "" {
			head += " " + text
		}
		w.line(head)
		if first := firstBlock(n.children); first != nil && first.kind != paragraph {
			w.newline()
		}
		w.blocks(n.children, depth+1)
	})
}

// calloutTitle is what stands behind a callout's name: its placeholder, if it has one, and its
// title, which a macro's placeholder has for its label.
func calloutTitle(n *node) []inline {
	title := inline{text: n.title}
	switch {
	case n.target == "":
		return []inline{title}
	case n.name == calloutMacro:
		return []inline{{kind: objectInline, text: n.title, target: n.target}}
	default:
		own := inline{kind: objectInline, text: strings.ToLower(n.name), target: n.target}
		return []inline{own, {text: " "}, title}
	}
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
		w.alternate = !n.ordered && !alternate && isMarkers(it) // for "- - -" is a rule
		w.container(marker, indent, func() { w.item(it, depth) })
	}
}

// isMarkers says whether an item begins with nothing but the markers of lists in lists.
func isMarkers(it *node) bool {
	first := firstBlock(it.children)
	return first == nil || first.kind == list && !first.ordered && isMarkers(first.children[0])
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
