package confluence

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	equality = "= != in not-in"
	matching = "~ !~"
	dates    = "= != < > <= >="
)

// cqlFields are the fields of CQL that the sandbox knows, and their operators.
var cqlFields = map[string]string{
	"space": equality, "space.key": equality, "type": equality, "id": equality, "content": equality,
	"title": equality + " " + matching, "text": matching, "sitesearch": "~", "label": equality,
	"ancestor": equality, "parent": equality, "container": equality,
	"user.fullname": matching, "user": equality,
	"creator": equality, "contributor": equality, "created": dates, "lastmodified": dates,
}

var sortKeys = map[string]func(a, b *entry) int{
	"title":        func(a, b *entry) int { return cmp.Compare(strings.ToLower(a.title), strings.ToLower(b.title)) },
	"created":      func(a, b *entry) int { return a.created.Compare(b.created) },
	"lastmodified": func(a, b *entry) int { return a.modified.Compare(b.modified) },
	"id":           func(a, b *entry) int { return cmp.Compare(a.id, b.id) },
}

// entry is something that a search can find.
type entry struct {
	id                int64
	kind              string // page, comment, space
	title, text       string
	space             *space
	person            *person  // only people are one
	page              *page    // the page itself, or the page of a comment
	comment           *comment // nil unless it is a comment
	labels            []string
	ancestors         []int64 // the nearest last
	creator           *person
	contributors      []*person
	created, modified time.Time
}

// entries lists everything that can be found.
func (s *store) entries() []*entry {
	var all []*entry
	for _, p := range s.pages {
		e := &entry{
			id: p.id, kind: "page", title: p.title(), text: plainText(p.current().body), space: p.space, page: p, labels: p.labels,
			creator: p.first().by, created: p.first().when, modified: p.current().when,
		}
		for _, a := range p.ancestors() {
			e.ancestors = append(e.ancestors, a.id)
		}
		for _, v := range p.versions {
			e.contributors = append(e.contributors, v.by)
		}
		all = append(all, e)
	}
	for _, c := range s.comments {
		all = append(all, &entry{
			id: c.id, kind: "comment", title: "Re: " + c.page.title(), text: plainText(c.body), space: c.page.space, page: c.page, comment: c,
			creator: c.author, contributors: []*person{c.author}, created: c.created, modified: c.created,
		})
	}
	for _, sp := range s.spaces {
		all = append(all, &entry{
			id: sp.id, kind: "space", title: sp.name, text: sp.name, space: sp,
			creator: sp.creator, contributors: []*person{sp.creator}, created: sp.created, modified: sp.created,
		})
	}
	return all
}

// users are the people as entries. Confluence finds them only where they are asked for.
func (s *store) users() []*entry {
	var all []*entry
	for _, p := range s.people {
		all = append(all, &entry{kind: "user", title: p.name, person: p})
	}
	return all
}

// find returns what matches, in the order asked for, else the latest change first.
func (s *store) find(q *query, among []*entry) ([]*entry, error) {
	e := evaluator{now: s.now(), self: s.service}
	var found []*entry
	for _, candidate := range among {
		matches, err := e.matches(q.where, candidate)
		if err != nil {
			return nil, err
		}
		if matches {
			found = append(found, candidate)
		}
	}
	order := q.order
	if len(order) == 0 {
		order = []ordering{{"lastmodified", true}, {"id", false}}
	}
	slices.SortStableFunc(found, func(a, b *entry) int {
		for _, o := range order {
			c := sortKeys[o.field](a, b)
			if o.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return found, nil
}

type evaluator struct {
	now  time.Time
	self *person
}

func (e evaluator) matches(x expression, candidate *entry) (bool, error) {
	switch x := x.(type) {
	case and:
		for _, part := range x {
			if ok, err := e.matches(part, candidate); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case or:
		for _, part := range x {
			if ok, err := e.matches(part, candidate); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case not:
		ok, err := e.matches(x.of, candidate)
		return !ok, err
	case clause:
		return e.clause(x, candidate)
	}
	return true, nil
}

func (e evaluator) clause(c clause, candidate *entry) (bool, error) {
	negative := strings.HasPrefix(c.operator, "!") || c.operator == "not-in"
	switch {
	case strings.HasSuffix(c.operator, "~"):
		return containsText(candidate.searched(c.field), c.values[0]) != negative, nil
	case cqlFields[c.field] == dates:
		return e.date(c, candidate)
	}
	for _, value := range c.values {
		if candidate.equals(c.field, value, e.self) {
			return !negative, nil
		}
	}
	return negative, nil
}

func (c *entry) searched(field string) string {
	switch field {
	case "title", "user.fullname":
		return c.title
	case "sitesearch":
		return c.title + " " + c.text + " " + strings.Join(c.labels, " ")
	}
	return c.title + " " + c.text
}

func (c *entry) equals(field, value string, self *person) bool {
	number, _ := strconv.ParseInt(value, 10, 64)
	switch field {
	case "space", "space.key":
		return c.space != nil && c.space.answersTo(value)
	case "user":
		return c.person != nil && c.person.is(value, self)
	case "type":
		return strings.EqualFold(c.kind, value)
	case "title":
		return strings.EqualFold(c.title, value)
	case "label":
		return slices.Contains(c.labels, strings.ToLower(value))
	case "id", "content":
		return c.id == number
	case "ancestor":
		return slices.Contains(c.ancestors, number)
	case "parent":
		return len(c.ancestors) > 0 && c.ancestors[len(c.ancestors)-1] == number
	case "container":
		return c.comment != nil && c.page.id == number
	case "creator":
		return c.creator != nil && c.creator.is(value, self)
	case "contributor":
		return slices.ContainsFunc(c.contributors, func(p *person) bool { return p.is(value, self) })
	}
	return false
}

func (p *person) is(value string, self *person) bool {
	if strings.EqualFold(value, "currentUser()") {
		return p == self
	}
	return value == p.accountID || value == p.username || value == p.key
}

var cqlOffset = regexp.MustCompile(`^now\(\s*["']?(?:([+-]?\d+)([yMwdhm]))?["']?\s*\)$`)

// moment reads a date as CQL writes them: a day, a minute, or now() with an offset.
func (e evaluator) moment(value string) (time.Time, error) {
	if m := cqlOffset.FindStringSubmatch(value); m != nil {
		n, _ := strconv.Atoi(m[1])
		switch m[2] {
		case "y":
			return e.now.AddDate(n, 0, 0), nil
		case "M":
			return e.now.AddDate(0, n, 0), nil
		case "w":
			return e.now.AddDate(0, 0, 7*n), nil
		case "d":
			return e.now.AddDate(0, 0, n), nil
		case "h":
			return e.now.Add(time.Duration(n) * time.Hour), nil
		}
		return e.now.Add(time.Duration(n) * time.Minute), nil
	}
	for _, layout := range []string{"2006-01-02", "2006/01/02", "2006-01-02 15:04", "2006/01/02 15:04"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %q is no date", errCQL, value)
}

func (e evaluator) date(c clause, candidate *entry) (bool, error) {
	when, err := e.moment(c.values[0])
	if err != nil {
		return false, err
	}
	at := candidate.created
	if c.field == "lastmodified" {
		at = candidate.modified
	}
	switch c.operator {
	case "<":
		return at.Before(when), nil
	case "<=":
		return !at.After(when), nil
	case ">":
		return at.After(when), nil
	case ">=":
		return !at.Before(when), nil
	}
	sameDay := at.Format(time.DateOnly) == when.Format(time.DateOnly)
	return sameDay == (c.operator == "="), nil
}
