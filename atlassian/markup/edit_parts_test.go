package markup

import (
	"errors"
	"strings"
	"testing"
)

// What is appended comes behind all that was there, but for what closes it.
func TestAppendOverCorpus(t *testing.T) {
	const more = "\n\n## Appended\n\nlast *words*"
	for _, d := range editCorpus(t) {
		o := d.open(t)
		got, err := o.Append(more)
		if err != nil {
			t.Errorf("%s: %v", d.name, err)
			continue
		}
		removed, added := differs(d.source, got)
		if removed != "" || !strings.Contains(added, "last ") {
			t.Errorf("%s: %q became %q", d.name, removed, added)
		}
		if err := d.check(t, got); err != nil {
			t.Errorf("%s: %v\n%s", d.name, err, got)
		}
		again, err := d.tryOpen(got)
		if err != nil {
			t.Errorf("%s: %v", d.name, err)
		} else if md := again.Markdown(); sketch(parseMarkdown(md)) != sketch(parseMarkdown(o.Markdown()+more)) {
			t.Errorf("%s: reads as\n%s", d.name, md)
		}
	}
}

// A section that is replaced leaves all outside it as it was.
func TestReplaceSectionOverCorpus(t *testing.T) {
	sections, refused := 0, 0
	for _, d := range editCorpus(t) {
		o := d.open(t)
		m := o.merge()
		for _, title := range headings(m.was) {
			siblings, at, err := findHeading(m.was, title)
			if err != nil {
				continue // several of one name
			}
			sections++
			got, err := o.ReplaceSection(title, "the new text")
			if errors.Is(err, ErrNotEditable) {
				refused++
				t.Logf("%s: %s: %v", d.name, title, err)
				continue
			}
			if err != nil {
				t.Errorf("%s: %s: %v", d.name, title, err)
				continue
			}
			head := m.base[siblings[at]].origin.whole
			if !strings.HasPrefix(got, d.source[:head.end]) || !strings.Contains(got[head.end:], "the new text") {
				t.Errorf("%s: %s: became\n%s", d.name, title, got)
			}
			if err := d.check(t, got); err != nil {
				t.Errorf("%s: %s: %v\n%s", d.name, title, err, got)
			}
			if end := sectionEnd(siblings, at); end < len(siblings) {
				rest := m.base[siblings[end]].origin.whole.start
				if !strings.HasSuffix(got, d.source[rest:]) {
					t.Errorf("%s: %s: changed behind the section\n%s", d.name, title, got)
				}
			}
		}
	}
	t.Logf("%d sections, %d refused", sections, refused)
	if sections < 80 || refused*20 > sections {
		t.Errorf("%d of %d sections were refused", refused, sections)
	}
}

func headings(blocks []*node) []string {
	var titles []string
	for _, n := range blocks {
		if n.kind == heading {
			titles = append(titles, plainText(n.inlines))
		}
		titles = append(titles, headings(n.children)...)
	}
	return titles
}

// A word that is replaced wherever it stands is replaced, and nothing else is.
func TestReplaceTextOverCorpus(t *testing.T) {
	const word = "7w7"
	words := 0
	for _, d := range editCorpus(t) {
		o := d.open(t)
		md := o.Markdown()
		for _, at := range textWords(md) {
			was := md[at[0]:at[1]]
			got, n, err := o.ReplaceText(was, word)
			if errors.Is(err, ErrNoSuchText) {
				continue // it stands in an attribute
			}
			if err != nil || n == 0 || strings.Count(got, word) < n {
				t.Errorf("%s: %s: %d, %v", d.name, was, n, err)
				continue
			}
			words++
			if back := strings.ReplaceAll(got, word, was); back != d.source && wordsApart[was] == "" {
				a, b := differs(d.source, back)
				t.Errorf("%s: %s: %s became %s", d.name, was, a, b)
			}
			if _, err := d.tryOpen(got); err != nil {
				t.Errorf("%s: %s: %v", d.name, was, err)
			}
		}
	}
	if words < 1000 {
		t.Errorf("%d words", words)
	}
}
