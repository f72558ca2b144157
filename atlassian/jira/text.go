package jira

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// richText reads a rich-text value, a document on Cloud and wiki markup on Data Center, in the format
// that the caller wants. A string on Cloud is plain text.
func (a api) richText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if a.isCloud() || text == "" {
			return markup.Clean(text)
		}
	} else {
		text = string(raw)
	}
	text, err := markup.Convert(text, a.native(), cmp.Or(a.format, markup.Markdown))
	if err != nil {
		return "[This text could not be converted.]"
	}
	return markup.Clean(text)
}

// native is the format in which Jira keeps rich text.
func (a api) native() markup.Format {
	if a.isCloud() {
		return markup.ADF
	}
	return markup.Wiki
}

// written is rich text the way the deployment takes it, with a line of plain text below, which no
// unclosed Markdown above reaches. The error names the argument that text came in.
func (a api) written(argument, text string, format markup.Format, line string) (any, error) {
	text, err := markup.Convert(text, format, format) // what is no document is so for either deployment
	if err == nil {
		text, err = markup.Convert(text, format, a.native(), markup.WithSite(a.site))
	}
	if err != nil {
		return nil, &atlassian.InputError{Argument: argument, Problem: err.Error(), Hint: "Send Markdown, or correct it."}
	}
	switch {
	case a.isCloud() && line != "":
		return markup.AppendADF(markup.Document(text), line), nil
	case a.isCloud():
		return markup.Document(text), nil
	case line != "":
		text += "\n\n" + markup.ToWiki(line)
	}
	return text, nil
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
