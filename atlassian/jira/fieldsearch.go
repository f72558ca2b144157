package jira

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// FieldInfo is a field of the site, in short.
type FieldInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Type is Jira's, with what a list holds, and for a custom field its kind.
	Type string `json:"type,omitempty"`
}

// FieldList are fields that were searched for.
type FieldList struct {
	Fields []FieldInfo `json:"fields"`
	// Total is how many match.
	Total int `json:"total"`
	// Cursor gets the next ones; empty is the end.
	Cursor string `json:"cursor,omitempty"`
}

// FieldsRequest is one part of a search for fields.
type FieldsRequest struct {
	// Keyword is a word of the name, or the id; empty finds all.
	Keyword string
	Limit   int
	Cursor  string
	// Refresh has the fields read anew.
	Refresh bool
}

// SearchFields finds fields by a word of their name or by their id, the nearest first. It takes no
// request when the fields are known, unless Refresh has them read anew.
func (c *Client) SearchFields(ctx context.Context, in FieldsRequest) (*FieldList, error) {
	list := "fields " + in.Keyword
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	if in.Refresh {
		c.fields.forget()
	}
	known, err := c.allFields(ctx, a)
	if err != nil {
		return nil, err
	}
	type match struct {
		field
		distance int
	}
	var found []match
	for _, f := range known {
		if d, ok := fieldDistance(strings.ToLower(oneLine(in.Keyword)), f); ok {
			found = append(found, match{f, d})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return cmp.Compare(a.distance, b.distance) })
	out := &FieldList{Fields: []FieldInfo{}, Total: len(found)}
	start := min(position.Start, len(found))
	end := min(start+max(in.Limit, 1), len(found))
	for _, m := range found[start:end] {
		out.Fields = append(out.Fields, FieldInfo{ID: m.id, Name: oneLine(m.name), Type: m.schema.describe()})
	}
	if end < len(found) {
		out.Cursor = atlassian.Cursor{Start: end}.Encode(list)
	}
	return out, nil
}

// fieldDistance is how far a field is from a keyword: its very name or id, the beginning of its
// name, a part of it, a word that is misspelt.
func fieldDistance(keyword string, f field) (int, bool) {
	name, id := strings.ToLower(oneLine(f.name)), strings.ToLower(f.id)
	switch {
	case keyword == "" || keyword == name || keyword == id:
		return 0, true
	case strings.HasPrefix(name, keyword):
		return 1, true
	case strings.Contains(name, keyword) || strings.Contains(id, keyword):
		return 2, true
	}
	keyword = keyword[:min(len(keyword), maxNearestLength)]
	best := editDistance(keyword, name)
	for word := range strings.FieldsSeq(name) {
		best = min(best, editDistance(keyword, word))
	}
	return 2 + best, best <= len(keyword)/4
}

func (s fieldSchema) describe() string {
	text := s.Type
	if s.Items != "" {
		text += " of " + s.Items
	}
	if kind := s.Custom[strings.LastIndexByte(s.Custom, ':')+1:]; kind != "" {
		text = strings.TrimSpace(text + " (" + kind + ")")
	}
	return oneLine(text)
}

func (c *fieldCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = time.Time{}
}
