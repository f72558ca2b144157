package markup

import (
	"errors"
	"maps"
	"regexp"
	"testing"
)

// notText are the parts of Markdown whose words are no text of the document: destinations, HTML,
// what stands for an object or image, the heads of callouts and of code, autolinks.
var notText = regexp.MustCompile(`!?\[[^\]]*\]\((mention|user|userkey|status|date|macro|media|layout|adf|emoji|placeholder|card|block-card|embed|issue):[^)]*\)` +
	`|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)|<[^>]*>|\[!MACRO\].*|\[![A-Z]+\]|(?m:^[> ]*` + "```" + `.*$)|https?://[^\s)]*|\\?&#?\w+;`)

var asciiWord = regexp.MustCompile(`[A-Za-z]{2,}`)

// textWords are the places of a Markdown text's words that a document has as text, at most about 30
// of them, evenly spread.
func textWords(md string) [][]int {
	hidden := notText.FindAllStringIndex(md, -1)
	var words [][]int
	for _, w := range asciiWord.FindAllStringIndex(md, -1) {
		for len(hidden) > 0 && hidden[0][1] <= w[0] {
			hidden = hidden[1:]
		}
		if len(hidden) == 0 || w[1] <= hidden[0][0] {
			words = append(words, w)
		}
	}
	const most = 30
	if len(words) <= most {
		return words
	}
	var spread [][]int
	for i := range most {
		spread = append(spread, words[i*len(words)/most])
	}
	return spread
}

// namedWords are the words of blocks that stand in attributes: placeholders, emojis, what a link to
// a page shows that has no text of its own.
func namedWords(blocks []*node) map[string]bool {
	words := map[string]bool{}
	for _, n := range blocks {
		for _, r := range n.origin.raw {
			if r.kind == textInline && !r.literal {
				for _, w := range asciiWord.FindAllString(r.text, -1) {
					words[w] = true
				}
			}
		}
		maps.Copy(words, namedWords(n.children))
	}
	return words
}

// differs is where two texts differ: what is left of each without what they begin and end with alike.
func differs(a, b string) (inA, inB string) {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// wordsApart are words that are not one piece of text in the document, and what becomes of them: the
// new word stands where the first letter was.
var wordsApart = map[string]string{
	"sixseven":  `six"},{"text":"seven 7w7"},{"text":"`, // in two colours
	"zerowidth": `zero\u200bwidth 7w7`,                  // with a hidden character
}

var oldReaders = regexp.MustCompile(`<ac:adf-fallback>.*?</ac:adf-fallback>`)

// withoutCopies is a page without what it says once more for old readers; TestEditStorage looks at that.
func withoutCopies(page string) string { return oldReaders.ReplaceAllString(page, "") }

// An edit that changes one word changes that word and nothing else.
func TestEditOneWord(t *testing.T) {
	const word = "7w7" // in no document
	edits, refused := 0, 0
	for _, d := range editCorpus(t) {
		o := d.open(t)
		md := o.Markdown()
		named := namedWords(o.blocks)
		for _, at := range textWords(md) {
			was := md[at[0]:at[1]]
			if named[was] {
				continue
			}
			edits++
			edited := md[:at[0]] + word + md[at[1]:]
			got, err := o.Edit(edited)
			if errors.Is(err, ErrNotEditable) {
				refused++
				t.Logf("%s: %s: %v", d.name, was, err)
				continue
			}
			if a, b := differs(withoutCopies(d.source), withoutCopies(got)); err != nil || (a != was || b != word) && a+" "+b != wordsApart[was] {
				t.Errorf("%s: %s: %v\n%s became\n%s", d.name, was, err, a, b)
				continue
			}
			again, err := d.tryOpen(got)
			if err != nil {
				t.Errorf("%s: %s: %v", d.name, was, err)
			} else if again.Markdown() != edited {
				a, b := differs(again.Markdown(), edited)
				t.Errorf("%s: %s: reads as\n%s instead of\n%s", d.name, was, a, b)
			}
		}
	}
	t.Logf("%d edits, %d refused", edits, refused)
	if edits < 1000 || refused*100 > edits {
		t.Errorf("%d of %d edits were refused", refused, edits)
	}
}
