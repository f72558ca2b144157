package caddymodule_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	entrasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// TestGroupsOfPeopleWithMany: their tokens hold none, and with resolve_groups the handler behind the
// gate knows them all the same. Without it, or when Graph does not tell, they are unknown, which
// keeps nobody from signing in.
func TestGroupsOfPeopleWithMany(t *testing.T) {
	groups := make([]string, 250)
	for i := range groups {
		groups[i] = fmt.Sprintf("b0000000-0000-4000-8000-%012x", i)
	}
	for name, tc := range map[string]struct {
		entra, who string
		deny       bool
		want       []string
	}{
		"resolved":             {"resolve_groups", "Ada Keller", false, groups},
		"turned off":           {"", "Ada Keller", false, nil},
		"refused":              {"resolve_groups", "Ada Keller", true, nil},
		"a guest":              {"resolve_groups", "Dev Guest", false, groups},
		"few are in the token": {"", "Ben Okafor", false, groups[:2]},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *sandbox.Config) {
				c.Entra = func(c *entrasandbox.Config) {
					c.People = entrasandbox.DemoPeople()
					c.People[0].Groups, c.People[1].Groups, c.People[3].Groups = groups, groups[:2], groups
				}
			})
			w.load(w.caddyfile("entra {\n"+tc.entra+"\n}", `
				entra_oauth
				handle /mcp {
					entra_auth {
						`+map[bool]string{true: "allow_guests"}[tc.who == "Dev Guest"]+`
					}
					respond "groups: {http.auth.user.groups}"
				}`))
			w.sandbox.Entra.Misbehave(func(b *entrasandbox.Behaviour) { b.GraphDenies = tc.deny })
			s := w.signIn(person.New(tc.who))
			if _, body := w.mcp(s.AccessToken, "{}"); body != "groups: "+strings.Join(tc.want, ",") {
				t.Errorf("got %.200s", body)
			}
			if said := strings.Contains(w.log(), "the groups of a person are unknown"); said != (tc.want == nil) {
				t.Errorf("the log says that they are unknown: %v", said)
			}
			if strings.Contains(dump(t, filepath.Join(w.dir, "storage")), groups[0]) {
				t.Error("storage shows the groups in the clear")
			}
		})
	}
}
