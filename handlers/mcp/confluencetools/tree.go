package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type childrenArguments struct {
	ParentID string `json:"parent_id" min:"1"`
	Limit    int    `json:"limit" min:"1" max:"250" default:"25"`
	Folders  bool   `json:"include_folders" default:"true"`
	Cursor   string `json:"cursor,omitempty"`
}

func getChildren(client *confluence.Client) mcp.Spec[childrenArguments, confluence.Nodes] {
	return mcp.Spec[childrenArguments, confluence.Nodes]{
		Name:        "confluence_get_page_children",
		Title:       "List pages below a Confluence page",
		Description: "List the pages and folders directly below a Confluence page or folder.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		// What can be expanded is read with confluence_get_page.
		Spellings: mcp.Spellings{Aliases: map[string]string{"start": "cursor"}, Ignored: []string{"expand", "include_content", "convert_to_markdown"}},
		Touches:   func(in *childrenArguments) []policy.Object { return []policy.Object{onePage(in.ParentID)} },
		Resolve: func(ctx context.Context, in *childrenArguments) ([]policy.Object, error) {
			key, err := client.SpaceOfParent(ctx, in.ParentID)
			if err != nil {
				return nil, err
			}
			return []policy.Object{space(key)}, nil
		},
		Run: func(ctx context.Context, in *childrenArguments) (*confluence.Nodes, error) {
			if in.Cursor == "0" { // mcp-atlassian's default of start
				in.Cursor = ""
			}
			return client.GetChildren(ctx, confluence.ChildrenRequest{ParentID: in.ParentID, PagesOnly: !in.Folders, Limit: in.Limit, Cursor: in.Cursor})
		},
	}
}

type treeArguments struct {
	SpaceKey string `json:"space_key" min:"1"`
	Limit    int    `json:"limit" min:"1" max:"1000" default:"100"`
	Cursor   string `json:"cursor,omitempty"`
}

func getTree(client *confluence.Client) mcp.Spec[treeArguments, confluence.Nodes] {
	return mcp.Spec[treeArguments, confluence.Nodes]{
		Name:        "confluence_get_space_page_tree",
		Title:       "List the pages of a Confluence space",
		Description: "List all pages of a Confluence space, each with the id of the page above it.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches:     func(in *treeArguments) []policy.Object { return []policy.Object{space(in.SpaceKey)} },
		Resolve: func(ctx context.Context, in *treeArguments) ([]policy.Object, error) {
			return currentSpace(ctx, client, "space_key", &in.SpaceKey)
		},
		Run: func(ctx context.Context, in *treeArguments) (*confluence.Nodes, error) {
			return client.GetTree(ctx, confluence.TreeRequest{SpaceKey: in.SpaceKey, Limit: in.Limit, Cursor: in.Cursor})
		},
	}
}

type spacesArguments struct {
	Type   string `json:"type,omitempty" enum:"global,personal"`
	Limit  int    `json:"limit" min:"1" max:"250" default:"50"`
	Cursor string `json:"cursor,omitempty"`
}

// spaces is a list of spaces; those outside the boundary are dropped from it.
type spaces struct{ *confluence.Spaces }

// Within keeps the open spaces.
func (s spaces) Within(allowed func(policy.Object) bool) bool {
	kept := s.Spaces.Spaces[:0]
	for _, listed := range s.Spaces.Spaces {
		if allowed(space(listed.Key)) {
			kept = append(kept, listed)
		}
	}
	s.Spaces.Spaces = kept
	return true
}

func listSpaces(client *confluence.Client) mcp.Spec[spacesArguments, spaces] {
	return mcp.Spec[spacesArguments, spaces]{
		Name:        "confluence_list_spaces",
		Title:       "List Confluence spaces",
		Description: "List Confluence spaces with their keys.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches:     func(*spacesArguments) []policy.Object { return nil },
		Run: func(ctx context.Context, in *spacesArguments) (*spaces, error) {
			found, err := client.ListSpaces(ctx, confluence.SpacesRequest{Type: in.Type, Limit: in.Limit, Cursor: in.Cursor})
			if err != nil {
				return nil, err
			}
			return &spaces{found}, nil
		},
	}
}
