package jira_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func TestAddComment(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		internal := false
		got, err := b.AddComment(t.Context(), jira.AddCommentRequest{
			Key: "plat-2", Body: "Done with **care**.", Public: &internal, Visibility: &jira.Visibility{Type: "role", Value: "Developers"},
		})
		want := &jira.AddedComment{
			ID: "20001", Issue: "PLAT-2", URL: b.base + "/browse/PLAT-2?focusedCommentId=20001", Created: "2026-09-15T10:00:00Z",
			Author: "MCP Service", VisibleTo: "role Developers",
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("comment differs, %v (-want +got):\n%s", err, diff)
		}
		sent := b.lastBody(t)
		if _, isText := sent["body"].(string); isText != (b.deployment == sandbox.DataCenter) {
			t.Errorf("body = %v", sent["body"])
		}
		properties, _ := json.Marshal(sent["properties"])
		if string(properties) != `[{"key":"sd.public.comment","value":{"internal":true}}]` {
			t.Errorf("properties = %s", properties)
		}
		issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-2", Comments: 1})
		if len(issue.Comments) != 1 || issue.Comments[0].Body != "Done with **care**." || issue.Comments[0].VisibleTo != "role Developers" {
			t.Errorf("read back %+v", issue.Comments)
		}
	})
}

// A comment may be written, and read, in any format on either deployment.
func TestFormats(t *testing.T) {
	adf := `{"version":1,"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"with "},{"type":"text","text":"care","marks":[{"type":"strong"}]}]}]}`
	each(t, func(t *testing.T, b *bench) {
		texts := map[markup.Format]string{markup.Markdown: "with **care**", markup.ADF: adf, markup.Wiki: "with *care*"}
		native := map[bool]markup.Format{true: markup.Wiki, false: markup.ADF}[b.deployment == sandbox.DataCenter]
		for format, text := range texts {
			if _, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-2", Body: text, Format: format}); err != nil {
				t.Fatal(format, err)
			}
			body, isText := b.lastBody(t)["body"].(string)
			if !isText {
				raw, err := json.Marshal(b.lastBody(t)["body"])
				if err != nil {
					t.Fatal(err)
				}
				body = string(raw)
			}
			if back, err := markup.Convert(body, native, markup.Markdown); back != texts[markup.Markdown] || err != nil {
				t.Errorf("%s: sent %s", format, body)
			}
			issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-2", Comments: 1, Format: format})
			got, want := any(issue.Comments[0].Body), any(text)
			if format == markup.ADF {
				if err := errors.Join(json.Unmarshal([]byte(issue.Comments[0].Body), &got), json.Unmarshal([]byte(text), &want)); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s read differs (-want +got):\n%s", format, diff)
			}
		}
		_, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-2", Body: `{"type":"paragraph"}`, Format: markup.ADF})
		wantInputError(t, err, "body", "malformed document")
		_, err = b.Transition(t.Context(), jira.TransitionRequest{Key: "PLAT-2", Transition: "Start progress", Comment: "x", Format: markup.ADF})
		wantInputError(t, err, "comment", "malformed document")
	})
}

func TestAddCommentRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		add := func(in jira.AddCommentRequest) error {
			_, err := b.AddComment(t.Context(), in)
			return err
		}
		wantInputError(t, add(jira.AddCommentRequest{Key: "PLAT-2", Body: " \n"}), "body", "empty")
		wantInputError(t, add(jira.AddCommentRequest{Key: "PLAT-2", Body: strings.Repeat("x", 300<<10)}), "body", "too long")
		wantError(t, add(jira.AddCommentRequest{Key: "PLAT-2", Body: strings.Repeat("x", 40000)}), http.StatusBadRequest, "32,767")
		wantError(t, add(jira.AddCommentRequest{Key: "PLAT-2", Body: "x", Visibility: &jira.Visibility{Type: "group", Value: "nobody"}}), http.StatusBadRequest, "Group: nobody does not exist")
		wantError(t, add(jira.AddCommentRequest{Key: "PLAT-99", Body: "x"}), http.StatusNotFound)
	})
}

func TestTransitions(t *testing.T) {
	want := []jira.Transition{
		{ID: "21", Name: "Send to review", To: "In Review", Category: "In Progress"},
		{ID: "41", Name: "Stop progress", To: "To Do", Category: "To Do"},
		{
			ID: "51", Name: "Done", To: "Done", Category: "Done", Optional: []string{"Assignee"},
			Required: []jira.TransitionField{{ID: "resolution", Name: "Resolution", Allowed: []string{"Done", "Won't Do", "Duplicate", "Cannot Reproduce"}}},
		},
	}
	each(t, func(t *testing.T, b *bench) {
		got, err := b.GetTransitions(t.Context(), "PLAT-7")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("transitions differ, %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestTransition(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		user := map[string]string{sandbox.Cloud: "557058:ada", sandbox.DataCenter: "akeller"}[b.deployment]
		b.ProjectOf(t.Context(), "PLAT-7")
		b.requests()
		got, err := b.Transition(t.Context(), jira.TransitionRequest{
			Key: "PLAT-7", Transition: "dONE", Fields: map[string]any{"Resolution": "won't do", "assignee": user}, Comment: "Not *ours*.",
		})
		want := &jira.Transitioned{Key: "PLAT-7", Transition: "Done", Status: "Done", Category: "Done", URL: b.base + "/browse/PLAT-7"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("transition differs, %v (-want +got):\n%s", err, diff)
		}
		// A user name is looked up, because it could be a display name; an account id is not.
		if n, want := len(b.requests()), map[string]int{sandbox.Cloud: 2, sandbox.DataCenter: 3}[b.deployment]; n != want {
			t.Errorf("%d requests, want %d", n, want)
		}
		issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-7", Comments: 1})
		if issue.Status != "Done" || issue.Resolution != "Won't Do" || issue.Assignee != "Ada Keller" || issue.Comments[0].Body != "Not *ours*." {
			t.Errorf("issue = %+v", issue)
		}
		for _, name := range []string{"61", "Start progress", "in review"} { // an id, a name, a status to reach
			if _, err := b.Transition(t.Context(), jira.TransitionRequest{Key: "PLAT-7", Transition: name}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTransitionRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		try := func(key, transition string, fields map[string]any) error {
			_, err := b.Transition(t.Context(), jira.TransitionRequest{Key: key, Transition: transition, Fields: fields})
			return err
		}
		wantInputError(t, try("PLAT-7", "Close", nil), "transition_id", `no transition "Close"`, `51 "Done" to "Done"`)
		wantInputError(t, try("OPS-3", "In Progress", nil), "transition_id", "more than one", `31 "Resume"`, `41 "Escalate"`)
		wantInputError(t, try("PLAT-7", "Done", map[string]any{"resolution": "Fixed"}), "fields", `"Fixed" is not a value`, `"Cannot Reproduce"`)
		wantInputError(t, try("PLAT-7", "Done", map[string]any{"Story Points": 3}), "fields", "no field", "Resolution (resolution)")
		wantInputError(t, try("PLAT-7", "Stop progress", map[string]any{"resolution": "Done"}), "fields", "It has none")
		wantInputError(t, try("PLAT-7", "Done", map[string]any{"resolution": "Done", "Resolution": "Done"}), "fields", "given twice")
		wantError(t, try("PLAT-7", "Done", nil), http.StatusBadRequest, "Resolution is required", `Put "resolution"`, `"Won't Do"`)
		wantError(t, try("PLAT-7", "Done", map[string]any{"resolution": map[string]any{"name": "Nonsense"}}), http.StatusBadRequest, "Resolution is not valid", "allowed:")
		wantError(t, try("PLAT-99", "Done", nil), http.StatusNotFound)
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-7"}); issue.Status != "In Progress" {
			t.Errorf("a refused transition left the issue in %q", issue.Status)
		}
	})
}

func TestWritesAreSentOnce(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			writes := 0
			b := newBench(t, v, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						writes++
						w.WriteHeader(http.StatusBadGateway)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			_, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-1", Body: "x"})
			var e *atlassian.Error
			if !errors.As(err, &e) || !e.Uncertain || writes != 1 || !strings.Contains(err.Error(), "look before trying again") {
				t.Errorf("%d writes, %v", writes, err)
			}
			if _, err := b.Search(t.Context(), jira.SearchRequest{JQL: "project = PLAT", Limit: 1}); err == nil || writes != 5 {
				t.Errorf("a search was sent %d times, want 4 (%v)", writes-1, err)
			}
		})
	}
}

func TestUnreadableAnswers(t *testing.T) {
	for _, v := range variants[:2] {
		b := newBench(t, v, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "serverInfo") {
					next.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte(`{"id": [}`))
			})
		})
		_, err := b.GetTransitions(context.WithoutCancel(t.Context()), "PLAT-1")
		wantError(t, err, http.StatusOK, "could not be understood")
		_, err = b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-1", Body: "x"})
		wantError(t, err, http.StatusOK, "The change was made")
	}
}
