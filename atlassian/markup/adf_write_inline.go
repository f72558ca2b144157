package markup

import (
	"strconv"
	"strings"
	"time"
)

// inlines writes a block's runs, all of them with marks besides their own.
func (w *adfWriter) inlines(in []inline, marks mark) {
	for _, r := range adfRuns(in, marks) {
		switch r.kind {
		case breakInline:
			w.next()
			w.raw(`{"type":"hardBreak"}`)
		case objectInline:
			w.object(r)
		default:
			w.text(r)
		}
	}
}

// adfRuns leaves runs only what ADF allows: code goes with no other format, only with a link; of
// subscript and superscript there is one; images within text and objects unknown to it are text.
func adfRuns(in []inline, marks mark) []inline {
	if marks == 0 && isTidy(in) && isADF(in) {
		return in
	}
	out := make([]inline, len(in))
	for i, r := range in {
		r.marks |= marks
		if r.marks&code != 0 {
			r.marks = code
		}
		if r.marks&sub != 0 {
			r.marks &^= sup
		}
		switch {
		case r.kind == imageInline:
			r = imageText(r)
		case r.kind == objectInline && !hasADFNode(r):
			r = inline{text: r.text, marks: r.marks}
		}
		if !isWebLink(r.link.href) {
			r.link = link{}
		}
		out[i] = r
	}
	return tidy(out)
}

// isADF says whether ADF allows all of in as it is.
func isADF(in []inline) bool {
	for i := range in {
		r := &in[i]
		switch {
		case r.marks&code != 0 && r.marks != code, r.marks&(sub|sup) == sub|sup, r.kind == imageInline,
			r.kind == objectInline && !hasADFNode(*r), r.link != (link{}) && !isWebLink(r.link.href):
			return false
		}
	}
	return true
}

// imageText is an image's description, linked to the image.
func imageText(r inline) inline {
	text := inline{text: r.text, marks: r.marks &^ code, link: r.link}
	if text.text == "" {
		text.text = r.target
	}
	if text.link == (link{}) && isWebImage(r.target) {
		text.link = link{href: r.target}
	}
	return text
}

func (w *adfWriter) text(r inline) {
	if r.text == "" {
		return
	}
	w.next()
	w.raw(`{"type":"text",`)
	w.attr("text", r.text)
	w.marks(r)
	w.raw(`}`)
}

var adfMarks = []struct {
	mark mark
	json string
}{
	{code, `{"type":"code"}`},
	{strong, `{"type":"strong"}`},
	{em, `{"type":"em"}`},
	{strike, `{"type":"strike"}`},
	{underline, `{"type":"underline"}`},
	{sub, `{"type":"subsup","attrs":{"type":"sub"}}`},
	{sup, `{"type":"subsup","attrs":{"type":"sup"}}`},
}

func (w *adfWriter) marks(r inline) {
	if r.marks == 0 && r.link == (link{}) {
		return
	}
	w.raw(`,"marks":[`)
	for _, m := range adfMarks {
		if r.marks&m.mark != 0 {
			w.next()
			w.raw(m.json)
		}
	}
	if r.link != (link{}) {
		w.next()
		w.linkMark(r.link)
	}
	w.raw(`]`)
}

func (w *adfWriter) linkMark(to link) {
	w.raw(`{"type":"link","attrs":{`)
	w.attr("href", to.href)
	if to.title != "" {
		w.raw(",")
		w.attr("title", to.title)
	}
	w.raw(`}}`)
}

// hasADFNode says whether ADF has a node for what an object stands for.
func hasADFNode(r inline) bool {
	switch scheme, rest := splitScheme(r.target); scheme {
	case schemeMention:
		return rest != ""
	case schemeStatus:
		return r.text != ""
	case schemeDate:
		_, err := time.Parse(time.DateOnly, r.text)
		return err == nil
	default:
		return false
	}
}

// object writes an object that hasADFNode.
func (w *adfWriter) object(r inline) {
	scheme, rest := splitScheme(r.target)
	w.next()
	switch scheme {
	case schemeMention:
		w.raw(`{"type":"mention","attrs":{`)
		w.attr("id", unescapePath(rest))
		w.raw(",")
		w.attr("text", "@"+strings.TrimPrefix(r.text, "@"))
	case schemeStatus:
		w.raw(`{"type":"status","attrs":{`)
		w.attr("text", r.text)
		w.raw(",")
		w.attr("color", statusColor(rest))
	default:
		day, _ := time.Parse(time.DateOnly, r.text)
		w.raw(`{"type":"date","attrs":{`)
		w.attr("timestamp", strconv.FormatInt(day.UnixMilli(), 10))
	}
	w.raw(`}}`)
}

// statusColor is name when it is a colour that a status can have, else neutral. Confluence's macro
// says Grey where ADF says neutral.
func statusColor(name string) string {
	switch name = strings.ToLower(name); name {
	case "purple", "blue", "red", "yellow", "green":
		return name
	default:
		return "neutral"
	}
}
