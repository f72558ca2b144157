package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// splitFields reads a list of fields from a query, where the default is all of them.
func splitFields(values []string) []string {
	var out []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name != "" {
				out = append(out, name)
			}
		}
	}
	if len(out) == 0 {
		return []string{"*all"}
	}
	return out
}

func (s *Server) getIssue(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, err := s.state.find(r.PathValue("key"))
	if err != nil {
		writeError(w, err)
		return
	}
	query := r.URL.Query()
	out := s.issueJSON(i, splitFields(query["fields"]))
	expand := splitFields(query["expand"])
	if slices.Contains(expand, "names") {
		names := object{}
		for _, f := range s.fieldDefinitions() {
			names[f.id] = f.name
		}
		out["names"] = names
	}
	if slices.Contains(expand, "transitions") {
		out["transitions"] = s.transitionsJSON(i, false)
	}
	if slices.Contains(expand, "transitions.fields") {
		out["transitions"] = s.transitionsJSON(i, true)
	}
	if slices.Contains(expand, "editmeta") {
		out["editmeta"] = object{"fields": s.editScreen(i)}
	}
	if slices.Contains(expand, "changelog") {
		out["changelog"] = s.changelogJSON(i)
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) getComments(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, err := s.state.find(r.PathValue("key"))
	if err != nil {
		writeError(w, err)
		return
	}
	query := r.URL.Query()
	start, _ := strconv.Atoi(query.Get("startAt"))
	limit, err := strconv.Atoi(query.Get("maxResults"))
	if err != nil {
		limit = maxComments
	}
	page := s.commentPage(i, max(0, start), max(0, limit))
	if strings.HasPrefix(query.Get("orderBy"), "-") {
		page = s.newestFirst(i, max(0, start), max(0, limit))
	}
	writeJSON(w, http.StatusOK, page)
}

func (s *Server) newestFirst(i *issue, start, limit int) object {
	turned := *i
	turned.comments = slices.Clone(i.comments)
	slices.Reverse(turned.comments)
	return s.commentPage(&turned, start, limit)
}

// maxText is Jira's limit of a text field, in UTF-16 units.
const maxText = 32767

func (s *Server) addComment(w http.ResponseWriter, r *http.Request) {
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
	c := s.insertComment(i, in.Body)
	c.visibility, c.properties = in.Visibility, in.Properties
	writeJSON(w, http.StatusCreated, s.commentJSON(i, c))
}

func (s *Server) insertComment(i *issue, body any) *comment {
	s.lastID++
	now := s.cfg.Now()
	c := &comment{id: s.lastID, author: s.state.service, body: body, created: now, updated: now}
	i.comments = append(i.comments, c)
	i.updated = now
	return c
}

// checkBody refuses rich text in another form than the deployment's, or too much of it.
func (s *Server) checkBody(name string, body any) error {
	if s.cloud() {
		if err := checkDocument(body); err != nil {
			return err
		}
		if strings.TrimSpace(plainTextOf(body)) == "" {
			return refuseField(name, "Comment body can not be empty!")
		}
	}
	text, isText := body.(string)
	switch {
	case s.cloud():
		text = plainTextOf(body)
	case !isText:
		return refuse(http.StatusBadRequest, "Can not deserialize instance of java.lang.String out of START_OBJECT token")
	case strings.TrimSpace(text) == "":
		return refuseField(name, "Comment body can not be empty!")
	}
	if len(utf16.Encode([]rune(text))) > maxText {
		return refuseField(name, "The entered text is too long. It exceeds the allowed limit of 32,767 characters.")
	}
	return nil
}

func checkVisibility(v *visibility) error {
	switch {
	case v == nil:
		return nil
	case v.Type == "role" && !slices.Contains(roles, v.Value):
		return refuseField("commentLevel", "Role with name '"+v.Value+"' does not exist.")
	case v.Type == "group" && !slices.Contains(groups, v.Value):
		return refuseField("commentLevel", "Group: "+v.Value+" does not exist.")
	case v.Type != "role" && v.Type != "group":
		return refuse(http.StatusBadRequest, "Invalid visibility type")
	}
	return nil
}
