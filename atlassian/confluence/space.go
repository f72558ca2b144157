package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ctreminiom/go-atlassian/v2/pkg/infra/models"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Space is a space of a site.
type Space struct {
	ID   string `json:"id,omitempty"`
	Key  string `json:"key"`
	Name string `json:"name,omitempty"`
}

// SpaceOfPage looks up the key of the space that a page is in, and nothing else of the page.
func (c *Client) SpaceOfPage(ctx context.Context, pageID string) (string, error) {
	id, err := atlassian.CheckID("page_id", pageID)
	if err != nil {
		return "", err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return "", err
	}
	var key string
	if cloud {
		key, err = c.spaceOf(ctx, "pages", id)
	} else {
		key, err = c.spaceOfContent(ctx, id)
	}
	return key, hint(err, http.StatusNotFound, noSuchPage)
}

// spaceOf looks up the space of something that the Cloud API keeps in the named collection.
func (c *Client) spaceOf(ctx context.Context, collection, id string) (string, error) {
	var answer struct {
		SpaceID string `json:"spaceId"`
	}
	if err := c.call(ctx, http.MethodGet, path(cloudV2, nil, collection, id), nil, &answer); err != nil {
		return "", err
	}
	space, err := c.spaceByID(ctx, answer.SpaceID)
	return space.Key, err
}

func (c *Client) spaceOfContent(ctx context.Context, id string) (string, error) {
	var answer struct {
		Space struct {
			Key string `json:"key"`
		} `json:"space"`
	}
	err := c.call(ctx, http.MethodGet, path(restAPI, url.Values{"expand": {"space"}}, "content", id), nil, &answer)
	return answer.Space.Key, err
}

// spaceByID returns a space of Cloud.
func (c *Client) spaceByID(ctx context.Context, id string) (Space, error) {
	if space, known := c.spaces.get(id); known {
		return space, nil
	}
	number, err := strconv.Atoi(id)
	if err != nil {
		return Space{}, c.understood(errors.New("a page without a space"), false)
	}
	answer, _, err := c.v2.Space.Get(ctx, number, "")
	if err != nil {
		return Space{}, c.understood(err, false)
	}
	return c.remember(answer), nil
}

// SpaceKey returns the key of the space that a caller names, which on Cloud may be by its alias. That
// there is no such space is an InputError about the named argument; on Data Center, which has no
// aliases, it is not asked.
func (c *Client) SpaceKey(ctx context.Context, argument, named string) (string, error) {
	key, err := atlassian.CheckSpaceKey(argument, named)
	if err != nil {
		return "", err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil || !cloud {
		return key, err
	}
	space, err := c.spaceByKey(ctx, key)
	if input, ok := errors.AsType[*atlassian.InputError](err); ok {
		input.Argument = argument
	}
	return space.Key, err
}

// namedSpace is a space of the v2 API with what callers may name it by.
type namedSpace struct {
	models.SpaceSchemeV2
	Alias string `json:"currentActiveAlias"`
}

// spaceByKey returns the space of Cloud with this key, or else this alias. That there is none is an
// InputError. What Confluence may find besides, by a rule that is not known here, is none.
func (c *Client) spaceByKey(ctx context.Context, key string) (Space, error) {
	if space, known := c.keys.get(key); known {
		return space, nil
	}
	var answer struct {
		Results []namedSpace `json:"results"`
	}
	if err := c.call(ctx, http.MethodGet, path(cloudV2, url.Values{"keys": {key}}, "spaces"), nil, &answer); err != nil {
		return Space{}, err
	}
	found := slices.IndexFunc(answer.Results, func(s namedSpace) bool { return strings.EqualFold(s.Key, key) })
	if found < 0 {
		found = slices.IndexFunc(answer.Results, func(s namedSpace) bool { return strings.EqualFold(s.Alias, key) })
	}
	if found < 0 {
		return Space{}, noSuchSpace(key)
	}
	space := c.remember(&answer.Results[found].SpaceSchemeV2)
	c.keys.put(key, space)
	return space, nil
}

func noSuchSpace(key string) error {
	return &atlassian.InputError{
		Argument: "space_key", Problem: "there is no space " + strconv.Quote(key) + " that this server may see",
		Hint: `Keys are case-sensitive; confluence_list_spaces lists the spaces.`,
	}
}

func (c *Client) remember(answer *models.SpaceSchemeV2) Space {
	space := Space{ID: answer.ID, Key: answer.Key, Name: oneLine(answer.Name)}
	c.spaces.put(space.ID, space)
	c.keys.put(space.Key, space)
	return space
}
