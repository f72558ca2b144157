package jira

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// SearchRequest is one page of a search.
type SearchRequest struct {
	JQL string
	// Projects, when there are any, narrow the search to these project keys.
	Projects []string
	// Scope is what the caller may see.
	Scope atlassian.Scope
	// Fields are ids or names of fields; none are the usual ones of a list.
	Fields []string
	// Limit is how many issues to read, 1 to 100.
	Limit int
	// Cursor continues a search; empty is its beginning. A plain number is an offset, which only
	// Data Center has.
	Cursor string
}

// SearchResult is a page of issues.
type SearchResult struct {
	Issues []Issue `json:"issues"`
	// Total is how many issues match, where Jira counts them (Data Center).
	Total *int `json:"total,omitempty"`
	// Cursor gets the next page; empty is the end.
	Cursor string `json:"cursor,omitempty"`
	// Warnings are Jira's remarks on the query.
	Warnings []string `json:"warnings,omitempty"`
	// Truncated says what was left out for size and how to get it.
	Truncated string `json:"truncated,omitempty"`
}

// MaxSearchLimit is the largest page.
const MaxSearchLimit = 100

// usualListFields are read when a search names none.
var usualListFields = []string{"summary", "issuetype", "status", "priority", "assignee", "labels", "updated", "parent"}

// Search runs JQL, one request a page, and one for the list of fields where they are looked up. The query is sent as it is unless Projects or Scope narrow it.
func (c *Client) Search(ctx context.Context, in SearchRequest) (*SearchResult, error) {
	jql, err := boundJQL(in.JQL, in.Projects, in.Scope)
	if err != nil {
		return nil, err
	}
	if in.Scope.Nothing() {
		return &SearchResult{Issues: []Issue{}}, nil
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	position, err := searchPosition(a, jql, in.Cursor)
	if err != nil {
		return nil, err
	}
	asked := in.Fields
	if len(asked) == 0 {
		asked = c.withEpic(ctx, a, usualListFields)
	}
	selected, err := c.selectFields(ctx, a, asked)
	if err != nil {
		return nil, err
	}
	selected.add("project")
	p := &searchPage{
		client: c, api: a, jql: jql, selected: selected, position: position,
		limit: min(max(in.Limit, 1), MaxSearchLimit),
	}
	if a.isCloud() {
		return p.cloud(ctx)
	}
	return p.dataCenter(ctx)
}

// searchPosition reads the cursor. Its list is the query alone: fields and page size may change
// from page to page.
func searchPosition(a api, jql, cursor string) (atlassian.Cursor, error) {
	offset, err := strconv.Atoi(cursor)
	if err != nil || offset < 0 {
		return atlassian.DecodeCursor("cursor", jql, cursor)
	}
	if offset > 0 && a.isCloud() {
		return atlassian.Cursor{}, &atlassian.InputError{Argument: "cursor", Problem: "Jira Cloud has no numeric offsets", Hint: "Pass the cursor of the previous result."}
	}
	return atlassian.Cursor{Start: offset}, nil
}

// searchPage is one page under way.
type searchPage struct {
	client   *Client
	api      api
	jql      string
	selected *selection
	position atlassian.Cursor
	limit    int
}

// cloud reads a page by its token. When the previous result was cut short for size, the position
// is the token of that page and how many of its issues have been shown.
func (p *searchPage) cloud(ctx context.Context) (*SearchResult, error) {
	shown := p.position.Start
	body := map[string]any{"jql": p.jql, "fields": p.selected.ids, "maxResults": shown + p.limit}
	if p.position.Token != "" {
		body["nextPageToken"] = p.position.Token
	}
	var page struct {
		Issues []rawIssue `json:"issues"`
		Next   string     `json:"nextPageToken"`
	}
	if err := p.post(ctx, body, &page, "search", "jql"); err != nil {
		return nil, err
	}
	out := &SearchResult{}
	issues := page.Issues[min(shown, len(page.Issues)):]
	switch n := p.read(out, issues); {
	case n < len(issues):
		out.Cursor = atlassian.Cursor{Token: p.position.Token, Start: shown + n}.Encode(p.jql)
	case page.Next != "":
		out.Cursor = atlassian.Cursor{Token: page.Next}.Encode(p.jql)
	}
	return out, nil
}

// dataCenter reads a page by its offset.
func (p *searchPage) dataCenter(ctx context.Context) (*SearchResult, error) {
	body := map[string]any{"jql": p.jql, "fields": p.selected.ids, "maxResults": p.limit, "startAt": p.position.Start}
	var page struct {
		Issues   []rawIssue `json:"issues"`
		Total    int        `json:"total"`
		Warnings []string   `json:"warningMessages"`
	}
	if err := p.post(ctx, body, &page, "search"); err != nil {
		return nil, err
	}
	out := &SearchResult{Total: &page.Total, Warnings: cleanAll(page.Warnings)}
	next := p.position.Start + p.read(out, page.Issues)
	if next < page.Total && len(page.Issues) > 0 {
		out.Cursor = atlassian.Cursor{Start: next}.Encode(p.jql)
	}
	return out, nil
}

// post sends a search. go-atlassian's own methods would decode the issues into models that drop
// custom fields, besides the decoding here.
func (p *searchPage) post(ctx context.Context, body map[string]any, out any, path ...string) error {
	err := p.client.call(atlassian.ReadOnly(ctx), p.api, http.MethodPost, p.api.path(nil, path...), body, out)
	return p.client.explainQuery(ctx, p.api, err)
}

// unknownInQuery is Jira's complaint about the name of a field in a query.
var unknownInQuery = regexp.MustCompile(`Field '([^']{1,100})' does not exist`)

// explainQuery adds to Jira's complaint about a field the names that come near.
func (c *Client) explainQuery(ctx context.Context, a api, err error) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return err
	}
	m := unknownInQuery.FindStringSubmatch(strings.Join(e.Messages, " "))
	if m == nil {
		return err
	}
	names := slices.Clone(systemFields)
	if list, err := c.allFields(ctx, a); err == nil {
		for _, f := range list {
			names = append(names, f.name)
		}
	}
	near := nearest(m[1], names, 4)
	if len(near) == 0 {
		return err
	}
	explained := *e
	explained.Hint = "Did you mean " + quotedList(near) + "?"
	return &explained
}

// read turns raw issues into the result as far as the budget goes, at least one, and returns how
// many it read.
func (p *searchPage) read(out *SearchResult, issues []rawIssue) int {
	left := resultBudget
	out.Issues = make([]Issue, 0, len(issues))
	for n := range issues {
		// One long text must not push out the rest, and what short issues leave is there for the others.
		share := max(minListed, left/(len(issues)-n))
		reader := &issueReader{client: p.client, api: p.api, selected: p.selected, comments: commentsInList(p.selected), budget: newBudget(share)}
		issue := reader.issue(&issues[n])
		cost := size(issue) + 1
		if cost > left && n > 0 {
			out.Truncated = "Only " + strconv.Itoa(n) + " issues fit into one result: pass cursor for the next, or ask for fewer fields."
			return n
		}
		left -= cost
		out.Issues = append(out.Issues, *issue)
	}
	return len(issues)
}

// commentsInList is how many comments an issue in a list shows when comments were asked for.
func commentsInList(s *selection) int {
	if s.has("comment") {
		return 5
	}
	return 0
}

func cleanAll(list []string) []string {
	for i := range list {
		list[i] = oneLine(list[i])
	}
	return list
}
