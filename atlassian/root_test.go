package atlassian

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testCloudID = "1324a887-45db-1bf4-1e99-ef0ff456d421"

// internet is a transport that knows a site and a gateway, and what was asked of them.
type internet struct {
	tenant  string            // the answer of tenant_info; empty: there is none
	classic string            // the Authorization that the site takes
	scoped  map[string]string // Authorization that the gateway takes -> what it lacks a scope for
	site    int               // how the site refuses; zero is 401
	down    bool              // the gateway does not answer

	mu    sync.Mutex
	asked []string
}

func (n *internet) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.asked = append(n.asked, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
	n.mu.Unlock()
	status, body := n.answer(r)
	if status == 0 {
		return nil, refused()
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
}

func (n *internet) answer(r *http.Request) (int, string) {
	authorization := r.Header.Get("Authorization")
	const me = `{"accountId":"557058:svc"}`
	switch {
	case r.URL.Host == "api.atlassian.com" && n.down:
		return 0, ""
	case r.URL.Host == "api.atlassian.com":
		lacks, known := n.scoped[authorization]
		if !known || !strings.Contains(r.URL.Path, "/"+testCloudID+"/") {
			return http.StatusUnauthorized, `{"code":401,"message":"Unauthorized"}`
		}
		if lacks != "" && strings.Contains(r.URL.Path, lacks) {
			return http.StatusUnauthorized, `{"code":401,"message":"Unauthorized; scope does not match"}`
		}
		return http.StatusOK, me
	case r.URL.Path == "/_edge/tenant_info" && n.tenant != "":
		return http.StatusOK, n.tenant
	case r.URL.Path == "/rest/api/2/serverInfo":
		return http.StatusOK, `{"deploymentType":"Cloud"}`
	case authorization == n.classic:
		return http.StatusOK, me
	case n.site != 0:
		return n.site, `{"error":"Failed to parse Connect Session Auth Token"}`
	}
	return http.StatusUnauthorized, `{"message":"Client must be authenticated to access this resource.","status-code":401}`
}

// since are the requests that came after the first n, and how many there are in all.
func (n *internet) since(seen int) ([]string, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.asked[seen:]), len(n.asked)
}

func basic(user, token string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+token))
}

func TestWhereTheAPIAnswers(t *testing.T) {
	const (
		tenant  = `{"cloudId":"` + testCloudID + `"}`
		gateway = "https://api.atlassian.com/ex/jira/" + testCloudID + "/"
		site    = "https://x.atlassian.net/"
	)
	person, service := Credentials{"me@example.com", "token"}, Credentials{Token: "token"}
	for _, tc := range []struct {
		name    string
		net     *internet
		creds   Credentials
		cloudID string
		want    string   // where the request goes; empty: nowhere
		before  []string // what is asked before it
		text    string   // of the error
	}{
		{name: "a token without scopes", net: &internet{tenant: tenant, classic: basic("me@example.com", "token")}, creds: person,
			want: site, before: []string{"rest/api/2/serverInfo", "rest/api/3/myself"}},
		{name: "a token with scopes", net: &internet{tenant: tenant, scoped: map[string]string{basic("me@example.com", "token"): ""}}, creds: person,
			want: gateway, before: []string{"rest/api/2/serverInfo", "rest/api/3/myself", "_edge/tenant_info", "myself at the gateway"}},
		{name: "that of a service account", net: &internet{tenant: tenant, site: 403, scoped: map[string]string{"Bearer token": ""}}, creds: service,
			want: gateway, before: []string{"rest/api/2/serverInfo", "rest/api/3/myself", "_edge/tenant_info", "myself at the gateway"}},
		{name: "one that may not read who it is of", net: &internet{tenant: tenant, scoped: map[string]string{basic("me@example.com", "token"): "myself"}}, creds: person,
			want: gateway, before: []string{"rest/api/2/serverInfo", "rest/api/3/myself", "_edge/tenant_info", "myself at the gateway"}},
		{name: "a configured cloud id", net: &internet{scoped: map[string]string{basic("me@example.com", "token"): ""}}, creds: person, cloudID: strings.ToUpper(testCloudID),
			want: gateway},
		{name: "a wrong token", net: &internet{tenant: tenant}, creds: person, text: "JIRA_PERSONAL_TOKEN"},
		{name: "a wrong token of a service account", net: &internet{tenant: tenant, site: 403}, creds: service, text: "JIRA_USERNAME, which Cloud needs"},
		{name: "a gateway that does not answer", net: &internet{tenant: tenant, down: true}, creds: person, text: "Client must be authenticated"},
		{name: "no tenant information", net: &internet{}, creds: person, text: "Client must be authenticated"},
		{name: "a cloud id that is a path", net: &internet{tenant: `{"cloudId":"../../oauth"}`}, creds: person, text: "Client must be authenticated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newTestSite(t, Jira, tc.net, func(c *Config) {
				c.URL, c.Deployment, c.Credentials, c.CloudID = "https://x.atlassian.net", "", tc.creds, tc.cloudID
			})
			seen := 0
			for round := range 2 {
				resp, err := s.Do(newRequest(t, t.Context(), s, "POST"))
				var asked []string
				asked, seen = tc.net.since(seen)
				if tc.want == "" {
					if !errors.Is(err, ErrBadCredentials) || !strings.Contains(err.Error(), tc.text) {
						t.Fatalf("error = %v, want one of credentials with %q", err, tc.text)
					}
					if strings.Contains(strings.Join(asked, "\n"), "issue/PLAT-1") || strings.Contains(strings.Join(asked, "\n"), "oauth") {
						t.Errorf("went out: %q", asked)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				var want []string
				for _, path := range tc.before {
					switch path {
					case "rest/api/2/serverInfo", "_edge/tenant_info":
						want = append(want, "GET "+site+path+" ")
					case "myself at the gateway":
						want = append(want, "GET "+gateway+"rest/api/3/myself "+authorization(tc.creds))
					default:
						want = append(want, "GET "+site+path+" "+authorization(tc.creds))
					}
				}
				if round > 0 {
					want = nil // it is known
				}
				want = append(want, "POST "+tc.want+"rest/api/2/issue/PLAT-1?fields=summary "+authorization(tc.creds))
				if diff := cmp.Diff(want, asked); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				if got := s.WebURL("browse/PLAT-1"); got != site+"browse/PLAT-1" {
					t.Errorf("people are sent to %s", got)
				}
			}
		})
	}
}

func authorization(c Credentials) string {
	if c.Username == "" {
		return "Bearer " + c.Token
	}
	return basic(c.Username, c.Token)
}

// TestEveryTokenHasItsOwnWay: callers with a token of each kind share a site.
func TestEveryTokenHasItsOwnWay(t *testing.T) {
	n := &internet{tenant: `{"cloudId":"` + testCloudID + `"}`, classic: basic("ada", "classic"), scoped: map[string]string{basic("ben", "scoped"): ""}}
	s := newTestSite(t, Jira, n, func(c *Config) { c.URL, c.Deployment, c.Credentials = "https://x.atlassian.net", "", Credentials{} })
	var wait sync.WaitGroup
	for i := range 100 {
		wait.Go(func() {
			creds := []Credentials{{"ada", "classic"}, {"ben", "scoped"}}[i%2]
			resp, err := s.Do(newRequest(t, WithCredentials(t.Context(), creds), s, "GET"))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if got, want := resp.Request.URL.Host, []string{"x.atlassian.net", "api.atlassian.com"}[i%2]; got != want {
				t.Errorf("%s was sent to %s", creds.Username, got)
			}
		})
	}
	wait.Wait()
	count := make(map[string]int)
	all, _ := n.since(0)
	for _, line := range all {
		if strings.Contains(line, "myself") {
			count[line]++
		}
	}
	for line, times := range count {
		if times != 1 {
			t.Errorf("%s: %d times", line, times)
		}
	}
	for i := range maxRoots + 1 {
		s.rootOf(Credentials{Token: fmt.Sprint(i)})
	}
	if len(s.roots) > maxRoots {
		t.Errorf("%d credentials are remembered", len(s.roots))
	}
}

// TestNoTokenGoesFromElsewhereToAtlassian: what says that it is Cloud, and cannot be, learns nothing by
// it, and neither does the gateway.
func TestNoTokenGoesFromElsewhereToAtlassian(t *testing.T) {
	n := &internet{tenant: `{"cloudId":"` + testCloudID + `"}`, scoped: map[string]string{basic("me", "token"): ""}}
	s := newTestSite(t, Jira, n, func(c *Config) {
		c.URL, c.Deployment, c.Credentials = "http://localhost:8001", Cloud, Credentials{"me", "token"}
	})
	if _, err := s.Do(newRequest(t, t.Context(), s, "GET")); !errors.Is(err, ErrBadCredentials) {
		t.Errorf("error = %v", err)
	}
	if asked, _ := n.since(0); len(asked) != 1 || strings.Contains(asked[0], "api.atlassian.com") {
		t.Errorf("asked %q", asked)
	}
}

func TestTheGovernmentHasItsOwnGateway(t *testing.T) {
	var asked string
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.String()
		return nil, refused()
	})
	s := newTestSite(t, Confluence, transport, func(c *Config) {
		c.URL, c.Deployment, c.CloudID = "https://agency.atlassian-us-gov-mod.net/wiki", "", testCloudID
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.BaseURL()+"wiki/api/v2/pages?limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Do(req)
	if want := "https://api.atlassian-us-gov-mod.com/ex/confluence/" + testCloudID + "/wiki/api/v2/pages?limit=1"; asked != want || err == nil {
		t.Errorf("asked %s, %v; want %s", asked, err, want)
	}
}

// TestNothingLeavesTheRootAtTheGateway: what else is at the gateway's host is not the site.
func TestNothingLeavesTheRootAtTheGateway(t *testing.T) {
	var asked []string
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		header := http.Header{"Location": {"https://api.atlassian.com/ex/jira/00000000-0000-0000-0000-000000000000/rest"}}
		return &http.Response{StatusCode: http.StatusFound, Header: header, Body: http.NoBody, Request: r}, nil
	})
	s := newTestSite(t, Jira, transport, func(c *Config) { c.URL, c.Deployment, c.CloudID = "https://x.atlassian.net", "", testCloudID })
	for _, target := range []string{
		"https://api.atlassian.com/ex/jira/" + testCloudID + "/rest/api/3/myself", // the caller does not say where
		"https://x.atlassian.net/../../oauth/token",
		"https://x.atlassian.net/%2e%2e/%2e%2e/oauth/token",
		"https://x.atlassian.net/rest/%2e%2e%2f%2e%2e%2foauth",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(req); err == nil || len(asked) > 0 {
			t.Errorf("%s: %v, asked %q", target, err, asked)
		}
	}
	if _, err := s.Do(newRequest(t, t.Context(), s, "GET")); err == nil || len(asked) != 1 {
		t.Errorf("a redirect on the gateway: %v, asked %q", err, asked)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzReaddress: whatever path a caller makes, a request stays below the root or is refused.
func FuzzReaddress(f *testing.F) {
	for _, path := range []string{"rest/api/3/issue/PLAT-1", "../x", "%2e%2e/x", "wiki/rest/api/content/1", "//evil.example/x", "a%2Fb?c=d#e", "..%2f..", "\\..\\x"} {
		f.Add(path, true)
		f.Add(path, false)
	}
	f.Fuzz(func(t *testing.T, path string, gateway bool) {
		s := newTestSite(t, Confluence, nil, func(c *Config) {
			c.URL, c.Deployment = "https://c.example.com/confluence", DataCenter
			if gateway {
				c.URL, c.Deployment, c.CloudID = "https://x.atlassian.net/wiki", "", testCloudID
			}
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.BaseURL()+path, nil)
		if err != nil {
			return
		}
		root, err := s.root(t.Context(), s.known(), s.own)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := s.readdress(req, s.known(), root)
		if err != nil || s.checkURL(sent.URL, root) != nil {
			return
		}
		if !strings.HasPrefix(sent.URL.String(), root.String()) || strings.Contains(sent.URL.Path+"/", "/../") {
			t.Errorf("%q goes to %s, not below %s", path, sent.URL, root)
		}
	})
}
