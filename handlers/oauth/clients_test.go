package oauth

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// assistant is what one product sends from the moment that it knows the URL of the MCP server. Where
// its own source or documentation is public, registration is the body that it sends, letter by
// letter; the other bodies are put together from what the servers of others have seen.
type assistant struct {
	name    string
	preset  string // of ClientPolicy, which alone must do
	pattern string // instead, for a product on somebody's own host
	finds   lookup
	headers []string // of all its requests but those of the browser

	registration string       // the body of POST /oauth/register
	static       StaticClient // instead, for what somebody typed into the product

	redirects []string // that it signs in with; the port of a loopback one is seldom the registered
	scope     string   // at the authorization endpoint; {resource} and {server} are scopes_supported
	granted   string   // what of it is, when not all
	resource  string   // as it spells it
	prompt    string

	method       string // token endpoint authentication
	refreshScope string
}

// lookup is where a product looks for the two documents, in order. The first that it finds counts.
type lookup struct{ resource, server []string }

var (
	// sinceJune is the order of the specification of 2025-06-18 and later.
	sinceJune = lookup{
		resource: []string{"/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"},
		server:   []string{serverMetadataPath, openIDPath},
	}
	// withPath also tries the path of the MCP server at the authorization server, as SDKs of that
	// summer do.
	withPath = lookup{
		resource: sinceJune.resource,
		server:   []string{serverMetadataPath + "/mcp", serverMetadataPath, openIDPath + "/mcp", openIDPath},
	}
	// sinceMarch is 2025-03-26, which knows no protected-resource metadata.
	sinceMarch = lookup{server: []string{serverMetadataPath}}
)

// sdk are the headers of the TypeScript SDK.
var sdk = []string{"Accept", "application/json", "MCP-Protocol-Version", "2025-11-25"}

const (
	copilotStudioURI = "https://global.consent.azure-apim.net/redirect/cr123-5fatlassian-5f1a2b3c4d5e6f7a8b"
	chatGPTURI       = "https://chatgpt.com/connector/oauth/Rk3vTq8LzY0a"
)

var assistants = []assistant{
	{
		name: "Claude.ai", preset: "claude", finds: sinceJune, headers: []string{"User-Agent", "python-httpx/0.28.1", "Accept", "*/*"},
		registration: `{"client_name":"Claude","redirect_uris":["https://claude.ai/api/mcp/auth_callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_post","scope":"openid profile email access_as_user"}`,
		redirects:    []string{claudeURI}, scope: "{resource}", resource: testResource, method: methodPost,
	},
	{
		name: "Claude Desktop", preset: "claude", finds: sinceJune, headers: []string{"User-Agent", "python-httpx/0.28.1", "Accept", "*/*"},
		registration: `{"client_name":"Claude","redirect_uris":["https://claude.ai/api/mcp/auth_callback","https://claude.com/api/mcp/auth_callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_post"}`,
		redirects:    []string{claudeURI, "https://claude.com/api/mcp/auth_callback"}, scope: "{resource} offline_access", resource: testResource, method: methodPost,
	},
	{
		name: "Claude, id and secret pasted", preset: "claude", finds: sinceJune,
		static:    StaticClient{ID: "claude-by-hand", Name: "Claude", Secret: staticSecret, RedirectURIs: []string{claudeURI}},
		redirects: []string{claudeURI}, resource: testResource, method: methodPost,
	},
	{
		name: "Claude Code", preset: "claude_code", finds: sinceJune, headers: sdk,
		registration: `{"client_name":"Claude Code (atlassian)","redirect_uris":["http://localhost:3118/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://localhost:3118/callback", "http://localhost:54321/callback"},
		scope:        "{resource} offline_access", resource: testResource + "/", prompt: "consent", method: methodNone,
	},
	{
		name: "ChatGPT", preset: "chatgpt", finds: sinceJune, headers: []string{"Accept", "application/json"},
		registration: `{"client_name":"ChatGPT","redirect_uris":["` + chatGPTURI + `"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{chatGPTURI}, scope: "{server}", resource: testResource + "?source=chatgpt", method: methodNone,
	},
	{
		name: "ChatGPT before 2026", preset: "chatgpt", finds: sinceJune,
		registration: `{"client_name":"ChatGPT","redirect_uris":["https://chatgpt.com/connector_platform_oauth_redirect"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_post"}`,
		redirects:    []string{"https://chatgpt.com/connector_platform_oauth_redirect"}, scope: "{server}", resource: testResource, method: methodPost,
	},
	{
		name: "ChatGPT, id typed in", preset: "chatgpt", finds: sinceJune,
		static:    StaticClient{ID: "chatgpt-by-hand", Name: "ChatGPT", RedirectURIs: []string{chatGPTURI}},
		redirects: []string{chatGPTURI}, scope: "{server}", resource: testResource + "?source=chatgpt", method: methodNone,
	},
	{
		name: "Copilot Studio", preset: "copilot_studio", finds: sinceJune,
		registration: `{"client_name":"Atlassian","redirect_uris":["` + copilotStudioURI + `"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_post"}`,
		redirects:    []string{copilotStudioURI}, scope: "{resource}", method: methodPost,
	},
	{
		name: "Copilot Studio, manual", preset: "copilot_studio",
		static:    StaticClient{ID: "copilot-studio", Name: "Copilot Studio", Secret: staticSecret, RedirectURIs: []string{copilotStudioURI}},
		redirects: []string{copilotStudioURI}, scope: "openid access_as_user", method: methodBasic,
	},
	{
		name: "Gemini Enterprise", pattern: geminiURI,
		static:    StaticClient{ID: "gemini-enterprise", Name: "Gemini Enterprise", Secret: staticSecret, RedirectURIs: []string{geminiURI}},
		redirects: []string{geminiURI}, scope: "access_as_user offline_access", prompt: "consent", method: methodPost,
	},
	{
		name: "VS Code", preset: "vscode", finds: sinceJune, headers: []string{"Accept", "application/json"},
		registration: `{"client_name":"Visual Studio Code","client_uri":"https://code.visualstudio.com","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"redirect_uris":["https://insiders.vscode.dev/redirect","https://vscode.dev/redirect","http://127.0.0.1/","http://127.0.0.1:33418/"],"scope":"openid profile email access_as_user","token_endpoint_auth_method":"none","application_type":"native"}`,
		redirects:    []string{"http://127.0.0.1:33418/", "http://127.0.0.1:33418", "http://127.0.0.1:50917/", "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"},
		scope:        "{resource}", resource: testResource, prompt: "select_account", method: methodNone,
	},
	{
		name: "Cursor", preset: "cursor", finds: sinceJune, headers: sdk,
		registration: `{"redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback","http://localhost:8787/callback"],"client_name":"Cursor","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"},
		scope:        "{resource} offline_access", resource: testResource, prompt: "consent", method: methodNone,
	},
	{
		name: "Cursor of 2025", preset: "cursor", finds: sinceMarch, headers: []string{"MCP-Protocol-Version", "2025-03-26"},
		registration: `{"redirect_uris":["cursor://anysphere.cursor-retrieval/oauth/user-jira/callback"],"client_name":"Cursor","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"cursor://anysphere.cursor-retrieval/oauth/user-jira/callback"}, method: methodNone,
	},
	{
		name: "Grok Bot", preset: "cursor", finds: sinceJune, headers: sdk,
		registration: `{"redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback","http://localhost:8787/callback"],"client_name":"Grok Bot","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://localhost:8787/callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "Codex", preset: "codex", finds: withPath, headers: []string{"MCP-Protocol-Version", "2025-06-18"},
		registration: `{"client_name":"Codex","redirect_uris":["http://127.0.0.1:41997/callback/epMNJ6P1xGQ9"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none","response_types":["code"]}`,
		redirects:    []string{"http://127.0.0.1:38211/callback/epMNJ6P1xGQ9"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "Gemini CLI", preset: "gemini_cli", finds: sinceJune, headers: []string{"Accept", "application/json, application/x-www-form-urlencoded"},
		registration: `{"client_name":"Gemini CLI MCP Client","redirect_uris":["http://localhost:7777/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":""}`,
		redirects:    []string{"http://localhost:49230/oauth/callback"}, scope: "{server}", resource: testResource, method: methodNone, refreshScope: "{server}",
	},
	{
		name: "Gemini CLI with scopes of another server", preset: "gemini_cli", finds: sinceJune, headers: []string{"Accept", "application/json, application/x-www-form-urlencoded"},
		registration: `{"client_name":"Gemini CLI MCP Client","redirect_uris":["http://localhost:7777/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":"read:jira-work access_as_user"}`,
		redirects:    []string{"http://localhost:49230/oauth/callback"}, scope: "read:jira-work access_as_user", granted: "access_as_user",
		resource: testResource, method: methodNone, refreshScope: "read:jira-work access_as_user",
	},
	{
		name: "Antigravity", preset: "antigravity", finds: sinceJune,
		registration: `{"client_name":"Antigravity","redirect_uris":["https://antigravity.google/oauth-callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":""}`,
		redirects:    []string{"https://antigravity.google/oauth-callback"}, scope: "{server}", resource: testResource, method: methodNone,
	},
	{
		name: "JetBrains Junie", preset: "jetbrains", finds: sinceJune,
		registration: `{"client_name":"Junie","redirect_uris":["http://localhost:62345"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://localhost:62364", "http://localhost:62345/"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		// It registers for authorization_code alone and still refreshes when it gets a refresh token.
		name: "Zed", preset: "zed", finds: sinceJune, headers: []string{"Accept", "application/json"},
		registration: `{"client_name":"Zed","redirect_uris":["http://127.0.0.1:27523/callback"],"grant_types":["authorization_code"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://127.0.0.1:40123/callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "Windsurf", preset: "windsurf", finds: withPath, headers: sdk,
		registration: `{"client_name":"Windsurf","redirect_uris":["http://localhost:3334/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":"openid email profile"}`,
		redirects:    []string{"http://localhost:5598/callback"}, scope: "openid email profile", resource: testResource, method: methodNone,
	},
	{
		name: "goose", preset: "goose", finds: withPath, headers: []string{"MCP-Protocol-Version", "2025-06-18"},
		registration: `{"client_name":"goose","redirect_uris":["http://127.0.0.1:39011/oauth_callback"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none","response_types":["code"]}`,
		redirects:    []string{"http://127.0.0.1:39012/oauth_callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "goose, static client", preset: "goose", finds: withPath,
		static:    StaticClient{ID: "goose", RedirectURIs: []string{"http://127.0.0.1/oauth_callback"}},
		redirects: []string{"http://127.0.0.1:39012/oauth_callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "opencode", preset: "opencode", finds: sinceJune, headers: sdk,
		registration: `{"redirect_uris":["http://127.0.0.1:19876/mcp/oauth/callback"],"client_name":"OpenCode","client_uri":"https://opencode.ai","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://127.0.0.1:19876/mcp/oauth/callback"}, scope: "{resource} offline_access", resource: testResource, prompt: "consent", method: methodNone,
	},
	{
		name: "mcp-remote", preset: "mcp_remote", finds: sinceJune, headers: sdk,
		registration: `{"redirect_uris":["http://localhost:3334/oauth/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"MCP CLI Proxy","client_uri":"https://github.com/modelcontextprotocol/mcp-cli","software_id":"2e6dc280-f3c3-4e01-99a7-8181dbd1d23d","software_version":"0.1.38","scope":"openid profile email access_as_user"}`,
		redirects:    []string{"http://localhost:3334/oauth/callback", "http://localhost:27095/oauth/callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "mcp-remote --disable-resource-parameter", preset: "mcp_remote", finds: withPath, headers: sdk,
		registration: `{"redirect_uris":["http://127.0.0.1:3334/oauth/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"MCP CLI Proxy","client_uri":"https://github.com/modelcontextprotocol/mcp-cli","software_id":"2e6dc280-f3c3-4e01-99a7-8181dbd1d23d","software_version":"0.1.43","scope":"openid email profile"}`,
		redirects:    []string{"http://127.0.0.1:3334/oauth/callback"}, scope: "openid email profile", method: methodNone,
	},
	{
		name: "MCP Inspector", preset: "inspector", finds: sinceJune, headers: slices.Concat(sdk, []string{"Origin", "http://localhost:6274"}),
		registration: `{"redirect_uris":["http://localhost:6274/oauth/callback","http://localhost:6274/oauth/callback/debug"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"MCP Inspector","client_uri":"https://github.com/modelcontextprotocol/inspector","scope":""}`,
		redirects:    []string{"http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "MCP Inspector, command line", preset: "inspector", finds: sinceJune, headers: sdk,
		registration: `{"redirect_uris":["http://127.0.0.1:6276/oauth/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"MCP Inspector","client_uri":"https://github.com/modelcontextprotocol/inspector","scope":""}`,
		redirects:    []string{"http://127.0.0.1:6276/oauth/callback"}, scope: "{resource} offline_access", resource: testResource, prompt: "consent", method: methodNone,
	},
	{
		name: "Copilot CLI", preset: "copilot_cli", finds: sinceJune, headers: sdk,
		registration: `{"client_name":"GitHub Copilot CLI","redirect_uris":["http://127.0.0.1:33418/"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","application_type":"native"}`,
		redirects:    []string{"http://127.0.0.1:51772/"}, resource: testResource, method: methodNone,
	},
	{
		name: "Kiro", preset: "kiro", finds: sinceJune, headers: sdk,
		registration: `{"client_name":"Kiro","redirect_uris":["http://127.0.0.1:3128/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://127.0.0.1:49153/oauth/callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "MCPJam", preset: "inspector", finds: sinceJune, headers: slices.Concat(sdk, []string{"Origin", "http://localhost:6274"}),
		registration: `{"client_name":"MCPJam","redirect_uris":["http://localhost:6274/oauth/callback"],"grant_types":["authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:device_code"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		redirects:    []string{"http://localhost:6274/oauth/callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
	{
		name: "LibreChat", pattern: "https://chat.example.com/api/mcp/*/oauth/callback", finds: sinceJune, headers: sdk,
		registration: `{"client_name":"LibreChat MCP Client","redirect_uris":["https://chat.example.com/api/mcp/atlassian/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic","scope":"openid profile email access_as_user"}`,
		redirects:    []string{"https://chat.example.com/api/mcp/atlassian/oauth/callback"}, scope: "{resource}", resource: testResource, method: methodBasic,
	},
	{
		name: "Open WebUI", pattern: "https://webui.example.com/oauth/clients/*/callback", finds: sinceJune,
		registration: `{"client_name":"Open WebUI","redirect_uris":["https://webui.example.com/oauth/clients/mcp:atlassian/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email access_as_user"}`,
		redirects:    []string{"https://webui.example.com/oauth/clients/mcp:atlassian/callback"}, scope: "{resource}", resource: testResource, method: methodNone,
	},
}

// TestAssistantsSignIn does with each assistant what a person sees as "connect", and the refresh that
// follows an hour later, with only the assistant itself allowed.
func TestAssistantsSignIn(t *testing.T) {
	for _, as := range assistants {
		t.Run(as.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) {
				c.Clients = ClientPolicy{Presets: []string{as.preset}}
				if as.preset == "" {
					c.Clients = ClientPolicy{Presets: []string{}, Patterns: []string{as.pattern}}
				}
				if as.static.ID != "" {
					c.StaticClients = []StaticClient{as.static}
				}
			})
			found := as.discover(w)
			c := as.connect(w)
			for _, uri := range as.redirects {
				as.signIn(w, c, uri, found)
			}
		})
	}
}

// discovered is what an assistant has read before it registers.
type discovered struct {
	resourceScopes, serverScopes string
}

func (d discovered) fill(scope string) string {
	return strings.NewReplacer("{resource}", d.resourceScopes, "{server}", d.serverScopes).Replace(scope)
}

// discover reads the two documents and checks in them what clients check.
func (as assistant) discover(w *world) discovered {
	w.t.Helper()
	var d discovered
	if paths := as.finds.resource; paths != nil {
		doc := decode[struct {
			Resource string   `json:"resource"`
			Servers  []string `json:"authorization_servers"`
			Scopes   []string `json:"scopes_supported"`
		}](w.t, as.find(w, paths))
		if doc.Resource != testResource || !slices.Equal(doc.Servers, []string{testIssuer}) {
			w.t.Errorf("resource %q, authorization servers %q", doc.Resource, doc.Servers)
		}
		d.resourceScopes = strings.Join(doc.Scopes, " ")
	}
	if paths := as.finds.server; paths != nil {
		doc := decode[serverMetadata](w.t, as.find(w, paths))
		switch {
		case doc.Issuer != testIssuer, doc.AuthorizationEndpoint != testIssuer+authorizePath, doc.TokenEndpoint != testIssuer+tokenPath,
			doc.RegistrationEndpoint != testIssuer+registerPath, !doc.IssParameter:
			w.t.Errorf("authorization server: %+v", doc)
		case !slices.Contains(doc.ChallengeMethods, "S256"), !slices.Contains(doc.ResponseTypes, "code"), !slices.Contains(doc.AuthMethods, as.method),
			!slices.Contains(doc.GrantTypes, "refresh_token"), !slices.Contains(doc.Scopes, "offline_access"):
			w.t.Errorf("authorization server: %+v", doc)
		}
		d.serverScopes = strings.Join(doc.Scopes, " ")
	}
	return d
}

// find returns the first document that there is. Where there is none the answer must be one that
// lets a client go on: a 4xx that is no page.
func (as assistant) find(w *world, paths []string) string {
	w.t.Helper()
	for _, path := range paths {
		a := as.send(w, http.MethodGet, path, "", "")
		if a.header.Get("Content-Type") != "application/json" || (a.status != http.StatusOK && a.status/100 != 4) {
			w.t.Errorf("%s: %d %s", path, a.status, a.header.Get("Content-Type"))
		}
		if a.status == http.StatusOK {
			return a.body
		}
	}
	w.t.Fatalf("no document at any of %v", paths)
	return ""
}

// send makes a request of the assistant itself. A browser asks before it and reads the answer only if
// it may.
func (as assistant) send(w *world, method, path, media, body string, headers ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, testIssuer+path, strings.NewReader(body))
	all := slices.Concat(as.headers, headers)
	if media != "" {
		all = append(all, "Content-Type", media)
	}
	for i := 0; i < len(all); i += 2 {
		r.Header.Set(all[i], all[i+1])
	}
	origin := r.Header.Get("Origin")
	if origin != "" {
		as.preflight(w, r)
	}
	a := read(w.t, serve(w.server, r))
	if origin != "" && a.header.Get("Access-Control-Allow-Origin") != "*" {
		w.t.Errorf("%s: a page of %s may not read the answer", path, origin)
	}
	return a
}

func (as assistant) preflight(w *world, r *http.Request) {
	w.t.Helper()
	ask := httptest.NewRequest(http.MethodOptions, r.URL.String(), nil)
	ask.Header.Set("Origin", r.Header.Get("Origin"))
	ask.Header.Set("Access-Control-Request-Method", r.Method)
	a := read(w.t, serve(w.server, ask))
	allowed := strings.Split(a.header.Get("Access-Control-Allow-Headers"), ", ")
	for name := range r.Header {
		listed := slices.ContainsFunc(allowed, func(h string) bool { return strings.EqualFold(h, name) })
		if name != "Origin" && !listed {
			w.t.Errorf("preflight of %s does not allow %s", r.URL.Path, name)
		}
	}
	if a.status != http.StatusNoContent || !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), r.Method) {
		w.t.Errorf("preflight of %s: %d %v", r.URL.Path, a.status, a.header)
	}
}

// connect registers, or takes what somebody typed in.
func (as assistant) connect(w *world) registration {
	w.t.Helper()
	if as.static.ID != "" {
		return registration{ClientID: as.static.ID, Secret: as.static.Secret, Name: as.static.Name, Method: as.method, RedirectURIs: as.static.RedirectURIs}
	}
	a := as.send(w, http.MethodPost, registerPath, "application/json", as.registration)
	if a.status != http.StatusCreated || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		w.t.Fatalf("registration: %d %v %s", a.status, a.header, a.body)
	}
	members := decode[map[string]any](w.t, a.body)
	for name, value := range members {
		if value == nil {
			w.t.Errorf("the answer holds %s as null", name)
		}
	}
	c := decode[registration](w.t, a.body)
	asked := decode[registration](w.t, as.registration)
	if diff := gocmp.Diff(asked.RedirectURIs, c.RedirectURIs); diff != "" {
		w.t.Errorf("redirect URIs (-asked +answered):\n%s", diff)
	}
	_, secret := members["client_secret"]
	switch {
	case c.Name != asked.Name, c.Method != as.method, secret != (as.method != methodNone), c.IssuedAt != w.clock.Now().Unix(), c.Scope == "",
		!slices.Equal(c.ResponseTypes, []string{"code"}), !slices.Equal(c.GrantTypes, []string{"authorization_code", "refresh_token"}):
		w.t.Errorf("registration: %s", a.body)
	case secret && c.SecretExpiresAt <= c.IssuedAt:
		w.t.Errorf("the secret ends at %d", c.SecretExpiresAt)
	}
	again := decode[registration](w.t, as.send(w, http.MethodPost, registerPath, "application/json", as.registration).body)
	if again.ClientID == "" || again.ClientID == c.ClientID {
		w.t.Error("a second registration is not one of its own")
	}
	return c
}

// signIn goes from the consent page to a refreshed token.
func (as assistant) signIn(w *world, c registration, uri string, found discovered) {
	w.t.Helper()
	scope := found.fill(as.scope)
	changes := []string{"redirect_uri", uri, "scope", scope, "resource", as.resource, "state", strings.Repeat("s", 600)}
	if as.prompt != "" {
		changes = append(changes, "prompt", as.prompt)
	}
	link := testIssuer + authorizePath + "?" + request(c, changes...).Encode()
	if len(c.ClientID) > maxClientID || len(link) >= 2000 {
		w.t.Errorf("the client id has %d characters, the authorize URL %d", len(c.ClientID), len(link))
	}
	b := w.newBrowser()
	if page := b.get(link); !strings.Contains(page.body, cmp.Or(c.Name, c.ClientID)) {
		w.t.Errorf("the consent page does not name %s: %s", c.Name, page.body)
	}
	a := b.get(b.signIn(b.approve(c, changes...), ada).String())
	if a.location == nil || !strings.HasPrefix(a.location.String(), uri+"?") {
		w.t.Fatalf("back to %v, want %s", a.location, uri)
	}
	response := a.location.Query()
	if response.Get("iss") != testIssuer || response.Get("state") != strings.Repeat("s", 600) || len(response) != 3 {
		w.t.Errorf("authorization response: %v", response)
	}
	granted := cmp.Or(as.granted, scope, strings.Join(w.server.defaultScopes(), " "))
	first := as.token(w, c, redemption(c, response.Get("code"), "redirect_uri", uri, "resource", as.resource), granted)
	form := renewal(c, first.RefreshToken)
	change(form, []string{"resource", as.resource, "scope", found.fill(as.refreshScope)})
	if second := as.token(w, c, form, granted); second.RefreshToken == first.RefreshToken {
		w.t.Error("the refresh token is still the same")
	}
}

// token sends a form as the assistant authenticates, and checks what clients check.
func (as assistant) token(w *world, c registration, form url.Values, granted string) tokenResponse {
	w.t.Helper()
	var headers []string
	switch as.method {
	case methodPost:
		form.Set("client_secret", c.Secret)
	case methodBasic:
		form.Del("client_id")
		headers = []string{"Authorization", basic(c.ClientID, c.Secret)}
	}
	a := as.send(w, http.MethodPost, tokenPath, "application/x-www-form-urlencoded", form.Encode(), headers...)
	if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		w.t.Fatalf("token: %d %v %s", a.status, a.header, a.body)
	}
	answer := decode[tokenResponse](w.t, a.body)
	if answer.AccessToken == "" || answer.RefreshToken == "" || answer.TokenType != "Bearer" || answer.ExpiresIn <= 0 || answer.Scope != granted {
		w.t.Errorf("token: scope %q, want %q; %d seconds", answer.Scope, granted, answer.ExpiresIn)
	}
	return answer
}

// TestAssistantsAreAllowedByDefault: nobody has to know the presets.
func TestAssistantsAreAllowedByDefault(t *testing.T) {
	w := newWorld(t)
	for _, as := range assistants {
		if as.preset == "" || as.registration == "" {
			continue
		}
		a := w.register(as.registration)
		if a.status != http.StatusCreated || !slices.Equal(decode[registration](t, a.body).RedirectURIs, decode[registration](t, as.registration).RedirectURIs) {
			t.Errorf("%s: %d %s", as.name, a.status, a.body)
		}
	}
	for _, name := range PresetNames() {
		if !slices.ContainsFunc(assistants, func(as assistant) bool { return as.preset == name }) {
			t.Errorf("no assistant is tested with the preset %s", name)
		}
	}
}

// TestClientIDsOfPresetsAreShort fills each preset up: all its redirect URIs, loopback ones up to the
// limit, a name that is cut, a secret, and for the link everything that a client could ask for.
func TestClientIDsOfPresetsAreShort(t *testing.T) {
	w := newWorld(t)
	for _, p := range presets {
		var uris []string
		for _, uri := range p.redirects {
			uris = append(uris, strings.ReplaceAll(uri, "*", strings.Repeat("x", 100)))
		}
		for i := 0; p.loopback && len(uris) < maxRedirectURIs; i++ {
			uris = append(uris, "http://localhost/oauth/callback/"+strings.Repeat("x", i))
		}
		body, err := json.Marshal(map[string]any{"client_name": strings.Repeat("n", 200), "redirect_uris": uris, "token_endpoint_auth_method": methodBasic})
		if err != nil {
			t.Fatal(err)
		}
		c := decode[registration](t, w.register(string(body)).body)
		if n := len(c.ClientID); n == 0 || n > maxClientID {
			t.Errorf("%s: the client id has %d characters", p.name, n)
		}
		for _, uri := range c.RedirectURIs {
			link := testIssuer + authorizePath + "?" + request(c, "redirect_uri", uri, "state", strings.Repeat("s", 600), "prompt", "select_account",
				"scope", strings.Join(append(w.server.defaultScopes(), "offline_access"), " "), "login_hint", "ada.keller@contoso.example").Encode()
			if len(link) >= 2000 {
				t.Errorf("%s: the authorize URL for %s has %d characters", p.name, uri, len(link))
			}
		}
	}
}
