package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type getPageArguments struct {
	PageID   string `json:"page_id,omitempty" jsonschema:"Number in the page's URL; or give title and space_key"`
	Title    string `json:"title,omitempty" max:"255" jsonschema:"Exact title"`
	SpaceKey string `json:"space_key,omitempty"`
	Metadata bool   `json:"include_metadata" default:"true" jsonschema:"Authors, dates, labels and ancestors too"`
	Markdown bool   `json:"convert_to_markdown" default:"true" jsonschema:"False gives Confluence storage format"`
	Cursor   string `json:"cursor,omitempty" jsonschema:"From a result that was truncated"`
}

// page is a page of one space; its ancestors are of the same.
type page struct{ *confluence.Page }

// Within says whether the page's space is open.
func (p page) Within(allowed func(policy.Object) bool) bool {
	return p.Space != "" && allowed(space(p.Space))
}

func getPage(client *confluence.Client) mcp.Spec[getPageArguments, page] {
	return mcp.Spec[getPageArguments, page]{
		Name:        "confluence_get_page",
		Title:       "Read a Confluence page",
		Description: "Read a Confluence page as Markdown, by id or by title and space.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches: func(in *getPageArguments) []policy.Object {
			var named []policy.Object
			if in.PageID != "" {
				named = append(named, onePage(in.PageID))
			}
			if in.SpaceKey != "" {
				named = append(named, space(in.SpaceKey))
			}
			return named
		},
		Resolve: func(ctx context.Context, in *getPageArguments) ([]policy.Object, error) {
			if in.PageID != "" || in.SpaceKey == "" {
				return nil, nil // the result is judged
			}
			return currentSpace(ctx, client, "space_key", &in.SpaceKey)
		},
		Run: func(ctx context.Context, in *getPageArguments) (*page, error) {
			read, err := client.GetPage(ctx, confluence.PageRequest{
				ID: in.PageID, Title: in.Title, SpaceKey: in.SpaceKey,
				Storage: !in.Markdown, BodyOnly: !in.Metadata, Cursor: in.Cursor,
			})
			if err != nil {
				return nil, err
			}
			return &page{read}, nil
		},
	}
}

type createPageArguments struct {
	SpaceKey string `json:"space_key" min:"1"`
	Title    string `json:"title" min:"1" max:"255" jsonschema:"Unique in the space"`
	Content  string `json:"content" jsonschema:"The text, in content_format"`
	ParentID string `json:"parent_id,omitempty" jsonschema:"Page id in the same space; default: top of the space"`
	Format   string `json:"content_format" enum:"markdown,wiki,storage,adf" default:"markdown"`
}

func createPage(client *confluence.Client) mcp.Spec[createPageArguments, confluence.Page] {
	return mcp.Spec[createPageArguments, confluence.Page]{
		Name:        "confluence_create_page",
		Title:       "Create a Confluence page",
		Description: "Create a Confluence page. The text does not repeat the title.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Spellings:   mcp.Spellings{Ignored: looks},
		Touches: func(in *createPageArguments) []policy.Object {
			named := []policy.Object{space(in.SpaceKey)}
			if in.ParentID != "" {
				named = append(named, onePage(in.ParentID))
			}
			return named
		},
		// The parent needs no look-up here: CreatePage refuses one of another space.
		Resolve: func(ctx context.Context, in *createPageArguments) ([]policy.Object, error) {
			return currentSpace(ctx, client, "space_key", &in.SpaceKey)
		},
		Run: func(ctx context.Context, in *createPageArguments) (*confluence.Page, error) {
			return client.CreatePage(ctx, confluence.NewPage{
				SpaceKey: in.SpaceKey, Title: in.Title, Content: in.Content, ParentID: in.ParentID, Format: markup.Format(in.Format),
				Attribution: mcp.Attribution(ctx),
			})
		},
	}
}
