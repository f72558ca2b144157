package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// boardList answers with the boards of a project.
func (s *Server) boardList(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	asked, known := r.URL.Query().Get("projectKeyOrId"), false
	for _, p := range s.state.projects {
		known = known || p.key == asked || p.id == asked
	}
	if asked != "" && !known {
		writeError(w, refuse(http.StatusBadRequest, "No project could be found with key or id '"+asked+"'."))
		return
	}
	list := []any{}
	for _, b := range s.state.boards {
		kind := "scrum"
		switch {
		case b.simple:
			kind = "simple"
		case b.kanban:
			kind = "kanban"
		}
		if asked == "" || b.project.key == asked || b.project.id == asked {
			list = append(list, object{"id": b.id, "self": s.base + "/rest/agile/1.0/board/" + strconv.Itoa(b.id), "name": b.name, "type": kind})
		}
	}
	s.writePage(w, r, list)
}

// boardSprints answers with the sprints of a board that have one of the states asked for.
func (s *Server) boardSprints(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := slices.IndexFunc(s.state.boards, func(b *board) bool { return strconv.Itoa(b.id) == r.PathValue("id") })
	if n < 0 {
		writeError(w, refuse(http.StatusNotFound, "Requested board cannot be viewed because it either does not exist or you do not have permission to view it."))
		return
	}
	b := s.state.boards[n]
	if b.kanban || b.simple {
		writeError(w, refuse(http.StatusBadRequest, "The board does not support sprints"))
		return
	}
	states := r.URL.Query().Get("state")
	list := []any{}
	for _, one := range b.sprints {
		if states == "" || slices.Contains(strings.Split(states, ","), one.state) {
			list = append(list, object{
				"id": one.id, "self": s.base + "/rest/agile/1.0/sprint/" + strconv.Itoa(one.id), "name": one.name, "state": one.state, "originBoardId": b.id,
			})
		}
	}
	s.writePage(w, r, list)
}

// writePage answers with the part of a list that was asked for, at most 50.
func (s *Server) writePage(w http.ResponseWriter, r *http.Request, list []any) {
	start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
	limit, err := strconv.Atoi(r.URL.Query().Get("maxResults"))
	if err != nil || limit > 50 {
		limit = 50
	}
	start = min(max(start, 0), len(list))
	part := list[start:min(start+max(limit, 0), len(list))]
	writeJSON(w, http.StatusOK, object{"startAt": start, "maxResults": limit, "isLast": start+len(part) == len(list), "values": part})
}

// AddSimpleBoard gives a project a board as team-managed projects have it, without sprints.
func (s *Server) AddSimpleBoard(projectKey string, id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.state.projects {
		if p.key == projectKey {
			s.state.boards = append([]*board{{id: id, name: projectKey + " board", simple: true, project: p}}, s.state.boards...)
		}
	}
}

// AddSprint gives a project a scrum board with an active sprint.
func (s *Server) AddSprint(projectKey string, id int, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.state.projects {
		if p.key == projectKey {
			s.state.boards = append(s.state.boards, &board{id: id, name: projectKey + " scrum board", project: p, sprints: []*sprint{{id, name, "active"}}})
		}
	}
}
