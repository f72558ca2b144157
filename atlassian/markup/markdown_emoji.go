package markup

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// emojiNode is a short name such as :rocket: in goldmark's tree.
type emojiNode struct {
	ast.BaseInline
	text string
}

var kindEmoji = ast.NewNodeKind("Emoji")

func (n *emojiNode) Kind() ast.NodeKind { return kindEmoji }

func (n *emojiNode) Dump(source []byte, level int) {
	ast.DumpHelper(n, source, level, map[string]string{"text": n.text}, nil)
}

// emojiParser reads the short names of emojiNames. Those that touch a word, as in a:b:c, are text.
type emojiParser struct{}

func (emojiParser) Trigger() []byte { return []byte{':'} }

func (emojiParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	emoji, size := cutEmojiName(string(line[:min(len(line), maxEmojiName+1)]))
	before := block.PrecendingCharacter()
	if size == 0 || isAlphanumeric(before) || before == ':' {
		return nil
	}
	if size < len(line) && (util.IsAlphaNumeric(line[size]) || line[size] == ':') {
		return nil
	}
	block.Advance(size)
	return &emojiNode{text: emoji}
}
