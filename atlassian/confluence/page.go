package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ctreminiom/go-atlassian/v2/pkg/infra/models"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// PageRequest names a page, by ID or by Title and SpaceKey, and what to read of it.
type PageRequest struct {
	ID, Title, SpaceKey string
	// Storage asks for the body in Confluence's storage format instead of Markdown.
	Storage bool
	// BodyOnly leaves out authors, dates, labels and ancestors, and spares their look-ups.
	BodyOnly bool
	// Cursor continues the body of a page that did not fit into one result.
	Cursor string
	// Budget is how many bytes of JSON the page may have; zero is 32 KiB.
	Budget int
}

// Page is a page as a reader needs it.
type Page struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Space   string `json:"space"` // key
	URL     string `json:"url"`
	Version int    `json:"version,omitempty"`
	// Current is the latest version, and Comment what was said about this one. They are told of a
	// version that was asked for.
	Current int    `json:"current_version,omitempty"`
	Comment string `json:"version_comment,omitempty"`

	Author    string `json:"author,omitempty"`
	Created   string `json:"created,omitempty"` // RFC 3339, UTC
	UpdatedBy string `json:"updated_by,omitempty"`
	Updated   string `json:"updated,omitempty"`

	Labels []string `json:"labels,omitempty"`
	// Ancestors are the pages above, the highest first.
	Ancestors []PageRef `json:"ancestors,omitempty"`

	Body string `json:"body,omitempty"`
	// Truncated says that the body goes on, and Cursor gets its next part.
	Truncated string `json:"truncated,omitempty"`
	Cursor    string `json:"cursor,omitempty"`

	// Attribution is the line that was added to the text of a page that was created.
	Attribution string `json:"attribution,omitempty"`
}

// PageRef names another page of the same space.
type PageRef struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
}

const noSuchPage = "There is no such page, or this server may not see it: find it with confluence_search."

// GetPage reads a page. Its text is the storage format as the authors saved it: includes and other
// macros that would show another page's content are named, not rendered.
//
// On Cloud that is one request for the page, and for what is not known yet one each for its space
// and the names of its authors, and two for its ancestors; by title one more. On Data Center it is
// one request.
func (c *Client) GetPage(ctx context.Context, in PageRequest) (*Page, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	in.BodyOnly = in.BodyOnly || in.Cursor != "" // the rest of it came with the first part
	read := c.dataCenterPage
	if cloud {
		read = c.cloudPage
	}
	page, storage, err := read(ctx, in)
	if err != nil {
		return nil, hint(err, http.StatusNotFound, noSuchPage)
	}
	page.URL = c.pageURL(cloud, page.Space, page.ID)
	if err := page.setBody(in, storage); err != nil {
		return nil, err
	}
	if people := mentioned(storage); len(people) > 0 && !in.Storage {
		page.Body = withNames(page.Body, c.names(ctx, people...))
	}
	return page, nil
}

// check refuses what cannot name a page, and brings the identifiers into their plain form.
func (in *PageRequest) check() (err error) {
	switch {
	case in.ID != "":
		in.ID, err = atlassian.CheckID("page_id", in.ID)
	case in.Title == "" || in.SpaceKey == "":
		return &atlassian.InputError{Argument: "page_id", Problem: "it is not given", Hint: "Give page_id, or both title and space_key."}
	default:
		in.SpaceKey, err = atlassian.CheckSpaceKey("space_key", in.SpaceKey)
	}
	return err
}

func (in *PageRequest) noSuchTitle() error {
	return &atlassian.InputError{
		Argument: "title", Problem: "there is no page " + strconv.Quote(oneLine(in.Title)) + " in space " + in.SpaceKey,
		Hint: "Titles must match exactly; confluence_search finds similar ones.",
	}
}

// cloudPage is a page in the v2 API.
type cloudPage struct {
	ID         string       `json:"id"`
	Status     string       `json:"status"`
	Title      string       `json:"title"`
	SpaceID    string       `json:"spaceId"`
	ParentID   string       `json:"parentId"`
	ParentType string       `json:"parentType"`
	AuthorID   string       `json:"authorId"`
	CreatedAt  string       `json:"createdAt"`
	Version    cloudVersion `json:"version"`
	Body       cloudBody    `json:"body"`
	Labels     struct {
		Results []struct {
			Name string `json:"name"`
		} `json:"results"`
	} `json:"labels"`
}

type cloudVersion struct {
	Number    int    `json:"number"`
	Message   string `json:"message"`
	CreatedAt string `json:"createdAt"`
	AuthorID  string `json:"authorId"`
}

type cloudBody struct {
	Storage struct {
		Value string `json:"value"`
	} `json:"storage"`
}

func (c *Client) cloudPage(ctx context.Context, in PageRequest) (*Page, string, error) {
	id := in.ID
	if id == "" {
		var err error
		if id, err = c.cloudPageID(ctx, in); err != nil {
			return nil, "", err
		}
	}
	query := url.Values{"body-format": {"storage"}}
	if !in.BodyOnly {
		query.Set("include-labels", "true")
	}
	var raw cloudPage
	if err := c.call(ctx, http.MethodGet, path(cloudV2, query, "pages", id), nil, &raw); err != nil {
		return nil, "", err
	}
	page := &Page{ID: raw.ID, Title: oneLine(raw.Title), Version: raw.Version.Number}
	return page, raw.Body.Storage.Value, c.complete(ctx, page, &raw, in.BodyOnly)
}

// complete adds what Cloud keeps elsewhere: the key of the space, the names of the authors and the
// titles of the ancestors.
func (c *Client) complete(ctx context.Context, page *Page, raw *cloudPage, bodyOnly bool) error {
	space := func() error {
		space, err := c.spaceByID(ctx, raw.SpaceID)
		page.Space = space.Key
		return err
	}
	if bodyOnly {
		return space()
	}
	people := func() error {
		// Whom the text mentions is looked up here, too: it is the same request.
		name := c.names(ctx, append(mentioned(raw.Body.Storage.Value), raw.AuthorID, raw.Version.AuthorID)...)
		page.setHistory(raw.Version.Number, name(raw.AuthorID), raw.CreatedAt, name(raw.Version.AuthorID), raw.Version.CreatedAt)
		return nil
	}
	ancestors := func() (err error) {
		if raw.ParentID != "" {
			page.Ancestors, err = c.cloudAncestors(ctx, raw)
		}
		return err
	}
	for _, label := range raw.Labels.Results {
		page.Labels = append(page.Labels, oneLine(label.Name))
	}
	return together(c.log, "reading around a page", space, people, ancestors)
}

// setHistory sets authors and dates. A page that was never changed has only those of its creation.
func (p *Page) setHistory(version int, author, created, updatedBy, updated string) {
	p.Author, p.Created = author, timestamp(created)
	if version > 1 {
		p.UpdatedBy, p.Updated = updatedBy, timestamp(updated)
	}
}

// cloudPageID finds a page by its title.
func (c *Client) cloudPageID(ctx context.Context, in PageRequest) (string, error) {
	space, err := c.spaceByKey(ctx, in.SpaceKey)
	if err != nil {
		return "", err
	}
	number, err := strconv.Atoi(space.ID)
	if err != nil {
		return "", c.understood(err, false)
	}
	found, _, err := c.v2.Page.Gets(ctx, &models.PageOptionsScheme{SpaceIDs: []int{number}, Title: in.Title}, "", 1)
	if err != nil {
		return "", c.understood(err, false)
	}
	if len(found.Results) == 0 {
		return "", in.noSuchTitle()
	}
	return atlassian.CheckID("page_id", found.Results[0].ID)
}

// cloudAncestors reads the ids of the ancestors and then their titles. What is no page there, such
// as a folder, has an id only.
func (c *Client) cloudAncestors(ctx context.Context, of *cloudPage) ([]PageRef, error) {
	var answer struct {
		Results []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"results"`
	}
	if err := c.call(ctx, http.MethodGet, path(cloudV2, url.Values{"limit": {"100"}}, "pages", of.ID, "ancestors"), nil, &answer); err != nil {
		return nil, err
	}
	var ids []int
	for _, a := range answer.Results {
		if id, err := strconv.Atoi(a.ID); err == nil && a.Type == "page" {
			ids = append(ids, id)
		}
	}
	titles := make(map[string]string)
	if len(ids) > 0 {
		pages, _, err := c.v2.Page.Gets(ctx, &models.PageOptionsScheme{PageIDs: ids}, "", len(ids))
		if err != nil {
			return nil, c.understood(err, false)
		}
		for _, p := range pages.Results {
			if p.SpaceID == of.SpaceID { // always so, but for a move that is under way
				titles[p.ID] = oneLine(p.Title)
			}
		}
	}
	refs := make([]PageRef, 0, len(answer.Results))
	for _, a := range answer.Results {
		refs = append(refs, PageRef{ID: a.ID, Title: titles[a.ID]})
	}
	return refs, nil
}
