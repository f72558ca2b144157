package jira

import "net/http"

// The permissions that an operation can lack, by Jira's own keys.
const (
	PermissionAssign         = "ASSIGN_ISSUES"
	PermissionEditComments   = "EDIT_ALL_COMMENTS"
	PermissionDeleteComments = "DELETE_ALL_COMMENTS"
	PermissionCreate         = "CREATE_ISSUES"
	PermissionEdit           = "EDIT_ISSUES"
	PermissionDelete         = "DELETE_ISSUES"
	PermissionMove           = "MOVE_ISSUES"
	PermissionWork           = "WORK_ON_ISSUES"
)

// Deny takes a permission in a project away from the owner of the token.
func (s *Server) Deny(projectKey, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.denied == nil {
		s.denied = map[string]bool{}
	}
	s.denied[projectKey+" "+permission] = true
}

func (s *Server) may(p *project, permission string) bool { return !s.denied[p.key+" "+permission] }

// write runs a change of an issue, and answers 204 or the refusal.
func (s *Server) write(w http.ResponseWriter, r *http.Request, in any, change func(i *issue) error) {
	var err error
	if in != nil {
		err = readJSON(r, in)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var i *issue
	if err == nil {
		i, err = s.state.find(r.PathValue("key"))
	}
	if err == nil {
		err = change(i)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
