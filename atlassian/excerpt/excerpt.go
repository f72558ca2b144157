// Package excerpt cuts long texts to what a result can hold, and recognises an excerpt that comes back
// as if it were the whole text: to write it would delete the rest.
package excerpt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// said is what an excerpt says of itself.
const said = "Part of a longer text. Do not write it back as the whole."

// Mark is the line where an excerpt was cut.
const Mark = "[" + said + "]"

// Sizes in bytes of JSON text.
const (
	// step is how far the places are from each other at which long texts are cut.
	step = 4 << 10
	// first is the first of these places. Shorter excerpts are cut anywhere.
	first = 2 * step
	// marks is what the marks of one excerpt take.
	marks = 2 * (len(Mark) + len("\\n\\n"))
)

// Cut returns as much of a text from byte start on as takes at most size bytes of JSON, and where that
// ends in the text. Marks stand where the text goes on. A result is empty only when size is tiny.
func Cut(text string, start, size int) (part string, end int) {
	for start > 0 && start < len(text) && !utf8.RuneStart(text[start]) {
		start--
	}
	if whole, _ := atlassian.Fit(text, size); start == 0 && len(whole) == len(text) {
		return text, len(text)
	}
	kept, _ := atlassian.Fit(text[start:], size-marks)
	if end = start + len(kept); end < len(text) {
		end = placeBefore(text, start, end)
	}
	part = text[start:end]
	if part == "" {
		return "", end
	}
	if start > 0 {
		part = Mark + "\n\n" + part
	}
	if end < len(text) {
		part = strings.TrimRight(part, "\n") + "\n\n" + Mark
	}
	return part, end
}

// placeBefore is the last place to cut in what follows start, up to limit.
func placeBefore(text string, start, limit int) int {
	end := 0
	for _, place := range places(text[:limit]) {
		if place > start {
			end = place
		}
	}
	if end == 0 {
		return lineEnd(text, start, limit)
	}
	return end
}

// places are where a text is cut when it is long, whatever else a result has to hold: each depends on
// the text before it alone, so that whoever has the text knows where readers saw it end.
func places(text string) (list []int) {
	for from, size := 0, first; ; size = step {
		kept, _ := atlassian.Fit(text[from:], size)
		if from += len(kept); from == len(text) {
			return list
		}
		list = append(list, lineEnd(text, 0, from))
	}
}

// lineEnd is the end of the last whole line before limit where that is near, else limit.
func lineEnd(text string, start, limit int) int {
	if line := strings.LastIndexByte(text[start:limit], '\n') + 1; start+line > limit-step/8 && line > (limit-start)/2 {
		return start + line
	}
	return limit
}

// near is how many bytes of an excerpt, at the place where it was cut, have to be left of it for it to
// be recognised. The rest of it may have been rewritten.
const near = 200

// IsPart says of a text that is given for a whole one that it is an excerpt of what is there now, changed
// or not: it has a mark, or it goes as far as a place at which long texts are cut, and nothing of what
// follows there is in it. Whoever wants to drop the rest of a text at just such a place is taken for
// somebody who never saw it.
func IsPart(present, given string) bool {
	if strings.Count(given, said) > strings.Count(present, said) {
		return true
	}
	cuts := places(present)
	if len(cuts) == 0 {
		return false
	}
	all := single(phrasesOf(present))
	there := map[string]bool{}
	for _, p := range phrasesOf(given) {
		there[p.words] = true
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(p phrase) bool { return !there[p.words] })
	if len(kept) == 0 {
		return false
	}
	start, end := kept[0].start, kept[len(kept)-1].end
	for _, cut := range cuts {
		if end <= cut && end > cut-near && all[len(all)-1].start >= cut || start >= cut && start < cut+near && all[0].end <= cut {
			return true
		}
	}
	return false
}

// phraseLength is of so many words that one is hardly twice in a text by chance.
const phraseLength = 5

// phrase is a few words of a text, without regard to what stands between them.
type phrase struct {
	words      string
	start, end int
}

// single are the phrases that are in their text once.
func single(list []phrase) []phrase {
	count := make(map[string]int, len(list))
	for _, p := range list {
		count[p.words]++
	}
	return slices.DeleteFunc(list, func(p phrase) bool { return count[p.words] > 1 })
}

func phrasesOf(text string) (list []phrase) {
	var last []phrase // the words before the next phrase
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !isWord(r) {
			at += size
			continue
		}
		end := len(text)
		if i := strings.IndexFunc(text[at:], func(r rune) bool { return !isWord(r) }); i >= 0 {
			end = at + i
		}
		last = append(last, phrase{text[at:end], at, end})
		at = end
		if len(last) < phraseLength {
			continue
		}
		words := make([]string, phraseLength)
		for i, word := range last {
			words[i] = word.words
		}
		list = append(list, phrase{strings.Join(words, " "), last[0].start, end})
		last = last[1:]
	}
	return list
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }
