package markup

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// Structure that ADF does not allow is degraded, and its text stays.
func TestToADFDegradesWithoutLosingText(t *testing.T) {
	for name, markdown := range map[string]string{
		"heading in item":        "- # WORD",
		"quote in item":          "- > WORD",
		"quote in quote":         "> > WORD",
		"rule and text in item":  "- a\n\n  ***\n\n  WORD",
		"table in item":          "- | a | b |\n  | - | - |\n  | WORD | c |",
		"table in quote":         "> | a | b |\n> | - | - |\n> | WORD | c |",
		"heading in quote":       "> ## WORD",
		"panel in panel":         "> [!INFO]\n> > [!NOTE]\n> > WORD",
		"expand in item":         "- > [!EXPAND] WORD\n  > x",
		"expand in expand":       "> [!EXPAND] a\n> > [!EXPAND] b\n> > > [!EXPAND] WORD",
		"table in panel":         "> [!TIP]\n>\n> | WORD |\n> | - |",
		"empty expand":           "> [!EXPAND] WORD",
		"task with code":         "- [ ] a\n\n  ```\n  WORD\n  ```",
		"task with bullet":       "- [x] a\n  - WORD",
		"mixed tasks":            "- [ ] a\n- b\n- [x] WORD",
		"task in quote":          "> - [ ] WORD",
		"ordered tasks":          "1. [ ] a\n2. [ ] WORD",
		"code in bold link":      "**[`WORD`](https://a.example)**",
		"sub and sup":            "<sub><sup>WORD</sup></sub>",
		"script link":            "[WORD](javascript:alert(1))",
		"image within text":      "a ![WORD](https://a.example/b.png) c",
		"attached image":         "![WORD](attachment:b.png)",
		"unknown macro":          "[WORD](macro:toc)",
		"unknown date":           "[WORD](date:)",
		"decision in item":       "- > [!DECISION]\n  > WORD",
		"html":                   "<div>WORD</div>",
		"html inline":            "a <b>WORD</b>",
		"first block is a list":  "- - WORD",
		"deep":                   strings.Repeat("> ", 100) + "WORD",
		"deep list":              strings.Repeat("- ", 100) + "WORD",
		"more than the limit":    strings.Repeat("word ", maxMarkdown/5) + "WORD",
		"cell with escaped pipe": "| a |\n| - |\n| `WORD\\|x` |",
	} {
		t.Run(name, func(t *testing.T) {
			doc := ToADF(markdown)
			checkADF(t, doc)
			if !strings.Contains(string(doc), "WORD") {
				t.Errorf("the text is lost: %s", doc)
			}
		})
	}
}

func TestProseIsLeftAlone(t *testing.T) {
	for _, text := range []string{
		"snake_case_words and __init__ stay, so do 2 * 3 * 4 and a_b.",
		`C:\temp\new is a path, 50% of R&D, x < y > z, a | b`,
		"It's 5~6 days; ~10 at most. Use --flag, C++ and f(x).",
		"PLAT-1: re-do [WIP] (see notes)! Really?",
		"Ünïcödé – 日本語 🚀",
	} {
		wiki := ToWiki(text)
		if back := FromWiki(wiki); plain(t, back) != plain(t, text) {
			t.Errorf("wiki: %q became %q became %q", text, wiki, back)
		}
		md, err := FromADF(ToADF(text))
		if err != nil {
			t.Fatal(err)
		}
		if plain(t, md) != plain(t, text) {
			t.Errorf("ADF: %q became %q", text, md)
		}
	}
	for _, untouched := range []string{"snake_case_words and more_of_them", "2 * 3 * 4", `C:\temp`, "R&D", "[WIP]", "~10", "a-b - c"} {
		if got := FromWiki(untouched); got != untouched {
			t.Errorf("FromWiki(%q) = %q", untouched, got)
		}
		if got := writeMarkdown([]*node{{kind: paragraph, inlines: []inline{{text: untouched}}}}); got != untouched {
			t.Errorf("Markdown of %q is %q", untouched, got)
		}
	}
}

// plain is the text that Markdown shows.
func plain(t *testing.T, markdown string) string {
	t.Helper()
	var b strings.Builder
	for _, n := range parseMarkdown(markdown) {
		b.WriteString(plainText(flatten(n)) + "\n")
	}
	return b.String()
}

func TestErrors(t *testing.T) {
	for name, doc := range map[string]string{"empty": "", "cut": `{"type":"doc"`, "array": "[]", "text is a number": `{"type":"doc","content":[{"type":"text","text":5}]}`} {
		if _, err := FromADF(json.RawMessage(doc)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
	if _, err := FromADF(make([]byte, maxSource+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := FromADF(json.RawMessage(strings.Repeat("{", maxNodes+1))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := FromStorage("<p"); !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v, want ErrMalformed", err)
	}
	if _, err := FromStorage(strings.Repeat("<p>", maxNodes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// A cell that spans thousands of rows and columns must not make a page of megabytes.
func TestHugeSpansStaySmall(t *testing.T) {
	page := "<table><tr>" + strings.Repeat(`<td rowspan="1000000" colspan="1000000">x</td>`, 100) + "</tr>" + strings.Repeat("<tr><td>y</td></tr>", 1000) + "</table>"
	md, err := FromStorage(page)
	if err != nil {
		t.Fatal(err)
	}
	if len(md) > 50*len(page) {
		t.Errorf("%d bytes of Markdown from %d", len(md), len(page))
	}
}

func TestStorageLinksAreSafe(t *testing.T) {
	page := ToStorage(`[a](javascript:alert(1)) [b](<https://x.example/"><script>>) ![c](data:text/html,x) ]]> <script>` + "\n\n```\n]]></ac:plain-text-body><script>\n```")
	checkWellFormed(t, page)
	for _, bad := range []string{"javascript:", "<script", "data:text"} {
		if strings.Contains(strings.ReplaceAll(page, "<![CDATA[]]]]><![CDATA[></ac:plain-text-body><script>]]>", ""), bad) {
			t.Errorf("%q in %s", bad, page)
		}
	}
}

// A line end in a description or a name must not end the paragraph it is in.
func TestLineEndsInAttributesStayInline(t *testing.T) {
	md, err := FromADF(json.RawMessage(`{"type":"doc","content":[
		{"type":"paragraph","content":[{"type":"status","attrs":{"text":"a\n\n# b","color":"red"}}]},
		{"type":"mediaSingle","content":[{"type":"media","attrs":{"type":"file","id":"i\n","alt":"c\n\n- d"}}]},
		{"type":"expand","attrs":{"title":"e\n\n> f"},"content":[{"type":"paragraph","content":[{"type":"text","text":"g"}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "[a  # b](status:red)\n\n![c  - d](media:i%0A)\n\n> [!EXPAND] e  > f\n> g"
	if md != want {
		t.Errorf("got %q, want %q", md, want)
	}
}
