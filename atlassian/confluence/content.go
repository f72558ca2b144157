package confluence

import (
	"context"
	"net/http"
	"net/url"
)

// content is a page or comment in the API of Data Center, which Cloud's search shares.
type content struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
	Space struct {
		Key string `json:"key"`
	} `json:"space"`
	History struct {
		CreatedBy   user   `json:"createdBy"`
		CreatedDate string `json:"createdDate"`
	} `json:"history"`
	Version struct {
		By      user   `json:"by"`
		When    string `json:"when"`
		Number  int    `json:"number"`
		Message string `json:"message"`
	} `json:"version"`
	Ancestors []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"ancestors"`
	Body struct {
		Storage struct {
			Value string `json:"value"`
		} `json:"storage"`
	} `json:"body"`
	Metadata struct {
		Labels struct {
			Results []struct {
				Name string `json:"name"`
			} `json:"results"`
		} `json:"labels"`
	} `json:"metadata"`
	Extensions struct {
		Location   string `json:"location"`
		Resolution struct {
			Status string `json:"status"`
		} `json:"resolution"`
		InlineProperties struct {
			OriginalSelection string `json:"originalSelection"`
		} `json:"inlineProperties"`
	} `json:"extensions"`
}

type user struct {
	DisplayName string `json:"displayName"`
	Username    string `json:"username"`
}

func (u user) name() string {
	if name := oneLine(u.DisplayName); name != "" {
		return name
	}
	return oneLine(u.Username)
}

func (c *Client) dataCenterPage(ctx context.Context, in PageRequest) (*Page, string, error) {
	expand := "body.storage,version,history,space,ancestors,metadata.labels"
	if in.BodyOnly {
		expand = "body.storage,version,space"
	}
	var raw content
	var err error
	if in.ID != "" {
		err = c.call(ctx, http.MethodGet, path(restAPI, url.Values{"expand": {expand}}, "content", in.ID), nil, &raw)
	} else {
		raw, err = c.contentByTitle(ctx, in, expand)
	}
	if err != nil {
		return nil, "", err
	}
	page := &Page{ID: raw.ID, Title: oneLine(raw.Title), Space: raw.Space.Key, Version: raw.Version.Number}
	if !in.BodyOnly {
		page.setHistory(raw.Version.Number, raw.History.CreatedBy.name(), raw.History.CreatedDate, raw.Version.By.name(), raw.Version.When)
		for _, a := range raw.Ancestors {
			page.Ancestors = append(page.Ancestors, PageRef{ID: a.ID, Title: oneLine(a.Title)})
		}
		for _, label := range raw.Metadata.Labels.Results {
			page.Labels = append(page.Labels, oneLine(label.Name))
		}
	}
	return page, raw.Body.Storage.Value, nil
}

func (c *Client) contentByTitle(ctx context.Context, in PageRequest, expand string) (content, error) {
	query := url.Values{"type": {"page"}, "spaceKey": {in.SpaceKey}, "title": {in.Title}, "expand": {expand}, "limit": {"1"}}
	var answer struct {
		Results []content `json:"results"`
	}
	if err := c.call(ctx, http.MethodGet, path(restAPI, query, "content"), nil, &answer); err != nil {
		return content{}, err
	}
	if len(answer.Results) == 0 {
		return content{}, in.noSuchTitle()
	}
	return answer.Results[0], nil
}
