// Package alltools is the one place that names every tool of every product. What all tools have in
// common is held by its tests: schemas that assistants accept, a budget of tokens, what the example of each gives
// on each deployment, what wrong arguments are answered, and docs/tools.md.
package alltools

import (
	"log/slog"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/confluencetools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/jiratools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/searchtools"
)

// Catalogue returns the tools of the products that there is a client for; nil leaves a product out. log
// receives panics of searches; nil discards.
func Catalogue(log *slog.Logger, j *jira.Client, c *confluence.Client) *mcp.Catalogue {
	catalogue := new(mcp.Catalogue)
	if j != nil {
		jiratools.Register(catalogue, j)
	}
	if c != nil {
		confluencetools.Register(catalogue, c)
	}
	searchtools.Register(catalogue, searchtools.Clients{Jira: j, Confluence: c, Log: log})
	return catalogue
}
