package markup

import (
	"path/filepath"
	"strings"
	"testing"
)

// tickets are the documents of testdata/corpus in files of that extension, by file and name. A line
// "%%% name" begins one.
func tickets(t testing.TB, extension string) map[string]string {
	t.Helper()
	documents := map[string]string{}
	for _, path := range glob(t, "testdata/corpus/*"+extension) {
		for part := range strings.SplitSeq("\n"+read(t, path), "\n%%% ") {
			if name, text, ok := strings.Cut(part, "\n"); ok && name != "" {
				documents[filepath.Base(path)+"/"+name] = text
			}
		}
	}
	return documents
}

func TestTicketsWikiRoundTrip(t *testing.T) {
	documents := tickets(t, ".md")
	if len(documents) < 150 {
		t.Errorf("only %d documents", len(documents))
	}
	for name, markdown := range documents {
		wiki := ToWiki(markdown)
		md := FromWiki(wiki)
		if again := ToWiki(md); again != wiki {
			t.Errorf("%s\nfirst  %q\nmarkdown %q\nsecond %q", name, wiki, md, again)
		}
		if strings.Contains(markdown, "(mention:") {
			continue // wiki markup has an account's id and not its name
		}
		if got, want := strings.Fields(plain(t, md)), strings.Fields(plain(t, markdown)); len(got) != len(want) {
			t.Errorf("%s: %d words became %d\n%q\n%q", name, len(want), len(got), plain(t, markdown), plain(t, md))
		}
	}
}

// What Data Center users wrote, once it has been Markdown, stays as it is.
func TestWikiTicketsRoundTrip(t *testing.T) {
	documents := tickets(t, ".wiki")
	if len(documents) < 40 {
		t.Errorf("only %d documents", len(documents))
	}
	for name, wiki := range documents {
		md := FromWiki(wiki)
		ours := ToWiki(md)
		if again := ToWiki(FromWiki(ours)); again != ours {
			t.Errorf("%s\nsource   %q\nmarkdown %q\nfirst  %q\nsecond %q", name, wiki, md, ours, again)
		}
	}
}

// The notation of Jira's help, construct by construct.
// https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
func TestWikiNotation(t *testing.T) {
	for wiki, want := range map[string]string{
		"h1. Biggest heading":                 "# Biggest heading",
		"h6.Smallest":                         "###### Smallest",
		"*strong*":                            "**strong**",
		"_emphasis_":                          "*emphasis*",
		"??citation??":                        "*— citation*",
		"-deleted-":                           "~~deleted~~",
		"+inserted+":                          "<u>inserted</u>",
		"a ^super^ b ~sub~":                   "a <sup>super</sup> b <sub>sub</sub>",
		"{{monospaced}}":                      "`monospaced`",
		"a{{{}b{}}}c":                         "a`b`c",
		"{{info}} and {{a{b}}}":               "`info` and `a{b}`",
		"bq. Some text":                       "> Some text",
		"{quote}\nhere\n{quote}":              "> here",
		"{color:red}look{color}":              "look",
		`a\\b`:                                "a\\\nb",
		`\\server\share`:                      `\\\server\share`,
		"----":                                "---",
		"a --- b -- c":                        "a — b – c",
		"--flag and x--":                      "--flag and x--",
		"[#anchor]":                           "[#anchor](#anchor)",
		"[^a b.txt]":                          "[a b.txt](attachment:a%20b.txt)",
		"[https://jira.example.com]":          "<https://jira.example.com>",
		"[Jira|https://jira.example.com]":     "[Jira](https://jira.example.com)",
		"[Jira|https://jira.example.com|tip]": "[Jira](https://jira.example.com)",
		"[mailto:legend@example.com]":         "<legend@example.com>",
		"[~username]":                         "[@username](user:username)",
		"{anchor:name}x":                      "x",
		"* some\n* bullets\n** indented":      "- some\n- bullets\n  - indented",
		"- different\n- bullet":               "- different\n- bullet",
		"# a\n#* b\n# c":                      "1. a\n   - b\n2. c",
		"!a.png!":                             "![a.png](attachment:a.png)",
		"!a.png|thumbnail!":                   "![a.png](attachment:a.png)",
		"!Screenshot at 9.41.png|thumbnail!":  "![Screenshot at 9.41.png](attachment:Screenshot%20at%209.41.png)",
		"!no. really!":                        "!no. really!",
		"!see a.b c!":                         "!see a.b c!",
		"!https://example.com/a.png|align=right, vspace=4!": "![](https://example.com/a.png)",
		"||h||\n|c|":                                       "| h |\n| --- |\n| c |",
		"{noformat}\na *b*\n{noformat}":                    "```\na *b*\n```",
		"{panel:title=T}\nx\n{panel}":                      "> [!PANEL] T\n> x",
		"{panel:bgColor=#FFFFCE}\nx\n{panel}":              "> [!WARNING]\n> x",
		"{code:title=B.java|borderStyle=solid}\nx\n{code}": "```text B.java\nx\n```",
		"{code:xml}\n<a/>\n{code}":                         "```xml\n<a/>\n```",
		`\*not strong\*`:                                   `\*not strong\*`,
		"(/) (x) (!) (?)":                                  "✅ ❌ ⚠️ ❓",
		"f(x) and :)":                                      "f(x) and :)",
		"**a**":                                            `\*__a__\*`,
		"*a*b*":                                            "**a\\*b**",
		"snake_case_name":                                  "snake_case_name",
	} {
		if got := FromWiki(wiki); got != want {
			t.Errorf("FromWiki(%q) = %q, want %q", wiki, got, want)
		}
	}
}

// The names of files may have spaces; one that would end its link or image makes it text.
func TestWikiFileNames(t *testing.T) {
	for markdown, want := range map[string]string{
		"[plan v2](attachment:plan%20v2.pdf)":        `[plan v2|^plan v2.pdf]`,
		"[a_b](attachment:100%25%20done.pdf)":        `[a_b|^100% done.pdf]`,
		"![shot](attachment:Screenshot%20at%20.png)": `!Screenshot at .png|alt="shot"!`,
	} {
		wiki := ToWiki(markdown)
		if back := FromWiki(wiki); wiki != want || back != markdown {
			t.Errorf("%s became %s, want %s, and then %s", markdown, wiki, want, back)
		}
	}
	if wiki := ToWiki("[a](attachment:b%5D%7C.pdf) ![c](attachment:d%20e)"); wiki != "a c" {
		t.Errorf("got %s", wiki)
	}
}
