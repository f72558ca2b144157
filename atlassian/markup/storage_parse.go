package markup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// element is an element of storage format, or text when it has no name.
type element struct {
	name     string // with its prefix: ac:link
	attrs    []xml.Attr
	text     string
	children []*element

	whole extent // with its tags
	body  extent // between them; of an element without content it is empty
	cdata bool   // text is a CDATA section, and body what is in it
}

// attr is an attribute by its name with prefix, or "".
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if qualified(a.Name) == name {
			return Clean(a.Value)
		}
	}
	return ""
}

// child is the first child element of that name, or nil.
func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// allText is the text below e.
func (e *element) allText() string {
	var b strings.Builder
	var walk func(*element)
	walk = func(e *element) {
		b.WriteString(e.text)
		for _, c := range e.children {
			walk(c)
		}
	}
	walk(e)
	return b.String()
}

// qualified is a name with its prefix. Storage format declares none, so the prefix is what the
// decoder takes for the name space.
func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// maxElementDepth bounds nested elements. What lies deeper keeps its text.
const maxElementDepth = 200

// parseElements reads storage format: XML with prefixes that nothing declares and with HTML's
// entities. Tags are matched here and not by the decoder, because what it closes silently it
// finds by local name, and HTML's void link would empty every ac:link.
func parseElements(source string) (*element, error) {
	if nodes := strings.Count(source, "<"); len(source) > maxSource || nodes > maxNodes {
		return nil, fmt.Errorf("%w: storage format of %d bytes and about %d elements", ErrTooLarge, len(source), nodes)
	}
	d := xml.NewDecoder(strings.NewReader(legalXML(source)))
	d.Strict = false
	d.Entity = xml.HTMLEntity

	root := &element{whole: extent{0, len(source)}, body: extent{0, len(source)}}
	stack := []*element{root}
	skipped := 0 // open elements beyond maxElementDepth
	for {
		start := int(d.InputOffset())
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: storage format: %w", ErrMalformed, err)
		}
		top := stack[len(stack)-1]
		at := extent{start, int(d.InputOffset())}
		switch t := token.(type) {
		case xml.StartElement:
			name := qualified(t.Name)
			void := isVoid(name)
			if len(stack) > maxElementDepth {
				if !void {
					skipped++
				}
				continue
			}
			e := &element{name: name, attrs: t.Attr, whole: at, body: extent{at.end, at.end}}
			top.children = append(top.children, e)
			if !void {
				stack = append(stack, e)
			}
		case xml.EndElement:
			name := qualified(t.Name)
			switch {
			case isVoid(name):
			case skipped > 0:
				skipped--
			default:
				stack = closeElement(stack, name, at)
			}
		case xml.CharData:
			e := &element{text: Clean(string(t)), whole: at, body: at}
			if strings.HasPrefix(source[at.start:], "<![CDATA[") {
				e.cdata = true
				e.body = extent{at.start + len("<![CDATA["), at.end - len("]]>")}
			}
			top.children = append(top.children, e)
		}
	}
}

func isVoid(name string) bool {
	return name == "br" || name == "hr" || name == "img" || name == "col"
}

// closeElement closes the innermost element of that name, whose end tag is at tag, and what is open
// within it; an end tag without a start is ignored.
func closeElement(stack []*element, name string, tag extent) []*element {
	for i := len(stack) - 1; i > 0; i-- {
		if stack[i].name != name {
			continue
		}
		for _, e := range stack[i+1:] {
			e.whole.end, e.body.end = tag.start, tag.start
		}
		stack[i].body.end, stack[i].whole.end = tag.start, tag.end
		return stack[:i]
	}
	return stack
}

// legalXML replaces the characters that XML forbids, which its decoder would not pass, by as many
// bytes of white space.
func legalXML(source string) string {
	if firstUnclean(source) < 0 {
		return source
	}
	legal := []byte(source)
	for i := 0; i < len(source); {
		r, size := utf8.DecodeRuneInString(source[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\t' && r != '\r' || r&0xFFFE == 0xFFFE {
			for j := i; j < i+size; j++ {
				legal[j] = ' '
			}
		}
		i += size
	}
	return string(legal)
}
