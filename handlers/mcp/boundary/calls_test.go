package boundary

import (
	"maps"

	jirasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

type arguments = map[string]any

// calls are, for each tool of the registry, arguments that work on what lies inside. Each read has
// more of them where arguments widen what it shows. A tool without a line here fails the test.
func (w *world) calls(deployment string) map[string][]arguments {
	page := w.ids["inside"]
	calls := map[string][]arguments{
		"jira_get_issue": {
			{"issue_key": "PLAT-9"},
			{"issue_key": "PLAT-7", "fields": []any{"*all"}, "comment_limit": 50},
			{"issue_key": "PLAT-3", "fields": []any{"*all"}},
			{"issue_key": "PLAT-9", "fields": []any{"parent", "issuelinks", "subtasks"}},
		},
		"jira_search": {
			{"jql": "order by key", "fields": []any{"*all"}, "limit": 50},
			{"jql": "key = PLAT-9", "fields": []any{"parent", "issuelinks", "subtasks"}, "projects": []any{"PLAT"}},
		},
		"jira_get_project_issues":      {{"project_key": "PLAT", "limit": 50}},
		"jira_create_issue":            {{"project_key": "PLAT", "issue_type": "Story", "summary": "x", "additional_fields": arguments{"parent": "PLAT-1"}}},
		"jira_batch_create_issues":     {{"issues": []any{arguments{"project_key": "PLAT", "issue_type": "Story", "summary": "x", "additional_fields": arguments{"parent": "PLAT-1"}}}}},
		"jira_update_issue":            {{"issue_key": "PLAT-8", "fields": arguments{"parent": "PLAT-1"}, "additional_fields": arguments{"summary": "y"}}, {"issue_key": "PLAT-9", "fields": arguments{"summary": "y"}, "expected_updated": "2020-01-01T00:00:00Z"}},
		"jira_assign_issue":            {{"issue_key": "PLAT-8", "assignee": "Ada Keller"}},
		"jira_delete_issue":            {{"issue_key": "PLAT-10"}},
		"jira_search_fields":           {{"keyword": "points"}},
		"jira_get_field_options":       {{"field_id": "Region", "project_key": "PLAT"}},
		"jira_add_comment":             {{"issue_key": "PLAT-7", "body": "x"}},
		"jira_list_comments":           {{"issue_key": "PLAT-7"}},
		"jira_edit_comment":            {{"issue_key": "PLAT-7", "comment_id": w.ids["inside issue comment"], "body": "x"}},
		"jira_delete_comment":          {{"issue_key": "PLAT-7", "comment_id": w.ids["inside issue comment"]}},
		"jira_get_transitions":         {{"issue_key": "PLAT-7"}},
		"jira_transition_issue":        {{"issue_key": "PLAT-7", "transition_id": "Stop progress", "fields": arguments{}}},
		"jira_get_user_profile":        {{"user_identifier": "Ada Keller"}},
		"jira_search_assignable_users": {{"query": "ada", "project_key": "PLAT"}, {"query": "ada", "issue_key": "PLAT-7"}},

		"search": {{"query": "inside"}, {"query": "sign-in"}},
		"fetch":  {{"id": "jira:PLAT-9"}, {"id": "jira:PLAT-3"}, {"id": "confluence:" + page}},

		"confluence_search":                {{"query": "type = page order by title", "limit": 50}, {"query": "inside", "spaces_filter": []any{"DOCS"}}},
		"confluence_get_page":              {{"page_id": page}, {"title": "With an include", "space_key": "DOCS", "convert_to_markdown": false}},
		"confluence_get_page_children":     {{"parent_id": w.ids["home"]}},
		"confluence_get_space_page_tree":   {{"space_key": "DOCS"}},
		"confluence_list_spaces":           {{}},
		"confluence_get_comments":          {{"page_id": page}},
		"confluence_get_inline_comments":   {{"page_id": page}},
		"confluence_get_labels":            {{"page_id": page}},
		"confluence_get_page_history":      {{"page_id": page, "version": 1}},
		"confluence_get_page_diff":         {{"page_id": page, "from_version": 1, "to_version": 2}},
		"confluence_get_page_restrictions": {{"page_id": page}},
		"confluence_create_page":           {{"space_key": "DOCS", "title": "New", "content": "x", "parent_id": page}},
		"confluence_update_page":           {{"page_id": page, "append": "x"}},
		"confluence_update_page_section":   {{"page_id": page, "heading_text": "Notes", "new_content": "x"}},
		"confluence_copy_page":             {{"source_page_id": page, "destination_space_key": "DOCS", "new_title": "A copy", "destination_parent_id": w.ids["home"]}},
		"confluence_move_page":             {{"page_id": page, "target_parent_id": w.ids["home child"]}},
		"confluence_delete_page":           {{"page_id": page}},
		"confluence_add_label":             {{"page_id": page, "name": "x"}},
		"confluence_remove_label":          {{"page_id": page, "name": "howto"}},
		"confluence_add_comment":           {{"page_id": page, "body": "x"}},
		"confluence_add_inline_comment":    {{"page_id": page, "body": "x", "text_selection": "Inside"}},
		"confluence_reply_to_comment":      {{"comment_id": w.ids["inside comment"], "body": "x"}},
		"confluence_set_page_restrictions": {{"page_id": w.ids["home child"], "edit_groups": []any{"confluence-users"}}},
	}
	if deployment == jirasandbox.Cloud { // Data Center has neither of the two
		calls["jira_batch_get_changelogs"] = []arguments{{"issue_ids_or_keys": []any{"PLAT-9", "PLAT-7"}}}
		calls["jira_move_issue"] = []arguments{{"issue_key": "PLAT-8", "target_project_key": "PLAT"}}
	}
	return calls
}

// afterwards is what a call inside fails with after the decision, or empty when it works.
func afterwards(tool string, in arguments) string {
	switch {
	case tool == "jira_move_issue":
		return "is in PLAT already"
	case in["expected_updated"] != nil:
		return "conflict: the issue was changed at"
	}
	return ""
}

// with is arguments with another value.
func with(a arguments, name string, value any) arguments {
	out := maps.Clone(a)
	out[name] = value
	return out
}
