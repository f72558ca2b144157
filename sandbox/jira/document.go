package jira

import (
	"fmt"
	"strings"
)

// block and inline are rich text that can be written as a document (Cloud) and as wiki markup
// (Data Center). They are for the data of this server only.
type (
	block interface {
		render() (adf map[string]any, wiki string)
	}
	inline interface {
		inline() (adf map[string]any, wiki string)
	}
)

// richText is a document in the form of the deployment.
func richText(cloud bool, blocks ...block) any {
	var content []any
	var wiki []string
	for _, b := range blocks {
		node, text := b.render()
		content, wiki = append(content, node), append(wiki, text)
	}
	if cloud {
		return map[string]any{"version": 1, "type": "doc", "content": content}
	}
	return strings.Join(wiki, "\n\n")
}

type (
	plain string
	bold  string
	code  string
	at    struct{ *user }
	to    struct{ text, href string }
)

func textNode(s string, marks ...any) map[string]any {
	node := map[string]any{"type": "text", "text": s}
	if len(marks) > 0 {
		node["marks"] = marks
	}
	return node
}

func (t plain) inline() (map[string]any, string) { return textNode(string(t)), string(t) }
func (t bold) inline() (map[string]any, string) {
	return textNode(string(t), map[string]any{"type": "strong"}), "*" + string(t) + "*"
}
func (t code) inline() (map[string]any, string) {
	return textNode(string(t), map[string]any{"type": "code"}), "{{" + string(t) + "}}"
}
func (t at) inline() (map[string]any, string) {
	return map[string]any{"type": "mention", "attrs": map[string]any{"id": t.accountID, "text": "@" + t.display}}, "[~" + t.name + "]"
}
func (t to) inline() (map[string]any, string) {
	return textNode(t.text, map[string]any{"type": "link", "attrs": map[string]any{"href": t.href}}), "[" + t.text + "|" + t.href + "]"
}

type (
	para    []inline
	heading struct {
		level int
		text  string
	}
	bullets  []inline
	numbered []inline
	listing  struct{ language, text string }
	panel    struct {
		kind string
		text para
	}
	table [][]string // the first row is the header
)

// p is a paragraph of plain text.
func p(s string) para { return para{plain(s)} }

func (b para) inlines() (nodes []any, wiki string) {
	for _, i := range b {
		node, text := i.inline()
		nodes, wiki = append(nodes, node), wiki+text
	}
	return nodes, wiki
}

func (b para) render() (map[string]any, string) {
	nodes, wiki := b.inlines()
	return map[string]any{"type": "paragraph", "content": nodes}, wiki
}

func (b heading) render() (map[string]any, string) {
	return map[string]any{"type": "heading", "attrs": map[string]any{"level": b.level}, "content": []any{textNode(b.text)}},
		fmt.Sprintf("h%d. %s", b.level, b.text)
}

func list(kind, mark string, items []inline) (map[string]any, string) {
	var nodes []any
	var wiki []string
	for _, item := range items {
		paragraph, text := para{item}.render()
		nodes = append(nodes, map[string]any{"type": "listItem", "content": []any{paragraph}})
		wiki = append(wiki, mark+" "+text)
	}
	return map[string]any{"type": kind, "content": nodes}, strings.Join(wiki, "\n")
}

func (b bullets) render() (map[string]any, string)  { return list("bulletList", "*", b) }
func (b numbered) render() (map[string]any, string) { return list("orderedList", "#", b) }

func (b listing) render() (map[string]any, string) {
	return map[string]any{"type": "codeBlock", "attrs": map[string]any{"language": b.language}, "content": []any{textNode(b.text)}},
		"{code:" + b.language + "}\n" + b.text + "\n{code}"
}

func (b panel) render() (map[string]any, string) {
	paragraph, wiki := b.text.render()
	return map[string]any{"type": "panel", "attrs": map[string]any{"panelType": b.kind}, "content": []any{paragraph}},
		"{" + b.kind + "}\n" + wiki + "\n{" + b.kind + "}"
}

func (b table) render() (map[string]any, string) {
	var rows []any
	var wiki []string
	for n, row := range b {
		kind, mark := "tableCell", "|"
		if n == 0 {
			kind, mark = "tableHeader", "||"
		}
		var cells []any
		for _, cell := range row {
			paragraph, _ := p(cell).render()
			cells = append(cells, map[string]any{"type": kind, "attrs": map[string]any{}, "content": []any{paragraph}})
		}
		rows = append(rows, map[string]any{"type": "tableRow", "content": cells})
		wiki = append(wiki, mark+strings.Join(row, mark)+mark)
	}
	return map[string]any{"type": "table", "attrs": map[string]any{"isNumberColumnEnabled": false, "layout": "default"}, "content": rows},
		strings.Join(wiki, "\n")
}

// plainTextOf is the text of a document of either form, for searching and for the pages.
func plainTextOf(body any) string {
	switch v := body.(type) {
	case string:
		return v
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, plainTextOf(item))
		}
		return strings.Join(parts, "")
	case map[string]any:
		return plainTextOfNode(v)
	}
	return ""
}

func plainTextOfNode(v map[string]any) string {
	if text, ok := v["text"].(string); ok {
		return text
	}
	if attrs, ok := v["attrs"].(map[string]any); ok && v["type"] == "mention" {
		text, _ := attrs["text"].(string)
		return text
	}
	inner := plainTextOf(v["content"])
	switch v["type"] {
	case "hardBreak", "paragraph", "heading", "codeBlock", "tableRow":
		return inner + "\n"
	case "tableCell", "tableHeader":
		return strings.TrimSpace(inner) + "\t"
	case "listItem":
		return "• " + inner
	}
	return inner
}
