package jira

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// edited is new rich text for what stood there before, the way the deployment takes it. Markdown
// for a document is merged into it, so that whatever Markdown does not show stays; wiki markup, and
// text in any other format, is replaced. The line goes below as in written. An excerpt of what stood
// there is an InputError.
func (a api) edited(argument string, was json.RawMessage, text string, format markup.Format, line string) (any, error) {
	reader := a
	reader.format = format
	if excerpt.IsPart(reader.richText(was), text) {
		return nil, &atlassian.InputError{
			Argument: argument, Problem: "this is a part of the text, as a long text is read, and would delete the rest of it",
			Hint: "Nothing was changed. Read it whole, by asking jira_get_issue for this field alone, and send all of it without the line that marks a part. To drop the rest, clear the field first.",
		}
	}
	isDocument := strings.HasPrefix(strings.TrimSpace(string(was)), "{")
	if !a.isCloud() || !isDocument || (format != markup.Markdown && format != "") {
		return a.written(argument, text, format, line)
	}
	original, err := markup.OpenADF(was)
	if err != nil {
		return a.written(argument, text, format, line)
	}
	doc, err := original.Edit(text)
	if errors.Is(err, markup.ErrNotEditable) {
		return nil, &atlassian.InputError{Argument: argument, Problem: err.Error(), Hint: `Read it with format "adf", change that, and send it with format "adf".`}
	}
	if err != nil {
		return nil, &atlassian.InputError{Argument: argument, Problem: err.Error()}
	}
	if line != "" {
		return markup.AppendADF(markup.Document(doc), line), nil
	}
	return markup.Document(doc), nil
}
