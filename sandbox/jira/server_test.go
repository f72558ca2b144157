package jira

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var testNow = time.Date(2026, 9, 15, 10, 0, 0, 0, time.UTC)

func newServer(t testing.TB, deployment string) *Server {
	t.Helper()
	s, err := New(Config{Deployment: deployment, BaseURL: "http://127.0.0.1:8001/jira", Now: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request with the right credentials, below the context path.
func ask(s *Server, method, target, body string) (int, string) {
	r := httptest.NewRequest(method, "/jira"+target, strings.NewReader(body))
	if s.cloud() {
		r.SetBasicAuth(s.cfg.Username, s.cfg.Token)
	} else {
		r.Header.Set("Authorization", "Bearer "+s.cfg.Token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestRefusals(t *testing.T) {
	const document = `{"body":{"type":"doc","version":1,"content":[%s]}}`
	for _, tc := range []struct {
		name, deployment, method, target, body string
		status                                 int
		want                                   string
	}{
		{"version 3 on Data Center", DataCenter, "GET", "/rest/api/3/issue/PLAT-1", "", 404, "null for uri"},
		{"search by token on Data Center", DataCenter, "POST", "/rest/api/2/search/jql", "{}", 404, ""},
		{"search by offset on Cloud", Cloud, "POST", "/rest/api/3/search", "{}", 410, "search/jql"},
		{"unknown issue", Cloud, "GET", "/rest/api/3/issue/PLAT-99", "", 404, "Issue does not exist or you do not have permission to see it."},
		{"unknown project", DataCenter, "GET", "/rest/api/2/project/NOPE", "", 404, "No project could be found with key 'NOPE'."},
		{"unbounded query", Cloud, "POST", "/rest/api/3/search/jql", `{"jql":"order by key"}`, 400, "Unbounded JQL"},
		{"unknown member", Cloud, "POST", "/rest/api/3/search/jql", `{"jql":"project = PLAT","startAt":5}`, 400, "Invalid request payload"},
		{"token of another query", Cloud, "POST", "/rest/api/3/search/jql", `{"jql":"project = OPS","nextPageToken":"x"}`, 400, "token is invalid"},
		{"text on Cloud", Cloud, "POST", "/rest/api/3/issue/PLAT-1/comment", `{"body":"text"}`, 400, "INVALID_INPUT"},
		{"document on Data Center", DataCenter, "POST", "/rest/api/2/issue/PLAT-1/comment", `{"body":{"type":"doc"}}`, 400, "START_OBJECT"},
		{"empty text", DataCenter, "POST", "/rest/api/2/issue/PLAT-1/comment", `{"body":" "}`, 400, "can not be empty"},
		{"empty document", Cloud, "POST", "/rest/api/3/issue/PLAT-1/comment", strings.Replace(document, "%s", "", 1), 400, "can not be empty"},
		{"heading in a list", Cloud, "POST", "/rest/api/3/issue/PLAT-1/comment", strings.Replace(document, "%s",
			`{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"heading","attrs":{"level":1},"content":[{"type":"text","text":"x"}]}]}]}`, 1), 400, "INVALID_INPUT"},
		{"empty text node", Cloud, "POST", "/rest/api/3/issue/PLAT-1/comment", strings.Replace(document, "%s",
			`{"type":"paragraph","content":[{"type":"text","text":""}]}`, 1), 400, "INVALID_INPUT"},
		{"bold code", Cloud, "POST", "/rest/api/3/issue/PLAT-1/comment", strings.Replace(document, "%s",
			`{"type":"paragraph","content":[{"type":"text","text":"x","marks":[{"type":"code"},{"type":"strong"}]}]}`, 1), 400, "INVALID_INPUT"},
		{"unknown role", DataCenter, "POST", "/rest/api/2/issue/PLAT-1/comment", `{"body":"x","visibility":{"type":"role","value":"Kings"}}`, 400, "Kings"},
		{"impossible transition", DataCenter, "POST", "/rest/api/2/issue/PLAT-1/transitions", `{"transition":{"id":"61"}}`, 400, "not valid for the current state"},
		{"missing resolution", Cloud, "POST", "/rest/api/3/issue/PLAT-1/transitions", `{"transition":{"id":"51"}}`, 400, `"resolution":"Resolution is required."`},
		{"user name on Cloud", Cloud, "GET", "/rest/api/3/user/search?username=ada", "", 400, "GDPR strict mode"},
		{"unknown user", DataCenter, "GET", "/rest/api/2/user?username=nobody", "", 404, "The user named 'nobody' does not exist"},
		{"search for nobody", DataCenter, "GET", "/rest/api/2/user/search", "", 400, "username query parameter was not provided"},
		{"assignable nowhere", Cloud, "GET", "/rest/api/3/user/assignable/search?query=a", "", 400, "must be specified"},
		{"nobody where somebody must be", Cloud, "PUT", "/rest/api/3/issue/OPS-1/assignee", `{"accountId":null}`, 400, "Issues must be assigned."},
		{"comment of another issue", Cloud, "DELETE", "/rest/api/3/issue/PLAT-1/comment/10115", "", 404, "Can not find a comment for the id: 10115."},
		{"no summary", DataCenter, "POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"PLAT"},"issuetype":{"id":"10001"}}}`, 400, `"summary":"You must specify a summary of the issue."`},
		{"no project", DataCenter, "POST", "/rest/api/2/issue", `{"fields":{"summary":"x"}}`, 400, `"project":"Specify a valid project ID or key"`},
		{"subtask of nothing", Cloud, "POST", "/rest/api/3/issue", `{"fields":{"summary":"x","project":{"key":"PLAT"},"issuetype":{"id":"10003"}}}`, 400, "Issue type is a sub-task but parent issue key or id not specified."},
		{"severity of a story", Cloud, "PUT", "/rest/api/3/issue/PLAT-3", `{"fields":{"customfield_10031":{"id":"10020"}}}`, 400, "It is not on the appropriate screen, or unknown."},
		{"option by its bare name", Cloud, "PUT", "/rest/api/3/issue/PLAT-3", `{"fields":{"customfield_10037":"Low"}}`, 400, "Could not find valid 'id' or 'value'"},
		{"points in words", Cloud, "PUT", "/rest/api/3/issue/PLAT-3", `{"fields":{"customfield_10016":"8"}}`, 400, "Operation value must be a number"},
		{"wiki markup on Cloud", Cloud, "PUT", "/rest/api/3/issue/PLAT-3", `{"fields":{"description":"text"}}`, 400, "must be an Atlassian Document"},
		{"issue with subtasks", DataCenter, "DELETE", "/rest/api/2/issue/PLAT-3", "", 400, "has subtasks.  You must specify the 'deleteSubtasks' parameter"},
		{"time that is none", DataCenter, "POST", "/rest/api/2/issue/PLAT-3/worklog", `{"timeSpent":"long"}`, 400, "Invalid time duration entered."},
		{"changes on Data Center", DataCenter, "POST", "/rest/api/2/changelog/bulkfetch", "{}", 404, "null for uri"},
		{"move to a type that is none", Cloud, "POST", "/rest/api/3/bulk/issues/move", `{"targetToSourcesMapping":{"OPS,1":{"issueIdsOrKeys":["PLAT-1"]}}}`, 400, `{"errors":[{"message":"The target project or issue type is not valid."}]}`},
		{"field that is not on the screen", Cloud, "POST", "/rest/api/3/issue/PLAT-1/transitions", `{"transition":{"id":"51"},"fields":{"resolution":{"id":"10000"},"summary":"x"}}`, 400,
			`"summary":"Field 'summary' cannot be set. It is not on the appropriate screen, or unknown."`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, body := ask(newServer(t, tc.deployment), tc.method, tc.target, tc.body)
			if status != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s, want %d and %q", status, body, tc.status, tc.want)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	for _, tc := range []struct {
		name, deployment string
		set              func(*http.Request)
		path             string
		status           int
	}{
		{"nothing", Cloud, func(*http.Request) {}, "/rest/api/3/myself", 401},
		{"nothing, server information", Cloud, func(*http.Request) {}, "/rest/api/2/serverInfo", 200},
		{"bad token", Cloud, func(r *http.Request) { r.SetBasicAuth("svc-mcp@contoso.example", "x") }, "/rest/api/2/serverInfo", 401},
		{"Bearer on Cloud", Cloud, func(r *http.Request) { r.Header.Set("Authorization", "Bearer sandbox-jira-token") }, "/rest/api/3/myself", 403},
		{"bad token, for an issue", Cloud, func(r *http.Request) { r.SetBasicAuth("svc-mcp@contoso.example", "x") }, "/rest/api/3/issue/PLAT-1", 404},
		{"right on Cloud", Cloud, func(r *http.Request) { r.SetBasicAuth("svc-mcp@contoso.example", "sandbox-jira-token") }, "/rest/api/3/myself", 200},
		{"nothing on Data Center", DataCenter, func(*http.Request) {}, "/rest/api/2/myself", 401},
		{"Basic on Data Center", DataCenter, func(r *http.Request) { r.SetBasicAuth("svc-mcp", "sandbox-jira-token") }, "/rest/api/2/myself", 401},
		{"right on Data Center", DataCenter, func(r *http.Request) { r.Header.Set("Authorization", "Bearer sandbox-jira-token") }, "/rest/api/2/myself", 200},
		{"a page for people", DataCenter, func(*http.Request) {}, "/browse/PLAT-1", 200},
		{"the start page", Cloud, func(*http.Request) {}, "", 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/jira"+tc.path, nil)
			tc.set(r)
			w := httptest.NewRecorder()
			newServer(t, tc.deployment).ServeHTTP(w, r)
			if w.Code != tc.status {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tc.status)
			}
		})
	}
}

func TestStateIsKept(t *testing.T) {
	s := newServer(t, DataCenter)
	if status, body := ask(s, "POST", "/rest/api/2/issue/PLAT-1/transitions", `{"transition":{"id":"51"},"fields":{"resolution":{"name":"Duplicate"}},"update":{"comment":[{"add":{"body":"closed"}}]}}`); status != 204 {
		t.Fatal(status, body)
	}
	_, body := ask(s, "GET", "/rest/api/2/issue/PLAT-1?fields=status,resolution,comment", "")
	var got struct {
		Fields struct {
			Status, Resolution struct{ Name string }
			Comment            struct{ Comments []struct{ Body string } }
		}
	}
	json.Unmarshal([]byte(body), &got)
	if f := got.Fields; f.Status.Name != "Done" || f.Resolution.Name != "Duplicate" || len(f.Comment.Comments) != 1 || f.Comment.Comments[0].Body != "closed" {
		t.Errorf("got %s", body)
	}
}

func TestPagesEscapeWhatPeopleWrote(t *testing.T) {
	s := newServer(t, DataCenter)
	ask(s, "POST", "/rest/api/2/issue/PLAT-1/comment", `{"body":"<script>alert(1)</script>"}`)
	status, body := ask(s, "GET", "/browse/PLAT-1", "")
	if status != 200 || strings.Contains(body, "<script>") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("%d %s", status, body)
	}
	if _, body := ask(s, "GET", "/", ""); !strings.Contains(body, "http://127.0.0.1:8001/jira/browse/OPS-1") {
		t.Error("the start page does not lead to the issues")
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	s := newServer(t, Cloud)
	document, _ := json.Marshal(map[string]any{"body": richText(true, p("x"))})
	var wait sync.WaitGroup
	for n := range 40 {
		wait.Go(func() {
			switch n % 4 {
			case 0:
				ask(s, "POST", "/rest/api/3/issue/PLAT-1/comment", string(document))
			case 1:
				ask(s, "GET", "/rest/api/3/issue/PLAT-1", "")
			case 2:
				ask(s, "POST", "/rest/api/3/search/jql", `{"jql":"text ~ x","fields":["*all"]}`)
			case 3:
				ask(s, "GET", "/browse/PLAT-1", "")
			}
		})
	}
	wait.Wait()
	if got := len(s.state.byKey["PLAT-1"].comments); got != 10 {
		t.Errorf("%d comments, want 10", got)
	}
}

func TestSeededDocumentsAreValid(t *testing.T) {
	for _, i := range newServer(t, Cloud).state.issues {
		for _, body := range append([]any{i.description, i.acceptance}, commentBodies(i)...) {
			if body == nil {
				continue
			}
			var decoded any
			data, _ := json.Marshal(body)
			json.NewDecoder(io.Reader(bytes.NewReader(data))).Decode(&decoded)
			if err := checkDocument(decoded); err != nil {
				t.Errorf("%s: %s", i.key, data)
			}
		}
	}
}

func commentBodies(i *issue) []any {
	var out []any
	for _, c := range i.comments {
		out = append(out, c.body)
	}
	return out
}
