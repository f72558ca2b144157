package jira

import (
	"fmt"
	"time"
)

// seeder builds the data, with times relative to the start so that "this week" finds something.
type seeder struct {
	*state
	now    time.Time
	cloud  bool
	nextID int
}

func seed(now time.Time, cloud bool) *state {
	s := &seeder{now: now.Truncate(time.Minute), cloud: cloud, nextID: 10100, state: &state{
		users: map[string]*user{
			"ada":   newUser("557058:ada", "akeller", "Ada Keller", "ada.keller@contoso.example"),
			"ben":   newUser("557058:ben", "bokafor", "Ben Okafor", "ben.okafor@contoso.example"),
			"chloe": newUser("557058:chloe", "cmartin", "Chloé Martin", "chloe.martin@contoso.example"),
			"sam1":  newUser("557058:sam1", "slee", "Sam Lee", "sam.lee@contoso.example"),
			"sam2":  newUser("557058:sam2", "slee2", "Sam Lee", "sam.lee@fabrikam.example"),
			"noor":  newUser("557058:noor", "nhaddad", "Noor Haddad", "noor.haddad@contoso.example"),
			"dora":  newUser("557058:dora", "dfischer", "Dora Fischer", "dora.fischer@contoso.example"),
			"svc":   newUser("557058:svc-mcp", "svc-mcp", "MCP Service", "svc-mcp@contoso.example"),
		},
		byKey: map[string]*issue{},
	}}
	s.service = s.users["svc"]
	s.users["noor"].private, s.users["dora"].inactive = true, true
	plat := &project{id: "10000", key: "PLAT", name: "Platform", lead: s.users["ada"], workflow: softwareWorkflow}
	ops := &project{id: "10001", key: "OPS", former: "INFRA", name: "Operations", lead: s.users["chloe"], workflow: operationsWorkflow, mustAssign: true}
	plat.components = []choice{{"10100", "Gateway"}, {"10101", "Portal"}}
	plat.versions = []choice{{"10200", "1.0"}, {"10201", "2.0"}}
	s.projects = []*project{plat, ops}
	s.platform(plat)
	s.operations(ops)
	s.relations()
	return s.state
}

func (s *seeder) id() int { s.nextID++; return s.nextID }

func (s *seeder) ago(days float64) time.Time {
	return s.now.Add(-time.Duration(days * 24 * float64(time.Hour)))
}

// add completes an issue and files it under the next key of its project.
func (s *seeder) add(p *project, created float64, i issue) *issue {
	i.id, i.project, i.created = s.id(), p, s.ago(created)
	n := 1
	for _, other := range s.issues {
		if other.project == p {
			n++
		}
	}
	i.key = fmt.Sprintf("%s-%d", p.key, n)
	if i.updated.IsZero() {
		i.updated = i.created
	}
	if i.status.id == "" {
		i.status = statusToDo
	}
	if i.priority.id == "" {
		i.priority = medium
	}
	if i.status.category == done && i.resolution == nil {
		i.resolution = &resolutions[0]
	}
	if i.reporter == nil {
		i.reporter = s.users["ada"]
	}
	s.issues = append(s.issues, &i)
	s.byKey[i.key] = &i
	return &i
}

func (s *seeder) comment(i *issue, by string, days float64, blocks ...block) {
	at := s.ago(days)
	i.comments = append(i.comments, &comment{id: s.id(), author: s.users[by], body: richText(s.cloud, blocks...), created: at, updated: at})
	if at.After(i.updated) {
		i.updated = at
	}
}

func (s *seeder) link(from *issue, kind linkType, to *issue) {
	id := s.id()
	from.links = append(from.links, link{id, kind, true, to})
	to.links = append(to.links, link{id, kind, false, from})
}

func (s *seeder) platform(plat *project) {
	ada, ben := s.users["ada"], s.users["ben"]
	current, next := &sprint{41, "PLAT Sprint 12", "active"}, &sprint{42, "PLAT Sprint 13", "future"}
	s.boards = append(s.boards,
		&board{id: 1, name: "PLAT board", project: plat, sprints: []*sprint{{40, "PLAT Sprint 11", "closed"}, current, next, {45, "Hardening", "future"}}},
		&board{id: 3, name: "Portal board", project: plat, sprints: []*sprint{current, {44, "Hardening", "future"}}},
	)

	signIn := s.add(plat, 40, issue{
		kind: typeEpic, summary: "Single sign-on for all internal tools", status: statusInProgress, priority: high, assignee: ada,
		labels: []string{"identity", "q3"}, due: s.ago(-30).Format(time.DateOnly), description: s.signInEpic(),
	})
	search := s.add(plat, 35, issue{
		kind: typeEpic, summary: "Search that finds things", assignee: ben, labels: []string{"search"},
		description: richText(s.cloud, p("People give up on our search. Measure it, then replace the index.")),
	})
	login := s.add(plat, 21, issue{
		kind: typeStory, summary: "Users sign in with their company account", status: statusInReview, priority: high, assignee: ben,
		parent: signIn, labels: []string{"identity"}, points: 5, sprint: current, description: s.loginStory(),
		acceptance: richText(s.cloud, numbered{plain("A new employee signs in without a ticket."), plain("Signing out ends the session everywhere.")}),
	})
	s.add(plat, 20, issue{kind: typeSubtask, summary: "Register the application with the identity provider", status: statusDone, assignee: ada, parent: login})
	s.add(plat, 20, issue{kind: typeSubtask, summary: "Handle expired sessions without losing form input", status: statusInProgress, assignee: ben, parent: login})
	s.add(plat, 18, issue{
		kind: typeStory, summary: "Administrators map groups to roles", parent: signIn, points: 8, sprint: next, labels: []string{"identity", "admin"},
		description: richText(s.cloud, p("Groups come with the token; roles are ours."), bullets{plain("Reader"), plain("Writer"), plain("Admin")}),
	})
	loop := s.add(plat, 9, issue{
		kind: typeBug, summary: "Redirect loop after sign-in on Safari", status: statusInProgress, priority: highest, assignee: ben,
		reporter: s.users["chloe"], parent: signIn, sprint: current, severity: "Critical", labels: []string{"identity", "customer"},
		description: s.loopBug(),
		attachments: []attachment{
			{s.id(), 48213, "safari-redirect-loop.har", "application/json", s.users["chloe"], s.ago(9)},
			{s.id(), 182004, "screenshot.png", "image/png", s.users["chloe"], s.ago(9)},
		},
	})
	s.add(plat, 14, issue{
		kind: typeStory, summary: "Index attachments", parent: search, points: 3, sprint: next, priority: low, labels: []string{"search"},
		description: richText(s.cloud, p("PDF and Office documents first.")),
	})
	s.add(plat, 5, issue{
		kind: typeBug, summary: "Search returns pages that were deleted", priority: high, reporter: s.users["chloe"], parent: search,
		severity: "Major", labels: []string{"search", "customer"},
		description: richText(s.cloud, p("The index is only rebuilt at night."), listing{"bash", "curl -s https://search.contoso.example/api?q=holiday | jq '.hits | length'"}),
	})
	s.add(plat, 60, issue{kind: typeTask, summary: "Update the build image", status: statusDone, assignee: ben, labels: []string{"ci"}})

	s.comment(login, "ada", 12, para{at{ben}, plain(" the consent page needs the client's name in "), bold("bold"), plain(".")})
	s.comment(login, "ben", 11, p("Done, please look again."))
	s.comment(loop, "chloe", 8, p("Two more customers today. Both on Safari 18."))
	s.comment(loop, "ben", 6, para{plain("The cookie is set with "), code("SameSite=Strict"), plain(", which Safari does not send after the redirect.")})
	s.comment(loop, "ada", 5, para{at{ben}, plain(" then it has to be "), code("Lax"), plain(". See "), to{"the specification", "https://datatracker.ietf.org/doc/html/rfc6265"}, plain(".")})
}

func (s *seeder) operations(ops *project) {
	ada, chloe := s.users["ada"], s.users["chloe"]
	s.boards = append(s.boards, &board{id: 2, name: "OPS board", kanban: true, project: ops})
	migration := s.add(ops, 30, issue{
		kind: typeEpic, summary: "Move mail to the new provider", reporter: chloe, assignee: chloe, status: statusInProgress,
		description: richText(s.cloud, p("All mailboxes by the end of the quarter.")),
	})
	s.add(ops, 12, issue{
		kind: typeTask, summary: "Renew the certificate of the gateway", reporter: chloe, priority: high, assignee: ada, labels: []string{"security"},
		due: s.ago(-5).Format(time.DateOnly), description: richText(s.cloud, panel{"warning", p("It expires in five days.")}, p("Ask the vendor for the new chain.")),
	})
	vendor := s.add(ops, 10, issue{
		kind: typeTask, summary: "Ask the vendor for a mail export", reporter: chloe, assignee: chloe, status: statusWaiting, parent: migration,
	})
	s.add(ops, 3, issue{
		kind: typeBug, summary: "Sign-in page slow on Monday mornings", reporter: chloe, severity: "Minor", labels: []string{"performance", "customer"},
		description: richText(s.cloud, table{{"Time", "Seconds"}, {"08:00", "9.1"}, {"09:00", "7.4"}, {"12:00", "0.6"}}),
	})
	s.comment(vendor, "chloe", 7, p("They promised an answer by Friday."))
}

func (s *seeder) relations() {
	s.link(s.byKey["PLAT-7"], blocks, s.byKey["PLAT-3"])
	s.link(s.byKey["OPS-4"], relates, s.byKey["PLAT-7"])
	s.link(s.byKey["PLAT-5"], causes, s.byKey["PLAT-7"])
	s.link(s.byKey["OPS-2"], blocks, s.byKey["PLAT-3"])
}

func (s *seeder) signInEpic() any {
	return richText(s.cloud,
		heading{2, "Goal"},
		p("One account for everything. People sign in once a day, and nobody keeps a password of ours."),
		heading{2, "Scope"},
		table{{"Tool", "Owner", "State"}, {"Wiki", "Ada Keller", "done"}, {"Build server", "Ben Okafor", "in work"}, {"Mail", "Chloé Martin", "later"}},
		panel{"info", para{plain("Decisions are in "), to{"the design", "https://wiki.contoso.example/display/DOCS/SSO"}, plain(".")}},
	)
}

func (s *seeder) loginStory() any {
	return richText(s.cloud,
		para{plain("As an employee I want to sign in with my "), bold("company account"), plain(" so that I need no second password.")},
		heading{3, "Notes"},
		bullets{plain("Tokens are checked at the gateway."), plain("Roles come from groups."), plain("Guests stay outside.")},
		listing{"yaml", "issuer: https://login.example.com/tenant/v2.0\naudience: api://platform"},
		para{plain("Questions to "), at{s.users["ada"]}, plain(".")},
	)
}

func (s *seeder) loopBug() any {
	return richText(s.cloud,
		heading{3, "What happens"},
		numbered{plain("Open the portal in Safari."), plain("Sign in."), plain("The browser goes back and forth until it gives up.")},
		heading{3, "What should happen"},
		p("The portal opens."),
		listing{"text", "GET /portal 302 /login\nGET /login 302 /portal\nGET /portal 302 /login"},
	)
}
