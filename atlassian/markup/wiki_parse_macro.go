package markup

import (
	"strconv"
	"strings"
)

// wikiTag is a macro's tag in braces: {code:java} and the like.
type wikiTag struct {
	name   string
	args   string // behind the colon
	length int
	closes bool
}

// wikiMacros are the block macros that are read; the value says that the body is not markup.
var wikiMacros = map[string]bool{
	"code": true, "noformat": true,
	"quote": false, "panel": false, "info": false, "note": false, "tip": false, "warning": false,
	"expand": false,
}

// parseWikiTag reads the tag at the start of s, which begins with a brace.
func parseWikiTag(s string) (wikiTag, bool) {
	const longest = 500 // no tag of a document that a person wrote is longer
	end := strings.IndexAny(s[1:min(len(s), longest)], "{}\n")
	if end < 1 || s[1+end] != '}' {
		return wikiTag{}, false
	}
	name, args, _ := strings.Cut(s[1:1+end], ":")
	return wikiTag{name: strings.ToLower(name), args: args, length: end + 2}, name != ""
}

// findTag finds the first tag in line that opens a block macro or closes the macro within, and
// where it is; -1 when there is none.
func (p *wikiParser) findTag(line, within string, depth int) (int, wikiTag) {
	lastCodeEnd := strings.LastIndex(line, "}}")
	for at := 0; at < len(line); at++ {
		if line[at] == '\\' {
			at++
			continue
		}
		if line[at] != '{' {
			continue
		}
		if strings.HasPrefix(line[at:], "{{") && at+2 < lastCodeEnd {
			at += 2 + strings.Index(line[at+2:], "}}") + 1 // {{info}} is code
			continue
		}
		tag, ok := parseWikiTag(line[at:])
		if !ok {
			continue
		}
		if tag.name == within && tag.args == "" {
			tag.closes = true
			return at, tag
		}
		if _, known := wikiMacros[tag.name]; known && depth < maxDepth && p.closed(tag.name, p.source[p.pos+at+tag.length:]) {
			return at, tag
		}
	}
	return -1, wikiTag{}
}

// closed says whether a macro's closing tag follows. Once there is none there never will be.
func (p *wikiParser) closed(name, rest string) bool {
	if p.absent[name] {
		return false
	}
	if strings.Contains(rest, "{"+name+"}") {
		return true
	}
	p.absent[name] = true
	return false
}

// macro reads a block macro whose opening tag has been read.
func (p *wikiParser) macro(tag wikiTag, depth int) []*node {
	if wikiMacros[tag.name] {
		body, _, _ := strings.Cut(p.source[p.pos:], "{"+tag.name+"}")
		p.pos += len(body) + len("{"+tag.name+"}")
		language, title := wikiCodeArgs(tag.args)
		if tag.name == "noformat" {
			language = ""
		}
		return []*node{{kind: codeBlock, name: language, title: title, text: withoutEdges(body)}}
	}
	body := p.blocks(tag.name, depth+1)
	if tag.name == "quote" {
		return []*node{{kind: quote, children: body}}
	}
	title := wikiArg(tag.args, "title")
	if tag.name == "expand" && title == "" {
		title = tag.args
	}
	name := strings.ToUpper(tag.name)
	if tag.name == "panel" {
		name = calloutOfPanel(wikiPanelType(wikiArg(tag.args, "bgColor")))
	}
	return []*node{{kind: callout, name: name, title: title, children: body}}
}

// wikiPanelType is the type of panel whose colour is nearest to a colour in hexadecimal notation, as
// Jira Cloud takes panels over; "" when color is none.
func wikiPanelType(color string) string {
	r, g, b, ok := parseColor(color)
	if !ok {
		return ""
	}
	nearest, panelType := 1<<20, ""
	for _, name := range []string{"info", "note", "success", "warning", "error", "tip"} {
		r2, g2, b2, _ := parseColor(wikiPanelColors[name])
		distance := (r-r2)*(r-r2) + (g-g2)*(g-g2) + (b-b2)*(b-b2)
		if distance < nearest && (name != "tip" || distance == 0) { // Jira Cloud takes nothing for a tip
			nearest, panelType = distance, name
		}
	}
	return panelType
}

func parseColor(s string) (r, g, b int, ok bool) {
	digits, ok := strings.CutPrefix(s, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits, 16, 24)
	return int(n >> 16), int(n >> 8 & 255), int(n & 255), ok && err == nil && len(digits) == 6
}

// withoutEdges is a macro's body without the line ends behind its first tag and before its last.
func withoutEdges(body string) string {
	return strings.TrimSuffix(strings.TrimPrefix(body, "\n"), "\n")
}

// wikiCodeArgs reads {code:java}, {code:title=A.java|borderStyle=solid} and both together.
func wikiCodeArgs(args string) (language, title string) {
	for arg := range strings.SplitSeq(args, "|") {
		name, value, named := strings.Cut(arg, "=")
		switch {
		case !named && language == "":
			language = strings.TrimSpace(arg)
		case name == "language":
			language = strings.TrimSpace(value)
		case name == "title":
			title = value
		}
	}
	return language, title
}

// wikiArg is the argument of that name in title=A|borderStyle=solid.
func wikiArg(args, name string) string {
	for arg := range strings.SplitSeq(args, "|") {
		if n, value, ok := strings.Cut(arg, "="); ok && n == name {
			return value
		}
	}
	return ""
}

// row reads a line of a table, and those that its last cell goes on in.
func (p *wikiParser) row(b *wikiBlocks, text string) {
	b.flush()
	if !strings.HasSuffix(text, "|") {
		text += p.restOfRow()
	}
	if b.table == nil {
		t := &node{kind: table}
		b.attach(t)
		b.table = t
	}
	b.table.children = append(b.table.children, &node{kind: row, children: wikiCells(text)})
}

// restOfRow takes the lines up to the one that ends with a bar; none, when there is no such line
// before the next block.
func (p *wikiParser) restOfRow() string {
	const longest = 50
	rest := p.source[p.pos:]
	for range longest {
		line, after, found := strings.Cut(rest, "\n")
		rest = after
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '|' {
			break
		}
		if at, _ := p.findTag(line, "", maxDepth); at >= 0 {
			break
		}
		if strings.HasSuffix(line, "|") {
			taken := p.source[p.pos : len(p.source)-len(rest)]
			p.pos += len(taken)
			return "\n" + strings.TrimSpace(taken)
		}
		if !found {
			break
		}
	}
	return ""
}

// wikiCells splits a row at | and ||, but not within links, images and {{code}}, which use | too.
func wikiCells(text string) []*node {
	var cells []*node
	for len(text) > 0 {
		c := &node{kind: cell}
		text = text[1:]
		if strings.HasPrefix(text, "|") {
			c.header = true
			text = text[1:]
		}
		end := wikiCellEnd(text)
		body := strings.TrimSpace(text[:end])
		text = text[end:]
		if body == "" && text == "" {
			break // the bar that ends the row
		}
		var in []inline
		for line := range strings.SplitSeq(body, "\n") {
			if len(in) > 0 {
				in = append(in, inline{kind: breakInline})
			}
			in = append(in, parseWikiInlines(line)...)
		}
		if in = tidy(in); len(in) > 0 {
			c.children = []*node{{kind: paragraph, inlines: in}}
		}
		cells = append(cells, c)
	}
	return cells
}

// wikiCellEnd is the offset of the bar that ends a cell.
func wikiCellEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '|':
			return i
		case '[':
			i += max(wikiBracket(text[i:]), 0)
		case '!':
			if i == 0 || !isWordRune(rune(text[i-1])) {
				i += wikiImageEnd(text[i:])
			}
		}
	}
	return len(text)
}
