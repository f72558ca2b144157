package searchtools

import (
	"context"
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// perProduct is how many results each product gives.
const perProduct = 10

type searchArguments struct {
	Query string `json:"query"`
}

// results are what a search found, Jira's and Confluence's by turns, each in its order.
type results struct {
	Results []hit `json:"results"`
	// Incomplete says of which product results are missing, and why.
	Incomplete string `json:"incomplete,omitempty"`
}

type hit struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url"`

	where policy.Object
}

// Within drops what lies in projects and spaces that are not open.
func (r *results) Within(allowed func(policy.Object) bool) bool {
	r.Results = slices.DeleteFunc(r.Results, func(h hit) bool { return !allowed(h.where) })
	return true
}

func search(clients Clients) mcp.Spec[searchArguments, results] {
	return mcp.Spec[searchArguments, results]{
		Name:        "search",
		Title:       "Search Jira and Confluence",
		Description: "Search Jira issues and Confluence pages for words. Read what it finds with fetch.",
		Access:      policy.Read,
		Structured:  true,
		Facets:      facets(clients, "jira_search", "confluence_search", func(*searchArguments, policy.Product) bool { return true }),
		Touches:     func(*searchArguments) []policy.Object { return nil },
		Run: func(ctx context.Context, in *searchArguments) (*results, error) {
			return clients.search(ctx, in.Query)
		},
	}
}

// source is one product to search, as far as it is open.
type source struct {
	product policy.Product
	find    func(ctx context.Context, scope atlassian.Scope) ([]hit, error)
	scope   atlassian.Scope

	found []hit
	err   error
}

// search asks the products that are open. Nothing in a query is an operator in any of them.
func (clients Clients) search(ctx context.Context, query string) (*results, error) {
	var sources []*source
	add := func(s *source) {
		if s.scope = atlassian.Scope(mcp.Boundary(ctx, s.product)); !s.scope.Nothing() {
			sources = append(sources, s)
		}
	}
	if clients.Jira != nil {
		add(clients.issues(query))
	}
	if clients.Confluence != nil {
		add(clients.pages(query))
	}
	return ask(ctx, clients.Log, sources)
}

func (clients Clients) issues(query string) *source {
	return &source{product: policy.Jira, find: func(ctx context.Context, scope atlassian.Scope) (hits []hit, err error) {
		found, err := clients.Jira.FindIssues(ctx, query, scope, perProduct)
		if err != nil {
			return nil, err
		}
		for _, issue := range found.Issues {
			hits = append(hits, hit{idOf(policy.Jira, issue.Key), issueTitle(&issue), issue.URL, policy.Object{Kind: policy.Project, ID: issue.Project()}})
		}
		return hits, nil
	}}
}

func (clients Clients) pages(query string) *source {
	return &source{product: policy.Confluence, find: func(ctx context.Context, scope atlassian.Scope) (hits []hit, err error) {
		found, err := clients.Confluence.FindPages(ctx, query, scope, perProduct)
		if err != nil {
			return nil, err
		}
		for _, page := range found.Results {
			hits = append(hits, hit{idOf(policy.Confluence, page.ID), page.Title, page.URL, policy.Object{Kind: policy.Space, ID: page.Space}})
		}
		return hits, nil
	}}
}
