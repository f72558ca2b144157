package jira

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Assigned is what came of an assignment.
type Assigned struct {
	Key      string `json:"key"`
	Assignee string `json:"assignee"`
	URL      string `json:"url"`
}

// Assign gives an issue to somebody, or to nobody when who is empty: one request to find the
// person, one to assign.
func (c *Client) Assign(ctx context.Context, key, who string) (*Assigned, error) {
	key, err := atlassian.CheckIssueKey("issue_key", key)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	out := &Assigned{Key: key, Assignee: "Unassigned", URL: c.browseURL(key)}
	var id any
	if strings.TrimSpace(who) != "" {
		u, err := c.findPerson(ctx, a, "assignee", who)
		if err != nil {
			return nil, err
		}
		id, out.Assignee = a.id(u), u.String()
	}
	body := map[string]any{"name": id}
	if a.isCloud() {
		body = map[string]any{"accountId": id}
	}
	if err := c.call(ctx, a, http.MethodPut, a.path(nil, "issue", key, "assignee"), body, nil); err != nil {
		return nil, explainAssignee(err)
	}
	return out, nil
}

// explainAssignee says where to look for people whom Jira accepts.
func explainAssignee(err error) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || e.Fields["assignee"] == "" || !strings.Contains(e.Fields["assignee"], "cannot be assigned") {
		return err
	}
	explained := *e
	explained.Hint = "jira_search_assignable_users lists who can be."
	return &explained
}
