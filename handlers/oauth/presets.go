package oauth

// preset is the redirect URIs of one assistant in use. `*` stands for exactly one path segment that
// the assistant chooses. A loopback assistant is also called at http://localhost, http://127.0.0.1
// or http://[::1], with any port and path: such a URI leads to the person's own computer and does
// not say which program it belongs to.
type preset struct {
	name      string
	redirects []string
	loopback  bool
}

// presets is what assistants in use register with, by the name that an operator writes.
var presets = []preset{
	{name: "antigravity", redirects: []string{"https://antigravity.google/oauth-callback"}},
	{name: "chatgpt", redirects: []string{
		"https://chatgpt.com/connector/oauth/*",
		"https://chatgpt.com/connector_platform_oauth_redirect",
	}},
	{name: "claude", redirects: []string{
		"https://claude.ai/api/mcp/auth_callback",
		"https://claude.com/api/mcp/auth_callback",
	}},
	{name: "claude_code", loopback: true},
	{name: "codex", loopback: true},
	{name: "copilot_cli", loopback: true},
	{name: "copilot_studio", redirects: []string{"https://global.consent.azure-apim.net/redirect/*"}},
	{name: "cursor", loopback: true, redirects: []string{
		"cursor://anysphere.cursor-mcp/oauth/callback",
		"cursor://anysphere.cursor-retrieval/oauth/callback",
		"cursor://anysphere.cursor-retrieval/oauth/*/callback",
		"https://www.cursor.com/agents/mcp/oauth/callback",
	}},
	{name: "gemini_cli", loopback: true},
	{name: "goose", loopback: true},
	{name: "inspector", loopback: true},
	{name: "jetbrains", loopback: true},
	{name: "mcp_remote", loopback: true},
	{name: "opencode", loopback: true},
	{name: "vscode", loopback: true, redirects: []string{
		"https://vscode.dev/redirect",
		"https://insiders.vscode.dev/redirect",
	}},
	{name: "windsurf", loopback: true},
	{name: "zed", loopback: true},
}
