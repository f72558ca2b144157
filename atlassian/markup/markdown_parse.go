package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// markdownReader turns goldmark's tree into ours.
type markdownReader struct {
	source []byte
	marked bool // whether columns' markers become nodes
}

// parseMarkdown reads Markdown. It cannot fail: every text is Markdown.
func parseMarkdown(markdown string) []*node {
	return readMarkdown(markdown, false)
}

// readMarkdown reads Markdown; marked says whether each marker of a column becomes a column, without
// the blocks behind it.
func readMarkdown(markdown string, marked bool) []*node {
	if len(markdown) > maxMarkdown {
		return plainBlocks(markdown)
	}
	r := markdownReader{source: []byte(Clean(markdown)), marked: marked}
	return r.blocks(commonMark.Parse(text.NewReader(r.source)))
}

func (r markdownReader) blocks(parent ast.Node) []*node {
	var out []*node
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if b := r.block(n); b != nil {
			out = append(out, b)
		}
	}
	return out
}

// block is nil for what leaves no trace, such as a link reference definition.
func (r markdownReader) block(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return paragraphOf(r.inlines(n))
	case *ast.Heading:
		in := tidy(r.inlines(n))
		if len(in) == 0 {
			return nil
		}
		return &node{kind: heading, level: n.Level, inlines: in}
	case *ast.ThematicBreak:
		return &node{kind: rule}
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

// lines is the text of a block whose lines are not parsed further, without the last line end.
func (r markdownReader) lines(n ast.Node) string {
	return strings.TrimSuffix(string(n.Lines().Value(r.source)), "\n")
}

func (r markdownReader) fencedCode(n *ast.FencedCodeBlock) *node {
	b := &node{kind: codeBlock, text: r.lines(n)}
	if n.Info != nil {
		info := strings.TrimSpace(unescapeMarkdown(n.Info.Value(r.source)))
		b.name, b.title, _ = strings.Cut(info, " ")
		b.title = strings.TrimSpace(b.title)
	}
	return b
}

func (r markdownReader) html(n *ast.HTMLBlock) *node {
	raw := string(n.Lines().Value(r.source))
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(r.source))
	}
	if marker := strings.TrimSpace(raw); isColumnMarker(marker) {
		if r.marked {
			return &node{kind: column, name: marker}
		}
		return nil
	}
	return paragraphOf(textLines(strings.TrimSpace(raw), 0, link{}))
}

func (r markdownReader) list(n *ast.List) *node {
	l := &node{kind: list, ordered: n.IsOrdered(), level: n.Start}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		it := &node{kind: item, children: r.blocks(c)}
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
	for in := first.FirstChild(); in != nil && r.start(in) < line.Stop; in = first.FirstChild() {
		first.RemoveChild(first, in)
	}
	c.children = r.blocks(n)
	return c
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

func (r markdownReader) table(n *east.Table) *node {
	t := &node{kind: table}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		_, header := c.(*east.TableHeader)
		tr := &node{kind: row}
		blank := true
		for d := c.FirstChild(); d != nil; d = d.NextSibling() {
			td := &node{kind: cell, header: header}
			if p := paragraphOf(r.inlines(d)); p != nil {
				td.children = []*node{p}
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
