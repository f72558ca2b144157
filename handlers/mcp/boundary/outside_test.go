package boundary

import (
	"slices"
	"strings"
)

// kind is what an argument names.
type kind int

const (
	nothing kind = iota // no object that lies in a project or space
	issue               // one that must be refused from outside
	project
	page
	space
	comment
	fields   // values of fields of an issue, which may name other issues
	issues   // a list, of which what lies outside is left out
	search   // a project, which narrows a search
	projects // a list that narrows
	spaces   // a list that narrows
	jql
	cql
	words   // of a search
	fetched // an id that a search gave
)

// names are what the arguments name, by "tool.argument" or for all tools by "argument". An argument
// that is not here fails the test.
var names = map[string]kind{
	"issue_key": issue, "project_key": project, "jira_get_project_issues.project_key": search, "target_project_key": project,
	"page_id": page, "parent_id": page, "source_page_id": page, "destination_parent_id": page, "target_parent_id": page,
	"space_key": space, "destination_space_key": space, "target_space_key": space,
	"comment_id": comment, "issue_ids_or_keys": issues, "projects": projects, "spaces_filter": spaces,
	"jql": jql, "confluence_search.query": cql, "search.query": words, "fetch.id": fetched,
	"additional_fields": fields, "jira_update_issue.fields": fields, "jira_transition_issue.fields": fields,

	// Names of fields, which are the site's.
	"fields": nothing, "field_id": nothing, "keyword": nothing, "contains": nothing, "refresh": nothing, "values_only": nothing,
	// A context is looked for among those of the project only.
	"context_id": nothing,
	// Names within the issue or its project.
	"issue_type": nothing, "components": nothing, "transition": nothing, "transition_id": nothing,
	// People and groups are the site's.
	"assignee": nothing, "user_identifier": nothing, "jira_search_assignable_users.query": nothing, "visibility": nothing, "comment_visibility": nothing,
	"public": nothing, "read_users": nothing, "read_groups": nothing, "edit_users": nothing, "edit_groups": nothing,
	// A title is looked for in the space.
	"title": nothing, "new_title": nothing, "heading_text": nothing, "text_selection": nothing,
	"text_selection_match_count": nothing, "text_selection_match_index": nothing, "name": nothing,
	// A cursor is a place in a list that the other arguments name; TestAttack9_5_ForeignCursors.
	"cursor": nothing,
	// Text that is written.
	"body": nothing, "comment": nothing, "content": nothing, "append": nothing, "replacements": nothing, "new_content": nothing,
	"summary": nothing, "description": nothing, "version_comment": nothing, "worklog": nothing, "worklog_started": nothing,
	// How much, and in what form.
	"limit": nothing, "return_limit": nothing, "comment_limit": nothing, "order": nothing, "type": nothing, "format": nothing,
	"content_format": nothing, "convert_to_markdown": nothing, "include": nothing, "include_metadata": nothing, "include_folders": nothing,
	"version": nothing, "from_version": nothing, "to_version": nothing, "expected_version": nothing, "expected_updated": nothing,
	"position": nothing, "is_minor_edit": nothing, "dry_run": nothing, "validate_only": nothing, "delete_subtasks": nothing, "copy_attachments": nothing,
	// Its members are arguments.
	"issues": nothing,
}

// lists says of a kind that a read leaves out what lies outside instead of refusing the call.
func (k kind) lists() bool {
	return slices.Contains([]kind{issues, search, projects, spaces, jql, cql, words}, k)
}

// outside are values that name, in every spelling, what lies outside.
func (w *world) outside(k kind) (values []any) {
	switch k {
	case issue, issues:
		values = []any{"OPS-2", "ops-2", " OPS-2 ", "INFRA-2", "OPS-1", "10112"}
		if moved := w.ids["moved issue"]; moved != "" {
			values = append(values, moved, strings.ToLower(moved))
		}
	case project, search, projects:
		values = []any{"OPS", "ops", " OPS ", "INFRA", "infra", "10001", "Operations", `OPS" OR project = "OPS`}
	case page:
		values = []any{w.ids["outside"], w.ids["below"], " " + w.ids["outside"] + " ", "/wiki/spaces/TEAM/pages/" + w.ids["outside"], w.ids["outside"] + "?expand=body.storage", "../content/" + w.ids["outside"]}
		if moved := w.ids["moved"]; moved != "" {
			values = append(values, moved)
		}
	case space, spaces:
		values = []any{"TEAM", "team", " TEAM ", "Team", "98307", "Platform Team", `TEAM" OR space = "TEAM`, "PLATFORM", "platform", " PLATFORM "}
	case comment:
		values = []any{w.ids["issue comment"], w.ids["outside comment"]}
	case fields:
		values = []any{
			arguments{"parent": "OPS-1"}, arguments{"parent": arguments{"key": "OPS-1"}}, arguments{"Parent": "INFRA-1"}, arguments{"parent": arguments{"id": "10112"}},
			arguments{"Epic Link": "OPS-1"}, arguments{"epic_link": "ops-1"}, arguments{"customfield_10014": "OPS-1"},
			arguments{"project": "OPS"}, arguments{"project": arguments{"key": "OPS"}}, arguments{"Project": arguments{"id": "10001"}},
			arguments{"issuelinks": []any{arguments{"type": "Relates", "key": "OPS-1"}}}, arguments{"Linked Issues": "OPS-1"},
			arguments{"subtasks": []any{"OPS-2"}},
			arguments{"Sprint": outsideSprint}, arguments{"sprint": "99"}, arguments{"Sprint": []any{outsideSprint}}, arguments{"customfield_10020": " 99 "},
			arguments{"Sprint": arguments{"id": outsideSprint}}, arguments{"Sprint": "Zanzibar sprint"}, arguments{"Sprint": "Zanzibar sprint (active)"},
		}
	case words:
		values = append(w.outside(jql), w.outside(cql)...)
	case fetched:
		for _, key := range w.outside(issue) {
			values = append(values, "jira:"+key.(string), key)
		}
		for _, id := range w.outside(page) {
			values = append(values, "confluence:"+id.(string), "jira:"+id.(string))
		}
	case jql:
		values = []any{
			"project = OPS", "project = INFRA", "project in (OPS, PLAT)", "key = OPS-2", "key in (INFRA-2, PLAT-1)", "id = 10112", `text ~ "Zanz*"`, "labels = zanzibar",
			"parent = OPS-1", "project != PLAT", "project not in (PLAT)", "project is not EMPTY OR project = OPS",
			"project = PLAT) OR (project = OPS", `project = "PLAT") OR (project = "OPS"`, `summary ~ "x") OR project = OPS OR (summary ~ "x"`,
			"project = PLAT OR project = OPS ORDER BY key", "project = OPS ORDER BY key) OR (project = OPS", `summary ~ "x\") OR project = OPS OR (\""`,
			"project = PLAT -- AND", "project = OPS /*", "project = PLAT\nOR\nproject = OPS", "order by key", "", "NOT project = PLAT", "! project = PLAT",
			"project = PLAT AND 1 = 1 OR project = OPS", "summary ~ 'x') OR (project = OPS", "project = OPS\x00", "project = ОPS OR project = OPS",
		}
	case cql:
		values = []any{
			"space = TEAM", "space = PLATFORM", "space in (TEAM, DOCS)", "space in (PLATFORM, DOCS)", "space.key = TEAM", `text ~ "Zanz*"`, `title ~ "zanzibar"`, "label = zanzibar", "id = " + w.ids["outside"], "content = " + w.ids["outside"],
			"ancestor = " + w.ids["outside"], "parent = " + w.ids["outside"], "type = space", "type = comment", "space != DOCS", "space.type = global",
			"space = DOCS) OR (space = TEAM", `space = "DOCS") OR (space = "TEAM"`, `text ~ "x") OR space = TEAM OR (text ~ "x"`, "space = DOCS OR space = TEAM order by title",
			`text ~ "x\") OR space = TEAM OR (\""`, "type = page order by title) OR (space = TEAM", "zanzibar", "Zanzibar below", "NOT space = DOCS", "space = TEAM\x00", "text ~ 'x') OR (space = TEAM",
		}
	}
	return values
}
