package markup

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// example is one example of a specification of Markdown.
type example struct {
	Markdown string `json:"markdown"`
	Number   int    `json:"example"`
	Section  string `json:"section"`
}

func (e example) String() string { return e.Section + " " + strconv.Itoa(e.Number) }

// specExamples are the examples of CommonMark, of GitHub's extensions and of goldmark's own tests of
// CommonMark, all from goldmark's module.
var specExamples = sync.OnceValues(func() ([]example, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		return nil, err
	}
	dir := strings.TrimSpace(string(out))
	data, err := os.ReadFile(filepath.Join(dir, "_test", "spec.json"))
	if err != nil {
		return nil, err
	}
	var examples []example
	if err := json.Unmarshal(data, &examples); err != nil {
		return nil, err
	}
	for _, name := range []string{
		"_test/extra.txt", "extension/_test/linkify.txt", "extension/_test/strikethrough.txt",
		"extension/_test/table.txt", "extension/_test/tasklist.txt",
	} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		more, err := goldmarkCases(path.Base(name), strings.ReplaceAll(string(data), "\r\n", "\n"))
		if err != nil {
			return nil, err
		}
		examples = append(examples, more...)
	}
	return examples, nil
})

// goldmarkCases reads the text form of goldmark's tests: a number, options, the Markdown and the
// HTML, with lines between that are nothing but a ruler.
func goldmarkCases(section, data string) ([]example, error) {
	const within, after = "//- - - - - - - - -//\n", "//= = = = = = = = = = = = = = = = = = = = = = = =//\n"
	var examples []example
	for part := range strings.SplitSeq(data, after) {
		if strings.TrimSpace(part) == "" {
			continue
		}
		fields := strings.Split(part, within)
		head := strings.TrimSpace(fields[0])
		number, _, _ := strings.Cut(head, "\n")
		number, _, _ = strings.Cut(number, ":")
		e := example{Section: section}
		var err error
		if e.Number, err = strconv.Atoi(number); err != nil || len(fields) != 3 {
			return nil, fmt.Errorf("%s: no test case: %q", section, part)
		}
		e.Markdown = fields[1]
		if strings.Contains(head, `"enableEscape": true`) {
			e.Markdown = caseEscapes.Replace(e.Markdown)
		}
		examples = append(examples, e)
	}
	return examples, nil
}

var caseEscapes = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\f`, "\f", `\v`, "\v", `\x00`, "\x00", `\x01`, "\x01")

// TestSpecExamplesAreComplete makes a goldmark without its examples, or with others, fail.
func TestSpecExamplesAreComplete(t *testing.T) {
	examples, err := specExamples()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range examples {
		if strings.HasSuffix(e.Section, ".txt") {
			count[e.Section]++
		} else {
			count["CommonMark"]++
		}
	}
	for section, least := range map[string]int{"CommonMark": 652, "extra.txt": 72, "linkify.txt": 21, "strikethrough.txt": 5, "table.txt": 14, "tasklist.txt": 4} {
		if count[section] < least {
			t.Errorf("%d examples of %s, want at least %d", count[section], section, least)
		}
	}
}

// found is what fuzzing found, and what else the specifications do not have.
var found = []string{
	"# f\t#\t#\t#", "* \n*\r* *", "[||](/uw9)", `[&#92;](<\\>)`,
	"- [ ] a\n\n> [!NOTE] www.example.com\n>\n> - [ ] b\n\n- [ ] c", // a title that becomes a link, between numbered tasks
	"a\n\n[columns](layout:50-50)\n\nb\n\n[next column](layout:next)\n\nc\n\n[end of columns](layout:end)\n\nd",
	"[next column](layout:next)\n\na\n\n[columns](layout:50-50)\n\nb\n\n[columns](layout:33-67)\n\nc\n\n[next column](layout:next)\n\nd\n\n[end of columns](layout:end)",
	"a\n\n[columns](layout:50-50)\n\nb\n\n[c]: d", // columns that never end, and nothing behind them
}

// corpus is specExamples, what fuzzing found, and the documents of testdata.
func corpus(t testing.TB) []example {
	t.Helper()
	examples, err := specExamples()
	if err != nil {
		t.Fatalf("goldmark's specification examples are not in the module cache: %v", err)
	}
	all := slices.Clip(examples)
	for i, markdown := range found {
		all = append(all, example{Markdown: markdown, Section: "found", Number: i})
	}
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
			t.Fatalf("%v: %q", e, e.Markdown)
		}
	}
}

// Markdown read block by block is the same as all of it.
func TestEachBlock(t *testing.T) {
	for _, e := range corpus(t) {
		var each string
		mem := newArena()
		for n := range mem.eachBlock(e.Markdown) {
			each += sketch([]*node{n})
		}
		mem.giveBack()
		if all := sketch(parseMarkdown(e.Markdown)); each != all {
			t.Errorf("%v: %q\neach %s\nall  %s", e, e.Markdown, each, all)
		}
	}
}

// An ADF document read as Markdown and written back is the same document.
func TestCorpusADFRoundTrip(t *testing.T) {
	for _, e := range corpus(t) {
		doc := ToADF(e.Markdown)
		md, err := FromADF(doc)
		if err != nil {
			t.Fatalf("%v: %v", e, err)
		}
		if again := ToADF(md); string(again) != string(doc) {
			t.Errorf("%v: %q\nmarkdown %q\nfirst  %s\nsecond %s", e, e.Markdown, md, doc, again)
		}
	}
}

func TestCorpusStorageRoundTrip(t *testing.T) {
	for _, e := range corpus(t) {
		page := ToStorage(e.Markdown)
		md, err := FromStorage(page)
		if err != nil {
			t.Fatalf("%v: %v\n%s", e, err, page)
		}
		if again := ToStorage(md); again != page {
			t.Errorf("%v: %q\nmarkdown %q\nfirst  %s\nsecond %s", e, e.Markdown, md, page, again)
		}
	}
}

func TestCorpusWikiRoundTrip(t *testing.T) {
	for _, e := range corpus(t) {
		wiki := ToWiki(e.Markdown)
		md := FromWiki(wiki)
		if again := ToWiki(md); again != wiki {
			t.Errorf("%v: %q\nmarkdown %q\nfirst  %q\nsecond %q", e, e.Markdown, md, wiki, again)
		}
	}
}
