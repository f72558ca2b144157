package markup

import (
	"bytes"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// htmlMarks are the HTML elements that stand for formats Markdown lacks, and those that
// writeMarkdown falls back to where Markdown's own delimiters would not be recognised.
var htmlMarks = map[string]mark{
	"u": underline, "sub": sub, "sup": sup, "strong": strong, "em": em, "del": strike,
}

// inlineReader collects the runs of one block.
type inlineReader struct {
	markdownReader
	out  []inline
	tags mark // formats opened by HTML elements
}

// inlines reads the runs of a block, in the normal form of tidy.
func (r markdownReader) inlines(parent ast.Node) []inline {
	ir := inlineReader{markdownReader: r, out: r.mem.runs[:0]}
	ir.children(parent, 0, link{})
	r.mem.runs = ir.out
	return r.mem.inlines(r.mem.tidy())
}

// value is the text of a segment on one line, without a copy where the source has it so.
func (r markdownReader) value(s text.Segment) string {
	text := r.whole[s.Start:s.Stop]
	if !asItIs(s) {
		text = string(s.Value(r.source))
	}
	return strings.ReplaceAll(text, "\n", " ")
}

func (r *inlineReader) children(parent ast.Node, marks mark, to link) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			n = r.text(t, marks, to)
		} else {
			r.inline(n, marks, to)
		}
	}
}

func (r *inlineReader) inline(n ast.Node, marks mark, to link) {
	switch n := n.(type) {
	case *ast.String:
		r.run(string(n.Value), marks, to)
	case *emojiNode:
		r.run(n.text, marks, to)
	case *ast.CodeSpan:
		r.run(r.codeSpan(n), marks|code, to)
	case *ast.Emphasis:
		if n.Level == 2 {
			r.children(n, marks|strong, to)
		} else {
			r.children(n, marks|em, to)
		}
	case *east.Strikethrough:
		r.children(n, marks|strike, to)
	case *ast.Link:
		r.link(n, marks)
	case *ast.Image:
		r.out = append(r.out, inline{
			kind: imageInline, marks: marks | r.tags, link: to,
			text: r.plain(n), target: unescapeMarkdown(n.Destination), title: oneSpace(unescapeMarkdown(n.Title)),
		})
	case *ast.AutoLink:
		dest := string(n.URL(r.source))
		if n.AutoLinkType == ast.AutoLinkEmail {
			dest = "mailto:" + strings.TrimPrefix(dest, "mailto:")
		}
		r.run(string(n.Label(r.source)), marks, link{href: dest})
	case *ast.RawHTML:
		r.rawHTML(string(n.Segments.Value(r.source)), marks, to)
	}
}

func (r *inlineReader) run(text string, marks mark, to link) {
	if text != "" {
		r.out = append(r.out, inline{text: text, marks: marks | r.tags, link: to})
	}
}

// text reads n and the text right behind it in the source, and returns the last that it read. goldmark
// cuts text at line ends and at every character that could have been markup.
func (r *inlineReader) text(n *ast.Text, marks mark, to link) *ast.Text {
	at := n.Segment
	for next := behind(n); next != nil; next = behind(n) {
		n, at.Stop = next, next.Segment.Stop
	}
	soft := n.SoftLineBreak() && !n.HardLineBreak()
	if soft && asItIs(at) && bytes.HasPrefix(r.source[at.Stop:], []byte("\n")) {
		at.Stop++ // the line end is the space
		soft = false
	}
	value := r.value(at)
	if !n.IsRaw() {
		value = unescapeText(value)
	}
	r.run(value, marks, to)
	switch {
	case n.HardLineBreak():
		r.lineBreak(marks, to)
	case soft:
		r.run(" ", marks, to)
	}
	return n
}

// behind is the text that stands right behind n, on the same line or at the start of the next, or nil.
func behind(n *ast.Text) *ast.Text {
	next, ok := n.NextSibling().(*ast.Text)
	if !ok || n.HardLineBreak() || n.IsRaw() != next.IsRaw() || !asItIs(n.Segment) || !asItIs(next.Segment) {
		return nil
	}
	stop := n.Segment.Stop
	if n.SoftLineBreak() {
		stop++ // the line end
	}
	if next.Segment.Start != stop {
		return nil
	}
	return next
}

// asItIs says whether a segment is just the source between its ends.
func asItIs(s text.Segment) bool { return s.Padding == 0 && !s.ForceNewline }

func (r *inlineReader) lineBreak(marks mark, to link) {
	r.out = append(r.out, inline{kind: breakInline, marks: marks | r.tags, link: to})
}

func (r markdownReader) codeSpan(n *ast.CodeSpan) string {
	if only, ok := n.FirstChild().(*ast.Text); ok && n.ChildCount() == 1 {
		return r.value(only.Segment)
	}
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Value(r.source))
		case *ast.String:
			b.Write(c.Value)
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

func (r *inlineReader) link(n *ast.Link, marks mark) {
	dest := unescapeMarkdown(n.Destination)
	if !isObject(dest) {
		r.children(n, marks, link{href: dest, title: oneSpace(unescapeMarkdown(n.Title))})
		return
	}
	r.out = append(r.out, inline{
		kind: objectInline, marks: marks | r.tags, text: r.plain(n), target: dest,
	})
}

// plain is the text of n without any format. It descends into images within images itself: doing
// so through inlines would copy the innermost text once a level.
func (r markdownReader) plain(n ast.Node) string {
	if only, ok := n.FirstChild().(*ast.Text); ok && n.ChildCount() == 1 && !only.SoftLineBreak() && !only.HardLineBreak() {
		return unescapeText(r.value(only.Segment))
	}
	var b strings.Builder
	r.writePlain(&b, n)
	return b.String()
}

// plainNode is the text of n itself.
func (r markdownReader) plainNode(n ast.Node) string {
	var b strings.Builder
	r.writePlainNode(&b, n)
	return b.String()
}

func (r markdownReader) writePlain(b *strings.Builder, parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		r.writePlainNode(b, n)
	}
}

func (r markdownReader) writePlainNode(b *strings.Builder, n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		b.WriteString(unescapeMarkdown(n.Value(r.source)))
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte(' ')
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.AutoLink:
		b.Write(n.Label(r.source))
	case *ast.RawHTML:
		b.Write(n.Segments.Value(r.source))
	case *emojiNode:
		b.WriteString(n.text)
	case *ast.CodeSpan:
		b.WriteString(r.codeSpan(n))
	default:
		r.writePlain(b, n)
	}
}

// rawHTML takes the few elements of the dialect as what they mean and all others as text.
func (r *inlineReader) rawHTML(raw string, marks mark, to link) {
	name := strings.TrimSuffix(strings.TrimPrefix(raw, "<"), ">")
	name = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(name), "/"))
	if name == "br" {
		r.lineBreak(marks, to)
		return
	}
	if m, ok := htmlMarks[name]; ok {
		r.tags |= m
		return
	}
	if m, ok := htmlMarks[strings.TrimPrefix(name, "/")]; ok && r.tags&m != 0 {
		r.tags &^= m
		return
	}
	r.run(strings.ReplaceAll(raw, "\n", " "), marks, to)
}

// unescapeMarkdown resolves backslash escapes and character references in one pass, so that
// neither can make the other.
// https://spec.commonmark.org/0.31.2/#backslash-escapes
func unescapeMarkdown(raw []byte) string { return unescapeText(string(raw)) }

func unescapeText(s string) string {
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			ref := characterReference(s[i:])
			if ref == "" {
				b.WriteByte('&')
				continue
			}
			b.WriteString(html.UnescapeString(ref))
			i += len(ref) - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return Clean(b.String())
}

// characterReference is the character reference at the start of s, with its semicolon, or "".
func characterReference(s string) string {
	const longest = len("&CounterClockwiseContourIntegral;")
	end := strings.IndexByte(s[:min(len(s), longest)], ';')
	if end < 2 {
		return ""
	}
	ref := s[:end+1]
	if s[1] == '#' {
		if !isNumericReference(s[2:end]) {
			return ""
		}
		return ref
	}
	for _, c := range []byte(s[1:end]) {
		if !util.IsAlphaNumeric(c) {
			return ""
		}
	}
	if resolved := html.UnescapeString(ref); strings.HasSuffix(resolved, ";") && resolved != ";" {
		return "" // not a name, or one that HTML knows only without the semicolon
	}
	return ref
}

// isNumericReference says whether digits is what CommonMark allows between &# and a semicolon.
// https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
func isNumericReference(digits string) bool {
	const decimals, hexadecimals = 7, 6
	if digits != "" && digits[0]|0x20 == 'x' {
		digits = digits[1:]
		return digits != "" && len(digits) <= hexadecimals && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
	}
	return digits != "" && len(digits) <= decimals && strings.Trim(digits, "0123456789") == ""
}
