package markup

import (
	"sync"
	"testing"
)

// Conversions share memory one after the other; what they return must not.
func TestConversionsSideBySide(t *testing.T) {
	examples := corpus(t)
	type result struct {
		doc           string
		wiki, storage string
	}
	convert := func(e example) result {
		return result{string(ToADF(e.Markdown)), ToWiki(e.Markdown), ToStorage(e.Markdown)}
	}
	want := make([]result, len(examples))
	docs := make([]Document, len(examples))
	for i, e := range examples {
		docs[i] = ToADF(e.Markdown)
		want[i] = convert(e)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range examples {
				at := (i*7 + worker*100) % len(examples)
				if got := convert(examples[at]); got != want[at] {
					t.Errorf("%v: %q became %v, alone %v", examples[at], examples[at].Markdown, got, want[at])
				}
			}
		})
	}
	wg.Wait()
	for i, doc := range docs {
		if string(doc) != want[i].doc {
			t.Errorf("%v: the document changed after it was returned: %s", examples[i], doc)
		}
	}
}
