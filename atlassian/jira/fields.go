package jira

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ctreminiom/go-atlassian/v2/pkg/infra/models"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// fieldsTTL is how long the list of a site's fields is used before it is read again.
const fieldsTTL = 15 * time.Minute

// field is what must be known of a field to read and write it.
type field struct {
	id, name string
	schema   fieldSchema
}

// fieldSchema is Jira's description of a field's type; custom is the key of a custom field's kind.
type fieldSchema struct {
	Type   string `json:"type"`
	Items  string `json:"items"`
	Custom string `json:"custom"`
	System string `json:"system"`
}

// The kinds of custom field that need to be told apart.
const (
	customTextArea = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
	customEpicLink = "com.pyxis.greenhopper.jira:gh-epic-link"
)

// fieldCache holds the fields of the site. busy is a lock that can be waited for with a context.
type fieldCache struct {
	busy chan struct{}

	mu   sync.Mutex
	list []field
	read time.Time
}

func newFieldCache() fieldCache { return fieldCache{busy: make(chan struct{}, 1)} }

func (c *fieldCache) current() []field {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.read) > fieldsTTL {
		return nil
	}
	return c.list
}

// allFields returns the fields of the site. One caller at a time asks for them.
func (c *Client) allFields(ctx context.Context, a api) ([]field, error) {
	if list := c.fields.current(); list != nil {
		return list, nil
	}
	select {
	case c.fields.busy <- struct{}{}:
		defer func() { <-c.fields.busy }()
	case <-ctx.Done():
		e := &atlassian.Error{Product: atlassian.Jira, Messages: []string{"the call ended while the fields were being read"}}
		return nil, fmt.Errorf("%w: %w", e, ctx.Err())
	}
	if list := c.fields.current(); list != nil {
		return list, nil
	}
	list, err := c.readFields(ctx, a)
	if err != nil {
		return nil, err
	}
	c.fields.mu.Lock()
	defer c.fields.mu.Unlock()
	c.fields.list, c.fields.read = list, time.Now()
	return list, nil
}

func (c *Client) readFields(ctx context.Context, a api) ([]field, error) {
	get := c.dc.Issue.Field.Gets
	if a.isCloud() {
		get = c.cloud.Issue.Field.Gets
	}
	found, _, err := get(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]field, 0, len(found))
	for _, f := range found {
		list = append(list, field{id: f.ID, name: f.Name, schema: schemaOf(f.Schema)})
	}
	return list, nil
}

func schemaOf(s *models.IssueFieldSchemaScheme) fieldSchema {
	if s == nil {
		return fieldSchema{}
	}
	return fieldSchema{Type: s.Type, Items: s.Items, Custom: s.Custom, System: s.System}
}

// systemFields are the fields that every Jira has, by id, which need no look-up.
var systemFields = []string{
	"summary", "description", "environment", "status", "statuscategorychangedate", "resolution", "resolutiondate",
	"issuetype", "project", "priority", "assignee", "reporter", "creator", "labels", "components", "versions",
	"fixVersions", "created", "updated", "duedate", "parent", "subtasks", "issuelinks", "attachment", "comment",
	"security", "votes", "watches", "worklog", "timetracking", "timespent", "timeestimate", "timeoriginalestimate",
	"aggregatetimespent", "aggregatetimeestimate", "aggregatetimeoriginalestimate", "progress", "aggregateprogress",
	"lastViewed", "workratio",
}

// aliases are names that models use for system fields.
var aliases = map[string]string{
	"type": "issuetype", "issue_type": "issuetype", "due": "duedate", "due_date": "duedate", "links": "issuelinks",
	"attachments": "attachment", "comments": "comment", "fix_versions": "fixVersions", "affects_versions": "versions",
}

// selection is which fields a read asks for and what they are called in its result.
type selection struct {
	ids    []string          // what is sent to Jira
	labels map[string]string // id of a further field -> name in the result
	all    bool              // "*all"
	kinds  map[string]fieldSchema
}

func (s *selection) add(id string) {
	if !slices.Contains(s.ids, id) {
		s.ids = append(s.ids, id)
	}
}

func (s *selection) has(id string) bool { return s.all || slices.Contains(s.ids, id) }

// selectFields turns names and ids of fields into what Jira takes. Names are looked up, in any
// case of letters; an unknown one is an InputError with the nearest names.
func (c *Client) selectFields(ctx context.Context, a api, asked []string) (*selection, error) {
	s := &selection{labels: map[string]string{}, kinds: map[string]fieldSchema{}}
	for _, name := range asked {
		name = strings.TrimSpace(name)
		switch id, known := systemField(name); {
		case name == "" || strings.EqualFold(name, "key") || strings.EqualFold(name, "id"):
		case name == "*all" || name == "*navigable":
			s.all = true
			s.add(name)
		case known:
			s.add(id)
			s.kinds[id] = fieldSchema{System: id} // by which rich text is known
		default:
			if err := c.selectByLookup(ctx, a, s, name); err != nil {
				return nil, err
			}
		}
	}
	if s.all {
		return s, c.labelAll(ctx, a, s)
	}
	return s, nil
}

func systemField(name string) (string, bool) {
	if id, ok := aliases[strings.ToLower(name)]; ok {
		return id, true
	}
	i := slices.IndexFunc(systemFields, func(id string) bool { return strings.EqualFold(id, name) })
	if i < 0 {
		return "", false
	}
	return systemFields[i], true
}

func (c *Client) selectByLookup(ctx context.Context, a api, s *selection, name string) error {
	list, err := c.allFields(ctx, a)
	if err != nil {
		return err
	}
	found := matchFields(list, name)
	if len(found) == 0 {
		return unknownField("fields", name, list)
	}
	for _, f := range found {
		s.add(f.id)
		s.kinds[f.id] = f.schema
		s.labels[f.id] = f.name
		if f.id == name {
			s.labels[f.id] = name
		} else if len(found) > 1 {
			s.labels[f.id] = f.name + " (" + f.id + ")"
		}
	}
	return nil
}

// labelAll names every field of the site, for a read of all of them.
func (c *Client) labelAll(ctx context.Context, a api, s *selection) error {
	list, err := c.allFields(ctx, a)
	if err != nil {
		return err
	}
	uses := map[string]int{}
	for _, f := range list {
		uses[f.name]++
	}
	for _, f := range list {
		s.kinds[f.id] = f.schema
		if _, named := s.labels[f.id]; named {
			continue
		}
		s.labels[f.id] = f.name
		if uses[f.name] > 1 {
			s.labels[f.id] = f.name + " (" + f.id + ")"
		}
	}
	return nil
}

// matchFields returns the field with the id, or all those with the name.
func matchFields(list []field, name string) []field {
	var found []field
	for _, f := range list {
		if f.id == name {
			return []field{f}
		}
		if strings.EqualFold(f.name, name) {
			found = append(found, f)
		}
	}
	return found
}

func unknownField(argument, name string, list []field) error {
	names := make([]string, 0, len(list))
	for _, f := range list {
		names = append(names, f.name)
	}
	e := &atlassian.InputError{Argument: argument, Problem: "there is no field " + quoted(name)}
	if near := nearest(name, names, 4); len(near) > 0 {
		e.Hint = "Did you mean " + quotedList(near) + "?"
	}
	return e
}

// withEpic adds Data Center's field for the epic of an issue, which is no parent there. It is not worth
// failing a read for.
func (c *Client) withEpic(ctx context.Context, a api, fields []string) []string {
	if a.isCloud() {
		return fields
	}
	list, err := c.allFields(ctx, a)
	if err != nil {
		return fields
	}
	for _, f := range list {
		if f.schema.Custom == customEpicLink {
			return append(slices.Clip(fields), f.id)
		}
	}
	return fields
}
