package markup

import "strings"

// wikiParser reads Jira wiki markup line by line. Nothing in it looks back, and looking ahead for
// the end of a macro is not repeated once there is none, so it is linear.
// https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
type wikiParser struct {
	source string
	pos    int             // where the rest begins
	eol    int             // the end of the line that pos is in, once lineEnd has found it
	absent map[string]bool // closing tags that do not occur in the rest
}

func parseWiki(source string) []*node {
	p := &wikiParser{source: Clean(source), eol: -1, absent: map[string]bool{}}
	return p.blocks("", 0)
}

// lineEnd is the offset of the end of the current line.
func (p *wikiParser) lineEnd() int {
	if p.eol < p.pos {
		p.eol = len(p.source)
		if n := strings.IndexByte(p.source[p.pos:], '\n'); n >= 0 {
			p.eol = p.pos + n
		}
	}
	return p.eol
}

// nextLine moves past the end of the current line.
func (p *wikiParser) nextLine() { p.pos = min(p.lineEnd()+1, len(p.source)) }

// wikiLevel is the list an item of which is being read.
type wikiLevel struct {
	marker byte
	list   *node
}

// wikiBlocks collects the blocks between two tags.
type wikiBlocks struct {
	flow
	levels []wikiLevel // the open lists, outermost first
	table  *node
}

// close ends the paragraph, the lists and the table under way.
func (b *wikiBlocks) close() {
	b.flush()
	b.levels, b.table = nil, nil
}

// attach adds a block to the open list item, if there is one, as Jira does with code and quotes
// that follow an item without a blank line.
func (b *wikiBlocks) attach(n *node) {
	b.table = nil
	if len(b.levels) == 0 {
		b.block(n)
		return
	}
	items := b.levels[len(b.levels)-1].list.children
	last := items[len(items)-1]
	last.children = append(last.children, n)
}

// blocks reads up to the tag that closes the macro name, or to the end.
func (p *wikiParser) blocks(name string, depth int) []*node {
	var b wikiBlocks
	for p.pos < len(p.source) {
		line := p.source[p.pos:p.lineEnd()]
		at, tag := p.findTag(line, name, depth)
		if at < 0 {
			p.nextLine()
			p.line(&b, line)
			continue
		}
		if before := line[:at]; strings.TrimSpace(before) != "" {
			p.line(&b, before)
		}
		p.pos += at + tag.length
		if tag.closes {
			p.skipLineEnd()
			break
		}
		b.flush()
		for _, n := range p.macro(tag, depth) {
			b.attach(n)
		}
		p.skipLineEnd()
	}
	b.close()
	return b.done()
}

// skipLineEnd moves to the next line when nothing is left of this one, so that the end of a
// macro's last line is not a blank line.
func (p *wikiParser) skipLineEnd() {
	if strings.TrimSpace(p.source[p.pos:p.lineEnd()]) == "" {
		p.nextLine()
	}
}

// line reads one line that holds no macro.
func (p *wikiParser) line(b *wikiBlocks, line string) {
	text := strings.TrimSpace(line)
	switch {
	case text == "":
		b.close()
	case wikiHeadingLevel(text) > 0:
		b.close()
		b.block(&node{kind: heading, level: wikiHeadingLevel(text), inlines: tidy(parseWikiInlines(text[3:]))})
	case strings.HasPrefix(text, "bq.") && len(text) > len("bq."):
		b.close()
		b.block(&node{kind: quote, children: []*node{{kind: paragraph, inlines: tidy(parseWikiInlines(text[3:]))}}})
	case len(text) >= 4 && strings.Trim(text, "-") == "":
		b.close()
		b.block(&node{kind: rule})
	case text[0] == '|':
		p.row(b, text)
	default:
		if marker, rest, ok := cutWikiMarker(strings.TrimLeft(line, " \t")); ok {
			b.table = nil
			b.flush()
			b.listItem(marker, rest)
			return
		}
		b.paragraphLine(text)
	}
}

// paragraphLine adds a line to the open item or paragraph; a line end shows as one.
func (b *wikiBlocks) paragraphLine(text string) {
	in := parseWikiInlines(text)
	b.table = nil
	if len(b.levels) == 0 {
		if len(b.inlines) > 0 {
			b.add(inline{kind: breakInline})
		}
		b.add(in...)
		return
	}
	items := b.levels[len(b.levels)-1].list.children
	last := items[len(items)-1]
	if n := len(last.children); n > 0 && last.children[n-1].kind == paragraph {
		p := last.children[n-1]
		p.inlines = append(append(p.inlines, inline{kind: breakInline}), in...)
		return
	}
	last.children = append(last.children, &node{kind: paragraph, inlines: in})
}

// wikiHeadingLevel is the level of a heading line, or 0.
func wikiHeadingLevel(text string) int {
	if len(text) > 3 && text[0] == 'h' && '1' <= text[1] && text[1] <= '6' && text[2] == '.' {
		return int(text[1] - '0')
	}
	return 0
}

// cutWikiMarker takes a list marker such as *, -, # or *# off a line.
func cutWikiMarker(text string) (marker, rest string, ok bool) {
	n := 0
	for n < len(text) && (text[n] == '*' || text[n] == '#' || text[n] == '-') {
		n++
	}
	if n == 0 || n == len(text) || text[n] != ' ' || text[0] == '-' && n > 1 {
		return "", "", false
	}
	return text[:min(n, maxDepth/2)], strings.TrimSpace(text[n:]), true
}

// listItem opens an item under the given marker. Lists stay open as far as the marker agrees with
// the line before.
func (b *wikiBlocks) listItem(marker, text string) {
	same := 0
	for same < len(b.levels) && same < len(marker) && b.levels[same].marker == marker[same] {
		same++
	}
	b.levels = b.levels[:same]
	for i := same; i < len(marker); i++ {
		l := &node{kind: list, ordered: marker[i] == '#', level: 1}
		if i == 0 {
			b.block(l)
		} else {
			parent := b.levels[i-1].list
			if len(parent.children) == 0 {
				parent.children = append(parent.children, &node{kind: item})
			}
			last := parent.children[len(parent.children)-1]
			last.children = append(last.children, l)
		}
		b.levels = append(b.levels, wikiLevel{marker[i], l})
	}
	it := &node{kind: item}
	it.task, text = cutWikiTask(text)
	if in := tidy(parseWikiInlines(text)); len(in) > 0 {
		it.children = []*node{{kind: paragraph, inlines: in}}
	}
	l := b.levels[len(b.levels)-1].list
	l.children = append(l.children, it)
}

// cutWikiTask takes off the check box that writeWiki spells as text, for Jira has none.
func cutWikiTask(text string) (taskState, string) {
	for _, box := range []struct {
		spelling string
		state    taskState
	}{{`\[ \] `, openTask}, {`\[x\] `, doneTask}, {"[ ] ", openTask}, {"[x] ", doneTask}} {
		if rest, ok := strings.CutPrefix(text, box.spelling); ok {
			return box.state, rest
		}
	}
	return noTask, text
}
