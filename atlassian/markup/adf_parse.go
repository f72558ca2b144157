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
	f, ok := jsonNumber(attrs[name])
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
		if in, ok := adfInline(n); ok {
			f.add(in...)
			continue
		}
		f.flush()
		before := len(f.blocks)
		readADFBlock(f, n)
		if len(f.blocks) == before+1 {
			from := &f.blocks[before].origin
			from.whole, from.body, from.typ = n.whole, n.body, n.Type
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
		f.block(&node{kind: codeBlock, name: attr(n.Attrs, "language"), text: adfText(n), target: extraAttrs(n), origin: origin{raw: adfCode(n)}})
	case "rule":
		f.block(&node{kind: rule})
	case "blockquote":
		f.block(&node{kind: quote, children: adfBlocks(n.Content)})
	case "panel":
		f.block(adfPanel(n))
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
	case "bodiedExtension", "bodiedSyncBlock":
		title := extensionLabel(n)
		f.block(&node{
			kind: callout, name: calloutMacro, title: title, target: adfObject(n.Type, n, title).target,
			children: adfBlocks(n.Content),
		})
	case "extension", "syncBlock":
		f.flush()
		f.add(adfObject(n.Type, n, extensionLabel(n)))
		f.flush()
	case "blockCard", "embedCard":
		f.flush()
		f.add(adfCard(n))
		f.flush()
	case "mediaSingle":
		readMediaSingle(f, n)
	case "mediaGroup":
		readMediaGroup(f, n)
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
	inner := it.children[0].children[0]
	task := &node{kind: item, task: inner.task, children: append(slices.Clip(inner.children), it.children[1:]...), origin: it.origin}
	if inner.task == noTask || isTaskItem(task) || min(1, len(taskBody(task))) != len(inner.children) {
		return it // what stands beside the task would become part of it
	}
	return task
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

// adfCellAlign is how the paragraphs of a cell are aligned, or "" when it has none with text.
func adfCellAlign(n *adfNode) string {
	for i := range n.Content {
		c := &n.Content[i]
		if c.Type != "paragraph" || len(c.Content) == 0 {
			continue
		}
		for _, m := range c.Marks {
			if align := attr(m.Attrs, "align"); m.Type == "alignment" && (align == alignCenter || align == alignEnd) {
				return align
			}
		}
		return alignStart
	}
	return ""
}

func adfTable(n *adfNode) *node {
	t := &node{kind: table}
	for i := range n.Content {
		r := &adfNode{Content: within(n, i, "tableRow")}
		tr := &node{kind: row, origin: originOfADF(&n.Content[i])}
		for j, c := range r.Content {
			tr.children = append(tr.children, &node{
				kind: cell, name: adfCellAlign(&c), header: c.Type == "tableHeader", children: adfBlocks(within(r, j, "tableHeader", "tableCell")),
				colspan: number(c.Attrs, "colspan", 1), rowspan: number(c.Attrs, "rowspan", 1), origin: originOfADF(&c),
			})
		}
		t.children = append(t.children, tr)
	}
	return t
}

// adfPanel reads a panel. Its colour and icon, if it has its own, go behind a placeholder.
func adfPanel(n *adfNode) *node {
	p := &node{kind: callout, name: calloutOfPanel(attr(n.Attrs, "panelType")), children: adfBlocks(n.Content)}
	if dest := adfObject(n.Type, n, "").target; dest != schemeADF+":panel" {
		p.target = dest
	}
	return p
}

// extraAttrs are the attributes of a node that Markdown has no place for.
func extraAttrs(n *adfNode) string {
	attrs, _ := adfAttrs(n.Type, cleanAttrs(n))
	if q := attrQuery(attrs); len(q) <= maxPlaceholder {
		return q
	}
	return ""
}

func cleanAttrs(n *adfNode) map[string]any {
	attrs, _ := cleanJSON(n.Attrs).(map[string]any)
	return attrs
}

// adfObject is the placeholder for a node; its label when the node lacks what it must have.
func adfObject(typ string, n *adfNode, label string) inline {
	label = oneSpace(label)
	dest := adfDest(typ, cleanAttrs(n))
	if dest == "" {
		return inline{text: label}
	}
	return inline{kind: objectInline, text: label, target: dest}
}

// extensionLabel names an app's node for a reader.
func extensionLabel(n *adfNode) string {
	parameters, _ := n.Attrs["parameters"].(map[string]any)
	for _, label := range []string{attr(n.Attrs, "text"), attr(parameters, "extensionTitle"), attr(n.Attrs, "extensionKey")} {
		if label = oneSpace(label); label != "" {
			return label
		}
	}
	if n.Type == "syncBlock" || n.Type == "bodiedSyncBlock" {
		return "synced block"
	}
	return n.Type
}
