package markup

import (
	"errors"
	"strings"
	"testing"
)

// panelTwice is a panel of Confluence's new editor, with the copy of its content for old readers.
func panelTwice(content, fallback string) string {
	return `<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content>` + content +
		`</ac:adf-content></ac:adf-node><ac:adf-fallback>` + fallback + `</ac:adf-fallback></ac:adf-extension>`
}

// decisionsTwice are two decisions of Confluence's new editor, whose copy is a list.
func decisionsTwice(first, second string) string {
	item := func(text string) string {
		return `<ac:adf-node type="decision-item"><ac:adf-attribute key="state">DECIDED</ac:adf-attribute><ac:adf-content>` + text + `</ac:adf-content></ac:adf-node>`
	}
	return `<ac:adf-extension><ac:adf-node type="decision-list">` + item(first) + item(second) +
		`</ac:adf-node><ac:adf-fallback><ul class="decision-list"><li>` + first + `</li><li>` + second + `</li></ul></ac:adf-fallback></ac:adf-extension>`
}

// Each edit is on the Markdown of a page in storage format, and changes nothing else in the page.
func TestEditStorage(t *testing.T) {
	for _, tc := range []struct{ name, page, from, to, want string }{
		{"a word", "<p>one  <em>two</em>\n three&nbsp;four</p>", "three", "3 & 4", "<p>one  <em>two</em>\n 3 &amp; 4&nbsp;four</p>"},
		{"a word in a format", "<p>one <strong class=\"x\">two three</strong></p>", "three", "3", "<p>one <strong class=\"x\">two 3</strong></p>"},
		{"a new word", "<p>one<span style=\"color: red\"> two</span></p>", "two", "and two", "<p>one and<span style=\"color: red\"> two</span></p>"},
		{"a word goes", "<p>one two three</p>", " two", "", "<p>one three</p>"},
		{"the first word goes", "<p>one two three</p>", "one ", "", "<p>two three</p>"},
		{"bold", "<p>one two <ac:link><ri:user ri:account-id=\"a\" ac:x=\"1\" /></ac:link></p>", "two", "**two**", "<p>one <strong>two</strong> <ac:link><ri:user ri:account-id=\"a\" ac:x=\"1\" /></ac:link></p>"},
		{"beside a macro", `<p>due <time datetime="2026-01-02" /> or <ac:structured-macro ac:name="status" ac:macro-id="7"><ac:parameter ac:name="title">OK</ac:parameter></ac:structured-macro> then</p>`, "then", "later", `<p>due <time datetime="2026-01-02" /> or <ac:structured-macro ac:name="status" ac:macro-id="7"><ac:parameter ac:name="title">OK</ac:parameter></ac:structured-macro> later</p>`},
		{"a comment's marker", `<p>see <ac:inline-comment-marker ac:ref="1">this word</ac:inline-comment-marker> here</p>`, "word", "text", `<p>see <ac:inline-comment-marker ac:ref="1">this text</ac:inline-comment-marker> here</p>`},
		{"heading level", `<h2 id="a">Title <em>x</em></h2><p>a</p>`, "## Title", "### Title", `<h3 id="a">Title <em>x</em></h3><p>a</p>`},
		{"a block goes", "<p>one</p>\n<p>two</p>\n<p>three</p>", "two\n\n", "", "<p>one</p>\n\n<p>three</p>"},
		{"a block comes", `<p class="x">one</p><p>three</p>`, "one\n", "one\n\n- two\n", `<p class="x">one</p><ul><li>two</li></ul><p>three</p>`},
		{"before the first", `<p>one</p>`, "one", "zero\n\none", `<p>zero</p><p>one</p>`},
		{"an item", `<ul data-x="1"><li>one</li><li><p>two</p><ul><li>three</li></ul></li></ul>`, "three", "3\n  - four", `<ul data-x="1"><li>one</li><li><p>two</p><ul><li>3</li><li>four</li></ul></li></ul>`},
		{"a cell", `<table class="wrapped"><colgroup><col /></colgroup><tbody><tr><th scope="col"><p>a</p></th><th>b</th></tr><tr><td style="x">c</td><td><p>d</p><p>e</p></td></tr></tbody></table>`, "e |", "E |", `<table class="wrapped"><colgroup><col /></colgroup><tbody><tr><th scope="col"><p>a</p></th><th>b</th></tr><tr><td style="x">c</td><td><p>d</p><p>E</p></td></tr></tbody></table>`},
		{"a row", `<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></tbody></table>`, "| c | d |", "| c | d |\n| e | f |", `<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr><tr><td>e</td><td>f</td></tr></tbody></table>`},
		{"a column", `<table><tbody><tr><th>a</th></tr><tr><td class="k">c</td></tr></tbody></table>`, "| a |\n| --- |\n| c |", "| a | b |\n| --- | --- |\n| c | d |", `<table><tbody><tr><th>a</th><th>b</th></tr><tr><td class="k">c</td><td>d</td></tr></tbody></table>`},
		{"code", `<ac:structured-macro ac:name="code" ac:macro-id="1"><ac:parameter ac:name="linenumbers">true</ac:parameter><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>`, "a < b", "a > b", `<ac:structured-macro ac:name="code" ac:macro-id="1"><ac:parameter ac:name="linenumbers">true</ac:parameter><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[a > b]]></ac:plain-text-body></ac:structured-macro>`},
		{"language", `<ac:structured-macro ac:name="code" ac:macro-id="1"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[a]]></ac:plain-text-body></ac:structured-macro>`, "```go", "```java", `<ac:structured-macro ac:name="code" ac:macro-id="1"><ac:parameter ac:name="language">java</ac:parameter><ac:plain-text-body><![CDATA[a]]></ac:plain-text-body></ac:structured-macro>`},
		{"a task is done", `<ac:task-list><ac:task><ac:task-id>5</ac:task-id><ac:task-uuid>u</ac:task-uuid><ac:task-status>incomplete</ac:task-status><ac:task-body><span class="x">do it</span></ac:task-body></ac:task></ac:task-list>`, "[ ]", "[x]", `<ac:task-list><ac:task><ac:task-id>5</ac:task-id><ac:task-uuid>u</ac:task-uuid><ac:task-status>complete</ac:task-status><ac:task-body><span class="x">do it</span></ac:task-body></ac:task></ac:task-list>`},
		{"in a macro", `<ac:structured-macro ac:name="excerpt" ac:schema-version="1"><ac:parameter ac:name="hidden">true</ac:parameter><ac:rich-text-body><p>one two</p></ac:rich-text-body></ac:structured-macro>`, "two", "2", `<ac:structured-macro ac:name="excerpt" ac:schema-version="1"><ac:parameter ac:name="hidden">true</ac:parameter><ac:rich-text-body><p>one 2</p></ac:rich-text-body></ac:structured-macro>`},
		{"a block moves", `<p>a</p><ac:structured-macro ac:name="toc" ac:macro-id="9"><ac:parameter ac:name="x">1</ac:parameter></ac:structured-macro><p>b</p><p>c</p>`, "[toc](macro:toc?x=1)\n\nb\n\nc", "b\n\nc\n\n[toc](macro:toc?x=1)", `<p>a</p><p>b</p><p>c</p><ac:structured-macro ac:name="toc" ac:macro-id="9"><ac:parameter ac:name="x">1</ac:parameter></ac:structured-macro>`},
		{"merged cells", `<table><tbody><tr><td rowspan="2">a</td><td>b</td></tr><tr><td>c d</td></tr></tbody></table>`, "c d", "c e", `<table><tbody><tr><td rowspan="2">a</td><td>b</td></tr><tr><td>c e</td></tr></tbody></table>`},
		{"an empty page", ``, "", "a", `<p>a</p>`},
		{"an empty cell", `<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td><td /></tr></tbody></table>`, "| c | |", "| c | d |", `<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td><td><p>d</p></td></tr></tbody></table>`},
		{"a layout", `<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>one</p></ac:layout-cell></ac:layout-section></ac:layout>`, "one", "one\n\ntwo", `<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>one</p><p>two</p></ac:layout-cell></ac:layout-section></ac:layout>`},
		{"an ADF panel and its copy", panelTwice(`<p>one <em>two</em></p>`, `<div class="panel"><div><p class="x">one <em>two</em></p></div></div>`), "two", "2", panelTwice(`<p>one <em>2</em></p>`, `<div class="panel"><div><p class="x">one <em>2</em></p></div></div>`)},
		{"a block in both", panelTwice(`<p>one</p>`, `<div class="panel"><div><p>one</p></div></div>`), "one", "one\n> \n> two", panelTwice(`<p>one</p><p>two</p>`, `<div class="panel"><div><p>one</p><p>two</p></div></div>`)},
		{"a block moves in both", panelTwice(`<p>one</p><p class="y">two</p>`, `<p>one</p><p class="x">two</p>`), "one\n>\n> two", "two\n>\n> one", panelTwice(`<p class="y">two</p><p>one</p>`, `<p class="x">two</p><p>one</p>`)},
		{"a copy that says something else", panelTwice(`<p>one <em>two</em></p>`, `<div class="panel">ONE</div>`), "two", "2", panelTwice(`<p>one <em>2</em></p>`, `<p>one <em>2</em></p>`)},
		{"a panel without a copy", panelTwice(`<p>one</p>`, ``), "one", "1", panelTwice(`<p>1</p>`, ``)},
		{"a decision and its copy", decisionsTwice(`one`, `two`), "two", "2", decisionsTwice(`one`, `2`)},
		{"a link's text", `<p><a href="https://a.example" data-card="x">one two</a></p>`, "two", "2", `<p><a href="https://a.example" data-card="x">one 2</a></p>`},
		{"an ordered list", `<ul><li>a</li></ul>`, "- a", "1. a", `<ol><li>a</li></ol>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := OpenStorage(tc.page)
			if err != nil {
				t.Fatal(err)
			}
			before := o.Markdown()
			if tc.from != "" && strings.Count(before, tc.from) != 1 {
				t.Fatalf("%q is %d times in %q", tc.from, strings.Count(before, tc.from), before)
			}
			got, err := o.Edit(strings.Replace(before, tc.from, tc.to, 1))
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// Each edit is on the Markdown of an ADF document, and changes nothing else in it.
func TestEditADF(t *testing.T) {
	const mention = `{"type":"mention","attrs":{"id":"a","text":"@Ada","localId":"m1"}}`
	text := func(s, marks string) string {
		if marks != "" {
			marks = `,"marks":[` + marks + `]`
		}
		return `{"type":"text","text":"` + s + `"` + marks + `}`
	}
	p := func(content ...string) string {
		return `{"type":"paragraph","attrs":{"localId":"p"},"content":[` + strings.Join(content, ",") + `]}`
	}
	q := func(content string) string { return `{"type":"paragraph","content":[` + content + `]}` }
	const red = `{"type":"textColor","attrs":{"color":"#ff0000"}}`
	const strongMark = `{"type":"strong"}`
	li := func(content string) string {
		return `{"type":"listItem","attrs":{"localId":"i"},"content":[` + content + `]}`
	}
	ul := func(items ...string) string {
		return `{"type":"bulletList","attrs":{"localId":"l"},"content":[` + strings.Join(items, ",") + `]}`
	}
	for _, tc := range []struct{ name, doc, from, to, want string }{
		{"a word", p(text("one two", red), mention), "two", "2", p(text("one 2", red), mention)},
		{"escapes", p(text(`a \"b\" \u00e9 c`, "")), "c", `"d"`, p(text(`a \"b\" \u00e9 \"d\"`, ""))},
		{"bold", p(text("one two three", red), mention), "two", "**two**", p(text("one ", red), text("two", strongMark+","+red), text(" three", red), mention)},
		{"bold at the end", p(text("one two", ""), mention), "two", "**two**", p(text("one ", ""), text("two", strongMark), mention)},
		{"a block comes", p(text("one", "")), "one", "one\n\n- two", p(text("one", "")) + `,{"type":"bulletList","content":[{"type":"listItem","content":[` + q(text("two", "")) + `]}]}`},
		{"a block goes", p(text("one", "")) + "," + p(text("two", "")), "\n\ntwo", "", p(text("one", ""))},
		{"the first block goes", p(text("one", "")) + "," + p(text("two", "")), "one\n\n", "", p(text("two", ""))},
		{"an item", ul(li(p(text("one", ""))), li(p(text("two", "")))), "- two", "- two\n- three", ul(li(p(text("one", ""))), li(p(text("two", ""))), `{"type":"listItem","content":[`+q(text("three", ""))+`]}`)},
		{"a word goes", p(text("one two three", "")), " two", "", p(text("one three", ""))},
		{"a mention goes", p(text("one ", ""), mention, text(" two", "")), " [@Ada](mention:a)", "", p(text("one", ""), text(" two", ""))},
		{"a heading", `{"type":"heading","attrs":{"level":2,"localId":"h"},"content":[` + text("T", "") + `]}`, "## T", "# T", `{"type":"heading","attrs":{"level":1,"localId":"h"},"content":[` + text("T", "") + `]}`},
		{"code", `{"type":"codeBlock","attrs":{"language":"go","uniqueId":"u"},"content":[` + text("a", "") + `]}`, "\na\n", "\nb\nc\n", `{"type":"codeBlock","attrs":{"language":"go","uniqueId":"u"},"content":[` + text(`b\nc`, "") + `]}`},
		{"a task", `{"type":"taskList","attrs":{"localId":"t"},"content":[{"type":"taskItem","attrs":{"localId":"x","state":"TODO"},"content":[` + text("a", "") + `]}]}`, "[ ]", "[x]", `{"type":"taskList","attrs":{"localId":"t"},"content":[{"type":"taskItem","attrs":{"localId":"x","state":"DONE"},"content":[` + text("a", "") + `]}]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := OpenADF(Document(`{"version":1,"type":"doc","content":[` + tc.doc + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			before := o.Markdown()
			if strings.Count(before, tc.from) != 1 {
				t.Fatalf("%q is %d times in %q", tc.from, strings.Count(before, tc.from), before)
			}
			got, err := o.Edit(strings.Replace(before, tc.from, tc.to, 1))
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"version":1,"type":"doc","content":[` + tc.want + `]}`; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestReplaceText(t *testing.T) {
	for _, tc := range []struct{ name, page, from, to, want string }{
		{"in words", `<p>Foobar <b class="x">bar</b> a&amp;b</p>`, "bar", "<z>", `<p>Foo&lt;z&gt; <b class="x">&lt;z&gt;</b> a&amp;b</p>`},
		{"over formats", `<p>one <b>two</b> three</p>`, "one two", "1", `<p>1 <b></b> three</p>`},
		{"white space", "<p>one\n two</p>", "one two", "1 2", `<p>1 2</p>`},
		{"references", `<p>a&amp;b</p>`, "a&b", "c", `<p>c</p>`},
		{"code", `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a<b]]></ac:plain-text-body></ac:structured-macro>`, "a<b", "c", `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[c]]></ac:plain-text-body></ac:structured-macro>`},
		{"an ADF panel and its copy", panelTwice("<p>x y</p>", "<div>x y</div>"), "x", "z", panelTwice("<p>z y</p>", "<div>z y</div>")},
		{"cells", `<table><tbody><tr><td><p>x</p><ul><li>x y</li></ul></td></tr></tbody></table>`, "x", "z", `<table><tbody><tr><td><p>z</p><ul><li>z y</li></ul></td></tr></tbody></table>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := OpenStorage(tc.page)
			if err != nil {
				t.Fatal(err)
			}
			got, n, err := o.ReplaceText(tc.from, tc.to)
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			if got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
	o, _ := OpenADF(Document(`{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"a \u00e9b c"},{"type":"text","text":"d","marks":[{"type":"em"}]}]}]}`))
	got, n, err := o.ReplaceText("éb", `"`)
	if want := `{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"a \" c"},{"type":"text","text":"d","marks":[{"type":"em"}]}]}]}`; got != want || n != 1 || err != nil {
		t.Errorf("got %s %d %v", got, n, err)
	}
}

func TestReplaceSectionAndAppend(t *testing.T) {
	const page = `<h1>A</h1><p>one</p><ac:structured-macro ac:name="toc" ac:macro-id="1" /><h2>B</h2><p>two</p><h1>C</h1><p class="k">three</p>`
	o, err := OpenStorage(page)
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.ReplaceSection("b", "new *text*")
	if want := strings.Replace(page, "<p>two</p>", "<p>new <em>text</em></p>", 1); got != want || err != nil {
		t.Errorf("\n got %s %v\nwant %s", got, err, want)
	}
	got, err = o.ReplaceSection("# A", "[toc](macro:toc)\n\nend")
	if want := `<h1>A</h1><ac:structured-macro ac:name="toc" ac:macro-id="1" /><p>end</p><h1>C</h1><p class="k">three</p>`; got != want || err != nil {
		t.Errorf("\n got %s %v\nwant %s", got, err, want)
	}
	if _, err = o.ReplaceSection("D", "x"); !errors.Is(err, ErrNoSuchText) {
		t.Errorf("got %v", err)
	}
	got, err = o.Append("four")
	if want := page + "<p>four</p>"; got != want || err != nil {
		t.Errorf("\n got %s %v\nwant %s", got, err, want)
	}
}

// Beside a section of a layout stand only sections.
func TestEditBesideSections(t *testing.T) {
	cell := func(s string) string { return "<ac:layout-cell>" + s + "</ac:layout-cell>" }
	section := func(typ, cells string) string {
		return `<ac:layout-section ac:type="` + typ + `">` + cells + "</ac:layout-section>"
	}
	two := section("two_equal", cell("<p>a</p>")+cell("<p>b</p>"))
	page := "<ac:layout>" + two + section("single", cell("<p>c</p>")) + two + "</ac:layout>"
	o, err := OpenStorage(page)
	if err != nil {
		t.Fatal(err)
	}
	md := o.Markdown()
	for name, tc := range map[string]struct{ edited, want string }{
		"at the begin":  {"x\n\n" + md, strings.Replace(page, two, section("single", cell("<p>x</p>"))+two, 1)},
		"at the end":    {md + "\n\nx", strings.Replace(page, "</ac:layout>", section("single", cell("<p>x</p>"))+"</ac:layout>", 1)},
		"into a single": {strings.Replace(md, "\n\nc\n\n", "\n\nx\n\nc\n\n", 1), strings.Replace(page, "<p>c</p>", "<p>x</p><p>c</p>", 1)},
		"a section":     {strings.Replace(md, "\n\nc\n\n", "\n\nc\n\n[columns](layout:two_equal)\n\nd\n\n[next column](layout:next)\n\ne\n\n[end of columns](layout:end)\n\n", 1), strings.Replace(page, "<p>c</p></ac:layout-cell></ac:layout-section>", "<p>c</p></ac:layout-cell></ac:layout-section>"+section("two_equal", cell("<p>d</p>")+cell("<p>e</p>")), 1)},
		"in a column":   {strings.Replace(md, "\n\na\n\n", "\n\na x\n\n", 1), strings.Replace(page, "<p>a</p>", "<p>a x</p>", 1)},
		"one is gone":   {strings.TrimPrefix(md, "[columns](layout:two_equal)\n\na\n\n[next column](layout:next)\n\nb\n\n[end of columns](layout:end)\n\n"), strings.Replace(page, two, "", 1)},
	} {
		if got, err := o.Edit(tc.edited); got != tc.want || err != nil {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, tc.want)
		}
	}
	within := strings.Replace(md, "\n\nc\n\n", "\n\nc\n\n[columns](layout:)\n\nd\n\n[next column](layout:next)\n\ne\n\n[end of columns](layout:end)\n\nf\n\n", 1)
	if got, err := o.Edit(within); err == nil && strings.Contains(got, "<p>c</p><ac:layout-section") {
		t.Errorf("a section within a section: %s", got)
	}
}

// Joiners and selectors that Clean leaves out are no change of the text that has them.
func TestEditKeepsWhatCleanLeavesOut(t *testing.T) {
	const storage = "<p>a&#x200d;b\u200c c\ufe0f and 👩\u200d💻 1\ufe0f\u20e3 می\u200cخواهم</p><p>other</p>"
	original, err := OpenStorage(storage)
	if err != nil {
		t.Fatal(err)
	}
	want := "ab c and 👩\u200d💻 1\ufe0f\u20e3 می\u200cخواهم\n\nother"
	if got := strings.TrimSpace(original.Markdown()); got != want {
		t.Errorf("read as %q, want %q", got, want)
	}
	got, err := original.Edit(strings.Replace(want, "other", "another", 1))
	if wanted := strings.Replace(storage, "other", "another", 1); err != nil || got != wanted {
		t.Errorf("edited to %q, %v; want %q", got, err, wanted)
	}
	got, err = original.Edit(strings.Replace(want, "and", "und", 1))
	if wanted := strings.Replace(storage, "and", "und", 1); err != nil || got != wanted {
		t.Errorf("edited to %q, %v; want %q", got, err, wanted)
	}
}
