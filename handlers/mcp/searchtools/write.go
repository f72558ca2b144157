package searchtools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// marshal is json.Marshal without \u003c for "<".
func marshal(w *written) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(w)
	return bytes.TrimSpace(text.Bytes()), err
}

func issueTitle(i *jira.Issue) string { return strings.TrimSuffix(i.Key+": "+i.Summary, ": ") }

func writeIssue(i *jira.Issue) *written {
	text := new(writer)
	text.facts([][2]string{
		{"Type", i.Type}, {"Status", i.Status}, {"Resolution", i.Resolution}, {"Priority", i.Priority}, {"Assignee", i.Assignee}, {"Reporter", i.Reporter},
		{"Labels", strings.Join(i.Labels, ", ")}, {"Components", strings.Join(i.Components, ", ")}, {"Fix versions", strings.Join(i.FixVersions, ", ")},
		{"Created", i.Created}, {"Due", i.Due},
	})
	text.section("Description", i.Description)
	if i.Parent != nil {
		text.list("Parent", []string{line(*i.Parent)})
	}
	var below, related []string
	for _, s := range i.Subtasks {
		below = append(below, line(s))
	}
	for _, l := range i.Links {
		related = append(related, l.Relation+" "+line(l.Ref))
	}
	text.list("Subtasks", below)
	text.list("Links", related)
	text.list("Attachments", i.Attachments)
	text.comments(i.Comments)
	if len(i.Truncated) > 0 {
		text.note("Not all is here; jira_get_issue reads the rest. " + strings.Join(i.Truncated, " "))
	}
	return &written{
		ID: idOf(policy.Jira, i.Key), Title: issueTitle(i), Text: text.String(), URL: i.URL,
		Metadata: filled(map[string]string{"source": "Jira", "project": i.Project(), "status": i.Status, "updated": i.Updated}),
	}
}

func writePage(p *confluence.Page) *written {
	text := new(writer)
	text.add(p.Body)
	if p.Cursor != "" {
		text.note(fmt.Sprintf("%s It is for confluence_get_page: page_id %s, cursor %s", p.Truncated, p.ID, p.Cursor))
	}
	above := make([]string, 0, len(p.Ancestors))
	for _, a := range p.Ancestors {
		if a.Title != "" {
			above = append(above, a.Title)
		}
	}
	return &written{
		ID: idOf(policy.Confluence, p.ID), Title: p.Title, Text: text.String(), URL: p.URL,
		Metadata: filled(map[string]string{
			"source": "Confluence", "space": p.Space, "above": strings.Join(above, " / "), "labels": strings.Join(p.Labels, ", "),
			"author": p.Author, "created": p.Created, "updated_by": p.UpdatedBy, "updated": p.Updated,
		}),
	}
}

// filled is metadata without what is empty.
func filled(metadata map[string]string) map[string]string {
	maps.DeleteFunc(metadata, func(_, value string) bool { return value == "" })
	return metadata
}

func line(r jira.Ref) string {
	out := strings.TrimSuffix(r.Key+": "+r.Summary, ": ")
	if r.Status != "" {
		out += " (" + r.Status + ")"
	}
	return out
}

// writer puts parts of a document below each other.
type writer struct{ strings.Builder }

func (w *writer) add(part string) {
	if part == "" {
		return
	}
	if w.Len() > 0 {
		w.WriteString("\n\n")
	}
	w.WriteString(part)
}

func (w *writer) section(heading, text string) {
	if text != "" {
		w.add("## " + heading + "\n\n" + text)
	}
}

func (w *writer) list(heading string, items []string) {
	if len(items) > 0 {
		w.section(heading, "- "+strings.Join(items, "\n- "))
	}
}

func (w *writer) facts(pairs [][2]string) {
	var items []string
	for _, p := range pairs {
		if p[1] != "" {
			items = append(items, "- "+p[0]+": "+p[1])
		}
	}
	w.add(strings.Join(items, "\n"))
}

func (w *writer) comments(list []jira.Comment) {
	if len(list) == 0 {
		return
	}
	w.add("## Comments")
	for _, c := range list {
		heading := strings.TrimSpace(c.Author + " " + c.Created)
		if c.VisibleTo != "" {
			heading += " (visible to " + c.VisibleTo + ")"
		}
		w.add("### " + heading)
		w.add(c.Body)
	}
}

// note says at the end what is not there.
func (w *writer) note(text string) { w.add("[" + text + "]") }
