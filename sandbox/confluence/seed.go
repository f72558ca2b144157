package confluence

import (
	"strings"
	"time"
)

// seed fills the store with two spaces of a small platform team: what the product does (DOCS) and
// how the team works (TEAM).
func seed(s *store, cloud bool) {
	ada := &person{"557058:ada", "akeller", "8a7f808c7f1e0a01017f1e0a2f5b0001", "Ada Keller", "ada.keller@contoso.example"}
	ben := &person{"557058:ben", "bokafor", "8a7f808c7f1e0a01017f1e0a2f5b0002", "Ben Okafor", "ben.okafor@contoso.example"}
	chloe := &person{"557058:chloe", "cmartin", "8a7f808c7f1e0a01017f1e0a2f5b0003", "Chloé Martin", "chloe.martin@contoso.example"}
	s.service = &person{"557058:svc-mcp", "svc-mcp", "8a7f808c7f1e0a01017f1e0a2f5b0004", "MCP Service", "svc-mcp@contoso.example"}
	sam := &person{"557058:sam1", "slee", "8a7f808c7f1e0a01017f1e0a2f5b0005", "Sam Lee", "sam.lee@contoso.example"}
	other := &person{"557058:sam2", "slee2", "8a7f808c7f1e0a01017f1e0a2f5b0006", "Sam Lee", "sam.lee@fabrikam.example"}
	s.people = []*person{ada, ben, chloe, s.service, sam, other}

	docs := &space{id: 98306, key: "DOCS", name: "Product Docs", creator: ada, created: day(2025, 3, 3)}
	team := &space{id: 98307, key: "TEAM", name: "Platform Team", creator: ada, created: day(2025, 1, 13)}
	s.spaces = []*space{docs, team}
	if cloud {
		team.alias = "PLATFORM"
	}

	authors := map[string]*person{"ada": ada, "ben": ben, "chloe": chloe}
	seedPages(s, docs, authors, docsPages)
	seedPages(s, team, authors, teamPages)
	seedComments(s, authors)
	if !cloud {
		s.mentionByKey()
	}
}

// mentionByKey writes the people in all texts as Data Center does, which has no account ids.
func (s *store) mentionByKey() {
	var pairs []string
	for _, p := range s.people {
		pairs = append(pairs, `ri:account-id="`+p.accountID+`"`, `ri:userkey="`+p.key+`"`)
	}
	keys := strings.NewReplacer(pairs...)
	for _, p := range s.pages {
		for i := range p.versions {
			p.versions[i].body = keys.Replace(p.versions[i].body)
		}
	}
}

// seedPage is a page of the demo. The first page of a space is its homepage.
type seedPage struct {
	title, under string
	author       string
	created      time.Time
	labels       string
	bodies       []string // one for each version, a week apart, by turns of author and Ada
}

func seedPages(s *store, in *space, authors map[string]*person, pages []seedPage) {
	for _, sp := range pages {
		p := &page{id: s.nextID(), space: in, labels: strings.Fields(sp.labels)}
		if sp.under != "" {
			p.parent = s.titled(in, sp.under)
		}
		by := authors[sp.author]
		for i, body := range sp.bodies {
			v := version{number: i + 1, title: sp.title, by: by, when: sp.created.AddDate(0, 0, 7*i), body: body}
			if i > 0 {
				v.by, v.message = authors["ada"], "Review"
			}
			p.versions = append(p.versions, v)
		}
		s.pages = append(s.pages, p)
		if in.homepage == 0 {
			in.homepage = p.id
		}
	}
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 9, 30, 0, 0, time.UTC)
}

func seedComments(s *store, authors map[string]*person) {
	on := func(key, title string) *page {
		return s.titled(find(s.spaces, func(sp *space) bool { return sp.key == key }), title)
	}
	add := func(c *comment) *comment {
		c.id = s.nextID()
		s.comments = append(s.comments, c)
		return c
	}
	footer := func(p *page, parent *comment, author string, at time.Time, body string) *comment {
		return add(&comment{page: p, parent: parent, author: authors[author], created: at, body: body})
	}
	inline := func(p *page, parent *comment, author string, at time.Time, selection, status, body string) *comment {
		return add(&comment{
			page: p, parent: parent, author: authors[author], created: at, body: body,
			inline: true, selection: selection, marker: "c0ffee00-1f2e-4d3c-8b4a-" + strings.Repeat("0", 11) + status[:1], status: status,
		})
	}

	tokens := on("DOCS", "Token life cycle")
	question := footer(tokens, nil, "chloe", day(2026, 11, 9), `<p>How long can a person be away before they have to sign in again?</p>`)
	answer := footer(tokens, question, "ben", day(2026, 11, 10), `<p>30 days unused, <strong>90 days</strong> in any case. See <ac:link><ri:page ri:content-title="Working agreement" ri:space-key="TEAM" /></ac:link>.</p>`)
	footer(tokens, answer, "chloe", day(2026, 11, 11), `<p>Thanks, that answers the ticket.</p>`)
	footer(tokens, nil, "ada", day(2026, 11, 12), `<p>Two things are missing here:</p><ul><li>clock skew</li><li>what <code>aud</code> looks like in v1 tokens</li></ul>`)
	open := inline(tokens, nil, "ada", day(2026, 11, 12), "rotated on every use", "open", `<p>Say what happens with parallel sessions.</p>`)
	inline(tokens, open, "ben", day(2026, 11, 13), open.selection, "open", `<p>Will do with PLAT-12.</p>`)
	inline(tokens, nil, "chloe", day(2026, 10, 20), "issuance record", "resolved", `<p>Typo: “isuance”.</p>`)

	footer(on("TEAM", "ADR-002 Personal access tokens stay on the server"), nil, "ben", day(2026, 9, 22), `<p>Agreed. <a href="https://example.com/rfc6749">RFC 6749</a> has nothing against it.</p>`)
}
