package confluence

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conflictError is the answer to a change of another version than the current one.
type conflictError struct{ current, provided int }

func (e conflictError) Error() string {
	return fmt.Sprintf("Version must be incremented on update. Current version is: %d", e.current)
}

// pageChange is a new version of a page.
type pageChange struct {
	number                int
	title, representation string
	value, message        string
	minor                 bool
	parent                *page // nil: stays
}

// update checks a new version as both APIs do, and adds it.
func (s *Server) update(p *page, in pageChange) error {
	switch current := p.current(); {
	case p.space.readOnly:
		return forbiddenError(fmt.Sprintf("Could not update Content of type : page with id %d", p.id))
	case in.number != current.number+1:
		return conflictError{current.number, in.number}
	}
	if err := checkTitle(in.title); err != nil {
		return err
	}
	storage, err := toStorage(in.representation, in.value)
	if err != nil {
		return err
	}
	if other := s.store.titled(p.space, in.title); other != nil && other != p {
		return duplicateTitleError{in.title, p.space.key}
	}
	if in.parent != nil {
		if in.parent == p || slices.Contains(in.parent.ancestors(), p) {
			return refusedError("You can't move a page under itself or one of its descendants")
		}
		p.parent = in.parent
	}
	p.versions = append(p.versions, version{
		number: in.number, title: strings.TrimSpace(in.title), by: s.store.service, when: s.store.now().UTC().Truncate(time.Millisecond),
		message: in.message, minor: in.minor, body: storage,
	})
	return nil
}

// updateContent answers PUT /rest/api/content/{id}.
func (s *Server) updateContent(w http.ResponseWriter, r *http.Request) {
	p, c := s.content(w, r)
	if p == nil {
		if c != nil {
			s.restError(w, http.StatusBadRequest, "The sandbox updates pages only")
		}
		return
	}
	var in newContent
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20)).Decode(&in); err != nil {
		s.restError(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return
	}
	change := pageChange{number: in.Version.Number, title: in.Title, message: in.Version.Message, minor: in.Version.Minor}
	change.representation, change.value = in.body()
	if n := len(in.Ancestors); n > 0 {
		id, _ := in.Ancestors[n-1].ID.Int64()
		if change.parent = s.store.page(id); change.parent == nil {
			s.restError(w, http.StatusBadRequest, fmt.Sprintf("The parent ID specified does not exist: %d", id))
			return
		}
	}
	err := error(refusedError("Cannot update content type page with " + in.Type))
	if in.Type == "page" {
		err = s.update(p, change)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	writeJSON(w, http.StatusOK, s.withBase(r, s.pageJSON(p, expansions(r, "body.storage,"+defaultExpand))))
}

// v2UpdatePage answers PUT /api/v2/pages/{id}.
func (s *Server) v2UpdatePage(w http.ResponseWriter, r *http.Request) {
	id, ok := v2ID(w, r)
	if !ok {
		return
	}
	p := s.store.page(id)
	if p == nil || p.space.readOnly {
		notFound(w)
		return
	}
	var in struct {
		ID, Status, Title, ParentID string
		Body                        struct{ Representation, Value string }
		Version                     struct {
			Number  int
			Message string
		}
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20)).Decode(&in); err != nil {
		v2Error(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return
	}
	change := pageChange{
		number: in.Version.Number, title: in.Title, representation: orElse(in.Body.Representation, "storage"), value: in.Body.Value, message: in.Version.Message,
	}
	if in.ParentID != "" {
		parent, _ := strconv.ParseInt(in.ParentID, 10, 64)
		if change.parent = s.store.page(parent); change.parent == nil || change.parent.space != p.space {
			v2Error(w, http.StatusBadRequest, "Parent content does not exist in this space")
			return
		}
	}
	var err error
	if in.ID != strconv.FormatInt(id, 10) || in.Status != "current" {
		err = refusedError("Provided id or status does not match the page")
	} else {
		err = s.update(p, change)
	}
	if err != nil {
		v2Refuse(w, err)
		return
	}
	answer := s.v2PageJSON(p, true)
	answer["_links"].(object)["base"] = s.baseURL(r)
	writeJSON(w, http.StatusOK, answer)
}

// v2Refuse answers with the status and the words that the v2 API has for an error.
func v2Refuse(w http.ResponseWriter, err error) {
	if conflict, ok := errors.AsType[conflictError](err); ok {
		v2Error(w, http.StatusConflict, fmt.Sprintf("Version must be incremented when updating a page. Current Version: [%d]. Provided version: [%d]", conflict.current, conflict.provided))
		return
	}
	title := err.Error()
	if errors.As(err, new(duplicateTitleError)) {
		title = "A page with this title already exists: A page already exists with the same TITLE in this space"
	}
	v2Error(w, http.StatusBadRequest, title)
}
