package markup

import (
	"iter"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// markdownReader turns goldmark's tree into ours.
type markdownReader struct {
	source []byte
	whole  string // source once more, of which the text of runs is cut
	mem    *arena
}

// parseMarkdown reads Markdown. It cannot fail: every text is Markdown.
func parseMarkdown(markdown string) []*node { return new(arena).parseMarkdown(markdown) }

// parseMarkdown is parseMarkdown with a tree that is good until a is given back.
func (a *arena) parseMarkdown(markdown string) []*node {
	if len(markdown) > maxMarkdown {
		return plainBlocks(markdown)
	}
	r, doc := a.read(markdown)
	return r.blocks(doc)
}

// read is Markdown as goldmark has it, with its reader. Both are good until a reads again.
func (a *arena) read(markdown string) (markdownReader, ast.Node) {
	whole := Clean(markdown)
	a.source = append(a.source[:0], whole...)
	return markdownReader{source: a.source, whole: whole, mem: a}, commonMark.Parse(text.NewReader(a.source))
}

// eachBlock reads Markdown block by block. Each is good until the next, for which its room is used again:
// what a whole tree would take is as much again for the garbage collector to look through.
func (a *arena) eachBlock(markdown string) iter.Seq[*node] {
	if len(markdown) > maxMarkdown {
		return slices.Values(plainBlocks(markdown))
	}
	return func(yield func(*node) bool) {
		r, doc := a.read(markdown)
		var blocks []*node // one, or the blocks since a section of columns began
		for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
			if b := r.block(n); b != nil {
				blocks = append(blocks, b)
			}
			if n.NextSibling() != nil && inSection(blocks) {
				continue
			}
			for _, b := range groupColumns(blocks) {
				if !yield(b) {
					return
				}
			}
			blocks = blocks[:0]
			a.reset()
		}
	}
}

func (r markdownReader) blocks(parent ast.Node) []*node {
	out := r.mem.children(parent.ChildCount())
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if b := r.block(n); b != nil {
			out = append(out, b)
		}
	}
	return groupColumns(out)
}

// block is nil for what leaves no trace, such as a link reference definition.
func (r markdownReader) block(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return r.paragraph(n)
	case *ast.Heading:
		in := r.inlines(n)
		if len(in) == 0 {
			return nil
		}
		return r.mem.node(node{kind: heading, level: n.Level, inlines: in})
	case *ast.ThematicBreak:
		return r.mem.node(node{kind: rule})
	case *ast.CodeBlock:
		return &node{kind: codeBlock, text: r.lines(n)}
	case *ast.FencedCodeBlock:
		return r.fencedCode(n)
	case *ast.Blockquote:
		return r.quote(n)
	case *ast.List:
		return r.list(n)
	case *ast.HTMLBlock:
		return r.html(n)
	case *east.Table:
		return r.table(n)
	default:
		return nil
	}
}

func paragraphOf(in []inline) *node {
	if in = tidy(in); len(in) == 0 {
		return nil
	}
	return &node{kind: paragraph, inlines: in}
}

// paragraph is nil when there is nothing to read in n.
func (r markdownReader) paragraph(n ast.Node) *node {
	in := r.inlines(n)
	if len(in) == 0 {
		return nil
	}
	return r.mem.node(node{kind: paragraph, inlines: in})
}

// lines is the text of a block whose lines are not parsed further, without the last line end.
func (r markdownReader) lines(n ast.Node) string {
	return strings.TrimSuffix(string(n.Lines().Value(r.source)), "\n")
}

func (r markdownReader) fencedCode(n *ast.FencedCodeBlock) *node {
	b := &node{kind: codeBlock, text: r.lines(n)}
	if n.Info != nil {
		info := oneSpace(unescapeMarkdown(n.Info.Value(r.source)))
		info, b.target = cutCodeAttrs(info)
		b.name, b.title, _ = strings.Cut(info, " ")
	}
	return b
}

func (r markdownReader) html(n *ast.HTMLBlock) *node {
	raw := string(n.Lines().Value(r.source))
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(r.source))
	}
	return paragraphOf(textLines(strings.TrimSpace(raw), 0, link{}))
}

func (r markdownReader) list(n *ast.List) *node {
	l := r.mem.node(node{kind: list, ordered: n.IsOrdered(), level: n.Start, children: r.mem.children(n.ChildCount())})
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		it := r.mem.node(node{kind: item, children: r.blocks(c)})
		if first := c.FirstChild(); first != nil {
			if box, ok := first.FirstChild().(*east.TaskCheckBox); ok {
				it.task = openTask
				if box.IsChecked {
					it.task = doneTask
				}
			}
		}
		l.children = append(l.children, it)
	}
	return l
}

// quote reads a quote, or a callout when its first line is one.
func (r markdownReader) quote(n *ast.Blockquote) *node {
	first, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		return r.plainQuote(n)
	}
	line := first.Lines().At(0)
	name, title, ok := cutCallout(string(line.Value(r.source)))
	if !ok {
		return r.plainQuote(n)
	}
	c := &node{kind: callout, name: name, title: unescapeMarkdown([]byte(title))}
	r.placeholder(c, first, line.Stop)
	for in := first.FirstChild(); in != nil && r.start(in) < line.Stop; in = first.FirstChild() {
		first.RemoveChild(first, in)
	}
	c.children = r.blocks(n)
	return c
}

// placeholder takes the object behind a callout's name, on the line that ends at stop: of a macro its
// label is the title, of a panel the title follows it.
func (r markdownReader) placeholder(c *node, first *ast.Paragraph, stop int) {
	for in := first.FirstChild(); in != nil && r.start(in) < stop; in = in.NextSibling() {
		l, ok := in.(*ast.Link)
		if !ok {
			continue
		}
		dest := unescapeMarkdown(l.Destination)
		if scheme, _ := splitScheme(dest); scheme != schemeADF && scheme != schemeMacro {
			return
		}
		c.target = dest
		if c.title = r.plain(l); c.name != calloutMacro {
			c.title = r.textUpTo(l.NextSibling(), stop)
		}
		return
	}
}

// textUpTo is the text from n on, up to an offset of the source.
func (r markdownReader) textUpTo(n ast.Node, stop int) string {
	var b strings.Builder
	for ; n != nil && r.start(n) < stop; n = n.NextSibling() {
		b.WriteString(r.plainNode(n))
	}
	return strings.TrimSpace(b.String())
}

func (r markdownReader) plainQuote(n *ast.Blockquote) *node {
	children := r.blocks(n)
	if len(children) == 0 {
		return nil
	}
	return &node{kind: quote, children: children}
}

// start is where in the source an inline's own text begins.
func (r markdownReader) start(n ast.Node) int {
	for n.FirstChild() != nil {
		n = n.FirstChild()
	}
	if t, ok := n.(*ast.Text); ok {
		return t.Segment.Start
	}
	return n.Pos()
}

// cellAlign is how the column of a cell is aligned.
func cellAlign(n ast.Node) string {
	c, ok := n.(*east.TableCell)
	switch {
	case ok && c.Alignment == east.AlignCenter:
		return alignCenter
	case ok && c.Alignment == east.AlignRight:
		return alignEnd
	default:
		return alignStart
	}
}

func (r markdownReader) table(n *east.Table) *node {
	t := r.mem.node(node{kind: table, children: r.mem.children(n.ChildCount())})
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		_, header := c.(*east.TableHeader)
		tr := r.mem.node(node{kind: row, children: r.mem.children(c.ChildCount())})
		blank := true
		for d := c.FirstChild(); d != nil; d = d.NextSibling() {
			td := r.mem.node(node{kind: cell, header: header, name: cellAlign(d)})
			if p := r.paragraph(d); p != nil {
				td.children = append(r.mem.children(1), p)
				blank = false
			}
			tr.children = append(tr.children, td)
		}
		// A table without a heading has to be written with an empty one.
		if (!header || !blank) || n.ChildCount() == 1 {
			t.children = append(t.children, tr)
		}
	}
	return t
}
