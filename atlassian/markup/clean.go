package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden are the characters that a reader does not see but a language model does, or that make text look
// like something else: controls, format characters (soft hyphen, bidirectional controls, tags), what
// is ignored where it is not known (fillers, variation selectors) and noncharacters.
var hidden = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point,
	{R32: []unicode.Range32{{Lo: 0x1D159, Hi: 0x1D159, Stride: 1}}}, // the null notehead has no glyph
}

// Clean makes text from Atlassian safe to put before a language model or on a terminal: it removes
// control characters (but for tab and line feed), bidirectional controls and characters that are
// invisible, such as Unicode tags, in which a page can hide instructions nobody sees. Line ends
// become \n, and bytes that are not UTF-8 become U+FFFD. Clean(Clean(s)) == Clean(s).
func Clean(s string) string {
	i := firstUnclean(s)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	last, _ := utf8.DecodeLastRuneInString(s[:i]) // the last character that stays
	afterCR := false
	for at, r := range s[i:] { // an invalid byte arrives as utf8.RuneError
		keep := r
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029':
			keep = '\n'
		case r == '\n' && afterCR, isHidden(r):
			keep = -1
		case isShaping(r) && !shapes(last, r, s[i+at+utf8.RuneLen(r):]):
			keep = -1
		}
		if keep >= 0 {
			b.WriteRune(keep)
			last = keep
		}
		afterCR = r == '\r'
	}
	return b.String()
}

// firstUnclean is the offset of the first character that Clean may change, or -1.
func firstUnclean(s string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\t' || c == 0x7F {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' || isHidden(r) || isShaping(r) {
			return i
		}
		i += size
	}
	return -1
}

// The characters that have no glyph and change the shape of the one before them.
const (
	nonJoiner     = '\u200C'
	joiner        = '\u200D'
	textSelector  = '\uFE0E'
	emojiSelector = '\uFE0F'
	keycap        = '\u20E3'
)

// isShaping says of a character that words in Persian and the Indic languages, and most emoji, are
// spelled with it. Anywhere else, and in a row, such characters can spell hidden text.
func isShaping(r rune) bool {
	return r == nonJoiner || r == joiner || r == textSelector || r == emojiSelector
}

// joining are the scripts whose letters join.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Mandaic, unicode.Adlam, unicode.Thaana,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu,
	unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Tibetan, unicode.Myanmar, unicode.Khmer, unicode.Balinese,
	{R16: []unicode.Range16{{Lo: 0x064B, Hi: 0x0655, Stride: 1}, {Lo: 0x0670, Hi: 0x0670, Stride: 1}}}, // vowels of Arabic
}

// shapes says that a joiner or selector has an effect between the character before it and the text
// behind it (Unicode Technical Standard 51, "Emoji Sequences"; The Unicode Standard, 23.2).
func shapes(before, r rune, behind string) bool {
	next, _ := utf8.DecodeRuneInString(behind)
	switch isJoiner := r == joiner || r == nonJoiner; {
	case isJoiner && unicode.In(before, joining...):
		return true
	case r == joiner:
		return (isPictograph(before) || before == emojiSelector) && isPictograph(next)
	case isJoiner:
		return false
	}
	isKey := before >= '0' && before <= '9' || before == '#' || before == '*'
	return isPictograph(before) || isKey && next == keycap
}

// isPictograph says that a character can be part of an emoji. Not every symbol is one, but each can
// be seen, but for the blank pattern of Braille.
func isPictograph(r rune) bool {
	return r != '\u2800' && r > 0x7F && r != utf8.RuneError && unicode.In(r, unicode.So, unicode.Sm, unicode.Sk) || strings.ContainsRune("‼⁉〰ℹ", r)
}

// isHidden says that Clean removes a character wherever it stands. The signs of Arabic, Syriac and Kaithi
// that stand over or under the characters behind them are format characters that can be seen.
func isHidden(r rune) bool {
	if r == '\n' || r == '\t' || isShaping(r) {
		return false
	}
	return unicode.In(r, hidden...) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}
