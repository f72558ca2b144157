package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type pageArguments struct {
	PageID string `json:"page_id" min:"1"`
}

func deletePage(client *confluence.Client) mcp.Spec[pageArguments, confluence.DeletedPage] {
	return mcp.Spec[pageArguments, confluence.DeletedPage]{
		Name:        "confluence_delete_page",
		Title:       "Delete a Confluence page",
		Description: "Move a Confluence page to the trash.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Delete,
		Touches:     func(in *pageArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *pageArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *pageArguments) (*confluence.DeletedPage, error) {
			return client.DeletePage(ctx, in.PageID)
		},
	}
}

type movePageArguments struct {
	PageID   string `json:"page_id" min:"1"`
	TargetID string `json:"target_parent_id,omitempty" jsonschema:"Page to move it below; or give target_space_key for the top of a space"`
	SpaceKey string `json:"target_space_key,omitempty"`
	Position string `json:"position" enum:"append,before,after" default:"append" jsonschema:"Cloud: before or after puts it beside the target"`
}

func movePage(client *confluence.Client) mcp.Spec[movePageArguments, confluence.MovedPage] {
	return mcp.Spec[movePageArguments, confluence.MovedPage]{
		Name:        "confluence_move_page",
		Title:       "Move a Confluence page",
		Description: "Move a Confluence page with all pages below it, on Cloud to other spaces too.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Touches: func(in *movePageArguments) []policy.Object {
			named := []policy.Object{onePage(in.PageID)}
			if in.TargetID != "" {
				named = append(named, onePage(in.TargetID))
			}
			if in.SpaceKey != "" {
				named = append(named, space(in.SpaceKey))
			}
			return named
		},
		Resolve: func(ctx context.Context, in *movePageArguments) ([]policy.Object, error) {
			objects, err := spaceOf(ctx, client, in.PageID)
			if err == nil && in.SpaceKey != "" {
				var target []policy.Object
				target, err = currentSpace(ctx, client, "target_space_key", &in.SpaceKey)
				objects = append(objects, target...)
			}
			if err == nil && in.TargetID != "" {
				var key string
				key, err = client.SpaceOfParent(ctx, in.TargetID)
				objects = append(objects, space(key))
			}
			return objects, err
		},
		Run: func(ctx context.Context, in *movePageArguments) (*confluence.MovedPage, error) {
			return client.MovePage(ctx, confluence.MoveRequest{
				PageID: in.PageID, TargetID: in.TargetID, SpaceKey: in.SpaceKey, Position: in.Position, Attribution: mcp.Attribution(ctx),
			})
		},
	}
}

type copyPageArguments struct {
	PageID      string `json:"source_page_id" min:"1"`
	SpaceKey    string `json:"destination_space_key" min:"1"`
	Title       string `json:"new_title" min:"1" max:"255"`
	ParentID    string `json:"destination_parent_id,omitempty" jsonschema:"Page in that space; default: top of it"`
	Attachments bool   `json:"copy_attachments" default:"true" jsonschema:"Cloud only"`
}

func copyPage(client *confluence.Client) mcp.Spec[copyPageArguments, confluence.CopiedPage] {
	return mcp.Spec[copyPageArguments, confluence.CopiedPage]{
		Name:        "confluence_copy_page",
		Title:       "Copy a Confluence page",
		Description: "Copy a Confluence page, without pages below it.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Write,
		// A copy shows its readers what the page says.
		Uses: []mcp.Use[copyPageArguments]{
			mcp.Always[copyPageArguments]("confluence_create_page"), mcp.Always[copyPageArguments]("confluence_get_page"),
		},
		Touches: func(in *copyPageArguments) []policy.Object {
			named := []policy.Object{onePage(in.PageID), space(in.SpaceKey)}
			if in.ParentID != "" {
				named = append(named, onePage(in.ParentID))
			}
			return named
		},
		// The parent needs no look-up here: CopyPage refuses one of another space.
		Resolve: func(ctx context.Context, in *copyPageArguments) ([]policy.Object, error) {
			objects, err := spaceOf(ctx, client, in.PageID)
			if err != nil {
				return nil, err
			}
			destination, err := currentSpace(ctx, client, "destination_space_key", &in.SpaceKey)
			return append(objects, destination...), err
		},
		Run: func(ctx context.Context, in *copyPageArguments) (*confluence.CopiedPage, error) {
			return client.CopyPage(ctx, confluence.CopyRequest{PageID: in.PageID, SpaceKey: in.SpaceKey, Title: in.Title, ParentID: in.ParentID, Attachments: in.Attachments})
		},
	}
}
