package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// The most that one request of a list may ask for.
const (
	maxCloudList      = 250
	maxDataCenterList = 200
)

func mostOf(cloud bool) int {
	if cloud {
		return maxCloudList
	}
	return maxDataCenterList
}

// Node is a page in its place, or on Cloud something else that can stand there, such as a folder.
type Node struct {
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	Type   string `json:"type,omitempty"` // when it is no page
	Parent string `json:"parent_id,omitempty"`
}

// Nodes is a part of a list of nodes.
type Nodes struct {
	Pages     []Node `json:"pages"`
	Cursor    string `json:"cursor,omitempty"`
	Truncated string `json:"truncated,omitempty"`
}

// ChildrenRequest asks for what is directly below a page, or on Cloud a folder.
type ChildrenRequest struct {
	ParentID string
	// PagesOnly leaves out folders and the like.
	PagesOnly bool
	Limit     int // 1 to MaxNodes
	Cursor    string
}

// MaxNodes is the largest Limit of a list of nodes.
const MaxNodes = 1000

// GetChildren reads what is directly below a page, in one request, or two for a folder.
func (c *Client) GetChildren(ctx context.Context, in ChildrenRequest) (*Nodes, error) {
	id, err := atlassian.CheckID("parent_id", in.ParentID)
	if err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	list := listRequest{name: "children " + id, cursor: in.Cursor, limit: min(max(in.Limit, 1), MaxNodes), most: mostOf(cloud)}
	show := func(raw Node) (Node, bool) {
		node := Node{ID: raw.ID, Title: oneLine(raw.Title)}
		if raw.Type != "page" {
			node.Type = oneLine(raw.Type)
		}
		return node, raw.Type == "page" || !in.PagesOnly
	}
	read := func(segments ...string) (part[Node], error) {
		return readList(ctx, c, cloud, list, func(query url.Values) string {
			if !cloud {
				return path(restAPI, query, "content", id, "child", "page")
			}
			return path(cloudV2, query, segments...)
		}, show)
	}
	found, err := read("pages", id, "direct-children")
	if cloud && errors.Is(err, atlassian.ErrNotFound) {
		found, err = read("folders", id, "direct-children")
	}
	if err != nil {
		return nil, hint(err, http.StatusNotFound, noSuchPage)
	}
	return &Nodes{found.items, found.cursor, found.truncated}, nil
}

// SpaceOfParent looks up the key of the space that a page or, on Cloud, a folder is in.
func (c *Client) SpaceOfParent(ctx context.Context, id string) (string, error) {
	key, err := c.SpaceOfPage(ctx, id)
	if !errors.Is(err, atlassian.ErrNotFound) {
		return key, err
	}
	if cloud, clouded := c.isCloud(ctx); clouded != nil || !cloud {
		return "", err
	}
	key, folder := c.spaceOf(ctx, "folders", id)
	if folder != nil {
		return "", err
	}
	return key, nil
}

// TreeRequest asks for the pages of a space.
type TreeRequest struct {
	SpaceKey string
	Limit    int // 1 to MaxNodes
	Cursor   string
}

// GetTree reads the pages of a space as a flat list that says what is below what: one request for
// 250 pages, on Data Center 200, and on Cloud one more for a space that is not known yet.
func (c *Client) GetTree(ctx context.Context, in TreeRequest) (*Nodes, error) {
	key, err := atlassian.CheckSpaceKey("space_key", in.SpaceKey)
	if err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	list := listRequest{name: "tree " + key, cursor: in.Cursor, limit: min(max(in.Limit, 1), MaxNodes), most: mostOf(cloud)}
	read := c.contentTree
	if cloud {
		read = c.cloudTree
	}
	found, err := read(ctx, key, list)
	if err != nil {
		return nil, hint(err, http.StatusNotFound, "There is no such space, or this server may not see it: confluence_list_spaces lists those that it sees.")
	}
	return &Nodes{found.items, found.cursor, found.truncated}, nil
}

func (c *Client) cloudTree(ctx context.Context, key string, list listRequest) (part[Node], error) {
	space, err := c.spaceByKey(ctx, key)
	if err != nil {
		return part[Node]{}, err
	}
	return readList(ctx, c, true, list, func(query url.Values) string {
		query.Set("status", "current")
		return path(cloudV2, query, "spaces", space.ID, "pages")
	}, func(raw cloudPage) (Node, bool) {
		return Node{ID: raw.ID, Title: oneLine(raw.Title), Parent: raw.ParentID}, true
	})
}

func (c *Client) contentTree(ctx context.Context, key string, list listRequest) (part[Node], error) {
	return readList(ctx, c, false, list, func(query url.Values) string {
		query.Set("spaceKey", key)
		query.Set("type", "page")
		query.Set("expand", "ancestors")
		return path(restAPI, query, "content")
	}, func(raw content) (Node, bool) {
		node := Node{ID: raw.ID, Title: oneLine(raw.Title)}
		if n := len(raw.Ancestors); n > 0 {
			node.Parent = raw.Ancestors[n-1].ID
		}
		return node, true
	})
}
