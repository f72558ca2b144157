package jira

import (
	"net/http"
	"slices"
)

// The content that nodes of a document may have, after Atlassian's JSON schema of ADF, as far as
// this server checks it.
var (
	inlineNodes = []string{"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "placeholder"}
	topNodes    = []string{
		"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "panel", "rule", "table",
		"taskList", "decisionList", "expand", "mediaSingle", "mediaGroup", "blockCard",
	}
	cellNodes = []string{
		"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "panel", "rule",
		"taskList", "decisionList", "nestedExpand", "mediaSingle", "mediaGroup", "blockCard",
	}
	allowedContent = map[string][]string{
		"doc": topNodes, "expand": cellNodes, "tableCell": cellNodes, "tableHeader": cellNodes,
		"paragraph": inlineNodes, "heading": inlineNodes, "taskItem": inlineNodes, "decisionItem": inlineNodes,
		"codeBlock": {"text"}, "table": {"tableRow"}, "tableRow": {"tableCell", "tableHeader"},
		"bulletList": {"listItem"}, "orderedList": {"listItem"},
		"listItem":    {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "taskList"},
		"blockquote":  {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup"},
		"panel":       {"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "rule", "taskList", "decisionList", "mediaSingle", "mediaGroup", "blockCard"},
		"taskList":    {"taskItem", "taskList"},
		"mediaSingle": {"media", "caption"}, "mediaGroup": {"media"},
		"nestedExpand": {"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "panel", "rule", "taskList", "mediaSingle", "mediaGroup"},
	}
	mustHaveContent = []string{"bulletList", "orderedList", "listItem", "blockquote", "panel", "table", "tableRow", "tableCell", "tableHeader", "taskList", "expand"}
	requiredAttrs   = map[string][]string{
		"heading": {"level"}, "panel": {"panelType"}, "mention": {"id"}, "emoji": {"shortName"}, "taskList": {"localId"},
		"taskItem": {"localId", "state"}, "date": {"timestamp"}, "status": {"text", "color"},
	}
	knownMarks = []string{"strong", "em", "strike", "code", "underline", "link", "subsup", "textColor", "backgroundColor", "annotation", "border", "indentation", "alignment", "breakout"}
)

// checkDocument refuses what Jira Cloud would not take as a document.
func checkDocument(body any) error {
	doc, ok := body.(map[string]any)
	if !ok || doc["type"] != "doc" || doc["version"] != float64(1) || !validNode(doc, 0) {
		return refuse(http.StatusBadRequest, "INVALID_INPUT")
	}
	if _, ok := doc["content"].([]any); !ok {
		return refuse(http.StatusBadRequest, "INVALID_INPUT")
	}
	return nil
}

func validNode(node map[string]any, depth int) bool {
	kind, _ := node["type"].(string)
	if depth > 60 || !validAttrs(kind, node) || !validMarks(node) {
		return false
	}
	if kind == "text" {
		text, ok := node["text"].(string)
		return ok && text != ""
	}
	children, isList := node["content"].([]any)
	if node["content"] != nil && !isList {
		return false
	}
	if len(children) == 0 {
		return !slices.Contains(mustHaveContent, kind)
	}
	for n, c := range children {
		child, ok := c.(map[string]any)
		if !ok {
			return false
		}
		childKind, _ := child["type"].(string)
		if !slices.Contains(allowedContent[kind], childKind) || !validNode(child, depth+1) {
			return false
		}
		if kind == "listItem" && n == 0 && childKind != "paragraph" && childKind != "codeBlock" && childKind != "mediaSingle" && childKind != "taskList" {
			return false
		}
	}
	return true
}

func validAttrs(kind string, node map[string]any) bool {
	attrs, _ := node["attrs"].(map[string]any)
	for _, name := range requiredAttrs[kind] {
		if _, ok := attrs[name]; !ok {
			return false
		}
	}
	return true
}

// validMarks knows that code goes with links and annotations only.
func validMarks(node map[string]any) bool {
	marks, _ := node["marks"].([]any)
	var kinds []string
	for _, m := range marks {
		mark, _ := m.(map[string]any)
		kind, _ := mark["type"].(string)
		if !slices.Contains(knownMarks, kind) || slices.Contains(kinds, kind) {
			return false
		}
		kinds = append(kinds, kind)
	}
	if !slices.Contains(kinds, "code") {
		return true
	}
	return !slices.ContainsFunc(kinds, func(k string) bool { return k != "code" && k != "link" && k != "annotation" })
}
