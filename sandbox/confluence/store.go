package confluence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

type person struct {
	accountID, username, key, name, email string
}

type space struct {
	id        int64
	key, name string
	alias     string // what people see in its place; only Cloud has it
	homepage  int64
	creator   *person
	created   time.Time
	readOnly  bool // for the service account
}

type version struct {
	number  int
	title   string
	by      *person
	when    time.Time
	message string
	minor   bool
	body    string // storage format
}

type page struct {
	id       int64
	space    *space
	parent   *page // nil: the homepage of its space
	labels   []string
	versions []version // oldest first, never empty

	restricted map[string]holders // by operation
}

func (p *page) current() *version { return &p.versions[len(p.versions)-1] }
func (p *page) first() *version   { return &p.versions[0] }
func (p *page) title() string     { return p.current().title }

// version returns the version of a number, or nil.
func (p *page) version(number int) *version {
	if number < 1 || number > len(p.versions) {
		return nil
	}
	return &p.versions[number-1]
}

// ancestors are the pages above p, the highest first.
func (p *page) ancestors() []*page {
	var above []*page
	for q := p.parent; q != nil; q = q.parent {
		above = append(above, q)
	}
	slices.Reverse(above)
	return above
}

// status is that of a version.
func (p *page) status(v *version) string {
	if v == p.current() {
		return "current"
	}
	return "historical"
}

type comment struct {
	id        int64
	page      *page
	parent    *comment // nil: not a reply
	author    *person
	created   time.Time
	body      string // storage format
	inline    bool
	selection string // the text that an inline comment is on
	marker    string
	status    string // of an inline comment: open, reopened, resolved, dangling
}

// store is the content of the site. The Server guards it: one request that changes something has it
// alone, and those that read share it.
type store struct {
	now      func() time.Time
	people   []*person
	service  *person // owner of the token
	spaces   []*space
	pages    []*page
	comments []*comment
	lastID   int64
}

// newStore returns a store with the demo's content.
func newStore(now func() time.Time, cloud bool) *store {
	s := &store{now: now, lastID: 1310000}
	seed(s, cloud)
	return s
}

func (s *store) nextID() int64 {
	s.lastID++
	return s.lastID
}

func (s *store) person(accountID string) *person {
	for _, p := range s.people {
		if p.accountID == accountID {
			return p
		}
	}
	return nil
}

// answersTo reports whether key names the space: its alias does wherever its key does.
func (sp *space) answersTo(key string) bool {
	return strings.EqualFold(sp.key, key) || sp.alias != "" && strings.EqualFold(sp.alias, key)
}

func (s *store) spaceByKey(key string) *space {
	return find(s.spaces, func(sp *space) bool { return sp.answersTo(key) })
}

func (s *store) spaceByID(id int64) *space {
	return find(s.spaces, func(sp *space) bool { return sp.id == id })
}

func (s *store) page(id int64) *page {
	return find(s.pages, func(p *page) bool { return p.id == id })
}

// titled returns a page by its title. Titles are compared as Confluence does: without regard to
// case, and without surrounding blanks.
func (s *store) titled(in *space, title string) *page {
	return find(s.pages, func(p *page) bool { return p.space == in && strings.EqualFold(p.title(), strings.TrimSpace(title)) })
}

func (s *store) comment(id int64) *comment {
	return find(s.comments, func(c *comment) bool { return c.id == id })
}

// commentsOf returns the comments for which keep is true, oldest first.
func (s *store) commentsOf(keep func(*comment) bool) []*comment {
	var kept []*comment
	for _, c := range s.comments {
		if keep(c) {
			kept = append(kept, c)
		}
	}
	slices.SortStableFunc(kept, func(a, b *comment) int { return cmp.Compare(a.id, b.id) })
	return kept
}

func find[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// duplicateTitleError is the answer to a second page of the same title in a space.
type duplicateTitleError struct{ title, space string }

func (e duplicateTitleError) Error() string {
	return fmt.Sprintf("A page with this title already exists: A page already exists with the title %s in the space with key %s", e.title, e.space)
}

// createPage adds a page below parent, or below the space's homepage when parent is nil.
func (s *store) createPage(in *space, parent *page, title, body, message string) (*page, error) {
	title = strings.TrimSpace(title)
	if s.titled(in, title) != nil {
		return nil, duplicateTitleError{title, in.key}
	}
	if parent == nil {
		parent = find(s.pages, func(p *page) bool { return p.id == in.homepage })
	}
	p := &page{
		id: s.nextID(), space: in, parent: parent,
		versions: []version{{number: 1, title: title, by: s.service, when: s.now().UTC().Truncate(time.Millisecond), message: message, body: body}},
	}
	s.pages = append(s.pages, p)
	return p, nil
}
