package markup

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// example is one example of the CommonMark specification.
type example struct {
	Markdown string `json:"markdown"`
	HTML     string `json:"html"`
	Number   int    `json:"example"`
	Section  string `json:"section"`
}

// commonMarkExamples are the specification's own examples, from goldmark's module.
var commonMarkExamples = sync.OnceValues(func() ([]example, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "_test", "spec.json"))
	if err != nil {
		return nil, err
	}
	var examples []example
	return examples, json.Unmarshal(data, &examples)
})

// corpus is CommonMark's examples and those of testdata.
func corpus(t testing.TB) []example {
	t.Helper()
	examples, err := commonMarkExamples()
	if err != nil {
		t.Fatalf("goldmark's specification examples are not in the module cache: %v", err)
	}
	all := slices.Clip(examples)
	for _, path := range glob(t, "testdata/*/*.md") {
		all = append(all, example{Markdown: read(t, path), Section: path})
	}
	return all
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCorpusToADFIsValid(t *testing.T) {
	requireSchema(t)
	for _, e := range corpus(t) {
		checkADF(t, ToADF(e.Markdown))
		if t.Failed() {
			t.Fatalf("example %d (%s): %q", e.Number, e.Section, e.Markdown)
		}
	}
}

// An ADF document read as Markdown and written back is the same document.
func TestCorpusADFRoundTrip(t *testing.T) {
	for _, e := range corpus(t) {
		doc := ToADF(e.Markdown)
		md, err := FromADF(doc)
		if err != nil {
			t.Fatalf("example %d: %v", e.Number, err)
		}
		if again := ToADF(md); string(again) != string(doc) {
			t.Errorf("example %d (%s): %q\nmarkdown %q\nfirst  %s\nsecond %s", e.Number, e.Section, e.Markdown, md, doc, again)
		}
	}
}

func TestCorpusStorageRoundTrip(t *testing.T) {
	for _, e := range corpus(t) {
		page := ToStorage(e.Markdown)
		md, err := FromStorage(page)
		if err != nil {
			t.Fatalf("example %d: %v\n%s", e.Number, err, page)
		}
		if again := ToStorage(md); again != page {
			t.Errorf("example %d (%s): %q\nmarkdown %q\nfirst  %s\nsecond %s", e.Number, e.Section, e.Markdown, md, page, again)
		}
	}
}

func TestCorpusWikiRoundTrip(t *testing.T) {
	for _, e := range corpus(t) {
		if e.Number == 602 {
			continue // a bare address in plain text: wiki markup links it, CommonMark does not
		}
		wiki := ToWiki(e.Markdown)
		md := FromWiki(wiki)
		if again := ToWiki(md); again != wiki {
			t.Errorf("example %d (%s): %q\nmarkdown %q\nfirst  %q\nsecond %q", e.Number, e.Section, e.Markdown, md, wiki, again)
		}
	}
}
