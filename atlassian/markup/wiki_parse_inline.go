package markup

import (
	"html"
	"slices"
	"strings"
	"unicode/utf8"
)

// wikiDelimiters are the characters around formatted text.
var wikiDelimiters = map[byte]mark{
	'*': strong, '_': em, '-': strike, '+': underline, '^': sup, '~': sub,
}

// wikiInlineParser reads the inlines of one line in one pass: a format is put on the runs between
// its delimiters when the second one is found; a delimiter without a partner stays text.
type wikiInlineParser struct {
	source string
	pos    int
	text   strings.Builder // text not yet a run
	out    []inline
	open   []wikiOpen
	inLink bool    // in the text of a link, where addresses are text
	absent [2]bool // no }} follows, no {}}} follows
}

// wikiOpen is an opening delimiter without a partner so far.
type wikiOpen struct {
	mark mark
	at   int // its own run in out
}

func parseWikiInlines(source string) []inline {
	return (&wikiInlineParser{source: source}).all()
}

func (p *wikiInlineParser) all() []inline {
	for p.pos < len(p.source) {
		if !p.special() {
			p.text.WriteByte(p.source[p.pos])
			p.pos++
		}
	}
	p.flush()
	return joinRuns(p.out)
}

func (p *wikiInlineParser) flush() {
	if p.text.Len() > 0 {
		p.out = append(p.out, inline{text: Clean(p.text.String())})
		p.text.Reset()
	}
}

func (p *wikiInlineParser) emit(in inline, length int) {
	p.flush()
	p.out = append(p.out, in)
	p.pos += length
}

// special reads markup at the current position, if there is any.
func (p *wikiInlineParser) special() bool {
	rest := p.source[p.pos:]
	switch c := rest[0]; c {
	case '\\':
		return p.backslash(rest)
	case '&':
		if ref := characterReference(rest); ref != "" {
			p.text.WriteString(html.UnescapeString(ref))
			p.pos += len(ref)
			return true
		}
	case '[':
		return p.link(rest)
	case '!':
		return p.image(rest)
	case '{':
		return p.braces(rest)
	case '?':
		return p.citation(rest)
	case '(':
		return p.icon(rest)
	case 'h', 'f', 'm':
		if n := wikiURL(rest); n > 0 && !p.inLink && !isWordRune(p.before()) {
			p.emit(inline{text: rest[:n], link: link{href: rest[:n]}}, n)
			return true
		}
	case '-':
		return p.dashes(rest) || p.delimiter(rest, strike)
	case '*', '_', '+', '^', '~':
		return p.delimiter(rest, wikiDelimiters[c])
	}
	return false
}

// backslash reads \\ as a line break and \x as the character x. As in Jira, the two are text where
// another backslash follows before the next space, as in \\server\share.
func (p *wikiInlineParser) backslash(rest string) bool {
	run := len(rest) - len(strings.TrimLeft(rest, `\`))
	if run > 1 {
		word := strings.IndexAny(rest[run:], " \t\n\\")
		if run > 2 || word >= 0 && rest[run+word] == '\\' {
			p.text.WriteString(rest[:run])
			p.pos += run
			return true
		}
		p.emit(inline{kind: breakInline}, 2)
		return true
	}
	if len(rest) > 1 && strings.IndexByte(wikiSpecial, rest[1]) >= 0 {
		p.text.WriteByte(rest[1])
		p.pos += 2
		return true
	}
	return false
}

// wikiSpecial are the characters that a backslash makes text.
const wikiSpecial = "-#*_+?^~|%{}[]()!@"

// dashes reads -- and --- between spaces as the dashes that Jira shows, and other runs of hyphens,
// as in --flag, as text.
func (p *wikiInlineParser) dashes(rest string) bool {
	run := len(rest) - len(strings.TrimLeft(rest, "-"))
	if run < 2 {
		return false
	}
	text := rest[:run]
	if run <= 3 && isWikiSpace(p.before()) && (len(rest) == run || isWikiSpace(rune(rest[run]))) {
		text = wikiDashes[run-2]
	}
	p.text.WriteString(text)
	p.pos += run
	return true
}

var wikiDashes = [...]string{"–", "—"}

// wikiIcons are the icons of Jira that are characters too.
var wikiIcons = map[string]string{
	"(/)": "✅", "(x)": "❌", "(!)": "⚠️", "(i)": "ℹ️", "(?)": "❓", "(+)": "➕", "(-)": "➖", "(*)": "⭐",
	"(y)": "👍", "(n)": "👎", "(on)": "💡", "(flag)": "🚩",
}

func (p *wikiInlineParser) icon(rest string) bool {
	end := strings.IndexByte(rest[:min(len(rest), len("(flag)"))], ')')
	if end < 0 || isWordRune(p.before()) {
		return false
	}
	icon, ok := wikiIcons[rest[:end+1]]
	after, _ := utf8.DecodeRuneInString(rest[end+1:])
	if !ok || end+1 < len(rest) && isWordRune(after) {
		return false
	}
	p.text.WriteString(icon)
	p.pos += end + 1
	return true
}

// before is the character before the current position, a space at the start.
func (p *wikiInlineParser) before() rune {
	if p.pos == 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(p.source[:p.pos])
	return r
}

// delimiter reads an emphasis character, by the rules of Jira's renderer: it opens when no word
// stands before it, and neither a space nor the same character behind it; it closes the other way
// round. Otherwise it is text, as in snake_case.
func (p *wikiInlineParser) delimiter(rest string, m mark) bool {
	before, after := p.before(), ' '
	if len(rest) > 1 {
		after, _ = utf8.DecodeRuneInString(rest[1:])
	}
	if wikiCloses(before, rune(rest[0]), after) && p.closeMark(m, false) {
		p.pos++
		return true
	}
	if !wikiOpens(before, rune(rest[0]), after) {
		return false
	}
	p.openMark(m, rest[:1], 1)
	return true
}

func wikiOpens(before, c, after rune) bool {
	return !isWordRune(before) && !isWikiSpace(after) && after != c
}

func wikiCloses(before, c, after rune) bool {
	return !isWordRune(after) && !isWikiSpace(before) && before != c
}

func isWikiSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\u00a0' }

func (p *wikiInlineParser) openMark(m mark, literal string, length int) {
	for _, o := range p.open {
		if o.mark == m {
			p.text.WriteString(literal)
			p.pos += length
			return
		}
	}
	p.emit(inline{text: literal}, length)
	p.open = append(p.open, wikiOpen{m, len(p.out) - 1})
}

// closeMark puts m on everything since it was opened. Delimiters opened in between are text.
func (p *wikiInlineParser) closeMark(m mark, citation bool) bool {
	for i, v := range slices.Backward(p.open) {
		if v.mark != m || (p.out[v.at].text == "??") != citation {
			continue
		}
		p.flush()
		at := v.at
		if at == len(p.out)-1 {
			return false // nothing in between
		}
		p.out[at].text = ""
		if citation {
			p.out[at] = inline{text: citationDash, marks: em}
		}
		for k := at + 1; k < len(p.out); k++ {
			p.out[k].marks |= m
		}
		p.open = p.open[:i]
		return true
	}
	return false
}

// braces reads {{code}}, {*}…{*}, {color}, {anchor} and macros that are not known.
func (p *wikiInlineParser) braces(rest string) bool {
	if strings.HasPrefix(rest, "{{") {
		if !p.code(rest, 1, "{{{}", "{}}}") && !p.code(rest, 0, "{{", "}}") {
			p.text.WriteString("{{")
			p.pos += 2
		}
		return true
	}
	tag, ok := parseWikiTag(rest)
	if !ok {
		return false
	}
	if m, isDelimiter := wikiDelimiters[tag.name[0]]; isDelimiter && tag.length == len("{*}") {
		if p.closeMark(m, false) {
			p.pos += tag.length
		} else {
			p.openMark(m, rest[:tag.length], tag.length)
		}
		return true
	}
	switch tag.name {
	case "color", "anchor":
		p.pos += tag.length // the text keeps its place and loses its colour
		return true
	}
	return false
}

// code reads code between two delimiters; the longer pair may stand within a word.
func (p *wikiInlineParser) code(rest string, pair int, opening, closing string) bool {
	body, ok := strings.CutPrefix(rest, opening)
	if !ok || p.absent[pair] {
		return false
	}
	end := strings.Index(body, closing)
	p.absent[pair] = end < 0
	if end < 1 {
		return false
	}
	for strings.HasPrefix(body[end+len(closing):], "}") { // {{x{y}}} is x{y}
		end++
	}
	p.emit(inline{text: unescapeWiki(body[:end]), marks: code}, len(opening)+end+len(closing))
	return true
}

// citation reads ??text??, before which Jira shows a dash.
func (p *wikiInlineParser) citation(rest string) bool {
	if !strings.HasPrefix(rest, "??") || strings.HasPrefix(rest, "???") {
		return false
	}
	if p.closeMark(em, true) {
		p.pos += 2
		return true
	}
	if isWordRune(p.before()) || len(rest) < 3 || isWikiSpace(rune(rest[2])) {
		return false
	}
	p.openMark(em, "??", 2)
	return true
}

// citationDash is what Jira shows before a citation.
const citationDash = "— "

// link reads [text|target], [target], [~user] and [^attachment].
func (p *wikiInlineParser) link(rest string) bool {
	end := wikiBracket(rest)
	if end < 2 {
		return false
	}
	body := rest[1:end]
	text, target, named := cutWikiBar(body)
	if !named {
		target = text
	}
	target, _, _ = strings.Cut(target, "|") // what follows is the tool tip
	named = named && (text != target || !strings.Contains(target, "://"))
	in, ok := wikiLink(text, strings.TrimSpace(target), named)
	if !ok {
		return false
	}
	p.flush()
	p.out = append(p.out, in...)
	p.pos += end + 1
	return true
}

// cutWikiBar cuts what stands in a link's brackets at its first bar without a backslash.
func cutWikiBar(s string) (text, target string, named bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '|':
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// wikiLinkText is what a link without a text of its own shows.
func wikiLinkText(href string) string {
	if scheme, rest := splitScheme(href); scheme == "mailto" {
		return rest
	}
	return href
}

// wikiBracket is the offset of the bracket that closes the one at the start of s, or -1. Brackets
// do not nest, so what follows an unclosed one is read once.
func wikiBracket(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ']':
			return i
		case '[', '\n':
			return -1
		}
	}
	return -1
}

// wikiLink is what stands in brackets, when that is something that can be linked to: text in
// brackets, such as [WIP], is not.
func wikiLink(text, target string, named bool) ([]inline, bool) {
	scheme, rest := splitScheme(target)
	mail := scheme == "mailto" && rest != ""
	switch {
	case strings.HasPrefix(target, "~"):
		name := strings.TrimPrefix(target, "~")
		if id, ok := strings.CutPrefix(name, "accountid:"); ok {
			return []inline{{kind: objectInline, text: "@" + id, target: schemeMention + ":" + escapeID(id)}}, name != ""
		}
		return []inline{{kind: objectInline, text: "@" + name, target: schemeUser + ":" + escapePath(name)}}, name != ""
	case strings.HasPrefix(target, "^") && len(target) > 1:
		name := target[1:]
		if !named {
			text = name
		}
		return []inline{{text: unescapeWiki(text), link: link{href: attachmentDest(name)}}}, true
	case named, wikiURL(target) > 0 && !strings.Contains(target, " "), mail, strings.HasPrefix(target, "#"):
		to := link{href: unescapeWiki(target)}
		var in []inline
		if !named {
			return []inline{{text: wikiLinkText(to.href), link: to}}, target != ""
		}
		for _, r := range (&wikiInlineParser{source: text, inLink: true}).all() {
			r.link = to
			in = append(in, r)
		}
		return in, target != "" && len(tidy(in)) > 0
	default:
		return nil, false
	}
}

// wikiURL is the length of the web address at the start of s, or 0.
func wikiURL(s string) int {
	for _, scheme := range []string{"https://", "http://", "ftp://", "mailto:"} {
		if !strings.HasPrefix(s, scheme) {
			continue
		}
		end := strings.IndexAny(s, " \t\n|]{}<>\"\\")
		if end < 0 {
			end = len(s)
		}
		if ref := strings.Index(s[:end], "&#"); ref >= 0 {
			end = ref
		}
		end = len(strings.TrimRight(s[:end], ".,;:!?')*_"))
		if end > len(scheme) {
			return end
		}
	}
	return 0
}

// image reads !name.png|thumbnail! and !https://…!.
func (p *wikiInlineParser) image(rest string) bool {
	end := wikiImageEnd(rest)
	if end == 0 || isWordRune(p.before()) {
		return false
	}
	name, args, _ := strings.Cut(rest[1:end], "|")
	target := name
	alt := wikiArg(strings.ReplaceAll(args, ",", "|"), "alt")
	if !isWebImage(name) {
		if !strings.Contains(name, ".") {
			return false
		}
		target = attachmentDest(name)
		if alt == "" {
			alt = name
		}
	}
	p.emit(inline{kind: imageInline, text: strings.Trim(alt, `"`), target: target}, end+1)
	return true
}

// wikiImageEnd is the offset of the mark that ends the image at the start of s, 0 when it is none.
func wikiImageEnd(s string) int {
	const longest = 1000
	bar := 0
	for i := 1; i < min(len(s), longest); i++ {
		switch s[i] {
		case '!':
			if bar == 0 {
				bar = i
			}
			if i < 4 || !isWikiImageName(s[1:bar]) {
				return 0
			}
			return i
		case '|':
			if i == 1 {
				return 0
			}
			if bar == 0 {
				bar = i
			}
		case '\n', '[', ']', '{', '}', '\\':
			return 0
		}
	}
	return 0
}

// isWikiImageName says whether what stands in !…! can be an image: one that has spaces must be a file
// name with an extension, so that exclamations are none.
func isWikiImageName(name string) bool {
	const longest = 5 // letters of an extension
	if !strings.Contains(name, " ") {
		return true
	}
	at := strings.LastIndexByte(name, '.') + 1
	extension := name[at:]
	return at > 0 && name[0] != ' ' && !isWebImage(name) && extension != "" && len(extension) <= longest &&
		!strings.ContainsFunc(extension, func(r rune) bool { return !isAlphanumeric(r) })
}

// unescapeWiki takes the backslashes and character references out of text without markup.
func unescapeWiki(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(wikiSpecial, s[i+1]) >= 0 {
			i++
		} else if ref := characterReference(s[i:]); s[i] == '&' && ref != "" {
			b.WriteString(html.UnescapeString(ref))
			i += len(ref) - 1
			continue
		}
		b.WriteByte(s[i])
	}
	return Clean(b.String())
}
