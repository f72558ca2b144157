package jira

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// DeletedIssue names an issue that is no more.
type DeletedIssue struct {
	Deleted  string `json:"deleted"`
	Subtasks bool   `json:"subtasks,omitempty"`
}

// DeleteIssue deletes an issue for good, with its subtasks only if told so, in one request.
func (c *Client) DeleteIssue(ctx context.Context, key string, subtasks bool) (*DeletedIssue, error) {
	key, err := atlassian.CheckIssueKey("issue_key", key)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if subtasks {
		query.Set("deleteSubtasks", "true")
	}
	if err := c.call(ctx, a, http.MethodDelete, a.path(query, "issue", key), nil, nil); err != nil {
		var e *atlassian.Error
		if errors.As(err, &e) && strings.Contains(e.Error(), "deleteSubtasks") {
			explained := *e
			explained.Hint = "Pass delete_subtasks to delete them too."
			return nil, &explained
		}
		return nil, err
	}
	return &DeletedIssue{Deleted: key, Subtasks: subtasks}, nil
}

func isInputError(err error) bool {
	_, ok := errors.AsType[*atlassian.InputError](err)
	return ok
}
