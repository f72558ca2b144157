package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// listRequest is a part of a list.
type listRequest struct {
	name   string // what the list is of, which its cursors belong to
	cursor string
	limit  int // of the result
	most   int // of one request
}

// part is what was read of a list.
type part[T any] struct {
	items             []T
	cursor, truncated string
}

const listFull = "The result is full. Pass cursor for the rest."

// readList reads a part of a list of R and turns it into items that are shown, as many as the
// request and the budget of a result allow. What show refuses is left out. Cloud hands out tokens
// for the next page, and a position in its lists is one of these with a number of results after it;
// Data Center counts.
func readList[R, T any](ctx context.Context, c *Client, cloud bool, in listRequest, at func(url.Values) string, show func(R) (T, bool)) (part[T], error) {
	out := part[T]{items: []T{}}
	position, err := atlassian.DecodeCursor("cursor", in.name, in.cursor)
	if err != nil {
		return out, err
	}
	skip := 0
	if cloud {
		skip, position.Start = position.Start, 0
	}
	for left := resultBudget; ; {
		results, next, err := readPage[R](ctx, c, cloud, position, min(in.most, in.limit-len(out.items)+skip), at)
		if err != nil {
			return out, err
		}
		for i, raw := range results {
			if skip > 0 {
				skip--
				continue
			}
			item, ok := show(raw)
			if !ok {
				continue
			}
			cost := size(item) + 1
			full := cost > left && len(out.items) > 0
			if full || len(out.items) >= in.limit {
				position.Start += i
				out.cursor = position.Encode(in.name)
				if full {
					out.truncated = listFull
				}
				return out, nil
			}
			left -= cost
			out.items = append(out.items, item)
		}
		switch {
		case len(results) == 0 || next == "":
			return out, nil
		case cloud:
			position = atlassian.Cursor{Token: next}
		default:
			position.Start += len(results)
		}
		if len(out.items) >= in.limit {
			out.cursor = position.Encode(in.name)
			return out, nil
		}
	}
}

// readPage reads one page of a list, and what follows it: Cloud's token, or anything on Data Center.
func readPage[R any](ctx context.Context, c *Client, cloud bool, position atlassian.Cursor, limit int, at func(url.Values) string) ([]R, string, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	switch {
	case cloud && position.Token != "":
		query.Set("cursor", position.Token)
	case !cloud && position.Start > 0:
		query.Set("start", strconv.Itoa(position.Start))
	}
	var answer struct {
		Results []R   `json:"results"`
		Links   links `json:"_links"`
	}
	if err := c.call(ctx, http.MethodGet, at(query), nil, &answer); err != nil {
		return nil, "", err
	}
	if cloud {
		return answer.Results, answer.Links.cursor(), nil
	}
	return answer.Results, answer.Links.Next, nil
}
