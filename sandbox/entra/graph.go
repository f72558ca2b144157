package entra

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxTokenGroups is how many groups a token holds at most: of somebody with more it holds none.
const maxTokenGroups = 200

// The sizes of a page, in groups.
const (
	defaultGraphPage = 100
	maxGraphPage     = 999
)

// graphAccess is what a token for Microsoft Graph stands for. Graph knows its tokens; here, too,
// nobody else can tell anything from them.
type graphAccess struct {
	person  Person
	scopes  []string
	expires time.Time
}

// graphSession finds whom a token for Microsoft Graph belongs to. A token for the application
// itself is none.
func (s *Server) graphSession(r *http.Request) (*graphAccess, bool) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.graph[token]
	return a, ok && now.Before(a.expires)
}

// memberships is GET /me/transitiveMemberOf
// (https://learn.microsoft.com/graph/api/user-list-transitivememberof).
func (s *Server) memberships(w http.ResponseWriter, r *http.Request) {
	access, ok := s.graphSession(r)
	if !ok {
		s.writeGraphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
		return
	}
	mayRead := slices.ContainsFunc(access.scopes, func(scope string) bool {
		return slices.Contains([]string{"User.Read", "User.Read.All", "Directory.Read.All"}, scope)
	})
	b := s.behaves()
	if !mayRead || b.GraphDenies {
		s.writeGraphError(w, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		return
	}
	groups := b.groupsOf(access.person)
	q := r.URL.Query()
	size, from := defaultGraphPage, 0
	var err error
	if q.Has("$top") {
		size, err = strconv.Atoi(q.Get("$top"))
	}
	if err == nil && q.Has("$skiptoken") {
		from, err = strconv.Atoi(q.Get("$skiptoken"))
	}
	if err != nil || size < 1 || size > maxGraphPage || from < 0 || from > len(groups) {
		s.writeGraphError(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Invalid page size specified.")
		return
	}
	writeJSON(w, http.StatusOK, s.membershipPage(groups, from, size))
}

// membershipPage is one page, with the address of the next where there is one.
func (s *Server) membershipPage(groups []string, from, size int) map[string]any {
	end := min(from+size, len(groups))
	value := []map[string]string{}
	for _, id := range groups[from:end] {
		value = append(value, map[string]string{"@odata.type": "#microsoft.graph.group", "id": id})
	}
	page := map[string]any{"@odata.context": s.cfg.BaseURL + "/v1.0/$metadata#directoryObjects(id)", "value": value}
	if end < len(groups) {
		q := url.Values{"$select": {"id"}, "$top": {strconv.Itoa(size)}, "$skiptoken": {strconv.Itoa(end)}}
		page["@odata.nextLink"] = s.cfg.BaseURL + "/v1.0/me/transitiveMemberOf?" + q.Encode()
	}
	return page
}

// writeGraphError answers as https://learn.microsoft.com/graph/errors says.
func (s *Server) writeGraphError(w http.ResponseWriter, status int, code, message string) {
	s.cfg.Logger.Warn("Microsoft Graph refused", "code", code)
	writeJSON(w, status, map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"innerError": map[string]string{"date": s.now().UTC().Format("2006-01-02T15:04:05"), "request-id": newGUID(), "client-request-id": newGUID()},
	}})
}
