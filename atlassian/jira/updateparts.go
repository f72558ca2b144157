package jira

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// part is one of the changes of an update.
type part struct {
	name string
	send func() error
}

// plan makes the requests of an update, in the order in which they go: fields, transition, comment,
// worklog. Nothing is sent here but look-ups.
func (c *Client) plan(ctx context.Context, a api, now *issueNow, in UpdateIssueRequest, out *UpdatedIssue) ([]part, error) {
	var chosen rawTransition
	var err error
	if in.Transition != "" {
		if chosen, err = chooseTransition(now.Transitions, in.Transition); err != nil {
			return nil, renamed(err, "transition_id", "transition")
		}
	}
	edits, moves := c.route(a, now, chosen, in)
	var parts []part
	if len(edits) > 0 {
		p, err := c.fieldsPart(ctx, a, now, in, edits, out)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if in.Transition != "" {
		p, err := c.transitionPart(ctx, a, now, chosen, in, moves, out)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	} else if strings.TrimSpace(in.Comment) != "" {
		if _, err := a.written("comment", in.Comment, in.Format, ""); err != nil {
			return nil, err
		}
		parts = append(parts, c.commentPart(ctx, in, out))
	}
	if in.Worklog != "" {
		parts = append(parts, c.worklogPart(ctx, a, in, out))
	}
	return parts, nil
}

// route divides the fields between the edit and the transition: to the transition goes what it
// demands, and what it alone has.
func (c *Client) route(a api, now *issueNow, t rawTransition, in UpdateIssueRequest) (edits, moves map[string]any) {
	edit := &form{client: c, api: a, screen: now.Edit.Fields}
	move := &form{client: c, api: a, screen: t.Fields}
	edits, moves = map[string]any{}, map[string]any{}
	for name, value := range in.Fields {
		ids := move.find(name)
		if len(ids) == 1 && (t.Fields[ids[0]].must() || len(edit.find(name)) == 0) {
			moves[name] = value
		} else {
			edits[name] = value
		}
	}
	return edits, moves
}

func (c *Client) fieldsPart(ctx context.Context, a api, now *issueNow, in UpdateIssueRequest, given map[string]any, out *UpdatedIssue) (part, error) {
	if len(now.Edit.Fields) == 0 {
		return part{}, &atlassian.Error{
			Product: atlassian.Jira, Status: http.StatusForbidden, Messages: []string{"the account of this server may not edit " + out.Key}, Hint: "Nothing was changed.",
		}
	}
	f := &form{client: c, api: a, argument: "fields", what: out.Key, screen: now.Edit.Fields, format: in.Format, was: now.Fields, project: now.project(), found: newLookups()}
	fields, err := f.fill(ctx, given)
	if err != nil {
		return part{}, err
	}
	for _, id := range fixedFields {
		if _, given := fields[id]; given { // by a name in another language
			return part{}, fixedField(id)
		}
	}
	payload, ids := map[string]any{"fields": fields}, sortedKeys(fields)
	if value, ok := fields["parent"]; ok && value == nil && a.isCloud() { // which is how Cloud takes a parent away
		delete(fields, "parent")
		payload["update"] = map[string]any{"parent": []any{map[string]any{"set": map[string]any{"none": true}}}}
	}
	return part{"fields " + strings.Join(ids, ", "), func() error {
		err := c.call(ctx, a, http.MethodPut, a.path(nil, "issue", out.Key), payload, nil)
		if err == nil {
			out.Fields = ids
		}
		return explainFields(explainAssignee(err), f.screen)
	}}, nil
}

func (c *Client) transitionPart(ctx context.Context, a api, now *issueNow, t rawTransition, in UpdateIssueRequest, given map[string]any, out *UpdatedIssue) (part, error) {
	payload, err := c.transitionPayload(ctx, a, now, t, TransitionRequest{
		Fields: given, Comment: in.Comment, Format: in.Format, Attribution: in.Attribution, Visibility: in.Visibility,
	})
	if err != nil {
		return part{}, err
	}
	p := part{name: "transition " + quoted(t.Name)}
	commented := strings.TrimSpace(in.Comment) != ""
	if commented {
		p.name += " with the comment"
	}
	p.send = func() error {
		err := c.call(ctx, a, http.MethodPost, a.path(nil, "issue", out.Key, "transitions"), payload, nil)
		if err != nil {
			return explainFields(err, t.Fields)
		}
		out.Transition = oneLine(t.Name)
		out.Status, _ = status(t.To)
		if out.Commented = commented; commented {
			out.Attribution = in.Attribution
		}
		return nil
	}
	return p, nil
}

func (c *Client) commentPart(ctx context.Context, in UpdateIssueRequest, out *UpdatedIssue) part {
	return part{"comment", func() error {
		made, err := c.AddComment(ctx, AddCommentRequest{Key: out.Key, Body: in.Comment, Format: in.Format, Visibility: in.Visibility, Attribution: in.Attribution})
		if err == nil {
			out.CommentID, out.Attribution = made.ID, made.Attribution
		}
		return err
	}}
}

func (c *Client) worklogPart(ctx context.Context, a api, in UpdateIssueRequest, out *UpdatedIssue) part {
	payload := map[string]any{"timeSpent": in.Worklog}
	if started, err := pointInTime(in.WorklogStarted); err == nil {
		payload["started"] = started.Format(jiraTime)
	}
	return part{"worklog", func() error {
		var made struct {
			ID string `json:"id"`
		}
		err := c.call(ctx, a, http.MethodPost, a.path(nil, "issue", out.Key, "worklog"), payload, &made)
		if err == nil {
			out.WorklogID = made.ID
		}
		return err
	}}
}

// partly is the failure of the n-th part, with what became of the others.
func partly(err error, parts []part, n int) error {
	if len(parts) == 1 {
		return err
	}
	names := func(list []part) string {
		var out []string
		for _, p := range list {
			out = append(out, p.name)
		}
		return strings.Join(out, "; ")
	}
	account := "Failed: " + parts[n].name + "."
	if n > 0 {
		account += " Done before: " + names(parts[:n]) + "."
	}
	if n+1 < len(parts) {
		account += " Not tried: " + names(parts[n+1:]) + "."
	}
	if e, ok := errors.AsType[*atlassian.Error](err); ok {
		told := *e
		told.Hint = strings.TrimSpace(account + " " + e.Hint)
		return &told
	}
	if input, ok := errors.AsType[*atlassian.InputError](err); ok {
		told := *input
		told.Hint = strings.TrimSpace(account + " " + input.Hint)
		return &told
	}
	return err
}

// renamed is an InputError about an argument that has another name here.
func renamed(err error, from, to string) error {
	input, ok := errors.AsType[*atlassian.InputError](err)
	if !ok || input.Argument != from {
		return err
	}
	told := *input
	told.Argument = to
	return &told
}

// rawHistory is a change of an issue as Jira sends it.
type rawHistory struct {
	Author  rawUser     `json:"author"`
	Created string      `json:"created"`
	Items   []rawChange `json:"items"`
}

type rawChange struct {
	Field string `json:"field"`
	From  string `json:"fromString"`
	To    string `json:"toString"`
}

// maxConflicts is how many changes a conflict tells.
const maxConflicts = 10

// checkUnchanged is an InputError with what was changed since, unless nothing was. A change with a part
// that names an issue outside of the scope is left out whole: the others of its parts, such as those of
// a move, tell of the same.
func (now *issueNow) checkUnchanged(expected string, scope atlassian.Scope) error {
	since, err := pointInTime(expected)
	if err != nil {
		return &atlassian.InputError{Argument: "expected_updated", Problem: quoted(expected) + " is no point in time", Hint: "Copy updated from jira_get_issue."}
	}
	updated := timestamp(text(now.Fields["updated"]))
	if updated == since.UTC().Format(time.RFC3339) {
		return nil
	}
	var changes []string
	for _, h := range now.Changelog.Histories {
		at, err := pointInTime(h.Created)
		if err != nil || at.Unix() <= since.Unix() {
			continue
		}
		if slices.ContainsFunc(h.Items, func(i rawChange) bool { return namesOutside(i.From, scope.Holds) || namesOutside(i.To, scope.Holds) }) {
			continue
		}
		for _, item := range h.Items {
			changes = append(changes, timestamp(h.Created)+" "+h.Author.String()+" changed "+oneLine(item.Field)+" from "+quoted(item.From)+" to "+quoted(item.To))
		}
	}
	slices.Sort(changes)
	problem := "conflict: the issue was changed at " + updated + ", after " + timestamp(expected)
	hint := "Nothing was sent. There is no change of a field to show; it may have been a comment. "
	if len(changes) > 0 {
		hint = "Nothing was sent. Since then: " + strings.Join(changes[:min(len(changes), maxConflicts)], "; ") + ". "
	}
	return &atlassian.InputError{Argument: "expected_updated", Problem: problem, Hint: hint + "Read the issue again before changing it."}
}
