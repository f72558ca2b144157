package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// fieldMeta is what Jira says of a field on a screen.
type fieldMeta struct {
	FieldID    string            `json:"fieldId"`
	Key        string            `json:"key"`
	Required   bool              `json:"required"`
	HasDefault bool              `json:"hasDefaultValue"`
	Name       string            `json:"name"`
	Schema     fieldSchema       `json:"schema"`
	Allowed    []json.RawMessage `json:"allowedValues"`
}

// must says that the field needs a value from the caller.
func (m fieldMeta) must() bool { return m.Required && !m.HasDefault }

// isRichText says that the field holds a document on Cloud and wiki markup on Data Center.
func (m fieldMeta) isRichText() bool {
	return m.Schema.Custom == customTextArea || m.Schema.System == "description" || m.Schema.System == "environment"
}

// issueType is a type of issue that can be created. Level is its place in the hierarchy, which
// only Cloud tells: 0 is a story or task, 1 an epic, -1 a sub-task.
type issueType struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Subtask bool   `json:"subtask"`
	Level   *int   `json:"hierarchyLevel"`
}

const (
	// metaTTL is how long types and screens are used before they are read again.
	metaTTL = 10 * time.Minute
	// metaSize bounds how many of each are kept.
	metaSize = 300
	// metaPage is how many entries are asked for at once, and maxMetaPages how often.
	metaPage, maxMetaPages = 200, 50
)

// metaCache keeps what is asked for again and again and hardly changes.
type metaCache[V any] struct {
	mu      sync.Mutex
	entries map[string]metaEntry[V]
}

type metaEntry[V any] struct {
	value V
	read  time.Time
}

func (c *metaCache[V]) get(key string, read func() (V, error)) (V, error) {
	c.mu.Lock()
	e, ok := c.entries[key]
	c.mu.Unlock()
	if ok && time.Since(e.read) < metaTTL {
		return e.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= metaSize {
		c.entries = make(map[string]metaEntry[V])
	}
	c.entries[key] = metaEntry[V]{value, time.Now()}
	return value, nil
}

// forget drops an entry that turned out to be out of date.
func (c *metaCache[V]) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}

// issueTypes are the types that can be created in a project.
func (c *Client) issueTypes(ctx context.Context, a api, project string) ([]issueType, error) {
	return c.types.get(project, func() ([]issueType, error) {
		raw, err := c.createMeta(ctx, a, project, "issuetypes")
		if err != nil {
			return nil, err
		}
		types := make([]issueType, len(raw))
		for i := range raw {
			decode(raw[i], &types[i])
		}
		if len(types) == 0 {
			return nil, &atlassian.Error{
				Product: atlassian.Jira, Status: http.StatusForbidden, Messages: []string{"no issue can be created in " + project},
				Hint: "Nothing was sent. The account of this server may not create issues there, or the project does not exist.",
			}
		}
		return types, nil
	})
}

// createScreen is what Jira asks for when an issue of the type is created.
func (c *Client) createScreen(ctx context.Context, a api, project string, kind issueType) (map[string]fieldMeta, error) {
	return c.screens.get(project+" "+kind.ID, func() (map[string]fieldMeta, error) {
		raw, err := c.createMeta(ctx, a, project, "issuetypes", kind.ID)
		if err != nil {
			return nil, err
		}
		screen := make(map[string]fieldMeta, len(raw))
		for _, r := range raw {
			var m fieldMeta
			if decode(r, &m) && m.FieldID != "" {
				screen[m.FieldID] = m
			} else if m.Key != "" {
				screen[m.Key] = m
			}
		}
		return screen, nil
	})
}

// forgetMeta drops what is known of a type after Jira refused what it seemed to allow.
func (c *Client) forgetMeta(project string, kind issueType) {
	c.types.forget(project)
	c.screens.forget(project + " " + kind.ID)
}

// createMeta reads all pages of metadata. Its lists have three names.
func (c *Client) createMeta(ctx context.Context, a api, project string, path ...string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for range maxMetaPages {
		query := url.Values{"startAt": {strconv.Itoa(len(all))}, "maxResults": {strconv.Itoa(metaPage)}}
		var page struct {
			Total  int               `json:"total"`
			Types  []json.RawMessage `json:"issueTypes"`
			Fields []json.RawMessage `json:"fields"`
			Values []json.RawMessage `json:"values"`
		}
		if err := c.call(ctx, a, http.MethodGet, a.path(query, append([]string{"issue", "createmeta", project}, path...)...), nil, &page); err != nil {
			return nil, err
		}
		got := len(page.Types) + len(page.Fields) + len(page.Values)
		all = append(append(append(all, page.Types...), page.Fields...), page.Values...)
		if got == 0 || len(all) >= page.Total {
			break
		}
	}
	return all, nil
}

// chooseType finds the type of issue that is meant: by id or name, and where a site calls them
// otherwise, sub-tasks and epics by their place in the hierarchy.
func chooseType(types []issueType, wanted string) (issueType, error) {
	wanted = oneLine(wanted)
	folded := strings.NewReplacer("-", "", " ", "", "_", "").Replace(strings.ToLower(wanted))
	for _, matches := range []func(issueType) bool{
		func(t issueType) bool { return t.ID == wanted },
		func(t issueType) bool { return strings.EqualFold(oneLine(t.Name), wanted) },
		func(t issueType) bool { return folded == "subtask" && t.Subtask },
		func(t issueType) bool { return folded == "epic" && t.Level != nil && *t.Level == 1 },
	} {
		var found []issueType
		for _, t := range types {
			if matches(t) {
				found = append(found, t)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name
	}
	return issueType{}, &atlassian.InputError{Argument: "issue_type", Problem: "there is no type " + quoted(wanted), Hint: "There are " + quotedList(names) + "."}
}
