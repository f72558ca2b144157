package jira

import "net/http"

func (s *Server) serverInfo(w http.ResponseWriter, _ *http.Request) {
	out := object{
		"baseUrl": s.base, "version": "10.3.24", "versionNumbers": []int{10, 3, 24}, "deploymentType": "Server",
		"buildNumber": 10030024, "buildDate": "2026-08-01T00:00:00.000+0000", "serverTime": jiraTime(s.cfg.Now()),
		"scmInfo": "0000000000000000000000000000000000000000", "serverTitle": "Contoso Jira (sandbox)",
	}
	if s.cloud() {
		out["version"], out["versionNumbers"], out["deploymentType"] = "1001.0.0-SNAPSHOT", []int{1001, 0, 0}, "Cloud"
		out["buildNumber"] = 100286
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) myself(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.userJSON(s.state.service))
}

// fieldDefinition is a field as GET field describes it.
type fieldDefinition struct {
	id, name, kind, items, custom string
	clauses                       []string
}

func (s *Server) fieldDefinitions() []fieldDefinition {
	const types, agile = "com.atlassian.jira.plugin.system.customfieldtypes:", "com.pyxis.greenhopper.jira:"
	list := []fieldDefinition{
		{id: "summary", name: "Summary", kind: "string", clauses: []string{"summary"}},
		{id: "description", name: "Description", kind: "string", clauses: []string{"description"}},
		{id: "environment", name: "Environment", kind: "string", clauses: []string{"environment"}},
		{id: "issuetype", name: "Issue Type", kind: "issuetype", clauses: []string{"issuetype", "type"}},
		{id: "project", name: "Project", kind: "project", clauses: []string{"project"}},
		{id: "status", name: "Status", kind: "status", clauses: []string{"status"}},
		{id: "resolution", name: "Resolution", kind: "resolution", clauses: []string{"resolution"}},
		{id: "resolutiondate", name: "Resolved", kind: "datetime", clauses: []string{"resolutiondate", "resolved"}},
		{id: "priority", name: "Priority", kind: "priority", clauses: []string{"priority"}},
		{id: "assignee", name: "Assignee", kind: "user", clauses: []string{"assignee"}},
		{id: "reporter", name: "Reporter", kind: "user", clauses: []string{"reporter"}},
		{id: "creator", name: "Creator", kind: "user", clauses: []string{"creator"}},
		{id: "labels", name: "Labels", kind: "array", items: "string", clauses: []string{"labels"}},
		{id: "components", name: "Component/s", kind: "array", items: "component", clauses: []string{"component"}},
		{id: "versions", name: "Affects Version/s", kind: "array", items: "version", clauses: []string{"affectedVersion"}},
		{id: "fixVersions", name: "Fix Version/s", kind: "array", items: "version", clauses: []string{"fixVersion"}},
		{id: "created", name: "Created", kind: "datetime", clauses: []string{"created", "createdDate"}},
		{id: "updated", name: "Updated", kind: "datetime", clauses: []string{"updated", "updatedDate"}},
		{id: "duedate", name: "Due Date", kind: "date", clauses: []string{"due", "duedate"}},
		{id: "subtasks", name: "Sub-Tasks", kind: "array", items: "issuelinks"},
		{id: "issuelinks", name: "Linked Issues", kind: "array", items: "issuelinks"},
		{id: "attachment", name: "Attachment", kind: "array", items: "attachment", clauses: []string{"attachments"}},
		{id: "comment", name: "Comment", kind: "comments-page", clauses: []string{"comment"}},
		{id: fieldPoints, name: "Story Points", kind: "number", custom: types + "float", clauses: []string{"Story Points"}},
		{id: fieldSprint, name: "Sprint", kind: "array", items: "json", custom: agile + "gh-sprint", clauses: []string{"Sprint"}},
		{id: fieldAcceptance, name: "Acceptance Criteria", kind: "string", custom: types + "textarea", clauses: []string{"Acceptance Criteria"}},
		{id: fieldSeverity, name: "Severity", kind: "option", custom: types + "select", clauses: []string{"Severity"}},
	}
	list = append(list, furtherFields...)
	if s.cloud() {
		return append(list, fieldDefinition{id: "parent", name: "Parent", clauses: []string{"parent"}})
	}
	list = append(list, fieldDefinition{id: fieldEpicName, name: "Epic Name", kind: "string", custom: agile + "gh-epic-label", clauses: []string{"Epic Name"}})
	return append(list, fieldDefinition{id: fieldEpicLink, name: "Epic Link", kind: "any", custom: agile + "gh-epic-link", clauses: []string{"Epic Link"}})
}

func (s *Server) fieldList(w http.ResponseWriter, _ *http.Request) {
	out := []any{}
	for n, f := range s.fieldDefinitions() {
		clauses := f.clauses
		one := object{
			"id": f.id, "name": f.name, "custom": f.custom != "", "navigable": true, "orderable": true,
			"searchable": len(clauses) > 0, "clauseNames": orEmpty(clauses),
		}
		if s.cloud() {
			one["key"] = f.id
		}
		if f.kind != "" {
			one["schema"] = schemaJSON(f, 10000+n)
		}
		out = append(out, one)
	}
	writeJSON(w, http.StatusOK, out)
}

func schemaJSON(f fieldDefinition, id int) object {
	schema := object{"type": f.kind}
	if f.items != "" {
		schema["items"] = f.items
	}
	if f.custom == "" {
		schema["system"] = f.id
		return schema
	}
	schema["custom"], schema["customId"] = f.custom, id
	return schema
}

func (s *Server) project(w http.ResponseWriter, r *http.Request) {
	p := s.projectByKey(r.PathValue("key"))
	if p == nil {
		writeError(w, refuse(http.StatusNotFound, "No project could be found with key '"+r.PathValue("key")+"'."))
		return
	}
	out := s.projectJSON(p)
	out["lead"] = s.userJSON(p.lead)
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) projectsJSON() []any {
	out := []any{}
	for _, p := range s.state.projects {
		out = append(out, s.projectJSON(p))
	}
	return out
}

func (s *Server) projectList(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.projectsJSON())
}

func (s *Server) projectPage(w http.ResponseWriter, _ *http.Request) {
	list := s.projectsJSON()
	writeJSON(w, http.StatusOK, object{
		"self": s.self("project", "search"), "startAt": 0, "maxResults": 50, "total": len(list), "isLast": true, "values": list,
	})
}
