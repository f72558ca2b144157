package alltools_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// cost is what a result costs here and with mcp-atlassian, in tokens.
type cost struct{ here, there int }

// add counts a result of ours and one of mcp-atlassian's.
func (c *cost) add(t *testing.T, name, here string, there any) {
	t.Helper()
	one := cost{o200k(t, here), o200k(t, peerText(t, there))}
	t.Logf("%5d %5d %3d %% %s", one.there, one.here, one.percent(), name)
	if one.here > one.there {
		t.Errorf("%s costs more here: %s", name, here)
	}
	c.here, c.there = c.here+one.here, c.there+one.there
}

func (c *cost) percent() int { return (100*c.here + c.there/2) / c.there }

// TestResults compares what the list of tools and results cost here with what they cost with
// mcp-atlassian, whose results are for the same content: it is asked for just the fields that ours
// show. The README has the table.
func TestResults(t *testing.T) {
	w := newWorld(t, sandbox.DataCenter)
	d := readDocuments(t)
	issues, pages := w.load(t, d)
	var results cost
	tools, model, _ := newWorld(t, sandbox.Cloud).listCost(t)
	table := "| in tokens (o200k_base) | mcp-atlassian | here | |\n|---|--:|--:|--:|\n" +
		tableRow(fmt.Sprintf("the list of tools: 35 core ones of 0.23.1, all %d here", tools), cost{model, peerTools})
	for _, kind := range []struct {
		name   string
		of     []string
		result func(t *testing.T, of string) (name, here string, there any)
	}{
		{"issues read", issues, w.issueResults},
		{"pages read", pages, w.pageResults},
		{"searches for issues", d.Searches["jira_search"], w.issueSearches},
		{"searches for pages", d.Searches["confluence_search"], w.pageSearches},
	} {
		var sum cost
		for _, of := range kind.of {
			name, here, there := kind.result(t, of)
			sum.add(t, name, here, there)
		}
		table += tableRow(fmt.Sprintf("%d %s", len(kind.of), kind.name), sum)
		results.here, results.there = results.here+sum.here, results.there+sum.there
	}
	table += tableRow("all these results", results)
	if 2*results.here > results.there {
		t.Errorf("%d tokens here are more than half of the %d there", results.here, results.there)
	}
	inReadme(t, table)
}

// peerTools are the tokens of mcp-atlassian's 35 core tools (TOOLSETS=default of 0.23.1, with FastMCP
// 3.4.10): name, description and input schema of each, as compact JSON. All 98 take 20,711.
const peerTools = 8_645

func tableRow(name string, c cost) string {
	return fmt.Sprintf("| %s | %s | %s | %d %% |\n", name, rounded(c.there), rounded(c.here), c.percent())
}

// inReadme holds the table of the README to this one.
func inReadme(t *testing.T, table string) {
	t.Helper()
	const path, begin, end = "../../../README.md", "<!-- tokens -->\n", "<!-- /tokens -->\n"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", path)
	}
	golden(t, path, []byte(before+begin+table+end+after))
}

func rounded(n int) string {
	n = (n + 50) / 100 * 100
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// fieldOf is the field of Jira that a member of an issue shows; empty is none.
var fieldOf = map[string]string{
	"key": "", "url": "", "status_category": "", "comment_total": "", "untrusted": "",
	"summary": "summary", "type": "issuetype", "status": "status", "resolution": "resolution", "priority": "priority",
	"assignee": "assignee", "reporter": "reporter", "labels": "labels", "components": "components", "fix_versions": "fixVersions",
	"created": "created", "updated": "updated", "due": "duedate", "parent": "parent", "subtasks": "subtasks", "links": "issuelinks",
	"attachments": "attachment", "description": "description", "comments": "comment",
}

// shownFields are the fields that an issue of ours shows.
func (w *world) shownFields(t *testing.T, issue object) map[string]bool {
	t.Helper()
	asked := map[string]bool{}
	for _, m := range issue {
		if custom, ok := m.value.(object); ok && m.name == "fields" {
			for _, c := range custom {
				asked[w.fieldNamed(t, c.name)] = true
			}
			continue
		}
		field, known := fieldOf[m.name]
		if !known {
			t.Errorf("which field does %q show?", m.name)
		}
		if field != "" {
			asked[field] = true
		}
	}
	return asked
}

func (w *world) fieldNamed(t *testing.T, name string) string {
	t.Helper()
	fields := get[[]any](t, w.jira, sandbox.JiraToken, http.MethodGet, "/rest/api/2/field", nil)
	for _, f := range fields {
		if f.(raw)["name"] == name {
			return f.(raw)["id"].(string)
		}
	}
	t.Fatalf("no field %q", name)
	return ""
}

func (w *world) issueResults(t *testing.T, key string) (name, here string, there any) {
	t.Helper()
	here = w.call(t, "jira_get_issue", json.RawMessage(plain(raw{"issue_key": key})))
	asked := w.shownFields(t, ordered(t, []byte(here)).(object))
	issue := get[raw](t, w.jira, sandbox.JiraToken, http.MethodGet, "/rest/api/2/issue/"+key, nil)
	return key, here, peerIssue(issue, asked)
}

func (w *world) issueSearches(t *testing.T, jql string) (name, here string, there any) {
	t.Helper()
	here = w.call(t, "jira_search", json.RawMessage(plain(raw{"jql": jql})))
	found := ordered(t, []byte(here)).(object).get("issues").([]any)
	asked := map[string]bool{}
	for _, issue := range found {
		for field := range w.shownFields(t, issue.(object)) {
			asked[field] = true
		}
	}
	result := get[raw](t, w.jira, sandbox.JiraToken, http.MethodPost, "/rest/api/2/search", raw{"jql": jql, "maxResults": 10})
	issues := each(result["issues"], func(r raw) any { return peerIssue(r, asked) })
	if len(issues) != len(found) || len(issues) == 0 {
		t.Fatalf("%s finds %d here and %d there", jql, len(found), len(issues))
	}
	return jql, here, object{{"total", result["total"]}, {"start_at", 0}, {"max_results", 10}, {"issues", issues}}
}

func (w *world) pageResults(t *testing.T, id string) (name, here string, there any) {
	t.Helper()
	here = w.call(t, "confluence_get_page", json.RawMessage(plain(raw{"page_id": id})))
	page := get[raw](t, w.confluence, sandbox.ConfluenceToken, http.MethodGet, "/rest/api/content/"+id+"?expand=body.storage,version,space,children.attachment,history", nil)
	text, err := markup.FromStorage(page["body"].(raw)["storage"].(raw)["value"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return page["title"].(string), here, object{{"metadata", peerPage(page, "markdown", text)}}
}

func (w *world) pageSearches(t *testing.T, cql string) (name, here string, there any) {
	t.Helper()
	here = w.call(t, "confluence_search", json.RawMessage(plain(raw{"query": cql})))
	found := ordered(t, []byte(here)).(object).get("results").([]any)
	result := get[raw](t, w.confluence, sandbox.ConfluenceToken, http.MethodGet,
		"/rest/api/search?limit=10&expand=content.history,content.version&cql="+url.QueryEscape(cql), nil)
	marks := regexp.MustCompile(`@@@(end)?hl@@@`)
	pages := each(result["results"], func(r raw) any {
		return peerPage(r["content"].(raw), "view", marks.ReplaceAllString(r["excerpt"].(string), ""))
	})
	if len(pages) != len(found) || len(pages) == 0 {
		t.Fatalf("%s finds %d here and %d there", cql, len(found), len(pages))
	}
	return cql, here, pages
}

// get asks a sandbox itself.
func get[T any](t *testing.T, site http.Handler, token, method, path string, body any) (answer T) {
	t.Helper()
	request := httptest.NewRequest(method, path, bytes.NewReader([]byte(plain(body))))
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	site.ServeHTTP(recorder, request)
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, recorder.Code, recorder.Body, err)
	}
	return answer
}
