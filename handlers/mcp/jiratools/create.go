package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type createIssueArguments struct {
	ProjectKey  string         `json:"project_key" min:"1"`
	Summary     string         `json:"summary" min:"1"`
	IssueType   string         `json:"issue_type" jsonschema:"Name or id, e.g. Task; Epic and Subtask in any language" min:"1"`
	Assignee    string         `json:"assignee,omitempty" jsonschema:"Name, e-mail address or id"`
	Description string         `json:"description,omitempty"`
	Format      string         `json:"format" enum:"markdown,adf,wiki" default:"markdown" jsonschema:"Of rich text"`
	Components  []string       `json:"components,omitempty" max:"50"`
	Fields      map[string]any `json:"additional_fields,omitempty" jsonschema:"Values by field name or id, e.g. {\"priority\": \"High\", \"parent\": \"PROJ-1\"}; parent is an epic or, for a subtask, an issue"`
}

func createIssue(client *jira.Client) mcp.Spec[createIssueArguments, jira.CreatedIssue] {
	return mcp.Spec[createIssueArguments, jira.CreatedIssue]{
		Name:        "jira_create_issue",
		Title:       "Create a Jira issue",
		Description: "Create a Jira issue.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Write,
		Spellings:   mcp.Spellings{Commas: []string{"components"}},
		Touches: func(in *createIssueArguments) []policy.Object {
			return []policy.Object{project(in.ProjectKey)}
		},
		Resolve: func(ctx context.Context, in *createIssueArguments) ([]policy.Object, error) {
			out, err := currentProjects(ctx, client, projectNamed(in.ProjectKey))
			if err != nil {
				return nil, err
			}
			return withNamedIssues(ctx, client, out, "additional_fields", in.Fields)
		},
		Run: func(ctx context.Context, in *createIssueArguments) (*jira.CreatedIssue, error) {
			return client.CreateIssue(ctx, jira.NewIssue{
				Project: in.ProjectKey, Type: in.IssueType, Summary: in.Summary, Description: in.Description, Format: markup.Format(in.Format),
				Assignee: in.Assignee, Components: in.Components, Fields: in.Fields, Attribution: mcp.Attribution(ctx),
			})
		},
	}
}

// batchItem is what mcp-atlassian takes for one of many issues.
type batchItem struct {
	ProjectKey  string         `json:"project_key" min:"1"`
	Summary     string         `json:"summary" min:"1"`
	IssueType   string         `json:"issue_type" min:"1"`
	Assignee    string         `json:"assignee,omitempty"`
	Description string         `json:"description,omitempty"`
	Components  []string       `json:"components,omitempty" max:"50"`
	Fields      map[string]any `json:"additional_fields,omitempty"`
}

type createIssuesArguments struct {
	Issues       []batchItem `json:"issues" jsonschema:"As for jira_create_issue" min:"1" max:"50"`
	Format       string      `json:"format" enum:"markdown,adf,wiki" default:"markdown" jsonschema:"Of rich text"`
	ValidateOnly bool        `json:"validate_only,omitempty" jsonschema:"Check them and create nothing"`
}

func createIssues(client *jira.Client) mcp.Spec[createIssuesArguments, jira.Batch] {
	return mcp.Spec[createIssuesArguments, jira.Batch]{
		Name:        "jira_batch_create_issues",
		Title:       "Create several Jira issues",
		Description: "Create up to 50 Jira issues at once. What can be seen to be wrong with one stops all.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Write,
		Uses:        []mcp.Use[createIssuesArguments]{mcp.Always[createIssuesArguments]("jira_create_issue")},
		Touches: func(in *createIssuesArguments) []policy.Object {
			return in.projects()
		},
		Resolve: func(ctx context.Context, in *createIssuesArguments) (out []policy.Object, err error) {
			if out, err = currentProjects(ctx, client, in.projects()); err != nil {
				return nil, err
			}
			fields := make([]map[string]any, len(in.Issues))
			for i, item := range in.Issues {
				fields[i] = item.Fields
			}
			return withNamedIssues(ctx, client, out, "issues", fields...)
		},
		Run: func(ctx context.Context, in *createIssuesArguments) (*jira.Batch, error) {
			list := make([]jira.NewIssue, len(in.Issues))
			for i, item := range in.Issues {
				list[i] = jira.NewIssue{
					Project: item.ProjectKey, Type: item.IssueType, Summary: item.Summary, Description: item.Description, Format: markup.Format(in.Format),
					Assignee: item.Assignee, Components: item.Components, Fields: item.Fields, Attribution: mcp.Attribution(ctx),
				}
			}
			return client.CreateIssues(ctx, list, in.ValidateOnly)
		},
	}
}

// projects are those of the issues, each once.
func (in *createIssuesArguments) projects() (out []policy.Object) {
	seen := map[string]bool{}
	for _, item := range in.Issues {
		if !seen[item.ProjectKey] {
			seen[item.ProjectKey] = true
			out = append(out, project(item.ProjectKey))
		}
	}
	return out
}
