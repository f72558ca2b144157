package jiratools

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type updateIssueArguments struct {
	IssueKey   string           `json:"issue_key" min:"1"`
	Fields     map[string]any   `json:"fields,omitempty" jsonschema:"New values by field name or id, e.g. {\"summary\": \"New\", \"duedate\": null}; null clears"`
	Components []string         `json:"components,omitempty" max:"50"`
	Transition string           `json:"transition,omitempty" jsonschema:"Transition id or name, or the status to reach"`
	Comment    string           `json:"comment,omitempty"`
	Visibility *jira.Visibility `json:"comment_visibility,omitempty"`
	Worklog    string           `json:"worklog,omitempty" jsonschema:"Time spent, e.g. 1h 30m"`
	Started    string           `json:"worklog_started,omitempty" jsonschema:"Default: now"`
	Format     string           `json:"format" enum:"markdown,adf,wiki" default:"markdown" jsonschema:"Of rich text"`
	Expected   string           `json:"expected_updated,omitempty" jsonschema:"updated as you read it: fail if the issue was changed since"`
	Additional map[string]any   `json:"additional_fields,omitempty" jsonschema:"The same as fields"`
}

// values are the new values of fields under all of their names.
func (in *updateIssueArguments) values() (map[string]any, error) {
	out := maps.Clone(in.Fields)
	if out == nil {
		out = map[string]any{}
	}
	if len(in.Components) > 0 {
		list := make([]any, len(in.Components))
		for i, name := range in.Components {
			list[i] = name
		}
		if _, twice := out["components"]; twice {
			return nil, &atlassian.InputError{Argument: "components", Problem: "is in fields, too"}
		}
		out["components"] = list
	}
	for name, value := range in.Additional {
		if _, twice := out[name]; twice {
			return nil, &atlassian.InputError{Argument: "additional_fields." + name, Problem: "is given in another argument, too"}
		}
		out[name] = value
	}
	return out, nil
}

func updateIssue(client *jira.Client) mcp.Spec[updateIssueArguments, jira.UpdatedIssue] {
	return mcp.Spec[updateIssueArguments, jira.UpdatedIssue]{
		Name:        "jira_update_issue",
		Title:       "Update a Jira issue",
		Description: "Change fields of a Jira issue, and in the same call move it to another status, comment, log work.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Write,
		Spellings:   mcp.Spellings{Commas: []string{"components"}, Ignored: []string{"return_fields"}},
		// No tool logs work but this one: once there is one, worklog is its work.
		Uses: []mcp.Use[updateIssueArguments]{
			mcp.With("transition", "jira_transition_issue", func(in *updateIssueArguments) bool { return in.Transition != "" }),
			mcp.With("expected_updated", "jira_get_issue", func(in *updateIssueArguments) bool { return in.Expected != "" }),
			mcp.With("comment", "jira_add_comment", func(in *updateIssueArguments) bool { return strings.TrimSpace(in.Comment) != "" }),
		},
		Touches: func(in *updateIssueArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Resolve: func(ctx context.Context, in *updateIssueArguments) ([]policy.Object, error) {
			out, err := projectOf(ctx, client, in.IssueKey)
			if err != nil {
				return nil, err
			}
			return withNamedIssues(ctx, client, out, "fields", in.Fields, in.Additional)
		},
		Run: func(ctx context.Context, in *updateIssueArguments) (*jira.UpdatedIssue, error) {
			values, err := in.values()
			if err != nil {
				return nil, err
			}
			return client.UpdateIssue(ctx, jira.UpdateIssueRequest{
				Key: in.IssueKey, Fields: values, Format: markup.Format(in.Format), Transition: in.Transition, Comment: in.Comment, Visibility: in.Visibility,
				Worklog: in.Worklog, WorklogStarted: in.Started, Expected: in.Expected, Attribution: mcp.Attribution(ctx),
				Scope: atlassian.Scope(mcp.Boundary(ctx, policy.Jira)),
			})
		},
	}
}

// withNamedIssues adds the projects of the issues that values of fields name, such as a parent: to
// put an issue below another changes that one, too. Whatever only looks like a key, and an issue that
// cannot be seen, is Jira's to refuse.
func withNamedIssues(ctx context.Context, client *jira.Client, out []policy.Object, argument string, fields ...map[string]any) ([]policy.Object, error) {
	keys, err := jira.NamedIssues(argument, fields...)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		found, err := projectOf(ctx, client, key)
		if err != nil && !errors.Is(err, atlassian.ErrNotFound) {
			return nil, err
		}
		for _, o := range found {
			if !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	return out, nil
}
