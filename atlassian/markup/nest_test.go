package markup

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// randomInlines has runs of all kinds side by side, more often in need of tidying than any document.
func randomInlines(r *rand.Rand) []inline {
	texts := []string{"a", "b c", " a", "a ", " ", "", "\n", "a\n", "\u00a0", "\ta"}
	marks := []mark{0, 0, strong, em, strong | em, code, code | strong}
	links := []link{{}, {}, {href: "/a"}, {href: "/b", title: "t"}}
	in := make([]inline, r.IntN(6))
	for i := range in {
		in[i] = inline{kind: inlineKind(r.IntN(8)), marks: marks[r.IntN(len(marks))], link: links[r.IntN(len(links))], text: texts[r.IntN(len(texts))]}
		if in[i].kind > objectInline {
			in[i].kind = textInline
		}
		if in[i].kind == breakInline {
			in[i].text = ""
		}
	}
	return in
}

// What counts as tidy is what tidying leaves as it is, so that it may be left out.
func TestTidyLeavesTheTidyAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tidied := 0
	for range 50_000 {
		in := randomInlines(r)
		before := slices.Clone(in)
		out := tidyInto(nil, in)
		if !slices.Equal(in, before) {
			t.Fatalf("%v was changed to %v", before, in)
		}
		if isTidy(in) {
			tidied++
			if !slices.Equal(in, out) {
				t.Fatalf("%v counts as tidy and becomes %v", in, out)
			}
		}
		if again := tidyInto(nil, out); !slices.Equal(again, out) {
			t.Fatalf("%v becomes %v and then %v", in, out, again)
		}
	}
	t.Logf("%d of 50000 were tidy", tidied)
}
