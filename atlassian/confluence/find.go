package confluence

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// FindPages looks for words in pages, whatever the words look like: no CQL is read in them. It is one
// request, or two where the site does not know the field siteSearch.
func (c *Client) FindPages(ctx context.Context, words string, scope atlassian.Scope, limit int) (*SearchResult, error) {
	words, err := atlassian.CheckWords("query", words)
	if err != nil {
		return nil, err
	}
	in := SearchRequest{Query: "pages with " + words, Scope: scope, Limit: limit}
	return c.search(ctx, in, []string{"type = page AND siteSearch ~ " + quoteCQL(words), "type = page AND text ~ " + quoteCQL(words)}, "")
}
