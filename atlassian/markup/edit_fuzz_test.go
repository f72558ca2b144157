package markup

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
)

func FuzzEditStorage(f *testing.F) { fuzzEdit(f, false) }

func FuzzEditADF(f *testing.F) { fuzzEdit(f, true) }

// fuzzEdit takes a document and the Markdown that its own is changed to.
func fuzzEdit(f *testing.F, adf bool) {
	for _, d := range editCorpus(f) {
		if d.adf == adf {
			md := d.open(f).Markdown()
			f.Add(d.source, "new\n\n"+md[len(md)/2:])
		}
	}
	f.Fuzz(func(t *testing.T, source, edited string) {
		d := editDoc{"fuzz", source, adf}
		o, err := d.tryOpen(source)
		if err != nil {
			return
		}
		if same, err := o.Edit(o.Markdown()); err != nil || same != source {
			t.Errorf("unedited: %v\n%s became\n%s", err, source, same)
		}
		got, err := o.Edit(edited)
		if err != nil {
			if !errors.Is(err, ErrNotEditable) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		if _, err := d.tryOpen(got); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v\n%s", err, got)
		}
		if !adf && wellFormed(source) == nil {
			if err := wellFormed(got); err != nil {
				t.Errorf("%v\n%s", err, got)
			}
		}
		if adf && os.Getenv("ATLASSIAN_SPECS") != "" && json.Valid([]byte(source)) && validADF(t, source) == nil {
			if err := validADF(t, got); err != nil {
				t.Errorf("%v\n%s", err, got)
			}
		}
	})
}
