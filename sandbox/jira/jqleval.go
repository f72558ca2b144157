package jira

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jqlField is a field that queries can use. Exactly one of names, date and text is set.
type jqlField struct {
	// names are the values of an issue in all spellings that a query may use, lower case.
	names func(*issue) []string
	// exists says whether any such value exists; nil takes every value.
	exists func(value string) bool
	date   func(*issue) time.Time
	text   func(*issue) string

	compare    func(a, b *issue) int
	descending bool // when ORDER BY does not say
}

func (s *Server) jqlField(name string) (jqlField, bool) {
	switch strings.ToLower(name) {
	case "project":
		return jqlField{names: func(i *issue) []string { return lower(append(i.project.keys(), i.project.name, i.project.id)...) },
			exists: s.someProject, compare: by(func(i *issue) string { return i.project.name })}, true
	case "key", "issuekey", "issue", "id":
		return jqlField{names: func(i *issue) []string { return lower(i.key, strconv.Itoa(i.id)) }, exists: s.someIssue,
			compare: func(a, b *issue) int { return cmp.Or(strings.Compare(a.project.key, b.project.key), a.id-b.id) }}, true
	case "parent", "epic link":
		return jqlField{names: parentKey, exists: s.someIssue, compare: by(func(i *issue) string { return strings.Join(parentKey(i), "") })}, true
	case "assignee":
		return jqlField{names: func(i *issue) []string { return userNames(i.assignee) }, exists: s.someUser,
			compare: by(func(i *issue) string { return strings.Join(userNames(i.assignee), "") })}, true
	case "reporter":
		return jqlField{names: func(i *issue) []string { return userNames(i.reporter) }, exists: s.someUser,
			compare: by(func(i *issue) string { return strings.Join(userNames(i.reporter), "") })}, true
	case "labels":
		return jqlField{names: func(i *issue) []string { return lower(i.labels...) }, compare: by(func(i *issue) string { return strings.Join(i.labels, " ") })}, true
	case "created", "createddate":
		return jqlField{date: func(i *issue) time.Time { return i.created }, descending: true,
			compare: func(a, b *issue) int { return a.created.Compare(b.created) }}, true
	case "updated", "updateddate":
		return jqlField{date: func(i *issue) time.Time { return i.updated }, descending: true,
			compare: func(a, b *issue) int { return a.updated.Compare(b.updated) }}, true
	case "summary":
		return jqlField{text: func(i *issue) string { return i.summary }, compare: by(func(i *issue) string { return i.summary })}, true
	case "description":
		return jqlField{text: func(i *issue) string { return plainTextOf(i.description) }}, true
	case "comment":
		return jqlField{text: commentText}, true
	case "text":
		return jqlField{text: func(i *issue) string { return i.summary + "\n" + plainTextOf(i.description) + "\n" + commentText(i) }}, true
	}
	return jqlChoice(name)
}

// jqlChoice are the fields whose values are the same for all projects.
func jqlChoice(name string) (jqlField, bool) {
	switch strings.ToLower(name) {
	case "status":
		return jqlField{names: func(i *issue) []string { return lower(i.status.name, i.status.id) },
			exists:  oneOf(statuses, func(s status) []string { return lower(s.name, s.id) }),
			compare: by(func(i *issue) string { return strconv.Itoa(i.status.category.id) + i.status.name })}, true
	case "statuscategory":
		names := func(c category) []string { return lower(c.name, c.key, strconv.Itoa(c.id)) }
		return jqlField{names: func(i *issue) []string { return names(i.status.category) }, exists: oneOf([]category{todo, inProgress, done}, names),
			compare: func(a, b *issue) int { return a.status.category.id - b.status.category.id }}, true
	case "type", "issuetype":
		return jqlField{names: func(i *issue) []string { return lower(i.kind.name, i.kind.id) },
			exists:  oneOf(issueTypes, func(t issueType) []string { return lower(t.name, t.id) }),
			compare: by(func(i *issue) string { return i.kind.name })}, true
	case "priority":
		return jqlField{names: func(i *issue) []string { return lower(i.priority.name, i.priority.id) }, exists: oneOf(priorities, choiceNames), descending: true,
			compare: func(a, b *issue) int {
				return slices.Index(priorities, a.priority) - slices.Index(priorities, b.priority)
			}}, true
	case "resolution":
		return jqlField{names: func(i *issue) []string {
			if i.resolution == nil {
				return nil
			}
			return choiceNames(*i.resolution)
		}, exists: func(v string) bool { return v == "unresolved" || oneOf(resolutions, choiceNames)(v) }}, true
	}
	return jqlField{}, false
}

func lower(values ...string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToLower(v)
	}
	return out
}

func by(text func(*issue) string) func(a, b *issue) int {
	return func(a, b *issue) int { return strings.Compare(strings.ToLower(text(a)), strings.ToLower(text(b))) }
}

func oneOf[T any](list []T, names func(T) []string) func(string) bool {
	return func(value string) bool {
		return slices.ContainsFunc(list, func(item T) bool { return slices.Contains(names(item), value) })
	}
}

func choiceNames(c choice) []string { return lower(c.name, c.id) }

func parentKey(i *issue) []string {
	if i.parent == nil {
		return nil
	}
	return lower(i.parent.key, strconv.Itoa(i.parent.id))
}

func userNames(u *user) []string {
	if u == nil {
		return nil
	}
	return lower(u.display, u.accountID, u.name, u.email)
}

func commentText(i *issue) string {
	var parts []string
	for _, c := range i.comments {
		parts = append(parts, plainTextOf(c.body))
	}
	return strings.Join(parts, "\n")
}

func (s *Server) someProject(v string) bool {
	return oneOf(s.state.projects, func(p *project) []string { return lower(append(p.keys(), p.name, p.id)...) })(v)
}

func (s *Server) someIssue(v string) bool {
	_, err := s.state.find(v)
	return err == nil
}

func (s *Server) someUser(v string) bool {
	for _, u := range s.state.users {
		if slices.Contains(userNames(u), v) {
			return true
		}
	}
	return false
}

// compile makes the predicate of one clause.
func (s *Server) compile(f jqlField, name, operator string, right operand) (predicate, error) {
	unsupported := refuse(http.StatusBadRequest, fmt.Sprintf("The operator '%s' is not supported by the '%s' field.", operator, name))
	negative := operator == "!=" || operator == "not in" || operator == "!~" || operator == "is not"
	if right.list && operator != "in" && operator != "not in" {
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("Operator '%s' does not support the non-list value '(%s)' for field '%s'.", operator, strings.Join(right.values, ", "), name))
	}
	if operator == "is" || operator == "is not" {
		if !right.empty {
			return nil, refuse(http.StatusBadRequest, fmt.Sprintf("The operator '%s' only supports the values EMPTY and NULL.", operator))
		}
	}
	if right.empty && len(right.values) == 0 {
		return s.compileEmpty(f, negative), nil
	}
	switch {
	case f.date != nil:
		return s.compileDate(f, name, operator, right, unsupported)
	case f.text != nil:
		if operator != "~" && operator != "!~" {
			return nil, unsupported
		}
		match := textMatcher(right.values[0])
		return func(i *issue) bool { return match(f.text(i)) != negative }, nil
	case operator == "~" || operator == "!~" || strings.ContainsAny(operator, "<>"):
		return nil, unsupported
	}
	return compileNames(f, name, negative, right)
}

func (s *Server) compileEmpty(f jqlField, negative bool) predicate {
	return func(i *issue) bool {
		empty := false
		switch {
		case f.names != nil:
			empty = len(f.names(i)) == 0
		case f.text != nil:
			empty = strings.TrimSpace(f.text(i)) == ""
		}
		return empty != negative
	}
}

// compileNames compares values. As in Jira, "!=" does not match issues without a value.
func compileNames(f jqlField, name string, negative bool, right operand) (predicate, error) {
	wantedValues := lower(right.values...)
	for n, v := range wantedValues {
		if f.exists == nil || f.exists(v) {
			continue
		}
		if name = strings.ToLower(name); name == "key" || name == "issuekey" || name == "issue" {
			return nil, refuse(http.StatusBadRequest, "An issue with key '"+right.values[n]+"' does not exist for field '"+name+"'.")
		}
		return nil, refuse(http.StatusBadRequest, "The value '"+right.values[n]+"' does not exist for the field '"+name+"'.")
	}
	return func(i *issue) bool {
		have := f.names(i)
		matches := slices.ContainsFunc(wantedValues, func(v string) bool {
			return slices.Contains(have, v) || (v == "unresolved" && len(have) == 0)
		}) || (right.empty && len(have) == 0)
		if negative {
			return len(have) > 0 && !matches
		}
		return matches
	}, nil
}

// textMatcher finds issues with all the words, in any order; a star at the end of a word stands
// for the rest of it.
func textMatcher(query string) func(string) bool {
	word := regexp.MustCompile(`[\pL\pN_]+\*?`)
	words := word.FindAllString(strings.ToLower(query), -1)
	return func(text string) bool {
		have := word.FindAllString(strings.ToLower(text), -1)
		for _, w := range words {
			prefix, star := strings.CutSuffix(w, "*")
			if !slices.ContainsFunc(have, func(h string) bool { return h == w || (star && strings.HasPrefix(h, prefix)) }) {
				return false
			}
		}
		return len(words) > 0
	}
}

var period = regexp.MustCompile(`^([+-]?)(\d+)([mhdwMy])$`)

func (s *Server) compileDate(f jqlField, name, operator string, right operand, unsupported error) (predicate, error) {
	if operator == "~" || operator == "!~" || right.list {
		return nil, unsupported
	}
	at, err := s.date(right.values[0])
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "Date value '"+right.values[0]+"' for field '"+name+"' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.")
	}
	return func(i *issue) bool {
		d := f.date(i).Compare(at)
		switch operator {
		case "<":
			return d < 0
		case "<=":
			return d <= 0
		case ">":
			return d > 0
		case ">=":
			return d >= 0
		case "!=":
			return d != 0
		}
		return d == 0
	}, nil
}

func (s *Server) date(text string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", time.DateOnly, "2006/01/02", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, s.cfg.Now().Location()); err == nil {
			return at, nil
		}
	}
	m := period.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, fmt.Errorf("no date")
	}
	n, err := strconv.Atoi(m[2])
	if err != nil || n > 100000 {
		return time.Time{}, fmt.Errorf("no date")
	}
	if m[1] == "-" {
		n = -n
	}
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[3]]
	switch m[3] {
	case "M":
		return s.cfg.Now().AddDate(0, n, 0), nil
	case "y":
		return s.cfg.Now().AddDate(n, 0, 0), nil
	}
	return s.cfg.Now().Add(time.Duration(n) * unit), nil
}

// call runs a function of the query language.
func (s *Server) call(name string, arguments []string, f jqlField) (operand, error) {
	now := s.cfg.Now()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch strings.ToLower(name) {
	case "currentuser":
		return operand{values: []string{s.state.service.accountID}}, nil
	case "now":
		return operand{values: []string{now.Format(time.RFC3339)}}, nil
	case "startofday":
		return operand{values: []string{day.Format(time.RFC3339)}}, nil
	case "endofday":
		return operand{values: []string{day.AddDate(0, 0, 1).Format(time.RFC3339)}}, nil
	case "startofweek":
		return operand{values: []string{day.AddDate(0, 0, -int((day.Weekday()+6)%7)).Format(time.RFC3339)}}, nil
	case "startofmonth":
		return operand{values: []string{day.AddDate(0, 0, 1-day.Day()).Format(time.RFC3339)}}, nil
	}
	return operand{}, refuse(http.StatusBadRequest, "Unable to find JQL function '"+name+"("+strings.Join(arguments, ", ")+")'.")
}
