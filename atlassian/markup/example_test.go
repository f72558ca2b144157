package markup_test

import (
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

func ExampleToADF() {
	fmt.Printf("%s\n", markup.ToADF("Done by [@Ada](mention:557058:ada)"))
	// Output: {"version":1,"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"Done by "},{"type":"mention","attrs":{"id":"557058:ada","text":"@Ada"}}]}]}
}

func ExampleFromADF() {
	md, err := markup.FromADF([]byte(`{"version":1,"type":"doc","content":[
		{"type":"panel","attrs":{"panelType":"warning"},"content":[
			{"type":"paragraph","content":[{"type":"text","text":"Read "},{"type":"text","text":"this","marks":[{"type":"strong"}]}]}]}]}`))
	fmt.Println(md, err)
	// Output:
	// > [!WARNING]
	// > Read **this** <nil>
}

func ExampleToWiki() {
	fmt.Println(markup.ToWiki("1. **first**, see [the log](https://log.example.com)\n   - nested"))
	// Output:
	// # *first*, see [the log|https://log.example.com]
	// #* nested
}

func ExampleFromWiki() {
	fmt.Println(markup.FromWiki("h2. Steps\n# open *settings*\n# ask [~akeller] about snake_case"))
	// Output:
	// ## Steps
	//
	// 1. open **settings**
	// 2. ask [@akeller](user:akeller) about snake_case
}

func ExampleToStorage() {
	fmt.Println(markup.ToStorage("See [the plan](page:DOCS/Release%20plan).\n\n[toc](macro:toc?maxLevel=2)"))
	// Output: <p>See <ac:link><ri:page ri:space-key="DOCS" ri:content-title="Release plan" /><ac:link-body>the plan</ac:link-body></ac:link>.</p><ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro>
}

func ExampleFromStorage() {
	md, err := markup.FromStorage(`<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">go</ac:parameter>` +
		`<ac:plain-text-body><![CDATA[x := a < b]]></ac:plain-text-body></ac:structured-macro>`)
	fmt.Println(md, err)
	// Output:
	// ```go
	// x := a < b
	// ``` <nil>
}

func ExampleClean() {
	fmt.Println(markup.Clean("total\u200b: 5\u202e\r\n"))
	// Output: total: 5
}

func ExampleConvert() {
	// What a comment of Jira Cloud has to be.
	doc := markup.ToADF("Done by [@Ada](mention:557058:ada), see [PLAT-1](issue:PLAT-1)",
		markup.WithSite("https://contoso.atlassian.net"))

	// What somebody wrote in Jira Data Center, for a page of Confluence.
	page, err := markup.Convert("h2. Steps\n# open *settings*", markup.Wiki, markup.Storage)

	fmt.Println(string(doc))
	fmt.Println(page, err)
	// Output:
	// {"version":1,"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"Done by "},{"type":"mention","attrs":{"id":"557058:ada","text":"@Ada"}},{"type":"text","text":", see "},{"type":"inlineCard","attrs":{"url":"https://contoso.atlassian.net/browse/PLAT-1"}}]}]}
	// <h2>Steps</h2><ol><li>open <strong>settings</strong></li></ol> <nil>
}

func ExampleOriginal_Edit() {
	// A page of Confluence with one word changed, and all else as it was.
	original, err := markup.OpenStorage(`<p class="x">Due <time datetime="2026-11-23" /> or never</p>`)
	if err != nil {
		return
	}
	changed, err := original.Edit(strings.Replace(original.Markdown(), "never", "later", 1))

	fmt.Println(original.Markdown())
	fmt.Println(changed, err)
	// Output:
	// Due [2026-11-23](date:) or never
	// <p class="x">Due <time datetime="2026-11-23" /> or later</p> <nil>
}
