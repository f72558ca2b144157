package caddymodule_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

const (
	adaID = "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01"
	benID = "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f02"
)

// operator runs a subcommand against the Caddy of this world and returns what it prints.
func (w *world) operator(args ...string) string {
	w.t.Helper()
	output, code := caddyCommand(w.t, append(append([]string{"atlassian-mcp"}, args...), "--address", w.admin)...)
	if code != 0 {
		w.t.Fatalf("%v: exit code %d\n%s", args, code, output)
	}
	return output
}

func (w *world) wantOutput(args string, parts ...string) {
	w.t.Helper()
	output := w.operator(strings.Fields(args)...)
	for _, part := range parts {
		if !strings.Contains(output, part) {
			w.t.Errorf("%s prints no %q:\n%s", args, part, output)
		}
	}
}

// node is another node over the storage of this world.
func (w *world) node() *records.Store {
	storage := func() records.Storage { return &certmagic.FileStorage{Path: filepath.Join(w.dir, "storage")} }
	keys := records.NewKeyring(records.KeyringConfig{Issuer: w.base, MasterKeys: [][]byte{[]byte(sandbox.ClientSecret)}, Storage: storage})
	return records.New(records.Config{Storage: storage, Keys: keys})
}

// live is how many grants another node finds.
func (w *world) live(node *records.Store) (n int) {
	w.t.Helper()
	for g, err := range records.Grants.All(w.t.Context(), node) {
		if err != nil {
			w.t.Fatal(err)
		}
		if !g.Revoked {
			n++
		}
	}
	return n
}

// refresh renews a sign-in and returns the status.
func (w *world) refresh(s *signedIn) int {
	w.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}, "client_id": {s.ClientID}}
	resp, body := w.do(w.request("POST", "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal([]byte(body), s); err != nil {
			w.t.Fatal(err)
		}
	}
	return resp.StatusCode
}

// opens is the status of the gate for a token that it has not seen for 30 seconds: that of a gate
// that has just been loaded with an empty cache is the same.
func (w *world) opens(config string, s signedIn) int {
	w.t.Helper()
	w.load(config)
	resp, _ := w.mcp(s.AccessToken, getIssue)
	return resp.StatusCode
}

func TestGrantsAreListedAndRevoked(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	node := w.node()
	w.wantOutput("grants list", "0 grants")
	if got := w.operator("grants", "list", "--json"); got != "[]\n" {
		t.Errorf("JSON of no grants: %q", got)
	}
	ada, again, ben := w.signIn(person.New("Ada Keller")), w.signIn(person.New("Ada Keller")), w.signIn(person.New("Ben Okafor"))

	table := w.operator("grants", "list")
	for _, part := range []string{"NAME", "USER", "ASSISTANT", "SINCE", "LAST USED", "EXPIRES", "GRANT", "Ada Keller", adaID, "Ben Okafor", benID, "Test",
		time.Now().UTC().Format("2006-01-02"), "3 grants"} {
		if !strings.Contains(table, part) {
			t.Errorf("the table lacks %q:\n%s", part, table)
		}
	}
	list := w.operator("grants", "list", "--json")
	var grants []map[string]any
	if err := json.Unmarshal([]byte(list), &grants); err != nil || len(grants) != 3 {
		t.Fatalf("JSON: %v\n%s", err, list)
	}
	for _, name := range []string{"id", "user", "name", "client", "assistant", "resource", "scopes", "since", "last_used", "expires"} {
		if grants[0][name] == nil {
			t.Errorf("JSON lacks %s: %v", name, grants[0])
		}
	}
	bens := grants[2]["id"].(string)
	for _, s := range []signedIn{ada, again, ben} {
		for what, secret := range map[string]string{"access token": s.AccessToken, "refresh token": s.RefreshToken, "code": s.Code} {
			if strings.Contains(table+list, secret) {
				t.Errorf("the %s is printed", what)
			}
		}
	}
	if strings.Contains(table+list, sandbox.ClientSecret) {
		t.Error("the client secret is printed")
	}

	w.wantOutput("grants revoke --user "+strings.ToUpper(adaID), "2 grants ended", "within 30 seconds", "Ada Keller")
	if n := w.live(node); n != 1 {
		t.Errorf("another node finds %d live grants, want 1", n)
	}
	if a, b := w.refresh(&ada), w.refresh(&ben); a != http.StatusBadRequest || b != http.StatusOK {
		t.Errorf("refresh: of whom it was revoked %d, of another %d", a, b)
	}
	w.wantOutput("grants revoke --client nobody", "0 grants ended")
	w.wantOutput("grants revoke --grant "+bens, "1 grant ended")
	w.wantOutput("grants revoke --grant "+bens, "0 grants ended")
	byID, all := w.signIn(person.New("Ada Keller")), w.signIn(person.New("Ada Keller"))
	w.wantOutput("grants revoke --client "+byID.ClientID, "1 grant ended")
	w.wantOutput("grants revoke --all", "1 grant ended")
	byName := w.signIn(person.New("Ada Keller"))
	w.wantOutput("grants revoke --client TEST", "1 grant ended")
	for _, s := range []signedIn{ada, ben, byName, all} {
		if status := w.opens(config, s); status != http.StatusUnauthorized {
			t.Errorf("the gate answers %d", status)
		}
	}
	if n := strings.Count(w.log(), `"reason":"the operator ended it"`); n != 6 {
		t.Errorf("the log names %d ended grants, want 6", n)
	}
}

func TestUsersAreBlocked(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	ada, ben := w.signIn(person.New("Ada Keller")), w.signIn(person.New("Ben Okafor"))
	w.wantOutput("users list", "0 users blocked")
	w.wantOutput("users block "+adaID, "is blocked; 1 grant ended", "within 30 seconds")
	w.wantOutput("users block "+adaID, "was blocked already; 0 grants ended")
	w.wantOutput("users list", "Ada Keller", adaID, "1 user blocked")
	if blocked, err := w.node().Blocked(t.Context(), strings.Split(adaID, "/")[0], strings.Split(adaID, "/")[1]); err != nil || !blocked {
		t.Errorf("another node: %v, %v", blocked, err)
	}
	if a, b := w.refresh(&ada), w.refresh(&ben); a != http.StatusBadRequest || b != http.StatusOK {
		t.Errorf("refresh: of the blocked %d, of another %d", a, b)
	}
	if a, b := w.opens(config, ada), w.opens(config, ben); a != http.StatusUnauthorized || b != http.StatusOK {
		t.Errorf("the gate: for the blocked %d, for another %d", a, b)
	}
	w.wantOutput("users unblock "+adaID, "can sign in again")
	w.wantOutput("users unblock "+adaID, "was not blocked")
	ada = w.signIn(person.New("Ada Keller"))
	if status := w.opens(config, ada); status != http.StatusOK {
		t.Errorf("after the block was lifted: %d", status)
	}
}

func TestKeysAreRotated(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", route)
	w.load(config)
	node := w.node()
	ada := w.signIn(person.New("Ada Keller"))
	w.wantOutput("keys rotate", "a new key seals from now on", "still opens")
	if n := w.live(node); n != 1 {
		t.Errorf("another node finds %d live grants, want 1", n)
	}
	if status := w.refresh(&ada); status != http.StatusOK {
		t.Errorf("refresh after a rotation: %d", status)
	}
	w.signIn(person.New("Ben Okafor"))
	if n := w.live(node); n != 2 {
		t.Errorf("another node finds %d live grants, want 2", n)
	}
	w.wantOutput("users block "+benID, "1 grant ended")
	w.wantOutput("keys rotate --revoke", "1 grant ended", "within 30 seconds")
	w.wantOutput("users list", benID)
	if status := w.refresh(&ada); status != http.StatusUnauthorized {
		t.Errorf("refresh after a revocation: %d, want 401: the client id is void", status)
	}
	if n := w.live(node); n != 0 {
		t.Errorf("another node finds %d live grants, want none", n)
	}
	if status := w.opens(config, ada); status != http.StatusUnauthorized {
		t.Errorf("the gate answers %d", status)
	}
	if status := w.opens(config, w.signIn(person.New("Ada Keller"))); status != http.StatusOK {
		t.Errorf("after a new sign-in: %d", status)
	}
}

// TestOperatorErrorsSayWhatToDo: on the command line, and of a Caddy that cannot help.
func TestOperatorErrorsSayWhatToDo(t *testing.T) {
	w := newWorld(t)
	refused := func(want string, args ...string) {
		t.Helper()
		output, code := caddyCommand(t, append([]string{"atlassian-mcp"}, args...)...)
		if code == 0 || !strings.Contains(output, want) {
			t.Errorf("%v: exit code %d, want %q in\n%s", args, code, want, output)
		}
	}
	refused("remove `admin off`", "grants", "list", "--address", w.admin)
	refused("at least one of the flags", "grants", "revoke", "--address", w.admin)
	refused("none of the others can be", "grants", "revoke", "--all", "--user", adaID, "--address", w.admin)
	refused("accepts 1 arg", "users", "block")
	refused("unknown flag", "keys", "rotate", "--force")

	w.load(w.caddyfile("", "\n\trespond hello\n"))
	refused("no entra_oauth and no entra_auth", "grants", "list", "--address", w.admin)
	w.load(w.caddyfile("", route))
	refused("tenant id/object id, two GUIDs", "users", "block", "ada@contoso.example", "--address", w.admin)
	refused("tenant id/object id, two GUIDs", "grants", "revoke", "--user", "ada", "--address", w.admin)

	config := filepath.Join(w.dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(w.caddyfile("", route)), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, code := caddyCommand(t, "atlassian-mcp", "grants", "list", "--config", config); code != 0 || !strings.Contains(output, "0 grants") {
		t.Errorf("the address in --config: exit code %d\n%s", code, output)
	}

	w.signIn(person.New("Ada Keller"))
	breakGrant(t, filepath.Join(w.dir, "storage"))
	for _, args := range [][]string{{"grants", "list"}, {"grants", "revoke", "--all"}, {"users", "block", benID}, {"keys", "rotate", "--revoke"}} {
		refused("storage is unavailable", append(args, "--address", w.admin)...)
	}
}

// breakGrant makes a grant in file storage fail to load.
func breakGrant(t *testing.T, dir string) {
	t.Helper()
	broken := errors.New("done")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) != "grant" {
			return err
		}
		return errors.Join(broken, os.Remove(path), os.Symlink(path, path))
	})
	if !errors.Is(err, broken) {
		t.Fatalf("no grant is stored: %v", err)
	}
}

// TestAdminRequests: what the endpoint says to requests that no subcommand sends.
func TestAdminRequests(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/atlassian-mcp/grants", "", 405},
		{"GET", "/atlassian-mcp/keys/rotate", "", 405},
		{"DELETE", "/atlassian-mcp/grants/revoke", "", 405},
		{"POST", "/atlassian-mcp/grants/revoke", "", 400},
		{"POST", "/atlassian-mcp/grants/revoke", "{}", 400},
		{"POST", "/atlassian-mcp/grants/revoke", `{"all":true,"user":"` + adaID + `"}`, 400},
		{"POST", "/atlassian-mcp/grants/revoke", `{"al":true}`, 400},
		{"POST", "/atlassian-mcp/grants/revoke", `{"all":"` + strings.Repeat("x", 1<<17) + `"}`, 400},
		{"POST", "/atlassian-mcp/users/block", "{}", 400},
		{"POST", "/atlassian-mcp/users/unblock", `{"user":"` + adaID + `/x"}`, 400},
		{"GET", "/atlassian-mcp/", "", 404},
		{"GET", "/atlassian-mcp/users", "", 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tc.method, "http://"+w.admin+tc.path, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		if resp, text := w.do(req); resp.StatusCode != tc.status {
			t.Errorf("%s %s %.40s: %d %s, want %d", tc.method, tc.path, tc.body, resp.StatusCode, text, tc.status)
		}
	}
}

func TestDenyClientIsApplied(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", route))
	s := w.signIn(person.New("Ada Keller"))
	t.Setenv("DENIED", s.ClientID)
	w.load(w.caddyfile("entra {\n deny_client other {env.DENIED}\n}", route))
	if status := w.refresh(&s); status != http.StatusBadRequest {
		t.Errorf("refresh of a denied client: %d", status)
	}
	resp, body := w.do(w.request("GET", "/oauth/authorize?client_id="+url.QueryEscape(s.ClientID), ""))
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "may not be used here") {
		t.Errorf("authorize: %d", resp.StatusCode)
	}
}
