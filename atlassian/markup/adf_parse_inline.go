package markup

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

func adfInlines(content []adfNode) []inline {
	var in []inline
	for i := range content {
		if part, ok := adfInline(&content[i]); ok {
			in = append(in, part...)
		} else {
			in = append(in, textLines(adfText(&content[i]), 0, link{})...)
		}
	}
	return in
}

// adfInline reads an inline node, and where it stands; false says that n is a block.
func adfInline(n *adfNode) ([]inline, bool) {
	in, ok := adfInlineText(n)
	for i := range in {
		r := &in[i]
		r.at, r.unit, r.extra = n.whole, n.whole, hiddenMarks(n)
		if n.Type == "text" {
			r.at, r.literal = n.text, true
		}
	}
	return in, ok
}

// hiddenMarks are the marks of a node that Markdown does not show, as JSON.
func hiddenMarks(n *adfNode) string {
	var hidden []string
	for _, m := range n.Marks {
		if !shownMarks[m.Type] {
			hidden = append(hidden, m.source)
		}
	}
	return strings.Join(hidden, ",")
}

var shownMarks = map[string]bool{
	"strong": true, "em": true, "strike": true, "underline": true, "code": true, "subsup": true, "link": true,
}

func adfInlineText(n *adfNode) ([]inline, bool) {
	marks, to := adfFormats(n.Marks)
	one := inline{kind: objectInline, marks: marks, link: to}
	switch n.Type {
	case "text":
		return textLines(Clean(n.Text), marks, to), true
	case "hardBreak":
		return []inline{{kind: breakInline, marks: marks, link: to}}, true
	case "mention":
		one.text = "@" + strings.TrimPrefix(attrOr(n, "text", attr(n.Attrs, "id")), "@")
		one.target = schemeMention + ":" + escapeID(attr(n.Attrs, "id"))
	case "status":
		one.text = attr(n.Attrs, "text")
		one.target = schemeStatus + ":" + statusColor(attr(n.Attrs, "color"))
	case "date":
		one.text, one.target = adfDate(n), schemeDate+":"
	case "emoji":
		one.kind, one.text = textInline, attrOr(n, "text", attr(n.Attrs, "shortName"))
	case "placeholder":
		one.kind, one.text = textInline, attr(n.Attrs, "text")
	case "inlineCard", "blockCard", "embedCard":
		one = adfCard(n)
	case "media", "mediaInline":
		one.kind, one.text = imageInline, attr(n.Attrs, "alt")
		one.target = attr(n.Attrs, "url")
		if one.target == "" {
			one.target = mediaDest(attr(n.Attrs, "id"), attr(n.Attrs, "collection"))
		}
	case "inlineExtension":
		one = macroInline(extensionName(n), nil)
		one.marks, one.link = marks, to
	default:
		return nil, false
	}
	if one.text == "" && one.kind != imageInline {
		return nil, true
	}
	return []inline{one}, true
}

func attrOr(n *adfNode, name, otherwise string) string {
	if s := attr(n.Attrs, name); s != "" {
		return s
	}
	return otherwise
}

// escapeID percent-encodes what cannot stand in a destination and keeps the colons of account ids.
func escapeID(id string) string { return strings.ReplaceAll(escapePath(id), "%3A", ":") }

// adfFormats reads marks. Colours, alignment and annotations have no Markdown and are dropped.
func adfFormats(marks []adfMark) (m mark, to link) {
	for _, a := range marks {
		switch a.Type {
		case "strong":
			m |= strong
		case "em":
			m |= em
		case "strike":
			m |= strike
		case "underline":
			m |= underline
		case "code":
			m |= code
		case "subsup":
			if attr(a.Attrs, "type") == "sub" {
				m |= sub
			} else {
				m |= sup
			}
		case "link":
			to = link{href: attr(a.Attrs, "href"), title: attr(a.Attrs, "title")}
		}
	}
	return m, to
}

// adfDate is a date node's day. Its timestamp is in milliseconds, at midnight UTC.
func adfDate(n *adfNode) string {
	stamp := attr(n.Attrs, "timestamp")
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return stamp
	}
	return time.UnixMilli(ms).UTC().Format(time.DateOnly)
}

// adfCard is a smart link: its address, or the name and address in the data it carries instead.
func adfCard(n *adfNode) inline {
	href := attr(n.Attrs, "url")
	text := href
	if data, ok := n.Attrs["data"].(map[string]any); ok && href == "" {
		href = attr(data, "url")
		if text = attr(data, "name"); text == "" {
			text = href
		}
	}
	if _, err := url.Parse(href); err != nil || href == "" {
		return inline{text: text}
	}
	return inline{text: text, link: link{href: href}}
}
