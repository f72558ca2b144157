package jira

import (
	"encoding/json"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// toMarkdown reads a rich-text value: a document on Cloud, wiki markup on Data Center. A string on
// Cloud is plain text.
func (a api) toMarkdown(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if a.isCloud() {
			return markup.Clean(text)
		}
		return markup.FromWiki(text)
	}
	text, err := markup.FromADF(raw)
	if err != nil {
		return "[This text could not be converted.]"
	}
	return text
}

// fromMarkdown writes rich text the way the deployment takes it.
func (a api) fromMarkdown(markdown string) any {
	if a.isCloud() {
		return markup.ToADF(markdown)
	}
	return markup.ToWiki(markdown)
}

// attributed is fromMarkdown with a line of plain text below, which no unclosed markup above reaches.
func (a api) attributed(markdown, line string) any {
	switch {
	case line == "":
		return a.fromMarkdown(markdown)
	case a.isCloud():
		return markup.AppendADF(markup.ToADF(markdown), line)
	default:
		return markup.ToWiki(markdown) + "\n\n" + markup.ToWiki(line)
	}
}

// jiraTime is how Jira writes points in time.
const jiraTime = "2006-01-02T15:04:05.000-0700"

// timestamp shortens a point in time to seconds in UTC (RFC 3339). What is none stays as it is.
func timestamp(s string) string {
	for _, layout := range []string{jiraTime, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return oneLine(s)
}
