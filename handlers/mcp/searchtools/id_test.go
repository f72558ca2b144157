package searchtools

import (
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func TestParseID(t *testing.T) {
	for id, want := range map[string]string{
		"jira:PLAT-1": "jira:PLAT-1", "\tjira:plat-1\n": "jira:PLAT-1", "confluence:12345": "confluence:12345",
		"": "", "PLAT-1": "", "12345": "", "jira:12345": "", "confluence:PLAT-1": "", "Jira:PLAT-1": "", "trello:1": "",
		"jira:PLAT-1/../../x": "", "jira:PLAT-1?x=1": "", "confluence:1/child": "", "confluence:12:34": "", "jira:": "", ":": "",
	} {
		p, key, err := parseID(id)
		if got := idOf(p, key); err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%q = %s, %v; want %q", id, got, err, want)
		}
	}
}

// FuzzParseID looks for an id that reads as two things, or whose key is more than a key.
func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"jira:PLAT-1", "confluence:12345", "jira:confluence:1", " jira:plat-1\n", "confluence:١", "jira:PLAT-1\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		p, key, err := parseID(id)
		jira, confluence := (&fetchArguments{id}).about(policy.Jira), (&fetchArguments{id}).about(policy.Confluence)
		if err != nil {
			if !jira || !confluence || p != "" || key != "" {
				t.Fatalf("%q: %q %q, about Jira %v, about Confluence %v", id, p, key, jira, confluence)
			}
			return
		}
		if jira == confluence || jira != (p == policy.Jira) {
			t.Fatalf("%q is of %s, about Jira %v, about Confluence %v", id, p, jira, confluence)
		}
		for _, c := range key {
			if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
				t.Fatalf("%q: key %q", id, key)
			}
		}
		if again, sameKey, err := parseID(idOf(p, key)); err != nil || again != p || sameKey != key {
			t.Fatalf("%q: %s:%s reads as %s:%s, %v", id, p, key, again, sameKey, err)
		}
	})
}
