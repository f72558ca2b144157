package confluence

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// holders are the people and groups that an operation on a page is left to.
type holders struct {
	users  []*person
	groups []string
}

// groups are those of the site.
var siteGroups = []string{"confluence-users", "platform"}

func (s *Server) restrictionJSON(operation string, h holders) object {
	users, groups := []any{}, []any{}
	for _, p := range h.users {
		users = append(users, s.userJSON(p))
	}
	for i, name := range h.groups {
		group := object{"type": "group", "name": name, "_links": object{}}
		if s.cloud {
			group["id"] = fmt.Sprintf("8f0c9a52-7f6e-4c2e-9a51-%012d", i)
		}
		groups = append(groups, group)
	}
	list := func(results []any) object {
		return object{"results": results, "start": 0, "limit": 200, "size": len(results)}
	}
	return object{
		"operation": operation, "restrictions": object{"user": list(users), "group": list(groups), "_expandable": object{}},
		"_expandable": object{"content": ""}, "_links": object{},
	}
}

// getRestrictions answers GET /rest/api/content/{id}/restriction/byOperation.
func (s *Server) getRestrictions(w http.ResponseWriter, r *http.Request) {
	p, c := s.content(w, r)
	if p == nil {
		if c != nil {
			s.restError(w, http.StatusNotFound, "Restrictions are of pages only")
		}
		return
	}
	writeJSON(w, http.StatusOK, object{
		"read": s.restrictionJSON("read", p.restricted["read"]), "update": s.restrictionJSON("update", p.restricted["update"]), "_links": object{},
	})
}

// newRestriction is one operation in a request. Lists that are missing are nil.
type newRestriction struct {
	Operation    string
	Restrictions struct {
		User  []struct{ Username, AccountID string }
		Group []struct{ Name string }
	}
}

// setRestrictions answers PUT /rest/api/content/{id}/restriction. Nothing changes unless all of it
// can.
func (s *Server) setRestrictions(w http.ResponseWriter, r *http.Request) {
	p, _ := s.content(w, r)
	if p == nil {
		return
	}
	var in []newRestriction
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		s.restError(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
		return
	}
	if p.space.readOnly {
		s.restError(w, http.StatusForbidden, "User is not permitted to edit the restrictions of the content")
		return
	}
	changed := map[string]holders{"read": p.restricted["read"], "update": p.restricted["update"]}
	for _, one := range in {
		h, problem := s.readHolders(one, changed[one.Operation])
		if problem != "" {
			status := http.StatusBadRequest
			if s.cloud {
				status = http.StatusNotFound
			}
			s.restError(w, status, problem)
			return
		}
		changed[one.Operation] = h
	}
	p.restricted = changed
	answer := s.list(r, []any{s.restrictionJSON("read", changed["read"]), s.restrictionJSON("update", changed["update"])}, 0, 200, false)
	answer["restrictionsHash"] = "0"
	writeJSON(w, http.StatusOK, answer)
}

// readHolders reads one operation. On Data Center a list that is missing stays as it was.
func (s *Server) readHolders(in newRestriction, was holders) (h holders, problem string) {
	if in.Operation != "read" && in.Operation != "update" {
		return h, "Unsupported operation: " + in.Operation
	}
	if !s.cloud && in.Restrictions.User == nil {
		h.users = was.users
	}
	if !s.cloud && in.Restrictions.Group == nil {
		h.groups = was.groups
	}
	for _, u := range in.Restrictions.User {
		p := find(s.store.people, func(p *person) bool {
			return s.cloud && p.accountID == u.AccountID || !s.cloud && p.username == u.Username
		})
		if p == nil {
			return h, "User not found: " + u.AccountID + u.Username
		}
		h.users = append(h.users, p)
	}
	for _, g := range in.Restrictions.Group {
		if !slices.Contains(siteGroups, g.Name) {
			return h, "Group not found: " + g.Name
		}
		h.groups = append(h.groups, g.Name)
	}
	if len(h.users)+len(h.groups) > 0 && !slices.Contains(h.users, s.store.service) {
		return h, "Modifying restrictions to revoke the requesting user's access is prohibited"
	}
	return h, ""
}
