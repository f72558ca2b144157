package confluence

// teamPages is the space TEAM.
var teamPages = []seedPage{
	{title: "Platform Team", author: "ada", created: day(2025, 1, 13), bodies: []string{
		`<p>We run the platform: Ada Keller (lead), Ben Okafor (development), Chloé Martin (support).</p>`,
	}},
	{title: "Working agreement", under: "Platform Team", author: "ada", created: day(2025, 1, 20), labels: "team", bodies: []string{
		`<ul><li>We review within a day.</li><li>We write decisions down.</li><li>Nobody is on call alone.</li></ul>`,
	}},
	{title: "Onboarding", under: "Platform Team", author: "chloe", created: day(2025, 6, 2), labels: "team onboarding", bodies: []string{
		`<p>Welcome! Start with the checklist.</p><ac:structured-macro ac:name="tip" ac:schema-version="1"><ac:rich-text-body><p>Nobody expects you to know the tokens in week one.</p></ac:rich-text-body></ac:structured-macro>`,
	}},
	{title: "Onboarding checklist", under: "Onboarding", author: "chloe", created: day(2025, 6, 2), labels: "team onboarding", bodies: []string{
		`<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Laptop</ac:task-body></ac:task><ac:task><ac:task-id>2</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Access to Jira (<ac:structured-macro ac:name="jira" ac:schema-version="1"><ac:parameter ac:name="key">OPS-1</ac:parameter></ac:structured-macro>)</ac:task-body></ac:task></ac:task-list>`,
	}},
	{title: "Decisions", under: "Platform Team", author: "ada", created: day(2025, 2, 3), labels: "adr", bodies: []string{
		`<ac:structured-macro ac:name="children" ac:schema-version="2" />`,
	}},
	{title: "ADR-001 Caddy at the edge", under: "Decisions", author: "ada", created: day(2025, 2, 3), labels: "adr caddy", bodies: []string{
		`<h2>Context</h2><p>One edge for everything.</p><h2>Decision</h2><p>Caddy, with plugins of our own.</p><h2>Consequences</h2><p>We build our own binary.</p>`,
	}},
	{title: "ADR-002 Personal access tokens stay on the server", under: "Decisions", author: "ben", created: day(2026, 9, 21), labels: "adr security", bodies: []string{
		`<p><ac:structured-macro ac:name="status" ac:schema-version="1"><ac:parameter ac:name="title">Accepted</ac:parameter><ac:parameter ac:name="colour">Blue</ac:parameter></ac:structured-macro></p><h2>Decision</h2><p>Assistants never see the personal access token. See <ac:link><ri:page ri:space-key="DOCS" ri:content-title="Token life cycle" /></ac:link>.</p>`,
	}},
	{title: "Meeting notes", under: "Platform Team", author: "chloe", created: day(2025, 1, 20), labels: "meeting", bodies: []string{
		`<p>One page for each week.</p>`,
	}},
	{title: "2026-11-16 Weekly", under: "Meeting notes", author: "chloe", created: day(2026, 11, 16), labels: "meeting", bodies: []string{
		`<h2>Attendees</h2><p><ac:link><ri:user ri:account-id="557058:ada" /></ac:link>, <ac:link><ri:user ri:account-id="557058:ben" /></ac:link></p><h2>Notes</h2><table><tbody><tr><th>Topic</th><th>Outcome</th></tr><tr><td>Release 1.4</td><td>shipped <time datetime="2026-11-02" /></td></tr><tr><td>On call</td><td>Ben | Chloé</td></tr></tbody></table>`,
	}},
}
