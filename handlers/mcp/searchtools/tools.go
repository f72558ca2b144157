// Package searchtools holds search and fetch, the two tools over Jira and Confluence that ChatGPT's
// connectors, deep research and company knowledge look for. Names, arguments and results have the form
// that OpenAI asks for: search takes query and gives results of id, title and url; fetch takes id and
// gives id, title, text, url and metadata; each as structured content and, the same again, as JSON in one
// text. An argument more would make the tools unknown to company knowledge, which compares the input
// schema, and url is an absolute address that people can open, or empty.
//
// See https://developers.openai.com/apps-sdk/build/mcp-server#company-knowledge-compatibility and
// https://developers.openai.com/api/docs/mcp.
package searchtools

import (
	"log/slog"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// Clients are the products to work on. One that is nil is not there; with none, there are no tools.
type Clients struct {
	Jira       *jira.Client
	Confluence *confluence.Client

	// Log receives panics of searches. Nil discards.
	Log *slog.Logger
}

// Register adds the tools to a catalogue that has those of jiratools and confluencetools for the same
// clients, whose work they do.
func Register(c *mcp.Catalogue, clients Clients) {
	if clients.Jira == nil && clients.Confluence == nil {
		return
	}
	if clients.Log == nil {
		clients.Log = slog.New(slog.DiscardHandler)
	}
	mcp.Register(c, search(clients))
	mcp.Register(c, fetch(clients))
}

// facets are those of the products that are there. Each belongs to the toolset of the tool whose work it
// does, so that TOOLSETS and lines of the policy that open or close that one open or close it, too.
func facets[In any](clients Clients, jiraTool, confluenceTool string, about func(in *In, p policy.Product) bool) (out []mcp.Facet[In]) {
	facet := func(p policy.Product, toolset, tool string) {
		out = append(out, mcp.Facet[In]{
			Product: p, Toolset: toolset, Uses: tool, About: func(in *In) bool { return about(in, p) },
		})
	}
	if clients.Jira != nil {
		facet(policy.Jira, "jira_issues", jiraTool)
	}
	if clients.Confluence != nil {
		facet(policy.Confluence, "confluence_pages", confluenceTool)
	}
	return out
}
