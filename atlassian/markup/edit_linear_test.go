//go:build unix

package markup

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Edits of large documents take processor time in proportion to the size.
func TestEditIsLinear(t *testing.T) {
	const bound = 2 * time.Second
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	rows := "<tr><th>a</th><th>b</th><th>c</th></tr>" + numbered(2000, "<tr><td>r%d</td><td><p>x</p></td><td>y</td></tr>")
	addColumn := func(md string) string {
		md = strings.ReplaceAll(md, " |\n", " | new |\n")
		return strings.ReplaceAll(strings.TrimSuffix(md, " |")+" | new |", "--- | new |", "--- | --- |")
	}
	prose := strings.Repeat("the quick brown fox jumps over the lazy dog ", 22)
	for name, c := range map[string]struct {
		page string
		edit func(string) string
	}{
		"one word of a large page":              {numbered(1000, "<p>p%d "+prose+"</p>"), func(md string) string { return strings.Replace(md, "p777 the", "p777 a", 1) }},
		"equal paragraphs, one goes":            {strings.Repeat("<p>same</p>", 10_000), func(md string) string { return strings.TrimSuffix(md, "\n\nsame") }},
		"equal paragraphs, all change":          {strings.Repeat("<p>same</p>", 10_000), func(md string) string { return strings.ReplaceAll(md, "same", "other words") }},
		"equal paragraphs, every other changes": {strings.Repeat("<p>same</p>", 10_000), func(md string) string { return strings.ReplaceAll(md, "same\n\nsame", "same\n\nother") }},
		"paragraphs, all change":                {numbered(10_000, "<p>text %d here</p>"), func(md string) string { return strings.ReplaceAll(md, "text", "new") }},
		"paragraphs move":                       {numbered(10_000, "<p>text %d here</p>"), func(md string) string { return md[len(md)/2:] + "\n\n" + md[:len(md)/2] }},
		"words, all change":                     {"<p>" + numbered(10_000, "w%d ") + "</p>", func(md string) string { return strings.ReplaceAll(md, "w", "v") }},
		"words, all become one":                 {"<p>" + numbered(10_000, "w%d ") + "</p>", func(md string) string { return strings.ReplaceAll(md, "w", "v ") }},
		"words in formats, all change":          {"<p>" + numbered(10_000, "<b>w%d</b> x ") + "</p>", func(md string) string { return strings.ReplaceAll(md, "**", "*") }},
		"words in one format":                   {"<p><b>" + numbered(10_000, "w%d ") + "</b></p>", func(md string) string { return strings.ReplaceAll(md, "9 ", " *9* ") }},
		"a column":                              {"<table><tbody>" + rows + "</tbody></table>", addColumn},
		"a column's cells":                      {"<table><tbody>" + rows + "</tbody></table>", func(md string) string { return strings.ReplaceAll(md, "| x |", "| z z |") }},
		"lists in lists":                        {strings.Repeat("<ul><li>a", 150) + strings.Repeat("</li></ul>", 150) + numbered(3000, "<ul><li>i%d</li></ul>"), func(md string) string { return strings.ReplaceAll(md, "i", "j") }},
		"all goes":                              {numbered(10_000, "<p>text %d here</p>"), func(string) string { return "new" }},
		"all comes":                             {"<p>one</p>", func(string) string { return numbered(10_000, "text %d here\n\n") }},
	} {
		for _, adf := range []bool{false, true} {
			source := c.page
			if adf {
				md, err := FromStorage(c.page)
				if err != nil {
					t.Fatal(err)
				}
				source = string(ToADF(md))
			}
			before := worked(t)
			d := editDoc{name, source, adf}
			o := d.open(t)
			md := o.Markdown()
			edited := c.edit(md)
			if edited == md {
				t.Fatalf("%s: nothing was edited", name)
			}
			_, err := o.Edit(edited)
			took := worked(t) - before
			t.Logf("%s, ADF %v, %d bytes: %v, %v", name, adf, len(source), took, err)
			if took > bound {
				t.Errorf("%s, ADF %v: %v", name, adf, took)
			}
		}
	}
}
