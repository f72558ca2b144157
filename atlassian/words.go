package atlassian

import (
	"strconv"
	"strings"
	"unicode"
)

// maxWords bounds in bytes what a person types to look for. It may go into an address, which servers
// bound, too.
const maxWords = 1 << 10

// CheckWords returns PlainWords of text, or an InputError about the named argument where there are none
// or too many.
func CheckWords(argument, text string) (string, error) {
	if len(text) > maxWords {
		return "", &InputError{Argument: argument, Problem: "it is longer than " + strconv.Itoa(maxWords) + " bytes", Hint: "Look for fewer words."}
	}
	words := PlainWords(text)
	if words == "" {
		return "", &InputError{Argument: argument, Problem: "there is nothing in it to look for", Hint: "Write words."}
	}
	return words, nil
}

// PlainWords writes what a person types as the text of a match in JQL or CQL: words and "phrases"
// without the operators of the search engine below both, in which a stray colon or parenthesis fails or
// means something else. It is empty when nothing is left to look for. The text still has to be made a
// string of the language.
func PlainWords(text string) string {
	var terms []string
	for i, part := range strings.Split(text, `"`) {
		inPhrase := i%2 == 1
		words := strings.FieldsFunc(part, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("_.-'@#*", r)
		})
		var kept []string
		for _, word := range words {
			if word = plainWord(word); word != "" {
				kept = append(kept, word)
			}
		}
		if inPhrase && len(kept) > 1 {
			terms = append(terms, `"`+strings.ReplaceAll(strings.Join(kept, " "), "*", "")+`"`)
			continue
		}
		terms = append(terms, kept...)
	}
	return strings.Join(terms, " ")
}

// plainWord takes away what would make an operator of a word: a minus before it, stars anywhere
// but at its end, and the capitals of AND, OR and NOT.
func plainWord(word string) string {
	word = strings.TrimLeft(word, "-.'*#@")
	star := strings.HasSuffix(word, "*")
	word = strings.TrimRight(strings.ReplaceAll(word, "*", ""), "-.'#@")
	switch word {
	case "":
		return ""
	case "AND", "OR", "NOT", "TO":
		word = strings.ToLower(word)
	}
	if star {
		word += "*"
	}
	return word
}
