package confluence

import (
	"context"
	"encoding/json"
	"net/url"
)

// SpacesRequest asks for the spaces that this server may see.
type SpacesRequest struct {
	Type   string // global or personal; empty is every type
	Limit  int    // 1 to MaxSpaces
	Cursor string
}

// MaxSpaces is the largest Limit of a list of spaces.
const MaxSpaces = 250

// ListedSpace is a space in a list.
type ListedSpace struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // when it is not global
	Home string `json:"home_page_id,omitempty"`
}

// Spaces is a part of the list of spaces.
type Spaces struct {
	Spaces    []ListedSpace `json:"spaces"`
	Cursor    string        `json:"cursor,omitempty"`
	Truncated string        `json:"truncated,omitempty"`
}

// ListSpaces reads a part of the spaces, in one request.
func (c *Client) ListSpaces(ctx context.Context, in SpacesRequest) (*Spaces, error) {
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	list := listRequest{name: "spaces " + in.Type, cursor: in.Cursor, limit: min(max(in.Limit, 1), MaxSpaces), most: mostOf(cloud)}
	found, err := readList(ctx, c, cloud, list, func(query url.Values) string {
		query.Set("status", "current")
		if in.Type != "" {
			query.Set("type", in.Type)
		}
		if cloud {
			return path(cloudV2, query, "spaces")
		}
		query.Set("expand", "homepage")
		return path(restAPI, query, "space")
	}, showSpace)
	if err != nil {
		return nil, err
	}
	return &Spaces{found.items, found.cursor, found.truncated}, nil
}

// rawSpace is a space in the list of either deployment.
type rawSpace struct {
	Key        string `json:"key"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	HomepageID string `json:"homepageId"` // Cloud
	Homepage   struct {
		ID json.Number `json:"id"`
	} `json:"homepage"` // Data Center
}

func showSpace(raw rawSpace) (ListedSpace, bool) {
	space := ListedSpace{Key: raw.Key, Name: oneLine(raw.Name), Home: raw.HomepageID + raw.Homepage.ID.String()}
	if raw.Type != "global" {
		space.Type = oneLine(raw.Type)
	}
	return space, true
}
