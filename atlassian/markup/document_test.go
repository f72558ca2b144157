package markup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	document     = "../../docs/markdown.md"
	pictures     = "../../docs/pictures"
	documentSite = "https://contoso.atlassian.net"

	drawPictures = "cd acceptance && node markup/pictures.mjs" // as CONTRIBUTING.md has it
)

// An example of docs/markdown.md is a comment with its name, the format that its picture is drawn
// from and what the picture shows, then a fence with Markdown. All below it is written by this test.
var (
	exampleBlock = regexp.MustCompile("(?s)<!-- example: ([a-z-]+), (adf|storage): ([^\n]+) -->\n(?:````markdown\n(.*?)\n````\n|```markdown\n(.*?)\n```\n).*?<!-- end -->")
	editBlock    = regexp.MustCompile("(?s)<!-- edit -->\n.*?<!-- end -->")
	overview     = regexp.MustCompile("(?s)<!-- overview -->\n.*?<!-- end -->")
	fenced       = regexp.MustCompile("(?s)```[a-z]+\n(.*?)\n?```\n")
)

// documented is an example of docs/markdown.md, converted.
type documented struct {
	name, from, shows, markdown string
	adf, wiki, storage          string
	back                        map[Format]string // what is read of each format
}

func newDocumented(t *testing.T, name, from, shows, markdown string) *documented {
	t.Helper()
	e := &documented{name: name, from: from, shows: shows, markdown: markdown, back: map[Format]string{}}
	doc := ToADF(markdown, WithSite(documentSite))
	checkADF(t, doc)
	e.adf, e.wiki, e.storage = string(doc), ToWiki(markdown), ToStorage(markdown)
	checkWellFormed(t, e.storage)
	for format, text := range map[Format]string{ADF: e.adf, Wiki: e.wiki, Storage: e.storage} {
		back, err := Convert(text, format, Markdown)
		if err != nil {
			t.Errorf("%s: %s: %v", name, format, err)
		}
		e.back[format] = back
	}
	return e
}

// picture is the name of the picture's file: a picture of another text or another conversion has
// another name.
func (e *documented) picture() string {
	drawn := e.adf
	if e.from == "storage" {
		drawn = e.storage
	}
	sum := sha256.Sum256([]byte(e.markdown + "\n" + drawn))
	return e.name + "-" + hex.EncodeToString(sum[:4]) + ".png"
}

func (e *documented) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- example: %s, %s: %s -->\n", e.name, e.from, e.shows)
	b.WriteString(inFence("markdown", e.markdown))
	fmt.Fprintf(&b, "\n<img src=\"pictures/%s\" width=\"640\" alt=\"%s\">\n", e.picture(), escapeXML(e.shows))
	b.WriteString("\n<details><summary>What it becomes</summary>\n")
	for _, f := range []struct {
		format               Format
		title, lang, becomes string
	}{
		{ADF, "Jira Cloud (ADF)", "json", shortADF(e.adf)},
		{Wiki, "Jira Data Center (wiki markup)", "text", e.wiki},
		{Storage, "Confluence (storage format)", "xml", storageLines(e.storage)},
	} {
		fmt.Fprintf(&b, "\n%s:\n\n%s", f.title, inFence(f.lang, f.becomes))
		if back := e.back[f.format]; back != e.markdown {
			fmt.Fprintf(&b, "\nwhich is read as:\n\n%s", inFence("markdown", back))
		}
	}
	b.WriteString("\n</details>\n<!-- end -->")
	return b.String()
}

// inFence puts text into a fence that is longer than any within it.
func inFence(lang, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + lang + "\n" + text + "\n" + fence + "\n"
}

// shortADF is what a document holds, a node a line where it fits.
func shortADF(doc string) string {
	var root struct {
		Content []json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal([]byte(doc), &root); err != nil {
		return doc
	}
	return strings.Join(foldADF(root.Content, ""), "\n")
}

func foldADF(nodes []json.RawMessage, indent string) []string {
	const width = 110
	var lines []string
	for i, n := range nodes {
		comma := ""
		if i < len(nodes)-1 {
			comma = ","
		}
		var node struct {
			Content []json.RawMessage `json:"content"`
		}
		json.Unmarshal(n, &node)
		before, rest, _ := bytes.Cut(n, []byte(`"content":[`))
		if len(indent)+len(n) <= width || len(node.Content) == 0 {
			lines = append(lines, indent+string(n)+comma)
			continue
		}
		inner := bytes.Join(byteSlices(node.Content), []byte(","))
		lines = append(lines, indent+string(before)+`"content":[`)
		lines = append(lines, foldADF(node.Content, indent+"  ")...)
		lines = append(lines, indent+string(rest[len(inner):])+comma)
	}
	return lines
}

func byteSlices(raw []json.RawMessage) [][]byte {
	var out [][]byte
	for _, r := range raw {
		out = append(out, r)
	}
	return out
}

var storageBlock = regexp.MustCompile(`>(<(?:h[1-6]|p|ul|ol|li|blockquote|hr|table|tr|ac:layout|ac:task-list|ac:task|ac:structured-macro)\b)`)

// storageLines puts a line end before the blocks of a page.
func storageLines(xhtml string) string { return storageBlock.ReplaceAllString(xhtml, ">\n$1") }

// TestMarkdownDocument: docs/markdown.md shows what the converters make of its examples, and has
// the picture of each. With -update it writes what it expects into the document.
func TestMarkdownDocument(t *testing.T) {
	doc := read(t, document)
	var examples []*documented
	want := exampleBlock.ReplaceAllStringFunc(doc, func(block string) string {
		m := exampleBlock.FindStringSubmatch(block)
		e := newDocumented(t, m[1], m[2], m[3], m[4]+m[5])
		examples = append(examples, e)
		return e.String()
	})
	want = overview.ReplaceAllLiteralString(want, overviewOf(t, want, examples))
	want = editBlock.ReplaceAllStringFunc(want, func(block string) string { return edited(t, block) })

	if len(examples) == 0 || strings.Count(doc, "<!-- example: ") != len(examples) {
		t.Fatalf("%d of %d examples are spelled as this test reads them", len(examples), strings.Count(doc, "<!-- example: "))
	}
	if *update && want != doc {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		doc = want
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(doc, "\n")); diff != "" {
		t.Errorf("docs/markdown.md is not what the converters make of its examples; "+
			"go test ./atlassian/markup -run TestMarkdownDocument -update writes it anew (want before got):\n%s", diff)
	}
	checkPictures(t, examples)
}

// checkPictures: each example has its picture, and there is no other.
func checkPictures(t *testing.T, examples []*documented) {
	t.Helper()
	const limit = 1 << 20
	wanted := map[string]bool{}
	size := int64(0)
	for _, e := range examples {
		if wanted[e.picture()] = true; *update {
			continue
		}
		info, err := os.Stat(filepath.Join(pictures, e.picture()))
		if err != nil {
			t.Errorf("%s has no picture of what it becomes now; %s draws it: %v", e.name, drawPictures, err)
			continue
		}
		size += info.Size()
	}
	if size > limit {
		t.Errorf("the pictures take %d bytes, more than %d", size, limit)
	}
	for _, path := range glob(t, pictures+"/*") {
		if !wanted[filepath.Base(path)] && !*update {
			t.Errorf("%s is a picture of nothing in docs/markdown.md; %s removes it", path, drawPictures)
		}
	}
}

// overviewOf is a table of the examples, each under the heading that it stands below.
func overviewOf(t *testing.T, doc string, examples []*documented) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("<!-- overview -->\n| | Jira Cloud | Jira Data Center | Confluence |\n|---|:-:|:-:|:-:|\n")
	seen := map[string]bool{}
	for _, e := range examples {
		above, _, _ := strings.Cut(doc, "<!-- example: "+e.name+",")
		title := above[strings.LastIndex(above, "\n### ")+len("\n### "):]
		title, _, _ = strings.Cut(title, "\n")
		if seen[title] || seen[e.name] {
			t.Errorf("%s: another example has its name or stands below the heading %q", e.name, title)
		}
		seen[title], seen[e.name] = true, true
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(title), "")
		fmt.Fprintf(&b, "| [%s](#%s) |", title, strings.ReplaceAll(anchor, " ", "-"))
		for _, format := range []Format{ADF, Wiki, Storage} {
			if e.back[format] == e.markdown {
				b.WriteString(" ✓ |")
			} else {
				b.WriteString(" ≈ |")
			}
		}
		b.WriteString("\n")
	}
	return b.String() + "<!-- end -->"
}

// edited is the example of edits: a page, its Markdown, that Markdown changed, and the page with that
// change and with others. The page and the changed Markdown are as the document has them.
func edited(t *testing.T, block string) string {
	t.Helper()
	texts := fenced.FindAllStringSubmatchIndex(block, -1)
	given := func(i int) string { return block[texts[i][2]:texts[i][3]] }
	const n = 7
	if len(texts) != n {
		t.Fatalf("the edits have %d texts, want %d", len(texts), n)
	}
	o, err := OpenStorage(given(0))
	if err != nil {
		t.Fatal(err)
	}
	must := func(page string, err error) string {
		if err != nil {
			t.Error(err)
		}
		return page
	}
	replaced, _, err := o.ReplaceText("late", "early")
	becomes := []string{
		given(0), o.Markdown(), given(2), must(o.Edit(given(2))),
		must(o.ReplaceSection("Status", "On *time*.")), must(o.Append("Thank you!")), must(replaced, err),
	}
	var b strings.Builder
	at := 0
	for i, text := range texts {
		b.WriteString(block[at:text[2]] + becomes[i] + "\n```\n")
		at = text[1]
	}
	return b.String() + block[at:]
}

// TestMarkdownDocumentLimits: the limits are those that hold.
func TestMarkdownDocumentLimits(t *testing.T) {
	doc := read(t, document)
	for _, row := range []string{
		fmt.Sprintf("| Markdown | %d MiB.", maxMarkdown>>20),
		fmt.Sprintf("| ADF, storage format | %d MiB and %d,000 nodes.", maxSource>>20, maxNodes/1000),
		fmt.Sprintf("| wiki markup | %d MiB.", maxSource>>20),
		fmt.Sprintf("| nested blocks | %d levels.", maxDepth),
	} {
		if !strings.Contains(doc, row) {
			t.Errorf("docs/markdown.md lacks %q", row)
		}
	}
}

// TestMarkdownDocumentGo: the Go of docs/markdown.md is that of an example which runs.
func TestMarkdownDocumentGo(t *testing.T) {
	source := read(t, "example_test.go")
	shown := regexp.MustCompile("(?s)```go\n(// .*?)```").FindAllStringSubmatch(read(t, document), -1)
	if len(shown) == 0 {
		t.Error("docs/markdown.md shows no Go")
	}
	for _, m := range shown {
		body := "\t" + strings.ReplaceAll(strings.TrimSpace(m[1]), "\n", "\n\t")
		body = strings.ReplaceAll(body, "\n\t\n", "\n\n")
		if !strings.Contains(source, body) {
			t.Errorf("example_test.go lacks\n%s", body)
		}
	}
}
