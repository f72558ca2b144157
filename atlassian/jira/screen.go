package jira

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// screenValues turns a caller's values into the form that Jira takes, by what the screen says of
// its fields. Fields go by name or id; a value that is an object already, or a list of objects, is
// sent as it is.
func (a api) screenValues(screen map[string]transitionMeta, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(given))
	for _, name := range sortedKeys(given) {
		id, meta, err := screenField(screen, name)
		if err != nil {
			return nil, err
		}
		if _, twice := out[id]; twice {
			return nil, &atlassian.InputError{Argument: "fields", Problem: quoted(name) + " is given twice, by name and by id"}
		}
		if out[id], err = a.fieldValue(meta, name, given[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func screenField(screen map[string]transitionMeta, name string) (string, transitionMeta, error) {
	if meta, ok := screen[name]; ok {
		return name, meta, nil
	}
	var ids []string
	for _, id := range sortedKeys(screen) {
		if strings.EqualFold(screen[id].Name, name) || strings.EqualFold(id, name) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 1 {
		return ids[0], screen[ids[0]], nil
	}
	e := &atlassian.InputError{Argument: "fields", Problem: "this transition has no field " + quoted(name)}
	if len(ids) > 1 {
		e.Problem = quoted(name) + " names more than one field of this transition"
	}
	var known []string
	for _, id := range sortedKeys(screen) {
		known = append(known, oneLine(screen[id].Name)+" ("+id+")")
	}
	e.Hint = "It has none; change other fields of the issue separately."
	if len(known) > 0 {
		e.Hint = "It has " + quotedList(known) + "."
	}
	return "", transitionMeta{}, e
}

// fieldValue puts one value into the form of its field. Null clears.
func (a api) fieldValue(meta transitionMeta, name string, given any) (any, error) {
	switch v := given.(type) {
	case string:
		if meta.Schema.Type == "array" {
			return a.listValue(meta, name, []any{v})
		}
		return a.textValue(meta, meta.Schema.Type, name, v)
	case []any:
		return a.listValue(meta, name, v)
	}
	return given, nil
}

func (a api) listValue(meta transitionMeta, name string, given []any) (any, error) {
	out := make([]any, len(given))
	for i, item := range given {
		out[i] = item
		if s, isText := item.(string); isText {
			value, err := a.textValue(meta, meta.Schema.Items, name, s)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
	}
	return out, nil
}

// textValue is what a text stands for in a field of the given type.
func (a api) textValue(meta transitionMeta, kind, name, s string) (any, error) {
	if len(meta.Allowed) > 0 {
		return allowedValue(meta, name, s)
	}
	switch kind {
	case "user":
		if a.isCloud() {
			return map[string]any{"accountId": s}, nil
		}
		return map[string]any{"name": s}, nil
	case "option":
		return map[string]any{"value": s}, nil
	case "resolution", "priority", "version", "component", "group", "issuetype", "status":
		return map[string]any{"name": s}, nil
	case "project", "issuelink":
		return map[string]any{"key": s}, nil
	}
	if meta.Schema.Custom == customTextArea || meta.Schema.System == "description" || meta.Schema.System == "environment" {
		return a.fromMarkdown(s), nil
	}
	return s, nil
}

// allowedValue finds the allowed value that a text names, by name in any case of letters or by id.
func allowedValue(meta transitionMeta, name, s string) (any, error) {
	i := slices.IndexFunc(meta.Allowed, func(raw json.RawMessage) bool {
		return strings.EqualFold(allowedName(raw), oneLine(s)) || allowedID(raw) == s
	})
	if i < 0 {
		return nil, &atlassian.InputError{
			Argument: "fields", Problem: quoted(s) + " is not a value of " + quoted(name),
			Hint: "Allowed: " + quotedList(meta.allowed()) + ".",
		}
	}
	if id := allowedID(meta.Allowed[i]); id != "" {
		return map[string]any{"id": id}, nil
	}
	return meta.Allowed[i], nil
}

func allowedID(raw json.RawMessage) string {
	var v struct {
		ID string `json:"id"`
	}
	decode(raw, &v)
	return v.ID
}

// explainFields adds to Jira's complaint about fields what those fields are called and which
// values they take.
func explainFields(err error, screen map[string]transitionMeta) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || len(screen) == 0 || e.Status != 400 {
		return err
	}
	var hints []string
	for _, id := range sortedKeys(screen) {
		meta := screen[id]
		_, blamed := e.Fields[id]
		missing := meta.Required && !meta.HasDefault
		if !blamed && !missing {
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
	explained.Hint = strings.Join(append(hints, e.Hint), " ")
	explained.Hint = strings.TrimSpace(explained.Hint)
	return &explained
}
