package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/cimd"
)

// published plays the web on which clients describe themselves.
type published struct {
	documents map[string]*cimd.Document
	failure   error
	fetched   int
}

func (p *published) Check(id string) error {
	u, err := url.Parse(id)
	if err != nil || u.Path == "" {
		return cimd.ErrInvalidID
	}
	hosts, _, err := ClientPolicy{MetadataHosts: []string{"assistant.example.com"}}.Documents()
	if err != nil || !slices.Contains(hosts, u.Hostname()) {
		return cimd.ErrUntrusted
	}
	return nil
}

func (p *published) Get(_ context.Context, id string) (*cimd.Document, error) {
	if err := p.Check(id); err != nil {
		return nil, err
	}
	p.fetched++
	if p.failure != nil {
		return nil, p.failure
	}
	if d := p.documents[id]; d != nil {
		return d, nil
	}
	return nil, cimd.ErrDocument
}

const (
	claudeCodeID = "https://claude.ai/oauth/claude-code-client-metadata"
	opencodeID   = "https://opencode.ai/oauth/opencode/client.json"
	exampleID    = "https://assistant.example.com/client.json"
)

// publishing returns a world with clients that describe themselves.
func publishing(t *testing.T) (*world, *published) {
	t.Helper()
	p := &published{documents: map[string]*cimd.Document{
		claudeCodeID: {ID: claudeCodeID, Name: "Claude Code", RedirectURIs: []string{"http://localhost/callback", "http://127.0.0.1/callback"}},
		opencodeID:   {ID: opencodeID, Name: "opencode", RedirectURIs: []string{"http://127.0.0.1/callback"}},
		exampleID: {ID: exampleID, Name: "Example", RedirectURIs: []string{
			"https://assistant.example.com/cb", "https://elsewhere.example.com/cb", "javascript:alert(1)", claudeURI,
		}},
	}}
	return newWorld(t, func(c *Config) { c.Documents = p }), p
}

// described is a client that never registered.
func described(id, redirect string) registration {
	return registration{ClientID: id, RedirectURIs: []string{redirect}, Method: methodNone}
}

// TestAClientThatDescribesItselfSignsIn goes through the assistants that have a metadata document, with
// what it lists and the redirect URI that they really use.
func TestAClientThatDescribesItselfSignsIn(t *testing.T) {
	for name, tc := range map[string]struct {
		id     string
		listed []string
		used   string
	}{
		"Claude Code":         {claudeCodeID, []string{"http://localhost/callback", "http://127.0.0.1/callback"}, "http://localhost:3118/callback"},
		"Claude Code, random": {claudeCodeID, []string{"http://localhost/callback", "http://127.0.0.1/callback"}, "http://127.0.0.1:51234/callback"},
		"VS Code":             {"https://vscode.dev/oauth/client-metadata.json", []string{"http://127.0.0.1:33418/", "https://vscode.dev/redirect"}, "http://127.0.0.1:33418/"},
		"VS Code, port taken": {"https://vscode.dev/oauth/client-metadata.json", []string{"http://127.0.0.1:33418/", "https://vscode.dev/redirect"}, "http://127.0.0.1:50000/"},
		"VS Code, web":        {"https://vscode.dev/oauth/client-metadata.json", []string{"http://127.0.0.1:33418/", "https://vscode.dev/redirect"}, "https://vscode.dev/redirect"},
		"ChatGPT":             {"https://chatgpt.com/oauth/client.json", []string{"https://chatgpt.com/connector/oauth/a1b2c3"}, "https://chatgpt.com/connector/oauth/a1b2c3"},
		"Codex":               {"https://chatgpt.com/oauth/codex/client.json", []string{"http://127.0.0.1/callback/3q2-7wAAAAAA"}, "http://127.0.0.1:1455/callback/3q2-7wAAAAAA"},
		"Copilot CLI":         {"https://github.com/copilot/cli/client-metadata.json", []string{"http://127.0.0.1:33418/"}, "http://127.0.0.1:40123/"},
		"Zed":                 {"https://zed.dev/oauth/client-metadata.json", []string{"http://127.0.0.1/callback"}, "http://127.0.0.1:27523/callback"},
		"Goose":               {"https://goose-docs.ai/oauth/client-metadata.json", []string{"http://127.0.0.1/oauth_callback"}, "http://127.0.0.1:39999/oauth_callback"},
		"opencode, whose document lacks the path": {opencodeID, []string{"http://127.0.0.1/callback"}, "http://127.0.0.1:19876/mcp/oauth/callback"},
		"an operator's own, on its host":          {exampleID, []string{"https://assistant.example.com/cb"}, "https://assistant.example.com/cb"},
	} {
		t.Run(name, func(t *testing.T) {
			w, p := publishing(t)
			p.documents[tc.id] = &cimd.Document{ID: tc.id, Name: name, RedirectURIs: tc.listed}
			c := described(tc.id, tc.used)
			tokens := w.tokens(c)
			fetched := p.fetched
			p.failure = cimd.ErrUnreachable
			if a := token(t, w.server, renewal(c, tokens.RefreshToken)); a.status != http.StatusOK {
				t.Errorf("refresh without the client's web site: %d %s", a.status, a.body)
			}
			if p.fetched != fetched {
				t.Error("refreshing asked for the document")
			}
		})
	}
}

func TestDocumentClientsAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		id, redirect string
		failure      error
		status       int
		log          string
	}{
		"untrusted host":         {"https://evil.example/client.json", claudeURI, nil, 403, "trust_metadata_host evil.example"},
		"not an id":              {"https://claude.ai", claudeURI, nil, 400, "client id URL"},
		"no document":            {"https://claude.ai/other.json", claudeURI, nil, 400, "not valid"},
		"unreachable":            {claudeCodeID, "http://localhost:1/callback", cimd.ErrUnreachable, 503, "cannot be fetched"},
		"redirect not listed":    {claudeCodeID, "http://localhost:1/other", nil, 400, "did not register"},
		"redirect of elsewhere":  {exampleID, "https://elsewhere.example.com/cb", nil, 400, "allow_redirect https://elsewhere.example.com/cb"},
		"javascript":             {exampleID, "javascript:alert(1)", nil, 400, "redirect URI"},
		"another path than told": {opencodeID, "http://127.0.0.1:19876/evil", nil, 400, "did not register"},
	} {
		t.Run(name, func(t *testing.T) {
			w, p := publishing(t)
			p.failure = tc.failure
			a := w.newBrowser().get(testIssuer + authorizePath + "?" + request(described(tc.id, tc.redirect)).Encode())
			wantPage(t, a, tc.status)
			if a.header.Get("Location") != "" {
				t.Error("the browser is sent somewhere")
			}
			if tc.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if !strings.Contains(w.log.String(), tc.log) {
				t.Errorf("the log lacks %q: %s", tc.log, w.log)
			}
		})
	}
}

// TestAttack6_8_DocumentChangesAfterConsent: a redirect URI that is withdrawn while the page is open
// is not used, and a later sign-in asks anew.
func TestAttack6_8_DocumentChangesAfterConsent(t *testing.T) {
	w, p := publishing(t)
	c := described(exampleID, "https://assistant.example.com/cb")
	b := w.newBrowser()
	form := b.consent(c)
	p.documents[exampleID] = &cimd.Document{ID: exampleID, Name: "Example", RedirectURIs: []string{"https://assistant.example.com/other"}}
	a := b.post(testIssuer+authorizePath, form, "Origin", testIssuer)
	wantPage(t, a, http.StatusForbidden)

	swapped := described(exampleID, "https://assistant.example.com/other")
	if page := b.get(testIssuer + authorizePath + "?" + request(swapped).Encode()); page.status != http.StatusOK || !strings.Contains(page.body, "wants to connect") {
		t.Errorf("another redirect URI of an approved client: %d, want the consent page", page.status)
	}
}

// TestDocumentClientsProveNothing: such a client has no secret, and a request that brings one is not
// its own.
func TestDocumentClientsProveNothing(t *testing.T) {
	w, _ := publishing(t)
	c := described(claudeCodeID, "http://localhost:3118/callback")
	code := w.newBrowser().code(c).Get("code")
	wantError(t, token(t, w.server, redemption(c, code, "client_secret", "x")), http.StatusUnauthorized, "invalid_client")
	wantError(t, token(t, w.server, redemption(described(opencodeID, c.RedirectURIs[0]), code)), http.StatusBadRequest, "invalid_grant")
	wantError(t, token(t, w.server, redemption(described("https://evil.example/client.json", c.RedirectURIs[0]), code)), http.StatusUnauthorized, "invalid_client")
	if a := token(t, w.server, redemption(c, code)); a.status != http.StatusOK {
		t.Errorf("its own: %d %s", a.status, a.body)
	}
}

func TestDocumentsAreAdvertised(t *testing.T) {
	w, _ := publishing(t)
	for _, path := range []string{serverMetadataPath, openIDPath} {
		a := w.newBrowser().get(testIssuer + path)
		doc := decode[map[string]any](t, a.body)
		if doc["client_id_metadata_document_supported"] != true {
			t.Errorf("%s: %v", path, doc["client_id_metadata_document_supported"])
		}
	}
	without := newWorld(t)
	if a := without.newBrowser().get(testIssuer + serverMetadataPath); strings.Contains(a.body, "client_id_metadata_document_supported") {
		t.Error("advertised although there are none")
	}
	wantPage(t, without.newBrowser().get(testIssuer+authorizePath+"?"+request(described(claudeCodeID, "http://localhost:1/callback")).Encode()), http.StatusBadRequest)
}

// TestAttack1_6_Marks: only an address that is known, or that its own host describes, bears a mark.
func TestAttack1_6_Marks(t *testing.T) {
	const mark = `class="known"`
	w, _ := publishing(t)
	page := func(c registration) string {
		return w.newBrowser().get(testIssuer + authorizePath + "?" + request(c).Encode()).body
	}
	for name, tc := range map[string]struct {
		page string
		want string // empty: no mark
	}{
		"preset":                 {page(w.registered("Whatever", methodNone, claudeURI)), "Known address of Claude"},
		"described on its host":  {page(described(exampleID, "https://assistant.example.com/cb")), "assistant.example.com describes this assistant"},
		"described, at a preset": {page(described(exampleID, claudeURI)), "Known address of Claude"},
		"described, on loopback": {page(described(claudeCodeID, "http://localhost:1/callback")), ""},
		"loopback":               {page(w.registered("Claude", methodNone, "http://localhost:1/callback")), ""},
		"private scheme":         {page(w.registered("Cursor", methodNone, "cursor://anysphere.cursor-mcp/oauth/callback")), ""},
	} {
		if !strings.Contains(tc.page, "wants to connect") {
			t.Fatalf("%s: no consent page", name)
		}
		if marked := strings.Contains(tc.page, mark); marked != (tc.want != "") || !strings.Contains(tc.page, tc.want) {
			t.Errorf("%s: marked %v, want %q", name, marked, tc.want)
		}
	}
}

func TestTrustedDocuments(t *testing.T) {
	hosts, known, err := ClientPolicy{Presets: []string{"claude", "vscode"}, MetadataHosts: []string{"assistant.example.com"}}.Documents()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"assistant.example.com", "claude.ai", "vscode.dev"}; !slices.Equal(hosts, want) {
		t.Errorf("hosts %q, want %q", hosts, want)
	}
	if want := []string{"https://vscode.dev/oauth/client-metadata.json"}; !slices.Equal(known, want) {
		t.Errorf("known %q, want %q", known, want)
	}
	for _, host := range []string{"", "*", "https://x.example", "X.example", "x.example:443", "10.0.0.1", "localhost"} {
		if _, _, err := (ClientPolicy{MetadataHosts: []string{host}}).Documents(); err == nil || !strings.Contains(err.Error(), "trust_metadata_host") {
			t.Errorf("%q: %v", host, err)
		}
	}
	_, known, err = ClientPolicy{}.Documents()
	if err != nil {
		t.Fatal(err)
	}
	fetcher := cimd.New(cimd.Config{})
	for _, id := range known {
		if err := fetcher.Check(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if errors.Is(fetcher.Check("https://10.0.0.1/x"), nil) {
		t.Error("Check accepts everything")
	}
}
