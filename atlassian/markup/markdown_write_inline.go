package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// inlineContext says where inlines are written.
type inlineContext struct {
	oneLine bool // in a heading or a table, where a line end would end the block
	cell    bool // in a table, where | ends the cell
	joined  bool // more follows in the same paragraph, with which delimiters could pair
}

// inlineWriter spells the inlines of one block.
type inlineWriter struct {
	inlineContext
	inLink    bool
	formatted bool // some run has a format or a link, whose delimiters text could pair with
	count     counts
}

func writeInlines(in []inline, ctx inlineContext) string {
	w := inlineWriter{inlineContext: ctx, formatted: ctx.joined}
	in = tidy(in)
	for _, r := range in {
		if r.marks != 0 || r.link != (link{}) || r.kind == objectInline || r.kind == imageInline {
			w.formatted = true
		}
		w.count.add(r.text)
	}
	text := w.spans(nest(in), ' ')
	if ctx.oneLine {
		return text
	}
	return escapeLineStarts(text)
}

// piece is a rendered span; mark says which delimiters it still needs.
type piece struct {
	text string
	mark mark
}

// spans renders siblings between two characters like edge.
func (w *inlineWriter) spans(spans []span, edge rune) string {
	pieces := make([]piece, 0, len(spans))
	for i, s := range spans {
		switch {
		case !s.wraps:
			before, after := edge, edge
			if i > 0 {
				before = '*'
			}
			if i < len(spans)-1 {
				after = '*'
			}
			pieces = append(pieces, piece{text: w.leaf(s.leaf, before, after)})
		case s.mark == 0:
			pieces = append(pieces, piece{text: w.linked(s)})
		default:
			pieces = append(pieces, piece{w.spans(s.children, delimiterEdge(s.mark)), s.mark})
		}
	}
	var out strings.Builder
	for i, p := range pieces {
		if p.mark == 0 || p.text == "" {
			out.WriteString(p.text)
			continue
		}
		before, after := edge, edge
		if out.Len() > 0 {
			before, _ = utf8.DecodeLastRuneInString(out.String())
		}
		if i < len(pieces)-1 {
			after = '*'
			if next := pieces[i+1]; next.mark == 0 && next.text != "" {
				after, _ = utf8.DecodeRuneInString(next.text)
			}
		}
		open, closing := delimiters(p.mark, before, p.text, after)
		out.WriteString(open + p.text + closing)
	}
	return out.String()
}

// delimiterEdge is the character that content of a format most likely stands next to.
func delimiterEdge(m mark) rune {
	switch m {
	case strong, em:
		return '*'
	case strike:
		return '~'
	default:
		return '>'
	}
}

// delimiters chooses a spelling of a format that is recognised between before and after, by
// CommonMark's rules for left- and right-flanking runs; HTML where there is none.
// https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis
func delimiters(m mark, before rune, content string, after rune) (open, closing string) {
	var choices []string
	switch m {
	case strong:
		choices = []string{"**", "__"}
	case em:
		choices = []string{"*", "_"}
	case strike:
		choices = []string{"~~"}
	}
	first, _ := utf8.DecodeRuneInString(content)
	last, _ := utf8.DecodeLastRuneInString(content)
	for _, d := range choices {
		c := rune(d[0])
		if before == c || first == c || last == c || after == c {
			continue // two runs of one character in a row read as one longer run
		}
		opens := isWordRune(first) || !isWordRune(before)
		closes := isWordRune(last) || !isWordRune(after)
		inWord := isWordRune(before) || isWordRune(after)
		if opens && closes && (c != '_' || !inWord) {
			return d, d
		}
	}
	for name, h := range htmlMarks {
		if h == m {
			return "<" + name + ">", "</" + name + ">"
		}
	}
	return "", ""
}

// isWordRune says whether CommonMark takes r as neither white space nor punctuation.
func isWordRune(r rune) bool { return !unicode.IsSpace(r) && !util.IsPunctRune(r) }

func (w *inlineWriter) leaf(in inline, before, after rune) string {
	switch in.kind {
	case breakInline:
		if w.oneLine {
			return "<br>"
		}
		return "\\\n"
	case imageInline:
		return "!" + w.bracketed(in.text) + "(" + w.destination(in.target) + w.linkTitle(in.title) + ")"
	case objectInline:
		return w.bracketed(in.text) + "(" + w.destination(in.target) + ")"
	}
	if in.marks&code != 0 {
		return w.codeSpan(in.text)
	}
	return w.escape(in.text, before, after)
}

// bracketed is text as the label of a link or image.
func (w *inlineWriter) bracketed(text string) string {
	inner := *w
	inner.inLink, inner.formatted = true, true
	return "[" + inner.escape(text, '[', ']') + "]"
}

func (w *inlineWriter) linked(s span) string {
	if auto, ok := w.autolink(s); ok {
		return auto
	}
	inner := *w
	inner.inLink = true
	dest := w.destination(s.link.href) + w.linkTitle(s.link.title)
	return "[" + inner.spans(s.children, '[') + "](" + dest + ")"
}

// linkTitle spells the title of a link or image, with a space before it.
func (w *inlineWriter) linkTitle(title string) string {
	if title == "" {
		return ""
	}
	return ` "` + escapeReferences(titleEscaper.Replace(w.pipes(title))) + `"`
}

// The title ends at a quote; a line end in it could be a blank line, which ends the paragraph.
var titleEscaper = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", " ")

// autolink spells a link whose text is its address as <address>.
func (w *inlineWriter) autolink(s span) (string, bool) {
	href := s.link.href
	if len(s.children) != 1 || s.children[0].wraps || s.link.title != "" || strings.ContainsAny(href, " <>|\\\n\t") {
		return "", false
	}
	leaf := s.children[0].leaf
	if leaf.kind != textInline || leaf.marks&code != 0 {
		return "", false
	}
	scheme, rest := splitScheme(href)
	if (scheme == "http" || scheme == "https") && leaf.text == href {
		return "<" + href + ">", true
	}
	if scheme == "mailto" && leaf.text == rest && isPlainAddress(rest) {
		return "<" + rest + ">", true
	}
	return "", false
}

// isPlainAddress recognises the mail addresses that need no thought.
func isPlainAddress(s string) bool {
	name, domain, ok := strings.Cut(s, "@")
	for _, r := range name + domain {
		if !isAlphanumeric(r) && !strings.ContainsRune("._-", r) {
			return false
		}
	}
	return ok && name != "" && util.IsAlphaNumeric(domain[0]) && !strings.Contains(domain, "_") &&
		util.IsAlphaNumeric(domain[len(domain)-1]) && !strings.Contains(domain, "..") &&
		!strings.Contains(domain, "-.") && !strings.Contains(domain, ".-")
}

var angleEscaper = strings.NewReplacer("<", `\<`, ">", `\>`, `\`, `\\`, "\n", "%0A")

// escapeReferences keeps text from holding a character reference, such as &copy; in ?a=1&copy;.
func escapeReferences(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '&' && characterReference(s[i:]) != "" {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// destination spells where a link leads.
func (w *inlineWriter) destination(dest string) string {
	dest = w.pipes(dest)
	if dest != "" && !strings.ContainsFunc(dest, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("()<>\\|", r)
	}) {
		return escapeReferences(dest)
	}
	return "<" + escapeReferences(angleEscaper.Replace(dest)) + ">"
}

// pipes makes text safe to stand in a table's cell, where no escape keeps a | in a destination
// from ending the cell in every parser.
func (w *inlineWriter) pipes(s string) string {
	if w.cell {
		return strings.ReplaceAll(s, "|", "%7C")
	}
	return s
}

// codeSpan delimits code by more backticks than it has in a row.
func (w *inlineWriter) codeSpan(text string) string {
	text = strings.ReplaceAll(text, "\n", " ")
	if w.cell {
		text = strings.ReplaceAll(text, "|", `\|`)
	}
	if text == "" {
		return ""
	}
	fence := "`"
	if strings.Contains(text, "`") {
		fence = strings.Repeat("`", longestRun(text, '`')+1)
	}
	edges := text[0] == '`' || text[len(text)-1] == '`'
	spaces := text[0] == ' ' && text[len(text)-1] == ' ' && strings.Trim(text, " \t") != ""
	if edges || spaces {
		text = " " + text + " "
	}
	return fence + text + fence
}
