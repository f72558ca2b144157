package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// Issue is what there is to know of an issue, as far as it was asked for. People are their display
// names, rich text is Markdown, points in time are RFC 3339 in UTC. An empty member was either not
// asked for or has no value; an assignee that was asked for and is none is "Unassigned", and a status
// category has a value where it is called otherwise than the status, and the number of comments where
// not all of them are here.
type Issue struct {
	Key            string         `json:"key"`
	URL            string         `json:"url,omitempty"`
	Summary        string         `json:"summary,omitempty"`
	Type           string         `json:"type,omitempty"`
	Status         string         `json:"status,omitempty"`
	StatusCategory string         `json:"status_category,omitempty"`
	Resolution     string         `json:"resolution,omitempty"`
	Priority       string         `json:"priority,omitempty"`
	Assignee       string         `json:"assignee,omitempty"`
	Reporter       string         `json:"reporter,omitempty"`
	Labels         []string       `json:"labels,omitempty"`
	Components     []string       `json:"components,omitempty"`
	FixVersions    []string       `json:"fix_versions,omitempty"`
	Created        string         `json:"created,omitempty"`
	Updated        string         `json:"updated,omitempty"`
	Due            string         `json:"due,omitempty"`
	Parent         *Ref           `json:"parent,omitempty"`
	Subtasks       []Ref          `json:"subtasks,omitempty"`
	Links          []Link         `json:"links,omitempty"`
	Attachments    []string       `json:"attachments,omitempty"`
	Description    string         `json:"description,omitempty"`
	Fields         map[string]any `json:"fields,omitempty"`
	Comments       []Comment      `json:"comments,omitempty"`
	CommentTotal   int            `json:"comment_total,omitempty"`
	Transitions    []Transition   `json:"transitions,omitempty"`

	// Truncated says, a sentence each, what was left out for size and how to get it.
	Truncated []string `json:"truncated,omitempty"`

	project string
}

// Ref is another issue by its key.
type Ref struct {
	Key     string `json:"key"`
	Summary string `json:"summary,omitempty"`
	Status  string `json:"status,omitempty"`
}

// Link is a relation to another issue, read from this one: "blocks" PLAT-7.
type Link struct {
	Relation string `json:"relation"`
	Ref
}

// Comment is a comment on an issue.
type Comment struct {
	ID        string `json:"id"`
	Author    string `json:"author,omitempty"`
	Created   string `json:"created,omitempty"`
	Updated   string `json:"updated,omitempty"`
	VisibleTo string `json:"visible_to,omitempty"`
	Body      string `json:"body,omitempty"`
}

// GetIssueRequest says what to read of an issue.
type GetIssueRequest struct {
	Key string
	// Fields are ids or names of fields; none are the usual ones.
	Fields []string
	// Comments is how many of the newest comments to read; zero reads none.
	Comments int
	// Transitions adds what can be done with the issue.
	Transitions bool
	// Format is that of rich text; empty is Markdown.
	Format markup.Format
	// Budget is how many bytes of JSON the issue may have; zero is 32 KiB.
	Budget int
}

// usualFields are read when the caller names none.
var usualFields = []string{
	"summary", "issuetype", "status", "resolution", "priority", "assignee", "reporter", "labels", "components",
	"fixVersions", "created", "updated", "duedate", "parent", "subtasks", "issuelinks", "attachment", "description",
}

// GetIssue reads one issue, in one request unless field names have to be looked up or Jira does
// not hand out the newest comments with it.
func (c *Client) GetIssue(ctx context.Context, in GetIssueRequest) (*Issue, error) {
	key, err := atlassian.CheckIssueKey("issue_key", in.Key)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	a.format = in.Format
	selected, err := c.selectForIssue(ctx, a, in)
	if err != nil {
		return nil, err
	}
	query := url.Values{"fields": {strings.Join(selected.ids, ",")}}
	if in.Transitions {
		query.Set("expand", "transitions")
	}
	var raw rawIssue
	if err := c.call(ctx, a, http.MethodGet, a.path(query, "issue", key), nil, &raw); err != nil {
		return nil, err
	}
	if in.Comments > 0 {
		if err := c.newestComments(ctx, a, &raw, in.Comments); err != nil {
			return nil, err
		}
	}
	room := cmp.Or(in.Budget, resultBudget)
	if in.Budget == 0 && len(in.Fields) == 1 && !selected.all && in.Comments == 0 {
		room = wholeBudget
	}
	reader := &issueReader{client: c, api: a, selected: selected, comments: in.Comments, budget: newBudget(room)}
	return reader.issue(&raw), nil
}

func (c *Client) selectForIssue(ctx context.Context, a api, in GetIssueRequest) (*selection, error) {
	asked := in.Fields
	if len(asked) == 0 {
		asked = c.withEpic(ctx, a, usualFields)
	}
	s, err := c.selectFields(ctx, a, asked)
	if err != nil {
		return nil, err
	}
	s.add("project") // whose issue it is, decides whether it may be shown
	if in.Comments > 0 {
		s.add("comment")
	}
	return s, nil
}

// newestComments makes sure that the newest comments are among those at hand: Jira gives the
// oldest first, and not all where there are many.
func (c *Client) newestComments(ctx context.Context, a api, raw *rawIssue, limit int) error {
	var page commentPage
	if !decode(raw.Fields["comment"], &page) || page.Total <= len(page.Comments) {
		return nil
	}
	start := max(0, page.Total-limit)
	query := url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(limit)}, "orderBy": {"created"}}
	var newest json.RawMessage
	if err := c.call(ctx, a, http.MethodGet, a.path(query, "issue", raw.Key, "comment"), nil, &newest); err != nil {
		return err
	}
	raw.Fields["comment"] = newest
	return nil
}

// ProjectKey looks up the key that a project has now, which is not always the one that it is asked for
// by: a project whose key was changed answers to its former one, too.
func (c *Client) ProjectKey(ctx context.Context, key string) (string, error) {
	key, err := atlassian.CheckProjectKey("project_key", key)
	if err != nil {
		return "", err
	}
	a, err := c.api(ctx)
	if err != nil {
		return "", err
	}
	var raw struct {
		Key string `json:"key"`
	}
	if err := c.call(ctx, a, http.MethodGet, a.path(nil, "project", key), nil, &raw); err != nil {
		return "", err
	}
	return raw.Key, nil
}

// ProjectOf looks up the key of the project that an issue is in now, which is not always the one
// in the key: an issue that has moved answers to its old key, too.
func (c *Client) ProjectOf(ctx context.Context, key string) (string, error) {
	_, project, err := c.place(ctx, key)
	return project, err
}

// place is the id of an issue and the key of its project.
func (c *Client) place(ctx context.Context, key string) (id, project string, err error) {
	key, err = atlassian.CheckIssueKey("issue_key", key)
	if err != nil {
		return "", "", err
	}
	a, err := c.api(ctx)
	if err != nil {
		return "", "", err
	}
	var raw rawIssue
	if err := c.call(ctx, a, http.MethodGet, a.path(url.Values{"fields": {"project"}}, "issue", key), nil, &raw); err != nil {
		return "", "", err
	}
	return raw.ID, raw.project(), nil
}
