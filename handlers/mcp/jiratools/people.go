package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type getUserArguments struct {
	Who string `json:"user_identifier" jsonschema:"Account id, user name, e-mail address or display name; me is this server's account" min:"1"`
}

// userResult is a person, who belongs to no project.
type userResult struct {
	*jira.Person
}

func (*userResult) Within(func(policy.Object) bool) bool { return true }

func getUser(client *jira.Client) mcp.Spec[getUserArguments, userResult] {
	return mcp.Spec[getUserArguments, userResult]{
		Name:        "jira_get_user_profile",
		Title:       "Look up a Jira user",
		Description: "Find one Jira user.",
		Toolset:     toolsetUsers,
		Product:     policy.Jira,
		Access:      policy.Read,
		Touches:     func(*getUserArguments) []policy.Object { return nil },
		Run: func(ctx context.Context, in *getUserArguments) (*userResult, error) {
			found, err := client.GetPerson(ctx, in.Who)
			if err != nil {
				return nil, err
			}
			return &userResult{found}, nil
		},
	}
}

type searchAssignableArguments struct {
	Query      string `json:"query" jsonschema:"Beginning of a name or e-mail address; empty lists everybody"`
	ProjectKey string `json:"project_key,omitempty" jsonschema:"This or issue_key"`
	IssueKey   string `json:"issue_key,omitempty"`
	Limit      int    `json:"limit" min:"1" max:"100" default:"20"`
	Cursor     string `json:"cursor,omitempty"`
}

func searchAssignable(client *jira.Client) mcp.Spec[searchAssignableArguments, jira.AssignableList] {
	return mcp.Spec[searchAssignableArguments, jira.AssignableList]{
		Name:        "jira_search_assignable_users",
		Title:       "Search people to assign Jira issues to",
		Description: "Search the users to whom issues of a Jira project, or one issue, can be assigned.",
		Toolset:     toolsetUsers,
		Product:     policy.Jira,
		Access:      policy.Read,
		Touches: func(in *searchAssignableArguments) (out []policy.Object) {
			if in.ProjectKey != "" {
				out = append(out, project(in.ProjectKey))
			}
			if in.IssueKey != "" {
				out = append(out, oneIssue(in.IssueKey))
			}
			return out
		},
		Resolve: func(ctx context.Context, in *searchAssignableArguments) ([]policy.Object, error) {
			if in.IssueKey != "" { // which is what Assignable searches by
				return projectOf(ctx, client, in.IssueKey)
			}
			return currentProjects(ctx, client, projectNamed(in.ProjectKey))
		},
		Run: func(ctx context.Context, in *searchAssignableArguments) (*jira.AssignableList, error) {
			return client.Assignable(ctx, jira.AssignableRequest{Query: in.Query, Project: in.ProjectKey, Key: in.IssueKey, Limit: in.Limit, Cursor: in.Cursor})
		},
	}
}

type assignArguments struct {
	IssueKey string `json:"issue_key" min:"1"`
	Assignee string `json:"assignee,omitempty" jsonschema:"Name, e-mail address or id; empty or null unassigns"`
}

func assignIssue(client *jira.Client) mcp.Spec[assignArguments, jira.Assigned] {
	return mcp.Spec[assignArguments, jira.Assigned]{
		Name:        "jira_assign_issue",
		Title:       "Assign a Jira issue",
		Description: "Assign a Jira issue to somebody, or to nobody.",
		Toolset:     toolsetIssues,
		Product:     policy.Jira,
		Access:      policy.Write,
		Idempotent:  true,
		Touches: func(in *assignArguments) []policy.Object {
			return []policy.Object{oneIssue(in.IssueKey)}
		},
		Resolve: func(ctx context.Context, in *assignArguments) ([]policy.Object, error) {
			return projectOf(ctx, client, in.IssueKey)
		},
		Run: func(ctx context.Context, in *assignArguments) (*jira.Assigned, error) {
			return client.Assign(ctx, in.IssueKey, in.Assignee)
		},
	}
}
