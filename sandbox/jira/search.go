package jira

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// searchByToken is Cloud's search: pages by token, no total, and no query without a restriction.
func (s *Server) searchByToken(w http.ResponseWriter, r *http.Request) {
	var in struct {
		JQL             string   `json:"jql"`
		Fields          []string `json:"fields"`
		MaxResults      int      `json:"maxResults"`
		NextPageToken   string   `json:"nextPageToken"`
		Expand          string   `json:"expand"`
		Properties      []string `json:"properties"`
		FieldsByKeys    bool     `json:"fieldsByKeys"`
		ReconcileIssues []int64  `json:"reconcileIssues"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, bounded, err := s.evaluate(in.JQL)
	if err == nil && !bounded {
		err = refuse(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	start := 0
	if err == nil {
		start, err = readToken(in.NextPageToken, in.JQL)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	limit := in.MaxResults
	if limit <= 0 {
		limit = 50
	}
	if len(in.Fields) == 0 {
		in.Fields = []string{"id"}
	}
	start = min(start, len(found))
	end := min(start+min(limit, 5000), len(found))
	out := object{"issues": s.issuesJSON(found[start:end], in.Fields), "isLast": end == len(found)}
	if end < len(found) {
		out["nextPageToken"] = makeToken(end, in.JQL)
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) issuesJSON(list []*issue, fields []string) []any {
	out := []any{}
	for _, i := range list {
		out = append(out, s.issueJSON(i, fields))
	}
	return out
}

type pageToken struct {
	Start int    `json:"s"`
	Query []byte `json:"q"`
}

func makeToken(start int, jql string) string {
	sum := sha256.Sum256([]byte(jql))
	data, _ := json.Marshal(pageToken{start, sum[:8]})
	return base64.URLEncoding.EncodeToString(data)
}

// readToken accepts a token with the query it was made for only.
func readToken(token, jql string) (int, error) {
	if token == "" {
		return 0, nil
	}
	var t pageToken
	sum := sha256.Sum256([]byte(jql))
	data, err := base64.URLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(data, &t) != nil || t.Start < 0 || string(t.Query) != string(sum[:8]) {
		return 0, refuse(http.StatusBadRequest, "The provided next page token is invalid or expired.")
	}
	return t.Start, nil
}

func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	var in struct {
		JQL string `json:"jql"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, _, err := s.evaluate(in.JQL)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, object{"count": len(found)})
}

// searchRemoved is what is left of Cloud's search by offset.
func (s *Server) searchRemoved(w http.ResponseWriter, _ *http.Request) {
	writeError(w, refuse(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"))
}

// searchByOffset is Data Center's search.
func (s *Server) searchByOffset(w http.ResponseWriter, r *http.Request) {
	var in struct {
		JQL           string   `json:"jql"`
		Fields        []string `json:"fields"`
		StartAt       int      `json:"startAt"`
		MaxResults    *int     `json:"maxResults"`
		Expand        []string `json:"expand"`
		ValidateQuery *bool    `json:"validateQuery"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, _, err := s.evaluate(in.JQL)
	if err != nil {
		writeError(w, err)
		return
	}
	limit := 50
	if in.MaxResults != nil {
		limit = max(0, min(*in.MaxResults, 1000))
	}
	if len(in.Fields) == 0 {
		in.Fields = []string{"*navigable"}
	}
	start := max(0, min(in.StartAt, len(found)))
	end := min(start+limit, len(found))
	writeJSON(w, http.StatusOK, object{
		"startAt": in.StartAt, "maxResults": limit, "total": len(found), "issues": s.issuesJSON(found[start:end], in.Fields),
	})
}
