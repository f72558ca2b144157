package jira

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (u *user) key() string { return "JIRAUSER-" + u.name }

// people are all users in a stable order.
func (st *state) people() []*user {
	return slices.SortedFunc(maps.Values(st.users), func(a, b *user) int {
		return cmp.Or(cmp.Compare(a.display, b.display), cmp.Compare(a.name, b.name))
	})
}

// getUser knows people by account id on Cloud, and by user name or key on Data Center.
func (s *Server) getUser(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if s.cloud() && (query.Has("username") || query.Has("key")) {
		writeError(w, refuse(http.StatusBadRequest, "The query parameter 'username' is not supported in GDPR strict mode."))
		return
	}
	for _, u := range s.state.people() {
		if s.cloud() && u.accountID == query.Get("accountId") ||
			!s.cloud() && (strings.EqualFold(u.name, query.Get("username")) || u.key() == query.Get("key")) {
			writeJSON(w, http.StatusOK, s.userJSON(u))
			return
		}
	}
	text := "Specified user does not exist or you do not have required permissions"
	if !s.cloud() {
		text = "The user named '" + query.Get("username") + "' does not exist"
		if query.Has("key") {
			text = "The user with the key '" + query.Get("key") + "' does not exist"
		}
	}
	writeError(w, refuse(http.StatusNotFound, text))
}

func (s *Server) searchUsers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	text, err := s.userQuery(query)
	if err == nil && text == "" {
		err = refuse(http.StatusBadRequest, "The username query parameter was not provided")
		if s.cloud() {
			err = refuse(http.StatusBadRequest, "Either query, property or accountId parameter must be provided")
		}
	}
	if err != nil {
		writeError(w, err)
		return
	}
	inactive := s.cloud() || query.Get("includeInactive") == "true"
	s.writeUsers(w, query, text, func(u *user) bool { return inactive || !u.inactive })
}

// userQuery is the text to search for, which has another name on each deployment.
func (s *Server) userQuery(query url.Values) (string, error) {
	if !s.cloud() {
		return query.Get("username"), nil
	}
	if query.Has("username") {
		return "", refuse(http.StatusBadRequest, "The query parameter 'username' is not supported in GDPR strict mode.")
	}
	return query.Get("query"), nil
}

func (s *Server) searchAssignable(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	query := r.URL.Query()
	text, err := s.userQuery(query)
	switch {
	case err != nil:
	case query.Has("issueKey"):
		_, err = s.state.find(query.Get("issueKey"))
	case query.Has("project"):
		if s.projectByKey(query.Get("project")) == nil {
			err = refuse(http.StatusNotFound, "No project could be found with key '"+query.Get("project")+"'.")
		}
	default:
		err = refuse(http.StatusBadRequest, "Either a project or an issue key must be specified.")
	}
	if err != nil {
		writeError(w, err)
		return
	}
	s.writeUsers(w, query, text, s.assignable)
}

// assignable people are the active ones who are no service.
func (s *Server) assignable(u *user) bool { return !u.inactive && u != s.state.service }

func (s *Server) writeUsers(w http.ResponseWriter, query url.Values, text string, wanted func(*user) bool) {
	limit, err := strconv.Atoi(query.Get("maxResults"))
	if err != nil {
		limit = 50
	}
	start, _ := strconv.Atoi(query.Get("startAt"))
	out := []any{}
	for _, u := range s.state.people() {
		if !wanted(u) || !s.matches(u, text) {
			continue
		}
		if start--; start < 0 && len(out) < limit {
			out = append(out, s.userJSON(u))
		}
	}
	writeJSON(w, http.StatusOK, out)
}

// matches looks for the text at the beginning of names, of words of the display name, and of the
// e-mail address, whether or not that is shown.
func (s *Server) matches(u *user, text string) bool {
	text = strings.ToLower(text)
	candidates := append(strings.Fields(u.display), u.display, u.email)
	if !s.cloud() {
		candidates = append(candidates, u.name)
	}
	return slices.ContainsFunc(candidates, func(c string) bool { return strings.HasPrefix(strings.ToLower(c), text) })
}

func (s *Server) assign(w http.ResponseWriter, r *http.Request) {
	var in struct {
		AccountID *string `json:"accountId"`
		Name      *string `json:"name"`
	}
	s.write(w, r, &in, func(i *issue) error {
		id := in.AccountID
		if !s.cloud() {
			id = in.Name
		}
		switch {
		case !s.may(i.project, PermissionAssign) && s.cloud():
			return refuse(http.StatusForbidden, "You do not have permission to assign issues.")
		case !s.may(i.project, PermissionAssign):
			return refuse(http.StatusUnauthorized, "You do not have permission to assign issues.")
		}
		u, err := s.newAssignee(i, id)
		if err == nil {
			was := *i
			i.assignee, i.updated = u, s.cfg.Now()
			s.record(i, was)
		}
		return err
	})
}

// newAssignee is the user with an id in the deployment's form, or nil for nobody.
func (s *Server) newAssignee(i *issue, id *string) (*user, error) {
	if id == nil {
		if i.project.mustAssign {
			return nil, refuseField("assignee", "Issues must be assigned.")
		}
		return nil, nil
	}
	u := s.userByID(*id)
	switch {
	case u == nil && s.cloud():
		return nil, refuseField("assignee", "Specify a valid value for assignee")
	case u == nil:
		return nil, refuseField("assignee", "User '"+*id+"' does not exist.")
	case !s.assignable(u):
		return nil, refuseField("assignee", "User '"+*id+"' cannot be assigned issues.")
	}
	return u, nil
}

func (s *Server) userByID(id string) *user {
	for _, u := range s.state.users {
		if s.cloud() && u.accountID == id || !s.cloud() && u.name == id {
			return u
		}
	}
	return nil
}
