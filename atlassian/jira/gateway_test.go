package jira_test

import (
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
)

// TestLinksThroughTheGateway: people open the site, whatever way the calls go.
func TestLinksThroughTheGateway(t *testing.T) {
	b := newBench(t, scoped, nil)
	if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-3"}); issue.URL != b.base+"/browse/PLAT-3" {
		t.Errorf("link = %s", issue.URL)
	}
	created, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Task", Summary: "Through the gateway"})
	if err != nil || created.URL != b.base+"/browse/"+created.Key {
		t.Errorf("created %+v, %v", created, err)
	}
}
