package confluence

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// minBody is the least of a body that a result shows, however long the rest of it is.
const minBody = 1 << 10

// setBody puts as much of the body into the page as the budget of a result allows, and a cursor
// for the rest.
func (p *Page) setBody(in PageRequest, storage string) error {
	text, format := toMarkdown(storage), "markdown"
	if in.Storage {
		text, format = markup.Clean(storage), "storage"
	}
	list := "page " + p.ID + " " + format
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return err
	}
	if position.Token != "" && position.Token != strconv.Itoa(p.Version) {
		return &atlassian.InputError{Argument: "cursor", Problem: "the page was changed meanwhile", Hint: "Leave cursor out to read it from the beginning."}
	}
	start := min(position.Start, len(text))
	const cursorSize = 256
	body, end := excerpt.Cut(text, start, max(minBody, cmp.Or(in.Budget, resultBudget)-size(p)-cursorSize))
	if p.Body = body; end < len(text) {
		p.Truncated = fmt.Sprintf("The body has %d bytes; this is %d to %d. Pass cursor for the rest.", len(text), start, end)
		p.Cursor = atlassian.Cursor{Start: end, Token: strconv.Itoa(p.Version)}.Encode(list)
	}
	return nil
}
