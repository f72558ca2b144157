package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type getLabelsArguments struct {
	PageID string `json:"page_id" min:"1"`
	Cursor string `json:"cursor,omitempty"`
}

func getLabels(client *confluence.Client) mcp.Spec[getLabelsArguments, confluence.Labels] {
	return mcp.Spec[getLabelsArguments, confluence.Labels]{
		Name:        "confluence_get_labels",
		Title:       "List labels of a Confluence page",
		Description: "List the labels of a Confluence page.",
		Toolset:     toolsetLabels,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches:     func(in *getLabelsArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *getLabelsArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *getLabelsArguments) (*confluence.Labels, error) {
			return client.GetLabels(ctx, in.PageID, in.Cursor)
		},
	}
}

type labelArguments struct {
	PageID string `json:"page_id" min:"1"`
	Name   string `json:"name" min:"1" max:"255"`
}

func addLabel(client *confluence.Client) mcp.Spec[labelArguments, confluence.Labels] {
	return mcp.Spec[labelArguments, confluence.Labels]{
		Name:        "confluence_add_label",
		Title:       "Label a Confluence page",
		Description: "Add a label to a Confluence page.",
		Toolset:     toolsetLabels,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Idempotent:  true,
		Touches:     func(in *labelArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *labelArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *labelArguments) (*confluence.Labels, error) {
			return client.AddLabel(ctx, in.PageID, in.Name)
		},
	}
}

func removeLabel(client *confluence.Client) mcp.Spec[labelArguments, confluence.RemovedLabel] {
	return mcp.Spec[labelArguments, confluence.RemovedLabel]{
		Name:        "confluence_remove_label",
		Title:       "Remove a label from a Confluence page",
		Description: "Remove a label from a Confluence page.",
		Toolset:     toolsetLabels,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Touches:     func(in *labelArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *labelArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *labelArguments) (*confluence.RemovedLabel, error) {
			return client.RemoveLabel(ctx, in.PageID, in.Name)
		},
	}
}
