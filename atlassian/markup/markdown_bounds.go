package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// commonMark parses CommonMark with GitHub's extensions. It is safe for concurrent use.
var commonMark = newMarkdownParser()

// newMarkdownParser is goldmark's parser with bounds on what takes it more than linear time. The
// parsers and priorities are those of parser.DefaultBlockParsers, parser.DefaultInlineParsers and
// extension.GFM; only emojiParser is our own.
func newMarkdownParser() parser.Parser {
	p := parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(boundedBlockParser{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(boundedBlockParser{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(boxParser{extension.NewTaskCheckBoxParser()}, 0),
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(boundedLinkParser{parser.NewLinkParser()}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
			util.Prioritized(emojiParser{}, 450),
			util.Prioritized(boundedInlineParser{parser.NewEmphasisParser()}, 500),
			util.Prioritized(boundedInlineParser{extension.NewStrikethroughParser()}, 500),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(boundedReferences{parser.LinkReferenceParagraphTransformer}, 100),
			util.Prioritized(underlinedTables{boundedTables{extension.NewTableParagraphTransformer()}}, 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
	gfm := goldmark.WithExtensions(extension.Linkify)
	return goldmark.New(goldmark.WithParser(p), gfm).Parser()
}

// boxParser reads a check box only where GitHub does, with white space behind it: goldmark also sees
// one in the link [x](a).
type boxParser struct{ parser.InlineParser }

func (b boxParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if len(line) < 3 || line[2] != ']' || len(line) > 3 && !util.IsSpace(line[3]) {
		return nil
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// boundedBlockParser opens no block below maxDepth, because goldmark visits every open block on
// every line: a line of a million ">" would otherwise make each line after it cost as much.
type boundedBlockParser struct{ parser.BlockParser }

func (b boundedBlockParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if len(pc.OpenedBlocks()) >= maxDepth {
		return nil, parser.NoChildren
	}
	return b.BlockParser.Open(parent, r, pc)
}

// maxDelimiters bounds the delimiters of emphasis in one block; further ones are text. goldmark
// looks for the partner of each among all before it, whether there is one or not.
const maxDelimiters = 1000

// boundedInlineParser keeps to maxDelimiters.
type boundedInlineParser struct{ parser.InlineParser }

var delimitersKey = parser.NewContextKey()

// delimitersSeen counts the delimiters of one block.
type delimitersSeen struct {
	block ast.Node
	n     int
}

func (b boundedInlineParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	seen, ok := pc.Get(delimitersKey).(*delimitersSeen)
	if !ok {
		seen = &delimitersSeen{}
		pc.Set(delimitersKey, seen)
	}
	if seen.block != parent {
		*seen = delimitersSeen{block: parent}
	}
	if seen.n++; seen.n > maxDelimiters {
		return nil
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// maxLinkSearch bounds how much text all of a document's closing brackets are followed through, in
// bytes and lines. For each, goldmark reads to the end of its line for a destination and passes all
// later lines of the paragraph for the label.
const maxLinkSearch = 32 << 20

// boundedLinkParser keeps to maxLinkSearch; brackets beyond it are text.
type boundedLinkParser struct{ parser.InlineParser }

var linkSearchKey = parser.NewContextKey()

func (b boundedLinkParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); line[0] == ']' {
		searched, ok := pc.Get(linkSearchKey).(*int)
		if !ok {
			searched = new(int)
			pc.Set(linkSearchKey, searched)
		}
		if *searched += len(line) + parent.Lines().Len(); *searched > maxLinkSearch {
			return nil
		}
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// CloseBlock lets the link parser put away the brackets that nothing closed.
func (b boundedLinkParser) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	b.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}

// maxReferenceLines bounds the lines of a paragraph that is searched for link reference
// definitions. goldmark moves all later lines for each that it takes out.
const maxReferenceLines = 2000

// boundedReferences keeps to maxReferenceLines; definitions in a longer paragraph are text. Paragraphs that
// do not begin like a definition, as nearly all, are not looked into.
type boundedReferences struct{ parser.ParagraphTransformer }

func (b boundedReferences) Transform(n *ast.Paragraph, r text.Reader, pc parser.Context) {
	lines := n.Lines()
	if lines.Len() == 0 || lines.Len() > maxReferenceLines {
		return
	}
	if first := lines.At(0); bytes.HasPrefix(bytes.TrimLeft(first.Value(r.Source()), " \t"), []byte("[")) {
		b.ParagraphTransformer.Transform(n, r, pc)
	}
}

// underlinedTables leaves a paragraph alone in which a line of nothing but hyphens comes before any
// that could underline a table's heading. Such a line continues a paragraph lazily, for elsewhere
// it would underline a heading, and goldmark would drop it.
type underlinedTables struct{ parser.ParagraphTransformer }

func (u underlinedTables) Transform(n *ast.Paragraph, r text.Reader, pc parser.Context) {
	for i := 1; i < n.Lines().Len(); i++ {
		line := n.Lines().At(i)
		text := string(bytes.TrimSpace(line.Value(r.Source())))
		if strings.Trim(text, "-") == "" {
			return
		}
		if onlyOf(text, "-:| \t") {
			break
		}
	}
	u.ParagraphTransformer.Transform(n, r, pc)
}

const (
	// maxFilledCells bounds the cells of a table beyond one for each of its bytes. goldmark fills every
	// row up to the width of the heading, so that short rows below a wide heading are many cells.
	maxFilledCells = 20_000

	// maxEscapedPipes bounds the escaped bars in all tables of a document. For each in code, goldmark
	// looks through all of them.
	maxEscapedPipes = 2000
)

// boundedTables keeps to both bounds; a table beyond them is text.
type boundedTables struct{ parser.ParagraphTransformer }

var escapedPipesKey = parser.NewContextKey()

func (b boundedTables) Transform(n *ast.Paragraph, r text.Reader, pc parser.Context) {
	columns, size := tableWidth(n, r.Source())
	if columns == 0 || columns*n.Lines().Len() > maxFilledCells+size {
		return
	}
	seen, _ := pc.Get(escapedPipesKey).(int)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		seen += bytes.Count(line.Value(r.Source()), []byte(`\|`))
	}
	if seen > maxEscapedPipes {
		return
	}
	pc.Set(escapedPipesKey, seen)
	b.ParagraphTransformer.Transform(n, r, pc)
}

// tableWidth is the width of the widest line in n that can stand below a table's heading, 0 when there
// is none, and the size of all lines.
func tableWidth(n *ast.Paragraph, source []byte) (columns, size int) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		value := source[line.Start:line.Stop]
		size += len(value)
		if i > 0 && len(bytes.TrimLeft(value, "-:| \t\n")) == 0 {
			columns = max(columns, bytes.Count(value, []byte("|"))+1)
		}
	}
	return columns, size
}
