package atlassian

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/contract"
)

// TestFilesContract: every address at which the products keep or take files, where a document has it.
func TestFilesContract(t *testing.T) {
	const (
		jiraAnswer       = `[{"id":"10001","filename":"a.txt","size":5,"mimeType":"text/plain"}]`
		confluenceAnswer = `{"results":[{"id":"att2","type":"attachment","status":"current","title":"a.txt"}],"start":0,"limit":1,"size":1,"_links":{}}`
		oneAnswer        = `{"id":"att2","type":"attachment","status":"current","title":"a.txt"}`
	)
	for name, tc := range map[string]struct {
		product    string
		deployment Deployment
		documents  []string
		redirect   int // how Cloud answers a download; zero: no document has one
		download   string
		uploads    map[string]string // address -> answer
		seen       []string
	}{
		"Jira Cloud": {Jira, Cloud, contract.JiraCloud, http.StatusSeeOther, "rest/api/3/attachment/content/10000",
			map[string]string{"rest/api/3/issue/PLAT-1/attachments": jiraAnswer},
			[]string{"GET /rest/api/3/attachment/content/{id}", "POST /rest/api/3/issue/{issueIdOrKey}/attachments"}},
		"Jira Data Center": {Jira, DataCenter, contract.JiraDataCenter, 0, "",
			map[string]string{"rest/api/2/issue/PLAT-1/attachments": strings.Trim(jiraAnswer, "[]")}, // the document knows no list
			[]string{"POST /rest/api/2/issue/{issueIdOrKey}/attachments"}},
		"Confluence Cloud": {Confluence, Cloud, contract.ConfluenceCloud, http.StatusFound, "wiki/rest/api/content/1/child/attachment/att2/download?version=3",
			map[string]string{"wiki/rest/api/content/1/child/attachment": confluenceAnswer, "wiki/rest/api/content/1/child/attachment/att2/data": oneAnswer},
			[]string{"GET /wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download", "POST /wiki/rest/api/content/{id}/child/attachment", "POST /wiki/rest/api/content/{id}/child/attachment/{attachmentId}/data"}},
		"Confluence Data Center": {Confluence, DataCenter, contract.ConfluenceDataCenter, 0, "",
			map[string]string{"wiki/rest/api/content/1/child/attachment": confluenceAnswer, "wiki/rest/api/content/1/child/attachment/att2/data": oneAnswer},
			[]string{"POST /rest/api/content/{id}/child/attachment", "POST /rest/api/content/{id}/child/attachment/{attachmentId}/data"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := contract.Load(t, tc.documents...)
			files := c.Wrap(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					w.Header().Set("Location", "/kept/elsewhere")
					w.WriteHeader(tc.redirect)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				for address, answer := range tc.uploads {
					if strings.TrimPrefix(address, "wiki/") == strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"), "wiki/") {
						fmt.Fprint(w, answer)
					}
				}
			}))
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/kept/elsewhere" {
					send("a.txt", "hello")(w, r)
					return
				}
				files.ServeHTTP(w, r)
			}))
			defer server.Close()
			s := newTestSite(t, tc.product, nil, func(c *Config) {
				c.URL, c.Deployment, c.Credentials = server.URL, tc.deployment, Credentials{"me@example.com", "token"}
			})
			if tc.redirect != 0 {
				file, err := s.Download(t.Context(), tc.download, 100)
				if err != nil {
					t.Fatal(err)
				}
				if content, err := io.ReadAll(file); err != nil || string(content) != "hello" {
					t.Errorf("%q, %v", content, err)
				}
				file.Close()
			}
			for address, want := range tc.uploads {
				fields := map[string]string{}
				if tc.product == Confluence {
					fields["comment"], fields["minorEdit"] = "a \"comment\"\n", "true"
				}
				resp, err := s.Upload(t.Context(), address, Attachment{Name: "a.txt", Content: strings.NewReader("hello"), Size: -1, Fields: fields})
				if err != nil {
					t.Fatal(err)
				}
				if answer, err := io.ReadAll(resp.Body); err != nil || string(answer) != want {
					t.Errorf("%s: %q, %v", address, answer, err)
				}
				resp.Body.Close()
			}
			if diff := cmp.Diff(tc.seen, c.Seen()); diff != "" || !slices.IsSorted(tc.seen) {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFilesOfDataCenter: the addresses that Data Center gives its attachments are in no document. They
// lie on the site itself, whatever its path is.
func TestFilesOfDataCenter(t *testing.T) {
	for _, tc := range []struct{ product, context, address, want string }{
		{Jira, "/jira", "%s/jira/secure/attachment/10000/a%%20b.txt", "/jira/secure/attachment/10000/a%20b.txt"},
		{Confluence, "", "wiki/download/attachments/1/a%20b.txt?version=1&api=v2", "/download/attachments/1/a%20b.txt?version=1&api=v2"},
		{Confluence, "/wiki", "wiki/download/attachments/1/a.txt", "/wiki/download/attachments/1/a.txt"},
		{Confluence, "/confluence", "wiki/download/attachments/1/a.txt", "/confluence/download/attachments/1/a.txt"},
	} {
		var asked *url.URL
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked = r.URL; r.Header.Get("Authorization") != "Bearer "+patOnly.Token {
				http.Redirect(w, r, tc.context+"/login.jsp", http.StatusFound)
				return
			}
			send("a b.txt", "hello")(w, r)
		}))
		s := newTestSite(t, tc.product, nil, func(c *Config) { c.URL = server.URL + tc.context })
		address := tc.address
		if strings.HasPrefix(address, "%s") {
			address = fmt.Sprintf(address, server.URL)
		}
		file, err := s.Download(t.Context(), address, 100)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil || string(content) != "hello" || asked.RequestURI() != tc.want {
			t.Errorf("%s: asked for %s, got %q, %v", address, asked.RequestURI(), content, err)
		}
		file.Close()
		server.Close()
	}
}
