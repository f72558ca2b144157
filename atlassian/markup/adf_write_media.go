package markup

import (
	"encoding/json"
	"strings"
)

// onlyMedia says whether a paragraph holds nothing but images that ADF shows as blocks.
func onlyMedia(in []inline) bool {
	for i := range in {
		if r := &in[i]; r.kind == imageInline {
			if m, ok := parseMedia(r.target); !ok || m.layout == layoutInline {
				return false
			}
		} else if !isBlank(*r) {
			return false
		}
	}
	return len(in) > 0
}

// mediaBlocks writes images: those of a group that follow each other together, the others alone.
func (w *adfWriter) mediaBlocks(images []inline, in adfPlace) {
	grouped := false
	for _, i := range images {
		if i.kind != imageInline {
			continue
		}
		m, _ := parseMedia(i.target)
		group := m.layout == layoutGroup && in.allows("mediaGroup")
		switch {
		case grouped && !group:
			w.end()
		case group && !grouped:
			w.open("mediaGroup", "")
		}
		if grouped = group; group {
			w.media(i, m)
		} else {
			w.mediaSingle(i, m)
		}
	}
	if grouped {
		w.end()
	}
}

func (w *adfWriter) mediaSingle(i inline, m mediaRef) {
	attrs := map[string]any{"layout": layoutCenter}
	if m.layout != "" && m.layout != layoutGroup {
		attrs["layout"] = m.layout
	}
	if m.size != "" {
		attrs["width"] = json.Number(strings.TrimRight(m.size, "px%"))
		switch m.size[len(m.size)-1] {
		case 'x':
			attrs["widthType"] = "pixel"
		case '%':
			attrs["widthType"] = "percentage"
		}
	}
	w.open("mediaSingle", jsonAttrs(attrs))
	w.media(i, m)
	if i.title != "" {
		w.open("caption", "")
		w.text(&inline{text: i.title})
		w.end()
	}
	w.end()
}

// media writes the node of a file or image itself.
func (w *adfWriter) media(i inline, m mediaRef) {
	attrs := m.attrs()
	switch {
	case m.id == "":
		attrs["type"], attrs["url"] = "external", m.url
	case m.typ == "link":
		attrs["type"] = m.typ
	default:
		attrs["type"] = "file"
	}
	if i.text != "" {
		attrs["alt"] = i.text
	}
	w.next()
	w.raw(`{"type":"media"`)
	w.attrs(attrs)
	if isWebLink(i.link.href) {
		w.marks(&inline{link: i.link})
	}
	w.raw(`}`)
}

// attrs are what a media and a mediaInline node have in common.
func (m mediaRef) attrs() map[string]any {
	attrs := map[string]any{}
	if m.id != "" {
		attrs["id"], attrs["collection"] = m.id, m.collection
		if m.occurrence != "" {
			attrs["occurrenceKey"] = m.occurrence
		}
	}
	if m.width != "" {
		attrs["width"] = json.Number(m.width)
	}
	if m.height != "" {
		attrs["height"] = json.Number(m.height)
	}
	return attrs
}

// mediaInline writes a file in text.
func (w *adfWriter) mediaInline(i inline) {
	m, _ := parseMedia(i.target)
	attrs := m.attrs()
	attrs["type"] = "file"
	if m.typ != "" {
		attrs["type"] = m.typ
	}
	if i.text != "" {
		attrs["alt"] = i.text
	}
	w.next()
	w.raw(`{"type":"mediaInline"`)
	w.attrs(attrs)
	if isWebLink(i.link.href) {
		w.marks(&inline{link: i.link})
	}
	w.raw(`}`)
}

// isMediaInline says whether an image in text has a node of its own there: only files have.
func isMediaInline(i inline) bool {
	m, ok := parseMedia(i.target)
	return i.kind == imageInline && ok && m.id != ""
}
