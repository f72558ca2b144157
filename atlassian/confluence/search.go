package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// SearchRequest is one page of a search.
type SearchRequest struct {
	// Query is CQL, or words to look for.
	Query string
	// Spaces, when there are any, narrow the search to these space keys.
	Spaces []string
	// Scope is what the caller may see.
	Scope atlassian.Scope
	// Limit is how many results to read, 1 to MaxSearchLimit.
	Limit  int
	Cursor string
}

// MaxSearchLimit is the largest page of a search.
const MaxSearchLimit = 50

// SearchResult is a page of results.
type SearchResult struct {
	Results []Hit `json:"results"`
	// Total is how many results there are, as far as Confluence counts.
	Total *int `json:"total,omitempty"`
	// CQL is what was run, when the query was words.
	CQL string `json:"cql,omitempty"`
	// Cursor gets the next page; empty is the end.
	Cursor string `json:"cursor,omitempty"`
	// Truncated says what was left out for size and how to get it.
	Truncated string `json:"truncated,omitempty"`
}

// Hit is something that a search found.
type Hit struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"` // page, blogpost, comment, attachment, space, …
	Title   string `json:"title"`
	Space   string `json:"space,omitempty"` // key
	Updated string `json:"updated,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Search runs CQL, or looks for words everywhere. It is one request, or two where the site does not
// know the field siteSearch.
func (c *Client) Search(ctx context.Context, in SearchRequest) (*SearchResult, error) {
	queries, order, err := in.compose()
	if err != nil {
		return nil, err
	}
	return c.search(ctx, in, queries, order)
}

// search runs the first of some queries that the site understands, within the bounds of in.
func (c *Client) search(ctx context.Context, in SearchRequest, queries []string, order string) (*SearchResult, error) {
	if in.Scope.Nothing() {
		return &SearchResult{Results: []Hit{}}, nil
	}
	bounds := append(in.Scope.Conditions("space", quoteCQL), atlassian.Scope{Only: in.Spaces}.Conditions("space", quoteCQL)...)
	list := "search " + in.Query + "\x00" + strings.Join(bounds, ",")
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	limit := min(max(in.Limit, 1), MaxSearchLimit)
	for i, where := range queries {
		cql := strings.TrimSpace(within(where, bounds) + " " + order)
		page, err := c.searchPage(ctx, cloud, cql, position, limit)
		if err == nil {
			out := c.readHits(cloud, page, position, list)
			if len(queries) > 1 {
				out.CQL = cql
			}
			return out, nil
		}
		var refused *atlassian.Error
		last := i == len(queries)-1
		if last || !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
			return nil, hint(err, http.StatusBadRequest, `Write CQL such as type = page AND space = DOCS AND text ~ "some words", with values in quotes; or plain words.`)
		}
	}
	return nil, nil // compose returns at least one query
}

// compose turns the query into the CQL to try, one after the other, and its order.
func (in *SearchRequest) compose() (queries []string, order string, err error) {
	for i, key := range in.Spaces {
		if in.Spaces[i], err = atlassian.CheckSpaceKey("spaces_filter", key); err != nil {
			return nil, "", err
		}
	}
	query := strings.TrimSpace(in.Query)
	if len(query) > maxQuery {
		return nil, "", &atlassian.InputError{Argument: "query", Problem: "it is longer than " + strconv.Itoa(maxQuery) + " bytes", Hint: "Look for fewer words."}
	}
	if isCQL(query) {
		where, order, err := splitCQL(query)
		return []string{where}, order, err
	}
	words := atlassian.PlainWords(query)
	if words == "" {
		return nil, "", &atlassian.InputError{Argument: "query", Problem: "there is nothing in it to look for", Hint: "Write words, or CQL such as type = page AND space = DOCS."}
	}
	return []string{"siteSearch ~ " + quoteCQL(words), "text ~ " + quoteCQL(words)}, "", nil
}

// rawSearch is the answer of a search.
type rawSearch struct {
	Results []rawHit `json:"results"`
	Total   *int     `json:"totalSize"`
	Links   links    `json:"_links"`
}

type rawHit struct {
	Content *content `json:"content"`
	Space   *struct {
		Key string `json:"key"`
	} `json:"space"`
	Title        string `json:"title"`
	Excerpt      string `json:"excerpt"`
	URL          string `json:"url"`
	EntityType   string `json:"entityType"`
	LastModified string `json:"lastModified"`
}

func (c *Client) searchPage(ctx context.Context, cloud bool, cql string, position atlassian.Cursor, limit int) (*rawSearch, error) {
	query := url.Values{"cql": {cql}, "limit": {strconv.Itoa(limit)}, "expand": {"content.space"}}
	if cloud && position.Token != "" {
		query.Set("cursor", position.Token)
	}
	if !cloud && position.Start > 0 {
		query.Set("start", strconv.Itoa(position.Start))
	}
	var answer rawSearch
	err := c.call(ctx, http.MethodGet, path(restAPI, query, "search"), nil, &answer)
	return &answer, err
}

// readHits turns results into the answer as far as the budget goes, at least one. Where a page of
// Cloud is cut short, the cursor is that page's own with the number of results shown.
func (c *Client) readHits(cloud bool, page *rawSearch, position atlassian.Cursor, list string) *SearchResult {
	out := &SearchResult{Results: []Hit{}, Total: page.Total}
	skip := 0
	if cloud {
		skip = min(position.Start, len(page.Results))
	}
	left := resultBudget
	for _, raw := range page.Results[skip:] {
		hit := c.hit(cloud, raw)
		cost := size(hit) + 1
		if cost > left && len(out.Results) > 0 {
			out.Truncated = "The result is full. Pass cursor for the next results, with the same limit."
			out.Cursor = atlassian.Cursor{Start: position.Start + len(out.Results), Token: position.Token}.Encode(list)
			return out
		}
		left -= cost
		out.Results = append(out.Results, hit)
	}
	switch {
	case len(page.Results) == 0 || page.Links.Next == "":
	case cloud:
		if token := page.Links.cursor(); token != "" {
			out.Cursor = atlassian.Cursor{Token: token}.Encode(list)
		}
	default:
		out.Cursor = atlassian.Cursor{Start: position.Start + len(page.Results)}.Encode(list)
	}
	return out
}

func (c *Client) hit(cloud bool, raw rawHit) Hit {
	hit := Hit{
		Type: oneLine(raw.EntityType), Title: oneLine(highlight.ReplaceAllString(raw.Title, "")),
		Updated: timestamp(raw.LastModified), Excerpt: snippet(raw.Excerpt),
	}
	switch {
	case raw.Content != nil:
		hit.ID, hit.Type, hit.Space = raw.Content.ID, oneLine(raw.Content.Type), raw.Content.Space.Key
		if title := oneLine(raw.Content.Title); title != "" {
			hit.Title = title
		}
	case raw.Space != nil:
		hit.Space = raw.Space.Key
	}
	if hit.Type == "page" {
		hit.URL = c.pageURL(cloud, hit.Space, hit.ID)
	} else {
		hit.URL = c.relativeURL(raw.URL)
	}
	return hit
}

// relativeURL is the address of a path in an answer, or nothing when it is no path of the site.
func (c *Client) relativeURL(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	return c.site.WebURL(u.String())
}
