package markup

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// editDoc is a document of testdata/edit.
type editDoc struct {
	name, source string
	adf          bool
}

// editCorpus is all documents of testdata/edit: in each file several, each behind a line with its
// name.
func editCorpus(t testing.TB) []editDoc {
	t.Helper()
	var docs []editDoc
	for _, path := range glob(t, "testdata/edit/*.txt") {
		adf := strings.Contains(path, "adf-")
		for part := range strings.SplitSeq("\n"+read(t, path), "\n=== ") {
			name, source, ok := strings.Cut(part, "\n")
			if ok && name != "" {
				docs = append(docs, editDoc{name, source, adf})
			}
		}
	}
	return docs
}

// open opens a document that must not be malformed.
func (d editDoc) open(t testing.TB) *Original {
	t.Helper()
	o, err := d.tryOpen(d.source)
	if err != nil {
		t.Fatalf("%s: %v\n%s", d.name, err, d.source)
	}
	return o
}

func (d editDoc) tryOpen(source string) (*Original, error) {
	if d.adf {
		return OpenADF(Document(source))
	}
	return OpenStorage(source)
}

// fresh is the normal form of Markdown: what a new document of the same format made of it reads as.
func (d editDoc) fresh(t testing.TB, markdown string) string {
	t.Helper()
	source := ToStorage(markdown)
	if d.adf {
		source = string(ToADF(markdown))
	}
	o, err := d.tryOpen(source)
	if err != nil {
		t.Fatal(err)
	}
	return o.Markdown()
}

// check says what is wrong with a changed document: it has to be valid ADF, or well-formed.
func (d editDoc) check(t testing.TB, source string) error {
	t.Helper()
	if !d.adf {
		return wellFormed(source)
	}
	if !json.Valid([]byte(source)) {
		return errors.New("not JSON")
	}
	return validADF(t, source)
}

// wellFormed parses storage format strictly, but for HTML's entities.
func wellFormed(page string) error {
	d := xml.NewDecoder(strings.NewReader(`<page xmlns:ac="ac" xmlns:ri="ri" xmlns:custom="custom">` + page + `</page>`))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestEditCorpusIsValid(t *testing.T) {
	storage, adf := 0, 0
	for _, d := range editCorpus(t) {
		if d.adf {
			adf++
		} else {
			storage++
		}
		if err := d.check(t, d.source); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	if storage < 60 || adf < 50 {
		t.Errorf("%d storage pages and %d ADF documents", storage, adf)
	}
}

// A document whose Markdown comes back as it was stays as it was.
func TestEditNothing(t *testing.T) {
	for _, d := range editCorpus(t) {
		o := d.open(t)
		got, err := o.Edit(o.Markdown())
		if err != nil || got != d.source {
			t.Errorf("%s: %v\n got %s\nwant %s", d.name, err, got, d.source)
		}
	}
}
