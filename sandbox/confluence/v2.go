package confluence

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// v2ID reads the id in the path, or answers that it is none.
func v2ID(w http.ResponseWriter, r *http.Request) (int64, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		v2Error(w, http.StatusBadRequest, "Provided value {"+r.PathValue("id")+"} for 'id' is not the correct type. Expected type is long")
		return 0, false
	}
	return id, true
}

func notFound(w http.ResponseWriter) { v2Error(w, http.StatusNotFound, "Not Found") }

// v2List answers with the part of results that cursor and limit ask for.
func v2List[T any](s *Server, w http.ResponseWriter, r *http.Request, all []T, encode func(T) any) {
	q := r.URL.Query()
	_, limit, err := window(url.Values{"limit": q["limit"]}, 250)
	start := 0
	if cursor := q.Get("cursor"); err == nil && cursor != "" {
		start, err = readCursor(cursor)
	}
	if err != nil || limit < 1 {
		v2Error(w, http.StatusBadRequest, "Invalid cursor or limit")
		return
	}
	part, more := cut(all, start, limit)
	results := []any{}
	for _, item := range part {
		results = append(results, encode(item))
	}
	links := object{"base": s.baseURL(r)}
	if more {
		q.Set("cursor", writeCursor(start+len(part)))
		links["next"] = r.URL.Path + "?" + q.Encode()
	}
	writeJSON(w, http.StatusOK, object{"results": results, "_links": links})
}

func (s *Server) v2PageJSON(p *page, withBody bool) object {
	return s.v2PageAtJSON(p, p.current(), withBody)
}

// v2PageAtJSON is a version of a page.
func (s *Server) v2PageAtJSON(p *page, at *version, withBody bool) object {
	answer := object{
		"id": strconv.FormatInt(p.id, 10), "status": p.status(at), "title": at.title, "spaceId": strconv.FormatInt(p.space.id, 10),
		"authorId": p.first().by.accountID, "ownerId": p.first().by.accountID, "lastOwnerId": nil, "position": 57,
		"createdAt": isoTime(p.first().when), "version": v2Version(at), "body": object{},
		"_links": object{"webui": pagePath(true, p), "editui": pagePath(true, p) + "?edit", "tinyui": "/x/" + strconv.FormatInt(p.id, 36)},
	}
	if p.parent != nil {
		answer["parentId"], answer["parentType"] = strconv.FormatInt(p.parent.id, 10), "page"
	}
	if withBody {
		answer["body"] = v2Body(at.body)
	}
	return answer
}

func v2Body(storage string) object {
	return object{"storage": object{"representation": "storage", "value": storage}}
}

func v2Version(v *version) object {
	return object{"createdAt": isoTime(v.when), "message": v.message, "number": v.number, "minorEdit": v.minor, "authorId": v.by.accountID}
}

// v2Page answers GET /api/v2/pages/{id}.
func (s *Server) v2Page(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	p := s.store.page(id)
	if p == nil {
		notFound(w)
		return
	}
	q := r.URL.Query()
	at := p.current()
	if number := q.Get("version"); number != "" {
		n, _ := strconv.Atoi(number)
		if at = p.version(n); at == nil {
			notFound(w)
			return
		}
	}
	answer := s.v2PageAtJSON(p, at, q.Get("body-format") == "storage")
	if q.Get("include-labels") == "true" {
		labels := []any{}
		for _, label := range p.labels {
			labels = append(labels, object{"id": labelID(label), "name": label, "prefix": "global"})
		}
		answer["labels"] = object{"results": labels, "meta": object{"hasMore": false}, "_links": object{}}
	}
	answer["_links"].(object)["base"] = s.baseURL(r)
	writeJSON(w, http.StatusOK, answer)
}

// v2Pages answers GET /api/v2/pages: by ids, space and title.
func (s *Server) v2Pages(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	ids, spaces := commaList(q["id"]), commaList(q["space-id"])
	var found []*page
	for _, e := range s.store.entries() {
		if e.kind == "page" && selected(ids, e.id) && selected(spaces, e.space.id) &&
			(q.Get("title") == "" || strings.EqualFold(e.title, q.Get("title"))) {
			found = append(found, e.page)
		}
	}
	v2List(s, w, r, found, func(p *page) any { return s.v2PageJSON(p, q.Get("body-format") == "storage") })
}

func commaList(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	return strings.Split(strings.Join(values, ","), ",")
}

func selected(ids []string, id int64) bool {
	return len(ids) == 0 || slices.Contains(ids, strconv.FormatInt(id, 10))
}

// v2Ancestors answers GET /api/v2/pages/{id}/ancestors.
func (s *Server) v2Ancestors(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	p := s.store.page(id)
	if p == nil {
		notFound(w)
		return
	}
	v2List(s, w, r, p.ancestors(), func(a *page) any { return object{"id": strconv.FormatInt(a.id, 10), "type": "page"} })
}

// v2CreatePage answers POST /api/v2/pages.
func (s *Server) v2CreatePage(w http.ResponseWriter, r *http.Request) {
	var in struct {
		SpaceID  string `json:"spaceId"`
		Title    string `json:"title"`
		ParentID string `json:"parentId"`
		Body     struct {
			Representation string `json:"representation"`
			Value          string `json:"value"`
		} `json:"body"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20)).Decode(&in); err != nil {
		v2Error(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return
	}
	id, _ := strconv.ParseInt(in.SpaceID, 10, 64)
	sp := s.store.spaceByID(id)
	if sp == nil || sp.readOnly {
		notFound(w)
		return
	}
	var parent *page
	if in.ParentID != "" {
		id, _ := strconv.ParseInt(in.ParentID, 10, 64)
		if parent = s.store.page(id); parent == nil || parent.space != sp {
			v2Error(w, http.StatusBadRequest, "Parent content does not exist in this space")
			return
		}
	}
	p, err := s.create(sp, parent, in.Title, orElse(in.Body.Representation, "storage"), in.Body.Value, "")
	if err != nil {
		v2Refuse(w, err)
		return
	}
	answer := s.v2PageJSON(p, true)
	answer["_links"].(object)["base"] = s.baseURL(r)
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) v2SpaceJSON(sp *space) object {
	answer := object{
		"id": strconv.FormatInt(sp.id, 10), "key": sp.key, "name": sp.name, "type": "global", "status": "current",
		"authorId": sp.creator.accountID, "createdAt": isoTime(sp.created), "homepageId": strconv.FormatInt(sp.homepage, 10),
		"_links": object{"webui": spacePath(true, sp)},
	}
	if sp.alias != "" {
		answer["currentActiveAlias"] = sp.alias
	}
	return answer
}

// v2Spaces answers GET /api/v2/spaces: by keys, aliases among them, and ids.
func (s *Server) v2Spaces(w http.ResponseWriter, r *http.Request) {
	keys, ids := commaList(r.URL.Query()["keys"]), commaList(r.URL.Query()["ids"])
	var found []*space
	for _, sp := range s.store.spaces {
		global := r.URL.Query().Get("type") == "" || r.URL.Query().Get("type") == "global"
		if global && selected(ids, sp.id) && (keys == nil || slices.Contains(keys, sp.key) || sp.alias != "" && slices.Contains(keys, sp.alias)) {
			found = append(found, sp)
		}
	}
	v2List(s, w, r, found, func(sp *space) any { return s.v2SpaceJSON(sp) })
}

// v2Space answers GET /api/v2/spaces/{id}.
func (s *Server) v2Space(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	sp := s.store.spaceByID(id)
	if sp == nil {
		notFound(w)
		return
	}
	answer := s.v2SpaceJSON(sp)
	answer["_links"].(object)["base"] = s.baseURL(r)
	writeJSON(w, http.StatusOK, answer)
}

// v2Users answers POST /api/v2/users-bulk.
func (s *Server) v2Users(w http.ResponseWriter, r *http.Request) {
	var in struct {
		AccountIDs []string `json:"accountIds"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in)
	if err == nil && (len(in.AccountIDs) == 0 || len(in.AccountIDs) > 250) {
		err = errors.New("accountIds must have 1 to 250 members")
	}
	if err != nil {
		v2Error(w, http.StatusBadRequest, err.Error())
		return
	}
	results := []any{}
	for _, id := range in.AccountIDs {
		if p := s.store.person(id); p != nil {
			results = append(results, object{
				"displayName": p.name, "publicName": p.name, "accountId": p.accountID, "email": p.email,
				"accountStatus": "active", "accountType": "atlassian", "isExternalCollaborator": false,
			})
		}
	}
	writeJSON(w, http.StatusOK, object{"results": results, "_links": object{"base": s.baseURL(r)}})
}

func v2CommentJSON(c *comment, withBody bool) object {
	answer := object{
		"id": strconv.FormatInt(c.id, 10), "status": "current", "title": "Re: " + c.page.title(), "body": object{},
		"version": v2Version(&version{number: 1, by: c.author, when: c.created}), "_links": object{"webui": commentPath(true, c)},
	}
	if c.parent != nil {
		answer["parentCommentId"] = strconv.FormatInt(c.parent.id, 10)
	} else {
		answer["pageId"] = strconv.FormatInt(c.page.id, 10)
	}
	if c.inline {
		answer["resolutionStatus"] = c.status
		answer["properties"] = object{"inlineMarkerRef": c.marker, "inlineOriginalSelection": c.selection}
	}
	if withBody {
		answer["body"] = v2Body(c.body)
	}
	return answer
}

// v2Comments answers GET /api/v2/pages/{id}/footer-comments and inline-comments: no replies.
func (s *Server) v2Comments(inline bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := v2ID(w, r)
		if !ok {
			return
		}
		p := s.store.page(id)
		if p == nil {
			notFound(w)
			return
		}
		found := s.store.commentsOf(func(c *comment) bool { return c.page == p && c.inline == inline && c.parent == nil })
		v2List(s, w, r, found, func(c *comment) any { return v2CommentJSON(c, r.URL.Query().Get("body-format") == "storage") })
	}
}

// v2Replies answers GET /api/v2/footer-comments/{id}/children and the same for inline comments.
func (s *Server) v2Replies(inline bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := v2ID(w, r)
		if !ok {
			return
		}
		parent := s.store.comment(id)
		if parent == nil || parent.inline != inline {
			notFound(w)
			return
		}
		found := s.store.commentsOf(func(c *comment) bool { return c.parent == parent })
		v2List(s, w, r, found, func(c *comment) any { return v2CommentJSON(c, r.URL.Query().Get("body-format") == "storage") })
	}
}
