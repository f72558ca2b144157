package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// moveTask is a move under way. It is RUNNING when first asked about, and over the next time.
type moveTask struct {
	issue  *issue
	target *project
	kind   issueType
	asked  int
	failed string
}

type moveTarget struct {
	IDs            []string `json:"issueIdsOrKeys"`
	Classification bool     `json:"inferClassificationDefaults"`
	Fields         bool     `json:"inferFieldDefaults"`
	Status         bool     `json:"inferStatusDefaults"`
	Subtask        bool     `json:"inferSubtaskTypeDefault"`
}

// refuseBulk answers in the form that bulk operations have for errors.
func refuseBulk(w http.ResponseWriter, message string) {
	writeJSON(w, http.StatusBadRequest, object{"errors": []any{object{"message": message}}})
}

// moveIssues takes one issue for one target.
func (s *Server) moveIssues(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Notify  bool                  `json:"sendBulkNotification"`
		Targets map[string]moveTarget `json:"targetToSourcesMapping"`
	}
	if err := readJSON(r, &in); err != nil || len(in.Targets) != 1 {
		refuseBulk(w, "Invalid request payload.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, t := range in.Targets {
		task, message := s.moveTask(name, t)
		if message != "" {
			refuseBulk(w, message)
			return
		}
		s.lastID++
		id := strconv.Itoa(s.lastID)
		if s.moves == nil {
			s.moves = map[string]*moveTask{}
		}
		s.moves[id] = task
		writeJSON(w, http.StatusCreated, object{"taskId": id})
	}
}

func (s *Server) moveTask(name string, t moveTarget) (*moveTask, string) {
	key, typeID, _ := strings.Cut(name, ",")
	p := s.projectByKey(key)
	n := slices.IndexFunc(issueTypes, func(k issueType) bool { return k.id == typeID })
	switch {
	case p == nil || n < 0 || !s.may(p, PermissionCreate):
		return nil, "The target project or issue type is not valid."
	case len(t.IDs) != 1:
		return nil, "One issue must be given."
	}
	i, err := s.state.find(t.IDs[0])
	if err != nil || !s.may(i.project, PermissionMove) {
		return nil, "You do not have permission to move the issue."
	}
	task := &moveTask{issue: i, target: p, kind: issueTypes[n]}
	if !t.Fields || !t.Status {
		task.failed = "A mandatory field or status has no value."
	}
	return task, ""
}

func (s *Server) moveProgress(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	task := s.moves[r.PathValue("task")]
	if task == nil {
		refuseBulk(w, "The task was not found.")
		return
	}
	task.asked++
	id := strconv.Itoa(task.issue.id)
	out := object{"taskId": r.PathValue("task"), "status": "RUNNING", "progressPercent": 50, "totalIssueCount": 1, "submittedBy": s.userJSON(s.state.service)}
	if task.asked > 1 {
		out["status"], out["progressPercent"], out["invalidOrInaccessibleIssueCount"] = "COMPLETE", 100, 0
		if task.failed != "" {
			out["failedAccessibleIssues"] = object{id: []string{task.failed}}
		} else {
			out["processedAccessibleIssues"] = []int{task.issue.id}
		}
	}
	if task.asked == 2 && task.failed == "" {
		s.move(task.issue, task.target, task.kind)
		for _, below := range s.state.subtasks(task.issue) {
			s.move(below, task.target, below.kind)
		}
	}
	writeJSON(w, http.StatusOK, out)
}

// move gives an issue a key of another project. The old one goes on leading to it.
func (s *Server) move(i *issue, p *project, kind issueType) {
	was := *i
	s.state.issues = slices.DeleteFunc(s.state.issues, func(other *issue) bool { return other == i })
	id := i.id
	i.project, i.kind, i.components, i.fixVersions, i.versions = p, kind, nil, nil, nil
	if !slices.ContainsFunc(p.workflow, func(t transition) bool { return t.to.id == i.status.id }) {
		i.status = statusToDo
	}
	s.file(i)
	i.id, i.updated = id, s.cfg.Now()
	s.record(i, was)
}
