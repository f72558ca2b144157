package confluence

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// remove puts a page into the trash; what was below it goes up.
func (s *store) remove(p *page) {
	for _, child := range s.childrenOf(p) {
		child.parent = p.parent
	}
	s.pages = slices.DeleteFunc(slices.Clone(s.pages), func(q *page) bool { return q == p })
	s.comments = slices.DeleteFunc(slices.Clone(s.comments), func(c *comment) bool { return c.page == p })
}

// v2DeletePage answers DELETE /api/v2/pages/{id}.
func (s *Server) v2DeletePage(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	p := s.store.page(id)
	if p == nil || p.space.readOnly {
		notFound(w)
		return
	}
	s.store.remove(p)
	w.WriteHeader(http.StatusNoContent)
}

// deleteContent answers DELETE /rest/api/content/{id}, for pages and comments.
func (s *Server) deleteContent(w http.ResponseWriter, r *http.Request) {
	switch p, c := s.content(w, r); {
	case p != nil && p.space.readOnly, c != nil && c.page.space.readOnly:
		s.restError(w, http.StatusForbidden, "Could not delete content with id "+r.PathValue("id"))
	case p != nil:
		s.store.remove(p)
		w.WriteHeader(http.StatusNoContent)
	case c != nil:
		s.store.comments = slices.DeleteFunc(slices.Clone(s.store.comments), func(other *comment) bool { return other == c })
		w.WriteHeader(http.StatusNoContent)
	}
}

// movePage answers PUT /rest/api/content/{id}/move/{position}/{target}, which only Cloud has.
func (s *Server) movePage(w http.ResponseWriter, r *http.Request) {
	p, _ := s.content(w, r)
	if p == nil {
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("target"), 10, 64)
	target := s.store.page(id)
	if target == nil {
		s.restError(w, http.StatusNotFound, fmt.Sprintf("No content found with id: ContentId{id=%d}", id))
		return
	}
	parent := target
	if position := r.PathValue("position"); position != "append" {
		parent = target.parent
	}
	switch other := s.store.titled(target.space, p.title()); {
	case p.space.readOnly || target.space.readOnly:
		s.restError(w, http.StatusForbidden, "User is not permitted to move the page")
	case parent == p || parent == nil || slices.Contains(parent.ancestors(), p):
		s.restError(w, http.StatusBadRequest, "The move would create a parent-child loop")
	case other != nil && other != p:
		s.restError(w, http.StatusBadRequest, "A page already exists in the target space with the same name")
	default:
		s.store.relocate(p, parent)
		writeJSON(w, http.StatusOK, object{"pageId": r.PathValue("id")})
	}
}

// relocate puts a page below another, with all that is below it.
func (s *store) relocate(p, parent *page) {
	p.parent = parent
	for _, q := range s.pages {
		if q == p || slices.Contains(q.ancestors(), p) {
			q.space = parent.space
		}
	}
}

// copyPage answers POST /rest/api/content/{id}/copy, which only Cloud has.
func (s *Server) copyPage(w http.ResponseWriter, r *http.Request) {
	p, _ := s.content(w, r)
	if p == nil {
		return
	}
	var in struct {
		Labels      bool                         `json:"copyLabels"`
		Destination struct{ Type, Value string } `json:"destination"`
		Title       string                       `json:"pageTitle"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		s.restError(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return
	}
	var sp *space
	var parent *page
	switch in.Destination.Type {
	case "space":
		sp = s.store.spaceByKey(in.Destination.Value)
	case "parent_page":
		id, _ := strconv.ParseInt(in.Destination.Value, 10, 64)
		if parent = s.store.page(id); parent != nil {
			sp = parent.space
		}
	default:
		s.restError(w, http.StatusBadRequest, "destination.type is invalid")
		return
	}
	if sp == nil {
		s.restError(w, http.StatusNotFound, "The destination does not exist")
		return
	}
	if sp.readOnly {
		s.restError(w, http.StatusForbidden, "User is not permitted to create content at the destination")
		return
	}
	made, err := s.store.createPage(sp, parent, orElse(in.Title, p.title()), p.current().body, "")
	if err != nil {
		s.refuse(w, err)
		return
	}
	if in.Labels {
		made.labels = slices.Clone(p.labels)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	writeJSON(w, http.StatusOK, s.withBase(r, s.pageJSON(made, expansions(r, defaultExpand))))
}
