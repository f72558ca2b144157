package confluence

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// parser reads storage format as strictly as Confluence does.
func parser(storage string) *xml.Decoder {
	d := xml.NewDecoder(strings.NewReader(storageRoot + storage + "</root>"))
	d.Entity = xml.HTMLEntity
	return d
}

const storageRoot = "<root>"

// checkStorage says what is wrong with a body in Confluence's words, or returns "".
func checkStorage(storage string) string {
	d := parser(storage)
	for {
		if _, err := d.RawToken(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return complaint(d, err)
		}
	}
	d = parser(storage) // the raw tokens do not show whether elements are balanced
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return ""
		} else if err != nil {
			return complaint(d, err)
		}
	}
}

func complaint(d *xml.Decoder, err error) string {
	line, column := d.InputPos()
	if line == 1 {
		column = max(1, column-len(storageRoot))
	}
	text := err.Error()
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		text = syntax.Msg
	}
	text = strings.NewReplacer("element <root>", "the start of the body", "</root>", "end of the body").Replace(text)
	return fmt.Sprintf("Error parsing xhtml: %s\n at [row,col {unknown-source}]: [%d,%d]", text, line, column)
}

// plainText is what of a body is searched and excerpted.
func plainText(storage string) string {
	var b strings.Builder
	parameter := 0
	d := parser(storage)
	for {
		token, err := d.Token()
		if err != nil {
			return strings.Join(strings.Fields(b.String()), " ")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "parameter" || t.Name.Local == "task-id" || t.Name.Local == "task-status" {
				parameter++
			}
			b.WriteByte(' ')
		case xml.EndElement:
			if t.Name.Local == "parameter" || t.Name.Local == "task-id" || t.Name.Local == "task-status" {
				parameter--
			}
			if t.Name.Local != "code" && t.Name.Local != "strong" && t.Name.Local != "em" {
				b.WriteByte(' ')
			}
		case xml.CharData:
			if parameter == 0 {
				b.Write(t)
			}
		}
	}
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_'
	})
}

var phrase = regexp.MustCompile(`"([^"]*)"`)

// containsText says whether all words and phrases are in the text. A word matches itself, its
// plural, and with a "*" at its end everything that begins with it.
func containsText(text, asked string) bool {
	have := words(text)
	for _, p := range phrase.FindAllStringSubmatch(asked, -1) {
		if !strings.Contains(" "+strings.Join(have, " ")+" ", " "+strings.Join(words(p[1]), " ")+" ") {
			return false
		}
	}
	for field := range strings.FieldsSeq(phrase.ReplaceAllString(asked, " ")) {
		prefix := strings.HasSuffix(field, "*")
		for _, word := range words(field) {
			if !containsWord(have, word, prefix) {
				return false
			}
		}
	}
	return true
}

func containsWord(have []string, word string, prefix bool) bool {
	for _, w := range have {
		if w == word || strings.TrimSuffix(w, "s") == strings.TrimSuffix(word, "s") || (prefix && strings.HasPrefix(w, word)) {
			return true
		}
	}
	return false
}

const excerptLength = 280

// excerpt is the part of the text around the first word found, with the words found marked as
// Confluence marks them, and escaped.
func excerpt(text string, asked []string) string {
	at := len(text)
	for _, word := range asked {
		if i := strings.Index(strings.ToLower(text), word); i >= 0 && i < at {
			at = i
		}
	}
	if at == len(text) {
		at = 0
	}
	start := strings.LastIndexByte(text[:max(0, at-excerptLength/4)], ' ') + 1
	var b strings.Builder
	for i, field := range strings.Fields(text[start:]) {
		if b.Len() > excerptLength {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		escaped := html.EscapeString(field)
		if containsAny(words(field), asked) {
			escaped = "@@@hl@@@" + escaped + "@@@endhl@@@"
		}
		b.WriteString(escaped)
	}
	return b.String()
}

func containsAny(have, asked []string) bool {
	for _, word := range asked {
		if containsWord(have, word, false) {
			return true
		}
	}
	return false
}
