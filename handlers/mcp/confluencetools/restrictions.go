package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func getRestrictions(client *confluence.Client) mcp.Spec[pageArguments, confluence.Restrictions] {
	return mcp.Spec[pageArguments, confluence.Restrictions]{
		Name:        "confluence_get_page_restrictions",
		Title:       "See who may see and edit a Confluence page",
		Description: "Read which users and groups alone may see (read) or edit a Confluence page.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches:     func(in *pageArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *pageArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *pageArguments) (*confluence.Restrictions, error) {
			return client.GetRestrictions(ctx, in.PageID)
		},
	}
}

type restrictArguments struct {
	PageID     string   `json:"page_id" min:"1"`
	ReadUsers  []string `json:"read_users,omitempty" max:"50" jsonschema:"Names or ids; me is this server"`
	ReadGroups []string `json:"read_groups,omitempty" max:"50"`
	EditUsers  []string `json:"edit_users,omitempty" max:"50"`
	EditGroups []string `json:"edit_groups,omitempty" max:"50"`
}

func setRestrictions(client *confluence.Client) mcp.Spec[restrictArguments, confluence.Restrictions] {
	return mcp.Spec[restrictArguments, confluence.Restrictions]{
		Name:        "confluence_set_page_restrictions",
		Title:       "Set who may see and edit a Confluence page",
		Description: "Leave seeing (read) or editing a Confluence page to these users and groups alone. What is given replaces what was; empty lists lift it.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Idempotent:  true,
		Spellings:   mcp.Spellings{Commas: []string{"read_users", "read_groups", "edit_users", "edit_groups"}},
		Touches:     func(in *restrictArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Resolve: func(ctx context.Context, in *restrictArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *restrictArguments) (*confluence.Restrictions, error) {
			return client.SetRestrictions(ctx, confluence.RestrictionChange{
				PageID: in.PageID, ReadUsers: in.ReadUsers, ReadGroups: in.ReadGroups, EditUsers: in.EditUsers, EditGroups: in.EditGroups,
			})
		},
	}
}
