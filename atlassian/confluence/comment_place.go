package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// place is where a comment stands.
type place struct {
	pageID string
	space  string // key; on Cloud it takes another look-up
	inline bool
}

// collection is that of the v2 API.
func (p *place) collection() string {
	if p.inline {
		return inlineComments
	}
	return footerComments
}

// maxReplies bounds how far a reply is followed up to the comment that began the thread.
const maxReplies = 50

// SpaceOfComment looks up the key of the space that a comment is in.
func (c *Client) SpaceOfComment(ctx context.Context, commentID string) (string, error) {
	id, err := atlassian.CheckID("comment_id", commentID)
	if err != nil {
		return "", err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return "", err
	}
	at, err := c.placeOf(ctx, cloud, id)
	if err != nil || at.space != "" {
		return at.space, err
	}
	return c.SpaceOfPage(ctx, at.pageID)
}

// placeOf finds the page of a comment. The result is never nil.
func (c *Client) placeOf(ctx context.Context, cloud bool, id string) (*place, error) {
	if !cloud {
		at, err := c.placeOfContent(ctx, id)
		return at, hint(err, http.StatusNotFound, noSuchComment)
	}
	at := &place{}
	err := c.followCloudComment(ctx, id, at)
	if errors.Is(err, atlassian.ErrNotFound) { // the API does not say which of the two a comment is
		at.inline = true
		err = c.followCloudComment(ctx, id, at)
	}
	return at, hint(err, http.StatusNotFound, noSuchComment)
}

// followCloudComment follows a comment up to the one that names its page.
func (c *Client) followCloudComment(ctx context.Context, id string, at *place) error {
	for range maxReplies {
		var answer struct {
			PageID string `json:"pageId"`
			Parent string `json:"parentCommentId"`
		}
		if err := c.call(ctx, http.MethodGet, path(cloudV2, nil, at.collection(), id), nil, &answer); err != nil {
			return err
		}
		if at.pageID = answer.PageID; at.pageID != "" {
			_, err := atlassian.CheckID("page_id", at.pageID)
			return err
		}
		if id = answer.Parent; id == "" {
			break
		}
		if _, err := atlassian.CheckID("comment_id", id); err != nil {
			return c.understood(err, false)
		}
	}
	return notOnPage()
}

func (c *Client) placeOfContent(ctx context.Context, id string) (*place, error) {
	var answer struct {
		content
		Container struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"container"`
	}
	query := url.Values{"expand": {"container,space,extensions.inlineProperties"}}
	if err := c.call(ctx, http.MethodGet, path(restAPI, query, "content", id), nil, &answer); err != nil {
		return &place{}, err
	}
	if answer.Type != "comment" || answer.Container.Type != "page" {
		return &place{}, notOnPage()
	}
	location := answer.Extensions.Location
	return &place{pageID: answer.Container.ID, space: answer.Space.Key, inline: location == "inline" || location == "resolved"}, nil
}

func notOnPage() error {
	return &atlassian.InputError{Argument: "comment_id", Problem: "that is no comment on a page", Hint: noSuchComment}
}
