package jira

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// MaxChangelogs is for how many issues changes can be read at once.
const MaxChangelogs = 100

// maxChangedFields is how many fields Jira narrows changes to.
const maxChangedFields = 10

// ChangelogsRequest says whose changes to read.
type ChangelogsRequest struct {
	Keys []string // keys or ids
	// Fields are ids or names of the fields whose changes are wanted; none are all.
	Fields []string
	// Limit is how many changes to show; below 1 is as many as fit.
	Limit int
	// Cursor continues a list; empty is its beginning.
	Cursor string
}

// Changelogs are changes of several issues, the oldest first.
type Changelogs struct {
	Issues []IssueChanges `json:"issues"`
	// Missing are the keys that Jira has no issue for that the account may see.
	Missing []string `json:"missing,omitempty"`
	// Cursor gets what comes next; empty is the end.
	Cursor string `json:"cursor,omitempty"`
	// Truncated says that there is more than what fits into one result.
	Truncated string `json:"truncated,omitempty"`
}

// IssueChanges are changes of one issue.
type IssueChanges struct {
	Key     string   `json:"key"`
	Changes []Change `json:"changes"`

	project string
}

// Change is one field that somebody changed.
type Change struct {
	At    string `json:"at"`
	By    string `json:"by"`
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// maxChange is how much is shown of a value before or after a change, in bytes.
const maxChange = 500

// KeepProjects drops the issues of projects that are not allowed, and of the others the changes that
// end in the key of such an issue, as those of links and parents do.
func (l *Changelogs) KeepProjects(allowed func(projectKey string) bool) {
	l.Issues = slices.DeleteFunc(l.Issues, func(i IssueChanges) bool { return !allowed(i.project) })
	for n := range l.Issues {
		l.Issues[n].Changes = slices.DeleteFunc(l.Issues[n].Changes, func(c Change) bool { return namesOutside(c.From, allowed) || namesOutside(c.To, allowed) })
	}
}

// namesOutside says whether a value in a change ends in the key of an issue whose project is not allowed.
func namesOutside(value string, allowed func(projectKey string) bool) bool {
	words := strings.Fields(value)
	if len(words) == 0 {
		return false
	}
	key, err := atlassian.CheckIssueKey("", words[len(words)-1])
	return err == nil && !allowed(atlassian.ProjectOf(key))
}

// Changelogs reads changes of several issues: one request to find the issues, one for the changes.
// Data Center cannot.
func (c *Client) Changelogs(ctx context.Context, in ChangelogsRequest) (*Changelogs, error) {
	asked, err := checkIssueNames(in.Keys)
	if err != nil {
		return nil, err
	}
	a, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.site.Need(atlassian.BulkChangelogs, a.deployment, "issue_ids_or_keys"); err != nil {
		return nil, err
	}
	fields, err := c.changedFields(ctx, a, in.Fields)
	if err != nil {
		return nil, err
	}
	list := "changes of " + strings.Join(asked, ",") + " in " + strings.Join(fields, ",")
	position, err := atlassian.DecodeCursor("cursor", list, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := c.bulkIssues(ctx, a, asked)
	if err != nil {
		return nil, err
	}
	out := &Changelogs{Issues: []IssueChanges{}, Missing: missingOf(asked, found)}
	if len(found) == 0 {
		return out, nil
	}
	page, err := c.changePage(ctx, a, sortedKeys(found), fields, position.Token)
	if err != nil {
		return nil, err
	}
	out.fill(page, found, position, in.Limit, list)
	return out, nil
}

// changePage reads one page of Jira's.
func (c *Client) changePage(ctx context.Context, a api, ids, fields []string, token string) (page changePage, err error) {
	body := map[string]any{"issueIdsOrKeys": ids, "maxResults": 1000}
	if len(fields) > 0 {
		body["fieldIds"] = fields
	}
	if token != "" {
		body["nextPageToken"] = token
	}
	err = c.call(atlassian.ReadOnly(ctx), a, http.MethodPost, a.path(nil, "changelog", "bulkfetch"), body, &page)
	return page, err
}

func checkIssueNames(names []string) ([]string, error) {
	if len(names) == 0 || len(names) > MaxChangelogs {
		return nil, &atlassian.InputError{Argument: "issue_ids_or_keys", Problem: "must hold 1 to 100 issues"}
	}
	out := make([]string, len(names))
	for i, name := range names {
		id, err := atlassian.CheckID("issue_ids_or_keys", name)
		if err != nil {
			id, err = atlassian.CheckIssueKey("issue_ids_or_keys", name)
		}
		if err != nil {
			return nil, err
		}
		out[i] = id
	}
	return out, nil
}

func (c *Client) changedFields(ctx context.Context, a api, names []string) ([]string, error) {
	if len(names) > maxChangedFields {
		return nil, &atlassian.InputError{Argument: "fields", Problem: "Jira narrows changes to 10 fields at most"}
	}
	selected, err := c.selectFields(ctx, a, names)
	if err != nil {
		return nil, err
	}
	return selected.ids, nil
}

// bulkIssues finds issues by their keys or ids, and gives them by id, without fields but the
// project.
func (c *Client) bulkIssues(ctx context.Context, a api, names []string) (map[string]rawIssue, error) {
	var answer struct {
		Issues []rawIssue `json:"issues"`
	}
	body := map[string]any{"issueIdsOrKeys": names, "fields": []string{"project"}}
	if err := c.call(atlassian.ReadOnly(ctx), a, http.MethodPost, a.path(nil, "issue", "bulkfetch"), body, &answer); err != nil {
		return nil, err
	}
	found := map[string]rawIssue{}
	for _, i := range answer.Issues {
		found[i.ID] = i
	}
	return found, nil
}

// missingOf are the names that no issue answers to. One that has moved answers to its old key, and
// Jira does not say which that was.
func missingOf(asked []string, found map[string]rawIssue) (missing []string) {
	if len(found) >= len(asked) {
		return nil
	}
	for _, name := range asked {
		_, byID := found[name]
		byKey := slices.ContainsFunc(sortedKeys(found), func(id string) bool { return found[id].Key == name })
		if !byID && !byKey {
			missing = append(missing, name)
		}
	}
	return missing
}

type changePage struct {
	Logs []struct {
		ID        string       `json:"issueId"`
		Histories []rawHistory `json:"changeHistories"`
	} `json:"issueChangeLogs"`
	Next string `json:"nextPageToken"`
}

// fill takes the changes of a page from where the previous result ended, as many as are wanted and
// fit.
func (l *Changelogs) fill(page changePage, found map[string]rawIssue, position atlassian.Cursor, limit int, list string) {
	n, shown, left := 0, 0, resultBudget
	for _, log := range page.Logs {
		raw := found[log.ID]
		l.Issues = append(l.Issues, IssueChanges{Key: raw.Key, Changes: []Change{}, project: raw.project()})
		issue := &l.Issues[len(l.Issues)-1]
		for _, change := range changesOf(log.Histories) {
			if n++; n <= position.Start {
				continue
			}
			cost := size(change) + 1
			if shown > 0 && (cost > left || limit > 0 && shown == limit) {
				l.Cursor = atlassian.Cursor{Token: position.Token, Start: n - 1}.Encode(list)
				l.Truncated = "There are more changes: pass cursor for the next."
				l.dropEmpty()
				return
			}
			issue.Changes = append(issue.Changes, change)
			shown, left = shown+1, left-cost
		}
	}
	if page.Next != "" {
		l.Cursor = atlassian.Cursor{Token: page.Next}.Encode(list)
	}
	if position.Start > 0 {
		l.dropEmpty()
	}
}

// dropEmpty drops the issues whose changes are in another result.
func (l *Changelogs) dropEmpty() {
	l.Issues = slices.DeleteFunc(l.Issues, func(i IssueChanges) bool { return len(i.Changes) == 0 })
}

func changesOf(histories []rawHistory) (out []Change) {
	for _, h := range histories {
		for _, item := range h.Items {
			out = append(out, Change{At: timestamp(h.Created), By: h.Author.String(), Field: oneLine(item.Field), From: shortened(item.From), To: shortened(item.To)})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return strings.Compare(a.At, b.At) })
	return out
}

func shortened(s string) string {
	s, cut := atlassian.Shorten(oneLine(s), maxChange)
	if cut {
		s += "…"
	}
	return s
}
