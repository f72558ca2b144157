package confluence

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCQL(t *testing.T) {
	s := newStore(func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }, true)
	for _, tc := range []struct{ query, want string }{
		{`type = space order by title`, "Platform Team, Product Docs"},
		{`space = TEAM AND label = adr ORDER BY title DESC`, "Decisions, ADR-002 Personal access tokens stay on the server, ADR-001 Caddy at the edge"},
		{`space in (TEAM) and type = page and title ~ "adr*" order by title`, "ADR-001 Caddy at the edge, ADR-002 Personal access tokens stay on the server"},
		{`title = "release notes"`, "Release notes"},
		{`parent = 1310008 order by title`, "Incident runbook, Upgrade guide"},
		{`ancestor = 1310008 AND NOT title = "Upgrade guide"`, "Incident runbook"},
		{`type = comment AND container = 1310007 AND creator = "557058:ben" order by created`, "Re: Token life cycle, Re: Token life cycle"},
		{`text ~ "secret expired"`, "Incident runbook"},
		{`text ~ "\"expired secret\""`, ""},
		{`siteSearch ~ "runbook"`, "Incident runbook"},
		{`lastmodified >= now("-4w") AND type != comment order by title`, "2026-11-16 Weekly, Release 1.4"},
		{`created = 2026-11-16`, "2026-11-16 Weekly"},
		{`created < 2025-01-14 and type = page`, "Platform Team"},
		{`creator = bokafor and contributor = akeller and type = page order by title`, "Installation, Token life cycle"},
		{`type = page and creator = currentUser()`, ""},
		{`(title = "Decisions" or title = "Onboarding") and type not in (comment) order by title`, "Decisions, Onboarding"},
	} {
		q, err := parseCQL(tc.query)
		if err != nil {
			t.Errorf("%s: %v", tc.query, err)
			continue
		}
		found, err := s.find(q, s.entries())
		if err != nil {
			t.Errorf("%s: %v", tc.query, err)
			continue
		}
		var titles []string
		for _, e := range found {
			titles = append(titles, e.title)
		}
		if got := strings.Join(titles, ", "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.query, got, tc.want)
		}
	}
}

func TestBadCQL(t *testing.T) {
	for _, query := range []string{
		``, `type`, `type =`, `= page`, `type = page AND`, `type = page type = page`, `(type = page`, `type = page)`, `type ~ page`,
		`nonsense = 1`, `title ~ two words`, `title ~ "open`, `type in page`, `type in ()`, `type in (page`, `order`, `order by`, `order by nonsense`,
		`type = page order by title limit 5`, `type not page`, strings.Repeat("(", 100) + "type = page" + strings.Repeat(")", 100),
	} {
		if q, err := parseCQL(query); err == nil {
			t.Errorf("%q was taken: %+v", query, q)
		}
	}
	s := newStore(time.Now, true)
	if q, err := parseCQL(`created > yesterday`); err == nil {
		if _, err := s.find(q, s.entries()); err == nil {
			t.Error("a date that is none was taken")
		}
	}
}

func FuzzParseCQL(f *testing.F) {
	for _, seed := range []string{`type = page AND (space in (A, "B") OR NOT label = x) ORDER BY title DESC, created`, `a"`, `((((`, `not not not`, `created > now("-1w")`} {
		f.Add(seed)
	}
	s := newStore(time.Now, true)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseCQL(text)
		if err != nil {
			return
		}
		if found, err := s.find(q, s.entries()); err == nil && slices.Contains(found, nil) {
			t.Errorf("%q found nothing at all", text)
		}
	})
}

func FuzzRender(f *testing.F) {
	for _, p := range docsPages {
		f.Add(p.bodies[len(p.bodies)-1])
	}
	f.Add(`<ac:link><ac:structured-macro>`)
	f.Add(`</ac:structured-macro>`)
	server, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, storage string) {
		plainText(storage)
		checkStorage(storage)
		if html := string(server.render(server.store.spaces[0], storage)); strings.Contains(strings.ToLower(html), "<script") {
			t.Errorf("%q became %q", storage, html)
		}
	})
}
