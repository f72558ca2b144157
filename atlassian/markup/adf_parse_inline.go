package markup

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
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
	var one inline
	switch n.Type {
	case "text":
		return textLines(Clean(n.Text), marks, to), true
	case "hardBreak":
		return []inline{{kind: breakInline, marks: marks, link: to}}, true
	case "mention":
		one = adfMention(n)
	case "status":
		one = inline{kind: objectInline, text: attr(n.Attrs, "text")}
		one.target = schemeStatus + ":" + withQuery(statusColor(attr(n.Attrs, "color")), extraAttrs(n))
	case "date":
		one = adfDate(n)
	case "emoji":
		one = adfEmoji(n)
	case "placeholder":
		one = inline{kind: objectInline, text: attr(n.Attrs, "text"), target: schemePrompt + ":"}
	case "inlineCard":
		one = adfCard(n)
	case "media":
		one = adfMediaRef(n).image(n)
	case "mediaInline":
		one = adfMediaInline(n)
	case "inlineExtension":
		one = adfObject(n.Type, n, extensionLabel(n))
	default:
		return nil, false
	}
	if one.kind == textInline {
		one.marks, one.link = one.marks|marks, to
		if one.text == "" {
			return nil, true
		}
	}
	return []inline{one}, true
}

// withQuery puts attributes behind what a destination names.
func withQuery(name, query string) string { return strings.TrimSuffix(name+"?"+query, "?") }

// adfMention reads a person. One without a name shows the id, for which Atlassian finds the name.
func adfMention(n *adfNode) inline {
	id := attr(n.Attrs, "id")
	name := oneSpace(strings.TrimPrefix(attr(n.Attrs, "text"), "@"))
	if name != "" {
		name = "@" + name
	}
	if id == "" {
		return inline{text: name}
	}
	if name == "" {
		name = id
	}
	return inline{kind: objectInline, text: name, target: schemeMention + ":" + withQuery(escapeID(id), extraAttrs(n))}
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

// adfDate is a date node's day. Its time stamp is in milliseconds, at midnight UTC; any other is
// kept behind the day.
func adfDate(n *adfNode) inline {
	stamp := attr(n.Attrs, "timestamp")
	in := inline{kind: objectInline, text: oneSpace(stamp), target: schemeDate + ":" + escapePath(stamp)}
	if ms, err := strconv.ParseInt(stamp, 10, 64); err == nil {
		in.text = time.UnixMilli(ms).UTC().Format(time.DateOnly)
	}
	if again, ok := dateStamp(in.text, ""); ok && again == stamp {
		in.target = schemeDate + ":"
	}
	if stamp == "" {
		return inline{}
	}
	return in
}

// dateStamp is the time stamp of a day, unless the destination has one of its own.
func dateStamp(day, own string) (string, bool) {
	if own != "" {
		return unescapePath(own), true
	}
	t, err := time.Parse(time.DateOnly, day)
	return strconv.FormatInt(t.UnixMilli(), 10), err == nil
}

// adfCard is a smart link: by its address, or by the data it carries instead.
func adfCard(n *adfNode) inline {
	attrs, ok := adfAttrs(n.Type, cleanAttrs(n))
	address, _ := attrs["url"].(string)
	if !ok {
		return inline{text: attr(n.Attrs, "url")}
	}
	scheme := map[string]string{"inlineCard": schemeCard, "blockCard": schemeBlockCard, "embedCard": schemeEmbed}[n.Type]
	plain := len(attrs) == 1 && n.Type != "embedCard" || len(attrs) == 2 && attrs["layout"] == layoutCenter
	if plain && address != "" && address == strings.TrimSpace(address) {
		return inline{kind: objectInline, text: cardLabel(address), target: scheme + ":" + address}
	}
	label := cardLabel(address)
	if data, ok := attrs["data"].(map[string]any); ok {
		if label = attr(data, "name"); label == "" {
			label = cardLabel(attr(data, "url"))
		}
	}
	if label == "" {
		label = n.Type
	}
	return adfObject(n.Type, n, label)
}

// cardLabel is what a reader sees of a smart link, whose title only Atlassian knows: an issue's
// key, a title in the address, or the address.
func cardLabel(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return oneSpace(address)
	}
	last := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if isIssueKey(last) && strings.HasSuffix(u.Path, "/browse/"+last) {
		return last
	}
	if title := oneSpace(Clean(strings.ReplaceAll(last, "+", " "))); strings.ContainsFunc(title, unicode.IsLetter) {
		return title
	}
	return oneSpace(Clean(u.Host + u.Path))
}

// adfMediaInline reads a file in text.
func adfMediaInline(n *adfNode) inline {
	attrs, ok := adfAttrs(n.Type, cleanAttrs(n))
	_, to := adfFormats(n.Marks)
	label := attr(n.Attrs, "alt")
	if !ok {
		return inline{text: label}
	}
	m := adfMediaRef(n)
	m.layout = layoutInline
	if _, data := attrs["data"]; !data && attrs["type"] != nil {
		return inline{kind: imageInline, text: label, target: m.dest(), link: to}
	}
	if label == "" {
		label = "file"
	}
	return adfObject(n.Type, n, label)
}
