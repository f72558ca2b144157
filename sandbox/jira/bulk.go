package jira

import (
	"net/http"
	"slices"
	"strconv"
)

// bulkFetch gives the issues of a list that there are, and says nothing of the rest but in
// issueErrors.
func (s *Server) bulkFetch(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDs    []string `json:"issueIdsOrKeys"`
		Fields []string `json:"fields"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	if len(in.IDs) == 0 || len(in.IDs) > 100 {
		writeError(w, refuse(http.StatusBadRequest, "The number of issues must be between 1 and 100."))
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := []any{}
	seen := map[*issue]bool{}
	for _, id := range in.IDs {
		if i, err := s.state.find(id); err == nil && !seen[i] {
			seen[i] = true
			list = append(list, s.issueJSON(i, in.Fields))
		}
	}
	writeJSON(w, http.StatusOK, object{"issues": list, "issueErrors": []any{}})
}

// bulkChangelogs are pages of the changes of several issues, the oldest first.
func (s *Server) bulkChangelogs(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDs        []string `json:"issueIdsOrKeys"`
		FieldIDs   []string `json:"fieldIds"`
		MaxResults int      `json:"maxResults"`
		Token      string   `json:"nextPageToken"`
	}
	if err := readJSON(r, &in); err != nil {
		writeError(w, err)
		return
	}
	if len(in.IDs) == 0 || len(in.FieldIDs) > 10 {
		writeError(w, refuse(http.StatusBadRequest, "issueIdsOrKeys must not be empty, and fieldIds must have 10 at most."))
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	start, err := readToken(in.Token, "changelog")
	if err != nil {
		writeError(w, err)
		return
	}
	const limit = 3 // histories on a page
	n, logs, next := 0, []any{}, ""
	for _, id := range in.IDs {
		i, err := s.state.find(id)
		if err != nil {
			continue
		}
		histories := []any{}
		for _, h := range i.histories {
			items := slices.DeleteFunc(slices.Clone(h.items), func(item object) bool {
				id, _ := item["fieldId"].(string)
				return len(in.FieldIDs) > 0 && !slices.Contains(in.FieldIDs, id)
			})
			if len(items) == 0 {
				continue
			}
			if n++; n > start && n <= start+limit {
				histories = append(histories, object{"id": strconv.Itoa(h.id), "author": s.userJSON(h.author), "created": jiraTime(h.created), "items": items})
			} else if n > start+limit {
				next = makeToken(start+limit, "changelog")
			}
		}
		if len(histories) > 0 {
			logs = append(logs, object{"issueId": strconv.Itoa(i.id), "changeHistories": histories})
		}
	}
	out := object{"issueChangeLogs": logs}
	if next != "" {
		out["nextPageToken"] = next
	}
	writeJSON(w, http.StatusOK, out)
}
