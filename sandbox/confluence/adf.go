package confluence

import (
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// adfNode is a node of Atlassian Document Format.
type adfNode struct {
	Type    string         `json:"type"`
	Version int            `json:"version"`
	Text    string         `json:"text"`
	Attrs   map[string]any `json:"attrs"`
	Marks   []adfNode      `json:"marks"`
	Content []adfNode      `json:"content"`
}

// adfElements are the nodes and marks that adfToStorage understands, by their elements.
var adfElements = map[string]string{
	"paragraph": "p", "bulletList": "ul", "orderedList": "ol", "listItem": "li", "blockquote": "blockquote",
	"strong": "strong", "em": "em", "code": "code", "underline": "u", "strike": "del",
}

// adfToStorage converts a document of headings, paragraphs, lists and formatted text, and refuses
// what Confluence refuses: what is no document, and unknown nodes.
func adfToStorage(value string) (string, error) {
	var doc adfNode
	if err := json.Unmarshal([]byte(value), &doc); err != nil || doc.Type != "doc" || doc.Version != 1 {
		return "", refusedError("Content body cannot be converted to new editor format")
	}
	var b strings.Builder
	for _, n := range doc.Content {
		if err := n.write(&b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (n adfNode) write(b *strings.Builder) error {
	element := adfElements[n.Type]
	switch {
	case n.Type == "text" && n.Text != "":
		return n.writeText(b)
	case n.Type == "heading":
		element = fmt.Sprintf("h%v", n.Attrs["level"])
	case element == "":
		return refusedError("Content body cannot be converted to new editor format: unknown node " + n.Type)
	}
	b.WriteString("<" + element + ">")
	for _, c := range n.Content {
		if err := c.write(b); err != nil {
			return err
		}
	}
	b.WriteString("</" + element + ">")
	return nil
}

func (n adfNode) writeText(b *strings.Builder) error {
	text := html.EscapeString(n.Text)
	for _, m := range n.Marks {
		element := adfElements[m.Type]
		if element == "" {
			return refusedError("Content body cannot be converted to new editor format: unknown mark " + m.Type)
		}
		text = "<" + element + ">" + text + "</" + element + ">"
	}
	b.WriteString(text)
	return nil
}
