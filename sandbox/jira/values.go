package jira

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// set gives a field of an issue a value, or says what Jira says about one that it does not take.
// Nil clears.
func (s *Server) set(i *issue, f fieldDefinition, value any) error {
	switch f.id {
	case "summary":
		return setSummary(i, value)
	case "description", "environment":
		return s.setText(i, f.id, value)
	case "assignee":
		return s.setAssignee(i, value)
	case "reporter":
		u, err := s.userValue(f.id, value)
		if err == nil && u == nil {
			err = refuseField(f.id, "The reporter specified is not a user.")
		}
		i.reporter = u
		return err
	case "parent", fieldEpicLink:
		return s.setParent(i, f.id, value)
	case "labels":
		labels, err := labelValues(f.id, value)
		i.labels = labels
		return err
	case "priority":
		return setPriority(i, value)
	case "components", "versions", "fixVersions":
		return setChoices(i, f.id, value)
	case fieldSprint:
		return s.setSprint(i, value)
	}
	rendered, err := s.rendered(i, f, value)
	if err != nil {
		return err
	}
	s.setCustom(i, f.id, rendered)
	return nil
}

func (s *Server) setCustom(i *issue, id string, rendered any) {
	switch id {
	case fieldPoints:
		i.points, _ = rendered.(float64)
	case fieldAcceptance:
		i.acceptance = rendered
	case fieldSeverity:
		o, _ := rendered.(object)
		i.severity, _ = o["value"].(string)
	case "duedate":
		i.due, _ = rendered.(string)
	default:
		i.custom = maps.Clone(i.custom)
		if i.custom == nil {
			i.custom = object{}
		}
		i.custom[id] = rendered
	}
}

func setSummary(i *issue, value any) error {
	text, _ := value.(string)
	switch {
	case strings.TrimSpace(text) == "":
		return refuseField("summary", "You must specify a summary of the issue.")
	case strings.ContainsAny(text, "\r\n"):
		return refuseField("summary", "The summary is invalid because it contains newline characters.")
	case utf8.RuneCountInString(text) > 255:
		return refuseField("summary", "Summary must be less than 255 characters.")
	}
	i.summary = strings.TrimSpace(text)
	return nil
}

func (s *Server) setText(i *issue, id string, value any) error {
	text, err := s.textValue(id, value)
	if id == "description" {
		i.description = text
	} else {
		i.environment = text
	}
	return err
}

// textValue is rich text in the deployment's form.
func (s *Server) textValue(id string, value any) (any, error) {
	switch {
	case value == nil || value == "":
		return nil, nil
	case s.cloud():
		if checkDocument(value) != nil {
			return nil, refuseField(id, "Operation value must be an Atlassian Document (see the Atlassian Document Format)")
		}
	default:
		if _, isText := value.(string); !isText {
			return nil, refuseField(id, "Operation value must be a string")
		}
	}
	if utf8.RuneCountInString(plainTextOf(value)) > maxText {
		return nil, refuseField(id, "The entered text is too long. It exceeds the allowed limit of 32,767 characters.")
	}
	return value, nil
}

func (s *Server) userValue(id string, value any) (*user, error) {
	if value == nil {
		return nil, nil
	}
	given, ok := value.(object)
	if !ok {
		return nil, refuseField(id, "data was not an object")
	}
	member := "name"
	if s.cloud() {
		member = "accountId"
	}
	name, _ := given[member].(string)
	if u := s.userByID(name); u != nil {
		return u, nil
	}
	return nil, refuseField(id, "User '"+name+"' does not exist.")
}

func (s *Server) setAssignee(i *issue, value any) error {
	u, err := s.userValue("assignee", value)
	switch {
	case err != nil:
		return err
	case u == nil && i.project.mustAssign:
		return refuseField("assignee", "Issues must be assigned.")
	case u != nil && !s.assignable(u):
		return refuseField("assignee", "User '"+u.name+"' cannot be assigned issues.")
	}
	i.assignee = u
	return nil
}

// setParent puts an issue below one of the level above its own.
func (s *Server) setParent(i *issue, id string, value any) error {
	key, isText := value.(string)
	if given, ok := value.(object); ok && id == "parent" {
		if given["none"] == true {
			value = nil
		}
		key, isText = given["key"].(string)
	}
	if value == nil {
		if i.kind.subtask {
			return refuseField(id, "Issue type is a sub-task but parent issue key or id not specified.")
		}
		i.parent = nil
		return nil
	}
	parent := s.state.byKey[key]
	switch {
	case !isText || parent == nil:
		return refuseField(id, "Could not find issue by id or key.")
	case parent.kind.level != i.kind.level+1 && id == fieldEpicLink:
		return refuseField(id, "Issue '"+key+"' must be of type 'Epic'.")
	case parent.kind.level != i.kind.level+1:
		return refuseField(id, "Given parent issue does not belong to appropriate hierarchy.")
	case parent.project != i.project && i.kind.subtask:
		return refuseField(id, "The parent issue must be in the same project.")
	}
	i.parent = parent
	return nil
}

func labelValues(id string, value any) ([]string, error) {
	if value == nil {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, refuseField(id, "data was not an array")
	}
	var out []string
	for _, item := range list {
		label, ok := item.(string)
		if !ok {
			return nil, refuseField(id, "Operation value must be a string")
		}
		if strings.ContainsAny(label, " \t\n") {
			return nil, refuseField(id, "The label '"+label+"' contains spaces which is invalid.")
		}
		out = append(out, label)
	}
	return out, nil
}

func setPriority(i *issue, value any) error {
	c, ok := choose(priorities, value)
	if !ok {
		return refuseField("priority", "The priority selected is invalid.")
	}
	i.priority = c
	return nil
}

// choose finds a choice that is named by id or name.
func choose(list []choice, value any) (choice, bool) {
	given, _ := value.(object)
	for _, c := range list {
		if given["id"] == c.id || (given["id"] == nil && given["name"] == c.name) {
			return c, true
		}
	}
	return choice{}, false
}

func setChoices(i *issue, id string, value any) error {
	list, isList := value.([]any)
	if value != nil && !isList {
		return refuseField(id, "data was not an array")
	}
	known, kind := i.project.versions, "Version"
	if id == "components" {
		known, kind = i.project.components, "Component"
	}
	var chosen []choice
	for _, item := range list {
		c, ok := choose(known, item)
		if !ok {
			given, _ := item.(object)
			name, _ := given["name"].(string)
			return refuseField(id, kind+" name '"+name+"' is not valid")
		}
		chosen = append(chosen, c)
	}
	switch id {
	case "components":
		i.components = chosen
	case "versions":
		i.versions = chosen
	default:
		i.fixVersions = chosen
	}
	return nil
}

func (s *Server) setSprint(i *issue, value any) error {
	if value == nil {
		i.sprint = nil
		return nil
	}
	id, ok := value.(float64)
	if !ok {
		return refuseField(fieldSprint, "Number value expected as the Sprint id.")
	}
	for _, b := range s.state.boards {
		for _, one := range b.sprints {
			switch {
			case one.id != int(id):
			case one.state == "closed":
				return refuseField(fieldSprint, "Issue can be assigned only active or future sprints.")
			default:
				i.sprint = one
				return nil
			}
		}
	}
	return refuse(http.StatusBadRequest, "Sprint does not exist.")
}

// rendered is the value of a field as Jira gives it out.
func (s *Server) rendered(i *issue, f fieldDefinition, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	if f.kind != "array" {
		return s.renderedOne(i, f, f.kind, value)
	}
	if f.items == "string" {
		labels, err := labelValues(f.id, value)
		return labels, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, refuseField(f.id, "data was not an array")
	}
	out := []any{}
	for _, item := range list {
		one, err := s.renderedOne(i, f, f.items, item)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (s *Server) renderedOne(i *issue, f fieldDefinition, kind string, value any) (any, error) {
	text, isText := value.(string)
	given, _ := value.(object)
	switch kind {
	case "number":
		if _, ok := value.(float64); !ok {
			return nil, refuseField(f.id, "Operation value must be a number")
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, refuseField(f.id, "Error parsing date string: "+text)
		}
	case "datetime":
		if _, err := time.Parse("2006-01-02T15:04:05.000-0700", text); err != nil {
			return nil, refuseField(f.id, "Error parsing time: "+text)
		}
	case "option", "option-with-child":
		return s.renderedOption(f, given)
	case "user":
		u, err := s.userValue(f.id, value)
		return s.userJSON(u), err
	case "group":
		if name, _ := given["name"].(string); !slices.Contains(groups, name) {
			return nil, refuseField(f.id, "Group '"+name+"' does not exist.")
		}
		return object{"name": given["name"], "self": s.self("group")}, nil
	case "version":
		c, ok := choose(i.project.versions, value)
		if !ok {
			return nil, refuseField(f.id, "Version is not valid")
		}
		return s.choiceJSON("version", c), nil
	case "string":
		if f.custom == customTypes+"textarea" {
			return s.textValue(f.id, value)
		}
		if !isText {
			return nil, refuseField(f.id, "Operation value must be a string")
		}
	}
	return value, nil
}

func findOption(list []option, given object) (option, bool) {
	for _, o := range list {
		if given["id"] == o.id || (given["id"] == nil && given["value"] == o.value) {
			return o, true
		}
	}
	return option{}, false
}

func (s *Server) renderedOption(f fieldDefinition, given object) (any, error) {
	o, ok := findOption(options[f.id], given)
	if !ok {
		return nil, refuseField(f.id, "Could not find valid 'id' or 'value' in the Parent Option object.")
	}
	out := s.optionJSON(o)
	if below, ok := given["child"].(object); ok {
		child, ok := findOption(o.children, below)
		if !ok {
			return nil, refuseField(f.id, "Option id '"+o.id+"' is not valid")
		}
		out["child"] = s.optionJSON(child)
	}
	return out, nil
}
