package jira_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
	sandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// allComments follows the cursor to the end.
func allComments(t *testing.T, b *bench, in jira.ListCommentsRequest) (ids []string, pages int) {
	t.Helper()
	for {
		page, err := b.ListComments(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := json.Marshal(page); len(data) > 36<<10 {
			t.Errorf("a page of %d bytes", len(data))
		}
		for _, c := range page.Comments {
			ids = append(ids, c.ID)
		}
		if pages++; page.Cursor == "" || pages > 50 {
			return ids, pages
		}
		in.Cursor = page.Cursor
	}
}

func TestListComments(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		newest, pages := allComments(t, b, jira.ListCommentsRequest{Key: "plat-7", Limit: 2})
		if diff := cmp.Diff([]string{"10117", "10116", "10115"}, newest); diff != "" || pages != 2 {
			t.Errorf("%d pages (-want +got):\n%s", pages, diff)
		}
		oldest, _ := allComments(t, b, jira.ListCommentsRequest{Key: "PLAT-7", Limit: 100, OldestFirst: true})
		if diff := cmp.Diff([]string{"10115", "10116", "10117"}, oldest); diff != "" {
			t.Errorf("oldest first (-want +got):\n%s", diff)
		}
		page, err := b.ListComments(t.Context(), jira.ListCommentsRequest{Key: "PLAT-7", Limit: 1})
		if err != nil || page.Total != 3 || !strings.Contains(page.Comments[0].Body, "then it has to be `Lax`") || page.Comments[0].Author != "Ada Keller" {
			t.Fatalf("page = %+v, %v", page, err)
		}
		_, err = b.ListComments(t.Context(), jira.ListCommentsRequest{Key: "PLAT-7", Limit: 1, Cursor: page.Cursor, OldestFirst: true})
		wantInputError(t, err, "cursor", "belongs to another query")
		_, err = b.ListComments(t.Context(), jira.ListCommentsRequest{Key: "7", Limit: 1})
		wantInputError(t, err, "issue_key", "not an issue key")
		_, err = b.ListComments(t.Context(), jira.ListCommentsRequest{Key: "PLAT-99", Limit: 1})
		wantError(t, err, http.StatusNotFound)
	})
}

// Long comments are shown a few at a time, and none is left out on the way.
func TestListCommentsStaysInBudget(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		var want []string
		for range 12 {
			made, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-2", Body: strings.Repeat("word ", 6000)})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, made.ID)
		}
		got, pages := allComments(t, b, jira.ListCommentsRequest{Key: "PLAT-2", Limit: 100, OldestFirst: true})
		if diff := cmp.Diff(want, got); diff != "" || pages < 2 {
			t.Errorf("%d pages (-want +got):\n%s", pages, diff)
		}
		page, err := b.ListComments(t.Context(), jira.ListCommentsRequest{Key: "PLAT-2", Limit: 100})
		if err != nil || len(page.Truncated) == 0 || !strings.Contains(strings.Join(page.Truncated, "\n"), "pass cursor for the next") {
			t.Errorf("truncated = %q, %v", page.Truncated, err)
		}
	})
}

func TestEditComment(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		edit := func(in jira.EditCommentRequest) (*jira.EditedComment, error) {
			in.Key = "PLAT-2"
			return b.EditComment(t.Context(), in)
		}
		role := &jira.Visibility{Type: "role", Value: "Developers"}
		made, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-2", Body: "first", Visibility: role})
		if err != nil {
			t.Fatal(err)
		}
		b.requests()
		got, err := edit(jira.EditCommentRequest{ID: made.ID, Body: "**second**", Attribution: "On behalf of Ben"})
		want := &jira.EditedComment{
			ID: made.ID, Issue: "PLAT-2", URL: made.URL, Updated: "2026-09-15T10:00:00Z", VisibleTo: "role Developers", Attribution: "On behalf of Ben",
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if n := len(b.requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		// The line is there already, and the restriction stays.
		got, err = edit(jira.EditCommentRequest{ID: made.ID, Body: "third\n\nOn behalf of Ben", Attribution: "On behalf of Ben"})
		if err != nil || got.Attribution != "" || got.VisibleTo != "role Developers" {
			t.Errorf("%+v, %v", got, err)
		}
		if issue := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-2", Comments: 1}); issue.Comments[0].Body != "third\n\nOn behalf of Ben" {
			t.Errorf("read back %q", issue.Comments[0].Body)
		}
		got, err = edit(jira.EditCommentRequest{ID: made.ID, Body: "x", Visibility: &jira.Visibility{Type: "group", Value: "site-admins"}})
		if err != nil || got.VisibleTo != "group site-admins" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// What Markdown does not show stays in a comment on Cloud.
func TestEditCommentKeepsWhatIsNotShown(t *testing.T) {
	b := newBench(t, variants[0], nil)
	made, err := b.AddComment(t.Context(), jira.AddCommentRequest{Key: "PLAT-2", Format: markup.ADF, Body: `{"type":"doc","version":1,"content":[
		{"type":"panel","attrs":{"panelType":"custom","panelColor":"#123456"},"content":[{"type":"paragraph","content":[{"type":"text","text":"keep"}]}]},
		{"type":"paragraph","content":[{"type":"text","text":"old"}]}]}`})
	if err != nil {
		t.Fatal(err)
	}
	shown := mustIssue(t, b, jira.GetIssueRequest{Key: "PLAT-2", Comments: 1}).Comments[0].Body
	if _, err := b.EditComment(t.Context(), jira.EditCommentRequest{Key: "PLAT-2", ID: made.ID, Body: strings.Replace(shown, "old", "new", 1)}); err != nil {
		t.Fatal(err)
	}
	sent, _ := json.Marshal(b.lastBody(t))
	if !strings.Contains(string(sent), "#123456") || !strings.Contains(string(sent), `"new"`) || strings.Contains(string(sent), `"old"`) {
		t.Errorf("sent %s", sent)
	}
}

func TestEditCommentRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		edit := func(key, id, body string) error {
			_, err := b.EditComment(t.Context(), jira.EditCommentRequest{Key: key, ID: id, Body: body})
			return err
		}
		wantInputError(t, edit("x", "10115", "x"), "issue_key", "not an issue key")
		wantInputError(t, edit("PLAT-7", "../1", "x"), "comment_id", "not an id")
		wantInputError(t, edit("PLAT-7", "10115", " "), "body", "is empty")
		wantError(t, edit("PLAT-99", "10115", "x"), http.StatusNotFound, "Issue does not exist")
		wantError(t, edit("PLAT-3", "10115", "x"), http.StatusNotFound, "Can not find a comment for the id: 10115") // of PLAT-7
		wantError(t, edit("PLAT-7", "10115", strings.Repeat("x", 40000)), http.StatusBadRequest, "32,767")
		_, err := b.EditComment(t.Context(), jira.EditCommentRequest{Key: "PLAT-7", ID: "10115", Body: "x", Visibility: &jira.Visibility{Type: "role", Value: "Kings"}})
		wantError(t, err, http.StatusBadRequest, "Kings")
		b.sandbox.Deny("PLAT", sandbox.PermissionEditComments)
		wantError(t, edit("PLAT-7", "10115", "x"), http.StatusBadRequest, "permission to edit this comment")
	})
}

func TestDeleteComment(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		got, err := b.DeleteComment(t.Context(), "PLAT-7", "10116")
		if diff := cmp.Diff(&jira.DeletedComment{Issue: "PLAT-7", Deleted: "10116"}, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if left, _ := allComments(t, b, jira.ListCommentsRequest{Key: "PLAT-7", Limit: 10}); strings.Join(left, " ") != "10117 10115" {
			t.Errorf("left %q", left)
		}
		remove := func(key, id string) error {
			_, err := b.DeleteComment(t.Context(), key, id)
			return err
		}
		wantError(t, remove("PLAT-7", "10116"), http.StatusNotFound, "Can not find a comment")
		wantError(t, remove("PLAT-3", "10117"), http.StatusNotFound)
		wantInputError(t, remove("PLAT-7", "x"), "comment_id", "not an id")
		b.sandbox.Deny("PLAT", sandbox.PermissionDeleteComments)
		wantError(t, remove("PLAT-7", "10117"), http.StatusBadRequest, "permission to delete this comment")
	})
}
