package jira

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// MaxBatch is how many issues Jira creates at once.
const MaxBatch = 50

// Batch is what came of creating several issues.
type Batch struct {
	Created []CreatedIssue `json:"created,omitempty"`
	// Failed are those that Jira refused.
	Failed []BatchFailure `json:"failed,omitempty"`
	// Valid says that all could be created, where nothing more was asked.
	Valid bool `json:"valid,omitempty"`
}

// BatchFailure is an issue that was not created, by its place in the request, from 0.
type BatchFailure struct {
	Item    int    `json:"item"`
	Summary string `json:"summary"`
	Error   string `json:"error"`
}

// CreateIssues creates up to MaxBatch issues with one request, once. What is wrong with any of them
// and can be known before is an InputError about all, and nothing is sent. With check, nothing is
// sent in any case.
func (c *Client) CreateIssues(ctx context.Context, list []NewIssue, check bool) (*Batch, error) {
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || len(list) > MaxBatch {
		return nil, &atlassian.InputError{Argument: "issues", Problem: fmt.Sprintf("must hold 1 to %d issues", MaxBatch)}
	}
	prepared, err := c.prepareAll(ctx, a, list)
	if err != nil || check {
		return &Batch{Valid: err == nil}, err
	}
	updates := make([]any, len(prepared))
	for i, p := range prepared {
		updates[i] = map[string]any{"fields": p.fields}
	}
	var answer bulkAnswer
	if err := c.call(ctx, a, http.MethodPost, a.path(nil, "issue", "bulk"), map[string]any{"issueUpdates": updates}, &answer); err != nil {
		return nil, err
	}
	return c.batch(answer, list, prepared), nil
}

type bulkAnswer struct {
	Issues []struct {
		Key string `json:"key"`
	} `json:"issues"`
	Errors []struct {
		Number int `json:"failedElementNumber"`
		Errors struct {
			Messages []string          `json:"errorMessages"`
			Fields   map[string]string `json:"errors"`
		} `json:"elementErrors"`
	} `json:"errors"`
}

// batch says of each issue what came of it. Jira lists what it made in the order of the request,
// without a word of what it left out.
func (c *Client) batch(answer bulkAnswer, list []NewIssue, prepared []*preparedIssue) *Batch {
	out, failed := &Batch{}, map[int]bool{}
	for _, e := range answer.Errors {
		parts := cleanAll(e.Errors.Messages)
		for _, field := range sortedKeys(e.Errors.Fields) {
			parts = append(parts, field+": "+oneLine(e.Errors.Fields[field]))
		}
		if failed[e.Number] = true; e.Number >= 0 && e.Number < len(list) {
			out.Failed = append(out.Failed, BatchFailure{Item: e.Number, Summary: oneLine(list[e.Number].Summary), Error: strings.Join(parts, "; ")})
		}
	}
	made := answer.Issues
	for i := range list {
		if !failed[i] && len(made) > 0 {
			out.Created = append(out.Created, *c.created(made[0].Key, list[i], prepared[i]))
			made = made[1:]
		}
	}
	return out
}

// prepareAll checks all issues and reports everything that is wrong with them at once.
func (c *Client) prepareAll(ctx context.Context, a api, list []NewIssue) ([]*preparedIssue, error) {
	prepared, found := make([]*preparedIssue, len(list)), newLookups()
	var problems []string
	for i, in := range list {
		p, err := c.prepare(ctx, a, in, found)
		if prepared[i] = p; err == nil {
			continue
		}
		if !isInputError(err) {
			return nil, err
		}
		problems = append(problems, fmt.Sprintf("issues[%d]: %v", i, err))
	}
	if len(problems) > 0 {
		text, cut := atlassian.Shorten(strings.Join(problems, " "), listBudget)
		if cut {
			text += "…"
		}
		return nil, &atlassian.InputError{Argument: "issues", Problem: "nothing was created. " + text}
	}
	return prepared, nil
}
