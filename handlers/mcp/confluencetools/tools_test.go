package confluencetools

import (
	"html"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

func TestTools(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			s := start(t, i)
			found := s.must(t, "confluence_search", map[string]any{"query": "clock skew", "spaces_filter": "DOCS, TEAM"})
			if titles(found) != "Re: Token life cycle" || !strings.HasPrefix(found["untrusted"].(string), "Content from Confluence") {
				t.Errorf("search: %v", found)
			}
			page := s.must(t, "confluence_get_page", map[string]any{"title": "Token life cycle", "space_key": "DOCS"})
			if page["author"] != "Ben Okafor" || page["version"] != 2.0 || !strings.Contains(page["body"].(string), "30 days unused") {
				t.Errorf("page: %v", page)
			}
			raw := s.must(t, "confluence_get_page", map[string]any{"page_id": page["id"], "convert_to_markdown": "false", "include_metadata": false})
			if !strings.Contains(raw["body"].(string), "<ac:structured-macro") || raw["author"] != nil {
				t.Errorf("storage format: %v", raw)
			}
			comments := s.must(t, "confluence_get_comments", map[string]any{"page_id": page["id"]})
			if n := len(comments["comments"].([]any)); n != 7 {
				t.Errorf("%d comments: %v", n, comments)
			}
			created := s.must(t, "confluence_create_page", map[string]any{
				"space_key": "TEAM", "title": "Retrospective", "content": "# Good\n\n* tests", "emoji": "📝", "parent_id": nil,
			})
			if created["untrusted"] == nil || created["space"] != "TEAM" {
				t.Errorf("created: %v", created)
			}
			text, isError := s.call(t, "confluence_create_page", map[string]any{"space_key": "TEAM", "title": "Retrospective", "content": ""})
			if !isError || !strings.Contains(text, "choose another") {
				t.Errorf("a second page of that title: %s", text)
			}
			text, isError = s.call(t, "confluence_get_page", map[string]any{"page_id": "99999"})
			if !isError || !strings.Contains(text, "confluence_search") {
				t.Errorf("no such page: %s", text)
			}
		})
	}
}

// TestAttribution looks at what Confluence keeps of new pages, which end with a paragraph of their own
// whatever the text above leaves open, and which no name turns into markup.
func TestAttribution(t *testing.T) {
	for name, tc := range map[string]struct {
		who  *identity.Principal
		on   bool
		want string // in storage format
	}{
		"off": {member, false, ""},
		"on":  {member, true, "<p>On behalf of Ben Okafor, through Claude</p>"},
		"names that are markup": {&identity.Principal{
			TenantID: "t", ObjectID: "o", Name: "Jean-Luc <b>[~admin] O'Neill", Assistant: identity.Assistant{Name: "*Claude* {toc}\n----\n&amp;"},
		}, true, "<p>On behalf of Jean-Luc b admin O&#39;Neill, through Claude toc amp</p>"},
		"nobody": {nil, true, "<p>On behalf of somebody who did not sign in</p>"},
	} {
		for i, d := range deployments {
			t.Run(name+", "+d.name, func(t *testing.T) {
				s := startAs(t, i, tc.who, func(c *mcp.Config) { c.Attribution, c.AllowAnonymous = tc.on, tc.who == nil })
				for format, text := range map[string]struct{ content, kept string }{
					"markdown": {"* left **open", "<ul><li>left **open</li></ul>"},
					"storage":  {"<p>Good</p>", "<p>Good</p>"},
					"wiki":     {"h1. Good\n* last", "<h1>Good</h1><ul><li>last</li></ul>"},
				} {
					created := s.must(t, "confluence_create_page", map[string]any{"space_key": "TEAM", "title": format, "content": text.content, "content_format": format})
					said, _ := created["attribution"].(string)
					if paragraph := "<p>" + html.EscapeString(said) + "</p>"; paragraph != tc.want && (said != "" || tc.want != "") {
						t.Errorf("%s: the answer says %q was added", format, said)
					}
					page := s.must(t, "confluence_get_page", map[string]any{"page_id": created["id"], "convert_to_markdown": false})
					if diff := cmp.Diff(text.kept+tc.want, page["body"]); diff != "" {
						t.Errorf("%s (-want +kept):\n%s", format, diff)
					}
				}
			})
		}
	}
}

// TestBounds opens one space and looks for ways into the other.
func TestBounds(t *testing.T) {
	for i, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			free := start(t, i)
			id := func(title, key string) any {
				return free.must(t, "confluence_get_page", map[string]any{"title": title, "space_key": key})["id"]
			}
			docs, team := id("Token life cycle", "DOCS"), id("ADR-002 Personal access tokens stay on the server", "TEAM")
			s := start(t, i, "DOCS") // a sandbox of its own, with the same ids

			found := s.must(t, "confluence_search", map[string]any{"query": "type in (page, space) and text ~ \"token*\"", "limit": 50})
			if strings.Contains(titles(found), "ADR") || !strings.Contains(titles(found), "Token life cycle") || found["total"] != nil {
				t.Errorf("search: %v", found)
			}
			s.must(t, "confluence_get_page", map[string]any{"page_id": docs})
			s.must(t, "confluence_get_comments", map[string]any{"page_id": docs})
			s.must(t, "confluence_create_page", map[string]any{"space_key": "DOCS", "title": "New", "content": "x", "parent_id": docs})
			for tool, arguments := range map[string][]map[string]any{
				"confluence_get_page": {
					{"page_id": team}, {"page_id": team, "space_key": "DOCS"}, {"page_id": team, "include_metadata": false},
					{"title": "ADR-002 Personal access tokens stay on the server", "space_key": "TEAM"},
				},
				"confluence_get_comments": {{"page_id": team}},
				"confluence_create_page": {
					{"space_key": "TEAM", "title": "New", "content": "x"},
					{"space_key": "DOCS", "title": "Other", "content": "x", "parent_id": team},
				},
			} {
				for _, a := range arguments {
					if text, isError := s.call(t, tool, a); !isError || strings.Contains(text, "Decision") {
						t.Errorf("%s %v was allowed: %s", tool, a, text)
					}
				}
			}
			after := s.must(t, "confluence_search", map[string]any{"query": `title = "Other" or (space = TEAM and title = "New")`})
			if titles(after) != "" {
				t.Errorf("created all the same: %s", titles(after))
			}
		})
	}
}

// TestNothingIsSentBeforeTheDecision counts what reaches Confluence for a page that may not be
// created.
func TestNothingIsSentBeforeTheDecision(t *testing.T) {
	server, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var posts atomic.Int32
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		server.ServeHTTP(w, r)
	}))
	s := connect(t, newClient(t, url, sandbox.Cloud), member, func(*mcp.Config) {}, policy.Config{Spaces: []string{"DOCS"}})
	s.call(t, "confluence_create_page", map[string]any{"space_key": "TEAM", "title": "New", "content": "x"})
	s.call(t, "confluence_create_page", map[string]any{"space_key": "~DOCS", "title": "New", "content": "x"})
	if n := posts.Load(); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
}
