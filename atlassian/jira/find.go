package jira

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// FindIssues looks for words in the texts of issues and their comments, whatever the words look like: no
// JQL is read in them. It reads the summaries, in one request.
func (c *Client) FindIssues(ctx context.Context, words string, scope atlassian.Scope, limit int) (*SearchResult, error) {
	words, err := atlassian.CheckWords("query", words)
	if err != nil {
		return nil, err
	}
	return c.Search(ctx, SearchRequest{JQL: "text ~ " + quoteJQL(words), Scope: scope, Fields: []string{"summary"}, Limit: limit})
}
