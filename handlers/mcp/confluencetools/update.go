package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// versionArguments are those of every change of a page's text.
type versionArguments struct {
	Format   string `json:"content_format" enum:"markdown,wiki,storage,adf" default:"markdown"`
	Expected int    `json:"expected_version,omitempty" min:"1" jsonschema:"The version you read: a newer one is an error that shows what changed"`
	Comment  string `json:"version_comment,omitempty" max:"255"`
	Minor    bool   `json:"is_minor_edit,omitempty"`
	DryRun   bool   `json:"dry_run,omitempty" jsonschema:"Only show the diff"`
}

// update is a change of a page with these arguments.
func (in *versionArguments) update(ctx context.Context, pageID string) confluence.PageUpdate {
	return confluence.PageUpdate{
		PageID: pageID, ExpectedVersion: in.Expected, Message: in.Comment, Minor: in.Minor, DryRun: in.DryRun,
		Text: confluence.TextChange{Format: markup.Format(in.Format)}, Attribution: mcp.Attribution(ctx),
	}
}

// looks are arguments of mcp-atlassian about looks only, or echoes of the text: nothing is lost
// without them.
var looks = []string{"enable_heading_anchors", "include_content", "emoji", "page_width", "table_layout"}

// spaceOf resolves a page to its space.
func spaceOf(ctx context.Context, client *confluence.Client, pageID string) ([]policy.Object, error) {
	key, err := client.SpaceOfPage(ctx, pageID)
	if err != nil {
		return nil, err
	}
	return []policy.Object{space(key)}, nil
}

type updatePageArguments struct {
	PageID       string                   `json:"page_id" min:"1"`
	Title        string                   `json:"title,omitempty" max:"255" jsonschema:"New title"`
	Content      string                   `json:"content,omitempty" jsonschema:"All of the new text. As Markdown it keeps macros and layout that Markdown does not show"`
	Append       string                   `json:"append,omitempty" jsonschema:"Text to add at the end"`
	Replacements []confluence.Replacement `json:"replacements,omitempty" max:"50" jsonschema:"Plain texts to find and replace everywhere in the page"`
	ParentID     string                   `json:"parent_id,omitempty" jsonschema:"New parent page in the same space"`
	versionArguments
}

func updatePage(client *confluence.Client) mcp.Spec[updatePageArguments, confluence.UpdatedPage] {
	return mcp.Spec[updatePageArguments, confluence.UpdatedPage]{
		Name:        "confluence_update_page",
		Title:       "Change a Confluence page",
		Description: "Change a Confluence page: all of its text (content), a part (append, replacements), its title or parent. What is not given stays.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Spellings:   mcp.Spellings{Ignored: looks},
		Uses: []mcp.Use[updatePageArguments]{
			mcp.Always[updatePageArguments]("confluence_get_page"),
			mcp.With("parent_id", "confluence_move_page", func(in *updatePageArguments) bool { return in.ParentID != "" }),
		},
		Touches: func(in *updatePageArguments) []policy.Object {
			named := []policy.Object{onePage(in.PageID)}
			if in.ParentID != "" {
				named = append(named, onePage(in.ParentID))
			}
			return named
		},
		// The parent needs no look-up here: UpdatePage refuses one of another space.
		Resolve: func(ctx context.Context, in *updatePageArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *updatePageArguments) (*confluence.UpdatedPage, error) {
			change := in.update(ctx, in.PageID)
			change.Title, change.ParentID = in.Title, in.ParentID
			change.Text.Append, change.Text.Replace = in.Append, in.Replacements
			if in.Content != "" { // clients send the empty string for what they leave out
				change.Text.Whole = &in.Content
			}
			return client.UpdatePage(ctx, change)
		},
	}
}

type updateSectionArguments struct {
	PageID  string `json:"page_id" min:"1"`
	Heading string `json:"heading_text" min:"1"`
	Content string `json:"new_content" jsonschema:"The text below the heading, without the heading"`
	versionArguments
}

func updateSection(client *confluence.Client) mcp.Spec[updateSectionArguments, confluence.UpdatedPage] {
	return mcp.Spec[updateSectionArguments, confluence.UpdatedPage]{
		Name:        "confluence_update_page_section",
		Title:       "Change a section of a Confluence page",
		Description: "Replace what stands below a heading of a Confluence page, down to the next heading of the same or a higher level.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Write,
		Uses:        []mcp.Use[updateSectionArguments]{mcp.Always[updateSectionArguments]("confluence_get_page")},
		Touches: func(in *updateSectionArguments) []policy.Object {
			return []policy.Object{onePage(in.PageID)}
		},
		Resolve: func(ctx context.Context, in *updateSectionArguments) ([]policy.Object, error) {
			return spaceOf(ctx, client, in.PageID)
		},
		Run: func(ctx context.Context, in *updateSectionArguments) (*confluence.UpdatedPage, error) {
			change := in.update(ctx, in.PageID)
			change.Text.Section = &confluence.Section{Heading: in.Heading, Text: in.Content}
			return client.UpdatePage(ctx, change)
		},
	}
}
