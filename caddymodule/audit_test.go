package caddymodule_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// withAudit is a configuration with the global options that docs/audit.md shows, writing to file.
func withAudit(t *testing.T, w *world, file, site string) string {
	t.Helper()
	block := regexp.MustCompile("(?s)```caddyfile\n\\{\n(.*?)\n\\}\n```").FindStringSubmatch(read(t, "../docs/audit.md"))
	if block == nil {
		t.Fatal("docs/audit.md shows no directive")
	}
	audit, rest, found := strings.Cut(block[1], "\tlog default {\n")
	exclude, _, _ := strings.Cut(rest, "\t}")
	audit = strings.Replace(audit, "/var/log/caddy/audit.json", file, 1)
	if !found || !strings.Contains(audit, file) {
		t.Fatalf("the directives are others: %s", block[1])
	}
	// The world has a default log already.
	return strings.Replace(w.caddyfile(audit, site), "level DEBUG\n", "level DEBUG\n"+exclude, 1)
}

// TestAuditHasAFileOfItsOwn: with the directive of the documentation each event is in the file, and
// nothing else, and no argument and no secret.
func TestAuditHasAFileOfItsOwn(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.dir, "audit.json")
	w.load(withAudit(t, w, file, strings.Replace(route, "atlassian_mcp", "atlassian_mcp {\n\t\t\tattribution\n\t\t}", 1)))
	s := w.signIn(person.New("Ada Keller"))
	_, body := w.mcp(s.AccessToken, message("tools/call", `{"name":"jira_add_comment","arguments":{"issue_key":"PLAT-1","body":"the text of an argument"}}`))
	if !strings.Contains(body, `On behalf of Ada Keller, through Test`) {
		t.Errorf("the comment does not say on whose behalf: %s", body)
	}
	if resp, _ := w.mcp("not-a-token-of-ours", getIssue); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a forged token: %d", resp.StatusCode)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}, "client_id": {s.ClientID}}.Encode()
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if resp, body := w.do(w.request("POST", "/oauth/token", refresh, form...)); resp.StatusCode != http.StatusOK {
		t.Errorf("refresh: %d %s", resp.StatusCode, body)
	}
	w.do(w.request("POST", "/oauth/revoke", url.Values{"token": {s.RefreshToken}, "client_id": {s.ClientID}}.Encode(), form...))

	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var events []string
	for line := range strings.Lines(string(raw)) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		event, _ := record["event"].(string)
		events = append(events, event)
		if record["logger"] != "atlassian_mcp.audit" || record["outcome"] == nil {
			t.Errorf("no record of the audit: %s", line)
		}
		if event != "refusal" && (record["tid"] == nil || record["oid"] == nil || record["user"] != "Ada Keller" || record["assistant"] != "Test") {
			t.Errorf("the record does not say who: %s", line)
		}
	}
	if want := []string{"sign-in", "token", "tool call", "refusal", "refresh", "revocation"}; !slices.Equal(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
	if strings.Contains(w.log(), "atlassian_mcp.audit") {
		t.Error("the audit is in the other log too")
	}
	for _, secret := range []string{"the text of an argument", "not-a-token", s.AccessToken, s.RefreshToken, s.Code, s.State, sandbox.ClientSecret, sandbox.JiraToken} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the audit holds %q", secret)
		}
	}
}

// TestCallsBeyondTheLimitWait: they are tool errors, they are in the audit, and a reload refills
// nothing.
func TestCallsBeyondTheLimitWait(t *testing.T) {
	w := newWorld(t)
	config := w.caddyfile("", strings.Replace(route, "atlassian_mcp", "atlassian_mcp {\n\t\t\tlimit {\n\t\t\t\tperson 2\n\t\t\t}\n\t\t}", 1))
	w.load(config)
	s := w.signIn(person.New("Ada Keller"))
	for range 2 {
		if _, body := w.mcp(s.AccessToken, getIssue); !strings.Contains(body, "PLAT-1") {
			t.Fatalf("within the limit: %s", body)
		}
	}
	w.reload(strings.Replace(config, "level DEBUG", "level INFO", 1))
	resp, body := w.mcp(s.AccessToken, getIssue)
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, `"isError":true`) || !regexp.MustCompile(`Wait \d+ seconds`).MatchString(body) {
		t.Errorf("beyond the limit: %d %s", resp.StatusCode, body)
	}
	if !strings.Contains(w.log(), `"outcome":"refused","reason":"more than 2 calls of one person in a minute"`) {
		t.Error("the refused call is not in the audit")
	}
	other := w.signIn(person.New("Ben Okafor"))
	if _, body := w.mcp(other.AccessToken, getIssue); !strings.Contains(body, "PLAT-1") {
		t.Errorf("somebody else: %s", body)
	}
}
