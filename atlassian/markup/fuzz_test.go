package markup

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// addMarkdown seeds a fuzz target with the examples of CommonMark and GitHub and those of testdata.
func addMarkdown(f *testing.F) {
	if examples, err := specExamples(); err == nil {
		for _, e := range examples {
			f.Add(e.Markdown)
		}
	}
	for _, path := range glob(f, "testdata/*/*.md") {
		f.Add(read(f, path))
	}
}

func addFiles(f *testing.F, pattern string) {
	for _, path := range glob(f, pattern) {
		f.Add(read(f, path))
	}
}

// checkSize fails when a conversion makes far more of its source than the longest spelling of what is
// in it: a byte can be a cell, and a wide heading makes up to maxFilledCells of rows without any.
func checkSize(t *testing.T, source, result string) {
	t.Helper()
	const forByte, forCell = 100, 80
	if most := forByte*len(source) + forCell*maxFilledCells; len(result) > most {
		t.Errorf("%d bytes became %d", len(source), len(result))
	}
}

// checkSettles writes markdown, reads it, and does both again: after one round nothing changes.
func checkSettles(t *testing.T, markdown string, write func(string) string, read func(string) string) {
	t.Helper()
	first := write(markdown)
	checkSize(t, markdown, first)
	back := read(first)
	checkClean(t, back)
	checkSize(t, first, back)
	second := write(back)
	if again := read(second); write(again) != second {
		t.Errorf("%q\nbecomes %s\nthen %q\nthen %s\nthen %q\nthen %s", markdown, first, back, second, again, write(again))
	}
}

func FuzzToADF(f *testing.F) {
	addMarkdown(f)
	for _, cases := range nodeCases {
		for _, tc := range cases {
			if md, err := FromADF(json.RawMessage(docADF(tc.blocks))); err == nil {
				f.Add(md)
			}
		}
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		checkFixedPoint(t, markdown)
	})
}

func FuzzFromADF(f *testing.F) {
	addFiles(f, "testdata/*/*.json")
	for _, cases := range nodeCases {
		for _, tc := range cases {
			f.Add(docADF(tc.blocks))
		}
	}
	f.Add(`{"type":"doc","content":[{"type":"table","content":[{"type":"tableRow"}]}]}`)
	f.Add(`{"type":"text","text":"alone"}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, doc string) {
		md, err := FromADF(json.RawMessage(doc))
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("error of no kind: %v", err)
		}
		checkClean(t, md)
		checkFixedPoint(t, md)
		checkSize(t, doc, md)
	})
}

// checkFixedPoint fails the test unless a document made of Markdown is valid and, read as Markdown
// and written again, the same.
func checkFixedPoint(t *testing.T, markdown string) {
	t.Helper()
	doc := ToADF(markdown)
	checkADF(t, doc)
	again, err := FromADF(doc)
	if err != nil {
		t.Fatalf("our own document: %v", err)
	}
	if second := ToADF(again); string(second) != string(doc) {
		t.Errorf("from  %q\nto    %q\nfirst  %s\nsecond %s", markdown, again, doc, second)
	}
}

func FuzzToWiki(f *testing.F) {
	addMarkdown(f)
	f.Fuzz(func(t *testing.T, markdown string) {
		checkSettles(t, markdown, ToWiki, FromWiki)
	})
}

func FuzzFromWiki(f *testing.F) {
	addFiles(f, "testdata/*/*.wiki")
	for _, seed := range []string{"{code", "{code}{code}", "|", "||", "|a\nb|", "*#- x", "[|]", "[~]", "!!", "{*}a", "{{}}", "\\", "h1. ", "h7. x", "{:0}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wiki string) {
		md := FromWiki(wiki)
		checkClean(t, md)
		checkSize(t, wiki, md)
	})
}

func FuzzToStorage(f *testing.F) {
	addMarkdown(f)
	f.Fuzz(func(t *testing.T, markdown string) {
		checkWellFormed(t, ToStorage(markdown))
		checkSettles(t, markdown, ToStorage, func(page string) string {
			md, err := FromStorage(page)
			if err != nil {
				t.Errorf("our own page: %v\n%s", err, page)
			}
			return md
		})
	})
}

func FuzzFromStorage(f *testing.F) {
	addFiles(f, "testdata/*/*.xml")
	for _, seed := range []string{"<p>", "</p>", "<ac:link>", "<br>", "&nope;", "<![CDATA[", "<table><tr><td colspan=\"99999\" rowspan=\"9\"/></tr><tr><td/></tr></table>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		md, err := FromStorage(page)
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("error of no kind: %v", err)
		}
		checkClean(t, md)
		checkSize(t, page, md)
		checkWellFormed(t, ToStorage(md))
	})
}

func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("a\x00b\u202ec\r\nd\U000E0041\xff")
	f.Fuzz(func(t *testing.T, s string) { checkClean(t, Clean(s)) })
}

func checkClean(t *testing.T, s string) {
	t.Helper()
	if c := Clean(s); c != s {
		t.Errorf("not clean: %q", s)
	}
	for _, r := range s {
		if r < ' ' && r != '\n' && r != '\t' {
			t.Errorf("control character %U in %q", r, s)
		}
	}
}

// checkWellFormed parses storage format strictly, with the prefixes declared as Confluence does.
func checkWellFormed(t testing.TB, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(`<page xmlns:ac="ac" xmlns:ri="ri">` + page + `</page>`))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, page)
		}
	}
}
