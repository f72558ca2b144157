package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// MoveRequest says where a page goes.
type MoveRequest struct {
	PageID string
	// TargetID is the page that it goes below or, with Position, beside. Empty is the homepage of
	// the space.
	TargetID string
	SpaceKey string // of the target; it may be empty when TargetID is given
	// Position is append (below the target), before or after it. Data Center's API knows only append.
	Position    string
	Attribution string // for the version that a move makes on Data Center
}

// MovedPage says where a page is now.
type MovedPage struct {
	ID       string `json:"id"`
	Space    string `json:"space"` // key
	TargetID string `json:"target_id"`
	Position string `json:"position"`
	URL      string `json:"url"`
}

// MovePage moves a page with all that is below it: on Cloud one request to look at the target and
// one to move, and one for a named space that is not known yet, on Data Center two to look and one to move.
func (c *Client) MovePage(ctx context.Context, in MoveRequest) (*MovedPage, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	if in.SpaceKey != "" {
		if in.SpaceKey, err = c.SpaceKey(ctx, "target_space_key", in.SpaceKey); err != nil {
			return nil, err
		}
	}
	if !cloud && in.Position != "append" {
		return nil, &atlassian.InputError{Argument: "position", Problem: "Data Center's API moves a page only below another", Hint: "Leave position out."}
	}
	target, space, err := c.moveTarget(ctx, cloud, in)
	if err != nil {
		return nil, err
	}
	if target == in.PageID {
		return nil, &atlassian.InputError{Argument: "target_parent_id", Problem: "a page cannot be moved to itself"}
	}
	in.TargetID, in.SpaceKey = target, space
	move := c.moveContent
	if cloud {
		move = c.moveCloudPage
	}
	if err := move(ctx, in); err != nil {
		return nil, err
	}
	return &MovedPage{ID: in.PageID, Space: space, TargetID: target, Position: in.Position, URL: c.pageURL(cloud, space, in.PageID)}, nil
}

func (in *MoveRequest) check() (err error) {
	if in.PageID, err = atlassian.CheckID("page_id", in.PageID); err != nil {
		return err
	}
	if in.TargetID == "" && in.SpaceKey == "" {
		return &atlassian.InputError{Argument: "target_parent_id", Problem: "it is not given", Hint: "Give target_parent_id, target_space_key, or both."}
	}
	if in.TargetID != "" {
		if in.TargetID, err = atlassian.CheckID("target_parent_id", in.TargetID); err != nil {
			return err
		}
	}
	if in.SpaceKey != "" {
		in.SpaceKey, err = atlassian.CheckSpaceKey("target_space_key", in.SpaceKey)
	}
	return err
}

// moveTarget finds the page to move to and the space that it is in.
func (c *Client) moveTarget(ctx context.Context, cloud bool, in MoveRequest) (id, space string, err error) {
	if in.TargetID == "" {
		id, err = c.homeOf(ctx, cloud, in.SpaceKey)
		return id, in.SpaceKey, err
	}
	space, err = c.SpaceOfParent(ctx, in.TargetID)
	if errors.Is(err, atlassian.ErrNotFound) || err == nil && in.SpaceKey != "" && !strings.EqualFold(space, in.SpaceKey) {
		problem := in.TargetID + " is no page that this server may see"
		if in.SpaceKey != "" {
			problem = in.TargetID + " is not a page of space " + in.SpaceKey
		}
		return "", "", &atlassian.InputError{Argument: "target_parent_id", Problem: problem, Hint: "Nothing was moved."}
	}
	return in.TargetID, space, err
}

// homeOf finds the homepage of a space.
func (c *Client) homeOf(ctx context.Context, cloud bool, key string) (string, error) {
	at := path(restAPI, url.Values{"spaceKey": {key}, "expand": {"homepage"}}, "space")
	if cloud {
		at = path(cloudV2, url.Values{"keys": {key}}, "spaces")
	}
	var answer struct {
		Results []rawSpace `json:"results"`
	}
	if err := c.call(ctx, http.MethodGet, at, nil, &answer); err != nil {
		return "", err
	}
	found := slices.IndexFunc(answer.Results, func(s rawSpace) bool { return strings.EqualFold(s.Key, key) })
	if found < 0 {
		return "", noSuchSpace(key)
	}
	space, _ := showSpace(answer.Results[found])
	if space.Home == "" {
		return "", &atlassian.InputError{Argument: "target_space_key", Problem: "space " + key + " has no homepage", Hint: "Give target_parent_id."}
	}
	return space.Home, nil
}

func (c *Client) moveCloudPage(ctx context.Context, in MoveRequest) error {
	err := c.call(ctx, http.MethodPut, path(restAPI, nil, "content", in.PageID, "move", in.Position, in.TargetID), nil, nil)
	return hint(hint(err, http.StatusNotFound, noSuchPage), http.StatusBadRequest,
		"A page cannot go below itself, nor into a space that has a page of its title: change that with confluence_update_page first.")
}

// moveContent changes the parent, which is how Data Center's API moves a page within its space.
func (c *Client) moveContent(ctx context.Context, in MoveRequest) error {
	_, err := c.UpdatePage(ctx, PageUpdate{PageID: in.PageID, ParentID: in.TargetID, Attribution: in.Attribution})
	var input *atlassian.InputError
	if errors.As(err, &input) && input.Argument == "parent_id" {
		return &atlassian.InputError{
			Argument: "target_parent_id", Problem: "the page is in another space than " + in.SpaceKey,
			Hint: "Data Center's API moves a page only within its space: confluence_copy_page copies it into another. Nothing was moved.",
		}
	}
	return err
}
