//go:build unix

package markup

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostile are texts that make careless parsers slow, to be repeated.
var hostile = map[string]string{
	"quotes": ">", "brackets": "[", "images": "![", "stars": "*", "star words": "*a **b ", "underscores": "_a __b ",
	"ticks": "`", "growing ticks": "`a``b```c", "tildes": "~a ", "braces": "{", "code tags": "{code:x}", "quote tags": "{quote}",
	"panel tags": "{panel:title=x}", "bars": "|", "bar lines": "|a\n", "open rows": "|a\nb\n", "list markers": "*", "lists": "* a\n",
	"double braces": "{{", "bangs": "!a", "links": "[a](b", "wiki links": "[a|b", "entities": "&a", "angles": "<a", "tags": "<p>",
	"bold tags": "<b>", "cells": "<td rowspan=\"9\" colspan=\"9\">x</td>", "rows": "<tr><td rowspan=\"99\">x</td></tr>",
	"cdata": "<![CDATA[", "newlines": "\n", "nested lists": "- ", "tables": "|a|\n|-|\n|b|\n", "wide rows": "|a", "backslashes": "\\",
	"urls": "http://a.b/", "paragraphs": "a\n\n", "breaks": "a\\\n", "html marks": "<u>", "quote lines": "> a\n", "deltas": "*a_b-c+d^e~f ",
	"bracket pairs": "[\x00]", "image pairs": "![\x00](a)", "star pairs": "*a \x00a* ", "link pairs": "[a](\x00)",
	"brace pairs": "{{\x00}}", "tag pairs": "<b>\x00</b>", "strong pairs": "**a \x00a__ ", "tick pairs": "`a\x00a``",
	"mixed marks": "**a* ", "wiki stars": "{*}a _b ", "comments": "<!--", "link titles": "[a](b \"", "refs": "[a]: b\n", "ref uses": "[a][b",
	"wiki code": "{{{}a", "wiki code ends": "{{a}}}", "shares": `\\a\b`, "backslash pairs": `\\a`, "icons": "(x", "dashes": "-- ",
	"column markers": "[a](layout:50)\n\n", "next markers": "[a](layout:next)\n\n", "marker pairs": "[a](layout:50)\n\n\x00[b](layout:end)\n\n",
	"colons": ":", "emoji names": ":rocket:", "emoji": "🚀", "joined emoji": "👍\u200d", "placeholders": "[a](adf:extension?a:=%5B ",
	"placeholder attributes": "&a:=1", "cards": "[a](card:https://a.b)", "callouts": "> [!MACRO] [a](adf:bodiedExtension?b=c)\n",
	"nested callouts": "> [!EXPAND]\n> ", "media": "![a](media:b?layout=group)", "addresses": "a@b.c@", "empty items": "- \n",
	"tag braces": "{*}", "citations": "??a ", "mails": "a@b.", "ordered": "1. a\n", "code lines": "{code}\na\n",
}

// repeated is unit over and over; when it has two halves, the first and then as often the second.
func repeated(unit string, size int) string {
	open, closing, _ := strings.Cut(unit, "\x00")
	n := size / len(unit)
	return strings.Repeat(open, n) + strings.Repeat(closing, n)
}

// hostileDocuments are texts that take more than one unit, in about a size in bytes. What is quadratic
// about them shows in large ones only.
var hostileDocuments = map[string]func(size int) string{
	"short rows below a wide heading": func(size int) string {
		return repeated("|a", size/4) + "\n" + repeated("|-", size/4) + "\n" + repeated("|\n", size/2)
	},
	"escaped bars in code":      func(size int) string { return "|a|\n|-|\n" + repeated("|`\\|`|\n", size) },
	"brackets on many lines":    func(size int) string { return repeated("[a]: b\n", size) },
	"definitions":               func(size int) string { return repeated("[a]: b\n\n", size/2) + repeated("[a]\n", size/2) },
	"headings under paragraphs": func(size int) string { return repeated("a\n-|-\n", size) },
}

// textDocument is an ADF document of one paragraph.
func textDocument(text string) json.RawMessage {
	w := newPieces()
	w.textParagraph([]inline{{text: text}}, 0)
	return json.RawMessage(docADF(string(w.buf[1:])))
}

const hostileSize = 24 << 10 // bytes

// worked is the time that processors spent on this process. The clock on the wall also counts what
// else the machine does.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestHostileInputIsLinear converts hostileSize of each hostile text in every direction. The bound is
// generous for slow processors; a quadratic parser exceeds it by far.
func TestHostileInputIsLinear(t *testing.T) {
	bound := 3 * time.Second
	var slowest time.Duration
	var what string
	texts := map[string]string{}
	for name, unit := range hostile {
		texts[name] = repeated(unit, hostileSize)
	}
	for name, document := range hostileDocuments {
		texts[name] = document(4 * hostileSize)
	}
	for name, text := range texts {
		for direction, convert := range map[string]func(){
			"ToADF":       func() { ToADF(text) },
			"ToWiki":      func() { ToWiki(text) },
			"ToStorage":   func() { ToStorage(text) },
			"FromADF":     func() { _, _ = FromADF(textDocument(text)) },
			"FromWiki":    func() { FromWiki(text) },
			"FromStorage": func() { _, _ = FromStorage("<table>" + text) },
		} {
			before := worked(t)
			convert()
			took := worked(t) - before
			if took > slowest {
				slowest, what = took, direction+" "+name
			}
			if took > bound {
				t.Errorf("%s of %s took %v", direction, name, took)
			}
		}
	}
	t.Logf("slowest: %s, %v", what, slowest)
}

func TestDeepADF(t *testing.T) {
	for _, typ := range []string{"blockquote", "bulletList", "table", "unknown", "expand"} {
		doc := strings.Repeat(`{"type":"`+typ+`","content":[`, 4000) + `{"type":"text","text":"deep"}` + strings.Repeat("]}", 4000)
		md, err := FromADF(json.RawMessage(doc))
		if err != nil {
			t.Errorf("%s: %v", typ, err)
		}
		if !strings.Contains(md, "deep") {
			t.Errorf("%s: the text is lost", typ)
		}
		if len(md) > 100_000 {
			t.Errorf("%s: %d bytes of Markdown from %d", typ, len(md), len(doc))
		}
	}
	if _, err := FromADF(json.RawMessage(strings.Repeat(`{"content":[`, 20000))); err == nil {
		t.Error("no error for JSON that is nested without end")
	}
}
