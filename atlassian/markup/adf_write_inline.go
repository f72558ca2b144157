package markup

import "strings"

// inlines writes runs that w.runs made.
func (w *adfWriter) inlines(runs []inline) {
	for i := range runs {
		w.run(&runs[i])
	}
}

// run writes what adfRun left.
func (w *adfWriter) run(r *inline) {
	switch {
	case r.source != "":
		w.next()
		w.raw(r.source)
	case r.kind == breakInline:
		w.inlineNode("hardBreak", nil)
	case r.kind == imageInline:
		w.mediaInline(*r)
	default:
		w.text(r)
	}
}

// runs makes of a block's inlines what ADF can say, all of it with marks besides its own. They are good
// until it is called again.
func (w *adfWriter) runs(in []inline, marks mark) []inline {
	w.mem.runs = append(w.mem.runs[:0], in...)
	for i := range w.mem.runs {
		w.adfRun(&w.mem.runs[i], marks)
	}
	runs := w.mem.tidy()
	w.loose = w.loose || overlap(runs)
	return runs
}

// overlap says whether a run begins with white space in a format that began within another, which ended
// before it. The other is then written around the beginning, and what goes on behind it can't begin with
// white space in Markdown.
func overlap(in []inline) bool {
	const most = 64 // runs that a format is followed back; of a longer one it is taken for granted
	for i := range in {
		r := &in[i]
		if !beginsBlank(r) || r.marks == 0 && r.link == (link{}) {
			continue
		}
		start := i
		for start > 0 && i-start < most && hasFormats(&in[start-1], r) {
			start--
		}
		if start == 0 {
			continue
		}
		before, first := &in[start-1], &in[start]
		if i-start == most || before.marks&first.marks&^r.marks != 0 ||
			first.link != (link{}) && first.link == before.link && first.link != r.link {
			return true
		}
	}
	return false
}

// adfRun leaves a run only what ADF allows: code goes with no other format, only with a link; of
// subscript and superscript there is one; objects are spelled; images on the web and objects unknown to
// it are text.
func (w *adfWriter) adfRun(r *inline, marks mark) {
	if r.source != "" {
		return
	}
	r.marks |= marks
	if r.marks&code != 0 {
		r.marks = code
	}
	if r.marks&sub != 0 {
		r.marks &^= sup
	}
	if r.kind == imageInline && !isMediaInline(*r) {
		*r = imageText(*r)
	}
	if r.kind == objectInline {
		if r.source = w.object(r); r.source == "" {
			*r = inline{text: objectText(r), marks: r.marks}
		}
	}
	if r.kind != textInline {
		r.marks = 0 // nodes have none but a link
	}
	if r.link != (link{}) && !isWebLink(r.link.href) {
		r.link = link{}
	}
}

// objectText is what is left of an object that ADF has no node for; it is never blank.
func objectText(r *inline) string {
	if strings.Trim(r.text, blanks) != "" {
		return r.text
	}
	if key, ok := issueKey(r.target); ok {
		return key
	}
	return r.target
}

// imageText is an image's description, linked to the image.
func imageText(r inline) inline {
	text := inline{text: r.text, marks: r.marks &^ code, link: r.link}
	if text.text == "" {
		text.text = r.target
	}
	if address, ok := webImage(r.target); ok && text.link == (link{}) {
		text.link = link{href: address}
	}
	return text
}

// text writes a run, with an emoji node for each of the emoji that Atlassian knows by the names
// this package does. They have no formats, so formatted text keeps them as characters.
func (w *adfWriter) text(r *inline) {
	plain := r.marks == 0 && r.link == (link{})
	w.loose = w.loose || r.marks&code == 0 && r.link == (link{}) && looksLikeAddress(r.text)
	for rest := r.text; rest != ""; {
		before, emoji, after := rest, "", ""
		if plain {
			before, emoji, after = cutEmoji(rest)
		}
		if before != "" {
			w.next()
			w.raw(`{"type":"text",`)
			w.attr("text", before)
			w.marks(r)
			w.raw(`}`)
		}
		if emoji != "" {
			name, id, _ := emojiAttrs(emoji)
			w.inlineNode("emoji", map[string]any{"shortName": name, "id": id, "text": emoji})
		}
		rest = after
	}
}

// inlineNode writes a node without content.
func (w *adfWriter) inlineNode(typ string, attrs map[string]any) {
	w.next()
	w.element(typ, attrs)
}

func (w *adfWriter) element(typ string, attrs map[string]any) {
	w.raw(`{"type":"`)
	w.raw(typ)
	w.raw(`"`)
	w.attrs(attrs)
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

func (w *adfWriter) marks(r *inline) {
	if r.marks == 0 && r.link == (link{}) && r.extra == "" {
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
	if r.extra != "" && r.marks&code == 0 {
		w.next()
		w.raw(r.extra)
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

// object is the inline node for an object, as JSON; "" when there is none.
func (w *adfWriter) object(r *inline) string {
	typ, attrs := w.objectNode(r)
	if typ == "" {
		return ""
	}
	at := len(w.buf)
	w.element(typ, attrs)
	spelled := string(w.buf[at:])
	w.buf = w.buf[:at]
	return spelled
}

// objectNode is the inline node for an object; "" when there is none.
func (w *adfWriter) objectNode(r *inline) (typ string, attrs map[string]any) {
	scheme, rest := splitScheme(r.target)
	switch scheme {
	case schemeMention:
		return mentionNode(r.text, rest)
	case schemeStatus:
		if strings.Trim(r.text, blanks) == "" {
			return "", nil
		}
		attrs = queryAttrs("status", rest)
		attrs["text"], attrs["color"] = r.text, statusColor(rest)
		return "status", attrs
	case schemeDate:
		if stamp, ok := dateStamp(r.text, rest); ok && stamp != "" {
			return "date", map[string]any{"timestamp": stamp}
		}
	case schemeEmoji:
		return emojiNodeAttrs(r.text, rest)
	case schemePrompt:
		return "placeholder", map[string]any{"text": r.text}
	case schemeIssue:
		if key, ok := issueKey(r.target); ok && w.site != "" {
			return "inlineCard", map[string]any{"url": w.site + "/browse/" + key}
		}
	case schemeCard, schemeBlockCard, schemeEmbed:
		if address, ok := cardURL(r.target); ok {
			return "inlineCard", map[string]any{"url": address}
		}
	case schemeADF:
		return inlineADF(r.target)
	}
	return "", nil
}

func mentionNode(text, rest string) (typ string, attrs map[string]any) {
	id := objectID(rest)
	if id == "" {
		return "", nil
	}
	attrs = queryAttrs("mention", rest)
	attrs["id"] = id
	if name := oneSpace(strings.TrimPrefix(text, "@")); name != "" && text != oneSpace(id) {
		attrs["text"] = "@" + name
	}
	return "mention", attrs
}

// queryAttrs are the attributes of a node behind what a destination names.
func queryAttrs(typ, rest string) map[string]any {
	_, query, _ := strings.Cut(rest, "?")
	if query == "" {
		return map[string]any{}
	}
	if attrs, ok := adfAttrs(typ, parseAttrQuery(query)); ok && len(attrQuery(attrs)) <= maxPlaceholder {
		return attrs
	}
	return map[string]any{}
}

func emojiNodeAttrs(text, rest string) (typ string, attrs map[string]any) {
	id := objectID(rest)
	if short, standard, ok := emojiAttrs(text); ok {
		return "emoji", map[string]any{"shortName": short, "id": standard, "text": text}
	}
	attrs = map[string]any{"shortName": text}
	if id != "" {
		attrs["id"], attrs["text"] = id, text
	}
	return "emoji", attrs
}

// inlineADF is a placeholder's node when it is one that stands in text.
func inlineADF(dest string) (typ string, attrs map[string]any) {
	typ, attrs, ok := parseADFDest(dest)
	switch typ {
	case "inlineExtension", "inlineCard", "emoji", "mediaInline":
		if ok {
			return typ, attrs
		}
	case "blockCard", "embedCard": // within text, a smart link like any other
		if attrs, ok = adfAttrs("inlineCard", attrs); ok {
			return "inlineCard", attrs
		}
	}
	return "", nil
}

// blockObject writes an object that is alone in its paragraph as a block; false when it stands
// for none, or for one that may not be in this place.
func (w *adfWriter) blockObject(r inline, in adfPlace) bool {
	if r.kind != objectInline {
		return false
	}
	scheme, _ := splitScheme(r.target)
	typ, attrs, ok := parseADFDest(r.target)
	if address, isCard := cardURL(r.target); isCard {
		typ, attrs, ok = "blockCard", map[string]any{"url": address}, scheme == schemeBlockCard
		if scheme == schemeEmbed {
			typ, attrs["layout"], ok = "embedCard", layoutCenter, true
		}
	}
	switch typ {
	case "extension", "syncBlock", "blockCard", "embedCard":
		if ok = ok && in.allows(typ); ok {
			w.inlineNode(typ, attrs)
		}
		return ok
	default:
		return false
	}
}

// statusColor is the colour that name, which attributes may follow, begins with: one that a status
// can have, else neutral. Confluence's macro says Grey where ADF says neutral.
func statusColor(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), "?")
	switch name {
	case "purple", "blue", "red", "yellow", "green":
		return name
	}
	if hex, ok := strings.CutPrefix(name, "#"); ok && len(hex) == 6 && strings.Trim(hex, "0123456789abcdef") == "" {
		return name
	}
	return "neutral"
}
