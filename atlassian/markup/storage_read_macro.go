package markup

import "strings"

// macroCallouts are the macros with a body that have a callout of their own.
var macroCallouts = map[string]string{
	"info": "INFO", "note": "NOTE", "tip": "TIP", "warning": "WARNING", "panel": calloutPanel,
	"expand": calloutExpand,
}

// inlineMacros are the macros that stand in text.
var inlineMacros = map[string]bool{"status": true, "anchor": true, "jira": true, "view-file": true, "emoji": true}

// macroParams are a macro's parameters in their order; one that holds a page or file has its name.
func macroParams(e *element) []param {
	var params []param
	for _, c := range e.children {
		if c.name != "ac:parameter" && c.name != "ac:default-parameter" {
			continue
		}
		value := strings.TrimSpace(c.allText())
		for _, ri := range c.children {
			for _, name := range []string{"ri:content-title", "ri:filename", "ri:space-key", "ri:value"} {
				if value == "" {
					value = ri.attr(name)
				}
			}
			if page := ri.child("ri:page"); page != nil && value == "" {
				value = page.attr("ri:content-title")
			}
		}
		params = append(params, param{c.attr("ac:name"), value})
	}
	return params
}

func paramValue(params []param, name string) string {
	for _, p := range params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// inlineMacro reads the macros that stand in text; false says that e is a block.
func (r *storageReader) inlineMacro(e *element) bool {
	name := e.attr("ac:name")
	if !inlineMacros[name] || e.child("ac:rich-text-body") != nil || e.child("ac:plain-text-body") != nil {
		return false
	}
	params := macroParams(e)
	in := inline{kind: objectInline, marks: r.marks}
	switch name {
	case "anchor":
		return true
	case "status":
		in.text = paramValue(params, "title")
		in.target = schemeStatus + ":" + statusColor(paramValue(params, "colour"))
	default:
		in.text = macroLabel(name, params)
		in.target = macroDest(name, params)
	}
	if in.text != "" {
		r.add(in)
	}
	return true
}

// macroLabel is what a placeholder shows: the macro's name and what it is about.
func macroLabel(name string, params []param) string {
	for _, p := range params {
		switch p.name {
		case "key", "jqlQuery", "name", "page", "", "title":
			if p.value != "" {
				return name + " " + p.value
			}
		}
	}
	return name
}

// macro reads a macro that is a block of its own.
func (r *storageReader) macro(e *element) {
	name := e.attr("ac:name")
	params := macroParams(e)
	title := paramValue(params, "title")
	plain, rich := e.child("ac:plain-text-body"), e.child("ac:rich-text-body")
	switch {
	case (name == "code" || name == "noformat") && plain != nil:
		r.block(&node{
			kind: codeBlock, name: paramValue(params, "language"), title: title,
			text: plain.allText(), origin: originOfCode(e, plain),
		})
	case macroCallouts[name] != "" && rich != nil:
		r.block(&node{kind: callout, name: macroCallouts[name], title: title, children: storageBlocks(rich), origin: originOf(e, rich)})
	case rich != nil:
		r.block(&node{kind: callout, name: calloutMacro, title: macroTitle(name, params), children: storageBlocks(rich), origin: originOf(e, rich)})
	case plain != nil:
		body := &node{kind: codeBlock, text: plain.allText(), origin: originOfCode(plain, plain)}
		from := originOf(e, plain)
		from.typ = plain.name
		r.block(&node{kind: callout, name: calloutMacro, title: macroTitle(name, params), children: []*node{body}, origin: from})
	default:
		in := inline{kind: objectInline, text: macroLabel(name, params), target: macroDest(name, params)}
		if r.inText {
			r.add(in)
			return
		}
		in.at, in.unit = e.whole, e.whole
		r.block(&node{kind: paragraph, inlines: []inline{in}, origin: origin{whole: e.whole, body: e.whole, typ: e.name, raw: []inline{in}}})
	}
}

// macroTitle names a macro with its parameters, as the heading of its body.
func macroTitle(name string, params []param) string {
	var b strings.Builder
	b.WriteString(name)
	for _, p := range params {
		b.WriteString(" " + p.name + "=" + strings.Join(strings.Fields(p.value), " "))
	}
	return b.String()
}

// adfExtension reads what Confluence's editor keeps as ADF within storage format, such as custom
// panels and decisions. Its ac:adf-fallback is the same once more for old readers, and changes with it.
func (r *storageReader) adfExtension(e *element) {
	n := e.child("ac:adf-node")
	if n == nil {
		if n = e.child("ac:adf-fallback"); n != nil {
			r.block(storageBlocks(n)...)
		}
		return
	}
	body := n
	if c := n.child("ac:adf-content"); c != nil {
		body = c
	}
	name := calloutMacro
	title := n.attr("type")
	switch title {
	case "panel":
		name, title = calloutOfPanel(adfAttribute(n, "panel-type")), ""
	case "decision-list":
		name, title = calloutDecision, ""
	}
	from := originOf(e, body)
	if c := e.child("ac:adf-fallback"); c != nil && c.body.known() {
		from.copy = &node{kind: callout, children: storageBlocks(c), origin: originOf(c, c)}
		if name == calloutDecision {
			from.copy.children = unlisted(from.copy.children)
		}
	}
	r.block(&node{kind: callout, name: name, title: title, children: storageBlocks(body), origin: from})
}

// unlisted is what the items of a list hold: the copy of decisions is one, and they are not.
func unlisted(blocks []*node) []*node {
	if len(blocks) != 1 || blocks[0].kind != list {
		return blocks
	}
	var content []*node
	for _, it := range blocks[0].children {
		content = append(content, it.children...)
	}
	return content
}

func adfAttribute(e *element, key string) string {
	for _, c := range e.children {
		if c.name == "ac:adf-attribute" && c.attr("key") == key {
			return strings.TrimSpace(c.allText())
		}
	}
	return ""
}
