package atlassian

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProbeConfluence(t *testing.T) {
	const (
		login   = "<html><title>Log in</title></html>"
		cloud   = `{"type":"known","accountId":"557058:svc"}`
		dc      = `{"type":"known","username":"svc","userKey":"8a7f"}`
		visitor = `{"type":"anonymous","displayName":"Anonymous"}`
	)
	for _, tc := range []struct {
		name, context string
		answers       map[string]string // path -> body; HTML is a sign-in page
		want          Deployment
		refused       bool
	}{
		{name: "Cloud", answers: map[string]string{"/_edge/tenant_info": `{"cloudId":"1"}`}, want: Cloud},
		{name: "Cloud with the wiki in its address", context: "/wiki", answers: map[string]string{"/_edge/tenant_info": `{"cloudId":"1"}`}, want: Cloud},
		{name: "Data Center", want: DataCenter},
		{name: "Data Center under a context path", context: "/confluence", want: DataCenter},
		{name: "Data Center under the context path of Cloud", context: "/wiki", want: DataCenter},
		{name: "Data Center behind a sign-in", answers: map[string]string{"/_edge/tenant_info": login, "/rest/api/user/current": dc}, want: DataCenter},
		{name: "Data Center behind a sign-in, under /wiki", context: "/wiki", answers: map[string]string{"/_edge/tenant_info": login, "/wiki/rest/api/user/current": dc}, want: DataCenter},
		{name: "Cloud behind a sign-in", context: "/wiki", answers: map[string]string{"/_edge/tenant_info": login, "/wiki/rest/api/user/current": cloud}, want: Cloud},
		{name: "credentials refused", answers: map[string]string{"/_edge/tenant_info": login, "/rest/api/user/current": login}, refused: true},
		{name: "credentials ignored", answers: map[string]string{"/_edge/tenant_info": login, "/rest/api/user/current": visitor}, refused: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, ok := tc.answers[r.URL.Path]
				switch {
				case !ok:
					http.NotFound(w, r)
				case body == login:
					w.Header().Set("Content-Type", "text/html")
					io.WriteString(w, body)
				default:
					w.Header().Set("Content-Type", "application/json")
					io.WriteString(w, body)
				}
			}))
			defer server.Close()
			site, err := NewSite(Confluence, Config{URL: server.URL + tc.context, Credentials: Credentials{Token: "x"}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := site.Deployment(t.Context())
			if got != tc.want || errors.Is(err, ErrBadCredentials) != tc.refused || (err != nil) != tc.refused {
				t.Errorf("got %q, %v; want %q, refused %v", got, err, tc.want, tc.refused)
			}
		})
	}
}
