package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGateway(t *testing.T) {
	product := Product{Username: "me", Token: "classic", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, token, _ := r.BasicAuth()
		fmt.Fprint(w, user, " ", token, " ", r.URL.RequestURI())
	})}
	noWrites := func(r *http.Request) bool { return r.Method != http.MethodGet }
	person := New(Config{Username: "me", Token: "scoped", Lacks: noWrites, Jira: product, Confluence: product})
	service := New(Config{Token: "scoped", Jira: product})
	basic := func(user, token string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, token) }
	}
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer scoped") }
	const unauthorized, notFound = `{"code":401,"message":"Unauthorized"}` + "\n", `{"code":404,"message":"Not Found"}` + "\n"
	for _, tc := range []struct {
		name         string
		gateway      http.Handler
		method, path string
		set          func(*http.Request)
		status       int
		want         string
	}{
		{"Jira", person, "GET", "/ex/jira/" + CloudID + "/rest/api/3/myself?a=b", basic("me", "scoped"), 200, "me classic /rest/api/3/myself?a=b"},
		{"an escaped path", person, "GET", "/ex/jira/" + CloudID + "/rest/a%2Fb", basic("me", "scoped"), 200, "me classic /rest/a%2Fb"},
		{"Confluence", person, "GET", "/ex/confluence/" + CloudID + "/wiki/api/v2/pages", basic("me", "scoped"), 200, "me classic /wiki/api/v2/pages"},
		{"a service account", service, "POST", "/ex/jira/" + CloudID + "/rest/api/3/issue", bearer, 200, "me classic /rest/api/3/issue"},
		{"without a scope", person, "POST", "/ex/jira/" + CloudID + "/rest/api/3/issue", basic("me", "scoped"), 401, `{"code":401,"message":"Unauthorized; scope does not match"}` + "\n"},
		{"nobody", person, "GET", "/ex/jira/" + CloudID + "/rest/api/2/serverInfo", func(*http.Request) {}, 401, unauthorized},
		{"a token without scopes", person, "GET", "/ex/jira/" + CloudID + "/rest/api/3/myself", basic("me", "classic"), 401, unauthorized},
		{"a person's token as Bearer", person, "GET", "/ex/jira/" + CloudID + "/rest/api/3/myself", bearer, 401, unauthorized},
		{"another person's", person, "GET", "/ex/jira/" + CloudID + "/rest/api/3/myself", basic("you", "scoped"), 401, unauthorized},
		{"another site", person, "GET", "/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/3/myself", basic("me", "scoped"), 404, notFound},
		{"a page for people", person, "GET", "/ex/jira/" + CloudID + "/browse/PLAT-1", basic("me", "scoped"), 404, notFound},
		{"a product that is not there", service, "GET", "/ex/confluence/" + CloudID + "/wiki/rest/api/search", bearer, 404, notFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, tc.path, http.NoBody)
			tc.set(r)
			w := httptest.NewRecorder()
			tc.gateway.ServeHTTP(w, r)
			if body, _ := io.ReadAll(w.Result().Body); w.Code != tc.status || string(body) != tc.want {
				t.Errorf("%d %q, want %d %q", w.Code, body, tc.status, tc.want)
			}
		})
	}
}
