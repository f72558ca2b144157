package markup

import (
	"strconv"
	"strings"
)

// mediaRef is a file of Atlassian's media service or an image on the web, with the attributes of
// its media node and of the node around it.
type mediaRef struct {
	id, collection, url string
	typ                 string // file, link or image; "" is file
	occurrence          string
	width, height       string // numbers, of the file itself
	layout              string // where it stands; also layoutGroup and layoutInline
	size                string // how wide it is shown: 50 or 50% of the line, 760px
}

const (
	layoutCenter = "center" // where an image stands when nothing else is said
	layoutGroup  = "group"  // part of a mediaGroup
	layoutInline = "inline" // a mediaInline
)

// parseMedia reads the destination of an image that ADF can show.
func parseMedia(dest string) (mediaRef, bool) {
	if isWebImage(dest) {
		return mediaRef{url: dest}, true
	}
	scheme, rest := splitScheme(dest)
	if scheme != schemeMedia {
		return mediaRef{}, false
	}
	id, query, _ := strings.Cut(rest, "?")
	m := mediaRef{id: unescapePath(id)}
	for name, value := range parseAttrQuery(query) {
		if s, ok := value.(string); ok {
			m.set(name, s)
		}
	}
	return m, m.id != "" || m.url != ""
}

// webImage is the address of an image on the web, whether or not it has attributes of ADF.
func webImage(dest string) (string, bool) {
	m, ok := parseMedia(dest)
	return m.url, ok && m.id == ""
}

// set takes an attribute if its value is one that ADF allows.
func (m *mediaRef) set(name, value string) {
	switch name {
	case "url":
		if isWebImage(value) {
			m.url = value
		}
	case "collection":
		m.collection = value
	case "occurrenceKey":
		m.occurrence = value
	case "type":
		if value == "link" || value == "image" {
			m.typ = value
		}
	case "width":
		m.width = dimension(value, 1e9)
	case "height":
		m.height = dimension(value, 1e9)
	case "layout":
		if isLayout(value) && value != layoutCenter || value == layoutGroup || value == layoutInline {
			m.layout = value
		}
	case "size":
		m.size = mediaSize(value)
	}
}

// dimension is a number from 0 to limit in its one spelling, or "".
func dimension(s string, limit float64) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= limit) {
		return ""
	}
	return numberText(f)
}

func mediaSize(s string) string {
	for _, unit := range []struct {
		suffix string
		limit  float64
	}{{"px", 1e9}, {"%", 100}, {"", 100}} {
		if n, ok := strings.CutSuffix(s, unit.suffix); ok {
			if n = dimension(n, unit.limit); n != "" {
				return n + unit.suffix
			}
			return ""
		}
	}
	return ""
}

// dest spells what parseMedia reads: the address alone where that says everything.
func (m mediaRef) dest() string {
	if m.id == "" && m.url == "" {
		return ""
	}
	attrs := map[string]any{}
	for _, a := range []struct{ name, value string }{
		{"collection", m.collection}, {"occurrenceKey", m.occurrence}, {"type", m.typ}, {"width", m.width},
		{"height", m.height}, {"layout", m.layout}, {"size", m.size},
	} {
		if a.value != "" {
			attrs[a.name] = a.value
		}
	}
	if m.id == "" {
		if len(attrs) == 0 {
			return m.url
		}
		attrs["url"] = m.url
	}
	return strings.TrimSuffix(schemeMedia+":"+escapePath(m.id)+"?"+attrQuery(attrs), "?")
}

// adfMediaRef reads a media or mediaInline node.
func adfMediaRef(n *adfNode) mediaRef {
	m := mediaRef{}
	if id := attr(n.Attrs, "id"); id != "" {
		m.id, m.collection = id, attr(n.Attrs, "collection")
		m.set("occurrenceKey", attr(n.Attrs, "occurrenceKey"))
		m.set("type", attr(n.Attrs, "type"))
	} else {
		m.set("url", attr(n.Attrs, "url"))
	}
	m.set("width", attrText(n.Attrs, "width"))
	m.set("height", attrText(n.Attrs, "height"))
	return m
}

// single takes the attributes of the mediaSingle around a media.
func (m *mediaRef) single(n *adfNode) {
	m.set("layout", attr(n.Attrs, "layout"))
	unit := map[string]string{"pixel": "px", "percentage": "%"}[attr(n.Attrs, "widthType")]
	if width := attrText(n.Attrs, "width"); width != "" {
		m.set("size", width+unit)
	}
}

// attrText is an attribute as text, whether it is a string or a number.
func attrText(attrs map[string]any, name string) string {
	if f, ok := jsonNumber(attrs[name]); ok {
		return numberText(f)
	}
	return attr(attrs, name)
}

// image is a media node as an inline; what cannot be shown is its description.
func (m mediaRef) image(n *adfNode) inline {
	marks, to := adfFormats(n.Marks)
	in := inline{kind: imageInline, text: attr(n.Attrs, "alt"), marks: marks, link: to, target: m.dest()}
	if in.target == "" {
		return inline{text: in.text, link: to}
	}
	return in
}

// readMediaSingle reads an image with its caption.
func readMediaSingle(f *flow, n *adfNode) {
	f.flush()
	defer f.flush()
	at := -1
	for i := range n.Content {
		c := &n.Content[i]
		switch {
		case c.Type == "media" && at < 0:
			m := adfMediaRef(c)
			m.single(n)
			img := m.image(c)
			if _, to := adfFormats(n.Marks); img.link == (link{}) {
				img.link = to
			}
			f.add(img)
			at = len(f.inlines) - 1
		case c.Type == "caption" && at >= 0 && f.inlines[at].kind == imageInline:
			f.inlines[at].title = oneSpace(plainText(adfInlines(c.Content)))
		default:
			readADF(f, n.Content[i:i+1])
		}
	}
}

// readMediaGroup reads files that stand side by side.
func readMediaGroup(f *flow, n *adfNode) {
	f.flush()
	for i := range n.Content {
		c := &n.Content[i]
		if c.Type != "media" {
			readADF(f, n.Content[i:i+1])
			continue
		}
		m := adfMediaRef(c)
		m.layout = layoutGroup
		f.add(m.image(c))
	}
	f.flush()
}

// oneSpace puts one space where s has white space.
func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }
