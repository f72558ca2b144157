// Package plaintext makes text of strangers fit to be shown and logged.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// blanks are characters that count as printable and show nothing, so that a name made of them would
// look like none.
const blanks = "\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0"

// Line returns s on one line, without control, bidirectional, tag or other invisible characters, and
// at most limit bytes long.
func Line(s string, limit int) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case r == utf8.RuneError, !unicode.IsPrint(r), strings.ContainsRune(blanks, r):
			continue
		}
		size := utf8.RuneLen(r)
		if gap {
			size++
		}
		if b.Len()+size > limit {
			return b.String()
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
