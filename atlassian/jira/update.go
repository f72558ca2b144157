package jira

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// UpdateIssueRequest is what to change of an issue. What is empty stays as it is.
type UpdateIssueRequest struct {
	Key string
	// Fields are new values by name or id of the field; nil clears. Those that only the screen of
	// the transition has go with the transition.
	Fields map[string]any
	// Format is that of rich text in Fields and of the comment.
	Format markup.Format
	// Transition is an id, a name, or the name of the status to reach.
	Transition string
	Comment    string
	// Visibility limits who can read the comment; nil is everybody who can read the issue.
	Visibility *Visibility
	// Worklog is time spent, such as "1h 30m", begun at WorklogStarted or else now.
	Worklog, WorklogStarted string
	// Expected is when the caller believes the issue to have changed last; another time is a
	// conflict, and nothing is sent. Empty is no such check.
	Expected string
	// Scope is where the issues are that a conflict may name.
	Scope atlassian.Scope
	// Attribution is a line of plain text below the comment.
	Attribution string
}

// UpdatedIssue says what was done. All of it was: a part that failed is an error that says which
// parts were done before it.
type UpdatedIssue struct {
	Key string `json:"key"`
	URL string `json:"url"`
	// Fields are the ids of the fields that were set.
	Fields     []string `json:"fields,omitempty"`
	Transition string   `json:"transition,omitempty"`
	Status     string   `json:"status,omitempty"`
	CommentID  string   `json:"comment_id,omitempty"`
	// Commented says that the comment went with the transition, for which Jira gives no id.
	Commented bool   `json:"commented,omitempty"`
	WorklogID string `json:"worklog_id,omitempty"`
	// Attribution is the line that was added to the comment.
	Attribution string `json:"attribution,omitempty"`
}

// UpdateIssue changes fields, makes a transition, comments and logs work: one request to read the
// issue, and one for each of these, a comment with a transition going along with it. That is four
// at most, and one for every person named. All is checked before the first change is sent, and no
// part is tried after one that failed.
func (c *Client) UpdateIssue(ctx context.Context, in UpdateIssueRequest) (*UpdatedIssue, error) {
	key, err := atlassian.CheckIssueKey("issue_key", in.Key)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	now, err := c.beforeUpdate(ctx, a, key, in)
	if err != nil {
		return nil, err
	}
	if in.Expected != "" {
		if err := now.checkUnchanged(in.Expected, in.Scope); err != nil {
			return nil, err
		}
	}
	out := &UpdatedIssue{Key: key, URL: c.browseURL(key)}
	parts, err := c.plan(ctx, a, now, in, out)
	if err != nil {
		return nil, err
	}
	for n, p := range parts {
		if err := p.send(); err != nil {
			return nil, partly(err, parts, n)
		}
	}
	return out, nil
}

// timeSpent is how Jira writes durations.
var timeSpent = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?[wdhm](?: [0-9]+(?:\.[0-9]+)?[wdhm])*$`)

func (in *UpdateIssueRequest) check() error {
	if len(in.Fields) == 0 && in.Transition == "" && strings.TrimSpace(in.Comment) == "" && in.Worklog == "" {
		return &atlassian.InputError{Argument: "fields", Problem: "there is nothing to change", Hint: "Give fields, transition, comment or worklog."}
	}
	for name := range in.Fields {
		if id, known := systemField(name); known && slices.Contains(fixedFields, id) {
			return fixedField(name)
		}
	}
	if in.Comment != "" {
		if err := checkBody("comment", in.Comment); err != nil {
			return err
		}
	}
	if in.Worklog != "" && !timeSpent.MatchString(in.Worklog) {
		return &atlassian.InputError{Argument: "worklog", Problem: quoted(in.Worklog) + " is no duration", Hint: `Write it as "1h 30m", with w, d, h and m.`}
	}
	if in.WorklogStarted != "" {
		if _, err := pointInTime(in.WorklogStarted); err != nil || in.Worklog == "" {
			return &atlassian.InputError{Argument: "worklog_started", Problem: "is no point in time, or there is no worklog", Hint: "Write it as 2026-12-31T17:00:00+01:00."}
		}
	}
	if in.Visibility != nil && in.Comment == "" {
		return &atlassian.InputError{Argument: "comment_visibility", Problem: "there is no comment"}
	}
	return nil
}

// customField is an id that every custom field has the like of.
var customField = regexp.MustCompile(`^customfield_[0-9]{1,18}$`)

// fixedFields are where an issue is and what it is: to change them is to move it.
var fixedFields = []string{"project", "issuetype"}

func fixedField(name string) error {
	return &atlassian.InputError{Argument: "fields", Problem: quoted(name) + " cannot be changed here", Hint: "Move the issue in Jira."}
}

// beforeUpdate reads what must be known of the issue before it is changed.
func (c *Client) beforeUpdate(ctx context.Context, a api, key string, in UpdateIssueRequest) (*issueNow, error) {
	var expand []string
	if len(in.Fields) > 0 {
		expand = append(expand, "editmeta")
	}
	if in.Transition != "" {
		expand = append(expand, "transitions.fields")
	}
	if in.Expected != "" {
		expand = append(expand, "changelog")
	}
	return c.readNow(ctx, a, key, in.Fields, expand...)
}

// readNow reads the values of the fields that a caller names, and what else is asked for.
func (c *Client) readNow(ctx context.Context, a api, key string, fields map[string]any, expand ...string) (*issueNow, error) {
	ids := []string{"project", "updated"}
	for _, name := range sortedKeys(fields) {
		ids = append(ids, c.fieldIDs(ctx, a, name)...)
	}
	query := url.Values{"fields": {strings.Join(ids, ",")}}
	if len(expand) > 0 {
		query.Set("expand", strings.Join(expand, ","))
	}
	now := &issueNow{}
	return now, c.call(ctx, a, http.MethodGet, a.path(query, "issue", key), nil, now)
}

// issueNow is an issue before it is changed.
type issueNow struct {
	rawIssue
	Edit struct {
		Fields map[string]fieldMeta `json:"fields"`
	} `json:"editmeta"`
	Changelog struct {
		Histories []rawHistory `json:"histories"`
	} `json:"changelog"`
}

// fieldIDs are the fields that a name may mean, so that their values can be read. One that is not
// found is reported when the screens are known.
func (c *Client) fieldIDs(ctx context.Context, a api, name string) []string {
	if id, known := systemField(name); known {
		return []string{id}
	}
	if customField.MatchString(name) {
		return []string{name}
	}
	if slices.Contains(parentNames, strings.ToLower(name)) {
		return []string{"parent"}
	}
	list, err := c.allFields(ctx, a)
	if err != nil {
		return nil
	}
	var ids []string
	for _, f := range matchFields(list, name) {
		ids = append(ids, f.id)
	}
	return ids
}
