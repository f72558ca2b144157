package caddymodule_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/person"
)

const readersAndWriters = "allow read\nallow write role Atlassian.Writer"

// TestAttack5_14_SmuggledCalls: a reader sends bodies that two parsers understand differently, one of
// whom might see a tool that may be used. No spelling of a call makes Jira hear of it.
func TestAttack5_14_SmuggledCalls(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", withPolicy(readersAndWriters)))
	ada, ben := w.signIn(person.New("Ada Keller")), w.signIn(person.New("Ben Okafor"))
	write := message("tools/call", `{"name":"jira_add_comment","arguments":{"issue_key":"PLAT-1","body":"smuggled"}}`)
	packed := new(bytes.Buffer)
	z := gzip.NewWriter(packed)
	_, _ = z.Write([]byte(write))
	_ = z.Close()
	before := w.upstream.Load()
	for name, tc := range map[string]struct {
		body    string
		headers []string
	}{
		"as it is":                 {body: write},
		"the header says another":  {body: write, headers: []string{"Mcp-Method", "tools/call", "Mcp-Name", "jira_get_issue"}},
		"a header twice":           {body: write, headers: []string{"Mcp-Name", "jira_get_issue", "Mcp-Name", "jira_add_comment"}},
		"name twice":               {body: strings.Replace(write, `"name":`, `"name":"jira_get_issue","name":`, 1)},
		"name twice, reversed":     {body: strings.Replace(write, `"arguments"`, `"name":"jira_get_issue","arguments"`, 1)},
		"name once more, escaped":  {body: strings.Replace(write, `"name":`, `"n\u0061me":"jira_get_issue","name":`, 1)},
		"method twice":             {body: strings.Replace(write, `"method":`, `"method":"tools/list","method":`, 1)},
		"params twice":             {body: strings.Replace(write, `"params":`, `"params":{"name":"jira_get_issue","arguments":{"issue_key":"PLAT-1"}},"params":`, 1)},
		"members in capitals":      {body: strings.NewReplacer(`"name"`, `"NAME"`, `"params"`, `"Params"`).Replace(write)},
		"an escape in the name":    {body: strings.Replace(write, "jira_add_comment", `jira\u005fadd_comment`, 1)},
		"the name in capitals":     {body: strings.Replace(write, "jira_add_comment", "JIRA_ADD_COMMENT", 1)},
		"white space in the name":  {body: strings.Replace(write, "jira_add_comment", "jira_add_comment ", 1)},
		"a batch":                  {body: "[" + getIssue + "," + write + "]"},
		"a second value":           {body: getIssue + write},
		"a second value, in lines": {body: getIssue + "\n" + write},
		"a byte order mark":        {body: "\ufeff" + write},
		"UTF-16":                   {body: inUTF16(write)},
		"UTF-16, as it says":       {body: inUTF16(write), headers: []string{"Content-Type", "application/json; charset=utf-16le"}},
		"bytes that are no UTF-8":  {body: strings.Replace(write, "smuggled", "smuggled\xff", 1)},
		"gzip":                     {body: packed.String(), headers: []string{"Content-Encoding", "gzip"}},
		"another method of HTTP":   {body: write, headers: []string{"X-HTTP-Method-Override", "GET"}},
		"as a form":                {body: "payload=" + write, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}},
	} {
		for _, version := range []string{"2025-06-18", "2026-07-28"} {
			for _, chunked := range []bool{false, true} {
				req := w.mcpRequest(t.Context(), ada.AccessToken, tc.body)
				req.Header.Set("Mcp-Protocol-Version", version)
				for i := 0; i < len(tc.headers); i += 2 {
					if tc.headers[i] == "Content-Type" {
						req.Header.Del("Content-Type")
					}
					req.Header.Add(tc.headers[i], tc.headers[i+1])
				}
				if chunked {
					req.ContentLength, req.Body = -1, io.NopCloser(strings.NewReader(tc.body))
				}
				resp, body := w.do(req)
				if strings.Contains(body, "focusedCommentId") || strings.Contains(body, `"result"`) {
					t.Errorf("%s (%s, chunked %v): %d %.300s", name, version, chunked, resp.StatusCode, body)
				}
			}
		}
	}
	if heard := w.upstream.Load() - before; heard != 0 {
		t.Errorf("Jira heard %d requests", heard)
	}
	if resp, body := w.mcp(ben.AccessToken, write); resp.StatusCode != http.StatusOK || !strings.Contains(body, "focusedCommentId") {
		t.Errorf("who may write: %d %s", resp.StatusCode, body)
	}
}

func inUTF16(s string) string {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune(s)))
	return b.String()
}

// TestAttack5_15_ToolsListShowsForbiddenTools: the list holds what may be called and nothing else, by
// whoever asks, one after the other on one server.
func TestAttack5_15_ToolsListShowsForbiddenTools(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", withPolicy("allow read product jira\nallow write toolset:jira_comments role Atlassian.Writer\nallow jira_transition_issue role Atlassian.Admin\ndeny jira_search role Atlassian.Reader")))
	for range 2 {
		for _, tc := range []struct{ name, role, listed, hidden string }{
			{"Ada Keller", "Atlassian.Admin", "jira_search jira_transition_issue", "jira_add_comment confluence_get_page jira_delete_issue"},
			{"Ben Okafor", "Atlassian.Writer", "jira_search jira_add_comment", "jira_transition_issue confluence_get_page jira_delete_comment"},
			{"Chloé Martin", "Atlassian.Reader", "jira_get_issue", "jira_search jira_add_comment jira_transition_issue"},
		} {
			s := w.signIn(person.New(tc.name))
			_, body := w.mcp(s.AccessToken, message("tools/list", "{}"))
			listed := toolNames(t, body)
			for tool := range strings.FieldsSeq(tc.listed) {
				if !slices.Contains(listed, tool) {
					t.Errorf("%s: %s is not listed", tc.name, tool)
				}
			}
			for tool := range strings.FieldsSeq(tc.hidden) {
				if slices.Contains(listed, tool) {
					t.Errorf("%s: %s is listed", tc.name, tool)
				}
			}
			// What is listed is what the command says may be called.
			var may []string
			for line := range strings.Lines(w.operator("policy", "--as", "role="+tc.role)) {
				if words := strings.Fields(line); len(words) > 1 && words[0] == "yes" {
					may = append(may, words[1])
				}
			}
			if slices.Sort(may); !slices.Equal(may, listed) {
				t.Errorf("%s: listed %v, may %v", tc.name, listed, may)
			}
		}
	}
}

// TestAttack5_19_WorkOfClosedTools: what is closed as a tool is asked of others that could do it.
func TestAttack5_19_WorkOfClosedTools(t *testing.T) {
	w := newWorld(t)
	w.load(w.caddyfile("", withPolicy("deny jira_transition_issue jira_add_comment jira_create_issue jira_search confluence_move_page confluence_create_page confluence_search jira_get_issue project PLAT\n"+
		"deny jira_add_comment jira_search confluence_move_page confluence_create_page confluence_search")))
	ben := w.signIn(person.New("Ben Okafor"))
	for call, never := range map[string]string{
		`{"name":"jira_update_issue","arguments":{"issue_key":"PLAT-7","transition":"Done","fields":{"resolution":"Done"}}}`:         `"status"`,
		`{"name":"jira_update_issue","arguments":{"issue_key":"OPS-3","comment":"x"}}`:                                               `"comment_id"`,
		`{"name":"jira_update_issue","arguments":{"issue_key":"OPS-3","fields":{"comment":"x"}}}`:                                    `"fields"`,
		`{"name":"jira_transition_issue","arguments":{"issue_key":"OPS-3","transition":"Resume","comment":"x"}}`:                     `"status"`,
		`{"name":"jira_batch_create_issues","arguments":{"issues":[{"project_key":"PLAT","summary":"x","issue_type":"Task"}]}}`:      `"created"`,
		`{"name":"confluence_update_page","arguments":{"page_id":"1310015","parent_id":"1310016"}}`:                                  `"version"`,
		`{"name":"confluence_copy_page","arguments":{"source_page_id":"1310015","destination_space_key":"TEAM","new_title":"Copy"}}`: `"url"`,
		`{"name":"search","arguments":{"query":"token"}}`:                                                                            `"results"`,
		`{"name":"fetch","arguments":{"id":"jira:PLAT-7"}}`:                                                                          `"title"`,
	} {
		if _, body := w.mcp(ben.AccessToken, message("tools/call", call)); strings.Contains(strings.ReplaceAll(body, `\"`, `"`), never) || !strings.Contains(body, `"isError":true`) && !strings.Contains(body, "unknown tool") {
			t.Errorf("%s: %s", call, body)
		}
	}
	for call, want := range map[string]string{
		`{"name":"jira_list_comments","arguments":{"issue_key":"OPS-3"}}`:                            `"total":1`,
		`{"name":"jira_get_issue","arguments":{"issue_key":"OPS-3"}}`:                                `"status":"Waiting"`,
		`{"name":"confluence_get_page","arguments":{"page_id":"1310015"}}`:                           `"version":1`,
		`{"name":"jira_get_project_issues","arguments":{"project_key":"PLAT"}}`:                      "PLAT-10",
		`{"name":"fetch","arguments":{"id":"confluence:1310007"}}`:                                   "30 days unused",
		`{"name":"jira_update_issue","arguments":{"issue_key":"OPS-3","fields":{"summary":"open"}}}`: `"fields":["summary"]`,
	} {
		if _, body := w.mcp(ben.AccessToken, message("tools/call", call)); !strings.Contains(strings.ReplaceAll(body, `\"`, `"`), want) || strings.Contains(body, "PLAT-11") {
			t.Errorf("%s: no %s in %s", call, want, body)
		}
	}
}

func toolNames(t *testing.T, body string) (names []string) {
	t.Helper()
	_, data, _ := strings.Cut(body, "data: ")
	if data == "" {
		data = body
	}
	var answer struct {
		Result struct {
			Tools []struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(data), &answer); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	for _, tool := range answer.Result.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	return names
}
