package bench

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// ordinary is Markdown as people write it in issues and pages.
const ordinary = `# Sign-in fails after the update

Since **4 May** the sign-in page answers with *502 Bad Gateway* for about one in ten people. It worked in
` + "`2.10.3`" + `; see [the log](https://logs.example.com/search?q=signin&from=now-1h) and the [run book](page:OPS/Sign-in).

## Steps

1. Open https://app.example.com in a private window
2. Sign in as a person with **two** accounts
   - one of them _without_ a licence
   - the other with one
3. Look at the console

| Browser | Version | Result |
| --- | --- | --- |
| Firefox | 128 | ~~works~~ fails |
| Chrome | 126 | fails, *sometimes* |

` + "```go\nif err := session.Load(ctx, id); err != nil {\n\treturn fmt.Errorf(\"load %s: %w\", id, err)\n}\n```" + `

> [!WARNING] Do not restart the proxy
> It loses the sessions of everybody who is signed in, and the caches have to be warmed again.

- [x] tell support
- [ ] write the post mortem

![dashboard](https://img.example.com/dashboard.png)

Thanks, [@Ada Keller](mention:557058:ada) – the fix is [DONE](status:green).

`

// sized is unit over and over, up to about size bytes.
func sized(unit string, size int) string { return strings.Repeat(unit, max(size/len(unit), 1)) }

// specification is all of CommonMark's examples one after the other: far more markup in each line than
// anybody writes.
func specification(b *testing.B) string {
	b.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		b.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "_test", "spec.json"))
	if err != nil {
		b.Fatal(err)
	}
	var examples []struct{ Markdown string }
	if err := json.Unmarshal(data, &examples); err != nil {
		b.Fatal(err)
	}
	var all strings.Builder
	for _, e := range examples {
		all.WriteString(e.Markdown + "\n\n")
	}
	return all.String()
}

// markdownSamples are what the two gates of markup are measured with.
func markdownSamples(b *testing.B) map[string]string {
	b.Helper()
	return map[string]string{
		"2kB":           sized(ordinary, 2<<10),
		"64kB":          sized(ordinary, 64<<10),
		"specification": specification(b),
	}
}

// BenchmarkMarkupToADF compares Markdown to ADF with goldmark's parse of the same text, with the same
// extensions. At least half its rate is wanted: a ratio of at most 2.
func BenchmarkMarkupToADF(b *testing.B) {
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	for name, markdown := range markdownSamples(b) {
		b.Run(name, func(b *testing.B) {
			source := []byte(markdown)
			comparePair(b, len(source), func() { markup.ToADF(markdown) }, func() { parser.Parse(text.NewReader(source)) })
		})
	}
}

// adfNode is the plainest tree that holds any ADF document.
type adfNode struct {
	Type    string         `json:"type"`
	Text    string         `json:"text"`
	Attrs   map[string]any `json:"attrs"`
	Marks   []adfNode      `json:"marks"`
	Content []adfNode      `json:"content"`
}

// BenchmarkMarkupFromADF compares ADF to Markdown with nothing but the reading of the JSON. At least 0.4
// of its rate is wanted: a ratio of at most 2.5.
func BenchmarkMarkupFromADF(b *testing.B) {
	for name, markdown := range markdownSamples(b) {
		b.Run(name, func(b *testing.B) {
			doc := markup.ToADF(markdown)
			comparePair(b, len(doc), func() {
				if _, err := markup.FromADF(doc); err != nil {
					b.Fatal(err)
				}
			}, func() {
				var root adfNode
				if err := json.Unmarshal(doc, &root); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// comparePair is compare for conversions of size bytes: it repeats short ones until the clock can tell
// them, and reports allocations.
func comparePair(b *testing.B, size int, ours, other func()) {
	b.Helper()
	times := max(128<<10/size, 1)
	repeated := func(f func()) func() {
		return func() {
			for range times {
				f()
			}
		}
	}
	compare(b, times, repeated(ours), repeated(other))
	b.ReportMetric(testing.AllocsPerRun(times, ours), "allocs/ours")
	b.ReportMetric(testing.AllocsPerRun(times, other), "allocs/other")
}

