package atlassian

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestCapabilities(t *testing.T) {
	for c := range capabilities {
		for _, d := range []Deployment{Cloud, DataCenter} {
			s := newTestSite(t, Jira, nil, func(config *Config) { config.Deployment = d })
			err := s.Need(c, d, "issue_key")
			if s.Offers(t.Context(), c) != (err == nil) {
				t.Errorf("%s on %s: listed %v, and a call says %v", c, d, err != nil, err)
			}
			if want := "issue_key: Jira Data Center does not " + string(c); d == DataCenter && (err == nil || err.Error() != want) {
				t.Errorf("%s on %s: %v, want %q", c, d, err, want)
			}
		}
	}
	s := newTestSite(t, Jira, nil, nil)
	if s.Offers(t.Context(), "fly") || s.Need("fly", DataCenter, "a") == nil {
		t.Error("what no table names is offered")
	}
}

// TestOfferedWhileUnknown: a site that does not answer keeps a list of tools waiting for two seconds, and
// takes none away.
func TestOfferedWhileUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		s := newTestSite(t, Jira, hangs, func(c *Config) { c.Deployment = "" })
		start := time.Now()
		if !s.Offers(t.Context(), MoveIssues) || time.Since(start) != offerPatience {
			t.Errorf("not offered, or after %v", time.Since(start))
		}
		time.Sleep(lookupTimeout) // the look-up goes on, for others
	})
}
