package markup

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// randomTokens are what the random documents are made of, separated by NUL: markup, what looks like
// it, and the constructs of the dialect.
var randomTokens = strings.Split(strings.Join([]string{
	"a\x00b\x00a b\x00 \x00  \x00\n\x00\n\n\x00\n  \x00\n    \x00* \x00- \x00+ \x001. \x002) \x00> \x00# \x00## \x00---\x00***\x00___\x00===",
	"`\x00``\x00```\x00~~~\x00~\x00~~\x00*\x00**\x00_\x00__\x00[\x00]\x00(\x00)\x00!\x00![\x00](\x00](a)\x00](https://a.b)\x00[x](\x00[ ] \x00[x] ",
	"<\x00>\x00<u>\x00</u>\x00<br>\x00<b>\x00<!--\x00-->\x00<div>\x00&\x00&amp;\x00&#42;\x00&lt;\x00\\\x00\\\n\x00|\x00|\n\x00:\x00:rocket:\x00🚀\x00👍🏽\x00:x:",
	"https://a.b/c\x00www.a.b\x00a@b.c\x00<https://a.b>\x00[DONE](status:green)\x00[a](date:)\x00[2026-01-01](date:)\x00[@a](mention:x)",
	"[x](card:https://a.b)\x00[x](block-card:https://a.b)\x00[x](embed:https://a.b)\x00[p](placeholder:)\x00[:q:](emoji:1)\x00[P-1](issue:P-1)",
	"[l](layout:50-50)\x00[n](layout:next)\x00[e](layout:end)\x00[x](adf:extension?extensionKey=k&extensionType=t)",
	"[x](adf:inlineExtension?extensionKey=k&extensionType=t)\x00> [!MACRO] [m](adf:bodiedExtension?extensionKey=k&extensionType=t)",
	"> [!INFO]\x00> [!EXPAND] t\x00> [!DECISION]\x00> [!PANEL] [p](adf:panel?panelColor=c)\x00![](media:a)\x00![b](media:a?layout=group)",
	"![](media:a?layout=inline)\x00![c](https://a.b/c.png \"t\")\x00| a | b |\n| - | :-: |\n| x |\n\x00\t\x000\x00=\x00+\x00-\x00.\x00\"\x00'\x00[x]\x00[a]: b\n",
	"{\x00}\x00```go {wrap:=true}\n\x00é\x00_a_\x00**b**\x00`c`\x00~~d~~\x00- [x](a)\x00- [ ] ",
}, "\x00"), "\x00")

// randomRounds is how many random documents a test tries; RANDOM_ROUNDS asks for more.
func randomRounds(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("RANDOM_ROUNDS"))
	if err != nil {
		return 200
	}
	return n
}

// randomSeed makes each run the same; RANDOM_SEED asks for others.
func randomSeed() *rand.Rand {
	seed, _ := strconv.ParseUint(os.Getenv("RANDOM_SEED"), 10, 64)
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // nothing here is secret
}

func randomText(r *rand.Rand, most int) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		b.WriteString(randomTokens[r.IntN(len(randomTokens))])
	}
	return b.String()
}

// Markdown of any kind makes valid ADF that comes back the same. Random tokens reach what a fuzzer
// that knows only bytes takes hours for.
func TestRandomMarkdownIsFixed(t *testing.T) {
	r := randomSeed()
	for range randomRounds(t) {
		markdown := randomText(r, 12)
		if unstable(t, markdown) {
			checkFixedPoint(t, shortest(markdown, func(s string) bool { return unstable(t, s) }))
			return
		}
	}
}

// unstable says whether checkFixedPoint has something to say.
func unstable(t *testing.T, markdown string) bool {
	t.Helper()
	doc := ToADF(markdown)
	again, err := FromADF(doc)
	return err != nil || string(ToADF(again)) != string(doc) || validADF(t, string(doc)) != nil
}

// shortest leaves of a text as little as still fails.
func shortest(text string, fails func(string) bool) string {
	for size := len(text) / 2; size > 0; size-- {
		for i := 0; i+size <= len(text); i++ {
			if s := text[:i] + text[i+size:]; fails(s) {
				text, i = s, i-1
			}
		}
	}
	return text
}

// randomTypes are the nodes that a random document nests without regard to what may stand where.
var randomTypes = strings.Fields(`paragraph heading blockquote panel expand nestedExpand bulletList orderedList listItem
	taskList taskItem blockTaskItem decisionList decisionItem table tableRow tableCell tableHeader layoutSection layoutColumn
	bodiedExtension bodiedSyncBlock mediaSingle mediaGroup caption codeBlock rule hardBreak mention status date emoji placeholder
	inlineCard blockCard embedCard media mediaInline extension inlineExtension syncBlock hologram text text text text`)

var randomMarks = strings.Fields(`strong em strike underline code subsup link textColor alignment`)

// randomADF is a node of any type with any attributes and content.
func randomADF(r *rand.Rand, depth int) map[string]any {
	typ := randomTypes[r.IntN(len(randomTypes))]
	n := map[string]any{"type": typ, "attrs": randomAttrs(r)}
	if r.IntN(3) == 0 {
		mark := map[string]any{"type": randomMarks[r.IntN(len(randomMarks))], "attrs": map[string]any{"href": "https://a.b", "type": "sub", "align": "center"}}
		n["marks"] = []any{mark}
	}
	if typ == "text" {
		n["text"] = randomText(r, 4)
		return n
	}
	var content []any
	for range r.IntN(4) {
		if depth > 0 {
			content = append(content, randomADF(r, depth-1))
		}
	}
	n["content"] = content
	return n
}

func randomAttrs(r *rand.Rand) map[string]any {
	names := []string{
		"id", "text", "shortName", "url", "localId", "state", "title", "language", "extensionKey", "extensionType", "parameters",
		"resourceId", "layout", "width", "height", "collection", "color", "style", "timestamp", "alt", "level", "order", "panelType",
		"panelIcon", "colspan", "rowspan", "data", "widthType", "type", "valign", "wrap",
	}
	values := []any{
		"", "x", 1, 2.5, -1, true, nil, "center", "wide", "red", "info", "custom", "DONE", "pixel", "file", "external", "top", "https://a.b/c",
		"1795392000000", map[string]any{"a": []any{1, "b"}}, strings.Repeat("long ", 300), randomText(r, 3),
	}
	attrs := map[string]any{}
	for _, name := range names {
		if r.IntN(2) == 0 {
			attrs[name] = values[r.IntN(len(values))]
		}
	}
	return attrs
}

// Markdown read from any document makes valid ADF that comes back the same.
func TestRandomADFIsFixed(t *testing.T) {
	r := randomSeed()
	for range randomRounds(t) {
		content := []any{randomADF(r, 4), randomADF(r, 3)}
		doc, err := json.Marshal(map[string]any{"version": 1, "type": "doc", "content": content})
		if err != nil {
			t.Fatal(err)
		}
		markdown, err := FromADF(doc)
		if err != nil {
			t.Fatal(err)
		}
		if unstable(t, markdown) {
			checkFixedPoint(t, shortest(markdown, func(s string) bool { return unstable(t, s) }))
			return
		}
	}
}
