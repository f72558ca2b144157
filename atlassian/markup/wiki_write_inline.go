package markup

import (
	"strings"
	"unicode/utf8"
)

// wikiInlineWriter spells the inlines of one block.
type wikiInlineWriter struct {
	cell   bool // on one line of a table or heading, where line starts mean nothing
	inLink bool

	// The delimiters that the block's text could open and close something with.
	opens, closes [128]bool
}

func writeWikiInlines(in []inline, cell bool) string {
	w := wikiInlineWriter{cell: cell}
	in = tidy(in)
	for _, r := range in {
		w.findDelimiters(r)
	}
	text := w.spans(nest(in), ' ', ' ')
	if cell {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = escapeWikiStart(strings.TrimLeft(line, " \t"))
	}
	return joinWikiLines(lines)
}

// joinWikiLines keeps an empty line from ending the paragraph: a break that is not the only one is
// spelled \\.
func joinWikiLines(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		switch {
		case i == 0:
		case line == "" || lines[i-1] == "":
			b.WriteString(wikiBreak)
		default:
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// wikiBreak is a break within a line. With the space no word can follow that makes it text.
const wikiBreak = `\\ `

const wikiPaired = "*_-+^~!"

// findDelimiters notes what a run could open and close.
func (w *wikiInlineWriter) findDelimiters(r inline) {
	for _, c := range wikiPaired {
		formatted := r.marks&^code != 0 && c != '!'
		w.opens[c] = w.opens[c] || formatted
		w.closes[c] = w.closes[c] || formatted
	}
	if !strings.ContainsAny(r.text, wikiPaired) {
		return
	}
	prev := rune(-1)
	for i, c := range r.text {
		if c < 128 && strings.ContainsRune(wikiPaired, c) {
			opens, closes := wikiPairs(prev, r.text[i:])
			w.opens[c] = w.opens[c] || opens
			w.closes[c] = w.closes[c] || closes
		}
		prev = c
	}
}

// wikiPairs says whether the delimiter that text begins with can open or close, behind prev. What
// stands beyond the run's ends is not known, so it may.
func wikiPairs(prev rune, text string) (opens, closes bool) {
	next, size := utf8.DecodeRuneInString(text[1:])
	opens = (prev < 0 || !isWordRune(prev)) && (size == 0 || !isWikiSpace(next))
	closes = (size == 0 || !isWordRune(next)) && (prev < 0 || !isWikiSpace(prev))
	return opens, closes
}

// spans renders siblings that stand between two characters.
func (w *wikiInlineWriter) spans(spans []span, before, after rune) string {
	texts := make([]string, len(spans))
	marks := make([]mark, len(spans))
	for i, s := range spans {
		switch {
		case !s.wraps && s.leaf.kind == textInline && s.leaf.marks&code != 0:
			texts[i], marks[i] = w.bars(escapeWikiCode(strings.Trim(s.leaf.text, blanks))), code
		case !s.wraps:
			texts[i] = w.leaf(s.leaf)
		case s.mark == 0:
			texts[i] = w.linked(s)
		default:
			texts[i], marks[i] = w.spans(s.children, '*', '*'), s.mark
		}
	}
	var out strings.Builder
	for i, text := range texts {
		image := !spans[i].wraps && spans[i].leaf.kind == imageInline
		if marks[i] == 0 && !image || text == "" {
			out.WriteString(text)
			continue
		}
		prev, next := before, after
		if out.Len() > 0 {
			prev, _ = utf8.DecodeLastRuneInString(out.String())
		}
		if i < len(texts)-1 && texts[i+1] != "" {
			next, _ = utf8.DecodeRuneInString(texts[i+1])
		}
		if image {
			out.WriteString(apartFromWords(text, prev, next))
			continue
		}
		out.WriteString(wikiFormatted(marks[i], text, prev, next))
	}
	return out.String()
}

// wikiFormatted puts delimiters around text; in braces where they touch a word.
func wikiFormatted(m mark, text string, before, after rune) string {
	inWord := touchesWord(before, after)
	if m == code {
		if inWord || before == '{' || after == '}' {
			return "{{{}" + text + "{}}}"
		}
		return "{{" + text + "}}"
	}
	cited, ok := strings.CutPrefix(text, citationDash)
	if ok && m == em && !inWord && !strings.ContainsAny(cited, "?\n") && cited != "" {
		return "??" + cited + "??"
	}
	d := string(wikiDelimiter(m))
	lines := strings.Split(text, "\n")
	for i, line := range lines { // a format does not reach over a line end
		if line == "" {
			continue
		}
		prev, next := ' ', ' '
		if i == 0 {
			prev = before
		}
		if i == len(lines)-1 {
			next = after
		}
		lines[i] = delimited(d, line, prev, next)
	}
	return strings.Join(lines, "\n")
}

func delimited(d, line string, before, after rune) string {
	first, _ := utf8.DecodeRuneInString(line)
	last, _ := utf8.DecodeLastRuneInString(line)
	if touchesWord(before, after) || last == '\\' || strings.ContainsAny(d, string([]rune{before, after, first, last})) {
		d = "{" + d + "}"
	}
	return d + line + d
}

// touchesWord says whether a word stands beside a format. Atlassian's converter to ADF takes every
// character beyond ASCII for one of a word.
func touchesWord(before, after rune) bool {
	return isWordRune(before) || isWordRune(after) || before >= utf8.RuneSelf || after >= utf8.RuneSelf
}

// apartFromWords puts spaces around an image where words touch it, for Jira would not see it.
func apartFromWords(image string, before, after rune) string {
	if image[0] == '!' && isWordRune(before) {
		image = " " + image
	}
	if strings.HasSuffix(image, "!") && isWordRune(after) {
		image += " "
	}
	return image
}

// wikiDelimiter is the character around text of a format.
func wikiDelimiter(m mark) byte {
	for c, delimiter := range wikiDelimiters {
		if delimiter == m {
			return c
		}
	}
	return ' '
}

func (w *wikiInlineWriter) leaf(in inline) string {
	switch in.kind {
	case breakInline:
		return "\n"
	case imageInline:
		return wikiImage(in, w.inLink)
	case objectInline:
		return w.object(in)
	}
	return w.escape(in.text)
}

func (w *wikiInlineWriter) linked(s span) string {
	target := s.link.href
	name, isFile := strings.CutPrefix(target, schemeAttachment+":")
	name = unescapePath(name)
	if isFile && strings.ContainsAny(name, wikiTargetEnds) || !isFile && !isWebLink(target) {
		return w.spans(s.children, ' ', ' ')
	}
	escaped := wikiTargetEscaper.Replace(target)
	if isFile { // by its name as it is, which may have spaces
		escaped = "^" + name
	}
	if target == escaped && len(s.children) == 1 && !s.children[0].wraps && s.children[0].leaf.text == wikiLinkText(s.link.href) && s.children[0].leaf.marks == 0 {
		return "[" + target + "]"
	}
	inner := *w
	inner.inLink = true
	text := inner.spans(s.children, ' ', ' ')
	return "[" + oneLine(text) + "|" + escaped + "]"
}

// wikiTargetEnds are the characters that a target ends at, or that mean something in it.
const wikiTargetEnds = "|\\[]{}\n"

var wikiTargetEscaper = strings.NewReplacer("|", "%7C", `\`, "%5C", "]", "%5D", "[", "%5B", "\n", "%0A", " ", "%20", "{", "%7B", "}", "%7D")

// wikiImage spells an image; in a link without its description, whose bar would end the link.
func wikiImage(in inline, inLink bool) string {
	target := in.target
	if address, ok := webImage(target); ok {
		target = address
	}
	if name, ok := attachmentName(target); ok && strings.Contains(name, ".") && !strings.ContainsAny(name, `[]{}\`) && isWikiImageName(name) {
		target = name
	} else if !isWebImage(target) || strings.ContainsAny(target, ` []{}\`) {
		text := in.text
		if text == "" {
			text = in.target
		}
		return (&wikiInlineWriter{}).escape(text)
	}
	target = strings.NewReplacer("!", "%21", "|", "%7C", "\n", "").Replace(target)
	alt := wikiArgText(strings.NewReplacer("!", "", ",", " ", `"`, "", `\`, "", "[", "", "]", "").Replace(in.text))
	if alt == "" || alt == target || inLink {
		return "!" + target + "!"
	}
	return "!" + target + `|alt="` + alt + `"!`
}

// object writes what an object scheme stands for; what Jira does not have becomes its text.
func (w *wikiInlineWriter) object(in inline) string {
	scheme, rest := splitScheme(in.target)
	if address, ok := cardURL(in.target); ok {
		return w.linked(span{link: link{href: address}, children: []span{{leaf: inline{text: in.text}}}})
	}
	id := objectID(rest)
	if id == "" || strings.ContainsAny(id, "|[]\n") {
		return w.escape(in.text)
	}
	switch scheme {
	case schemeMention:
		return "[~accountid:" + id + "]"
	case schemeUser:
		return "[~" + id + "]"
	default:
		return w.escape(in.text)
	}
}

// escape puts backslashes before the characters that Jira would take as markup where they stand.
func (w *wikiInlineWriter) escape(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 8)
	prev := rune(-1)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if n := wikiURL(text[i:]); n > 0 && !w.inLink && (prev < 0 || !isWordRune(prev)) {
			n = wikiAddress(&b, text[i:i+n])
			prev = rune(text[i+n-1])
			i += n
			continue
		}
		if r >= utf8.RuneSelf && !isWordRune(r) {
			if spelling, n := wikiIcon(prev, text[i:]); n > 0 {
				b.WriteString(spelling)
				prev = ')'
				i += n
				continue
			}
		}
		switch {
		case r == '\n':
			b.WriteByte(' ')
		case r == '\\':
			size = len(text[i:]) - len(strings.TrimLeft(text[i:], `\`))
			b.WriteString(wikiBackslashes(size, text[i+size:]))
		case r == '&' && characterReference(text[i:]) != "":
			b.WriteString("&amp;")
		case r == '|' && w.cell:
			b.WriteString(wikiBar)
		case w.needsEscape(prev, text[i:]):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		prev = r
		i += size
	}
	return b.String()
}

// wikiBar is a bar in a cell, where not every renderer heeds a backslash before it.
const wikiBar = "&#124;"

func (w *wikiInlineWriter) bars(text string) string {
	if !w.cell {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, `\|`, "|"), "|", wikiBar)
}

// wikiBackslashes spells n backslashes before rest so that they neither escape nor break a line. Two do
// not break one when the word has a single one behind them that is itself spelled as it is.
func wikiBackslashes(n int, rest string) string {
	breaks := n == 2
	if at := strings.IndexAny(rest, " \t\\"); at >= 0 && rest[at] == '\\' && !strings.HasPrefix(rest[at:], `\\`) && staysBackslash(rest[at+1:]) {
		breaks = false
	}
	if breaks || !staysBackslash(rest) {
		return strings.Repeat("&#92;", n)
	}
	return strings.Repeat(`\`, n)
}

// staysBackslash says whether a backslash before rest escapes nothing.
func staysBackslash(rest string) bool {
	return rest != "" && strings.IndexByte(wikiSpecial, rest[0]) < 0 && rest[0] != '&'
}

// wikiAddress writes an address in text and says how much of it. Jira links it; where Markdown does not,
// its colon is spelled so that Jira does not either, and what follows is text like any other.
func wikiAddress(b *strings.Builder, url string) int {
	colon := strings.IndexByte(url, ':')
	b.WriteString(url[:colon] + "&#58;")
	return colon + 1
}

// needsEscape says whether the character that text begins with, behind prev, would be markup.
func (w *wikiInlineWriter) needsEscape(prev rune, text string) bool {
	next, _ := utf8.DecodeRuneInString(text[1:])
	switch r := rune(text[0]); r {
	case '*', '_', '-', '+', '^', '~', '!':
		if r == '-' && (prev < 0 || isWikiSpace(prev)) && isWikiDash(text) {
			return true
		}
		opens, closes := wikiPairs(prev, text)
		return opens && w.closes[r] || closes && w.opens[r]
	case '{', '}', '[', ']':
		return true
	case '|':
		return w.inLink && !w.cell
	case '?':
		return next == '?' || prev == '?'
	case '(':
		return isWikiIcon(text[1:])
	default:
		return false
	}
}

// isWikiDash says whether text begins with two or three hyphens before a space or its end.
func isWikiDash(text string) bool {
	after := strings.TrimLeft(text, "-")
	run := len(text) - len(after)
	return (run == 2 || run == 3) && (after == "" || isWikiSpace(rune(after[0])))
}

// wikiIcon is the spelling of the icon that text begins with, and the icon's length; Jira knows none
// that touches a word.
func wikiIcon(prev rune, text string) (string, int) {
	for spelling, icon := range wikiIcons {
		rest, ok := strings.CutPrefix(text, icon)
		next, size := utf8.DecodeRuneInString(rest)
		if ok && (prev < 0 || !isWordRune(prev)) && (size == 0 || !isWordRune(next)) {
			return spelling, len(icon)
		}
	}
	return "", 0
}

// isWikiIcon says whether what follows an opening parenthesis makes it an icon, as in (x) or (/).
func isWikiIcon(rest string) bool {
	name, _, ok := strings.Cut(rest[:min(len(rest), 10)], ")")
	switch name {
	case "/", "x", "!", "?", "+", "-", "i", "y", "n", "on", "off", "*", "*r", "*g", "*b", "*y", "flag", "flagoff":
		return ok
	default:
		return false
	}
}

// escapeWikiCode escapes text between {{ and }}, where Jira reads markup all the same.
func escapeWikiCode(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			n := len(text[i:]) - len(strings.TrimLeft(text[i:], `\`))
			b.WriteString(wikiBackslashes(n, text[i+n:]))
			i += n - 1
		case c == '&' && characterReference(text[i:]) != "":
			b.WriteString("&amp;")
		case strings.IndexByte("*_-+^~{}[]!|?(", c) >= 0 && needsCodeEscape(text, i):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// needsCodeEscape leaves the characters alone that stand within a word, as in snake_case.
func needsCodeEscape(text string, i int) bool {
	inWord := i > 0 && i < len(text)-1 && isWordRune(rune(text[i-1])) && isWordRune(rune(text[i+1]))
	return !inWord || strings.IndexByte("{}[]|!", text[i]) >= 0
}

// escapeWikiStart keeps a line of text from opening a block.
func escapeWikiStart(line string) string {
	switch {
	case line == "":
		return line
	case wikiHeadingLevel(line) > 0:
		return line[:2] + "&#46;" + line[3:]
	case strings.HasPrefix(line, "bq.") && len(line) > len("bq."):
		return "bq&#46;" + line[3:]
	case line[0] == '|', len(line) >= 4 && strings.Trim(line, "-") == "":
		return `\` + line
	}
	if _, _, ok := cutWikiMarker(line); ok {
		if line[0] != '#' && line[1] == '#' { // the first opens a format, or it would have been escaped
			return line[:1] + `\` + line[1:]
		}
		return `\` + line
	}
	return line
}
