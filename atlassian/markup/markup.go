// Package markup converts between Markdown and the rich-text formats of Jira and Confluence:
// Atlassian Document Format (ADF), Jira wiki markup and Confluence storage format.
//
// Every conversion goes through one tree: a reader per format builds it, a writer per format
// spells it. Markdown is CommonMark with GitHub's tables, strikethrough, task lists and
// autolinks. What Markdown has no construct for is spelled with three that it has, so that a
// person and a language model can read it and the readers here can take it back.
//
// Links, in text:
//
//	[@Ada Keller](mention:557058:ada)      a person by Atlassian account id
//	[@akeller](user:akeller)               a person by user name (userkey: by key), Data Center
//	[DONE](status:green)                   a status lozenge, also in a colour such as #36b37e
//	[2026-11-23](date:)                    a date
//	:rocket: 🚀                            an emoji, by short name or as it is
//	[:parrot:](emoji:9c1f…)                any other emoji, by id
//	[Your name](placeholder:)              text that tells an author what to write
//	[PLAT-1](issue:PLAT-1)                 an issue, by key
//	[PLAT-1](card:https://…/browse/PLAT-1) a smart link
//	[Title](page:DOCS/Title)               a link to a Confluence page, by space key and title
//	[plan.pdf](attachment:plan.pdf)        a link to an attachment of the same page or issue
//	[toc](macro:toc?maxLevel=2)            a macro without a body
//	[poll](adf:inlineExtension?…)          any other node of ADF, with its attributes: text as
//	                                       name=value, all else as name:=JSON
//
// Links that are alone in their paragraph:
//
//	[Roadmap](block-card:https://…)        a smart link as a card
//	[Board](embed:https://…)               a smart link that shows its content
//	[chart](adf:extension?…)               an app's block, also adf:syncBlock
//	[columns](layout:50-50)                begins a section of columns of these widths
//	[next column](layout:next)             begins its next column
//	[end of columns](layout:end)           ends it
//
// Images, whose title is their caption:
//
//	![alt](attachment:plan.png)            an attached image
//	![alt](media:1f0c…?collection=…)       a file of Atlassian's media service; with layout=group
//	                                       one of several, with layout=inline one in text
//
// Quotes whose first line says what they are:
//
//	> [!INFO] Title                        a panel (also NOTE, TIP, WARNING, ERROR, SUCCESS, PANEL),
//	> text                                 EXPAND, or DECISION
//	> [!PANEL] [panel](adf:panel?…)        a panel with a colour or an icon of its own
//	> [!MACRO] [excerpt](adf:bodied…?…)    an app's block with a body
//
// And <u>, <sub> and <sup>; other HTML is text. A placeholder whose attributes take more than a
// kilobyte has # and a hash in their place; without the original document it is its label. Reading
// leaves out colours, comments, the indentation, alignment and size of text but for the columns of
// tables, widths and backgrounds of tables and cells, borders, and the ids of anything but apps' nodes.
//
// Nothing a document contains makes a conversion panic. Each takes time linear in its input, nests to
// at most 40 levels of blocks (what lies deeper keeps its text and loses its structure), and has a
// bound on its input: 1 MiB of Markdown; 4 MiB and 400,000 nodes of anything else.
package markup

import (
	"encoding/json"
	"errors"
	"strings"
)

// Document is a document in Atlassian Document Format, as JSON.
// https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
type Document = json.RawMessage

// ErrMalformed says that a document is not what its format demands: JSON that does not parse or
// has the wrong shape, XHTML that is not well-formed.
var ErrMalformed = errors.New("malformed document")

// ErrTooLarge says that a document exceeds the size this package converts.
var ErrTooLarge = errors.New("document too large to convert")

const (
	// maxMarkdown bounds Markdown on its way in, in bytes. It comes from a caller whose request is
	// bounded likewise; above it the text is taken as it stands, without markup.
	maxMarkdown = 1 << 20

	// maxSource bounds documents that Atlassian delivers, in bytes.
	maxSource = 4 << 20

	// maxNodes bounds their nodes: a node of three bytes takes a hundred in memory.
	maxNodes = 400_000

	// maxDepth bounds nested blocks. Each level repeats its indentation on every line, so without
	// a bound a small page could grow to a huge Markdown text.
	maxDepth = 40
)

// ToADF turns Markdown into an ADF document. The result is valid by Atlassian's schema whatever
// the input is: structure that ADF does not allow, such as a heading in a list item, becomes the
// nearest thing it allows, without losing text.
func ToADF(markdown string, opts ...Option) Document {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return toADF(markdown, o.site)
}

// Option is an option of [ToADF].
type Option func(*options)

type options struct{ site string }

// WithSite says where the issues are that Markdown names, as in https://contoso.atlassian.net.
// Without it [PLAT-1](issue:PLAT-1) is the key as text, since ADF links issues by their address.
func WithSite(baseURL string) Option {
	return func(o *options) { o.site = strings.TrimRight(baseURL, "/") }
}

// AppendADF puts a paragraph of plain text below a document that ToADF made.
func AppendADF(doc Document, line string) Document {
	var whole struct {
		Type    string            `json:"type"`
		Version int               `json:"version"`
		Content []json.RawMessage `json:"content"`
	}
	below, err := json.Marshal(map[string]any{"type": "paragraph", "content": []any{map[string]string{"type": "text", "text": line}}})
	if err != nil || json.Unmarshal(doc, &whole) != nil {
		return doc
	}
	whole.Content = append(whole.Content, below)
	raw, err := json.Marshal(whole)
	if err != nil {
		return doc
	}
	return raw
}

// FromADF turns an ADF document into Markdown. Nodes and marks it does not know keep their text.
// The error is [ErrMalformed] or [ErrTooLarge].
func FromADF(doc json.RawMessage) (string, error) {
	blocks, _, err := parseADF(doc)
	if err != nil {
		return "", err
	}
	return Clean(writeMarkdown(blocks)), nil
}

// ToWiki turns Markdown into Jira wiki markup, the rich text of Jira Data Center and of Jira
// Service Management requests.
// https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
func ToWiki(markdown string) string {
	mem := newArena()
	defer mem.giveBack()
	return writeWiki(mem.parseMarkdown(markdown))
}

// FromWiki turns Jira wiki markup into Markdown. Wiki markup has no syntax errors: what is not
// markup is text. Text above the size limit is returned cleaned but not converted.
func FromWiki(wiki string) string {
	if len(wiki) > maxSource {
		return Clean(wiki)
	}
	return Clean(writeMarkdown(parseWiki(wiki)))
}

// ToStorage turns Markdown into Confluence storage format. The result is always well-formed.
// https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
func ToStorage(markdown string) string {
	mem := newArena()
	defer mem.giveBack()
	return writeStorage(mem.parseMarkdown(markdown))
}

// FromStorage turns Confluence storage format into Markdown. Macros become placeholders, elements
// it does not know keep their text. The error is [ErrMalformed] or [ErrTooLarge].
func FromStorage(xhtml string) (string, error) {
	blocks, err := parseStorage(xhtml)
	if err != nil {
		return "", err
	}
	return Clean(writeMarkdown(blocks)), nil
}

// plainBlocks takes text as it stands: one paragraph a line.
func plainBlocks(text string) []*node {
	var blocks []*node
	for line := range strings.Lines(Clean(text)) {
		if line = strings.TrimSpace(line); line != "" {
			blocks = append(blocks, &node{kind: paragraph, inlines: []inline{{text: line}}})
		}
	}
	return blocks
}
