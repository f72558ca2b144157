package confluence

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// childrenOf are the pages directly below a page, in the order of their making.
func (s *store) childrenOf(parent *page) []*page {
	var below []*page
	for _, p := range s.pages {
		if p.parent == parent {
			below = append(below, p)
		}
	}
	return below
}

// v2Children answers GET /api/v2/pages/{id}/direct-children.
func (s *Server) v2Children(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	p := s.store.page(id)
	if p == nil {
		notFound(w)
		return
	}
	v2List(s, w, r, s.store.childrenOf(p), func(child *page) any {
		return object{"id": strconv.FormatInt(child.id, 10), "status": "current", "title": child.title(), "type": "page", "spaceId": strconv.FormatInt(child.space.id, 10), "childPosition": 1}
	})
}

// v2SpacePages answers GET /api/v2/spaces/{id}/pages.
func (s *Server) v2SpacePages(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	sp := s.store.spaceByID(id)
	if sp == nil {
		notFound(w)
		return
	}
	var found []*page
	for _, p := range s.store.pages {
		if p.space == sp {
			found = append(found, p)
		}
	}
	v2List(s, w, r, found, func(p *page) any { return s.v2PageJSON(p, false) })
}

// contentChildren answers GET /rest/api/content/{id}/child/page.
func (s *Server) contentChildren(w http.ResponseWriter, r *http.Request) {
	p, c := s.content(w, r)
	if p == nil && c == nil {
		return
	}
	start, limit, err := window(r.URL.Query(), maxList)
	if err != nil {
		s.restError(w, http.StatusBadRequest, err.Error())
		return
	}
	var below []*page
	if p != nil {
		below = s.store.childrenOf(p)
	}
	part, more := cut(below, start, limit)
	var results []any
	x := expansions(r, "")
	for _, child := range part {
		results = append(results, s.pageJSON(child, x))
	}
	writeJSON(w, http.StatusOK, s.list(r, results, start, limit, more))
}

// spacesV1 answers GET /rest/api/space.
func (s *Server) spacesV1(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	start, limit, err := window(q, maxList)
	if err != nil {
		s.restError(w, http.StatusBadRequest, err.Error())
		return
	}
	var found []any
	x := expansions(r, "")
	for _, sp := range s.store.spaces {
		if q.Get("type") != "" && q.Get("type") != "global" || q.Get("spaceKey") != "" && q.Get("spaceKey") != sp.key {
			continue
		}
		space := s.spaceJSON(sp)
		x.expand(space, "homepage", func() any { return s.pageJSON(s.store.page(sp.homepage), expansion{}) })
		found = append(found, space)
	}
	part, more := cut(found, start, limit)
	writeJSON(w, http.StatusOK, s.list(r, part, start, limit, more))
}

// v2Labels answers GET /api/v2/pages/{id}/labels.
func (s *Server) v2Labels(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	p := s.store.page(id)
	if p == nil {
		notFound(w)
		return
	}
	v2List(s, w, r, p.labels, func(label string) any { return object{"id": labelID(label), "name": label, "prefix": "global"} })
}

// labelID is a number that stays with a name.
func labelID(label string) string {
	n := 0
	for _, c := range label {
		n = n*31%100_003 + int(c)
	}
	return strconv.Itoa(n)
}

// contentLabels answers GET, POST and DELETE /rest/api/content/{id}/label, which both deployments
// have; GET is Data Center's.
func (s *Server) contentLabels(w http.ResponseWriter, r *http.Request) {
	p, c := s.content(w, r)
	if p == nil {
		if c != nil {
			s.restError(w, http.StatusBadRequest, "The sandbox labels pages only")
		}
		return
	}
	if r.Method != http.MethodGet && p.space.readOnly {
		s.restError(w, http.StatusForbidden, "You do not have permission to change the labels of this content")
		return
	}
	switch r.Method {
	case http.MethodPost:
		if !s.addLabel(w, r, p) {
			return
		}
	case http.MethodDelete:
		s.removeLabel(w, p, r.URL.Query().Get("name"))
		return
	}
	start, limit, err := window(url.Values{"start": r.URL.Query()["start"], "limit": append(r.URL.Query()["limit"], "200")}, maxList)
	if err != nil {
		s.restError(w, http.StatusBadRequest, err.Error())
		return
	}
	part, more := cut(p.labels, start, limit)
	var results []any
	for _, label := range part {
		results = append(results, object{"prefix": "global", "name": label, "id": labelID(label), "label": label})
	}
	writeJSON(w, http.StatusOK, s.list(r, results, start, limit, more))
}

// addLabel adds a label in lower case, or answers why not.
func (s *Server) addLabel(w http.ResponseWriter, r *http.Request, p *page) bool {
	var in struct{ Prefix, Name string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		s.restError(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return false
	}
	if in.Name == "" || strings.ContainsAny(in.Name, ":;,. ?&[]()#^*@!") {
		s.restError(w, http.StatusBadRequest, "The label "+in.Name+" contains invalid characters")
		return false
	}
	if name := strings.ToLower(in.Name); !slices.Contains(p.labels, name) {
		p.labels = append(slices.Clone(p.labels), name)
	}
	return true
}

func (s *Server) removeLabel(w http.ResponseWriter, p *page, name string) {
	i := slices.Index(p.labels, strings.ToLower(name))
	if i < 0 {
		s.restError(w, http.StatusNotFound, "Label "+name+" does not exist on the content")
		return
	}
	p.labels = slices.Delete(slices.Clone(p.labels), i, i+1)
	w.WriteHeader(http.StatusNoContent)
}
