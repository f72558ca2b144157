package markup

import (
	"slices"
	"strings"
)

// span is inline content as nested formats have it: a single run, or a format around spans.
type span struct {
	leaf     inline
	mark     mark // the one format that wraps children; 0 for a link or a leaf
	link     link
	wraps    bool
	children []span
}

// counts says how often each ASCII character stands in a block's text: never, once, or more often.
type counts [128]uint8

func (c *counts) add(text string) {
	for i := range len(text) {
		if b := text[i]; b < 128 && c[b] < 2 {
			c[b]++
		}
	}
}

// nest turns flat runs into nested spans, so that the longest format is the outermost. No span
// begins or ends with white space: Markdown and wiki markup know no emphasis that does.
func nest(in []inline) []span { return nestRuns(tidy(in), 0, false) }

// markOrder is the order in which formats nest when they are equally long.
var markOrder = []mark{strong, em, strike, underline, sub, sup}

// nestRuns nests in, whose formats in done (and whose link, when linked) already wrap it. Each
// level reads in a fixed number of times and there are at most as many levels as formats, so the
// whole is linear.
func nestRuns(in []inline, done mark, linked bool) []span {
	var spans []span
	for i := 0; i < len(in); {
		best, bestMark := 0, mark(0)
		if !linked && in[i].link != (link{}) {
			best = runLength(in[i:], func(r inline) bool { return r.link == in[i].link })
		}
		for _, m := range markOrder {
			if in[i].marks&m == 0 || done&m != 0 {
				continue
			}
			if n := runLength(in[i:], func(r inline) bool { return r.marks&m != 0 }); n > best {
				best, bestMark = n, m
			}
		}
		if best == 0 {
			spans = append(spans, span{leaf: in[i]})
			i++
			continue
		}
		lead, run, tail := cutBlanks(in[i : i+best])
		s := span{wraps: true, mark: bestMark}
		if bestMark == 0 {
			s.link = in[i].link
			s.children = nestRuns(run, done, true)
		} else {
			s.children = nestRuns(run, done|bestMark, linked)
		}
		spans = append(append(append(spans, lead...), s), tail...)
		i += best
	}
	return spans
}

// cutBlanks takes the white space off both ends of runs that a format will wrap. A format may begin
// or end with some because another one that overlaps it has been wrapped first.
func cutBlanks(in []inline) (lead []span, rest []inline, tail []span) {
	cut := func(i int, trim func(string, string) string) []span {
		r := in[i]
		text := trim(r.text, blanks)
		if r.kind != textInline || r.marks&code != 0 || text == "" || text == r.text {
			return nil
		}
		in = slices.Clone(in)
		in[i].text = text
		return []span{{leaf: inline{text: " "}}}
	}
	lead = cut(0, strings.TrimLeft)
	tail = cut(len(in)-1, strings.TrimRight)
	return lead, in, tail
}

func runLength(in []inline, has func(inline) bool) int {
	for n, r := range in {
		if !has(r) {
			return n
		}
	}
	return len(in)
}

// tidy brings inlines into normal form, in which every reader leaves them: neighbours of equal
// format are one run, there is no white space at line starts and ends, and white space between two
// runs has only the formats that both of them have.
//
// Runs that are in normal form already are returned as they are and not copied; most are, because
// writers tidy what readers have tidied.
func tidy(in []inline) []inline {
	if isTidy(in) {
		return in
	}
	return tidyInto(make([]inline, 0, 2*len(in)+2), in)
}

// tidyInto is tidy with the room of out.
func tidyInto(out, in []inline) []inline {
	for _, r := range in {
		if strings.IndexByte(r.text, '\n') >= 0 {
			r.text = strings.ReplaceAll(r.text, "\n", " ")
		}
		r.at, r.unit, r.literal, r.cdata = extent{}, extent{}, false, false // which hold for what was read
		switch {
		case r.kind == objectInline:
			r.link = link{} // it is spelled as a link itself, and links do not nest
			out = append(out, r)
		case r.kind != textInline || r.marks&code != 0 && r.text != "":
			out = append(out, r)
		default:
			out = appendWords(out, r)
		}
	}
	out = trimLines(out)
	shareBlanks(out)
	return joinRuns(out)
}

// isTidy says whether in is in normal form. It may say no of what is.
func isTidy(in []inline) bool {
	for i := range in {
		r := &in[i]
		if strings.IndexByte(r.text, '\n') >= 0 {
			return false
		}
		switch {
		case r.kind == objectInline:
			if r.link != (link{}) {
				return false
			}
		case r.kind == imageInline:
		case r.kind == breakInline:
			if !mayBeBlank(in, i, -1) || !mayBeBlank(in, i, 1) {
				return false
			}
		case r.text == "", i > 0 && sameFormat(&in[i-1], r):
			return false
		case r.marks&code == 0:
			if beginsBlank(r) && !mayBeBlank(in, i, -1) || endsBlank(r) && !mayBeBlank(in, i, 1) {
				return false
			}
		}
	}
	return true
}

// mayBeBlank says whether white space of run i may stand on one side of it: beside something to
// read that has all of its formats.
func mayBeBlank(in []inline, i, side int) bool {
	if i+side < 0 || i+side >= len(in) {
		return false
	}
	r, other := &in[i], &in[i+side]
	if other.kind == breakInline || side < 0 && endsBlank(other) || side > 0 && beginsBlank(other) {
		return false
	}
	return r.marks&code == 0 && hasFormats(other, r)
}

// hasFormats says whether a has all formats of b.
func hasFormats(a, b *inline) bool {
	return b.marks&^a.marks == 0 && (b.link == (link{}) || a.link == b.link)
}

func beginsBlank(r *inline) bool {
	return r.kind == textInline && r.marks&code == 0 && r.text != "" &&
		(r.text[0] == ' ' || r.text[0] == '\t' || strings.HasPrefix(r.text, "\u00a0"))
}

func endsBlank(r *inline) bool {
	return r.kind == textInline && r.marks&code == 0 && r.text != "" &&
		(r.text[len(r.text)-1] == ' ' || r.text[len(r.text)-1] == '\t' || strings.HasSuffix(r.text, "\u00a0"))
}

// appendWords adds a run of text with the white space at its ends as runs of its own.
func appendWords(out []inline, r inline) []inline {
	if r.text == " " || r.text != "" && !beginsBlank(&r) && !endsBlank(&r) {
		return append(out, r)
	}
	core := strings.TrimLeft(r.text, blanks)
	lead := r.text[:len(r.text)-len(core)]
	core = strings.TrimRight(core, blanks)
	tail := r.text[len(lead)+len(core):]
	for _, part := range [...]string{lead, core, tail} {
		if part != "" {
			r.text = part
			out = append(out, r)
		}
	}
	return out
}

// trimLines drops blank runs at both ends and beside line breaks.
func trimLines(in []inline) []inline {
	out := in[:0]
	for i := 0; i < len(in); {
		if !isBlank(in[i]) {
			out = append(out, in[i])
			i++
			continue
		}
		j, breaks := i, 0
		for j < len(in) && isBlank(in[j]) {
			if in[j].kind == breakInline {
				in[i+breaks] = in[j]
				breaks++
			}
			j++
		}
		switch {
		case len(out) == 0 || j == len(in):
		case breaks > 0:
			out = append(out, in[i:i+breaks]...)
		default:
			out = append(out, in[i:j]...)
		}
		i = j
	}
	return out
}

func sameFormat(a, b *inline) bool {
	return a.kind == textInline && b.kind == textInline && a.marks == b.marks && a.link == b.link
}

// joinRuns joins neighbouring text runs of equal format, in the room of in.
func joinRuns(in []inline) []inline {
	out := in[:0]
	for i := 0; i < len(in); {
		j, size := i+1, len(in[i].text)
		for j < len(in) && sameFormat(&in[i], &in[j]) {
			size += len(in[j].text)
			j++
		}
		r := in[i]
		if size > len(r.text) {
			var b strings.Builder
			b.Grow(size)
			for k := i; k < j; k++ {
				b.WriteString(in[k].text)
			}
			r.text = b.String()
		}
		if r.kind != textInline || r.text != "" {
			out = append(out, r)
		}
		i = j
	}
	return out
}

// shareBlanks leaves blank runs the formats that all of them and the runs before and after them share.
func shareBlanks(in []inline) {
	for i := 0; i < len(in); {
		if !isBlank(in[i]) {
			i++
			continue
		}
		j := i
		for j < len(in) && isBlank(in[j]) {
			j++
		}
		var marks mark
		var to link
		if i > 0 && j < len(in) {
			marks, to = in[i-1].marks&^code, in[i-1].link
			for _, r := range in[i : j+1] {
				marks &= r.marks
				if r.link != to {
					to = link{}
				}
			}
		}
		for k := i; k < j; k++ {
			in[k].marks, in[k].link = marks, to
		}
		i = j
	}
}
