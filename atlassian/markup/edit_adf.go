package markup

import (
	"encoding/json"
	"slices"
	"strings"
)

// adfFormat edits ADF. It counts the tasks that it writes. New nodes come with commas on both sides, and
// finish takes away those that are too many.
type adfFormat struct{ tasks int }

// newPieces is a writer of nodes behind a bracket.
func newPieces() *adfWriter { return &adfWriter{mem: new(arena), buf: []byte("[")} }

// adfPlaces are the nodes that hold blocks, and what may stand in them.
var adfPlaces = map[string]adfPlace{
	"doc": inDoc, "listItem": inItem, "blockquote": inQuote, "panel": inPanel, "tableCell": inCell,
	"tableHeader": inCell, "expand": inExpand, "nestedExpand": inNestedExpand, "layoutColumn": inDoc,
	"bodiedExtension": inExpand, "bodiedSyncBlock": inExpand,
}

func (f *adfFormat) blocks(source string, parent *node, children []*node) (string, bool) {
	w := newPieces()
	w.tasks = f.tasks
	place, known := adfPlaces[parent.origin.typ]
	for _, n := range children {
		switch {
		case n.kind == item && parent.origin.typ == "taskList" && isTaskItem(n) && len(n.children) <= 1:
			w.taskAndBelow(n)
		case n.kind == item && n.task == noTask && (parent.origin.typ == "bulletList" || parent.origin.typ == "orderedList"):
			w.items([]*node{n})
		case n.kind == row && parent.origin.typ == "table":
			w.row(n)
		case n.kind == cell && parent.origin.typ == "tableRow":
			w.cell(n)
		case known && n.kind != item && n.kind != row && n.kind != cell && n.kind != column:
			w.block(n, place)
		default:
			return "", false
		}
	}
	f.tasks = w.tasks
	return "," + string(w.buf[1:]) + ",", true
}

func (*adfFormat) runs(in []inline) string {
	w := newPieces()
	for _, r := range in {
		w.adfRun(&r, 0)
		w.run(&r)
	}
	return "," + string(w.buf[1:]) + ","
}

// fill keeps what a node has unless that is nothing but empty paragraphs.
func (*adfFormat) fill(source string, n *node, content string, over bool) (patch, bool) {
	body := n.origin.body
	if body.start == 0 {
		return patch{}, false
	}
	if over || strings.Count(body.of(source), "{") == strings.Count(body.of(source), `"paragraph"`) {
		return patch{body, literally(content)}, true
	}
	return patch{extent{body.end, body.end}, literally(content)}, true
}

func (f *adfFormat) appended(source string, root *node, blocks []*node) (patch, bool) {
	text, ok := f.blocks(source, root, blocks)
	if root.origin.typ != "doc" || root.origin.body.start == 0 {
		return patch{}, false
	}
	end := len(strings.TrimRight(source[:root.origin.body.end], " \t\r\n"))
	return patch{extent{end, end}, literally(text)}, ok
}

func (f *adfFormat) set(source string, read, was, now *node) ([]patch, bool) {
	whole := read.origin.whole
	switch typ := read.origin.typ; {
	case typ == "heading":
		return setAttr(source, whole, "level", now.level)
	case typ == "orderedList" && was.ordered == now.ordered:
		return setAttr(source, whole, "order", now.level)
	case typ == "bulletList" && now.ordered:
		patches, ok := setType(source, whole, "orderedList")
		order, okay := setAttr(source, whole, "order", now.level)
		return append(patches, order...), ok && okay
	case typ == "orderedList":
		patches, ok := setType(source, whole, "bulletList")
		order, okay := setAttr(source, whole, "order", nil)
		return append(patches, order...), ok && okay
	case was.kind == cell:
		return setType(source, whole, map[bool]string{false: "tableCell", true: "tableHeader"}[now.header])
	case (typ == "taskItem" || typ == "blockTaskItem") && now.task != noTask:
		return setAttr(source, whole, "state", map[taskState]string{openTask: "TODO", doneTask: "DONE"}[now.task])
	case typ == "codeBlock" && was.title == now.title:
		return setAttr(source, whole, "language", now.name)
	case (typ == "expand" || typ == "nestedExpand") && was.name == now.name:
		return setAttr(source, whole, "title", now.title)
	case typ == "panel" && was.title == now.title && panelTypes[now.name] != "":
		return setAttr(source, whole, "panelType", panelTypes[now.name])
	default:
		return nil, false
	}
}

// holdsText says it of runs of text in whatever they are, too.
func (*adfFormat) holdsText(typ string) bool {
	return typ == "" || typ == "paragraph" || typ == "heading"
}

// hides says whether there is a node, mark or attribute that Markdown does not show.
func (*adfFormat) hides(source string) bool {
	for _, name := range []string{
		`"localId"`, `xtension"`, `"media`, `"mention"`, `Card"`, `"status"`, `"emoji"`, `"placeholder"`, `"annotation"`,
		`Color"`, `"alignment"`, `"indentation"`, `"breakout"`, `"panel`, `"date"`, `xpand"`, `yncBlock"`, `"task`, `"decision`, `Task`,
		`"background"`, `"colwidth"`, `"width"`,
	} {
		if strings.Contains(source, name) {
			return true
		}
	}
	return false
}

// setType is the patch for the type of a node.
func setType(source string, whole extent, typ string) ([]patch, bool) {
	d := &adfDecoder{source: source, at: whole.start}
	var at extent
	err := d.members("a node", func(member string) error {
		start := d.at
		d.skip()
		if member == "type" {
			at = extent{start, d.at}
		}
		return nil
	})
	return []patch{{at, literally(`"` + typ + `"`)}}, err == nil && at.known()
}

// setAttr is the patch for an attribute of a node; nil takes it away.
func setAttr(source string, whole extent, name string, value any) ([]patch, bool) {
	spelled, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	text := string(spelled)
	d := &adfDecoder{source: source, at: whole.start}
	var attrs, old, member extent
	err = d.members("a node", func(part string) error {
		if part != "attrs" || d.source[d.at] != '{' {
			d.skip()
			return nil
		}
		attrs.start = d.at
		err := d.members("attrs", func(attr string) error {
			start := d.at
			d.skip()
			if attr == name {
				old = extent{start, d.at}
				member = extent{strings.LastIndex(source[:start], `"`+name+`"`), d.at}
			}
			return nil
		})
		attrs.end = d.at
		return err
	})
	start := max(whole.start, attrs.start) + len("{")
	switch {
	case err != nil:
		return nil, false
	case value == nil:
		return []patch{{member, literally("")}}, true
	case old.known():
		return []patch{{old, literally(text)}}, true
	case attrs.known():
		return []patch{{extent{start, start}, literally(`"` + name + `":` + text + ",")}}, true
	default:
		return []patch{{extent{start, start}, literally(`"attrs":{"` + name + `":` + text + "},")}}, true
	}
}

// code replaces the letters of the text node that is there, if there is just one.
func (f *adfFormat) code(source string, read *node, text string) (patch, bool) {
	d := &adfDecoder{source: source, at: read.origin.whole.start}
	n, err := d.node()
	if err != nil || !n.whole.known() {
		return patch{}, false
	}
	if text != "" && len(n.Content) == 1 && n.Content[0].text.known() {
		return patch{n.Content[0].text, literally(f.escape(text))}, true
	}
	w := newPieces()
	w.text(&inline{text: text})
	content := string(w.buf[1:])
	if n.body.start == 0 {
		start := n.whole.start + len("{")
		return patch{extent{start, start}, literally(`"content":[` + content + "],")}, true
	}
	return patch{n.body, literally(content)}, true
}

func (*adfFormat) next(source string, i int) (string, int) { return nextJSON(source, i) }

func (*adfFormat) escape(text string) string {
	w := &adfWriter{}
	w.str(text)
	return string(w.buf[1 : len(w.buf)-1])
}

func (*adfFormat) splits() bool { return false }

func (*adfFormat) move(source string, _ bool) string { return "," + source + "," }

func (*adfFormat) blank() string { return `,{"type":"paragraph","content":[]},` }

// finish removes the commas that stand at the begin or end of an array or object, or behind another.
func (*adfFormat) finish(doc string) string {
	out := make([]byte, 0, len(doc))
	last, comma := byte('['), 0 // the byte before, white space aside; where it is, if it is a comma
	for i := 0; i < len(doc); i++ {
		start := i
		switch c := doc[i]; c {
		case ' ', '\t', '\n', '\r':
			out = append(out, c)
			continue
		case ',':
			if last == '[' || last == '{' || last == ',' {
				continue
			}
			comma = len(out)
		case ']', '}':
			if last == ',' {
				out = slices.Delete(out, comma, comma+1)
			}
		case '"':
			for i++; doc[i] != '"'; i++ {
				if doc[i] == '\\' {
					i++
				}
			}
		}
		out = append(out, doc[start:i+1]...)
		last = doc[i]
	}
	return string(out)
}
