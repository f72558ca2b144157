package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type searchArguments struct {
	Query  string   `json:"query" min:"1" max:"4096" jsonschema:"Words, or CQL such as: type = page AND label = howto AND text ~ \"token\" ORDER BY lastmodified DESC"`
	Limit  int      `json:"limit" min:"1" max:"50" default:"10"`
	Spaces []string `json:"spaces_filter,omitempty" max:"50" jsonschema:"Space keys to search in"`
	Cursor string   `json:"cursor,omitempty" jsonschema:"From the previous result"`
}

// searchResult is what a search found; results outside the boundary are dropped from it.
type searchResult struct{ *confluence.SearchResult }

// Within keeps the results of open spaces. The total goes, because it counts the others, and so
// does what belongs to no space.
func (r searchResult) Within(allowed func(policy.Object) bool) bool {
	kept := r.Results[:0]
	for _, hit := range r.Results {
		if hit.Space != "" && allowed(space(hit.Space)) {
			kept = append(kept, hit)
		}
	}
	r.Results, r.Total = kept, nil
	return true
}

func search(client *confluence.Client) mcp.Spec[searchArguments, searchResult] {
	return mcp.Spec[searchArguments, searchResult]{
		Name:        "confluence_search",
		Title:       "Search Confluence",
		Description: "Search Confluence pages, comments and spaces by words or CQL. Gives ids and excerpts; read a page with confluence_get_page.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Spellings:   mcp.Spellings{Commas: []string{"spaces_filter"}},
		Touches: func(in *searchArguments) []policy.Object {
			var named []policy.Object
			for _, key := range in.Spaces {
				named = append(named, space(key))
			}
			return named
		},
		Run: func(ctx context.Context, in *searchArguments) (*searchResult, error) {
			found, err := client.Search(ctx, confluence.SearchRequest{
				Query: in.Query, Spaces: in.Spaces, Limit: in.Limit, Cursor: in.Cursor, Scope: atlassian.Scope(mcp.Boundary(ctx, policy.Confluence)),
			})
			if err != nil {
				return nil, err
			}
			return &searchResult{found}, nil
		},
	}
}
