package markup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// attr is an attribute as text, "" when it is absent or no string.
func attr(attrs map[string]any, name string) string {
	s, _ := attrs[name].(string)
	return Clean(s)
}

// number is an attribute as a whole number of at most nine digits, or otherwise.
func number(attrs map[string]any, name string, otherwise int) int {
	f, ok := attrs[name].(float64)
	if !ok || f < 0 || f > 999_999_999 {
		return otherwise
	}
	return int(f)
}

// parseADF reads a document, and where its content stands.
func parseADF(doc json.RawMessage) (blocks []*node, from origin, err error) {
	if nodes := bytes.Count(doc, []byte("{")); len(doc) > maxSource || nodes > maxNodes {
		return nil, origin{}, fmt.Errorf("%w: ADF of %d bytes and about %d nodes", ErrTooLarge, len(doc), nodes)
	}
	root, err := decodeADF(doc)
	if err != nil {
		return nil, origin{}, fmt.Errorf("%w: ADF: %w", ErrMalformed, err)
	}
	var f flow
	if root.Type == "doc" || root.Type == "" {
		readADF(&f, root.Content)
	} else {
		readADF(&f, []adfNode{root})
	}
	return f.done(), originOfADF(&root), nil
}

// originOfADF is the place of a node that holds what n holds.
func originOfADF(n *adfNode) origin { return origin{whole: n.whole, body: n.body, typ: n.Type} }

func adfBlocks(content []adfNode) []*node {
	var f flow
	readADF(&f, content)
	return f.done()
}

// readADF reads content in which blocks and inlines may stand side by side: unknown nodes can have
// either.
func readADF(f *flow, content []adfNode) {
	for i := range content {
		n := &content[i]
		switch in, ok := adfInline(n); {
		case !ok:
			f.flush()
			before := len(f.blocks)
			readADFBlock(f, n)
			if len(f.blocks) == before+1 {
				from := &f.blocks[before].origin
				from.whole, from.body, from.typ = n.whole, n.body, n.Type
			}
		case n.Type == "blockCard" || n.Type == "embedCard":
			f.flush()
			f.add(in...)
			before := len(f.blocks)
			f.flush()
			if len(f.blocks) > before {
				f.blocks[before].origin.typ = n.Type
			}
		default:
			f.add(in...)
		}
	}
}

func readADFBlock(f *flow, n *adfNode) {
	switch n.Type {
	case "paragraph":
		f.flush()
		readADF(f, n.Content)
		f.flush()
	case "heading":
		raw := adfInlines(n.Content)
		f.block(&node{kind: heading, level: number(n.Attrs, "level", 1), inlines: tidy(raw), origin: origin{raw: raw}})
	case "codeBlock":
		f.block(&node{kind: codeBlock, name: attr(n.Attrs, "language"), text: adfText(n), origin: origin{raw: adfCode(n)}})
	case "rule":
		f.block(&node{kind: rule})
	case "blockquote":
		f.block(&node{kind: quote, children: adfBlocks(n.Content)})
	case "panel":
		name := calloutOfPanel(attr(n.Attrs, "panelType"))
		f.block(&node{kind: callout, name: name, children: adfBlocks(n.Content)})
	case "expand", "nestedExpand":
		f.block(&node{kind: callout, name: calloutExpand, title: attr(n.Attrs, "title"), children: adfBlocks(n.Content)})
	case "bulletList", "orderedList", "taskList":
		f.block(adfList(n))
	case "decisionList":
		f.block(adfDecisions(n))
	case "table":
		f.block(adfTable(n))
	case "layoutSection":
		f.block(adfLayout(n))
	case "extension", "bodiedExtension", "syncBlock", "bodiedSyncBlock":
		readADFExtension(f, n)
	case "mediaSingle", "mediaGroup":
		f.flush()
		before := len(f.blocks)
		readADF(f, n.Content)
		f.flush()
		tie(f.blocks[before:], n)
	default:
		f.flush()
		if n.Text != "" {
			f.add(textLines(Clean(n.Text), 0, link{})...)
		}
		readADF(f, n.Content)
		f.flush()
	}
}

// adfCode is the text nodes of a code block.
func adfCode(n *adfNode) []inline {
	raw := adfInlines(n.Content)
	for i := range raw {
		raw[i].marks = code
	}
	return raw
}

// tie says of the image and the caption in n that they stand and fall with it.
func tie(blocks []*node, n *adfNode) {
	if len(blocks) < 2 {
		return
	}
	for i, b := range blocks {
		at := n.whole.end
		if i == 0 {
			at = n.whole.start
		}
		b.origin.tied, b.origin.whole, b.origin.typ = n.whole, extent{at, at}, n.Type
	}
}

// adfText is all text below a node.
func adfText(n *adfNode) string {
	var b strings.Builder
	var walk func(n *adfNode)
	walk = func(n *adfNode) {
		b.WriteString(n.Text)
		if n.Type == "hardBreak" {
			b.WriteByte('\n')
		}
		for i := range n.Content {
			walk(&n.Content[i])
		}
	}
	walk(n)
	return Clean(b.String())
}

// adfList reads lists of items and of tasks. A list nested in a taskList is its item's sibling in
// ADF and its child here.
func adfList(n *adfNode) *node {
	l := &node{kind: list, ordered: n.Type == "orderedList", level: number(n.Attrs, "order", 1)}
	for i := range n.Content {
		c := &n.Content[i]
		switch c.Type {
		case "taskItem", "blockTaskItem":
			it := &node{kind: item, task: openTask, children: adfBlocks(c.Content), origin: originOfADF(c)}
			if attr(c.Attrs, "state") == "DONE" {
				it.task = doneTask
			}
			l.children = append(l.children, it)
		case "taskList":
			if len(l.children) == 0 {
				l.children = append(l.children, &node{kind: item})
			}
			last := l.children[len(l.children)-1]
			nested := adfList(c)
			nested.origin = originOfADF(c)
			last.children = append(last.children, nested)
		case "listItem":
			l.children = append(l.children, unwrapTask(&node{kind: item, children: adfBlocks(c.Content), origin: originOfADF(c)}))
		default:
			l.children = append(l.children, &node{kind: item, children: adfBlocks(n.Content[i : i+1])})
		}
	}
	return l
}

// unwrapTask undoes what adfWriter.item does to a check box with rich content.
func unwrapTask(it *node) *node {
	if len(it.children) < 2 || it.children[0].kind != list || len(it.children[0].children) != 1 {
		return it
	}
	if task := it.children[0].children[0]; task.task != noTask {
		return &node{kind: item, task: task.task, children: append(task.children, it.children[1:]...), origin: it.origin}
	}
	return it
}

// within is what a child of the given types holds, and the child itself when it is something else:
// a document may put text where the schema has none.
func within(parent *adfNode, i int, types ...string) []adfNode {
	if slices.Contains(types, parent.Content[i].Type) {
		return parent.Content[i].Content
	}
	return parent.Content[i : i+1]
}

func adfDecisions(n *adfNode) *node {
	d := &node{kind: callout, name: calloutDecision}
	for i := range n.Content {
		d.children = append(d.children, adfBlocks(within(n, i, "decisionItem"))...)
	}
	return d
}

func adfTable(n *adfNode) *node {
	t := &node{kind: table}
	for i := range n.Content {
		r := &adfNode{Content: within(n, i, "tableRow")}
		tr := &node{kind: row, origin: originOfADF(&n.Content[i])}
		for j, c := range r.Content {
			tr.children = append(tr.children, &node{
				kind: cell, header: c.Type == "tableHeader", children: adfBlocks(within(r, j, "tableHeader", "tableCell")),
				colspan: number(c.Attrs, "colspan", 1), rowspan: number(c.Attrs, "rowspan", 1), origin: originOfADF(&c),
			})
		}
		t.children = append(t.children, tr)
	}
	return t
}

func adfLayout(n *adfNode) *node {
	l := &node{kind: columns}
	for i := range n.Content {
		l.children = append(l.children, &node{kind: column, children: adfBlocks(within(n, i, "layoutColumn")), origin: originOfADF(&n.Content[i])})
	}
	return l
}

// readADFExtension reads an app's block: its name as a placeholder, and its body if it has one.
func readADFExtension(f *flow, n *adfNode) {
	name := extensionName(n)
	if len(n.Content) == 0 {
		f.flush()
		f.add(macroInline(name, nil))
		f.flush()
		return
	}
	f.block(&node{kind: callout, name: calloutMacro, title: name, children: adfBlocks(n.Content)})
}

func extensionName(n *adfNode) string {
	if key := attr(n.Attrs, "extensionKey"); key != "" {
		return key
	}
	return n.Type
}

// macroInline is the placeholder of a macro without a body.
func macroInline(name string, params []param) inline {
	return inline{kind: objectInline, text: name, target: macroDest(name, params)}
}
