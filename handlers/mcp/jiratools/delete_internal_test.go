package jiratools

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// newClient is a client of a Data Center, for tools that the policy lets nobody call.
func newClient(t *testing.T) *jira.Client {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	jiraServer, err := sandbox.New(sandbox.Config{Deployment: sandbox.DataCenter, BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = jiraServer
	server.Start()
	t.Cleanup(server.Close)
	site, err := atlassian.NewSite(atlassian.Jira, atlassian.Config{URL: base, Credentials: atlassian.Credentials{Token: "sandbox-jira-token"}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := jira.New(site)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestDeleteComment(t *testing.T) {
	tool, in := deleteComment(newClient(t)), &deleteCommentArguments{IssueKey: "OPS-3", CommentID: "10122"}
	if tool.Access != policy.Delete {
		t.Errorf("access = %s", tool.Access)
	}
	if diff := cmp.Diff([]policy.Object{oneIssue("OPS-3"), oneComment("10122")}, tool.Touches(in)); diff != "" {
		t.Error(diff)
	}
	if got, err := tool.Resolve(t.Context(), in); err != nil || len(got) != 1 || got[0] != project("OPS") {
		t.Errorf("resolved %v, %v", got, err)
	}
	if got, err := tool.Run(t.Context(), in); err != nil || got.Deleted != "10122" || got.Issue != "OPS-3" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := tool.Run(t.Context(), in); err == nil {
		t.Error("it can be deleted twice")
	}
}

func TestDeleteIssue(t *testing.T) {
	tool, in := deleteIssue(newClient(t)), &deleteIssueArguments{IssueKey: "OPS-2"}
	if tool.Access != policy.Delete {
		t.Errorf("access = %s", tool.Access)
	}
	if got := tool.Touches(in); len(got) != 1 || got[0] != oneIssue("OPS-2") {
		t.Errorf("touches %v", got)
	}
	if got, err := tool.Resolve(t.Context(), in); err != nil || len(got) != 1 || got[0] != project("OPS") {
		t.Errorf("resolved %v, %v", got, err)
	}
	if got, err := tool.Run(t.Context(), in); err != nil || got.Deleted != "OPS-2" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := tool.Resolve(t.Context(), in); err == nil {
		t.Error("it is still there")
	}
}
