package markup

import (
	"encoding/json"
	"strings"
)

// adfFormat edits ADF. New nodes come with commas on both sides, and finish takes away those that
// are too many.
type adfFormat struct{}

// adfPlaces are the nodes that hold blocks, and what may stand in them.
var adfPlaces = map[string]adfPlace{
	"doc": inDoc, "listItem": inItem, "blockquote": inQuote, "panel": inPanel, "tableCell": inCell,
	"tableHeader": inCell, "expand": inExpand, "nestedExpand": inNestedExpand, "layoutColumn": inDoc,
	"bodiedExtension": inExpand, "bodiedSyncBlock": inExpand,
}

func (adfFormat) blocks(source string, parent *node, children []*node) (string, bool) {
	w := &adfWriter{buf: []byte("["), tasks: strings.Count(source, `"localId"`) + 1000}
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
	return "," + string(w.buf[1:]) + ",", true
}

func (adfFormat) runs(in []inline) string {
	w := &adfWriter{buf: []byte("[")}
	for _, r := range in {
		w.run(w.adfRun(r, 0))
	}
	return "," + string(w.buf[1:]) + ","
}

// fill keeps what a node has unless that is nothing but empty paragraphs.
func (adfFormat) fill(source string, n *node, content string, over bool) (patch, bool) {
	body := n.origin.body
	if body.start == 0 {
		return patch{}, false
	}
	if over || strings.Count(body.of(source), "{") == strings.Count(body.of(source), `"paragraph"`) {
		return patch{body, literally(content)}, true
	}
	return patch{extent{body.end, body.end}, literally(content)}, true
}

func (f adfFormat) set(source string, read, was, now *node) ([]patch, bool) {
	whole := read.origin.whole
	switch typ := read.origin.typ; {
	case typ == "heading":
		return setAttr(source, whole, "level", now.level)
	case typ == "orderedList" && was.ordered == now.ordered:
		return setAttr(source, whole, "order", now.level)
	case typ == "taskItem" && now.task != noTask:
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

// setAttr is the patch for an attribute of a node.
func setAttr(source string, whole extent, name string, value any) ([]patch, bool) {
	d := &adfDecoder{source: source, at: whole.start}
	var at extent
	attrs := map[string]json.RawMessage{}
	err := d.members("a node", func(member string) error {
		start := d.at
		raw := d.raw()
		if member == "attrs" {
			at = extent{start, d.at}
			return json.Unmarshal([]byte(raw), &attrs)
		}
		return nil
	})
	if err != nil {
		return nil, false
	}
	var errs error
	if attrs[name], errs = json.Marshal(value); errs != nil {
		return nil, false
	}
	text, errs := json.Marshal(attrs)
	if errs != nil {
		return nil, false
	}
	if at.known() {
		return []patch{{at, literally(string(text))}}, true
	}
	start := whole.start + len("{")
	return []patch{{extent{start, start}, literally(`"attrs":` + string(text) + ",")}}, true
}

func (adfFormat) code(_ *node, text string) string {
	if text == "" {
		return ""
	}
	w := &adfWriter{buf: []byte("[")}
	w.text(inline{text: text})
	return string(w.buf[1:])
}

func (adfFormat) next(source string, i int) (string, int) { return nextJSON(source, i) }

func (adfFormat) escape(text string) string {
	w := &adfWriter{}
	w.str(text)
	return string(w.buf[1 : len(w.buf)-1])
}

func (adfFormat) splits() bool { return false }

func (adfFormat) move(source string) string { return "," + source + "," }

// finish removes the commas that stand at the begin or end of an array, or beside another.
func (adfFormat) finish(doc string) string {
	var b strings.Builder
	b.Grow(len(doc))
	last := byte('[') // the byte before, white space aside
	comma := false    // one is due, if something follows
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; c {
		case ' ', '\t', '\n', '\r':
			b.WriteByte(c)
			continue
		case ',':
			comma = last != '[' && last != '{'
			continue
		case ']', '}':
			comma = false
		}
		if comma {
			b.WriteByte(',')
			comma = false
		}
		start := i
		if doc[i] == '"' {
			for i++; doc[i] != '"'; i++ {
				if doc[i] == '\\' {
					i++
				}
			}
		}
		b.WriteString(doc[start : i+1])
		last = doc[i]
	}
	return b.String()
}
