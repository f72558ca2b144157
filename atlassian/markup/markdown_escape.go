package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// escape puts backslashes before the characters that would be markup where they stand, and before
// no others: prose, snake_case and 2 * 3 stay as they are. before and after are the characters
// that the text stands between.
func (w *inlineWriter) escape(text string, before, after rune) string {
	if w.count[':'] < 2 && !strings.ContainsAny(text, "\\`*_~[]<&|!") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	prev := before
	for i := 0; i < len(text); {
		if n := w.bareURL(text[i:], prev); n > 0 {
			b.WriteString(text[i : i+n])
			prev = rune(text[i+n-1])
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		next := after
		if i+size < len(text) {
			next, _ = utf8.DecodeRuneInString(text[i+size:])
		}
		atEnd := i+size == len(text)
		switch {
		case r == '\\' && atEnd:
			b.WriteString("&#92;") // goldmark reads no hard break behind an escaped backslash
		case w.needsEscape(r, prev, next, atEnd, text[i:]):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteString(text[i : i+size])
		}
		prev = r
		i += size
	}
	return b.String()
}

// needsEscape says whether r, between prev and next, would be markup; rest is the text from r on.
func (w *inlineWriter) needsEscape(r, prev, next rune, atEnd bool, rest string) bool {
	switch r {
	case '\\':
		return isPunct(next)
	case '`', '~':
		return w.pairs(r)
	case '*':
		return w.pairs(r) && (!unicode.IsSpace(prev) || !unicode.IsSpace(next))
	case '_':
		inWord := isWordRune(prev) && isWordRune(next)
		return w.pairs(r) && !inWord && (!unicode.IsSpace(prev) || !unicode.IsSpace(next))
	case '[':
		return w.inLink
	case ']':
		return w.inLink || next == '(' || next == '[' || next == ':' || atEnd && next != ' '
	case '!':
		return next == '[' || atEnd && next != ' '
	case '<':
		return unicode.IsLetter(next) || next == '/' || next == '!' || next == '?' || atEnd && next != ' '
	case '&':
		return characterReference(rest) != ""
	case ':':
		_, size := cutEmojiName(rest)
		return size > 0
	case '@':
		return isWordRune(prev) && w.wouldBecomeMail(rest[1:])
	case '|':
		return w.cell
	default:
		return false
	}
}

// wouldBecomeMail says whether what stands before domain is a mail address only because of a
// backslash that escape puts behind it: a@b.c_ is none and a@b.c\_ is one.
func (w *inlineWriter) wouldBecomeMail(domain string) bool {
	end := strings.IndexFunc(domain, func(r rune) bool { return !isAlphanumeric(r) && r != '.' && r != '-' })
	return end > 0 && domain[end] == '_' && w.pairs('_')
}

// pairs says whether a delimiter has something in its block to pair with.
func (w *inlineWriter) pairs(r rune) bool { return w.formatted || w.count[r] > 1 }

// bareURL is the length of the web address at the start of s that goldmark makes a link of, whose
// characters are therefore no markup; 0 when there is none.
func (w *inlineWriter) bareURL(s string, prev rune) int {
	if w.inLink || isWordRune(prev) || s[0] != 'h' {
		return 0
	}
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return 0
		}
	}
	end := strings.IndexFunc(rest, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("-._/:?#@$&=%+,;", r)
	})
	if end < 0 {
		end = len(rest)
	}
	host, _, _ := strings.Cut(rest[:end], "/")
	dot := strings.IndexByte(host, '.')
	if dot < 1 || dot+1 >= len(host) || strings.Contains(host, "_") || !unicode.IsLetter(rune(host[dot+1])) {
		return 0
	}
	// What follows the last slash or letter may be punctuation of the sentence.
	url := strings.TrimRight(rest[:end], "_.:?,;&")
	return len(s) - len(rest) + len(url)
}

// escapeLineStarts keeps the lines of a paragraph from opening another block.
func escapeLineStarts(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimLeft(line, " \t")
		lines[i] = line
		if n := blockMarker(line); n >= 0 {
			lines[i] = line[:n] + `\` + line[n:]
		}
	}
	return strings.Join(lines, "\n")
}

// blockMarker is the offset of the character in line that a backslash has to stand before for the
// line to be text, or -1 when it is text already.
func blockMarker(line string) int {
	if line == "" {
		return -1
	}
	switch c := line[0]; c {
	case '>':
		return 0
	case '#':
		if rest := strings.TrimLeft(line, "#"); endsMarker(rest) {
			return 0
		}
	case '-', '+', '*', '_', '=', ':', '|', '~':
		if (c == '-' || c == '+' || c == '*') && endsMarker(line[1:]) || onlyOf(line, "-:| \\") || onlyOf(line, string(c)+" \\") {
			return 0
		}
	case '[':
		if _, _, ok := cutCallout(line); ok || isBox(line) {
			return 0
		}
	default:
		digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
		if digits > 0 && digits < 10 && digits < len(line) && (line[digits] == '.' || line[digits] == ')') && endsMarker(line[digits+1:]) {
			return digits
		}
	}
	return -1
}

// isBox says whether line begins with a check box: what touches it, as in [x](a), makes it none.
// https://github.github.com/gfm/#task-list-items-extension-
func isBox(line string) bool {
	return len(line) > 2 && line[0] == '[' && line[2] == ']' && strings.IndexByte(" xX", line[1]) >= 0 &&
		(len(line) == 3 || util.IsSpace(line[3]) || line[3] == '\\')
}

// endsMarker says whether a list or heading marker may end before rest.
func endsMarker(rest string) bool {
	return rest == "" || rest[0] == ' ' || rest[0] == '\t' || rest == "\\"
}

// onlyOf says whether line has no other characters than those in set; the backslash of a hard
// break is among them.
func onlyOf(line, set string) bool { return strings.Trim(line, set) == "" }

// isPunct says whether r is ASCII punctuation, which a backslash escapes.
func isPunct(r rune) bool { return ' ' < r && r < unicode.MaxASCII && !isAlphanumeric(r) }

// isAlphanumeric says whether r is an ASCII letter or digit.
func isAlphanumeric(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
