package bench

import (
	"encoding/json"
	"fmt"
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

// converters are the six directions. Each takes Markdown or, when it reads something else, what becomes
// of it.
var converters = []struct {
	name    string
	source  func(markdown string) string
	convert func(source string)
}{
	{"ToADF", asItIs, func(s string) { markup.ToADF(s) }},
	{"ToWiki", asItIs, func(s string) { markup.ToWiki(s) }},
	{"ToStorage", asItIs, func(s string) { markup.ToStorage(s) }},
	{"FromADF", func(s string) string { return string(markup.ToADF(s)) }, func(s string) { _, _ = markup.FromADF([]byte(s)) }},
	{"FromWiki", markup.ToWiki, func(s string) { markup.FromWiki(s) }},
	{"FromStorage", markup.ToStorage, func(s string) { _, _ = markup.FromStorage(s) }},
}

func asItIs(s string) string { return s }

// adversarial are texts that make careless converters slow when they are repeated, by the directions
// that they are meant for.
var adversarial = []struct{ name, unit, direction string }{
	{"ordinary", ordinary, ""},
	{"quotes", ">", "To"}, {"nested lists", "- ", "To"}, {"brackets", "[", "To"}, {"links", "[a](b", "To"},
	{"references", "[a]: b\n", "To"}, {"backticks", "`a``b```c", "To"}, {"pipes", "|a", "To"}, {"tables", "|a|\n|-|\n|b|\n", "To"},
	{"emphasis", "*a **b ", "To"}, {"angles", "<a", "To"}, {"entities", "&a", "To"},
	{"unclosed macros", "{panel:title=x}", "FromWiki"}, {"unclosed code", "{code}\na\n", "FromWiki"}, {"delimiters", "*a_b-c+d^e~f ", "FromWiki"},
	{"bars", "|a\nb\n", "FromWiki"}, {"brackets", "[a|b", "FromWiki"},
	{"deep elements", "<b>", "FromStorage"}, {"deep macros", `<ac:structured-macro ac:name="x"><ac:rich-text-body>`, "FromStorage"},
	{"merged cells", `<tr><td rowspan="99">x</td></tr>`, "FromStorage"}, {"open cdata", "<![CDATA[", "FromStorage"},
	{"marks", `{"type":"text","text":"a","marks":[{"type":"strong"}]},{"type":"text","text":"b","marks":[{"type":"em"},{"type":"strong"}]},`, "FromADF"},
	{"rows", `{"type":"tableRow","content":[{"type":"tableCell","attrs":{"colspan":9}}]},`, "FromADF"},
}

// BenchmarkMarkupLinear reports the time for a byte at each size, which should not grow with it.
func BenchmarkMarkupLinear(b *testing.B) {
	for _, c := range converters {
		for _, a := range adversarial {
			if !strings.HasPrefix(c.name, a.direction) {
				continue
			}
			b.Run(c.name+"/"+a.name, func(b *testing.B) {
				for b.Loop() {
					for _, kB := range []int{1, 16, 128, 1024} {
						b.ReportMetric(perByte(c.convert, sourceOf(c.name, c.source, a.unit, kB<<10)), fmt.Sprintf("ns/B@%04dkB", kB))
					}
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// sourceOf is unit over and over as a document for a direction, of about size bytes.
func sourceOf(direction string, source func(string) string, unit string, size int) string {
	if unit == ordinary {
		text := source(ordinary)
		return source(sized(ordinary, size*len(ordinary)/max(len(text), len(ordinary))))
	}
	text := sized(unit, size)
	if direction == "FromADF" {
		return `{"type":"doc","content":[{"type":"table","content":[` + strings.TrimSuffix(text, ",") + `]}]}`
	}
	return text
}

// perByte is the median time for a byte of source.
func perByte(convert func(string), source string) float64 {
	const bytes, rounds = 128 << 10, 3
	times := max(bytes/len(source), 1)
	var all []float64
	for range rounds {
		all = append(all, clocked(func() {
			for range times {
				convert(source)
			}
		})/float64(times*len(source)))
	}
	return median(all)
}
