package markup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// Nobody but Confluence reads storage format, so what is written in it is compared with the HTML that
// goldmark makes of the same Markdown. Both are brought into an outline, which leaves out what
// Confluence shows alike:
//
//   - whether a paragraph that is alone in a list item or cell has an element of its own;
//   - how formats nest, as long as each word has the same ones, and those of white space;
//   - how much white space there is, and of which kind (Confluence's editors write non-breaking spaces
//     anywhere, so the reader takes them as spaces), and in which characters an address is
//     percent-encoded;
//   - elements without content: headings, paragraphs, quotes, formats and links around nothing, rows of
//     empty header cells, which Markdown demands and a reader of the page does not see, and links
//     without an address;
//   - a code block's last line end.

const (
	otherScheme = "the scheme is none of those known to be harmless: the text stays and is no link"
	noAlignment = "Confluence has no alignment of columns, only of paragraphs"
	dropped     = "goldmark takes the line of hyphens for the underline of a table and drops it"
)

// htmlDifferences are the examples whose outlines differ, and why.
var htmlDifferences = map[string]string{
	"Autolinks 596": otherScheme,
	"Autolinks 598": otherScheme,
	"Autolinks 599": otherScheme,
	"Autolinks 601": otherScheme,
	"table.txt 2":   noAlignment,
	"table.txt 11":  noAlignment,
	"table.txt 14":  dropped,
}

func TestStorageIsGoldmarksHTML(t *testing.T) {
	examples, err := specExamples()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range examples {
		want, got := htmlOutline(t, e.Markdown), storageOutline(t, ToStorage(e.Markdown))
		diff := cmp.Diff(got, want)
		reason := htmlDifferences[e.String()]
		switch {
		case diff == "" && reason != "":
			t.Errorf("%v: no longer differs, though listed: %s", e, reason)
		case diff != "" && reason == "":
			t.Errorf("%v: %q\n%s", e, e.Markdown, diff)
		}
		if a, b := outlineText(got), outlineText(want); a != b && reason != dropped {
			t.Errorf("%v: %q has the text %q, in HTML %q", e, e.Markdown, a, b)
		}
		seen[e.String()] = true
	}
	for name := range htmlDifferences {
		if !seen[name] {
			t.Errorf("%s: no such example", name)
		}
	}
	if most := len(examples) / 20; len(htmlDifferences) > most {
		t.Errorf("%d of %d examples differ, want at most %d", len(htmlDifferences), len(examples), most)
	}
	t.Logf("%d of %d examples differ", len(htmlDifferences), len(examples))
}

// asHTML is goldmark with its own parsers, and HTML as our dialect has it.
var asHTML = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(
	gmhtml.WithXHTML(), gmhtml.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(htmlAsText{}, 1))))

// htmlAsText renders HTML as text, but for the few elements that are markup in our dialect.
type htmlAsText struct{}

func (htmlAsText) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if block := n.(*ast.HTMLBlock); entering {
			raw := string(block.Lines().Value(source))
			if block.HasClosure() {
				raw += string(block.ClosureLine.Value(source))
			}
			lines := strings.ReplaceAll(html.EscapeString(strings.TrimSpace(raw)), "\n", "<br />")
			_, _ = w.WriteString("<p>" + lines + "</p>")
		}
		return ast.WalkContinue, nil
	})
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			raw := string(n.(*ast.RawHTML).Segments.Value(source))
			switch strings.Trim(raw, "<>/ ") {
			case "u", "sub", "sup", "strong", "em", "del", "br":
			default:
				raw = html.EscapeString(raw)
			}
			_, _ = w.WriteString(raw)
		}
		return ast.WalkContinue, nil
	})
}

func htmlOutline(t *testing.T, markdown string) []string {
	t.Helper()
	var b bytes.Buffer
	if err := asHTML.Convert([]byte(Clean(markdown)), &b); err != nil {
		t.Fatal(err)
	}
	return outlineOf(t, b.String())
}

func storageOutline(t *testing.T, page string) []string {
	t.Helper()
	checkWellFormed(t, page)
	return outlineOf(t, page)
}

// tag is an element of HTML or of storage format, or text without a name.
type tag struct {
	name, text string
	attrs      map[string]string
	children   []*tag
}

// outlineOf parses with its own few lines: a mistake of the reader under test must not hide one of the
// writer.
func outlineOf(t *testing.T, source string) []string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(source))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	stack := []*tag{{}}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, source)
		}
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &tag{name: qualified(token.Name), attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[qualified(a.Name)] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			if top.name != qualified(token.Name) {
				t.Fatalf("</%s> ends <%s>\n%s", qualified(token.Name), top.name, source)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.children = append(top.children, &tag{text: string(token)})
		}
	}
	o := outline{lines: []string{}}
	o.children(stack[0])
	o.flush()
	return o.lines
}

// outline is one line for each block, indented by what it is in.
type outline struct {
	lines  []string
	indent int

	text    strings.Builder // of the paragraph under way
	formats []string        // open here
	last    string          // formats of the character before
	space   bool            // white space before the next character
}

func (o *outline) line(format string, args ...any) {
	o.lines = append(o.lines, strings.Repeat("  ", o.indent)+fmt.Sprintf(format, args...))
}

// flush ends a paragraph.
func (o *outline) flush() { o.flushAs("p") }

func (o *outline) flushAs(name string) {
	if text := strings.Trim(o.text.String(), " ⏎"); text != "" {
		o.line("%s: %s", name, text)
	}
	o.text.Reset()
	o.last, o.space = "", false
}

// block is an element with blocks in it; one without content leaves nothing.
func (o *outline) block(name string, e *tag) {
	o.flush()
	o.line("%s", name)
	at := len(o.lines)
	o.indent++
	o.children(e)
	o.flush()
	o.indent--
	if len(o.lines) == at && (name == "blockquote" || name == "ul" || name == "table") {
		o.lines = o.lines[:at-1]
	}
}

func (o *outline) children(e *tag) {
	for _, c := range e.children {
		o.element(c)
	}
}

// show adds what is read, with the formats that apply to it.
func (o *outline) show(s string) {
	formats := slices.Clone(o.formats)
	slices.Sort(formats)
	now := strings.Join(slices.Compact(formats), " ")
	if o.space {
		o.text.WriteByte(' ')
	}
	if now != o.last {
		o.text.WriteString("{" + now + "}")
	}
	o.text.WriteString(s)
	o.last, o.space = now, false
}

func (o *outline) words(text string) {
	for _, c := range text {
		if unicode.IsSpace(c) {
			o.space = o.text.Len() > 0 && !strings.HasSuffix(o.text.String(), "⏎")
		} else {
			o.show(string(c))
		}
	}
}

func (o *outline) format(name string, e *tag) {
	o.formats = append(o.formats, name)
	o.children(e)
	o.formats = o.formats[:len(o.formats)-1]
}

// image shows an image as one thing. Its text is to be read, its address is not.
func (o *outline) image(src, alt, title string) {
	o.show(fmt.Sprintf("{img %s %q}%s", address(src), oneSpaced(title), oneSpaced(alt)))
}

func oneSpaced(s string) string { return strings.Join(strings.Fields(s), " ") }

func address(s string) string { return string(util.URLEscape([]byte(s), false)) }

// inlineElement adds e when it is one; false says that it is none.
func (o *outline) inlineElement(e *tag) bool {
	switch e.name {
	case "strong", "em", "del", "u", "sub", "sup", "code":
		o.format(e.name, e)
	case "br":
		o.space, o.last = false, ""
		o.text.WriteString("⏎")
	case "a":
		if e.attrs["href"] == "" {
			o.children(e)
			break
		}
		o.format(fmt.Sprintf("a %s %q", address(e.attrs["href"]), oneSpaced(e.attrs["title"])), e)
	case "img":
		o.image(e.attrs["src"], e.attrs["alt"], e.attrs["title"])
	case "ac:image":
		to := e.children[0].attrs
		o.image(to["ri:value"]+to["ri:filename"], e.attrs["ac:alt"], e.attrs["ac:title"])
	case "ac:link":
		to, href := e.children[0].attrs, "#"+e.attrs["ac:anchor"]
		switch e.children[0].name {
		case "ri:page":
			href = pageRef{to["ri:space-key"], to["ri:content-title"], e.attrs["ac:anchor"]}.dest()
		case "ri:attachment":
			href = attachmentDest(to["ri:filename"])
		}
		o.format(fmt.Sprintf("a %s %q", address(href), ""), e.children[len(e.children)-1])
	default:
		return false
	}
	return true
}

func (o *outline) element(e *tag) {
	if e.name == "" {
		o.words(e.text)
		return
	}
	if o.inlineElement(e) {
		return
	}
	switch e.name {
	case "p":
		o.flush()
		o.children(e)
		o.flush()
	case "h1", "h2", "h3", "h4", "h5", "h6":
		o.flush()
		o.children(e)
		o.flushAs(e.name)
	case "hr":
		o.flush()
		o.line("hr")
	case "pre":
		class, _ := strings.CutPrefix(e.children[0].attrs["class"], "language-")
		o.code(class, strings.TrimSuffix(allText(e), "\n"))
	case "ac:structured-macro":
		o.macro(e)
	case "ol":
		start, err := strconv.Atoi(e.attrs["start"])
		if err != nil {
			start = 1
		}
		o.block("ol "+strconv.Itoa(start), e)
	case "li", "ac:task":
		o.item(e)
	case "ul", "ac:task-list":
		o.block("ul", e)
	case "input":
	case "tr":
		o.row(e)
	case "td", "th":
		o.block(e.name+alignOf(e), e)
	case "thead", "tbody":
		o.children(e)
	default:
		o.block(e.name, e)
	}
}

// row leaves out a heading whose cells are empty.
func (o *outline) row(e *tag) {
	at := len(o.lines)
	o.block("tr", e)
	for _, line := range o.lines[at+1:] {
		if !strings.HasPrefix(strings.TrimSpace(line), "th") {
			return
		}
	}
	o.lines = o.lines[:at]
}

func alignOf(e *tag) string {
	_, align, _ := strings.Cut(e.attrs["style"], "text-align:")
	return strings.TrimRight(" "+strings.Trim(align, "; ")+e.attrs["align"], " ")
}

func (o *outline) code(language, text string) {
	o.flush()
	o.line("code %s: %q", language, text)
}

func (o *outline) macro(e *tag) {
	language, body := "", ""
	for _, c := range e.children {
		switch {
		case c.attrs["ac:name"] == "language":
			language = allText(c)
		case c.name == "ac:plain-text-body":
			body = allText(c)
		}
	}
	o.code(language, body)
}

// item is a list's item, or a task: GitHub's has a check box, Confluence's a status.
func (o *outline) item(e *tag) {
	name := "li"
	var walk func(*tag)
	walk = func(e *tag) {
		for _, c := range e.children {
			if c.name == "p" {
				walk(c)
			}
			if c.name == "input" || c.name == "ac:task-status" {
				name = "task open"
				if _, checked := c.attrs["checked"]; checked || allText(c) == "complete" {
					name = "task done"
				}
			}
		}
	}
	walk(e)
	if e.name == "ac:task" {
		e = e.children[len(e.children)-1]
	}
	o.block(name, e)
}

func allText(e *tag) string {
	text := e.text
	for _, c := range e.children {
		text += allText(c)
	}
	return text
}

// outlineText is all that is to be read in an outline: its letters and digits.
func outlineText(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		_, text, _ := strings.Cut(line, ": ")
		for i, part := range strings.Split(text, "{") {
			if i > 0 {
				_, part, _ = strings.Cut(part, "}")
			}
			b.WriteString(part)
		}
	}
	return b.String()
}
