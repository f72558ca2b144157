package confluence

import (
	"html"
	"regexp"
	"strings"
)

var wikiHeading = regexp.MustCompile(`^h([1-6])\. +(.*)$`)

// wikiToStorage understands of Confluence's wiki markup headings, flat lists and paragraphs.
func wikiToStorage(wiki string) string {
	var b strings.Builder
	list := false
	endList := func() {
		if list {
			b.WriteString("</ul>")
		}
		list = false
	}
	for line := range strings.Lines(wiki) {
		line = strings.TrimSpace(line)
		item, isItem := strings.CutPrefix(line, "* ")
		if !isItem {
			endList()
		}
		switch heading := wikiHeading.FindStringSubmatch(line); {
		case heading != nil:
			b.WriteString("<h" + heading[1] + ">" + html.EscapeString(heading[2]) + "</h" + heading[1] + ">")
		case isItem:
			if !list {
				b.WriteString("<ul>")
			}
			list = true
			b.WriteString("<li>" + html.EscapeString(item) + "</li>")
		case line != "":
			b.WriteString("<p>" + html.EscapeString(line) + "</p>")
		}
	}
	endList()
	return b.String()
}
