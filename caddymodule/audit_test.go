package caddymodule_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// documented is what stands in docs/audit.md, record by record, for what is never the same twice.
var documented = []struct{ time, request, duration string }{
	{"1795442700.1", "4QZT-7KX2-MD5B", ""},
	{"1795442700.4", "", ""},
	{"1795442712.7", "V6PMEQ2ZLXOA", "0.084"},
	{"1795442730.2", "H3NDY5RAUW7C", "0.131"},
	{"1795442751.9", "KD2TB6MXZ4QE", "0.021"},
	{"1795446300.2", "", ""},
	{"1795446600.9", "", ""},
	{"1795446720.3", "", ""},
	{"1795446720.5", "", ""},
}

// What is never the same twice, in its form.
var (
	auditTime     = regexp.MustCompile(`"ts":[0-9.e+]+`)
	auditRequest  = regexp.MustCompile(`"request":"(?:[A-Z2-7]{12}|[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4})"`)
	auditDuration = regexp.MustCompile(`"duration":[0-9.e-]+`)
)

// asDocumented puts what stands in the document in the place of what is never the same twice.
func asDocumented(base, records string) string {
	records = strings.ReplaceAll(records, base, "https://mcp.example.com")
	var out strings.Builder
	i := 0
	for line := range strings.Lines(records) {
		if i < len(documented) {
			d := documented[i]
			line = auditTime.ReplaceAllString(line, `"ts":`+d.time)
			if len(d.request) == len(auditRequest.FindString(line))-len(`"request":""`) {
				line = auditRequest.ReplaceAllString(line, `"request":"`+d.request+`"`)
			}
			if d.duration != "" {
				line = auditDuration.ReplaceAllString(line, `"duration":`+d.duration)
			}
		}
		out.WriteString(line)
		i++
	}
	return out.String()
}

// TestAuditDocument does what docs/audit.md tells of, with the directive that it shows: the records
// in the file are those of the document, and hold no argument and no secret. With -update the document
// gets them.
func TestAuditDocument(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.dir, "audit.json")
	w.load(withAudit(t, w, file, strings.Replace(route, "atlassian_mcp", "atlassian_mcp {\n\t\t\tattribution\n\t\t\tjira_projects PLAT\n\t\t}", 1)))
	post := func(path string, form url.Values) (status int, body string) {
		resp, body := w.do(w.request("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
		return resp.StatusCode, body
	}
	want := func(what string, got, want int, body string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d %s", what, got, body)
		}
	}
	// Ada signs in with Claude, reads an issue and comments on it.
	s := w.signInThrough("Claude", person.New("Ada Keller"), w.base+"/mcp")
	if _, body := w.mcp(s.AccessToken, getIssue); !strings.Contains(body, "PLAT-1") {
		t.Errorf("reading: %s", body)
	}
	_, body := w.mcp(s.AccessToken, message("tools/call", `{"name":"jira_add_comment","arguments":{"issue_key":"PLAT-1","body":"the text of an argument"}}`))
	if !strings.Contains(body, `On behalf of Ada Keller, through Claude`) {
		t.Errorf("the comment does not say on whose behalf: %s", body)
	}
	// An issue of a project that is not open.
	if _, body := w.mcp(s.AccessToken, message("tools/call", `{"name":"jira_get_issue","arguments":{"issue_key":"OPS-2"}}`)); !strings.Contains(body, `"isError":true`) {
		t.Errorf("outside: %s", body)
	}
	// The token is refreshed.
	renewal := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}, "client_id": {s.ClientID}}
	status, body := post("/oauth/token", renewal)
	want("refresh", status, http.StatusOK, body)
	var second signedIn
	if err := json.Unmarshal([]byte(body), &second); err != nil {
		t.Fatal(err)
	}
	// Ada disconnects Claude, after which what it was given opens nothing.
	status, body = post("/oauth/revoke", url.Values{"token": {second.RefreshToken}, "client_id": {s.ClientID}})
	want("revocation", status, http.StatusOK, body)
	resp, body := w.mcp(second.AccessToken, getIssue)
	want("the access token afterwards", resp.StatusCode, http.StatusUnauthorized, body)
	renewal.Set("refresh_token", second.RefreshToken)
	status, body = post("/oauth/token", renewal)
	want("the refresh token afterwards", status, http.StatusBadRequest, body)

	got := asDocumented(w.base, read(t, file))
	for _, secret := range []string{
		"the text of an argument", s.AccessToken, s.RefreshToken, second.AccessToken, second.RefreshToken,
		s.Code, s.State, s.ClientID, sandbox.ClientSecret, sandbox.JiraToken,
	} {
		if secret == "" || strings.Contains(read(t, file), secret) {
			t.Errorf("the audit holds %q", secret)
		}
	}
	if strings.Contains(w.log(), "atlassian_mcp.audit") {
		t.Error("the audit is in the other log too")
	}
	const path = "../docs/audit.md"
	block := regexp.MustCompile("(?s)```json\n(.*?)```\n")
	if *update {
		doc := block.ReplaceAllLiteralString(read(t, path), "```json\n"+got+"```\n")
		if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shown := block.FindStringSubmatch(read(t, path))
	if shown == nil {
		t.Fatalf("%s shows no records", path)
	}
	if diff := cmp.Diff(strings.Split(shown[1], "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s shows other records (-shown +written); -update rewrites them:\n%s", path, diff)
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
