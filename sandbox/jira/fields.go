package jira

import (
	"slices"
	"strconv"
)

// Further custom fields, one of every common type.
const (
	fieldEpicName  = "customfield_10011"
	fieldCustomer  = "customfield_10032"
	fieldGoLive    = "customfield_10033"
	fieldStart     = "customfield_10034"
	fieldPlatforms = "customfield_10035"
	fieldRegion    = "customfield_10036"
	fieldRisk      = "customfield_10037"
	fieldReviews   = "customfield_10038"
	fieldTags      = "customfield_10039"
	fieldOwner     = "customfield_10040"
	fieldApprovers = "customfield_10041"
	fieldTeam      = "customfield_10042"
	fieldFixedIn   = "customfield_10043"
	fieldFoundIn   = "customfield_10044"
)

const customTypes = "com.atlassian.jira.plugin.system.customfieldtypes:"

var furtherFields = []fieldDefinition{
	{id: fieldCustomer, name: "Customer", kind: "string", custom: customTypes + "textfield", clauses: []string{"Customer"}},
	{id: fieldGoLive, name: "Go-live", kind: "date", custom: customTypes + "datepicker", clauses: []string{"Go-live"}},
	{id: fieldStart, name: "Planned start", kind: "datetime", custom: customTypes + "datetime", clauses: []string{"Planned start"}},
	{id: fieldPlatforms, name: "Platforms", kind: "array", items: "option", custom: customTypes + "multiselect", clauses: []string{"Platforms"}},
	{id: fieldRegion, name: "Region", kind: "option-with-child", custom: customTypes + "cascadingselect", clauses: []string{"Region"}},
	{id: fieldRisk, name: "Risk", kind: "option", custom: customTypes + "radiobuttons", clauses: []string{"Risk"}},
	{id: fieldReviews, name: "Reviews", kind: "array", items: "option", custom: customTypes + "multicheckboxes", clauses: []string{"Reviews"}},
	{id: fieldTags, name: "Tags", kind: "array", items: "string", custom: customTypes + "labels", clauses: []string{"Tags"}},
	{id: fieldOwner, name: "Owner", kind: "user", custom: customTypes + "userpicker", clauses: []string{"Owner"}},
	{id: fieldApprovers, name: "Approvers", kind: "array", items: "user", custom: customTypes + "multiuserpicker", clauses: []string{"Approvers"}},
	{id: fieldTeam, name: "Responsible group", kind: "group", custom: customTypes + "grouppicker", clauses: []string{"Responsible group"}},
	{id: fieldFixedIn, name: "Delivered in", kind: "array", items: "version", custom: customTypes + "multiversion", clauses: []string{"Delivered in"}},
	{id: fieldFoundIn, name: "Found in", kind: "version", custom: customTypes + "version", clauses: []string{"Found in"}},
}

type option struct {
	id, value string
	children  []option
}

var (
	severities = []option{{id: "10020", value: "Critical"}, {id: "10021", value: "Major"}, {id: "10022", value: "Minor"}}
	options    = map[string][]option{
		fieldSeverity:  severities,
		fieldPlatforms: {{id: "10300", value: "Web"}, {id: "10301", value: "iOS"}, {id: "10302", value: "Android"}},
		fieldRegion: {
			{id: "10310", value: "Europe", children: []option{{id: "10311", value: "Germany"}, {id: "10312", value: "France"}}},
			{id: "10313", value: "Asia", children: []option{{id: "10314", value: "Japan"}}},
		},
		fieldRisk:    {{id: "10320", value: "Low"}, {id: "10321", value: "High"}},
		fieldReviews: {{id: "10330", value: "Security"}, {id: "10331", value: "Legal, contracts"}},
	}
)

func (s *Server) optionJSON(o option) object {
	return object{"self": s.self("customFieldOption", o.id), "value": o.value, "id": o.id}
}

// screenFields are the fields that an issue's screens have. Severity is for bugs, an epic's name
// for epics; what is read only is on no screen.
func (s *Server) screenFields(kind issueType) []fieldDefinition {
	never := []string{"status", "resolution", "resolutiondate", "creator", "created", "updated", "subtasks", "issuelinks", "attachment", "comment"}
	list := slices.DeleteFunc(s.fieldDefinitions(), func(f fieldDefinition) bool {
		return slices.Contains(never, f.id) || (f.id == fieldSeverity && kind.id != typeBug.id) || (f.id == fieldEpicName && kind.id != typeEpic.id) ||
			(f.id == fieldEpicLink && (kind.subtask || kind.id == typeEpic.id)) || (f.id == "parent" && kind.id == typeEpic.id)
	})
	if !s.cloud() && kind.subtask {
		list = append(list, fieldDefinition{id: "parent", name: "Parent"})
	}
	return list
}

func required(f fieldDefinition, kind issueType) bool {
	return slices.Contains([]string{"summary", "project", "issuetype", fieldSeverity, fieldEpicName}, f.id) || (f.id == "parent" && kind.subtask)
}

// fieldMeta describes a field of a screen.
func (s *Server) fieldMeta(f fieldDefinition, p *project, kind issueType, create bool) object {
	if f.id == "parent" {
		f.kind = "issuelink"
	}
	number, _ := strconv.Atoi(f.id[max(0, len(f.id)-5):])
	operations := []string{"set"}
	if f.kind == "array" {
		operations = []string{"add", "set", "remove"}
	}
	out := object{
		"required": required(f, kind), "name": f.name, "hasDefaultValue": f.id == "priority", "operations": operations, "schema": schemaJSON(f, number),
	}
	if s.cloud() {
		out["key"] = f.id
	}
	if create || !s.cloud() {
		out["fieldId"] = f.id
	}
	if allowed := s.allowedJSON(f, p); allowed != nil {
		out["allowedValues"] = allowed
	}
	return out
}

// allowedJSON are the values to choose from, or nil where any value will do.
func (s *Server) allowedJSON(f fieldDefinition, p *project) []any {
	switch {
	case f.id == "priority":
		return s.choicesJSON("priority", priorities)
	case f.id == "components":
		return s.choicesJSON("component", p.components)
	case f.kind == "version" || f.items == "version":
		return s.choicesJSON("version", p.versions)
	}
	list, ok := options[f.id]
	if !ok {
		return nil
	}
	out := []any{}
	for _, o := range list {
		one := s.optionJSON(o)
		if len(o.children) > 0 {
			var children []any
			for _, child := range o.children {
				children = append(children, s.optionJSON(child))
			}
			one["children"] = children
		}
		out = append(out, one)
	}
	return out
}

// editScreen describes what can be changed of an issue: nothing without the permission.
func (s *Server) editScreen(i *issue) object {
	out := object{}
	if !s.may(i.project, PermissionEdit) {
		return out
	}
	for _, f := range s.screenFields(i.kind) {
		if f.id != "project" && f.id != "issuetype" { // moves are not played here
			out[f.id] = s.fieldMeta(f, i.project, i.kind, false)
		}
	}
	return out
}
