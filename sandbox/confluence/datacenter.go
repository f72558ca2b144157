package confluence

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	defaultExpand = "history,space,version"
	maxList       = 200
)

// content returns the page or comment that the path names, or answers that there is none.
func (s *Server) content(w http.ResponseWriter, r *http.Request) (*page, *comment) {
	text := r.PathValue("id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		if p := s.store.page(id); p != nil {
			return p, nil
		}
		if c := s.store.comment(id); c != nil {
			return nil, c
		}
	}
	s.restError(w, http.StatusNotFound, fmt.Sprintf("No content found with id: ContentId{id=%s}", text))
	return nil, nil
}

// getContent answers GET /rest/api/content/{id}.
func (s *Server) getContent(w http.ResponseWriter, r *http.Request) {
	x := expansions(r, defaultExpand)
	switch p, c := s.content(w, r); {
	case p != nil:
		at := p.current()
		if q := r.URL.Query(); q.Get("status") == "historical" {
			n, _ := strconv.Atoi(q.Get("version"))
			if at = p.version(n); at == nil || n == p.current().number {
				s.restError(w, http.StatusNotFound, fmt.Sprintf("No content found with id: ContentId{id=%d}", p.id))
				return
			}
		}
		writeJSON(w, http.StatusOK, s.withBase(r, s.pageAtJSON(p, at, x)))
	case c != nil:
		writeJSON(w, http.StatusOK, s.withBase(r, s.commentJSON(c, x)))
	}
}

// withBase adds to an answer's links what only the outermost object has.
func (s *Server) withBase(r *http.Request, answer object) object {
	links := answer["_links"].(object)
	links["base"], links["context"] = s.baseURL(r), s.context
	return answer
}

// findContent answers GET /rest/api/content: pages by space and title.
func (s *Server) findContent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	start, limit, err := window(q, maxList)
	if err != nil {
		s.restError(w, http.StatusBadRequest, err.Error())
		return
	}
	var in *space
	if key := q.Get("spaceKey"); key != "" {
		if in = s.store.spaceByKey(key); in == nil {
			s.restError(w, http.StatusNotFound, "No space found with key : "+key)
			return
		}
	}
	var found []any
	x := expansions(r, "")
	for _, e := range s.store.entries() {
		if e.kind == "page" && (in == nil || e.space == in) && (q.Get("title") == "" || strings.EqualFold(e.title, q.Get("title"))) {
			found = append(found, s.pageJSON(e.page, x))
		}
	}
	part, more := cut(found, start, limit)
	writeJSON(w, http.StatusOK, s.list(r, part, start, limit, more))
}

// contentComments answers GET /rest/api/content/{id}/child/comment.
func (s *Server) contentComments(w http.ResponseWriter, r *http.Request) {
	p, parent := s.content(w, r)
	if p == nil && parent == nil {
		return
	}
	start, limit, err := window(r.URL.Query(), maxList)
	if err != nil {
		s.restError(w, http.StatusBadRequest, err.Error())
		return
	}
	all := r.URL.Query().Get("depth") == "all"
	found := s.store.commentsOf(func(c *comment) bool {
		if parent != nil {
			return c.parent == parent
		}
		return c.page == p && (all || c.parent == nil)
	})
	part, more := cut(found, start, limit)
	x := expansions(r, "")
	var results []any
	for _, c := range part {
		results = append(results, s.commentJSON(c, x))
	}
	writeJSON(w, http.StatusOK, s.list(r, results, start, limit, more))
}

// getSpace answers GET /rest/api/space/{key}.
func (s *Server) getSpace(w http.ResponseWriter, r *http.Request) {
	sp := s.store.spaceByKey(r.PathValue("key"))
	if sp == nil {
		s.restError(w, http.StatusNotFound, "No space found with key : "+r.PathValue("key"))
		return
	}
	writeJSON(w, http.StatusOK, s.withBase(r, s.spaceJSON(sp)))
}

// newContent is the body of POST /rest/api/content.
type newContent struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	Space struct {
		Key string `json:"key"`
	} `json:"space"`
	Ancestors []struct {
		ID json.Number `json:"id"`
	} `json:"ancestors"`
	Container struct {
		ID json.Number `json:"id"`
	} `json:"container"`
	Extensions newInline `json:"extensions"`
	Body       map[string]struct {
		Value          string `json:"value"`
		Representation string `json:"representation"`
	} `json:"body"`
	Version struct {
		Number  int    `json:"number"`
		Message string `json:"message"`
		Minor   bool   `json:"minorEdit"`
	} `json:"version"`
}

// body returns the text of a request.
func (in *newContent) body() (representation, value string) {
	representation = "storage"
	for name, body := range in.Body {
		representation, value = name, body.Value
	}
	return representation, value
}

// createContent answers POST /rest/api/content, for pages and comments.
func (s *Server) createContent(w http.ResponseWriter, r *http.Request) {
	var in newContent
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20)).Decode(&in); err != nil {
		s.restError(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return
	}
	if in.Type == "comment" {
		s.createContentComment(w, r, in)
		return
	}
	sp := s.store.spaceByKey(in.Space.Key)
	if sp == nil {
		s.restError(w, http.StatusNotFound, "No space found with key : "+in.Space.Key)
		return
	}
	p, err := s.createFrom(in, sp)
	if err != nil {
		s.refuse(w, err)
		return
	}
	writeJSON(w, http.StatusOK, s.withBase(r, s.pageJSON(p, expansions(r, "body.storage,"+defaultExpand))))
}

func (s *Server) createFrom(in newContent, sp *space) (*page, error) {
	if in.Type != "page" {
		return nil, refusedError("The sandbox creates pages and comments only, not " + in.Type)
	}
	var parent *page
	if len(in.Ancestors) > 0 {
		id, _ := in.Ancestors[len(in.Ancestors)-1].ID.Int64()
		if parent = s.store.page(id); parent == nil {
			return nil, refusedError(fmt.Sprintf("The parent ID specified does not exist: %d", id))
		}
		sp = parent.space // Confluence lets the parent decide
	}
	if sp.readOnly {
		return nil, forbiddenError("Could not create content with type page")
	}
	representation, value := in.body()
	return s.create(sp, parent, in.Title, representation, value, in.Version.Message)
}

// refusedError is a request that Confluence answers with status 400.
type refusedError string

func (e refusedError) Error() string { return string(e) }

// forbiddenError is a request that Confluence answers with status 403.
type forbiddenError string

func (e forbiddenError) Error() string { return string(e) }

// refuse answers with the status that an error stands for.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.As(err, new(forbiddenError)):
		status = http.StatusForbidden
	case errors.As(err, new(conflictError)):
		status = http.StatusConflict
	}
	s.restError(w, status, err.Error())
}

// create checks title and body as both APIs do, and adds the page.
func (s *Server) create(in *space, parent *page, title, representation, value, message string) (*page, error) {
	if err := checkTitle(title); err != nil {
		return nil, err
	}
	storage, err := toStorage(representation, value)
	if err != nil {
		return nil, err
	}
	return s.store.createPage(in, parent, title, storage, message)
}

func checkTitle(title string) error {
	if strings.TrimSpace(title) == "" {
		return refusedError("A page must have a title")
	}
	if utf8.RuneCountInString(title) > 255 {
		return refusedError("Title is too long; the limit is 255 characters")
	}
	return nil
}

// toStorage reads a text in any representation that both APIs take, and refuses what is malformed.
func toStorage(representation, value string) (string, error) {
	storage := value
	switch representation {
	case "storage":
	case "wiki":
		storage = wikiToStorage(value)
	case "atlas_doc_format":
		var err error
		if storage, err = adfToStorage(value); err != nil {
			return "", err
		}
	default:
		return "", refusedError("Representation " + representation + " cannot be converted to storage")
	}
	if complaint := checkStorage(storage); complaint != "" {
		return "", refusedError(complaint)
	}
	return storage, nil
}
