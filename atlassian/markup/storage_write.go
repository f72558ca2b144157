package markup

import (
	"strconv"
	"strings"
)

// storageWriter spells a tree as storage format. Every element it opens it closes, and all text
// goes through escapeXML, so the result is well-formed whatever the tree holds.
type storageWriter struct {
	out   strings.Builder
	tasks int // numbers the tasks, which need ids that are unique in a page
}

func writeStorage(blocks []*node) string {
	w := &storageWriter{}
	w.page(blocks)
	return w.out.String()
}

func (w *storageWriter) raw(s string) { w.out.WriteString(s) }

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escapeXML is for text and for attributes in double quotes. Clean has taken out what XML does not
// allow at all.
func escapeXML(s string) string { return xmlEscaper.Replace(s) }

// cdata keeps text as it is; its end mark in the text is spread over two sections.
func cdata(s string) string {
	return "<![CDATA[" + strings.ReplaceAll(s, "]]>", "]]]]><![CDATA[>") + "]]>"
}

func (w *storageWriter) blocks(blocks []*node) {
	for _, n := range blocks {
		w.block(n)
	}
}

// wrapped writes children in an element.
func (w *storageWriter) wrapped(name string, children []*node) {
	w.raw("<" + name + ">")
	w.blocks(children)
	w.raw("</" + name + ">")
}

func (w *storageWriter) block(n *node) {
	switch n.kind {
	case paragraph:
		w.paragraph(n)
	case heading:
		h := "h" + strconv.Itoa(min(max(n.level, 1), 6))
		w.raw("<" + h + ">" + storageText(n.inlines) + "</" + h + ">")
	case codeBlock:
		w.code(n)
	case rule:
		w.raw("<hr />")
	case quote:
		w.wrapped("blockquote", n.children)
	case list:
		w.list(n)
	case table:
		w.table(n)
	case callout:
		w.callout(n)
	default:
		w.blocks(n.children)
	}
}

// paragraph writes a paragraph; a block macro that is alone in it stands as a block.
func (w *storageWriter) paragraph(n *node) {
	text := storageText(n.inlines)
	switch {
	case text == "":
	case len(n.inlines) == 1 && isBlockMacro(n.inlines[0]):
		w.raw(text)
	default:
		w.raw("<p>" + text + "</p>")
	}
}

func isBlockMacro(in inline) bool {
	scheme, rest := splitScheme(in.target)
	if in.kind != objectInline || scheme != schemeMacro {
		return false
	}
	name, _ := parseMacroDest(rest)
	return name != "" && !inlineMacros[name]
}

// macro opens a macro; its body and </ac:structured-macro> follow.
func (w *storageWriter) macro(name string, params ...param) {
	w.raw(`<ac:structured-macro ac:name="` + escapeXML(name) + `">`)
	for _, p := range params {
		if p.value != "" {
			w.raw(`<ac:parameter ac:name="` + escapeXML(p.name) + `">` + escapeXML(p.value) + `</ac:parameter>`)
		}
	}
}

func (w *storageWriter) endMacro() { w.raw("</ac:structured-macro>") }

func (w *storageWriter) code(n *node) {
	w.macro("code", param{"language", n.name}, param{"title", n.title})
	w.raw("<ac:plain-text-body>" + cdata(n.text) + "</ac:plain-text-body>")
	w.endMacro()
}

// calloutMacros are Confluence's macros for the callouts. Its note is yellow and its warning red,
// which is what NOTE and WARNING were read from.
var calloutMacros = map[string]string{
	"INFO": "info", "NOTE": "note", "TIP": "tip", "WARNING": "warning", "ERROR": "warning",
	"SUCCESS": "tip", calloutPanel: "panel", "CAUTION": "warning", "IMPORTANT": "info",
	calloutExpand: "expand",
}

func (w *storageWriter) callout(n *node) {
	if n.name == calloutMacro && w.bodied(n) {
		return
	}
	name, ok := calloutMacros[n.name]
	if !ok {
		w.wrapped("blockquote", titled(n))
		return
	}
	w.macro(name, param{"title", n.title})
	w.wrapped("ac:rich-text-body", n.children)
	w.endMacro()
}

// bodied writes a macro by its name and parameters in the title, which macroTitle spells; false says
// that the title names none. A body that is nothing but code without a language is plain text, which
// is what the reader makes of such a body.
func (w *storageWriter) bodied(n *node) bool {
	name, params := parseMacroTitle(n.title)
	if name == "" {
		return false
	}
	w.macro(name, params...)
	if len(n.children) == 1 && n.children[0].kind == codeBlock && n.children[0].name == "" {
		w.raw("<ac:plain-text-body>" + cdata(n.children[0].text) + "</ac:plain-text-body>")
	} else {
		w.wrapped("ac:rich-text-body", n.children)
	}
	w.endMacro()
	return true
}

// parseMacroTitle reads what macroTitle spells: a name, then parameters, whose values may have spaces.
func parseMacroTitle(title string) (name string, params []param) {
	words := strings.Fields(title)
	if len(words) == 0 || !isPlainName(words[0]) {
		return "", nil
	}
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		switch {
		case ok:
			params = append(params, param{key, value})
		case len(params) == 0:
			return "", nil
		default:
			params[len(params)-1].value += " " + word
		}
	}
	return words[0], params
}

// isPlainName says whether s is like the keys of macros: letters, digits and a few marks.
func isPlainName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-_.:", r) })
}

// list writes a list. Items with and without check boxes are different lists in Confluence, so a
// mixed list becomes several.
func (w *storageWriter) list(n *node) {
	for i := 0; i < len(n.children); {
		task := n.children[i].task != noTask
		j := i + 1
		for j < len(n.children) && (n.children[j].task != noTask) == task {
			j++
		}
		switch {
		case task:
			w.taskList(n.children[i:j])
		case n.ordered && listNumber(n, i) != 1:
			w.items("ol", ` start="`+strconv.Itoa(listNumber(n, i))+`"`, n.children[i:j])
		case n.ordered:
			w.items("ol", "", n.children[i:j])
		default:
			w.items("ul", "", n.children[i:j])
		}
		i = j
	}
}

func (w *storageWriter) items(name, attrs string, items []*node) {
	w.raw("<" + name + attrs + ">")
	for _, it := range items {
		w.listItem(it)
	}
	w.raw("</" + name + ">")
}

// listItem writes an item of a list or of a task list.
func (w *storageWriter) listItem(it *node) {
	if it.task != noTask {
		w.task(it)
		return
	}
	w.raw("<li>")
	w.tight(it.children)
	w.raw("</li>")
}

// tight writes blocks, the first paragraph of which needs no element of its own.
func (w *storageWriter) tight(blocks []*node) {
	if len(blocks) > 0 && blocks[0].kind == paragraph && (len(blocks) == 1 || blocks[1].kind == list) {
		w.raw(storageText(blocks[0].inlines))
		blocks = blocks[1:]
	}
	w.blocks(blocks)
}

func (w *storageWriter) taskList(items []*node) {
	w.raw("<ac:task-list>")
	for _, it := range items {
		w.task(it)
	}
	w.raw("</ac:task-list>")
}

func (w *storageWriter) task(it *node) {
	w.tasks++
	status := "incomplete"
	if it.task == doneTask {
		status = "complete"
	}
	w.raw("<ac:task><ac:task-id>" + strconv.Itoa(w.tasks) + "</ac:task-id><ac:task-status>" + status +
		"</ac:task-status><ac:task-body>")
	w.tight(it.children)
	w.raw("</ac:task-body></ac:task>")
}

func (w *storageWriter) table(n *node) {
	w.raw("<table><tbody>")
	for _, r := range n.children {
		w.row(r)
	}
	w.raw("</tbody></table>")
}

func (w *storageWriter) row(r *node) {
	w.raw("<tr>")
	for _, c := range r.children {
		w.cell(c)
	}
	w.raw("</tr>")
}

func (w *storageWriter) cell(c *node) {
	name := "td"
	if c.header {
		name = "th"
	}
	w.raw("<" + name + storageSpans(c) + ">")
	w.tight(c.children)
	w.raw("</" + name + ">")
}

func storageSpans(c *node) string {
	s := ""
	if c.colspan > 1 {
		s += ` colspan="` + strconv.Itoa(c.colspan) + `"`
	}
	if c.rowspan > 1 {
		s += ` rowspan="` + strconv.Itoa(c.rowspan) + `"`
	}
	return s
}
