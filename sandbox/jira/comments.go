package jira

import (
	"net/http"
	"slices"
	"strconv"
)

// findComment looks among the comments of the issue alone, as Jira does.
func findComment(i *issue, id string) (*comment, error) {
	for _, c := range i.comments {
		if strconv.Itoa(c.id) == id {
			return c, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "Can not find a comment for the id: "+id+".")
}

func (s *Server) getComment(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, err := s.state.find(r.PathValue("key"))
	if err != nil {
		writeError(w, err)
		return
	}
	c, err := findComment(i, r.PathValue("id"))
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, s.commentJSON(i, c))
}

// editComment replaces text and visibility: a visibility that is not sent opens the comment to
// everybody.
func (s *Server) editComment(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Body       any         `json:"body"`
		Visibility *visibility `json:"visibility"`
		Properties []property  `json:"properties"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.state.find(r.PathValue("key"))
	var c *comment
	if err == nil {
		c, err = findComment(i, r.PathValue("id"))
	}
	if err == nil && !s.may(i.project, PermissionEditComments) {
		err = refuse(http.StatusBadRequest, "You do not have the permission to edit this comment.")
	}
	if err == nil {
		err = s.checkBody("comment", in.Body)
	}
	if err == nil {
		err = checkVisibility(in.Visibility)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	c.body, c.visibility, c.updated = in.Body, in.Visibility, s.cfg.Now()
	if in.Properties != nil {
		c.properties = in.Properties
	}
	i.updated = c.updated
	writeJSON(w, http.StatusOK, s.commentJSON(i, c))
}

func (s *Server) deleteComment(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, nil, func(i *issue) error {
		c, err := findComment(i, r.PathValue("id"))
		if err != nil {
			return err
		}
		if !s.may(i.project, PermissionDeleteComments) {
			return refuse(http.StatusBadRequest, "You do not have the permission to delete this comment.")
		}
		i.comments = slices.DeleteFunc(i.comments, func(other *comment) bool { return other == c })
		i.updated = s.cfg.Now()
		return nil
	})
}
