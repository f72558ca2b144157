package jiratools

import (
	"context"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type getTransitionsArguments struct {
	IssueKey string `json:"issue_key" min:"1"`
}

// transitionsResult is what can be done with an issue now.
type transitionsResult struct {
	Transitions []jira.Transition `json:"transitions"`
}

func getTransitions(client *jira.Client) mcp.Spec[getTransitionsArguments, transitionsResult] {
	return mcp.Spec[getTransitionsArguments, transitionsResult]{
		Name:        "jira_get_transitions",
		Title:       "List what can be done with a Jira issue",
		Description: "List the workflow transitions that a Jira issue has now, with the fields they require.",
		Toolset:     toolsetTransitions,
		Product:     policy.Jira,
		Access:      policy.Read,
		Touches: func(in *getTransitionsArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Resolve: func(ctx context.Context, in *getTransitionsArguments) ([]policy.Object, error) {
			return projectOf(ctx, client, in.IssueKey)
		},
		Run: func(ctx context.Context, in *getTransitionsArguments) (*transitionsResult, error) {
			list, err := client.GetTransitions(ctx, in.IssueKey)
			if err != nil {
				return nil, err
			}
			return &transitionsResult{list}, nil
		},
	}
}

type transitionArguments struct {
	IssueKey   string         `json:"issue_key" min:"1"`
	Transition string         `json:"transition_id" jsonschema:"Transition id or name, or the status to reach" min:"1"`
	Fields     map[string]any `json:"fields,omitempty" jsonschema:"Values by field name or id, e.g. {\"resolution\": \"Done\"}"`
	Comment    string         `json:"comment,omitempty"`
	Format     string         `json:"format" enum:"markdown,adf,wiki" default:"markdown" jsonschema:"Of the comment"`
}

func transitionIssue(client *jira.Client) mcp.Spec[transitionArguments, jira.Transitioned] {
	return mcp.Spec[transitionArguments, jira.Transitioned]{
		Name:        "jira_transition_issue",
		Title:       "Move a Jira issue through its workflow",
		Description: "Move a Jira issue to another status.",
		Toolset:     toolsetTransitions,
		Product:     policy.Jira,
		Access:      policy.Write,
		Spellings:   mcp.Spellings{Aliases: map[string]string{"transition": "transition_id"}},
		Uses: []mcp.Use[transitionArguments]{
			mcp.With("comment", "jira_add_comment", func(in *transitionArguments) bool { return strings.TrimSpace(in.Comment) != "" }),
		},
		Touches: func(in *transitionArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Resolve: func(ctx context.Context, in *transitionArguments) ([]policy.Object, error) {
			out, err := projectOf(ctx, client, in.IssueKey)
			if err != nil {
				return nil, err
			}
			return withNamedIssues(ctx, client, out, "fields", in.Fields)
		},
		Run: func(ctx context.Context, in *transitionArguments) (*jira.Transitioned, error) {
			return client.Transition(ctx, jira.TransitionRequest{
				Key: in.IssueKey, Transition: in.Transition, Fields: in.Fields, Comment: in.Comment, Format: markup.Format(in.Format), Attribution: mcp.Attribution(ctx),
			})
		},
	}
}
