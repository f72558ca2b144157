package atlassian

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHeadersGoToTheSite: with look-ups too, since what they are for stands in front of the site; and never
// to the gateway, where nobody knows them.
func TestHeadersGoToTheSite(t *testing.T) {
	n := &internet{tenant: `{"cloudId":"` + testCloudID + `"}`, scoped: map[string]string{basic("me", "token"): ""}}
	var bare []string
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if site := r.URL.Host == "x.atlassian.net"; (r.Header.Get("X-Gate") == "let me in") != site || (r.Header.Get("User-Agent") == "Mozilla") != site {
			bare = append(bare, r.URL.String())
		}
		return n.RoundTrip(r)
	})
	s := newTestSite(t, Jira, transport, func(c *Config) {
		c.URL, c.Deployment, c.Credentials = "https://x.atlassian.net", "", Credentials{"me", "token"}
		c.Headers = map[string]string{"x-gate": " let me in", "User-Agent": "Mozilla"}
	})
	resp, err := s.Do(newRequest(t, t.Context(), s, "GET"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	asked, _ := n.since(0)
	if len(asked) != 5 || len(bare) > 0 {
		t.Errorf("of %d requests these went wrong: %q", len(asked), bare)
	}
}

// TestRetriesDoNotGatherHeaders: each attempt is made anew.
func TestRetriesDoNotGatherHeaders(t *testing.T) {
	transport := &script{steps: []step{{status: 429}, {status: 429}, {status: 200, body: "{}"}}}
	s := newTestSite(t, Jira, transport, func(c *Config) { c.Headers = map[string]string{"X-Gate": "a"} })
	resp, err := s.Do(newRequest(t, t.Context(), s, "GET"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if diff := cmp.Diff([]string{"a"}, transport.last.Header["X-Gate"]); diff != "" || !strings.HasPrefix(transport.last.Header.Get("Authorization"), "Bearer ") {
		t.Errorf("headers %v (-want +got):\n%s", transport.last.Header, diff)
	}
}
