package markup

import "strconv"

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

// isTaskItem says whether an item can be a taskItem: it has a check box, and its content is one
// paragraph with, at most, lists of tasks below it.
func isTaskItem(it *node) bool {
	if it.task == noTask {
		return false
	}
	for i, c := range it.children {
		switch {
		case i == 0 && c.kind == paragraph && !onlyMedia(c.inlines):
		case c.kind == list && isTaskList(c):
		default:
			return false
		}
	}
	return true
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
	} else if len(rest) > 0 && rest[0].kind == list {
		w.open("paragraph", "")
		w.end()
	}
	w.blocks(rest, inItem)
	if len(w.buf) == at {
		w.open("paragraph", "")
		w.end()
	}
}

func (w *adfWriter) taskList(items []*node) {
	w.open("taskList", w.localID())
	for _, it := range items {
		w.task(it)
	}
	w.end()
}

// task writes an item and the lists below it, which are its siblings.
func (w *adfWriter) task(it *node) {
	state := "TODO"
	if it.task == doneTask {
		state = "DONE"
	}
	rest := it.children
	w.open("taskItem", w.localID()+`,"state":"`+state+`"`)
	if len(rest) > 0 && rest[0].kind == paragraph {
		w.inlines(tidy(rest[0].inlines), 0)
		rest = rest[1:]
	}
	w.end()
	for _, nested := range rest {
		w.taskList(nested.children)
	}
}
