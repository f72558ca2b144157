package jira

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// OptionsRequest says of which field the options are wanted. They differ from project to project
// and from type to type: without a project, Cloud alone can tell, by a context of the field, and
// only to an administrator.
type OptionsRequest struct {
	Field string // id or name
	// Project is a project key, and Type a type of issue there; empty is the first with the field.
	Project, Type string
	// Context is the id of a context on Cloud; empty is the first.
	Context string
	// Contains narrows the options to those that contain a text.
	Contains string
	// Limit is how many to show, and Cursor continues a list.
	Limit  int
	Cursor string
}

// Option is a value to choose from.
type Option struct {
	ID       string   `json:"id,omitempty"`
	Value    string   `json:"value"`
	Disabled bool     `json:"disabled,omitempty"`
	Children []Option `json:"children,omitempty"`
}

// OptionList are the values of a field.
type OptionList struct {
	Field string `json:"field"`
	Name  string `json:"name,omitempty"`
	// Type is the type of issue whose options these are.
	Type    string   `json:"issue_type,omitempty"`
	Context string   `json:"context,omitempty"`
	Options []Option `json:"options"`
	// Total is how many there are, Cursor gets the next ones.
	Total  int    `json:"total"`
	Cursor string `json:"cursor,omitempty"`
}

// FieldOptions lists the options of a field.
func (c *Client) FieldOptions(ctx context.Context, in OptionsRequest) (*OptionList, error) {
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.allFields(ctx, a)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(in.Field)
	if id, known := systemField(name); known {
		name = id
	}
	found := matchFields(list, name)
	switch {
	case len(found) == 0:
		return nil, unknownField("field_id", name, list)
	case len(found) > 1:
		var ids []string
		for _, f := range found {
			ids = append(ids, f.id)
		}
		return nil, &atlassian.InputError{Argument: "field_id", Problem: quoted(name) + " names several fields", Hint: "Give the id of one: " + quotedList(ids) + "."}
	}
	out := &OptionList{Field: found[0].id, Name: oneLine(found[0].name)}
	var all []Option
	switch {
	case in.Project != "":
		all, err = c.screenOptions(ctx, a, in, out)
	case a.isCloud():
		all, err = c.contextOptions(ctx, a, in, out)
	default:
		err = &atlassian.InputError{Argument: "project_key", Problem: "is missing", Hint: "Jira Data Center tells options for a project and a type of issue."}
	}
	if err != nil {
		return nil, err
	}
	return out, out.fill(all, in)
}

// fill takes the options that contain the text, as many as are wanted and fit.
func (l *OptionList) fill(all []Option, in OptionsRequest) error {
	list := strings.Join([]string{"options", l.Field, l.Type, in.Project, l.Context, in.Contains}, " ")
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(o Option) bool { return !o.contains(strings.ToLower(oneLine(in.Contains))) })
	l.Total, l.Options = len(found), []Option{}
	left := resultBudget
	for i := min(position.Start, len(found)); i < len(found); i++ {
		cost := size(found[i]) + 1
		if full := cost > left && len(l.Options) > 0; full || len(l.Options) == max(in.Limit, 1) {
			l.Cursor = atlassian.Cursor{Start: i}.Encode(list)
			return nil
		}
		left -= cost
		l.Options = append(l.Options, found[i])
	}
	return nil
}

func (o Option) contains(text string) bool {
	if strings.Contains(strings.ToLower(o.Value), text) {
		return true
	}
	for _, child := range o.Children {
		if child.contains(text) {
			return true
		}
	}
	return false
}

// screenOptions are the allowed values on the screen of the named type, or of the first that has
// the field.
func (c *Client) screenOptions(ctx context.Context, a api, in OptionsRequest, out *OptionList) ([]Option, error) {
	project, err := atlassian.CheckProjectKey("project_key", in.Project)
	if err != nil {
		return nil, err
	}
	types, err := c.issueTypes(ctx, a, project)
	if err != nil {
		return nil, err
	}
	if in.Type != "" {
		kind, err := chooseType(types, in.Type)
		if err != nil {
			return nil, err
		}
		types = []issueType{kind}
	}
	for _, kind := range types {
		screen, err := c.createScreen(ctx, a, project, kind)
		if err != nil {
			return nil, err
		}
		meta, ok := screen[out.Field]
		if !ok {
			continue
		}
		out.Type = oneLine(kind.Name)
		if len(meta.Allowed) == 0 {
			return nil, &atlassian.InputError{Argument: "field_id", Problem: quoted(out.Name) + " has no options: it takes a " + meta.Schema.describe()}
		}
		return optionsOf(meta.Allowed), nil
	}
	return nil, &atlassian.InputError{Argument: "issue_type", Problem: quoted(out.Name) + " is not on the screen on which such an issue is created in " + project}
}

func optionsOf(list []json.RawMessage) []Option {
	out := make([]Option, 0, len(list))
	for _, raw := range list {
		var below struct {
			Children []json.RawMessage `json:"children"`
		}
		decode(raw, &below)
		o := Option{ID: allowedID(raw), Value: allowedName(raw)}
		if len(below.Children) > 0 {
			o.Children = optionsOf(below.Children)
		}
		out = append(out, o)
	}
	return out
}

// rawContextOption is an option of a context; one with an OptionID is a child of that.
type rawContextOption struct {
	ID       string `json:"id"`
	Value    string `json:"value"`
	OptionID string `json:"optionId"`
	Disabled bool   `json:"disabled"`
}

// contextOptions are the options of a context of a custom field, which Cloud tells administrators.
func (c *Client) contextOptions(ctx context.Context, a api, in OptionsRequest, out *OptionList) ([]Option, error) {
	id := in.Context
	if id == "" {
		var page struct {
			Values []struct {
				ID string `json:"id"`
			} `json:"values"`
		}
		if err := c.call(ctx, a, http.MethodGet, a.path(url.Values{"maxResults": {"1"}}, "field", out.Field, "context"), nil, &page); err != nil {
			return nil, explainContext(err)
		}
		if len(page.Values) == 0 {
			return nil, &atlassian.InputError{Argument: "field_id", Problem: quoted(out.Name) + " has no context", Hint: "Give project_key."}
		}
		id = page.Values[0].ID
	}
	id, err := atlassian.CheckID("context_id", id)
	if err != nil {
		return nil, err
	}
	out.Context = id
	var all []rawContextOption
	for range maxMetaPages {
		var page struct {
			Last   bool               `json:"isLast"`
			Values []rawContextOption `json:"values"`
		}
		query := url.Values{"startAt": {strconv.Itoa(len(all))}, "maxResults": {"100"}}
		if err := c.call(ctx, a, http.MethodGet, a.path(query, "field", out.Field, "context", id, "option"), nil, &page); err != nil {
			return nil, explainContext(err)
		}
		if all = append(all, page.Values...); page.Last || len(page.Values) == 0 {
			break
		}
	}
	return nested(all), nil
}

func nested(all []rawContextOption) []Option {
	children := map[string][]Option{}
	for _, o := range all {
		if o.OptionID != "" {
			children[o.OptionID] = append(children[o.OptionID], Option{ID: o.ID, Value: oneLine(o.Value), Disabled: o.Disabled})
		}
	}
	var out []Option
	for _, o := range all {
		if o.OptionID == "" {
			out = append(out, Option{ID: o.ID, Value: oneLine(o.Value), Disabled: o.Disabled, Children: children[o.ID]})
		}
	}
	return out
}

// explainContext says how to do without an administrator's permission.
func explainContext(err error) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || (e.Status != http.StatusForbidden && e.Status != http.StatusNotFound) {
		return err
	}
	explained := *e
	explained.Hint = "Give project_key and issue_type: their options need no administrator."
	return &explained
}
