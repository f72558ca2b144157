package markup

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden converts every document of testdata and compares with the files beside it. Read them:
// they show what each construct becomes.
func TestGolden(t *testing.T) {
	directions := []struct {
		name, from, to string
		convert        func(t *testing.T, source string) string
	}{
		{"ToADF", "markdown/*.md", ".adf.json", func(t *testing.T, s string) string {
			doc := ToADF(s)
			checkADF(t, doc)
			return indent(t, doc)
		}},
		{"ToWiki", "markdown/*.md", ".wiki", func(_ *testing.T, s string) string { return ToWiki(s) + "\n" }},
		{"ToStorage", "markdown/*.md", ".xml", func(_ *testing.T, s string) string {
			return strings.ReplaceAll(ToStorage(s), "><", ">\n<") + "\n"
		}},
		{"FromADF", "adf/*.json", ".md", func(t *testing.T, s string) string {
			md, err := FromADF(json.RawMessage(s))
			if err != nil {
				t.Fatal(err)
			}
			return md + "\n"
		}},
		{"FromWiki", "wiki/*.wiki", ".md", func(_ *testing.T, s string) string { return FromWiki(s) + "\n" }},
		{"FromStorage", "storage/*.xml", ".md", func(t *testing.T, s string) string {
			md, err := FromStorage(s)
			if err != nil {
				t.Fatal(err)
			}
			return md + "\n"
		}},
	}
	for _, d := range directions {
		paths := glob(t, "testdata/"+d.from)
		if len(paths) == 0 {
			t.Errorf("%s: no documents in testdata/%s", d.name, d.from)
		}
		for _, path := range paths {
			t.Run(d.name+"/"+path, func(t *testing.T) {
				got := d.convert(t, read(t, path))
				golden := path[:strings.LastIndexByte(path, '.')] + d.to
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(got, read(t, golden)); diff != "" {
					t.Errorf("%s (got before want):\n%s", golden, diff)
				}
			})
		}
	}
}

func indent(t *testing.T, doc json.RawMessage) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, doc, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}
