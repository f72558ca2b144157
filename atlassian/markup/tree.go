package markup

import "strings"

// kind says what a block is.
type kind uint8

const (
	paragraph kind = iota // inlines
	heading               // level, inlines
	codeBlock             // name (the language), title, text, target
	rule
	quote   // children
	list    // ordered, level (the first number), children of kind item
	item    // task, children
	table   // children of kind row
	row     // children of kind cell
	cell    // name (how it is aligned, or ""), header, colspan, rowspan, children
	callout // name (a key of the callout names), title, target, children
	columns // name (the widths, or a layout of Confluence), children of kind column
	column  // name (its vertical alignment, or ""), children
)

// node is a block of the tree. Which fields mean something is said beside its kind.
type node struct {
	kind     kind
	task     taskState
	ordered  bool
	header   bool
	level    int
	colspan  int // columns a cell covers; 0 is 1
	rowspan  int // rows a cell covers; 0 is 1
	name     string
	title    string
	text     string
	target   string   // a callout's placeholder, or a code block's attributes as attrQuery spells them
	inlines  []inline // in the normal form of tidy
	children []*node

	origin origin // of what was read from storage format or ADF
}

// extent is a part of a source, from its first byte to the one after its last.
type extent struct{ start, end int }

// known says whether the extent is that of something.
func (e extent) known() bool { return e.end > e.start }

func (e extent) of(source string) string { return source[e.start:e.end] }

// origin is where a node stands in the source that it was read from, so that it can be edited there.
type origin struct {
	whole extent   // the node with its element
	body  extent   // what children or inlines stand in; may be empty
	typ   string   // the element's or node's type
	raw   []inline // a leaf's inlines before tidy, with their extents
	copy  *node    // its content once more, which the source has for readers that know no better; or nil
}

// taskState says whether a list item has a check box, and which.
type taskState uint8

const (
	noTask taskState = iota
	openTask
	doneTask
)

// mark is a set of character formats.
type mark uint8

const (
	strong mark = 1 << iota
	em
	strike
	underline
	sub
	sup
	code
)

// inlineKind says what an inline is.
type inlineKind uint8

const (
	textInline   inlineKind = iota // text
	breakInline                    // a hard line break
	imageInline                    // text (its description), target (where it is), title (its caption)
	objectInline                   // text, target (a destination in one of the object schemes)
)

// inline is a run of a block's content. Formats are kept as sets on flat runs, as ADF does, and
// not as nested elements: that makes overlapping formats and their normalisation simple. The
// writers of nested formats get nesting back from nest.
type inline struct {
	kind   inlineKind
	marks  mark
	link   link
	text   string
	target string
	title  string

	at      extent // in the source, what it was read from: of text that is there literally, or of an element
	unit    extent // the outermost inline element around it within its block
	literal bool   // text is what the source has at that place, but for escapes and white space
	cdata   bool   // and that place is in a CDATA section, which has no escapes
	extra   string // formats that Markdown does not show, as the source spells them
	source  string // how it is spelled, where it is to stay as it is
}

// link is where a run leads; the zero link leads nowhere.
type link struct{ href, title string }

// flow collects content in which runs of text and blocks stand side by side, as XHTML allows, and
// makes paragraphs of the runs.
type flow struct {
	blocks  []*node
	inlines []inline
}

func (f *flow) add(in ...inline) { f.inlines = append(f.inlines, in...) }

func (f *flow) block(n ...*node) {
	f.flush()
	f.blocks = append(f.blocks, n...)
}

// flush ends the paragraph under way.
func (f *flow) flush() {
	if in := tidy(f.inlines); len(in) > 0 {
		f.blocks = append(f.blocks, &node{kind: paragraph, inlines: in, origin: originOfRun(f.inlines)})
	}
	f.inlines = nil
}

// originOfRun is that of a paragraph without an element of its own.
func originOfRun(raw []inline) origin {
	if !raw[0].unit.known() {
		return origin{}
	}
	at := extent{raw[0].unit.start, raw[len(raw)-1].unit.end}
	return origin{whole: at, body: at, raw: raw}
}

func (f *flow) done() []*node {
	f.flush()
	return f.blocks
}

// blanks is what counts as white space between words. Confluence's editors write non-breaking
// spaces where people type two.
const blanks = " \t\n\u00a0"

// isBlank says whether an inline is nothing but white space.
func isBlank(in inline) bool {
	switch in.kind {
	case breakInline:
		return true
	case textInline:
		return in.text == "" || in.marks&code == 0 && beginsBlank(&in) && strings.Trim(in.text, blanks) == ""
	default:
		return false
	}
}

// plainText is the text of inlines without any format.
func plainText(in []inline) string {
	var b strings.Builder
	for _, i := range in {
		if i.kind == breakInline {
			b.WriteByte(' ')
		}
		b.WriteString(i.text)
	}
	return b.String()
}

// textLines splits text at its line feeds into runs with hard breaks between them.
func textLines(text string, marks mark, to link) []inline {
	var in []inline
	for n, line := range strings.Split(text, "\n") {
		if n > 0 {
			in = append(in, inline{kind: breakInline, marks: marks, link: to})
		}
		if line != "" {
			in = append(in, inline{text: line, marks: marks, link: to})
		}
	}
	return in
}
