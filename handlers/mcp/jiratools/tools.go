// Package jiratools holds the MCP tools for Jira.
package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// The toolsets, by mcp-atlassian's names.
const (
	toolsetIssues      = "jira_issues"
	toolsetFields      = "jira_fields"
	toolsetComments    = "jira_comments"
	toolsetTransitions = "jira_transitions"
	toolsetUsers       = "jira_users"
)

// Register adds the Jira tools to a catalogue. Names, arguments and meanings are those of
// mcp-atlassian.
func Register(c *mcp.Catalogue, client *jira.Client) {
	mcp.Register(c, getIssue(client))
	mcp.Register(c, search(client))
	mcp.Register(c, projectIssues(client))
	mcp.Register(c, changelogs(client))
	mcp.Register(c, createIssue(client))
	mcp.Register(c, createIssues(client))
	mcp.Register(c, updateIssue(client))
	mcp.Register(c, assignIssue(client))
	mcp.Register(c, moveIssue(client))
	mcp.Register(c, deleteIssue(client))
	mcp.Register(c, searchFields(client))
	mcp.Register(c, fieldOptions(client))
	mcp.Register(c, addComment(client))
	mcp.Register(c, listComments(client))
	mcp.Register(c, editComment(client))
	mcp.Register(c, deleteComment(client))
	mcp.Register(c, getTransitions(client))
	mcp.Register(c, transitionIssue(client))
	mcp.Register(c, getUser(client))
	mcp.Register(c, searchAssignable(client))
}

func project(key string) policy.Object { return policy.Object{Kind: policy.Project, ID: key} }
func oneComment(id string) policy.Object {
	return policy.Object{Kind: policy.Comment, ID: id}
}
func oneIssue(key string) policy.Object { return policy.Object{Kind: policy.Issue, ID: key} }

// projectNamed is the project of an optional argument.
func projectNamed(key string) []policy.Object {
	if key == "" {
		return nil
	}
	return []policy.Object{project(key)}
}

// currentProjects are those that keys name, under the keys that they have now: a project whose key was
// changed answers to the former one, too.
func currentProjects(ctx context.Context, client *jira.Client, named []policy.Object) ([]policy.Object, error) {
	var out []policy.Object
	for _, o := range named {
		key, err := client.ProjectKey(ctx, o.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, project(key))
	}
	return out, nil
}

// projectOf is the project that an issue is in now, which its key may no longer tell.
func projectOf(ctx context.Context, client *jira.Client, key string) ([]policy.Object, error) {
	found, err := client.ProjectOf(ctx, key)
	if err != nil {
		return nil, err
	}
	return []policy.Object{project(found)}, nil
}

// projects turns a rule about objects into one about project keys.
func projects(allowed func(policy.Object) bool) func(key string) bool {
	return func(key string) bool { return allowed(project(key)) }
}
