package jiratools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type searchFieldsArguments struct {
	Keyword string `json:"keyword,omitempty" jsonschema:"Part of a name or id; default: all"`
	Limit   int    `json:"limit" min:"1" max:"200" default:"10"`
	Cursor  string `json:"cursor,omitempty"`
	Refresh bool   `json:"refresh,omitempty" jsonschema:"Read the fields anew"`
}

// fieldsResult are fields, which are those of the site and of no project.
type fieldsResult struct {
	*jira.FieldList
}

func (*fieldsResult) Within(func(policy.Object) bool) bool { return true }

func searchFields(client *jira.Client) mcp.Spec[searchFieldsArguments, fieldsResult] {
	return mcp.Spec[searchFieldsArguments, fieldsResult]{
		Name:        "jira_search_fields",
		Title:       "Search Jira fields",
		Description: "Search the fields that Jira issues can have.",
		Toolset:     toolsetFields,
		Product:     policy.Jira,
		Access:      policy.Read,
		Touches:     func(*searchFieldsArguments) []policy.Object { return nil },
		Run: func(ctx context.Context, in *searchFieldsArguments) (*fieldsResult, error) {
			found, err := client.SearchFields(ctx, jira.FieldsRequest{Keyword: in.Keyword, Limit: in.Limit, Cursor: in.Cursor, Refresh: in.Refresh})
			if err != nil {
				return nil, err
			}
			return &fieldsResult{found}, nil
		},
	}
}

type fieldOptionsArguments struct {
	FieldID    string `json:"field_id" jsonschema:"Field id or name" min:"1"`
	ProjectKey string `json:"project_key,omitempty" jsonschema:"Without it: Cloud only, and for administrators"`
	IssueType  string `json:"issue_type,omitempty" jsonschema:"Default: the first with the field"`
	ContextID  string `json:"context_id,omitempty" jsonschema:"Cloud, without project_key"`
	Contains   string `json:"contains,omitempty"`
	Limit      int    `json:"return_limit" min:"1" max:"1000" default:"100"`
	Cursor     string `json:"cursor,omitempty"`
	ValuesOnly bool   `json:"values_only,omitempty" jsonschema:"Leave the ids out"`
}

func fieldOptions(client *jira.Client) mcp.Spec[fieldOptionsArguments, jira.OptionList] {
	return mcp.Spec[fieldOptionsArguments, jira.OptionList]{
		Name:        "jira_get_field_options",
		Title:       "List the options of a Jira field",
		Description: "List the values that a Jira field allows.",
		Toolset:     toolsetFields,
		Product:     policy.Jira,
		Access:      policy.Read,
		Touches:     func(in *fieldOptionsArguments) []policy.Object { return projectNamed(in.ProjectKey) },
		// Without a project the options would be those of any: a bounded server refuses that.
		Resolve: func(ctx context.Context, in *fieldOptionsArguments) ([]policy.Object, error) {
			return currentProjects(ctx, client, projectNamed(in.ProjectKey))
		},
		Run: func(ctx context.Context, in *fieldOptionsArguments) (*jira.OptionList, error) {
			found, err := client.FieldOptions(ctx, jira.OptionsRequest{
				Field: in.FieldID, Project: in.ProjectKey, Type: in.IssueType, Context: in.ContextID, Contains: in.Contains, Limit: in.Limit, Cursor: in.Cursor,
			})
			if err == nil && in.ValuesOnly {
				withoutIDs(found.Options)
			}
			return found, err
		},
	}
}

func withoutIDs(options []jira.Option) {
	for i := range options {
		options[i].ID = ""
		withoutIDs(options[i].Children)
	}
}
