package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// MovedIssue is an issue in its new project.
type MovedIssue struct {
	Key string `json:"key"`
	Was string `json:"was"`
	URL string `json:"url"`
	// Type is what kind of issue it is there.
	Type string `json:"type,omitempty"`
}

const (
	// firstPoll is how long to wait before asking how a move goes; each wait is half as long again.
	firstPoll = 200 * time.Millisecond
	// maxPolls is how often to ask: for about half a minute in all.
	maxPolls = 11
)

// MoveIssue moves an issue with its subtasks to another project, as the type that has the same name
// there: one request each to read the issue, the types of the project unless they are known, to
// move, and to read the new key, and some to wait. Jira does it in the background; a move that is
// not finished in time is an error that says so. Data Center cannot.
func (c *Client) MoveIssue(ctx context.Context, key, project string) (*MovedIssue, error) {
	key, err := atlassian.CheckIssueKey("issue_key", key)
	if err != nil {
		return nil, err
	}
	if project, err = atlassian.CheckProjectKey("target_project_key", project); err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.site.Need(atlassian.MoveIssues, a.deployment, "issue_key"); err != nil {
		return nil, err
	}
	was, kind, err := c.beforeMove(ctx, a, key, project)
	if err != nil {
		return nil, err
	}
	var task struct {
		ID string `json:"taskId"`
	}
	mapping := map[string]any{project + "," + kind.ID: map[string]any{
		"issueIdsOrKeys": []string{was.Key}, "inferClassificationDefaults": true, "inferFieldDefaults": true,
		"inferStatusDefaults": true, "inferSubtaskTypeDefault": true,
	}}
	body := map[string]any{"targetToSourcesMapping": mapping, "sendBulkNotification": true}
	if err := c.call(ctx, a, http.MethodPost, a.path(nil, "bulk", "issues", "move"), body, &task); err != nil {
		return nil, err
	}
	if err := c.waitForMove(ctx, a, task.ID); err != nil {
		return nil, err
	}
	var now rawIssue
	if err := c.call(ctx, a, http.MethodGet, a.path(url.Values{"fields": {"project"}}, "issue", was.ID), nil, &now); err != nil {
		done := &atlassian.Error{Product: atlassian.Jira, Messages: []string{was.Key + " was moved, and its new key could not be read"}, Hint: "The old key leads to it."}
		return nil, fmt.Errorf("%w: %w", done, err)
	}
	return &MovedIssue{Key: now.Key, Was: was.Key, URL: c.browseURL(now.Key), Type: oneLine(kind.Name)}, nil
}

// beforeMove finds the type that the issue will have.
func (c *Client) beforeMove(ctx context.Context, a api, key, project string) (*rawIssue, issueType, error) {
	var was rawIssue
	var kind issueType
	if err := c.call(ctx, a, http.MethodGet, a.path(url.Values{"fields": {"project,issuetype"}}, "issue", key), nil, &was); err != nil {
		return nil, kind, err
	}
	decode(was.Fields["issuetype"], &kind)
	switch {
	case was.project() == project:
		return nil, kind, &atlassian.InputError{Argument: "target_project_key", Problem: was.Key + " is in " + project + " already"}
	case kind.Subtask:
		return nil, kind, &atlassian.InputError{Argument: "issue_key", Problem: was.Key + " is a subtask", Hint: "Move the issue that it is part of."}
	}
	types, err := c.issueTypes(ctx, a, project)
	if err != nil {
		return nil, kind, err
	}
	there, err := chooseType(types, kind.Name)
	return &was, there, renamed(err, "issue_type", "target_project_key")
}

// waitForMove asks how a move goes until it is over.
func (c *Client) waitForMove(ctx context.Context, a api, task string) error {
	wait := firstPoll
	for range maxPolls {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return unfinished(task)
		}
		wait += wait / 2
		var progress struct {
			Status string              `json:"status"`
			Failed map[string][]string `json:"failedAccessibleIssues"`
			Hidden int                 `json:"invalidOrInaccessibleIssueCount"`
		}
		if err := c.call(ctx, a, http.MethodGet, a.path(nil, "bulk", "queue", task), nil, &progress); err != nil {
			return unfinished(task)
		}
		switch progress.Status {
		case "ENQUEUED", "RUNNING", "CANCEL_REQUESTED":
			continue
		case "COMPLETE":
			if len(progress.Failed) == 0 && progress.Hidden == 0 {
				return nil
			}
		}
		e := &atlassian.Error{Product: atlassian.Jira, Status: http.StatusBadRequest, Messages: []string{"the move ended as " + oneLine(progress.Status) + " and was not made"}}
		for _, id := range sortedKeys(progress.Failed) {
			e.Messages = append(e.Messages, cleanAll(progress.Failed[id])...)
		}
		return e
	}
	return unfinished(task)
}

func unfinished(task string) error {
	return &atlassian.Error{
		Product: atlassian.Jira, Status: http.StatusAccepted, Uncertain: true,
		Messages: []string{"the move was accepted as task " + oneLine(task) + ", and how it ended is not known"},
		Hint:     "The old key leads to the issue in any case.",
	}
}
