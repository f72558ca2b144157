package jira

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// NewIssue is an issue to be created.
type NewIssue struct {
	Project string
	// Type is a name or id; "Epic" and "Sub-task" find the types of these levels whatever the site
	// calls them, epics on Cloud only.
	Type    string
	Summary string
	// Description is rich text in Format, empty for none.
	Description string
	Format      markup.Format
	// Assignee is whoever findPerson finds; empty leaves it to Jira.
	Assignee   string
	Components []string
	// Fields are further values, by name or id of the field. "parent" is the issue above, an epic on
	// Data Center included.
	Fields map[string]any
	// Attribution is a line of plain text below the description. Empty is none.
	Attribution string
}

// CreatedIssue is what came of it.
type CreatedIssue struct {
	Key     string `json:"key"`
	URL     string `json:"url"`
	Type    string `json:"type,omitempty"`
	Summary string `json:"summary,omitempty"`
	// Attribution is the line that was added to the description.
	Attribution string `json:"attribution,omitempty"`
}

// preparedIssue is an issue that Jira should take.
type preparedIssue struct {
	project string
	kind    issueType
	screen  map[string]fieldMeta
	fields  map[string]any
}

// CreateIssue creates an issue, once: a failure that leaves open whether it was created says so.
// Everything is checked against the project's screens first, which takes two requests when they are
// not known yet, one for every person named, and for a sprint those of openSprints.
func (c *Client) CreateIssue(ctx context.Context, in NewIssue) (*CreatedIssue, error) {
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	prepared, err := c.prepare(ctx, a, in, newLookups())
	if err != nil {
		return nil, err
	}
	var made struct {
		Key string `json:"key"`
	}
	if err := c.call(ctx, a, http.MethodPost, a.path(nil, "issue"), map[string]any{"fields": prepared.fields}, &made); err != nil {
		if e, refused := errors.AsType[*atlassian.Error](err); refused && e.Status == http.StatusBadRequest {
			c.forgetMeta(prepared.project, prepared.kind)
		}
		return nil, explainFields(err, prepared.screen)
	}
	return c.created(made.Key, in, prepared), nil
}

func (c *Client) created(key string, in NewIssue, p *preparedIssue) *CreatedIssue {
	return &CreatedIssue{Key: key, URL: c.browseURL(key), Type: oneLine(p.kind.Name), Summary: oneLine(in.Summary), Attribution: in.Attribution}
}

// prepare checks an issue and turns it into what Jira takes. found holds what was looked up before.
func (c *Client) prepare(ctx context.Context, a api, in NewIssue, found *lookups) (*preparedIssue, error) {
	project, err := atlassian.CheckProjectKey("project_key", in.Project)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Summary) == "" {
		return nil, &atlassian.InputError{Argument: "summary", Problem: "is empty"}
	}
	if len(in.Description) > maxBody {
		return nil, checkBody("description", in.Description)
	}
	types, err := c.issueTypes(ctx, a, project)
	if err != nil {
		return nil, err
	}
	kind, err := chooseType(types, in.Type)
	if err != nil {
		return nil, err
	}
	screen, err := c.createScreen(ctx, a, project, kind)
	if err != nil {
		return nil, err
	}
	f := &form{client: c, api: a, argument: "additional_fields", what: oneLine(kind.Name) + " in " + project, screen: screen, format: in.Format, project: project, found: found}
	fields, err := c.newFields(ctx, f, in)
	if err != nil {
		return nil, err
	}
	fields["project"], fields["issuetype"] = map[string]any{"key": project}, map[string]any{"id": kind.ID}
	return &preparedIssue{project: project, kind: kind, screen: screen, fields: fields}, f.missing(fields)
}

// newFields are the values of an issue but for where it goes.
func (c *Client) newFields(ctx context.Context, f *form, in NewIssue) (map[string]any, error) {
	given := maps.Clone(in.Fields)
	if given == nil {
		given = map[string]any{}
	}
	if len(in.Components) > 0 {
		list := make([]any, len(in.Components))
		for i, name := range in.Components {
			list[i] = name
		}
		given["components"] = list
		f.own = append(f.own, "components")
	}
	if in.Assignee != "" {
		given["assignee"] = in.Assignee
		f.own = append(f.own, "assignee")
	}
	for _, fixed := range []string{"project", "issuetype", "summary", "description"} {
		for name := range given {
			if id, known := systemField(name); known && id == fixed {
				return nil, f.bad(quoted(name)+" has an argument of its own", "")
			}
		}
	}
	fields, err := f.fill(ctx, given)
	if err != nil {
		return nil, err
	}
	fields["summary"] = in.Summary
	format := in.Format
	if strings.TrimSpace(in.Description) == "" {
		format = markup.Markdown // nothing is no document in other formats
	}
	if strings.TrimSpace(in.Description) != "" || in.Attribution != "" {
		if fields["description"], err = f.api.written("description", in.Description, format, in.Attribution); err != nil {
			return nil, err
		}
	}
	for id, meta := range f.screen {
		if meta.Schema.Custom == customEpicName && fields[id] == nil && meta.must() {
			fields[id] = in.Summary // which people never see
		}
	}
	return fields, nil
}
