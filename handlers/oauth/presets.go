package oauth

// preset is what is known of one assistant in use: its redirect URIs, and its client id where that
// is the URL of a metadata document. `*` stands for exactly one path segment that
// the assistant chooses. A loopback assistant is also called at http://localhost, http://127.0.0.1
// or http://[::1], with any port and path: such a URI leads to the person's own computer and does
// not say which program it belongs to.
type preset struct {
	name      string
	title     string // on the consent page, for those with redirects of their own
	redirects []string
	loopback  bool
	document  string
	unlisted  []string // loopback redirect URIs that it uses and its document does not list

	documentHosts []string // where its documents are when it has several
}

// presets is what assistants in use register with, by the name that an operator writes.
var presets = []preset{
	{name: "antigravity", title: "Google Antigravity", redirects: []string{"https://antigravity.google/oauth-callback"}},
	{name: "chatgpt", title: "ChatGPT", document: "https://chatgpt.com/oauth/client.json", redirects: []string{
		"https://chatgpt.com/connector/oauth/*",
		"https://chatgpt.com/connector_platform_oauth_redirect",
	}},
	{name: "claude", title: "Claude", documentHosts: []string{"claude.ai"}, redirects: []string{
		"https://claude.ai/api/mcp/auth_callback",
		"https://claude.com/api/mcp/auth_callback",
	}},
	{name: "claude_code", document: "https://claude.ai/oauth/claude-code-client-metadata", loopback: true},
	{name: "codex", document: "https://chatgpt.com/oauth/codex/client.json", loopback: true},
	{name: "copilot_cli", document: "https://github.com/copilot/cli/client-metadata.json", loopback: true},
	{name: "copilot_studio", title: "Microsoft Copilot Studio", redirects: []string{"https://global.consent.azure-apim.net/redirect/*"}},
	{name: "cursor", title: "Cursor", loopback: true, redirects: []string{
		"cursor://anysphere.cursor-mcp/oauth/callback",
		"cursor://anysphere.cursor-retrieval/oauth/callback",
		"cursor://anysphere.cursor-retrieval/oauth/*/callback",
		"https://www.cursor.com/agents/mcp/oauth/callback",
	}},
	{name: "gemini_cli", loopback: true},
	{name: "goose", document: "https://goose-docs.ai/oauth/client-metadata.json", loopback: true},
	{name: "inspector", loopback: true},
	{name: "jetbrains", loopback: true},
	{name: "kiro", loopback: true},
	{name: "mcp_remote", loopback: true},
	{name: "opencode", document: "https://opencode.ai/oauth/opencode/client.json", unlisted: []string{"http://127.0.0.1/mcp/oauth/callback"}, loopback: true},
	{name: "vscode", title: "Visual Studio Code", document: "https://vscode.dev/oauth/client-metadata.json", loopback: true, redirects: []string{
		"https://vscode.dev/redirect",
		"https://insiders.vscode.dev/redirect",
	}},
	{name: "windsurf", loopback: true},
	{name: "zed", document: "https://zed.dev/oauth/client-metadata.json", loopback: true},
}
