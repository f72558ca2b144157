// Package confluencetools holds the MCP tools for Confluence.
package confluencetools

import (
	"context"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// The toolsets, by mcp-atlassian's names.
const (
	toolsetPages    = "confluence_pages"
	toolsetComments = "confluence_comments"
	toolsetLabels   = "confluence_labels"
)

// Register adds the Confluence tools to a catalogue. Names, arguments and meanings are those of
// mcp-atlassian.
func Register(c *mcp.Catalogue, client *confluence.Client) {
	mcp.Register(c, search(client))
	mcp.Register(c, getPage(client))
	mcp.Register(c, getHistory(client))
	mcp.Register(c, getDiff(client))
	mcp.Register(c, getChildren(client))
	mcp.Register(c, getTree(client))
	mcp.Register(c, listSpaces(client))
	mcp.Register(c, createPage(client))
	mcp.Register(c, updatePage(client))
	mcp.Register(c, updateSection(client))
	mcp.Register(c, movePage(client))
	mcp.Register(c, copyPage(client))
	mcp.Register(c, deletePage(client))
	mcp.Register(c, getRestrictions(client))
	mcp.Register(c, setRestrictions(client))
	mcp.Register(c, getLabels(client))
	mcp.Register(c, addLabel(client))
	mcp.Register(c, removeLabel(client))
	mcp.Register(c, getComments(client))
	mcp.Register(c, getInlineComments(client))
	mcp.Register(c, addComment(client))
	mcp.Register(c, replyToComment(client))
	mcp.Register(c, addInlineComment(client))
}

func space(key string) policy.Object  { return policy.Object{Kind: policy.Space, ID: key} }
func onePage(id string) policy.Object { return policy.Object{Kind: policy.Page, ID: id} }

func oneComment(id string) policy.Object { return policy.Object{Kind: policy.Comment, ID: id} }

// currentSpace is the space that an argument names, under the key that it has: on Cloud a space answers
// to an alias, too. The key is left in the argument, so that what is judged is what is used.
func currentSpace(ctx context.Context, client *confluence.Client, argument string, named *string) ([]policy.Object, error) {
	key, err := client.SpaceKey(ctx, argument, *named)
	if err != nil {
		return nil, err
	}
	*named = key
	return []policy.Object{space(key)}, nil
}
