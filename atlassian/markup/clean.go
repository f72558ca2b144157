package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden lists the characters that Clean removes: those that a reader does not see but a language
// model does, or that make text look like something else. Zero-width joiner and non-joiner
// (U+200C, U+200D) and the emoji and text presentation selectors (U+FE0E, U+FE0F) stay, because
// words in Persian and the Indic languages, and most emoji, are spelled with them.
var hidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0000, Hi: 0x0008, Stride: 1}, // C0 controls, but for tab and line feed
		{Lo: 0x000B, Hi: 0x001F, Stride: 1}, // (carriage return is rewritten before it gets here)
		{Lo: 0x007F, Hi: 0x009F, Stride: 1}, // delete and the C1 controls: terminal escapes
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1}, // soft hyphen: splits words unseen
		{Lo: 0x034F, Hi: 0x034F, Stride: 1}, // combining grapheme joiner: no glyph
		{Lo: 0x061C, Hi: 0x061C, Stride: 1}, // Arabic letter mark: bidirectional control
		{Lo: 0x115F, Hi: 0x1160, Stride: 1}, // Hangul fillers: blank letters
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1}, // Khmer inherent vowels: no glyph
		{Lo: 0x180B, Hi: 0x180F, Stride: 1}, // Mongolian variation selectors and vowel separator
		{Lo: 0x200B, Hi: 0x200B, Stride: 1}, // zero-width space
		{Lo: 0x200E, Hi: 0x200F, Stride: 1}, // left-to-right and right-to-left marks
		{Lo: 0x202A, Hi: 0x202E, Stride: 1}, // bidirectional embeddings and overrides
		{Lo: 0x2060, Hi: 0x206F, Stride: 1}, // word joiner, invisible operators, bidi isolates
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xFDD0, Hi: 0xFDEF, Stride: 1}, // noncharacters
		{Lo: 0xFE00, Hi: 0xFE0D, Stride: 1}, // variation selectors: can carry hidden bytes
		{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1}, // byte order mark, zero-width no-break space
		{Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1}, // halfwidth Hangul filler
		{Lo: 0xFFF0, Hi: 0xFFFB, Stride: 1}, // unassigned ignorables, interlinear annotation
		{Lo: 0xFFFE, Hi: 0xFFFF, Stride: 1}, // noncharacters, illegal in XML
	},
	R32: []unicode.Range32{
		{Lo: 0x1BCA0, Hi: 0x1BCA3, Stride: 1}, // shorthand format controls
		{Lo: 0x1D173, Hi: 0x1D17A, Stride: 1}, // musical format controls
		{Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1}, // tags (hidden ASCII), variation selectors supplement
	},
	LatinOffset: 4,
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
// be seen.
func isPictograph(r rune) bool {
	return r > 0x7F && r != utf8.RuneError && unicode.In(r, unicode.So, unicode.Sm, unicode.Sk) || r == '‼' || r == '⁉' || r == '〰'
}

func isHidden(r rune) bool {
	// The last two code points of every plane above the first are noncharacters too.
	return unicode.Is(hidden, r) || r > 0xFFFF && r&0xFFFE == 0xFFFE
}
