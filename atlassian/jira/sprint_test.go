package jira_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// sprintRequests are what it takes to find a sprint of PLAT.
var sprintRequests = []string{
	"GET /rest/agile/1.0/board?maxResults=50&projectKeyOrId=PLAT&startAt=0",
	"GET /rest/agile/1.0/board/1/sprint?maxResults=50&startAt=0&state=active%2Cfuture",
	"GET /rest/agile/1.0/board/3/sprint?maxResults=50&startAt=0&state=active%2Cfuture",
}

// agile are the requests among all that went to Jira Software's API.
func agile(lines []string) (out []string) {
	for _, line := range lines {
		if strings.Contains(line, "/rest/agile/") {
			out = append(out, line)
		}
	}
	return out
}

func TestSprintByName(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		read := func(key, want string) {
			t.Helper()
			got := mustIssue(t, b, jira.GetIssueRequest{Key: key, Fields: []string{"customfield_10020"}}).Fields["customfield_10020"]
			if diff := cmp.Diff([]any{want}, got); diff != "" {
				t.Errorf("sprint of %s (-want +got):\n%s", key, diff)
			}
		}
		made, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Task", Summary: "x", Fields: map[string]any{"Sprint": "plat sprint 12"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sprintRequests, agile(b.requests())); diff != "" {
			t.Errorf("requests of a new issue (-want +got):\n%s", diff)
		}
		read(made.Key, "PLAT Sprint 12 (active)")

		b.requests()
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: made.Key, Fields: map[string]any{"Sprint": []any{"PLAT Sprint 13 (future)"}}}); err != nil {
			t.Fatal(err)
		}
		if lines := b.requests(); len(lines) != 2+len(sprintRequests) {
			t.Errorf("requests of a change: %q", lines)
		}
		read(made.Key, "PLAT Sprint 13 (future)")

		b.requests()
		if _, err := b.Transition(t.Context(), jira.TransitionRequest{Key: "PLAT-3", Transition: "Request changes", Fields: map[string]any{"Sprint": "PLAT Sprint 13"}}); err != nil {
			t.Fatal(err)
		}
		if lines := b.requests(); len(lines) != 2+len(sprintRequests) {
			t.Errorf("requests of a transition: %q", lines)
		}
		read("PLAT-3", "PLAT Sprint 13 (future)")

		b.requests()
		var several []jira.NewIssue
		for _, sprint := range []any{"PLAT Sprint 12", "plat sprint 12", " PLAT  Sprint 13", "41", 42.0, []any{"Plat Sprint 12 (active)"}} {
			several = append(several, jira.NewIssue{Project: "PLAT", Type: "Task", Summary: "x", Fields: map[string]any{"Sprint": sprint}})
		}
		if _, err := b.CreateIssues(t.Context(), several, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sprintRequests, agile(b.requests())); diff != "" {
			t.Errorf("requests of a batch (-want +got):\n%s", diff)
		}
	})
}

func TestSprintThatIsNotCertain(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		try := func(key string, sprint any) error {
			_, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: key, Fields: map[string]any{"Sprint": sprint}})
			return err
		}
		wantInputError(t, try("PLAT-7", "Hardening"), "fields.Sprint", "several sprints", `"Hardening" (future, id 44, board "Portal board"), "Hardening" (future, id 45, board "PLAT board")`)
		wantInputError(t, try("PLAT-7", "PLAT Sprint 11"), "fields.Sprint", `no board of PLAT has an active or future sprint "PLAT Sprint 11"`, `"PLAT Sprint 12" (active, id 41, board "PLAT board")`)
		wantInputError(t, try("OPS-1", "PLAT Sprint 12"), "fields.Sprint", "no board of OPS has an active or future sprint")
		b.sandbox.AddSprint("OPS", 99, "Another project's")
		for _, id := range []any{40.0, "40", 99.0, "99", " 99 ", []any{99.0}, "+41", 41.5, -41.0, "Another project's"} {
			err := try("PLAT-7", id)
			if wantInputError(t, err, "fields.Sprint", "no board of PLAT has an active or future sprint"); strings.Contains(err.Error(), "OPS") {
				t.Errorf("%v: %v", id, err)
			}
		}
		wantInputError(t, try("PLAT-7", map[string]any{"id": 99.0}), "fields", "takes one sprint")
		for _, line := range b.requests() {
			if strings.HasPrefix(line, "PUT") {
				t.Errorf("something was sent: %s", line)
			}
		}
	})
}

// A text given with a transition is a change of the text that is there, as in an update.
func TestTransitionEditsRichText(t *testing.T) {
	const coloured = `{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"one red word","marks":[{"type":"textColor","attrs":{"color":"#ff5630"}}]},{"type":"text","text":" and others"}]}]}`
	each(t, func(t *testing.T, b *bench) {
		set := func(id string) {
			t.Helper()
			if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-3", Fields: map[string]any{id: coloured}, Format: markup.ADF}); err != nil {
				t.Fatal(err)
			}
			b.requests()
		}
		check := func(id string) {
			t.Helper()
			if lines := b.requests(); len(lines) != 2 {
				t.Errorf("requests: %q", lines)
			}
			issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-3", Fields: []string{id}, Format: markup.ADF})
			got := issue.Description
			if id != "description" {
				got, _ = issue.Fields[id].(string)
			}
			if !strings.Contains(got, "and more") || strings.Contains(got, "textColor") != (b.deployment == sandbox.Cloud) {
				t.Errorf("%s is %s", id, got)
			}
		}
		text := map[string]any{}
		for _, id := range []string{"description", "customfield_10030"} {
			set(id)
			text[id] = "one red word and more"
			if _, err := b.Transition(t.Context(), jira.TransitionRequest{Key: "PLAT-3", Transition: "Request changes", Fields: map[string]any{id: text[id]}}); err != nil {
				t.Fatal(err)
			}
			check(id)
			if _, err := b.Transition(t.Context(), jira.TransitionRequest{Key: "PLAT-3", Transition: "Send to review"}); err != nil {
				t.Fatal(err)
			}
		}
		// What may not be edited goes with the transition of an update.
		set("description")
		b.sandbox.Deny("PLAT", sandbox.PermissionEdit)
		if _, err := b.UpdateIssue(t.Context(), jira.UpdateIssueRequest{Key: "PLAT-3", Transition: "Request changes", Fields: map[string]any{"description": text["description"]}}); err != nil {
			t.Fatal(err)
		}
		check("description")
	})
}

// A board of a team-managed project may have no sprints, which its type does not tell: the others count.
func TestSprintsBesideABoardWithout(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.sandbox.AddSimpleBoard("PLAT", 77)
		if _, err := b.CreateIssue(t.Context(), jira.NewIssue{Project: "PLAT", Type: "Task", Summary: "x", Fields: map[string]any{"Sprint": "PLAT Sprint 12"}}); err != nil {
			t.Error(err)
		}
	})
}
