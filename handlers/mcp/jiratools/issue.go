package jiratools

import (
	"context"
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// usualComments is how many comments are shown when the caller does not say.
const usualComments = 10

type getIssueArguments struct {
	IssueKey     string   `json:"issue_key" jsonschema:"e.g. PROJ-123" min:"1"`
	Fields       []string `json:"fields,omitempty" jsonschema:"Field names or ids to read instead of the usual ones, or *all" max:"100"`
	Include      []string `json:"include,omitempty" enum:"transitions"`
	CommentLimit *int     `json:"comment_limit,omitempty" jsonschema:"Newest comments to read. Default 10, or 0 with fields" min:"0" max:"100"`
	Format       string   `json:"format" enum:"markdown,adf,wiki" default:"markdown"`
}

// comments is how many comments the caller wants.
func (in *getIssueArguments) comments() int {
	switch {
	case in.CommentLimit != nil:
		return *in.CommentLimit
	case len(in.Fields) == 0 || slices.Contains(in.Fields, "comment") || slices.Contains(in.Fields, "comments"):
		return usualComments
	}
	return 0
}

// issueResult is an issue that can be judged by the project it is in.
type issueResult struct {
	*jira.Issue
}

func (r *issueResult) Within(allowed func(policy.Object) bool) bool {
	return r.KeepProjects(projects(allowed))
}

func getIssue(client *jira.Client) mcp.Spec[getIssueArguments, issueResult] {
	return mcp.Spec[getIssueArguments, issueResult]{
		Name:        "jira_get_issue",
		Title:       "Read a Jira issue",
		Description: "Read a Jira issue: its fields, links, subtasks, attachments and newest comments.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Read,
		Spellings: mcp.Spellings{
			Aliases: map[string]string{"expand": "include"},
			Commas:  []string{"fields", "include"},
			Ignored: []string{"properties", "update_history", "use_display_names"},
		},
		Uses: []mcp.Use[getIssueArguments]{
			mcp.With("include", "jira_get_transitions", func(in *getIssueArguments) bool { return slices.Contains(in.Include, "transitions") }),
		},
		Touches: func(in *getIssueArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Run: func(ctx context.Context, in *getIssueArguments) (*issueResult, error) {
			issue, err := client.GetIssue(ctx, jira.GetIssueRequest{
				Key: in.IssueKey, Fields: in.Fields, Comments: in.comments(), Transitions: slices.Contains(in.Include, "transitions"),
				Format: markup.Format(in.Format),
			})
			if err != nil {
				return nil, err
			}
			return &issueResult{issue}, nil
		},
	}
}
