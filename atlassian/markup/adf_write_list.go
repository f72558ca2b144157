package markup

import (
	"bytes"
	"slices"
	"strconv"
)

// list writes a list. Items with and without check boxes are different lists in ADF, so a mixed
// list becomes several.
func (w *adfWriter) list(n *node, in adfPlace) {
	for i := 0; i < len(n.children); {
		task := isTaskItem(n.children[i]) && in.allows("taskList")
		j := i + 1
		for j < len(n.children) && (isTaskItem(n.children[j]) && in.allows("taskList")) == task {
			j++
		}
		part := n.children[i:j]
		switch {
		case task:
			w.taskList(part)
		case n.ordered:
			w.open("orderedList", `"order":`+strconv.Itoa(listNumber(n, i)))
			w.items(part)
			w.end()
		default:
			w.open("bulletList", "")
			w.items(part)
			w.end()
		}
		i = j
	}
}

// isTaskItem says whether an item can be a task of ADF: it has a check box, and its content is
// paragraphs with, at most, lists of tasks below them.
func isTaskItem(it *node) bool {
	if it.task == noTask {
		return false
	}
	for _, c := range it.children[len(taskBody(it)):] {
		if c.kind != list || !isTaskList(c) {
			return false
		}
	}
	return true
}

// taskBody is the paragraphs that a task begins with.
func taskBody(it *node) []*node {
	for i, c := range it.children {
		if c.kind != paragraph || onlyMedia(c.inlines) {
			return it.children[:i]
		}
	}
	return it.children
}

func isTaskList(l *node) bool {
	for _, it := range l.children {
		if !isTaskItem(it) {
			return false
		}
	}
	return len(l.children) > 0
}

func (w *adfWriter) items(items []*node) {
	for _, it := range items {
		w.open("listItem", "")
		w.item(it)
		w.end()
	}
}

// item writes what a list item holds. It begins with a paragraph where it could begin with a list,
// because Atlassian's editors expect one there, and it must not be empty.
func (w *adfWriter) item(it *node) {
	at := len(w.buf)
	rest := it.children
	if it.task != noTask {
		// A check box with more than a taskItem can hold: a task list within the item.
		task := &node{kind: item, task: it.task}
		if len(rest) > 0 && rest[0].kind == paragraph && !onlyMedia(rest[0].inlines) {
			task.children, rest = rest[:1], rest[1:]
		}
		w.taskList([]*node{task})
	}
	w.blocks(rest, inItem)
	const empty = `{"type":"paragraph","content":[]}`
	switch written := w.buf[at:]; {
	case len(written) == 0:
		w.raw(empty)
	case bytes.HasPrefix(written, []byte(`{"type":"bulletList"`)), bytes.HasPrefix(written, []byte(`{"type":"orderedList"`)):
		w.buf = slices.Insert(w.buf, at, []byte(empty+",")...)
	}
}

func (w *adfWriter) taskList(items []*node) {
	w.open("taskList", w.localID())
	for _, it := range items {
		w.taskAndBelow(it)
	}
	w.end()
}

// taskAndBelow writes a task and the lists below it, which are its siblings.
func (w *adfWriter) taskAndBelow(it *node) {
	state := "TODO"
	if it.task == doneTask {
		state = "DONE"
	}
	body := taskBody(it)
	w.task(body, `,"state":"`+state+`"`)
	for _, nested := range it.children[len(body):] {
		w.taskList(nested.children)
	}
}

// task writes a task's own text. A taskItem has no paragraphs, so one that needs them is another
// type of node.
func (w *adfWriter) task(body []*node, state string) {
	if len(body) > 1 || len(body) == 1 && isExtension(body[0]) {
		w.container("blockTaskItem", w.localID()+state, body, inTask)
		return
	}
	w.open("taskItem", w.localID()+state)
	if len(body) > 0 {
		w.inlines(w.runs(body[0].inlines, 0))
	}
	w.end()
}

// isExtension says whether a paragraph stands for an app's block.
func isExtension(n *node) bool {
	if len(n.inlines) != 1 || n.inlines[0].kind != objectInline {
		return false
	}
	typ, _, ok := parseADFDest(n.inlines[0].target)
	return ok && typ == "extension"
}
