package markup

import (
	"strings"
	"unicode/utf8"
)

// wikiInlineWriter spells the inlines of one block.
type wikiInlineWriter struct {
	cell   bool // on one line of a table or heading, where line starts mean nothing
	inLink bool
	count  counts
}

func writeWikiInlines(in []inline, cell bool) string {
	w := wikiInlineWriter{cell: cell}
	in = tidy(in)
	for _, r := range in {
		if r.marks != 0 {
			w.count.add("**__--++^^~~")
		}
		w.count.add(r.text)
	}
	text := w.spans(nest(in), ' ', ' ')
	if cell {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = escapeWikiStart(strings.TrimLeft(line, " \t"))
	}
	return strings.Join(lines, "\n")
}

// spans renders siblings that stand between two characters.
func (w *wikiInlineWriter) spans(spans []span, before, after rune) string {
	texts := make([]string, len(spans))
	for i, s := range spans {
		switch {
		case !s.wraps:
			texts[i] = w.leaf(s.leaf)
		case s.mark == 0:
			texts[i] = w.linked(s)
		default:
			texts[i] = w.spans(s.children, '*', '*')
		}
	}
	var out strings.Builder
	for i, text := range texts {
		s := spans[i]
		if !s.wraps || s.mark == 0 || text == "" {
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
		out.WriteString(wikiFormatted(s.mark, text, prev, next))
	}
	return out.String()
}

// wikiFormatted puts delimiters around text; in braces where they touch a word.
func wikiFormatted(m mark, text string, before, after rune) string {
	for c, delimiter := range wikiDelimiters {
		if delimiter != m {
			continue
		}
		d := string(c)
		first, _ := utf8.DecodeRuneInString(text)
		last, _ := utf8.DecodeLastRuneInString(text)
		if isWordRune(before) || isWordRune(after) || before == rune(c) || after == rune(c) || first == rune(c) || last == rune(c) || last == '\\' {
			d = "{" + d + "}"
		}
		// A format does not reach over a line end.
		return d + strings.ReplaceAll(text, "\n", d+"\n"+d) + d
	}
	return text
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
	if in.marks&code != 0 {
		if strings.Trim(in.text, blanks) == "" {
			return ""
		}
		return "{{" + escapeWikiCode(in.text) + "}}"
	}
	return w.escape(in.text)
}

func (w *wikiInlineWriter) linked(s span) string {
	target := s.link.href
	if name, ok := strings.CutPrefix(target, schemeAttachment+":"); ok {
		target = "^" + unescapePath(name)
	} else if !isWebLink(target) {
		return w.spans(s.children, ' ', ' ')
	}
	target = wikiTargetEscaper.Replace(target)
	_, bare := wikiLink("", target, false)
	if bare && len(s.children) == 1 && !s.children[0].wraps && s.children[0].leaf.text == wikiLinkText(s.link.href) && s.children[0].leaf.marks == 0 {
		return "[" + target + "]"
	}
	inner := *w
	inner.inLink = true
	text := inner.spans(s.children, ' ', ' ')
	return "[" + oneLine(text) + "|" + target + "]"
}

// A target ends at a bar or a bracket.
var wikiTargetEscaper = strings.NewReplacer("|", "%7C", `\`, "%5C", "]", "%5D", "[", "%5B", "\n", "%0A", " ", "%20", "{", "%7B", "}", "%7D")

// wikiImage spells an image; in a link without its description, whose bar would end the link.
func wikiImage(in inline, inLink bool) string {
	target := in.target
	if name, ok := attachmentName(target); ok && strings.Contains(name, ".") && !strings.ContainsAny(name, " []{}") {
		target = name
	} else if !isWebImage(target) || strings.ContainsAny(target, " []{}") {
		return (&wikiInlineWriter{}).escape(in.text)
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
	id := unescapePath(rest)
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
	prev := ' '
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		rest := text[i+size:]
		if n := wikiURL(text[i:]); n > 0 && (r == 'h' || r == 'f' || r == 'm') && !isWordRune(prev) {
			n = w.address(&b, text[i:i+n])
			prev = rune(text[i+n-1])
			i += n
			continue
		}
		next := ' '
		if rest != "" {
			next, _ = utf8.DecodeRuneInString(rest)
		}
		switch {
		case r == '\n':
			b.WriteByte(' ')
		case r == '\\' && (next == '\\' || prev == '\\' || rest == "" || strings.ContainsRune(wikiSpecial, next)):
			b.WriteString("&#92;")
		case w.needsEscape(prev, next, text[i:], i == 0):
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

// address writes an address in text and says how much of it. Jira links it; where Markdown does not,
// its colon is spelled so that Jira does not either, and what follows is text like any other.
func (w *wikiInlineWriter) address(b *strings.Builder, url string) int {
	if w.inLink {
		b.WriteString(url)
		return len(url)
	}
	colon := strings.IndexByte(url, ':')
	b.WriteString(url[:colon] + "&#58;")
	return colon + 1
}

// needsEscape says whether the character that text begins with, between prev and next, would be
// markup. At the edge of a run what follows or precedes is not known, so it counts as markup.
func (w *wikiInlineWriter) needsEscape(prev, next rune, text string, first bool) bool {
	switch r := rune(text[0]); r {
	case '*', '_', '-', '+', '^', '~':
		if w.count[r] < 2 || next == r || prev == r && !first {
			return false
		}
		opens := !isWordRune(prev) && next != ' '
		closes := prev != ' ' && !isWordRune(next)
		return opens || closes || first || len(text) == 1
	case '{', '}', '[', ']':
		return true
	case '!':
		return w.count[r] > 1 && (isWordRune(next) || isWordRune(prev))
	case '|':
		return w.cell || w.inLink
	case '?':
		return next == '?' || prev == '?'
	case '&':
		return characterReference(text) != ""
	case '(':
		return isWikiIcon(text[1:])
	default:
		return false
	}
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
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '\\':
			b.WriteString("&#92;")
		case c == '}' && i == len(text)-1: // three braces in a row end the code at the first two
			b.WriteString("&#125;")
		case c == '&' && characterReference(text[i:]) != "", strings.IndexByte("*_-+^~{}[]!|?(", c) >= 0 && needsCodeEscape(text, i):
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
	case strings.HasPrefix(line, "bq. "):
		return "bq&#46;" + line[3:]
	case line[0] == '|', len(line) >= 4 && strings.Trim(line, "-") == "":
		return `\` + line
	}
	if _, _, ok := cutWikiMarker(line); ok {
		return `\` + line
	}
	return line
}
