package confluence

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const maxSearch = 100

// search answers GET /rest/api/search. Cloud pages with cursors, Data Center with start.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	parsed, err := parseCQL(q.Get("cql"))
	if err != nil {
		s.restError(w, http.StatusBadRequest, "Could not parse cql : "+q.Get("cql"))
		return
	}
	users, others := parsed.fields()
	among := s.store.entries()
	switch forUsers := strings.HasSuffix(r.URL.Path, "/search/user"); {
	case forUsers && others, s.cloud && users && !forUsers:
		err = errCQL // Cloud finds people at that path alone, and nothing else there
	case users:
		among = s.store.users()
	}
	var found []*entry
	if err == nil {
		found, err = s.store.find(parsed, among)
	}
	if err != nil {
		s.restError(w, http.StatusBadRequest, "Could not parse cql : "+q.Get("cql"))
		return
	}
	start, limit, err := window(q, maxSearch)
	if cursor := q.Get("cursor"); err == nil && s.cloud && cursor != "" {
		start, err = readCursor(cursor)
	}
	if err != nil {
		s.restError(w, http.StatusBadRequest, err.Error())
		return
	}
	part, more := cut(found, start, limit)
	x := expansions(r, "")
	asked := parsed.words()
	var results []any
	for _, e := range part {
		results = append(results, s.resultJSON(e, x, asked))
	}
	answer := s.list(r, results, start, limit, more)
	if s.cloud && more {
		answer["_links"].(object)["next"] = "/rest/api/search?" + url.Values{
			"next": {"true"}, "cursor": {writeCursor(start + len(part))}, "cql": {q.Get("cql")}, "limit": {strconv.Itoa(limit)},
		}.Encode()
	}
	answer["totalSize"], answer["cqlQuery"], answer["searchDuration"] = len(found), q.Get("cql"), 7
	writeJSON(w, http.StatusOK, answer)
}

// fields says whether the query has clauses about users, and others than these.
func (q *query) fields() (users, others bool) {
	var walk func(expression)
	walk = func(x expression) {
		switch x := x.(type) {
		case and:
			for _, part := range x {
				walk(part)
			}
		case or:
			for _, part := range x {
				walk(part)
			}
		case not:
			walk(x.of)
		case clause:
			isUser := strings.HasPrefix(x.field, "user")
			users, others = users || isUser, others || !isUser
		}
	}
	walk(q.where)
	return users, others
}

// words are what the query looks for in texts, for the highlights of the excerpts.
func (q *query) words() []string {
	var all []string
	var walk func(expression)
	walk = func(x expression) {
		switch x := x.(type) {
		case and:
			for _, part := range x {
				walk(part)
			}
		case or:
			for _, part := range x {
				walk(part)
			}
		case clause:
			if x.operator == "~" {
				all = append(all, words(x.values[0])...)
			}
		}
	}
	walk(q.where)
	return all
}

func (s *Server) resultJSON(e *entry, x expansion, asked []string) object {
	result := object{
		"title": e.title, "excerpt": excerpt(e.text, asked), "breadcrumbs": []any{}, "entityType": "content",
		"iconCssClass": "aui-icon content-type-" + e.kind, "lastModified": isoTime(e.modified),
		"friendlyLastModified": e.modified.Format("Jan 02, 2006"),
	}
	if e.space != nil {
		result["resultGlobalContainer"] = object{"title": e.space.name, "displayUrl": spacePath(s.cloud, e.space)}
	}
	switch {
	case e.person != nil:
		result["user"], result["entityType"], result["url"] = s.userJSON(e.person), "user", "/display/~"+url.PathEscape(e.person.username)
	case e.comment != nil:
		result["content"], result["url"] = s.commentJSON(e.comment, x.under("content")), commentPath(s.cloud, e.comment)
	case e.page != nil:
		result["content"], result["url"] = s.pageJSON(e.page, x.under("content")), pagePath(s.cloud, e.page)
	default:
		result["space"], result["url"], result["entityType"] = s.spaceJSON(e.space), spacePath(s.cloud, e.space), "space"
	}
	if s.cloud {
		result["score"] = 1.5
	}
	return result
}

// getUser answers GET /rest/api/user of Data Center.
func (s *Server) getUser(w http.ResponseWriter, r *http.Request) {
	name, key := r.URL.Query().Get("username"), r.URL.Query().Get("key")
	p := find(s.store.people, func(p *person) bool { return name != "" && p.username == name || key != "" && p.key == key })
	if p == nil {
		s.restError(w, http.StatusNotFound, "No user found with username : "+name+key)
		return
	}
	writeJSON(w, http.StatusOK, s.userJSON(p))
}

// currentUser answers GET /rest/api/user/current.
func (s *Server) currentUser(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.userJSON(s.store.service))
}

// Cursors look as opaque as Confluence's.

func writeCursor(start int) string {
	return "_f_" + base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(start)))
}

func readCursor(cursor string) (int, error) {
	encoded, _ := strings.CutPrefix(cursor, "_f_")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return 0, err
	}
	start, err := strconv.ParseUint(string(text), 10, 31)
	return int(start), err
}

// Paths that browsers open, relative to the base URL.

func spacePath(cloud bool, sp *space) string {
	if cloud {
		return "/spaces/" + url.PathEscape(sp.key)
	}
	return "/display/" + url.PathEscape(sp.key)
}

func pagePath(cloud bool, p *page) string {
	title := url.QueryEscape(p.title())
	if cloud {
		return "/spaces/" + url.PathEscape(p.space.key) + "/pages/" + strconv.FormatInt(p.id, 10) + "/" + title
	}
	if strings.Contains(title, "%") || strings.Contains(title, ".") {
		return "/pages/viewpage.action?pageId=" + strconv.FormatInt(p.id, 10)
	}
	return "/display/" + url.PathEscape(p.space.key) + "/" + title
}

func commentPath(cloud bool, c *comment) string {
	path := pagePath(cloud, c.page)
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "focusedCommentId=" + strconv.FormatInt(c.id, 10)
}
