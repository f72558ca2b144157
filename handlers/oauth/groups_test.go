package oauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
)

// newCrowdedWorld is a world in which everybody is in n groups and resolve_groups is on.
func newCrowdedWorld(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t)
	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.Groups = groupIDs(n) })
	p, err := entra.New(entra.Config{
		Issuer: w.entra.Authority(), ClientID: sandbox.DemoClientID, ClientSecrets: []string{testSecret}, RedirectURI: testCallback,
		Scopes: []string{"openid", "profile", "email", "access_as_user"}, ResolveGroups: true, Transport: w, Logger: w.logger(), Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.provider, w.config.Entra = p, p
	w.server = w.addNode()
	return w
}

func groupIDs(n int) []string {
	groups := make([]string, n)
	for i := range groups {
		groups[i] = fmt.Sprintf("b0000000-0000-4000-8000-%012x", i)
	}
	return groups
}

// wantGroups checks what the gate says about a caller; nil groups are unknown ones.
func (w *world) wantGroups(accessToken string, groups []string) {
	w.t.Helper()
	p, ok := w.admit(accessToken)
	if !ok {
		w.t.Fatal("the gate is closed")
	}
	if p.GroupsUnknown != (groups == nil) || !slices.Equal(p.Groups, groups) {
		w.t.Errorf("unknown: %v, %d groups; want %d", p.GroupsUnknown, len(p.Groups), len(groups))
	}
}

func (w *world) refreshed(c registration, refreshToken string) tokenResponse {
	w.t.Helper()
	a := token(w.t, w.server, renewal(c, refreshToken))
	if a.status != http.StatusOK {
		w.t.Fatalf("refresh: %d %s", a.status, a.body)
	}
	return decode[tokenResponse](w.t, a.body)
}

// Each access token comes with the groups of its time, and the gate asks nobody.
func TestGroupsComeWithTheToken(t *testing.T) {
	w := newCrowdedWorld(t, 201)
	c := w.registered("Claude", "none", claudeURI)
	first := w.tokens(c)
	w.wantGroups(first.AccessToken, groupIDs(201))

	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.Groups = groupIDs(301) })
	second := w.refreshed(c, first.RefreshToken)
	w.wantGroups(second.AccessToken, groupIDs(301))
	w.wantGroups(first.AccessToken, groupIDs(201))

	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.Groups = groupIDs(2) })
	third := w.refreshed(c, second.RefreshToken)
	w.wantGroups(third.AccessToken, groupIDs(2))
	if n := w.entra.Count(sandbox.Graph); n != 2 {
		t.Errorf("Graph was asked %d times", n)
	}
}

func TestAttack7_2_ParallelRefreshWithGroups(t *testing.T) {
	w := newCrowdedWorld(t, 201)
	c := w.registered("Claude", "none", claudeURI)
	first := w.tokens(c)
	answers, _ := w.inParallel(20, renewal(c, first.RefreshToken))
	want := decode[tokenResponse](t, answers[0].body)
	for _, a := range answers {
		if got := decode[tokenResponse](t, a.body); a.status != http.StatusOK || got != want {
			t.Errorf("%d %+v, want %+v", a.status, got, want)
		}
	}
	w.wantGroups(want.AccessToken, groupIDs(201))
	if n := w.entra.Count(sandbox.Graph); n != 2 {
		t.Errorf("Graph was asked %d times", n)
	}
	w.refreshed(c, want.RefreshToken)
}

// Trouble with Graph is no trouble for whoever signs in, and what was known before is not carried on.
func TestGroupsStayUnknown(t *testing.T) {
	for name, trouble := range map[string]func(*sandbox.Behaviour){
		"denied":  func(b *sandbox.Behaviour) { b.GraphDenies = true },
		"down":    func(b *sandbox.Behaviour) { b.Faults[sandbox.Graph] = sandbox.Fault{Status: 503} },
		"garbage": func(b *sandbox.Behaviour) { b.Faults[sandbox.Graph] = sandbox.Fault{Body: `{"value":[{"id":"x"}]}`} },
		"huge":    func(b *sandbox.Behaviour) { b.Groups = groupIDs(4000) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newCrowdedWorld(t, 201)
			c := w.registered("Claude", "none", claudeURI)
			good := w.tokens(c)
			w.entra.Misbehave(trouble)
			w.wantGroups(w.tokens(c).AccessToken, nil)
			w.wantGroups(w.refreshed(c, good.RefreshToken).AccessToken, nil)
			if !strings.Contains(w.log.String(), `level=WARN msg="the groups of a person are unknown"`) {
				t.Error("the log does not say so")
			}
		})
	}
}

func TestGroupsUnresolvedStayUnknown(t *testing.T) {
	w := newWorld(t)
	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.Groups = groupIDs(201) })
	w.wantGroups(w.tokens(w.registered("Claude", "none", claudeURI)).AccessToken, nil)
	if w.entra.Count(sandbox.Graph) != 0 || w.outside.Load() != 0 {
		t.Error("somebody was asked for the groups")
	}
}

// The token for Graph is used and forgotten: whoever had it could read in the person's name.
func TestGraphTokenIsKeptNowhere(t *testing.T) {
	w := newCrowdedWorld(t, 201)
	c := w.registered("Claude", "none", claudeURI)
	w.entra.Misbehave(func(b *sandbox.Behaviour) { b.Faults[sandbox.Graph] = sandbox.Fault{Status: 500} })
	first := w.tokens(c) // trouble is what gets into logs
	w.entra.Misbehave(func(b *sandbox.Behaviour) { delete(b.Faults, sandbox.Graph) })
	second := w.refreshed(c, first.RefreshToken)

	issuance, err := records.Issuances.Get(t.Context(), w.server.cfg.Store, second.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal([]any{w.grantOf(second.AccessToken), issuance, first, second, w.log.String()})
	if err != nil {
		t.Fatal(err)
	}
	graph := 0
	for _, said := range w.said {
		answer := decode[struct {
			AccessToken string `json:"access_token"`
			Scope       string `json:"scope"`
		}](t, said)
		if !strings.Contains(answer.Scope, "https://graph.microsoft.com/") {
			continue
		}
		graph++
		if strings.Contains(string(kept), answer.AccessToken) {
			t.Error("the token for Graph was kept")
		}
	}
	if graph != 2 {
		t.Errorf("%d tokens for Graph", graph)
	}
}
