package confluencetools

import (
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
)

// byAlias are calls that name the space TEAM by its alias. The page is one of DOCS.
func byAlias(page string) map[string]map[string]any {
	return map[string]map[string]any{
		"confluence_get_page":            {"space_key": "PLATFORM", "title": "Decisions"},
		"confluence_get_space_page_tree": {"space_key": "PLATFORM"},
		"confluence_create_page":         {"space_key": "PLATFORM", "title": "New", "content": "x"},
		"confluence_copy_page":           {"source_page_id": page, "destination_space_key": "PLATFORM", "new_title": "Copy"},
		"confluence_move_page":           {"page_id": page, "target_space_key": "PLATFORM"},
	}
}

// TestAlias: an alias of a space leads to it, and past no rule about its key.
func TestAlias(t *testing.T) {
	all := everything.Rules[0]
	docs := policy.Rule{What: all.What, Spaces: []string{"DOCS"}}
	for name, tc := range map[string]struct {
		limits policy.Config
		open   bool
	}{
		"no rule":             {everything, true},
		"filter":              {policy.Config{Rules: []policy.Rule{all}, Spaces: []string{"DOCS"}}, false},
		"filter of both":      {policy.Config{Rules: []policy.Rule{all}, Spaces: []string{"DOCS", "TEAM"}}, true},
		"another allowed":     {policy.Config{Rules: []policy.Rule{docs}}, false},
		"denied":              {policy.Config{Rules: []policy.Rule{all, {Deny: true, What: all.What, Spaces: []string{"TEAM"}}}}, false},
		"another denied":      {policy.Config{Rules: []policy.Rule{all, {Deny: true, What: all.What, Spaces: []string{"ELSE"}}}}, true},
		"its alias allowed":   {policy.Config{Rules: []policy.Rule{docs, {What: all.What, Spaces: []string{"PLATFORM"}}}}, false},
		"allowed by both":     {policy.Config{Rules: []policy.Rule{docs, {What: all.What, Spaces: []string{"PLATFORM", "TEAM"}}}}, true},
		"a title that is not": {policy.Config{Rules: []policy.Rule{docs}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			page := start(t, 0).idOf(t, "DOCS", "Installation")
			for tool, arguments := range byAlias(page) {
				server, err := sandbox.New(sandbox.Config{Deployment: sandbox.Cloud})
				if err != nil {
					t.Fatal(err)
				}
				if name == "a title that is not" && tool == "confluence_get_page" {
					arguments["title"] = "Zanzibar" // what is not there looks as what is
				}
				s := connect(t, newClient(t, listen(t, server), sandbox.Cloud), member, func(*mcp.Config) {}, tc.limits)
				if !tc.open {
					s.refused(t, tool, arguments, "TEAM is not one")
					continue
				}
				result := s.must(t, tool, arguments)
				if where := result["space"]; where != "TEAM" && tool != "confluence_get_space_page_tree" {
					t.Errorf("%s acted in %v: %v", tool, where, result)
				}
			}
		})
	}
}

// TestAliasInCQL: results carry the key, by which they are judged.
func TestAliasInCQL(t *testing.T) {
	for _, arguments := range []map[string]any{{"query": "space = PLATFORM"}, {"query": "decisions", "spaces_filter": "PLATFORM"}} {
		if found, failed := start(t, 0).call(t, "confluence_search", arguments); failed || !strings.Contains(found, `"space":"TEAM"`) {
			t.Errorf("%v: %s", arguments, found)
		}
		if found := start(t, 0, "DOCS").must(t, "confluence_search", arguments)["results"].([]any); len(found) > 0 {
			t.Errorf("%v found outside: %v", arguments, found)
		}
	}
}

// TestAliasWithParent: a parent is in the space that its alias names.
func TestAliasWithParent(t *testing.T) {
	s := start(t, 0)
	parent := s.idOf(t, "TEAM", "Decisions")
	made := s.must(t, "confluence_create_page", map[string]any{"space_key": "PLATFORM", "title": "New", "content": "x", "parent_id": parent})
	if where := s.above(t, made["id"]); where != "TEAM / Platform Team / Decisions" {
		t.Errorf("created at %s", where)
	}
}

// TestAliasRequests: one look-up for a space that is not known by this name yet, under a rule or not.
func TestAliasRequests(t *testing.T) {
	bounds := everything
	bounds.Spaces = []string{"DOCS", "TEAM"}
	for name, limits := range map[string]policy.Config{"open": everything, "bounded": bounds} {
		t.Run(name, func(t *testing.T) {
			s, g := gated(t, sandbox.Cloud, limits)
			for _, want := range []string{
				"GET /wiki/api/v2/spaces GET /wiki/api/v2/spaces/98307/pages",
				"GET /wiki/api/v2/spaces/98307/pages",
			} {
				g.sent()
				s.must(t, "confluence_get_space_page_tree", map[string]any{"space_key": "PLATFORM"})
				if sent := strings.Join(g.sent(), " "); sent != want {
					t.Errorf("requests %s, want %s", sent, want)
				}
			}
		})
	}
}
