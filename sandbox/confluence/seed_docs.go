package confluence

// docsPages is the space DOCS: it holds the constructs that a converter of the storage format has
// to know.
var docsPages = []seedPage{
	{title: "Product Docs", author: "ada", created: day(2025, 3, 3), bodies: []string{
		`<p>Everything about running the gateway between assistants and Atlassian.</p>` +
			`<ac:structured-macro ac:name="info" ac:schema-version="1"><ac:rich-text-body><p>Questions? Ask in <ac:link><ri:page ri:space-key="TEAM" ri:content-title="Platform Team" /><ac:plain-text-link-body><![CDATA[the team's space]]></ac:plain-text-link-body></ac:link>.</p></ac:rich-text-body></ac:structured-macro>` +
			`<ul><li><ac:link><ri:page ri:content-title="Getting started" /></ac:link></li><li><ac:link><ri:page ri:content-title="Architecture" /></ac:link></li><li><ac:link><ri:page ri:content-title="Operations" /></ac:link></li></ul>`,
	}},
	{title: "Getting started", under: "Product Docs", author: "chloe", created: day(2025, 3, 10), labels: "howto", bodies: []string{
		`<p>Two steps take you from nothing to a first answer.</p><ol><li><ac:link><ri:page ri:content-title="Installation" /></ac:link></li><li><ac:link><ri:page ri:content-title="First sign-in" /></ac:link></li></ol>`,
	}},
	{title: "Installation", under: "Getting started", author: "ben", created: day(2026, 6, 1), labels: "howto install", bodies: []string{
		`<p>Build Caddy.</p>`,
		`<p>Build Caddy with the plugin:</p>` +
			`<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">bash</ac:parameter><ac:parameter ac:name="title">Build</ac:parameter><ac:plain-text-body><![CDATA[xcaddy build --with github.com/caddy-atlassian-mcp/caddy-atlassian-mcp
if [ "$?" -ne 0 ] && [ -z "$CI" ]; then echo "<failed>"; fi]]></ac:plain-text-body></ac:structured-macro>` +
			`<ac:structured-macro ac:name="warning" ac:schema-version="1"><ac:rich-text-body><p>Never put the client secret into the Caddyfile. Use <code>{env.ENTRA_ID_CLIENT_SECRET}</code>.</p></ac:rich-text-body></ac:structured-macro>` +
			`<h2>Check</h2><p>Run <code>caddy list-modules</code>; it names <em>four</em> modules of ours.</p>`,
	}},
	{title: "First sign-in", under: "Getting started", author: "chloe", created: day(2026, 6, 8), labels: "howto entra", bodies: []string{
		`<p>Before you start:</p><ac:task-list>` +
			`<ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>Register the application in Entra</ac:task-body></ac:task>` +
			`<ac:task><ac:task-id>2</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Expose the scope <code>access_as_user</code></ac:task-body></ac:task>` +
			`<ac:task><ac:task-id>3</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Ask <ac:link><ri:user ri:account-id="557058:ada" /></ac:link> for admin consent</ac:task-body></ac:task>` +
			`</ac:task-list><p>Then add the URL of the server to your assistant.</p>`,
	}},
	{title: "Architecture", under: "Product Docs", author: "ada", created: day(2025, 9, 1), labels: "architecture", bodies: []string{
		`<ac:structured-macro ac:name="toc" ac:schema-version="1"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro>` +
			`<h1>The way of a request</h1><p>Every request passes three handlers, left to right:</p>` +
			`<table data-layout="default"><colgroup><col /><col /></colgroup><tbody><tr><th><p>Handler</p></th><th><p>Task</p></th></tr>` +
			`<tr><td><p><code>entra_oauth</code></p></td><td><p>signs people in</p></td></tr>` +
			`<tr><td><p><code>entra_auth</code></p></td><td><p>lets them in &mdash; or not</p></td></tr>` +
			`<tr><td><p><code>atlassian_mcp</code></p></td><td><p>calls Jira &amp; Confluence</p></td></tr></tbody></table>` +
			`<h1>Picture</h1><ac:image ac:align="center" ac:width="640" ac:alt="Flow of a request"><ri:attachment ri:filename="flow.png" /></ac:image>` +
			`<p>Nothing on the right knows anything on its left.</p>`,
	}},
	{title: "Caddy handlers", under: "Architecture", author: "ben", created: day(2026, 7, 6), labels: "architecture caddy", bodies: []string{
		`<p>Order matters, see <a href="https://caddyserver.com/docs/caddyfile/directives#directive-order">directive order</a>.</p>` +
			`<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">none</ac:parameter><ac:plain-text-body><![CDATA[handle @mcp {
	entra_auth
	atlassian_mcp
}]]></ac:plain-text-body></ac:structured-macro>`,
	}},
	{title: "Token life cycle", under: "Architecture", author: "ben", created: day(2026, 10, 12), labels: "architecture entra security", bodies: []string{
		`<p>Draft.</p>`,
		`<p>State: <ac:structured-macro ac:name="status" ac:schema-version="1"><ac:parameter ac:name="title">Reviewed</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro></p>` +
			`<p>The access token is Entra's; each has an <ac:inline-comment-marker ac:ref="c0ffee00-1f2e-4d3c-8b4a-00000000000r">issuance record</ac:inline-comment-marker>. The refresh token is ours and is <ac:inline-comment-marker ac:ref="c0ffee00-1f2e-4d3c-8b4a-00000000000o">rotated on every use</ac:inline-comment-marker>.</p>` +
			`<table><tbody><tr><th>Token</th><th>Life</th></tr><tr><td>code</td><td>2 minutes</td></tr><tr><td>access token</td><td>60&ndash;90 minutes</td></tr><tr><td>refresh token</td><td>30 days unused, 90 days at most</td></tr></tbody></table>` +
			`<ac:structured-macro ac:name="expand" ac:schema-version="1"><ac:parameter ac:name="title">Why not Entra's refresh token?</ac:parameter><ac:rich-text-body><p>It would be redeemable by every client that shares our registration.</p></ac:rich-text-body></ac:structured-macro>`,
	}},
	{title: "Operations", under: "Product Docs", author: "ada", created: day(2025, 10, 6), labels: "operations", bodies: []string{
		`<p>What the person on call needs.</p><ac:structured-macro ac:name="children" ac:schema-version="2" />`,
	}},
	{title: "Upgrade guide", under: "Operations", author: "ben", created: day(2026, 8, 3), labels: "operations howto", bodies: []string{
		`<ol><li>Read the <ac:link><ri:page ri:content-title="Release notes" /></ac:link>.</li><li>Build, validate, reload:<ul><li><code>caddy validate</code></li><li><code>caddy reload</code></li></ul></li></ol><blockquote><p>A reload cuts no running call.</p></blockquote>`,
	}},
	{title: "Incident runbook", under: "Operations", author: "ben", created: day(2026, 9, 7), labels: "operations runbook", bodies: []string{
		`<ac:structured-macro ac:name="note" ac:schema-version="1"><ac:parameter ac:name="title">First</ac:parameter><ac:rich-text-body><p>Look at the health page, then at Entra's.</p></ac:rich-text-body></ac:structured-macro>` +
			`<h2>Sign-in fails for everybody</h2><ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Has the client secret expired?</ac:task-body></ac:task><ac:task><ac:task-id>2</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Is the key set reachable?</ac:task-body></ac:task></ac:task-list>` +
			`<p>Last time it was <ac:structured-macro ac:name="jira" ac:schema-version="1"><ac:parameter ac:name="server">System JIRA</ac:parameter><ac:parameter ac:name="key">OPS-3</ac:parameter></ac:structured-macro>.</p>`,
	}},
	{title: "API reference", under: "Product Docs", author: "ben", created: day(2026, 5, 4), labels: "api", bodies: []string{
		`<p>The MCP endpoint is <code>/mcp</code>. A call:</p><ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">json</ac:parameter><ac:plain-text-body><![CDATA[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]]></ac:plain-text-body></ac:structured-macro><hr /><p>Answers are JSON.</p>`,
	}},
	{title: "Release notes", under: "Product Docs", author: "chloe", created: day(2026, 4, 6), labels: "release", bodies: []string{
		`<p>Newest first.</p><ul><li><ac:link><ri:page ri:content-title="Release 1.4" /></ac:link></li></ul>`,
	}},
	{title: "Release 1.4", under: "Release notes", author: "chloe", created: day(2026, 11, 2), labels: "release", bodies: []string{
		`<h2>New</h2><ul><li>Data Center behind a context path</li><li>Comments, <del>footer only</del> footer and inline</li></ul><h2>Fixed</h2><p>Issues of the epic <ac:structured-macro ac:name="jira" ac:schema-version="1"><ac:parameter ac:name="key">PLAT-1</ac:parameter></ac:structured-macro>.</p>`,
	}},
}
