package markup

import (
	"encoding/json"
	"strings"
	"testing"
)

// textADF is a document with one paragraph of text.
func textADF(text string) string { return docADF(plainADF(text)) }

// What a person may write, besides what is read from documents.
func TestDialectToADF(t *testing.T) {
	const file = `{"type":"mediaInline","attrs":{"collection":"","id":"f","type":"file"}}`
	for name, tc := range map[string]struct{ markdown, want string }{
		"short name":             {":rocket:", docADF(paragraphADF(`{"type":"emoji","attrs":{"shortName":":rocket:","id":"1f680","text":"🚀"}}`))},
		"other short name":       {":thumbsup:", docADF(paragraphADF(`{"type":"emoji","attrs":{"shortName":":+1:","id":"1f44d","text":"👍"}}`))},
		"character":              {"a 🚀 b", docADF(paragraphADF(`{"type":"text","text":"a "},{"type":"emoji","attrs":{"shortName":":rocket:","id":"1f680","text":"🚀"}},{"type":"text","text":" b"}`))},
		"emoji with a skin tone": {"👍🏽", textADF("👍🏽")},
		"joined emoji":           {"🐱\u200d👓", textADF("🐱\u200d👓")},
		"bold emoji":             {"**🚀**", docADF(paragraphADF(`{"type":"text","text":"🚀","marks":[{"type":"strong"}]}`))},
		"unknown short name":     {":nonsense:", textADF(":nonsense:")},
		"time":                   {"10:30:45", textADF("10:30:45")},
		"colons":                 {"a:x:b and std::key::c", textADF("a:x:b and std::key::c")},
		"escaped short name":     {`\:rocket:`, textADF(":rocket:")},
		"short name in code":     {"`:rocket:`", docADF(markedADFText(":rocket:", "code"))},

		"issue without a site":   {"[PLAT-1](issue:PLAT-1)", textADF("PLAT-1")},
		"no issue":               {"[x](issue:../admin)", textADF("x")},
		"unsafe card":            {"[x](card:javascript:alert)", textADF("x")},
		"block card in text":     {"see [x](block-card:https://a.example)", docADF(paragraphADF(`{"type":"text","text":"see "},{"type":"inlineCard","attrs":{"url":"https://a.example"}}`))},
		"embed in a list":        {"- [x](embed:https://a.example)", docADF(`{"type":"bulletList","content":[{"type":"listItem","content":[` + paragraphADF(`{"type":"inlineCard","attrs":{"url":"https://a.example"}}`) + `]}]}`)},
		"card as autolink":       {"<card:https://a.example>", textADF("card:https://a.example")},
		"extension without type": {"[x](adf:extension?extensionKey=k)", textADF("x")},
		"extension in text":      {"a [x](adf:extension?extensionKey=k&extensionType=t)", textADF("a x")},
		"unknown node":           {"[x](adf:hologram?a=b)", textADF("x")},
		"hash":                   {"[x](adf:extension#0a1b2c3d4e5f)", textADF("x")},
		"hash with a body":       {"> [!MACRO] [x](adf:bodiedExtension#0a1b2c3d4e5f)\n> a", docADF(`{"type":"blockquote","content":[` + markedADFText("x", "strong") + `,` + plainADF("a") + `]}`)},
		"wrong attributes":       {"[x](adf:extension?extensionKey=k&extensionType=t&layout=slanted&parameters:=%7B&on=1)", docADF(`{"type":"extension","attrs":{"extensionKey":"k","extensionType":"t"}}`)},
		"file in text":           {"a ![](media:f)", docADF(paragraphADF(`{"type":"text","text":"a "},` + file))},
		"wrong sizes":            {"![](media:f?width=-1&height=x&size=500%25&layout=slanted)", docADF(mediaSingleADF(`"layout":"center"`, `{"type":"media","attrs":{"type":"file","id":"f","collection":""}}`))},
		"image with caption":     {`![](https://a.example/b.png "c")`, docADF(mediaSingleADF(`"layout":"center"`, `{"type":"media","attrs":{"type":"external","url":"https://a.example/b.png"}},{"type":"caption","content":[{"type":"text","text":"c"}]}`))},

		"columns":                  {"[a](layout:30-70)\n\na\n\n[b](layout:next)\n\na\n\n[c](layout:end)", docADF(layoutADF(`"width":30`, `"width":70`))},
		"Confluence's columns":     {"[a](layout:two_equal)\n\na\n\n[b](layout:next)\n\na\n\n[c](layout:end)", docADF(layoutADF(`"width":50`, `"width":50`))},
		"one column":               {"[a](layout:100)\n\na\n\n[c](layout:end)", textADF("a")},
		"four columns":             {"[a](layout:)\n\na" + strings.Repeat("\n\n[b](layout:next)\n\na", 3) + "\n\n[c](layout:end)", docADF(layoutADF(`"width":50`, `"width":50`) + "," + layoutADF(`"width":50`, `"width":50`))},
		"columns without an end":   {"[a](layout:50-50)\n\nb", docADF(plainADF("a") + "," + plainADF("b"))},
		"end without columns":      {"[a](layout:end)", textADF("a")},
		"columns begun once more":  {"[x](layout:1-2)\n\n[a](layout:30-70)\n\na\n\n[b](layout:next)\n\na\n\n[c](layout:end)", docADF(plainADF("x") + "," + layoutADF(`"width":30`, `"width":70`))},
		"columns in a quote":       {"> [a](layout:50-50)\n>\n> a\n>\n> [b](layout:next)\n>\n> b\n>\n> [c](layout:end)", docADF(`{"type":"blockquote","content":[` + plainADF("a") + "," + plainADF("b") + `]}`)},
		"expand in a column":       {"[a](layout:50-50)\n\n> [!EXPAND] t\n> a\n\n[b](layout:next)\n\n[c](layout:end)", docADF(`{"type":"layoutSection","content":[{"type":"layoutColumn","attrs":{"width":50},"content":[{"type":"expand","attrs":{"title":"t"},"content":[` + plainADF("a") + `]}]},{"type":"layoutColumn","attrs":{"width":50},"content":[{"type":"paragraph","content":[]}]}]}`)},
		"aligned table":            {"| a |\n| :-: |", docADF(`{"type":"table","attrs":{"isNumberColumnEnabled":false,"layout":"default"},"content":[{"type":"tableRow","content":[{"type":"tableHeader","content":[{"type":"paragraph","content":[{"type":"text","text":"a"}],"marks":[{"type":"alignment","attrs":{"align":"center"}}]}]}]}]}`)},
		"panel with colour, title": {"> [!PANEL] [p](adf:panel?panelColor=%23fff) *T*\n> a", docADF(`{"type":"panel","attrs":{"panelType":"custom","panelColor":"#fff"},"content":[` + markedADFText("T", "strong") + `,` + plainADF("a") + `]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			got := ToADF(tc.markdown)
			checkADF(t, got)
			if want := sortedJSON(t, []byte(tc.want)); sortedJSON(t, got) != want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			checkFixedPoint(t, tc.markdown)
		})
	}
}

func markedADFText(text, mark string) string {
	return paragraphADF(`{"type":"text","text":"` + text + `","marks":[{"type":"` + mark + `"}]}`)
}

func TestIssueLinks(t *testing.T) {
	const markdown = "see [the login bug](issue:PLAT-1)"
	doc := ToADF(markdown, WithSite("https://contoso.atlassian.net/"))
	checkADF(t, doc)
	want := docADF(paragraphADF(`{"type":"text","text":"see "},{"type":"inlineCard","attrs":{"url":"https://contoso.atlassian.net/browse/PLAT-1"}}`))
	if sortedJSON(t, doc) != sortedJSON(t, []byte(want)) {
		t.Errorf("got %s, want %s", doc, want)
	}
	md, err := FromADF(doc)
	if want := "see [PLAT-1](card:https://contoso.atlassian.net/browse/PLAT-1)"; err != nil || md != want {
		t.Errorf("got %q, %v, want %q", md, err, want)
	}
	if got, want := ToStorage(markdown), `<p>see <ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">PLAT-1</ac:parameter></ac:structured-macro></p>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := ToWiki("see [PLAT-1](issue:PLAT-1)"), "see PLAT-1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A smart link is a link where there are no smart links.
func TestCardsElsewhere(t *testing.T) {
	const markdown = "[a](block-card:https://a.example)"
	if got, want := ToStorage(markdown), `<p><a href="https://a.example">a</a></p>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := ToWiki(markdown), "[a|https://a.example]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Attributes of more than a kilobyte do not bury the text: a hash stands for them.
func TestLargePlaceholder(t *testing.T) {
	extension := func(value string) json.RawMessage {
		return json.RawMessage(docADF(`{"type":"extension","attrs":{"extensionKey":"chart","extensionType":"t","parameters":{"a":"` + value + `"}}}`))
	}
	long := strings.Repeat("x", maxPlaceholder)
	first, err := FromADF(extension(long))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := FromADF(extension(long))
	other, _ := FromADF(extension(long + "y"))
	if !strings.HasPrefix(first, "[chart](adf:extension#") || len(first) > 60 {
		t.Errorf("got %s", first)
	}
	if first != again || first == other {
		t.Errorf("the same node gave %s and %s, another gave %s", first, again, other)
	}
	if got := ToADF(first); sortedJSON(t, got) != sortedJSON(t, []byte(textADF("chart"))) {
		t.Errorf("without the original it became %s", got)
	}
}
