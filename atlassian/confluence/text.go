package confluence

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// resultBudget is how many bytes of JSON text one result may have, which is what it costs its
// reader.
const resultBudget = 32 << 10

// size is the length of v as JSON.
func size(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return resultBudget
	}
	return len(data)
}

// head returns as much of s as takes at most share bytes of JSON. It ends with a whole line where
// that costs no more than half of it.
func head(s string, share int) string {
	kept, _ := atlassian.Fit(s, share)
	if line := strings.LastIndexByte(kept, '\n') + 1; len(kept) < len(s) && line > len(kept)/2 {
		kept = kept[:line]
	}
	return kept
}

// toMarkdown reads a body in storage format. One that cannot be converted says so in its place.
func toMarkdown(storage string) string {
	text, err := markup.FromStorage(storage)
	if err != nil {
		return "[This text could not be converted to Markdown.]"
	}
	return strings.TrimSpace(text)
}

// oneLine makes a title or name fit for a result.
func oneLine(s string) string {
	return strings.Join(strings.Fields(markup.Clean(s)), " ")
}

// highlight is what Confluence puts around the words that a search found.
var highlight = regexp.MustCompile(`@@@(?:end)?hl@@@`)

const maxExcerpt = 300

func snippet(s string) string {
	s = oneLine(html.UnescapeString(highlight.ReplaceAllString(s, "")))
	s, cut := atlassian.Shorten(s, maxExcerpt)
	if cut {
		s += "…"
	}
	return s
}

// timestamp shortens a point in time to seconds in UTC (RFC 3339). What is none stays as it is.
func timestamp(s string) string {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return oneLine(s)
}
