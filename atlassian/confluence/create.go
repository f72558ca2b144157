package confluence

import (
	"context"
	"errors"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ctreminiom/go-atlassian/v2/pkg/infra/models"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// NewPage is a page to be created.
type NewPage struct {
	SpaceKey string
	Title    string
	Content  string
	Format   markup.Format
	// ParentID is the page above, in the same space. Empty is the top of the space.
	ParentID string
	// Attribution is a line of plain text, without markup, at the end of the page: a page that is
	// created has no version message. Empty is none.
	Attribution string
}

// maxTitle is the longest title that Confluence takes, in characters.
const maxTitle = 255

// CreatePage creates a page and returns what identifies it, without its body.
func (c *Client) CreatePage(ctx context.Context, in NewPage) (*Page, error) {
	if err := in.check(newPage); err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	representation, value, err := written(in.Content, in.Format, in.Attribution, cloud)
	if err != nil {
		return nil, &atlassian.InputError{Argument: "content", Problem: err.Error(), Hint: "Send Markdown, or correct it. Nothing was created."}
	}
	if in.SpaceKey, err = c.SpaceKey(ctx, "space_key", in.SpaceKey); err != nil {
		return nil, err
	}
	if err := c.checkParent(ctx, cloud, newPage.parent, in.ParentID, in.SpaceKey); err != nil {
		return nil, err
	}
	create := c.createContent
	if cloud {
		create = c.createCloudPage
	}
	page, err := create(ctx, in, representation, value)
	if err != nil {
		return nil, createHint(err, in)
	}
	page.URL = c.pageURL(cloud, page.Space, page.ID)
	page.Attribution = in.Attribution
	return page, nil
}

// placeArguments are what callers know the parts of a new page by.
type placeArguments struct{ space, parent, title string }

var newPage = placeArguments{"space_key", "parent_id", "title"}

// check refuses what Confluence would refuse.
func (in *NewPage) check(of placeArguments) (err error) {
	if in.SpaceKey, err = atlassian.CheckSpaceKey(of.space, in.SpaceKey); err != nil {
		return err
	}
	if in.ParentID != "" {
		if in.ParentID, err = atlassian.CheckID(of.parent, in.ParentID); err != nil {
			return err
		}
	}
	if in.Title, err = checkTitle(of.title, in.Title); err != nil {
		return err
	}
	return checkFormat("content_format", in.Format)
}

func checkTitle(argument, title string) (string, error) {
	title = strings.TrimSpace(title)
	if n := utf8.RuneCountInString(title); n == 0 || n > maxTitle {
		return "", &atlassian.InputError{Argument: argument, Problem: "it has " + strconv.Itoa(n) + " characters", Hint: "A title has 1 to 255."}
	}
	return title, nil
}

func checkFormat(argument string, format markup.Format) error {
	if !slices.Contains(formats, format) {
		return &atlassian.InputError{Argument: argument, Problem: strconv.Quote(string(format)) + " is unknown", Hint: "Write markdown, storage, wiki or adf."}
	}
	return nil
}

var formats = []markup.Format{"", markup.Markdown, markup.Storage, markup.Wiki, markup.ADF}

// written is a text as it is sent, with a line of plain text below it. Confluence reads wiki markup
// itself, and on Cloud ADF.
func written(text string, format markup.Format, line string, cloud bool) (representation, value string, err error) {
	switch {
	case format == markup.Wiki:
		if line != "" {
			text += "\n\n" + markup.ToWiki(line)
		}
		return "wiki", text, nil
	case format == markup.ADF && cloud:
		value, err = markup.Convert(text, markup.ADF, markup.ADF)
		if err == nil && line != "" {
			value = string(markup.AppendADF(markup.Document(value), line))
		}
		return "atlas_doc_format", value, err
	default:
		value, err = markup.Convert(text, format, markup.Storage)
		return "storage", value + paragraph(line), err
	}
}

// paragraph is a line of plain text in storage format.
func paragraph(line string) string {
	if line == "" {
		return ""
	}
	return "<p>" + html.EscapeString(line) + "</p>"
}

// checkParent refuses a parent that is not in the space. Confluence itself may put the page into
// the parent's space instead, which is not the space that was asked for, nor perhaps one that the
// caller may write to.
func (c *Client) checkParent(ctx context.Context, cloud bool, argument, parentID, spaceKey string) error {
	if parentID == "" {
		return nil
	}
	var key string
	var err error
	if cloud {
		key, err = c.spaceOf(ctx, "pages", parentID)
		if errors.Is(err, atlassian.ErrNotFound) {
			key, err = c.spaceOf(ctx, "folders", parentID)
		}
	} else {
		key, err = c.spaceOfContent(ctx, parentID)
	}
	if errors.Is(err, atlassian.ErrNotFound) || (err == nil && !strings.EqualFold(key, spaceKey)) {
		return &atlassian.InputError{
			Argument: argument, Problem: parentID + " is not a page of space " + spaceKey,
			Hint: "Give the id of a page in this space, or leave " + argument + " out. Nothing was changed.",
		}
	}
	return err
}

// createCloudPage uses the v2 API.
func (c *Client) createCloudPage(ctx context.Context, in NewPage, representation, value string) (*Page, error) {
	space, err := c.spaceByKey(ctx, in.SpaceKey)
	if err != nil {
		return nil, err
	}
	answer, _, err := c.v2.Page.Create(ctx, &models.PageCreatePayloadScheme{
		SpaceID: space.ID, Status: "current", Title: in.Title, ParentID: in.ParentID,
		Body: &models.PageBodyRepresentationScheme{Representation: representation, Value: value},
	})
	if err != nil {
		return nil, c.understood(err, true)
	}
	page := &Page{ID: answer.ID, Title: oneLine(answer.Title), Space: space.Key}
	if answer.Version != nil {
		page.Version = answer.Version.Number
	}
	return page, nil
}

// createContent uses the API of Data Center.
func (c *Client) createContent(ctx context.Context, in NewPage, representation, value string) (*Page, error) {
	body := map[string]any{
		"type": "page", "title": in.Title, "space": map[string]string{"key": in.SpaceKey},
		"body": map[string]any{representation: map[string]string{"value": value, "representation": representation}},
	}
	if in.ParentID != "" {
		body["ancestors"] = []any{map[string]string{"id": in.ParentID}}
	}
	var raw content
	if err := c.call(ctx, http.MethodPost, path(restAPI, nil, "content"), body, &raw); err != nil {
		return nil, err
	}
	return &Page{ID: raw.ID, Title: oneLine(raw.Title), Space: raw.Space.Key, Version: raw.Version.Number}, nil
}

// createHint says how to repair what Confluence refuses most often.
func createHint(err error, in NewPage) error {
	return hint(repairHint(err, in.Format), http.StatusNotFound, "There is no space "+in.SpaceKey+", or the account of this server may not create pages in it.")
}

// repairHint is advice on a title or a text that Confluence refused.
func repairHint(err error, format markup.Format) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return err
	}
	said := strings.ToLower(strings.Join(e.Messages, " "))
	switch {
	case strings.Contains(said, "title already exists"):
		e.Hint = "Titles are unique in a space: choose another, or look at the existing page with confluence_get_page (title and space_key)."
	case strings.Contains(said, "parsing xhtml") && format == markup.Storage:
		e.Hint = "Storage format is XHTML: close every element and escape & and <; or send Markdown."
	}
	return err
}
