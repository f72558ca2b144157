package caddymodule_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

// withPolicy is the usual route with lines in its atlassian_mcp.
func withPolicy(lines string) string {
	return strings.Replace(route, "atlassian_mcp", "atlassian_mcp {\n"+lines+"\n}", 1)
}

// Roles become permissions: in tools/list, in calls, and in what a search may find.
func TestPolicy(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", withPolicy("allow read project PLAT\nallow write role Atlassian.Writer project PLAT\nallow read product confluence")))
	if !strings.Contains(w.log(), "policy: allow read project PLAT; allow write role Atlassian.Writer project PLAT") {
		t.Error("the log does not say who may do what")
	}
	// Who signs in is not known yet: the page says the most that somebody may.
	_, registered := w.register()
	if _, page := w.do(w.request("GET", authorizePath(t, registered, w.base+"/mcp"), "")); !strings.Contains(page, "Create and change Jira issues") || strings.Contains(page, "Create and change Confluence pages") {
		t.Errorf("the consent page promises something else: %s", page)
	}
	ada, ben := w.signIn(person.New("Ada Keller")), w.signIn(person.New("Ben Okafor"))
	list := message("tools/list", "{}")
	call := func(tool, arguments string) string {
		return message("tools/call", `{"name":"`+tool+`","arguments":`+arguments+`}`)
	}
	for name, tc := range map[string]struct {
		token, body string
		want, never string
	}{
		"a reader's tools":               {ada.AccessToken, list, "jira_get_issue", "jira_add_comment"},
		"a writer's tools":               {ben.AccessToken, list, "jira_add_comment", "confluence_create_page"},
		"reading inside":                 {ada.AccessToken, getIssue, "PLAT-1", "isError\":true"},
		"reading outside":                {ada.AccessToken, call("jira_get_issue", `{"issue_key":"OPS-2"}`), "open to you", "summary"},
		"writing without the role":       {ada.AccessToken, call("jira_add_comment", `{"issue_key":"PLAT-1","body":"x"}`), "unknown tool", "focusedCommentId"},
		"writing with the role":          {ben.AccessToken, call("jira_add_comment", `{"issue_key":"PLAT-1","body":"x"}`), "focusedCommentId", "isError\":true"},
		"writing outside":                {ben.AccessToken, call("jira_add_comment", `{"issue_key":"OPS-2","body":"x"}`), "open to you", "focusedCommentId"},
		"a search that would go outside": {ada.AccessToken, call("jira_search", `{"jql":"project = OPS OR project = PLAT"}`), "PLAT-1", "OPS-"},
	} {
		resp, body := w.mcp(tc.token, tc.body)
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, tc.want) || strings.Contains(body, tc.never) {
			t.Errorf("%s: %d, want %q and not %q in %.600s", name, resp.StatusCode, tc.want, tc.never, body)
		}
	}
	w.wantOutput("policy --as role=Atlassian.Writer", "allow write role Atlassian.Writer project PLAT", "yes  jira_add_comment", "allowed, on PLAT", "no   confluence_create_page")
	w.wantOutput("policy jira_add_comment", "no  jira_add_comment  no line allows them jira_add_comment", "")
	for args, want := range map[string]string{
		"jira_get_isue": "there is no tool", "jira_get_issue space:DOCS": "jira_get_issue does not work on space:DOCS",
		"--as user=Ada": "is not an object id", "--as group=Writers": "is not an object id",
	} {
		output, code := caddyCommand(t, slices.Concat([]string{"atlassian-mcp", "policy", "--address", w.admin}, strings.Fields(args))...)
		if code == 0 || !strings.Contains(output, want) {
			t.Errorf("policy %s: exit code %d, %s", args, code, output)
		}
	}
	w.wantOutput("policy --as role=Atlassian.Writer jira_add_comment project:OPS", "no  jira_add_comment  project OPS is not open to them, on PLAT", "allow write role Atlassian.Writer project PLAT")
}

// An assistant's name has spaces, and may have commas; ids are the same in capitals.
func TestPolicyOfNames(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", withPolicy("allow read\nallow write group 6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31\ndeny write assistant \"Visual Studio Code\" \"Acme, Inc.\"")))
	for as, want := range map[string]string{
		"group=6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31":                                "yes ",
		"group=6A1C0F5E-2B7D-4C9A-9E10-6D2F4B8A7C31":                                "yes ",
		"group=6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31, assistant=Visual Studio":       "yes ",
		"group=6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31, assistant=Visual Studio Code":  "no ",
		"group=6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31, assistant=visual studio code,": "no ",
	} {
		if output := w.operator("policy", "--as", as, "jira_add_comment"); !strings.HasPrefix(output, want) {
			t.Errorf("%s: want %s, got\n%s", as, want, output)
		}
	}
	if !strings.Contains(w.log(), `deny write assistant \"Visual Studio Code\" \"Acme, Inc.\"`) {
		t.Errorf("the log quotes no names:\n%s", w.log())
	}
	w.load(w.caddyfile("", strings.Replace(route, "atlassian_mcp", "respond ok", 1)))
	if output, code := caddyCommand(t, "atlassian-mcp", "policy", "--address", w.admin); code == 0 || !strings.Contains(output, "no atlassian_mcp") {
		t.Errorf("without tools: exit code %d\n%s", code, output)
	}
}

// What a tool does of another's work is explained with it.
func TestExplainedUses(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", withPolicy("deny jira_add_comment\ndeny jira_transition_issue project OPS\ndeny jira_create_issue")))
	w.wantOutput("policy", "yes  jira_update_issue ", "allowed, without comment\n", "no   jira_batch_create_issues", "(jira_batch_create_issues does the work of jira_create_issue)")
	w.wantOutput("policy", "yes  search in Jira ", "yes  search in Confluence ", "yes  fetch in Jira ")
	w.wantOutput("policy search project:PLAT", "yes  search in Jira  allowed")
	w.wantOutput("policy jira_update_issue", "yes  jira_update_issue  allowed, without comment", "transition is the work of jira_transition_issue: allowed, not on OPS",
		"deny jira_transition_issue project OPS", `comment is the work of jira_add_comment: "deny jira_add_comment"`)
	w.wantOutput("policy jira_update_issue project:OPS", "allowed, without transition and comment", "jira_transition_issue: project OPS is not open to them, not on OPS")
}

func TestPolicyThatIsWrong(t *testing.T) {
	setEnvironment(t, nil)
	t.Setenv("EMPTY", "")
	t.Setenv("COMMAS", " , ,")
	for line, want := range map[string]string{
		"allow write role {env.EMPTY}":           "allow: role: evaluated placeholder {env.EMPTY} is empty",
		"deny write role Reader {env.EMPTY}":     "deny: role: evaluated placeholder {env.EMPTY} is empty",
		"allow write group {env.COMMAS}":         "allow: group: a value is empty",
		`deny read assistant "" Claude`:          "deny: assistant: a value is empty",
		`allow read project ","`:                 "allow: project: a value is empty",
		`tools ","`:                              "tools: a value is empty",
		"toolsets {env.EMPTY}":                   "toolsets: evaluated placeholder {env.EMPTY} is empty",
		"jira_projects {env.EMPTY}":              "jira_projects: evaluated placeholder {env.EMPTY} is empty",
		"confluence_spaces DOCS {env.COMMAS}":    "confluence_spaces: a value is empty",
		"allow raed":                             "allow raed: there is no tool",
		"deny jira_serach":                       "deny jira_serach: there is no tool",
		"allow toolset:jira":                     "there is no toolset",
		"allow search":                           "allow search: search does the work of other tools, which have to be open, too, and nobody may use jira_search or confluence_search",
		"tools fetch jira_search":                "ENABLED_TOOLS: fetch does the work of other tools, which have to be open, too, and nobody may use jira_get_issue or confluence_get_page",
		"allow jira_batch_create_issues":         "does the work of other tools, which have to be open, too, and nobody may use jira_create_issue",
		"allow read product trello":              "there is no product",
		"allow read group Writers":               "not an object id of Entra",
		"allow read role {env.NOT_SET_ANYWHERE}": "NOT_SET_ANYWHERE",
	} {
		err := validate(t, "", "entra_auth\natlassian_mcp {\n"+line+"\n}")
		wantError(t, line, err, "atlassian_mcp", want)
	}
}

// TestPolicyDocument loads each policy of docs/policy.md as written and asks it what the document says
// of it.
func TestPolicyDocument(t *testing.T) {
	document := read(t, "../docs/policy.md")
	examples := regexp.MustCompile("(?s)```caddyfile\n(.*?)```\n\n(.*?)(?:\n\n|$)").FindAllStringSubmatch(document, -1)
	if len(examples) != 5 {
		t.Fatalf("%d policies, want five", len(examples))
	}
	cell := regexp.MustCompile(`\| (\S+) \| (\S+) \| (project|space) (\S+) \| (yes|no) \|`)
	w := newWorld(t)
	for _, example := range examples {
		w.load(w.caddyfile("", strings.Replace(route, "atlassian_mcp", example[1], 1)))
		rows := cell.FindAllStringSubmatch(example[2], -1)
		if len(rows) < 4 {
			t.Errorf("%d rows below\n%s", len(rows), example[1])
		}
		for _, row := range rows {
			args := []string{"policy"}
			if row[1] != "anybody" {
				args = append(args, "--as", row[1])
			}
			output := w.operator(append(args, row[2], row[3]+":"+row[4])...)
			if !strings.HasPrefix(strings.TrimSpace(output), row[5]+" ") {
				t.Errorf("%v: want %s, got\n%s", args, row[5], output)
			}
		}
	}
}

// A list that is there and empty says nothing that an operator could mean; left out, it would open more.
func TestEmptyListsInJSON(t *testing.T) {
	setEnvironment(t, nil)
	for _, options := range []string{
		`"jira_projects":[]`, `"confluence_spaces":[]`, `"tools":[]`, `"toolsets":[""]`,
		`"rules":[{"what":["read","write","delete"],"groups":[]}]`, `"rules":[{"what":["read"],"assistants":[]}]`,
		`"rules":[{"what":[],"roles":["Reader"]}]`, `"rules":[{"roles":["Reader"]}]`, `"rules":[{"deny":true,"what":["read"],"projects":[""]}]`,
	} {
		adapted, err := adapt("{\nadmin off\nlog {\nlevel ERROR\n}\nstorage file_system " + t.TempDir() + "\n}\nhttps://mcp.example.com {\nentra_auth\natlassian_mcp\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(adapted), `"handler":"atlassian_mcp"`, `"handler":"atlassian_mcp",`+options, 1)
		if changed == string(adapted) {
			t.Fatalf("no atlassian_mcp in %s", adapted)
		}
		var config caddy.Config
		if err := json.Unmarshal([]byte(changed), &config); err != nil {
			t.Fatal(err)
		}
		if err := caddy.Validate(&config); err == nil || !strings.Contains(err.Error(), "atlassian_mcp: ") {
			t.Errorf("%s: %v", options, err)
		}
	}
}
