package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

func (s *Server) projectByKey(key string) *project {
	for _, p := range s.state.projects {
		if p.id == key || slices.Contains(p.keys(), key) {
			return p
		}
	}
	return nil
}

// createTypes lists the types of issue that can be created, none without the permission.
func (s *Server) createTypes(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.projectByKey(r.PathValue("project"))
	if p == nil {
		writeError(w, refuse(http.StatusBadRequest, "No project could be found with key '"+r.PathValue("project")+"'."))
		return
	}
	list := []any{}
	for _, t := range issueTypes {
		if s.may(p, PermissionCreate) {
			list = append(list, s.typeJSON(t))
		}
	}
	s.writeMeta(w, r, "issueTypes", list)
}

func (s *Server) createFields(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.projectByKey(r.PathValue("project"))
	n := slices.IndexFunc(issueTypes, func(t issueType) bool { return t.id == r.PathValue("type") })
	if p == nil || n < 0 || !s.may(p, PermissionCreate) {
		writeError(w, refuse(http.StatusBadRequest, "Issue type with id '"+r.PathValue("type")+"' could not be found in the project."))
		return
	}
	list := []any{}
	for _, f := range s.screenFields(issueTypes[n]) {
		list = append(list, s.fieldMeta(f, p, issueTypes[n], true))
	}
	s.writeMeta(w, r, "fields", list)
}

// writeMeta is a page of metadata, whose list has another name on each deployment.
func (s *Server) writeMeta(w http.ResponseWriter, r *http.Request, name string, list []any) {
	limit, err := strconv.Atoi(r.URL.Query().Get("maxResults"))
	if err != nil {
		limit = 50
	}
	limit = min(limit, 10) // so that lists here need more than a page
	start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
	start = min(start, len(list))
	page := list[start:min(start+limit, len(list))]
	out := object{"startAt": start, "maxResults": limit, "total": len(list), name: page}
	if !s.cloud() {
		delete(out, name)
		out["values"], out["isLast"] = page, start+len(page) == len(list)
	}
	writeJSON(w, http.StatusOK, out)
}

type newIssue struct {
	Fields object `json:"fields"`
	Update object `json:"update"`
}

func (s *Server) createIssue(w http.ResponseWriter, r *http.Request) {
	var in newIssue
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.create(in)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, s.createdJSON(i))
}

func (s *Server) createdJSON(i *issue) object {
	id := strconv.Itoa(i.id)
	return object{"id": id, "key": i.key, "self": s.self("issue", id)}
}

// createIssues creates what can be created, and reports the rest by its place in the request. Where
// nothing was created it answers 400.
func (s *Server) createIssues(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IssueUpdates []newIssue `json:"issueUpdates"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	if len(in.IssueUpdates) > 50 {
		writeError(w, refuse(http.StatusBadRequest, "The number of issues exceeds the maximum of 50."))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made, failed := []any{}, []any{}
	for n, one := range in.IssueUpdates {
		i, err := s.create(one)
		if err == nil {
			made = append(made, s.createdJSON(i))
			continue
		}
		e := err.(*refusal) //nolint:errorlint // create returns no other
		failed = append(failed, object{"status": e.status, "failedElementNumber": n, "elementErrors": e.body()})
	}
	status := http.StatusCreated
	if len(made) == 0 {
		status = http.StatusBadRequest
	}
	writeJSON(w, status, object{"issues": made, "errors": failed})
}

// create checks everything before it makes anything.
func (s *Server) create(in newIssue) (*issue, error) {
	p, kind, err := s.placeOf(in.Fields)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	i := &issue{project: p, kind: kind, status: statusToDo, priority: medium, reporter: s.state.service, created: now, updated: now}
	if p.mustAssign {
		i.assignee = p.lead
	}
	screen := s.screenFields(kind)
	for _, f := range screen {
		value, given := in.Fields[f.id]
		switch {
		case f.id == "project" || f.id == "issuetype":
		case given:
			err = s.set(i, f, value)
		case f.id == "parent" && kind.subtask:
			err = refuseField("issuetype", "Issue type is a sub-task but parent issue key or id not specified.")
		case f.id == "summary":
			err = setSummary(i, nil)
		case required(f, kind):
			err = refuseField(f.id, f.name+" is required.")
		}
		if err != nil {
			return nil, err
		}
	}
	for name := range in.Fields {
		if !slices.ContainsFunc(screen, func(f fieldDefinition) bool { return f.id == name }) {
			return nil, notOnScreen(name)
		}
	}
	s.file(i)
	return i, nil
}

func (s *Server) placeOf(fields object) (*project, issueType, error) {
	where, _ := fields["project"].(object)
	key, _ := where["key"].(string)
	if id, ok := where["id"].(string); ok {
		key = id
	}
	p := s.projectByKey(key)
	if p == nil {
		return nil, issueType{}, refuseField("project", "Specify a valid project ID or key")
	}
	if !s.may(p, PermissionCreate) {
		return nil, issueType{}, refuseField("project", "You cannot create issues in this project.")
	}
	what, _ := fields["issuetype"].(object)
	for _, t := range issueTypes {
		if what["id"] == t.id || (what["id"] == nil && what["name"] == t.name) {
			return p, t, nil
		}
	}
	return nil, issueType{}, refuseField("issuetype", "Specify a valid issue type")
}

// file gives an issue the next key of its project. Keys are not used twice.
func (s *Server) file(i *issue) {
	s.lastID++
	i.id = s.lastID
	last := 0
	for key := range s.state.byKey {
		var n int
		if _, err := fmt.Sscanf(key, i.project.key+"-%d", &n); err == nil {
			last = max(last, n)
		}
	}
	last = max(last, i.project.lastKey)
	i.project.lastKey = last + 1
	i.key = i.project.key + "-" + strconv.Itoa(last+1)
	s.state.issues = append(s.state.issues, i)
	s.state.byKey[i.key] = i
}
