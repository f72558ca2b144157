package jira

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// history is a change of an issue at one time.
type history struct {
	id      int
	author  *user
	created time.Time
	items   []object
}

// record notes which fields of an issue are not what they were.
func (s *Server) record(i *issue, was issue) {
	before, after := s.fieldsOf(&was), s.fieldsOf(i)
	var items []object
	for _, f := range s.fieldDefinitions() {
		from, to := shown(before[f.id]), shown(after[f.id])
		if f.id == "updated" || from == to {
			continue
		}
		item := object{"field": f.name, "fieldtype": "jira", "fromString": from, "toString": to}
		if f.custom != "" {
			item["fieldtype"] = "custom"
		} else {
			item["field"] = f.id
		}
		if s.cloud() {
			item["fieldId"] = f.id
		}
		items = append(items, item)
	}
	if len(items) > 0 {
		s.lastID++
		i.histories = append(i.histories, history{s.lastID, s.state.service, s.cfg.Now(), items})
	}
}

// shown is a field's value in words.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case object:
		if v["type"] == "doc" {
			return plainTextOf(v)
		}
		for _, name := range []string{"displayName", "name", "value", "key"} {
			if text, ok := v[name].(string); ok {
				return text
			}
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}

// changelogJSON is the newest change first on Cloud, the oldest on Data Center.
func (s *Server) changelogJSON(i *issue) object {
	list := slices.Clone(i.histories)
	if s.cloud() {
		slices.SortFunc(list, func(a, b history) int { return cmp.Compare(b.id, a.id) })
	}
	out := []any{}
	for _, h := range list {
		out = append(out, object{"id": strconv.Itoa(h.id), "author": s.userJSON(h.author), "created": jiraTime(h.created), "items": h.items})
	}
	return object{"startAt": 0, "maxResults": len(out), "total": len(out), "histories": out}
}
