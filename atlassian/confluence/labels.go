package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Labels are labels of a page: all of them, or a part.
type Labels struct {
	Page   string   `json:"page_id"`
	Labels []string `json:"labels"`
	Cursor string   `json:"cursor,omitempty"`
}

// maxLabels is how many labels one result has.
const maxLabels = 200

// rawLabel is a label. Others than global ones are of one person or team.
type rawLabel struct {
	Prefix string `json:"prefix"`
	Name   string `json:"name"`
}

func (l rawLabel) String() string {
	if l.Prefix == "" || l.Prefix == "global" {
		return oneLine(l.Name)
	}
	return oneLine(l.Prefix + ":" + l.Name)
}

// GetLabels reads the labels of a page, in one request.
func (c *Client) GetLabels(ctx context.Context, pageID, cursor string) (*Labels, error) {
	id, err := atlassian.CheckID("page_id", pageID)
	if err != nil {
		return nil, err
	}
	cloud, err := c.isCloud(ctx)
	if err != nil {
		return nil, err
	}
	list := listRequest{name: "labels " + id, cursor: cursor, limit: maxLabels, most: maxLabels}
	found, err := readList(ctx, c, cloud, list, func(query url.Values) string {
		if cloud {
			return path(cloudV2, query, "pages", id, "labels")
		}
		return path(restAPI, query, "content", id, "label")
	}, func(raw rawLabel) (string, bool) { return raw.String(), true })
	if err != nil {
		return nil, hint(err, http.StatusNotFound, noSuchPage)
	}
	return &Labels{Page: id, Labels: found.items, Cursor: found.cursor}, nil
}

// AddLabel gives a page a label and returns all that it has then, in one request. One that it has
// already is no error.
func (c *Client) AddLabel(ctx context.Context, pageID, name string) (*Labels, error) {
	id, name, err := checkLabel(pageID, name)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []rawLabel `json:"results"`
	}
	if err := c.call(ctx, http.MethodPost, path(restAPI, nil, "content", id, "label"), rawLabel{"global", name}, &answer); err != nil {
		return nil, labelHint(err)
	}
	out := &Labels{Page: id, Labels: []string{}}
	for _, label := range answer.Results {
		out.Labels = append(out.Labels, label.String())
	}
	return out, nil
}

// RemovedLabel says which label a page has no longer.
type RemovedLabel struct {
	Page    string `json:"page_id"`
	Removed string `json:"removed"`
}

// RemoveLabel takes a label from a page, in one request.
func (c *Client) RemoveLabel(ctx context.Context, pageID, name string) (*RemovedLabel, error) {
	id, name, err := checkLabel(pageID, name)
	if err != nil {
		return nil, err
	}
	if err := c.call(ctx, http.MethodDelete, path(restAPI, url.Values{"name": {name}}, "content", id, "label"), nil, nil); err != nil {
		return nil, labelHint(err)
	}
	return &RemovedLabel{Page: id, Removed: name}, nil
}

func labelHint(err error) error {
	return hint(err, http.StatusNotFound, "There is no such page, it has no such label, or this server may not see it: confluence_get_labels lists the labels of a page.")
}

// checkLabel refuses a name that would be several labels: Confluence takes blanks and commas for
// separators.
func checkLabel(pageID, name string) (id, label string, err error) {
	if id, err = atlassian.CheckID("page_id", pageID); err != nil {
		return "", "", err
	}
	label = strings.ToLower(strings.TrimSpace(name))
	if label == "" || len(label) > maxTitle || strings.ContainsFunc(label, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
		return "", "", &atlassian.InputError{Argument: "name", Problem: strconv.Quote(oneLine(name)) + " is no label", Hint: "A label is one word, such as release-notes, of at most 255 bytes."}
	}
	return id, label, nil
}
