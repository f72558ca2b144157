package jira

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// rawIssue is an issue as Jira sends it.
type rawIssue struct {
	ID          string                     `json:"id"`
	Key         string                     `json:"key"`
	Fields      map[string]json.RawMessage `json:"fields"`
	Transitions []rawTransition            `json:"transitions"`
}

// project is the key of the issue's project.
func (r *rawIssue) project() string {
	var p struct {
		Key string `json:"key"`
	}
	if json.Unmarshal(r.Fields["project"], &p) == nil && p.Key != "" {
		return p.Key
	}
	return atlassian.ProjectOf(r.Key)
}

type commentPage struct {
	Total    int          `json:"total"`
	Comments []rawComment `json:"comments"`
}

type rawComment struct {
	ID         string          `json:"id"`
	Self       string          `json:"self"`
	Author     rawUser         `json:"author"`
	Created    string          `json:"created"`
	Updated    string          `json:"updated"`
	Body       json.RawMessage `json:"body"`
	Visibility *struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"visibility"`
	Public *bool `json:"jsdPublic"`
}

type rawUser struct {
	DisplayName string `json:"displayName"`
	Name        string `json:"name"`
	AccountID   string `json:"accountId"`
	Key         string `json:"key"`
	Email       string `json:"emailAddress"`
	Active      *bool  `json:"active"`
	TimeZone    string `json:"timeZone"`
}

func (u rawUser) String() string { return oneLine(cmp.Or(u.DisplayName, u.Name, u.AccountID)) }

type rawRef struct {
	Key    string `json:"key"`
	Fields struct {
		Summary string `json:"summary"`
		Status  named  `json:"status"`
	} `json:"fields"`
}

func (r rawRef) ref() Ref {
	return Ref{Key: r.Key, Summary: oneLine(r.Fields.Summary), Status: oneLine(r.Fields.Status.Name)}
}

type named struct {
	Name string `json:"name"`
}

// issueReader turns raw issues into compact ones, within a byte budget for all of them.
type issueReader struct {
	client   *Client
	api      api
	selected *selection
	comments int
	budget   *budget
}

// issue reads the short members first, then the ones that can be long, which share what is left.
func (r *issueReader) issue(raw *rawIssue) *Issue {
	out := &Issue{Key: raw.Key, URL: r.client.browseURL(raw.Key), project: raw.project()}
	f := raw.Fields
	out.Summary = oneLine(text(f["summary"]))
	out.Type, out.Resolution, out.Priority = name(f["issuetype"]), name(f["resolution"]), name(f["priority"])
	if out.Status, out.StatusCategory = status(f["status"]); out.StatusCategory == out.Status {
		out.StatusCategory = ""
	}
	out.Reporter = person(f["reporter"])
	if out.Assignee = person(f["assignee"]); out.Assignee == "" && f["assignee"] != nil {
		out.Assignee = "Unassigned"
	}
	out.Labels, out.Components, out.FixVersions = names(f["labels"]), names(f["components"]), names(f["fixVersions"])
	out.Created, out.Updated, out.Due = timestamp(text(f["created"])), timestamp(text(f["updated"])), oneLine(text(f["duedate"]))
	if len(raw.Transitions) > 0 {
		out.Transitions = transitions(raw.Transitions)
	}
	r.budget.spend(out)

	r.relations(f, out)
	r.description(f, out)
	r.further(f, out)
	r.readComments(f["comment"], out)
	return out
}

func (r *issueReader) relations(f map[string]json.RawMessage, out *Issue) {
	var parent rawRef
	if decode(f["parent"], &parent) && parent.Key != "" {
		ref := parent.ref()
		out.Parent = &ref
	}
	for id, kind := range r.selected.kinds {
		if epic := text(f[id]); kind.Custom == customEpicLink && epic != "" && out.Parent == nil {
			out.Parent = &Ref{Key: oneLine(epic)}
		}
	}
	var subtasks []rawRef
	decode(f["subtasks"], &subtasks)
	for _, s := range subtasks {
		out.Subtasks = append(out.Subtasks, s.ref())
	}
	out.Subtasks = fit(r.budget, out, "subtasks", out.Subtasks)
	out.Links = fit(r.budget, out, "links", links(f["issuelinks"]))
	var files []struct {
		Filename string `json:"filename"`
	}
	decode(f["attachment"], &files)
	for _, file := range files {
		out.Attachments = append(out.Attachments, oneLine(file.Filename))
	}
	out.Attachments = fit(r.budget, out, "attachments", out.Attachments)
}

func links(raw json.RawMessage) []Link {
	var list []struct {
		Type struct {
			Inward  string `json:"inward"`
			Outward string `json:"outward"`
		} `json:"type"`
		Inward  *rawRef `json:"inwardIssue"`
		Outward *rawRef `json:"outwardIssue"`
	}
	decode(raw, &list)
	var out []Link
	for _, l := range list {
		if l.Outward != nil {
			out = append(out, Link{Relation: oneLine(l.Type.Outward), Ref: l.Outward.ref()})
		}
		if l.Inward != nil {
			out = append(out, Link{Relation: oneLine(l.Type.Inward), Ref: l.Inward.ref()})
		}
	}
	return out
}

// description gets half of what is left when comments follow, else all of it.
func (r *issueReader) description(f map[string]json.RawMessage, out *Issue) {
	if isNull(f["description"]) {
		return
	}
	share := r.budget.left
	if r.comments > 0 || len(r.selected.labels) > 0 {
		share /= 2
	}
	out.Description = r.budget.text(out, "description", r.api.richText(f["description"]), share)
}

// further reads the fields that Issue has no member for.
func (r *issueReader) further(f map[string]json.RawMessage, out *Issue) {
	for _, id := range r.furtherFields(f) {
		value := r.value(f[id], r.selected.kinds[id])
		if s, isText := value.(string); isText {
			value = r.budget.text(out, "fields."+r.label(id), s, r.budget.left/2)
		} else if cost := size(value); cost > r.budget.left {
			out.Truncated = append(out.Truncated, "The field "+r.label(id)+" is left out: ask for it alone.")
			continue
		} else {
			r.budget.left -= cost
		}
		if value == nil || value == "" {
			continue
		}
		if out.Fields == nil {
			out.Fields = map[string]any{}
		}
		out.Fields[r.label(id)] = value
	}
}

// members are the fields that Issue has members of its own for.
var members = append([]string{"project", "comment"}, usualFields...)

// furtherFields are the ids to read, in a stable order: those asked for in the order of asking,
// else whatever Jira sent.
func (r *issueReader) furtherFields(f map[string]json.RawMessage) []string {
	ids := r.selected.ids
	if r.selected.all {
		ids = sortedKeys(f)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.Contains(members, id) || isNull(f[id]) || r.selected.kinds[id].Custom == customEpicLink
	})
}

func (r *issueReader) label(id string) string {
	if l := r.selected.labels[id]; l != "" {
		return oneLine(l)
	}
	return id
}

// readComments keeps the newest that fit, and puts them in the order of their making.
func (r *issueReader) readComments(raw json.RawMessage, out *Issue) {
	var page commentPage
	if r.comments == 0 || !decode(raw, &page) {
		return
	}
	wanted := min(r.comments, len(page.Comments))
	for _, c := range slices.Backward(page.Comments) {
		if len(out.Comments) == wanted || r.budget.left < minComment {
			break
		}
		comment := r.api.comment(c)
		share := (r.budget.left - commentOverhead) / min(3, wanted-len(out.Comments))
		comment.Body = r.budget.text(out, "comment "+comment.ID, comment.Body, max(minComment, share))
		r.budget.left -= commentOverhead
		out.Comments = append(out.Comments, comment)
	}
	slices.Reverse(out.Comments)
	if shown, total := len(out.Comments), max(page.Total, len(page.Comments)); shown < total {
		out.CommentTotal = total
		out.truncated("comments: the newest %d of %d; a larger comment_limit gives more.", shown, total)
	}
}

func (a api) comment(c rawComment) Comment {
	out := Comment{ID: c.ID, Author: c.Author.String(), Created: timestamp(c.Created), Body: a.richText(c.Body)}
	if updated := timestamp(c.Updated); updated != out.Created {
		out.Updated = updated
	}
	switch {
	case c.Visibility != nil && c.Visibility.Value != "":
		out.VisibleTo = oneLine(c.Visibility.Type + " " + c.Visibility.Value)
	case c.Public != nil && !*c.Public:
		out.VisibleTo = "internal"
	}
	return out
}
