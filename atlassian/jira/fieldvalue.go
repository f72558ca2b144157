package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/people"
)

// The further kinds of custom field that need to be told apart.
const (
	customSprint   = "com.pyxis.greenhopper.jira:gh-sprint"
	customEpicName = "com.pyxis.greenhopper.jira:gh-epic-label"
)

// maxNamedPeople is how many people are looked up for the fields of one call: two for each issue of a batch.
const maxNamedPeople = 2 * MaxBatch

// value puts one value into the form of its field. Null clears.
func (f *form) value(ctx context.Context, id string, meta fieldMeta, name string, given any) (any, error) {
	list, isList := given.([]any)
	text, isText := given.(string)
	switch {
	case given == nil && meta.Schema.Type == "array" && meta.Schema.Custom != customSprint:
		return []any{}, nil
	case given == nil:
		return nil, nil
	case meta.isRichText() && isText:
		return f.richText(id, name, text)
	case meta.Schema.Custom == customSprint:
		return f.sprint(ctx, name, given)
	case meta.Schema.Type == "option-with-child":
		return f.cascade(meta, name, given)
	case meta.Schema.Type != "array":
		if isList && len(list) == 1 {
			given = list[0]
		}
		return f.single(ctx, meta, meta.Schema.Type, name, given)
	case !isList:
		list = f.split(meta, given)
	}
	out := make([]any, len(list))
	for i, item := range list {
		var err error
		if out[i], err = f.single(ctx, meta, meta.Schema.Items, name, item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// richText is a new text for what the field has. Without knowing that, a document would lose whatever
// the text does not show.
func (f *form) richText(id, name, text string) (any, error) {
	if _, read := f.was[id]; f.was != nil && !read && f.api.isCloud() {
		return nil, f.bad("the text that "+quoted(name)+" has could not be read, so it cannot be changed safely", "Name the field by its id, "+id+".")
	}
	return f.api.edited(f.place(name), f.was[id], text, f.format, "")
}

// split makes a list of a value that is none. A text is divided at commas unless it is one of the
// allowed values.
func (f *form) split(meta fieldMeta, given any) []any {
	text, isText := given.(string)
	if !isText || findAllowed(meta.Allowed, text) != nil {
		return []any{given}
	}
	out := []any{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// single is what a value stands for in a field, or in a list, of the given type.
func (f *form) single(ctx context.Context, meta fieldMeta, kind, name string, given any) (any, error) {
	s, isText := given.(string)
	switch v := given.(type) {
	case map[string]any:
		if kind != "issuelink" && meta.Schema.Custom != customEpicLink {
			return given, nil
		}
		// A key and no id, which does not say whose project it is.
		s, _ = v["key"].(string)
		isText = true
	case []any:
		return given, nil
	case nil:
		return nil, f.bad(quoted(name)+" holds null in a list", "")
	case bool:
		s = strconv.FormatBool(v)
	case float64:
		if kind == "number" {
			return v, nil
		}
		s, isText = strconv.FormatFloat(v, 'f', -1, 64), true
	}
	if kind == "any" && !isText {
		return given, nil
	}
	if len(meta.Allowed) > 0 {
		return f.allowed(meta, name, s)
	}
	switch kind {
	case "number":
		n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, f.bad(quoted(name)+" takes a number, not "+quoted(s), "")
		}
		return n, nil
	case "date":
		return f.date(name, s)
	case "datetime":
		return f.datetime(name, s)
	case "user":
		return f.user(ctx, name, s)
	}
	return f.named(meta, kind, name, s)
}

// named are the kinds that a name or key stands for.
func (f *form) named(meta fieldMeta, kind, name, s string) (any, error) {
	switch kind {
	case "option":
		return map[string]any{"value": s}, nil
	case "resolution", "priority", "version", "component", "group", "issuetype", "status", "securitylevel":
		return map[string]any{"name": s}, nil
	case "project":
		return map[string]any{"key": s}, nil
	case "issuelink":
		key, err := atlassian.CheckIssueKey(f.place(name), s)
		return map[string]any{"key": key}, err
	case "timetracking":
		return map[string]any{"originalEstimate": s}, nil
	}
	if meta.Schema.Custom == customEpicLink {
		return atlassian.CheckIssueKey(f.place(name), s)
	}
	if meta.Schema.Type == "array" && kind == "string" && strings.ContainsAny(strings.TrimSpace(s), " \t\n") {
		return nil, f.bad("the label "+quoted(s)+" contains a space, which labels must not", "Join the words with - or _.")
	}
	return s, nil
}

// allowed finds the allowed value that a text names, by name in any case of letters or by id.
func (f *form) allowed(meta fieldMeta, name, s string) (any, error) {
	raw := findAllowed(meta.Allowed, s)
	if raw == nil {
		return nil, f.bad(quoted(s)+" is not a value of "+quoted(name), "Allowed: "+quotedList(meta.allowed())+".")
	}
	if id := allowedID(raw); id != "" {
		return map[string]any{"id": id}, nil
	}
	return raw, nil
}

func findAllowed(list []json.RawMessage, s string) json.RawMessage {
	i := slices.IndexFunc(list, func(raw json.RawMessage) bool {
		return strings.EqualFold(allowedName(raw), oneLine(s)) || allowedID(raw) == strings.TrimSpace(s)
	})
	if i < 0 {
		return nil
	}
	return list[i]
}

func allowedID(raw json.RawMessage) string {
	var v struct {
		ID string `json:"id"`
	}
	decode(raw, &v)
	return v.ID
}

// cascade reads a value of two levels: "Europe / Berlin", ["Europe", "Berlin"], or the first alone.
func (f *form) cascade(meta fieldMeta, name string, given any) (any, error) {
	var parts []string
	switch v := given.(type) {
	case string:
		parts = []string{v}
		if findAllowed(meta.Allowed, v) == nil {
			parts = strings.SplitN(strings.Replace(v, ">", "/", 1), "/", 2)
		}
	case []any:
		for _, item := range v {
			s, _ := item.(string)
			parts = append(parts, s)
		}
	default:
		return given, nil
	}
	if len(parts) == 0 || len(parts) > 2 {
		return nil, f.bad(quoted(name)+" takes one or two values", `Write "parent / child".`)
	}
	value, err := f.allowed(meta, name, strings.TrimSpace(parts[0]))
	if err != nil || len(parts) == 1 {
		return value, err
	}
	var parent struct {
		Children []json.RawMessage `json:"children"`
	}
	decode(findAllowed(meta.Allowed, strings.TrimSpace(parts[0])), &parent)
	child, err := f.allowed(fieldMeta{Allowed: parent.Children}, name, strings.TrimSpace(parts[1]))
	if out, ok := value.(map[string]any); ok && err == nil {
		out["child"] = child
	}
	return value, err
}

// sprint is the id of the open sprint of the project's boards that a text names, or that a number or a
// text is the id of. The id of another is refused: it would show the sprint of a project that the caller
// may not see, and change it.
func (f *form) sprint(ctx context.Context, name string, given any) (any, error) {
	switch v := given.(type) {
	case float64:
		return f.sprintNamed(ctx, name, strconv.FormatFloat(v, 'f', -1, 64))
	case string:
		return f.sprintNamed(ctx, name, v)
	case []any:
		if len(v) == 1 {
			return f.sprint(ctx, name, v[0])
		}
	}
	return nil, f.bad(quoted(name)+" takes one sprint, by its name or its id, a number", "")
}

// sprintNamed chooses among the sprints of the project, which are read once.
func (f *form) sprintNamed(ctx context.Context, name, wanted string) (any, error) {
	open, known := f.found.sprints[f.project]
	if !known {
		var err error
		if open, err = f.client.openSprints(ctx, f.api, f.project); err != nil {
			return nil, err
		}
		f.found.sprints[f.project] = open
	}
	return chooseSprint(open, f.place(name), f.project, wanted)
}

func (f *form) date(name, s string) (any, error) {
	s = strings.TrimSpace(s)
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return nil, f.bad(quoted(name)+" takes a date, not "+quoted(s), "Write it as 2026-12-31.")
	}
	return s, nil
}

func (f *form) datetime(name, s string) (any, error) {
	t, err := pointInTime(s)
	if err != nil {
		return nil, f.bad(quoted(name)+" takes a point in time, not "+quoted(s), "Write it as 2026-12-31T17:00:00+01:00.")
	}
	return t.Format(jiraTime), nil
}

// pointInTime reads a point in time in the forms that callers use. A date alone is its beginning
// in UTC.
func pointInTime(s string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339, jiraTime, "2006-01-02T15:04", time.DateOnly} {
		if t, err = time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, nil
		}
	}
	return t, err
}

// user is the person that a text names, each looked up once. An account id needs no look-up: Jira
// refuses one that is none.
func (f *form) user(ctx context.Context, name, who string) (any, error) {
	if f.api.isCloud() && people.IsAccountID(strings.TrimSpace(who)) {
		return map[string]any{"accountId": strings.TrimSpace(who)}, nil
	}
	u, known := f.found.people[who]
	if !known {
		if len(f.found.people) >= maxNamedPeople {
			return nil, f.bad(fmt.Sprintf("the values name more than %d people", maxNamedPeople), "Give ids, or divide them among several calls.")
		}
		var err error
		if u, err = f.client.findPerson(ctx, f.api, f.place(name), who); err != nil {
			return nil, err
		}
		f.found.people[who] = u
	}
	if f.api.isCloud() {
		return map[string]any{"accountId": u.AccountID}, nil
	}
	return map[string]any{"name": u.Name}, nil
}
