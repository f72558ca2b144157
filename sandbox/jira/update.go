package jira

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) editIssue(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Fields object `json:"fields"`
		Update map[string][]struct {
			Set any `json:"set"`
		} `json:"update"`
	}
	s.write(w, r, &in, func(i *issue) error {
		values := maps.Clone(in.Fields)
		if values == nil {
			values = object{}
		}
		for name, operations := range in.Update {
			for _, o := range operations {
				values[name] = o.Set
			}
		}
		return s.edit(i, values)
	})
}

// edit checks everything before it changes anything.
func (s *Server) edit(i *issue, values object) error {
	if len(values) == 0 {
		return refuse(http.StatusBadRequest, "one of 'fields' or 'update' required")
	}
	changed, screen := *i, s.screenFields(i.kind)
	for name, value := range values {
		n := slices.IndexFunc(screen, func(f fieldDefinition) bool { return f.id == name && name != "project" && name != "issuetype" })
		if n < 0 || !s.may(i.project, PermissionEdit) {
			return notOnScreen(name)
		}
		if value == nil && required(screen[n], i.kind) && name != "summary" {
			return refuseField(name, screen[n].name+" is required.")
		}
		if err := s.set(&changed, screen[n], value); err != nil {
			return err
		}
	}
	was := *i
	changed.updated = s.cfg.Now()
	*i = changed
	s.record(i, was)
	return nil
}

func (s *Server) deleteIssue(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, nil, func(i *issue) error {
		if !s.may(i.project, PermissionDelete) {
			return refuse(http.StatusForbidden, "You do not have permission to delete issues in this project.")
		}
		below := s.state.subtasks(i)
		if len(below) > 0 && r.URL.Query().Get("deleteSubtasks") != "true" {
			return refuse(http.StatusBadRequest, "The issue '"+i.key+"' has subtasks.  You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.")
		}
		for _, gone := range append(below, i) {
			s.remove(gone)
		}
		return nil
	})
}

// remove takes an issue out of the lists and out of what others say of it.
func (s *Server) remove(gone *issue) {
	delete(s.state.byKey, gone.key)
	s.state.issues = slices.DeleteFunc(s.state.issues, func(i *issue) bool { return i == gone })
	for _, i := range s.state.issues {
		i.links = slices.DeleteFunc(slices.Clone(i.links), func(l link) bool { return l.opposite == gone })
		if i.parent == gone {
			i.parent = nil
		}
	}
	number, err := strconv.Atoi(gone.key[strings.LastIndexByte(gone.key, '-')+1:])
	if err == nil {
		gone.project.lastKey = max(gone.project.lastKey, number)
	}
}

// worklog is time that somebody worked on an issue.
type worklog struct {
	id      int
	spent   string
	started time.Time
	comment any
}

var duration = regexp.MustCompile(`^(?:\d+(?:\.\d+)?[wdhm])(?: \d+(?:\.\d+)?[wdhm])*$`)

func (s *Server) addWorklog(w http.ResponseWriter, r *http.Request) {
	var in struct {
		TimeSpent string `json:"timeSpent"`
		Started   string `json:"started"`
		Comment   any    `json:"comment"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.state.find(r.PathValue("key"))
	if err == nil {
		err = s.checkWorklog(i, in.TimeSpent)
	}
	started := s.cfg.Now()
	if err == nil && in.Started != "" {
		if started, err = time.Parse("2006-01-02T15:04:05.000-0700", in.Started); err != nil {
			err = refuse(http.StatusBadRequest, "Unparseable date: "+in.Started)
		}
	}
	if err != nil {
		writeError(w, err)
		return
	}
	s.lastID++
	log := worklog{s.lastID, in.TimeSpent, started, in.Comment}
	i.worklogs, i.updated = append(i.worklogs, log), s.cfg.Now()
	writeJSON(w, http.StatusCreated, object{
		"id": strconv.Itoa(log.id), "issueId": strconv.Itoa(i.id), "author": s.userJSON(s.state.service), "timeSpent": log.spent,
		"started": jiraTime(log.started), "created": jiraTime(i.updated), "updated": jiraTime(i.updated),
		"self": s.self("issue", strconv.Itoa(i.id), "worklog", strconv.Itoa(log.id)),
	})
}

func (s *Server) checkWorklog(i *issue, spent string) error {
	switch {
	case !s.may(i.project, PermissionWork):
		return refuse(http.StatusBadRequest, "You do not have the permission to associate a worklog to this issue.")
	case spent == "":
		return refuseField("timeLogged", "You must indicate the time spent working.")
	case !duration.MatchString(spent):
		return refuseField("timeLogged", "Invalid time duration entered.")
	}
	return nil
}
