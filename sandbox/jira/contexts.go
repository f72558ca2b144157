package jira

import (
	"net/http"
	"slices"
	"strconv"
)

// PermissionAdminister is the global permission that contexts of fields need; no project has it.
const PermissionAdminister = "ADMINISTER"

// contextOf is the id of the only context that a field with options has here.
const contextOf = "10500"

// contextField checks who asks for contexts, and of what.
func (s *Server) contextField(r *http.Request) error {
	if s.denied[" "+PermissionAdminister] {
		return refuse(http.StatusForbidden, "You must have administrator permissions to perform this action.")
	}
	id := r.PathValue("field")
	if !slices.ContainsFunc(s.fieldDefinitions(), func(f fieldDefinition) bool { return f.id == id && f.custom != "" }) {
		return refuse(http.StatusNotFound, "The custom field was not found.")
	}
	if at := r.PathValue("context"); at != "" && (at != contextOf || options[id] == nil) {
		return refuse(http.StatusNotFound, "The context was not found.")
	}
	return nil
}

func (s *Server) fieldContexts(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.contextField(r); err != nil {
		writeError(w, err)
		return
	}
	list := []any{}
	if options[r.PathValue("field")] != nil {
		list = append(list, object{"id": contextOf, "name": "Default", "description": "", "isGlobalContext": true, "isAnyIssueType": true})
	}
	writeJSON(w, http.StatusOK, object{"startAt": 0, "maxResults": 50, "total": len(list), "isLast": true, "values": list})
}

// fieldContextOptions are pages of three, children after their parents.
func (s *Server) fieldContextOptions(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.contextField(r); err != nil {
		writeError(w, err)
		return
	}
	var all []any
	for _, o := range options[r.PathValue("field")] {
		all = append(all, object{"id": o.id, "value": o.value, "disabled": false})
		for _, child := range o.children {
			all = append(all, object{"id": child.id, "value": child.value, "optionId": o.id, "disabled": false})
		}
	}
	const limit = 3
	start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
	start = min(max(start, 0), len(all))
	end := min(start+limit, len(all))
	writeJSON(w, http.StatusOK, object{"startAt": start, "maxResults": limit, "total": len(all), "isLast": end == len(all), "values": all[start:end]})
}
