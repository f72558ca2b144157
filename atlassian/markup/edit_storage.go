package markup

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// storageFormat edits storage format. It counts the tasks that it writes.
type storageFormat struct{ tasks int }

func (f *storageFormat) blocks(source string, parent *node, children []*node) (string, bool) {
	if parent.origin.typ == "ac:plain-text-body" {
		return "", false
	}
	w := &storageWriter{tasks: f.tasks}
	for _, n := range children {
		switch n.kind {
		case columns:
			if !isSection(n) || !strings.Contains(source, "<ac:layout>") {
				return "", false
			}
			w.section(n)
		case item:
			if parent.origin.typ == "ac:task-list" != (n.task != noTask) {
				return "", false
			}
			w.listItem(n)
		case row:
			w.row(n)
		case cell:
			w.cell(n)
		default:
			w.block(n)
		}
	}
	f.tasks = w.tasks
	return w.out.String(), true
}

func (*storageFormat) runs(in []inline) string {
	w := &storageWriter{}
	w.spans(nestRuns(in, 0, false))
	return w.out.String()
}

// fill keeps what is between the tags of an element when that is a macro or the like, which may
// matter without showing.
func (*storageFormat) fill(source string, n *node, content string, over bool) (patch, bool) {
	body := n.origin.body
	switch {
	case !over && (n.origin.typ == "doc" || strings.Contains(body.of(source), "<ac:")):
		return patch{extent{body.end, body.end}, literally(content)}, true
	case !body.known() && strings.HasSuffix(source[:body.start], "/>"):
		tag := source[strings.LastIndexByte(source[:body.start], '<'):body.start]
		name := tag[1 : 1+strings.IndexAny(tag[1:], " \t\r\n/")]
		at := extent{body.start - len(tag) + len(strings.TrimRight(strings.TrimSuffix(tag, "/>"), " ")), body.start}
		return patch{at, literally(">" + content + "</" + name + ">")}, true
	default:
		return patch{body, literally(content)}, n.origin.whole.known()
	}
}

// appended puts blocks behind the page or, because nothing should stand beside a layout, into a
// section of their own at the end of it.
func (f *storageFormat) appended(source string, root *node, blocks []*node) (patch, bool) {
	text, ok := f.blocks(source, root, blocks)
	const end = "</ac:layout>"
	page := strings.TrimRight(source, blanks)
	if rest, found := strings.CutSuffix(page, end); found {
		return patch{extent{len(rest), len(rest)}, literally(singleSection(text))}, ok
	}
	return patch{extent{len(source), len(source)}, literally(text)}, ok
}

func (f *storageFormat) set(source string, read, was, now *node) ([]patch, bool) {
	from := read.origin
	switch {
	case was.kind == cell && was.name == now.name:
		return retag(source, from, map[bool]string{false: "td", true: "th"}[now.header]), true
	case was.kind == heading:
		return retag(source, from, "h"+strconv.Itoa(now.level)), true
	case was.kind == list && was.level == now.level && (from.typ == "ul" || from.typ == "ol"):
		return retag(source, from, map[bool]string{false: "ul", true: "ol"}[now.ordered]), true
	case was.kind == item && was.task != noTask && now.task != noTask:
		return f.setTask(source, from, now.task)
	case (from.typ == "ac:structured-macro" || from.typ == "ac:macro") && (was.kind == codeBlock || was.kind == callout && was.name == now.name && was.name != calloutMacro):
		patches := f.setParam(source, from, "title", was.title, now.title)
		if was.kind == codeBlock {
			patches = append(patches, f.setParam(source, from, "language", was.name, now.name)...)
		}
		return patches, true
	default:
		return nil, false
	}
}

func (*storageFormat) holdsText(string) bool { return true }

// hides says whether there are elements of Confluence's own, or formats and sizes of a table.
func (*storageFormat) hides(source string) bool {
	for _, mark := range []string{"<ac:", "<ri:", "<time", "<img", "<span", "<col", "style=", "<!--"} {
		if strings.Contains(source, mark) {
			return true
		}
	}
	return false
}

// retag renames an element.
func retag(source string, from origin, name string) []patch {
	start := from.whole.start + len("<")
	patches := []patch{{extent{start, start + len(from.typ)}, literally(name)}}
	if end := from.body.end + len("</"); strings.HasPrefix(source[from.body.end:], "</"+from.typ) {
		patches = append(patches, patch{extent{end, end + len(from.typ)}, literally(name)})
	}
	return patches
}

func (*storageFormat) setTask(source string, from origin, state taskState) ([]patch, bool) {
	const before, after = "<ac:task-status>", "</ac:task-status>"
	start := strings.Index(source[from.whole.start:from.body.start], before)
	if start < 0 {
		return nil, false
	}
	start += from.whole.start + len(before)
	end := strings.Index(source[start:from.body.start], after)
	if end < 0 {
		return nil, false
	}
	status := map[taskState]string{openTask: "incomplete", doneTask: "complete"}[state]
	return []patch{{extent{start, start + end}, literally(status)}}, true
}

// setParam changes, adds or removes a macro's parameter.
func (*storageFormat) setParam(source string, from origin, name, was, now string) []patch {
	if was == now {
		return nil
	}
	head := source[from.whole.start:from.body.start]
	open := `<ac:parameter ac:name="` + name + `">`
	const end = "</ac:parameter>"
	if at := strings.Index(head, open); at >= 0 {
		if length := strings.Index(head[at:], end); length >= 0 {
			at += from.whole.start
			if now == "" {
				return []patch{{extent{at, at + length + len(end)}, literally("")}}
			}
			return []patch{{extent{at + len(open), at + length}, literally(escapeXML(now))}}
		}
	}
	at := from.whole.start + strings.IndexByte(head, '>') + 1
	return []patch{{extent{at, at}, literally(open + escapeXML(now) + end)}}
}

func (f *storageFormat) code(source string, read *node, text string) (patch, bool) {
	if !read.origin.whole.known() {
		return patch{}, false
	}
	content := cdata(text)
	if read.origin.typ == "pre" {
		content = escapeXML(text)
	}
	return f.fill(source, read, content, true)
}

// next decodes a character, or a reference to one, as the reader's decoder does: what is no reference
// stays as it is.
func (*storageFormat) next(source string, i int) (string, int) {
	const longest = 32
	if end := strings.IndexByte(source[i:min(len(source), i+longest)], ';'); source[i] == '&' && end > 0 {
		if text, ok := reference(source[i+1 : i+end]); ok {
			return text, end + 1
		}
	}
	_, size := utf8.DecodeRuneInString(source[i:])
	return source[i : i+size], size
}

// reference resolves a character's name or number (XML 1.0 section 4.1, and HTML's names).
func reference(name string) (string, bool) {
	digits, isNumber := strings.CutPrefix(name, "#")
	if !isNumber {
		text, ok := xml.HTMLEntity[name]
		if !ok {
			text, ok = map[string]string{"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": `"`}[name]
		}
		return text, ok
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseInt(digits, base, 32)
	return string(rune(n)), err == nil && 0 <= n && n <= unicode.MaxRune
}

func (*storageFormat) escape(text string) string { return escapeXML(text) }

func (*storageFormat) splits() bool { return true }

func (*storageFormat) move(source string, run bool) string {
	if run {
		return "<p>" + source + "</p>"
	}
	return source
}

func (*storageFormat) blank() string { return "<p />" }

func (*storageFormat) finish(doc string) string { return doc }
