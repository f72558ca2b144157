package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type historyArguments struct {
	PageID   string `json:"page_id" min:"1"`
	Version  int    `json:"version" min:"1"`
	Markdown bool   `json:"convert_to_markdown" default:"true"`
	Cursor   string `json:"cursor,omitempty"`
}

func getHistory(client *confluence.Client) mcp.Spec[historyArguments, page] {
	return mcp.Spec[historyArguments, page]{
		Name:        "confluence_get_page_history",
		Title:       "Read an old version of a Confluence page",
		Description: "Read a Confluence page as it was in one of its versions.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches:     func(in *historyArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Run: func(ctx context.Context, in *historyArguments) (*page, error) {
			read, err := client.GetVersion(ctx, confluence.VersionRequest{PageID: in.PageID, Version: in.Version, Storage: !in.Markdown, Cursor: in.Cursor})
			if err != nil {
				return nil, err
			}
			return &page{read}, nil
		},
	}
}

type diffArguments struct {
	PageID string `json:"page_id" min:"1"`
	From   int    `json:"from_version" min:"1"`
	To     int    `json:"to_version" min:"1"`
}

// pageDiff is of a page of one space.
type pageDiff struct{ *confluence.PageDiff }

// Within says whether the page's space is open.
func (d pageDiff) Within(allowed func(policy.Object) bool) bool {
	return d.Space != "" && allowed(space(d.Space))
}

func getDiff(client *confluence.Client) mcp.Spec[diffArguments, pageDiff] {
	return mcp.Spec[diffArguments, pageDiff]{
		Name:        "confluence_get_page_diff",
		Title:       "Compare versions of a Confluence page",
		Description: "Compare two versions of a Confluence page: a unified diff of their Markdown.",
		Toolset:     toolsetPages,
		Product:     policy.Confluence,
		Access:      policy.Read,
		Touches:     func(in *diffArguments) []policy.Object { return []policy.Object{onePage(in.PageID)} },
		Run: func(ctx context.Context, in *diffArguments) (*pageDiff, error) {
			diff, err := client.GetDiff(ctx, in.PageID, in.From, in.To)
			if err != nil {
				return nil, err
			}
			return &pageDiff{diff}, nil
		},
	}
}
