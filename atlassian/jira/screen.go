package jira

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// form is a screen to be filled in.
type form struct {
	client *Client
	api    api
	// argument is where the values come from, and what names the screen, as in "this transition".
	argument, what string
	// own are the values that came in arguments of their own, by the names of these.
	own    []string
	screen map[string]fieldMeta
	format markup.Format
	// was are the values that the fields have, for rich text that is merged into what is there.
	was map[string]json.RawMessage
	// project is the key of the project whose boards have the sprints.
	project string
	found   *lookups
}

// deeds are what Jira shows among the fields of a screen and what is no value of an issue. Whoever may
// do them is decided by arguments and tools of their own.
var deeds = []string{"comment", "worklog"}

// lookups are what was found for the names in one call, so that each is looked up once.
type lookups struct {
	people  map[string]rawUser
	sprints map[string][]sprint // the open ones, by project
}

func newLookups() *lookups { return &lookups{map[string]rawUser{}, map[string][]sprint{}} }

// fill turns a caller's values into the form that Jira takes, by what the screen says of its
// fields. Fields go by name or id; a value that is an object already is sent as it is.
func (f *form) fill(ctx context.Context, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(given))
	for _, name := range sortedKeys(given) {
		id, meta, err := f.field(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(deeds, id) {
			return nil, f.bad(quoted(name)+" is no field to be set", "There are arguments or tools for it.")
		}
		if _, twice := out[id]; twice {
			return nil, f.bad(quoted(name)+" is given twice, by name and by id", "")
		}
		if out[id], err = f.value(ctx, id, meta, name, given[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// place is where a value came from.
func (f *form) place(name string) string {
	if slices.Contains(f.own, name) {
		return name
	}
	return f.argument + "." + name
}

func (f *form) bad(problem, hint string) *atlassian.InputError {
	return &atlassian.InputError{Argument: f.argument, Problem: problem, Hint: hint}
}

// parentNames are what callers call the issue above an issue, whatever its type.
var parentNames = []string{"parent", "parent_key", "epic", "epic_key", "epickey", "epic_link", "epiclink", "epic link"}

// find returns the ids of the fields that a name may mean.
func (f *form) find(name string) []string {
	if _, ok := f.screen[name]; ok {
		return []string{name}
	}
	if slices.Contains(parentNames, strings.ToLower(name)) {
		if id := f.parentField(); id != "" {
			return []string{id}
		}
	}
	if id, ok := systemField(name); ok && f.screen[id].Name != "" {
		return []string{id}
	}
	var ids []string
	for _, id := range sortedKeys(f.screen) {
		// Under the name of a field that NamedIssues passed over there must be none that it looks at.
		if namesNoIssue(name) && f.screen[id].mayNameIssues() {
			continue
		}
		if strings.EqualFold(oneLine(f.screen[id].Name), oneLine(name)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// parentField is the field for the issue above: the parent, or on Data Center the epic of an issue
// that is no sub-task.
func (f *form) parentField() string {
	if _, ok := f.screen["parent"]; ok {
		return "parent"
	}
	for _, id := range sortedKeys(f.screen) {
		if f.screen[id].Schema.Custom == customEpicLink {
			return id
		}
	}
	return ""
}

func (f *form) field(name string) (string, fieldMeta, error) {
	ids := f.find(name)
	if len(ids) == 1 {
		return ids[0], f.screen[ids[0]], nil
	}
	e := f.bad(f.what+" has no field "+quoted(name), "It has none; change other fields of the issue separately.")
	if len(ids) > 1 {
		e.Problem = quoted(name) + " names more than one field of " + f.what
	}
	var known, labels []string
	for _, id := range sortedKeys(f.screen) {
		label := oneLine(f.screen[id].Name) + " (" + id + ")"
		known, labels = append(known, oneLine(f.screen[id].Name)), append(labels, label)
	}
	near := nearest(name, known, 4)
	switch {
	case len(ids) > 1:
		e.Hint = "Give the id of one: " + quotedList(ids) + "."
	case len(near) > 0 && len(labels) > maxListedFields:
		e.Hint = "Did you mean " + quotedList(near) + "?"
	case len(labels) > 0:
		e.Hint = "It has " + quotedList(labels[:min(len(labels), maxListedFields)]) + "."
	}
	if len(labels) > maxListedFields && len(near) == 0 {
		e.Hint = strings.TrimSuffix(e.Hint, ".") + " and others."
	}
	return "", fieldMeta{}, e
}

// maxListedFields is how many fields of a screen an error names.
const maxListedFields = 25

// missing is an InputError about the fields that the screen demands and out lacks.
func (f *form) missing(out map[string]any) error {
	var missing []string
	for _, id := range sortedKeys(f.screen) {
		meta := f.screen[id]
		if value, given := out[id]; meta.must() && (!given || value == nil) && id != "reporter" {
			missing = append(missing, describeField(id, meta))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return f.bad(f.what+" demands "+strings.Join(missing, "; "), "Nothing was sent.")
}

func describeField(id string, meta fieldMeta) string {
	text := quoted(id) + " (" + oneLine(meta.Name) + ")"
	if allowed := meta.allowed(); len(allowed) > 0 {
		text += ", allowed: " + quotedList(allowed)
	}
	return text
}

// explainFields adds to Jira's complaint about fields what those fields are called and which
// values they take.
func explainFields(err error, screen map[string]fieldMeta) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || len(screen) == 0 || e.Status != http.StatusBadRequest {
		return err
	}
	var hints []string
	for _, id := range sortedKeys(screen) {
		meta := screen[id]
		_, blamed := e.Fields[id]
		if !blamed && (!meta.must() || len(screen) > maxListedFields) {
			continue
		}
		hint := "Put " + quoted(id) + " (" + oneLine(meta.Name) + ") into fields"
		if allowed := meta.allowed(); len(allowed) > 0 {
			hint += "; allowed: " + quotedList(allowed)
		}
		hints = append(hints, hint+".")
	}
	if len(hints) == 0 {
		return err
	}
	explained := *e
	explained.Hint = strings.TrimSpace(strings.Join(append(hints, e.Hint), " "))
	return &explained
}
