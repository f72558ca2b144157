package confluence

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
)

// site is a sandbox, with the traffic held to Atlassian's documents when they are there.
type site struct {
	handler http.Handler
	cloud   bool
	context string
}

func newSite(t *testing.T, deployment, context string) site {
	t.Helper()
	config := Config{Deployment: deployment, Now: func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }}
	if context != "" {
		config.BaseURL = "https://confluence.example" + context
	}
	server, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return site{handler: server, cloud: deployment == Cloud, context: server.context}
}

// checked holds the site's traffic to the documents.
func (s site) checked(t *testing.T) site {
	documents, prefix := contract.ConfluenceDataCenter, s.context
	if s.cloud {
		documents, prefix = contract.ConfluenceCloud, ""
	}
	s.handler = contract.Load(t, documents...).Under(prefix).Wrap(t, s.handler)
	return s
}

// do sends a request with the right credentials.
func (s site) do(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, s.context+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if s.cloud {
		r.SetBasicAuth("svc-mcp@contoso.example", "sandbox-confluence-token")
	} else {
		r.Header.Set("Authorization", "Bearer sandbox-confluence-token")
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func search(cql string) string { return "/rest/api/search?" + url.Values{"cql": {cql}}.Encode() }

func TestAnswersFollowTheDocuments(t *testing.T) {
	if os.Getenv("ATLASSIAN_SPECS") == "" && os.Getenv("ATLASSIAN_SPECS_REQUIRED") != "1" {
		t.Skip("ATLASSIAN_SPECS is not set")
	}
	both := []string{
		"GET " + search("type in (page, comment, space)") + "&limit=100&expand=content.space,content.body.storage,content.history,content.version,content.ancestors",
		"GET " + search("no such thing"),
		"GET /rest/api/user/current",
	}
	for name, tc := range map[string]struct {
		site     site
		requests []string
	}{
		"cloud": {newSite(t, Cloud, "").checked(t), []string{
			"GET /api/v2/pages?limit=2&body-format=storage", "GET /api/v2/pages?space-id=98306&title=Architecture", "GET /api/v2/pages/1310007?include-labels=true",
			"GET /api/v2/pages/1310001", "GET /api/v2/pages/5", "GET /api/v2/pages/1310007/ancestors", "GET /api/v2/pages/1310007/footer-comments?body-format=storage&limit=1",
			"GET /api/v2/pages/1310007/inline-comments", "GET /api/v2/footer-comments/1310023/children", "GET /api/v2/inline-comments/1310027/children?body-format=storage",
			"GET /api/v2/spaces?keys=DOCS", "GET /api/v2/spaces", "GET /api/v2/spaces/98307", "GET /api/v2/spaces/1",
			`POST /api/v2/users-bulk {"accountIds":["557058:ada","nobody"]}`,
			`POST /api/v2/pages {"spaceId":"98306","title":"New","body":{"representation":"storage","value":"<p>x</p>"}}`,
			`POST /api/v2/pages {"spaceId":"98306","title":"New","body":{"representation":"storage","value":"<p>x</p>"}}`,
		}},
		"data center": {newSite(t, DataCenter, "/wiki").checked(t), []string{
			"GET /rest/api/content?spaceKey=TEAM&limit=3&expand=history,version,space,body.storage", "GET /rest/api/content/1310007", "GET /rest/api/content/5",
			"GET /rest/api/content/1310023?expand=container,ancestors,extensions.resolution,extensions.inlineProperties,space",
			"GET /rest/api/content/1310007/child/comment?depth=all&expand=body.storage,extensions.resolution,extensions.inlineProperties&limit=2",
			"GET /rest/api/space/DOCS", "GET /rest/api/space/NOPE",
			`POST /rest/api/content {"type":"page","title":"New","space":{"key":"DOCS"},"body":{"storage":{"value":"<p>x</p>","representation":"storage"}}}`,
			`POST /rest/api/content {"type":"page","title":"New","space":{"key":"DOCS"},"body":{"storage":{"value":"<p>x</p>","representation":"storage"}}}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, request := range append(both, tc.requests...) {
				method, rest, _ := strings.Cut(request, " ")
				path, body, _ := strings.Cut(rest, " ")
				if code := tc.site.do(method, path, body).Code; code >= 500 {
					t.Errorf("%s: %d", request, code)
				}
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	cloud, dc := newSite(t, Cloud, ""), newSite(t, DataCenter, "")
	newPage := func(title, body string) string {
		return fmt.Sprintf(`{"type":"page","title":%q,"space":{"key":"DOCS"},"body":{"storage":{"value":%q,"representation":"storage"}}}`, title, body)
	}
	change := func(number int) string {
		return fmt.Sprintf(`{"id":"1310003","type":"page","status":"current","title":"Installation","version":{"number":%d}}`, number)
	}
	guarded := func(deployment string) site {
		s := newSite(t, deployment, "")
		s.server().store.spaceByKey("DOCS").readOnly = true
		return s
	}
	for _, tc := range []struct {
		name         string
		site         site
		method, path string
		body         string
		status       int
		says         string
	}{
		{"v2 on Data Center", dc, "GET", "/api/v2/pages/1310007", "", 404, "null for uri"},
		{"wiki on Data Center", dc, "GET", "/wiki/rest/api/search?cql=type=page", "", 404, ""},
		{"tenant information of Data Center", dc, "GET", "/_edge/tenant_info", "", 404, ""},
		{"an operation that is only on Data Center", cloud, "GET", "/rest/api/content/1310007", "", 404, "null for uri"},
		{"unknown page", dc, "GET", "/rest/api/content/5", "", 404, `"message":"No content found with id: ContentId{id=5}"`},
		{"unknown page on Cloud", cloud, "GET", "/api/v2/pages/5", "", 404, `{"errors":[{"code":"NOT_FOUND","detail":null,"status":404,"title":"Not Found"}]}`},
		{"bad id on Cloud", cloud, "GET", "/api/v2/pages/abc", "", 400, "Expected type is long"},
		{"unknown space", dc, "POST", "/rest/api/content", strings.Replace(newPage("X", ""), "DOCS", "NOPE", 1), 404, "No space found with key : NOPE"},
		{"unknown space on Cloud", cloud, "POST", "/api/v2/pages", `{"spaceId":"1","title":"X"}`, 404, "NOT_FOUND"},
		{"title that is taken", dc, "POST", "/rest/api/content", newPage("architecture ", ""), 400, "A page already exists with the title architecture in the space with key DOCS"},
		{"title that is taken on Cloud", cloud, "POST", "/api/v2/pages", `{"spaceId":"98306","title":"Architecture"}`, 400, "A page already exists with the same TITLE in this space"},
		{"no title", dc, "POST", "/rest/api/content", newPage(" ", ""), 400, "must have a title"},
		{"open element", dc, "POST", "/rest/api/content", newPage("X", "<p>a<b>c</p>"), 400, `Error parsing xhtml: element <b> closed by </p>\n at [row,col {unknown-source}]: [1,`},
		{"element that never ends", dc, "POST", "/rest/api/content", newPage("X", "<p>a"), 400, "Error parsing xhtml"},
		{"bare ampersand on Cloud", cloud, "POST", "/api/v2/pages", `{"spaceId":"98306","title":"X","body":{"representation":"storage","value":"AT&T"}}`, 400, "Error parsing xhtml"},
		{"unknown representation", cloud, "POST", "/api/v2/pages", `{"spaceId":"98306","title":"X","body":{"representation":"html","value":""}}`, 400, "html"},
		{"bad CQL", dc, "GET", search("title ~"), "", 400, "Could not parse cql : title ~"},
		{"bad CQL on Cloud", cloud, "GET", search("tilte = x"), "", 400, "com.atlassian.confluence.api.service.exceptions.BadRequestException: Could not parse cql"},
		{"a version that is not the next", dc, "PUT", "/rest/api/content/1310003", change(1), 409, `"message":"Version must be incremented on update. Current version is: 2","reason":"Conflict"`},
		{"a version that is not the next on Cloud", cloud, "PUT", "/api/v2/pages/1310003", change(5), 409, `{"code":"CONFLICT","detail":null,"status":409,"title":"Version must be incremented when updating a page. Current Version: [2]. Provided version: [5]"}`},
		{"no permission", guarded(DataCenter), "PUT", "/rest/api/content/1310003", change(3), 403, `"message":"Could not update Content of type : page with id 1310003"`},
		{"no permission on Cloud", guarded(Cloud), "PUT", "/api/v2/pages/1310003", change(3), 404, "NOT_FOUND"},
		{"inline comment without what the page's own script sends", dc, "POST", "/rest/api/content", `{"type":"comment","container":{"id":"1310007","type":"page"},"extensions":{"location":"inline","inlineProperties":{"originalSelection":"code","matchIndex":0,"numMatches":1}}}`, 400, `{"message":{"key":"serializedHighlights"}}`},
		{"inline comment on what is not there", cloud, "POST", "/api/v2/inline-comments", `{"pageId":"1310007","body":{"representation":"storage","value":"x"},"inlineCommentProperties":{"textSelection":"nowhere","textSelectionMatchCount":1}}`, 400, "BAD_REQUEST"},
		{"comment on nothing", cloud, "POST", "/api/v2/footer-comments", `{"pageId":"5","body":{"representation":"storage","value":"x"}}`, 404, "NOT_FOUND"},
		{"comment without permission", guarded(DataCenter), "POST", "/rest/api/content", `{"type":"comment","container":{"id":"1310007","type":"page"}}`, 403, "Could not create content with type comment"},
		{"deleting without permission", guarded(DataCenter), "DELETE", "/rest/api/content/1310003", "", 403, "Could not delete content"},
		{"deleting without permission on Cloud", guarded(Cloud), "DELETE", "/api/v2/pages/1310003", "", 404, "NOT_FOUND"},
		{"moving below itself", cloud, "PUT", "/rest/api/content/1310005/move/append/1310006", "", 400, "parent-child loop"},
		{"moving without permission", guarded(Cloud), "PUT", "/rest/api/content/1310005/move/append/1310001", "", 403, "PermissionException"},
		{"moving to nothing", cloud, "PUT", "/rest/api/content/1310005/move/append/5", "", 404, "No content found"},
		{"moving on Data Center", dc, "PUT", "/rest/api/content/1310005/move/append/1310001", "", 404, "null for uri"},
		{"copying to nothing", cloud, "POST", "/rest/api/content/1310005/copy", `{"destination":{"type":"space","value":"NOPE"}}`, 404, "The destination does not exist"},
		{"copying without destination", cloud, "POST", "/rest/api/content/1310005/copy", `{}`, 400, "destination.type is invalid"},
		{"locking the account itself out", dc, "PUT", "/rest/api/content/1310005/restriction", `[{"operation":"read","restrictions":{"user":[{"username":"akeller"}]}}]`, 400, "revoke the requesting user's access is prohibited"},
		{"restricting without permission", guarded(DataCenter), "PUT", "/rest/api/content/1310005/restriction", `[]`, 403, "not permitted"},
		{"label of two words", cloud, "POST", "/rest/api/content/1310005/label", `{"prefix":"global","name":"two words"}`, 400, "invalid characters"},
		{"label that is not there", dc, "DELETE", "/rest/api/content/1310005/label?name=x", "", 404, "does not exist on the content"},
		{"a version that never was", dc, "GET", "/rest/api/content/1310003?status=historical&version=9", "", 404, "No content found"},
	} {
		w := tc.site.do(tc.method, tc.path, tc.body)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s: %d %s, want %d with %q", tc.name, w.Code, w.Body, tc.status, tc.says)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/rest/api/search?cql=type=page", nil) // Cloud without /wiki
	r.SetBasicAuth("svc-mcp@contoso.example", "sandbox-confluence-token")
	w := httptest.NewRecorder()
	if cloud.handler.ServeHTTP(w, r); w.Code != 404 {
		t.Errorf("Cloud without /wiki: %d", w.Code)
	}
}

func TestAuthentication(t *testing.T) {
	for _, tc := range []struct {
		name       string
		deployment string
		set        func(*http.Request)
		want       int
	}{
		{"Cloud, right", Cloud, func(r *http.Request) { r.SetBasicAuth("svc-mcp@contoso.example", "sandbox-confluence-token") }, 200},
		{"Cloud, wrong token", Cloud, func(r *http.Request) { r.SetBasicAuth("svc-mcp@contoso.example", "x") }, 401},
		{"Cloud, wrong user", Cloud, func(r *http.Request) { r.SetBasicAuth("ada", "sandbox-confluence-token") }, 401},
		{"Cloud, bearer", Cloud, func(r *http.Request) { r.Header.Set("Authorization", "Bearer sandbox-confluence-token") }, 401},
		{"Cloud, none", Cloud, func(*http.Request) {}, 401},
		{"Data Center, right", DataCenter, func(r *http.Request) { r.Header.Set("Authorization", "Bearer sandbox-confluence-token") }, 200},
		{"Data Center, wrong", DataCenter, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		{"Data Center, basic", DataCenter, func(r *http.Request) { r.SetBasicAuth("svc-mcp", "sandbox-confluence-token") }, 401},
		{"Data Center, none", DataCenter, func(*http.Request) {}, 401},
	} {
		s := newSite(t, tc.deployment, "")
		r := httptest.NewRequest(http.MethodGet, s.context+"/rest/api/user/current", nil)
		tc.set(r)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, w.Code, tc.want)
		}
		if tc.want == 401 && tc.deployment == DataCenter && !strings.Contains(w.Body.String(), "Client must be authenticated to access this resource.") {
			t.Errorf("%s: %s", tc.name, w.Body)
		}
	}
}

func TestView(t *testing.T) {
	for _, deployment := range []string{Cloud, DataCenter} {
		s := newSite(t, deployment, "")
		evil := `<p onclick="x()">hi<script>alert(1)</script><a href="javascript:x()">l</a></p>`
		if w := s.do("POST", map[string]string{Cloud: "/api/v2/pages", DataCenter: "/rest/api/content"}[deployment],
			fmt.Sprintf(`{"type":"page","spaceId":"98306","space":{"key":"DOCS"},"title":"Evil","body":{"representation":"storage","value":%q,"storage":{"value":%[1]q}}}`, evil)); w.Code != 200 && deployment == Cloud {
			t.Fatalf("creating a page: %d %s", w.Code, w.Body)
		}
		for _, e := range s.server().store.entries() {
			path := spacePath(s.cloud, e.space)
			switch {
			case e.comment != nil:
				path = commentPath(s.cloud, e.comment)
			case e.page != nil:
				path = pagePath(s.cloud, e.page)
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, s.context+path, nil))
			text := w.Body.String()
			if w.Code != 200 || !strings.Contains(text, "<h1>") {
				t.Errorf("%s: %d %.200s", path, w.Code, text)
			}
			if strings.Contains(text, "<script") || strings.Contains(text, "onclick") || strings.Contains(text, "javascript:") {
				t.Errorf("%s: something active got through: %s", path, text)
			}
		}
	}
}

func (s site) server() *Server { return s.handler.(*Server) }

// TestConcurrentUse is for the race detector, and counts what came of it.
func TestConcurrentUse(t *testing.T) {
	s := newSite(t, Cloud, "")
	before := len(s.server().store.pages)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			s.do("POST", "/api/v2/pages", fmt.Sprintf(`{"spaceId":"98306","title":"New %d"}`, i%10))
			s.do("GET", search("type = page"), "")
			s.do("GET", "/api/v2/pages/1310007/footer-comments", "")
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/wiki/spaces/DOCS", nil))
		})
	}
	all.Wait()
	if got := len(s.server().store.pages) - before; got != 10 {
		t.Errorf("%d pages were created, want 10: a title was taken twice", got)
	}
}

func TestNewRefusesBadConfig(t *testing.T) {
	for _, c := range []Config{{Deployment: "server"}, {BaseURL: "/x"}, {BaseURL: "https://x.example/wiki"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestSeed(t *testing.T) {
	s := newSite(t, Cloud, "")
	count := map[string]int{}
	for _, p := range s.server().store.pages {
		count[p.space.key]++
		for _, v := range p.versions {
			if complaint := checkStorage(v.body); complaint != "" {
				t.Errorf("%s: %s", p.title(), complaint)
			}
		}
		if p.parent == nil && p.id != p.space.homepage {
			t.Errorf("%s has no parent", p.title())
		}
	}
	if count["DOCS"]+count["TEAM"] < 12 || count["DOCS"] == 0 || count["TEAM"] == 0 {
		t.Errorf("pages: %v", count)
	}
	if w := s.do("GET", "/rest/api/user/current", ""); w.Code != 200 {
		body, _ := io.ReadAll(w.Body)
		t.Errorf("current user: %s", body)
	}
}
