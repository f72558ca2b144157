package markup

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// adfNode is any node of ADF. Its attributes differ by type, and unknown ones must not keep a
// document from being read, so they stay generic.
type adfNode struct {
	Type    string
	Text    string
	Attrs   map[string]any
	Marks   []adfMark
	Content []adfNode

	whole extent // the object
	text  extent // between the quotes of its text
	body  extent // between the brackets of its content; start is 0 when it has none
}

type adfMark struct {
	Type   string
	Attrs  map[string]any
	source string // as it stands
}

// adfDecoder reads the JSON of a document, which is known to be valid, and keeps where it found
// what. encoding/json would take twice as long and forget the places.
type adfDecoder struct {
	source string
	at     int
}

// decodeADF reads a document's JSON.
func decodeADF(doc []byte) (adfNode, error) {
	if !json.Valid(doc) { // nests to 10,000 levels at most
		return adfNode{}, shape("it is not JSON")
	}
	d := &adfDecoder{source: string(doc)}
	d.space()
	return d.node()
}

// shape is returned as an error for JSON that is not the shape of ADF.
type shape string

func (s shape) Error() string { return string(s) }

func (d *adfDecoder) space() {
	for d.at < len(d.source) {
		switch d.source[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// members calls member for each member of an object, with the value next to be read. Null is an
// object without members.
func (d *adfDecoder) members(what string, member func(name string) error) error {
	d.space()
	if d.null() {
		return nil
	}
	if d.source[d.at] != '{' {
		return shape(what + " is not an object")
	}
	d.at++
	for d.space(); d.source[d.at] != '}'; d.space() {
		if d.source[d.at] == ',' {
			d.at++
			d.space()
		}
		name, _ := d.str()
		d.space()
		d.at++ // the colon
		d.space()
		if err := member(name); err != nil {
			return err
		}
	}
	d.at++
	return nil
}

// elements calls element for each element of an array, and returns where they stand.
func (d *adfDecoder) elements(what string, element func() error) (extent, error) {
	if d.null() {
		return extent{}, nil
	}
	if d.source[d.at] != '[' {
		return extent{}, shape(what + " is not an array")
	}
	d.at++
	body := extent{start: d.at}
	for d.space(); d.source[d.at] != ']'; d.space() {
		if d.source[d.at] == ',' {
			d.at++
			d.space()
		}
		if err := element(); err != nil {
			return extent{}, err
		}
	}
	body.end = d.at
	d.at++
	return body, nil
}

func (d *adfDecoder) null() bool {
	if d.source[d.at] == 'n' {
		d.at += len("null")
		return true
	}
	return false
}

// str reads a string and where it stands, without its quotes.
func (d *adfDecoder) str() (string, extent) {
	d.at++
	e := extent{start: d.at}
	escaped := false
	for d.source[d.at] != '"' {
		if d.source[d.at] == '\\' {
			escaped = true
			d.at++
		}
		d.at++
	}
	e.end = d.at
	d.at++
	if !escaped {
		return e.of(d.source), e
	}
	return unquoteJSON(e.of(d.source)), e
}

// unquoteJSON resolves the escapes of a JSON string without its quotes (RFC 8259 section 7).
func unquoteJSON(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		text, size := nextJSON(s, i)
		out = append(out, text...)
		i += size
	}
	return string(out)
}

// nextJSON decodes the character or escape at i of a JSON string.
func nextJSON(s string, i int) (string, int) {
	if s[i] != '\\' {
		_, size := utf8.DecodeRuneInString(s[i:])
		return s[i : i+size], size
	}
	if i+1 < len(s) && s[i+1] != 'u' {
		return map[byte]string{'n': "\n", 't': "\t", 'r': "\r", 'b': "\b", 'f': "\f"}[s[i+1]] + plainEscape(s[i+1]), 2
	}
	r, size := hexRune(s, i), len(`\u0000`)
	if 0xD800 <= r && r < 0xDC00 { // the first half of a pair
		if low := hexRune(s, i+size); 0xDC00 <= low && low < 0xE000 {
			return string((r-0xD800)<<10 | (low - 0xDC00) + 0x10000), 2 * size
		}
	}
	if 0xD800 <= r && r < 0xE000 {
		r = utf8.RuneError
	}
	return string(r), size
}

func plainEscape(c byte) string {
	if c == '"' || c == '\\' || c == '/' {
		return string(rune(c))
	}
	return ""
}

// hexRune is the code unit of \uXXXX at i, or 0.
func hexRune(s string, i int) rune {
	if i+6 > len(s) || s[i] != '\\' || s[i+1] != 'u' {
		return 0
	}
	n, err := strconv.ParseInt(s[i+2:i+6], 16, 32)
	if err != nil {
		return 0
	}
	return rune(n)
}

// skip passes over a value.
func (d *adfDecoder) skip() {
	depth := 0
	for {
		switch c := d.source[d.at]; c {
		case '"':
			d.str()
			if depth == 0 {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
			if depth == 0 {
				d.at++
				return
			}
		case ',':
			if depth == 0 {
				return
			}
		}
		d.at++
		if d.at == len(d.source) {
			return
		}
	}
}

// raw is the next value as it stands.
func (d *adfDecoder) raw() string {
	start := d.at
	d.skip()
	return d.source[start:d.at]
}

func (d *adfDecoder) node() (n adfNode, err error) {
	n.whole.start = d.at
	err = d.members("a node", func(name string) error {
		switch name {
		case "type":
			n.Type, _, err = d.text("type")
		case "text":
			n.Text, n.text, err = d.text("text")
		case "attrs":
			n.Attrs, err = d.attrs()
		case "marks":
			_, err = d.elements("marks", func() error {
				m, err := d.mark()
				n.Marks = append(n.Marks, m)
				return err
			})
		case "content":
			n.body, err = d.elements("content", func() error {
				c, err := d.node()
				n.Content = append(n.Content, c)
				return err
			})
		default:
			d.skip()
		}
		return err
	})
	n.whole.end = d.at
	return n, err
}

func (d *adfDecoder) mark() (m adfMark, err error) {
	start := d.at
	err = d.members("a mark", func(name string) error {
		switch name {
		case "type":
			m.Type, _, err = d.text("type")
		case "attrs":
			m.Attrs, err = d.attrs()
		default:
			d.skip()
		}
		return err
	})
	m.source = d.source[start:d.at]
	return m, err
}

func (d *adfDecoder) text(what string) (string, extent, error) {
	if d.null() {
		return "", extent{}, nil
	}
	if d.source[d.at] != '"' {
		return "", extent{}, shape(what + " is not a string")
	}
	s, e := d.str()
	return s, e, nil
}

// attrs reads attributes: strings and whatever else JSON has.
func (d *adfDecoder) attrs() (map[string]any, error) {
	attrs := map[string]any{}
	err := d.members("attrs", func(name string) error {
		if d.source[d.at] == '"' {
			attrs[name], _ = d.str()
			return nil
		}
		var v any
		err := unmarshalExact([]byte(d.raw()), &v)
		attrs[name] = v
		return err
	})
	return attrs, err
}
