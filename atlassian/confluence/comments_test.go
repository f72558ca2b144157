package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

func TestGetComments(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Token life cycle")
		got, err := w.GetComments(t.Context(), CommentsRequest{PageID: id, Limit: 25})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Comments) != 7 || got.Cursor != "" || got.Truncated != "" {
			t.Fatalf("comments = %+v, want all 7", got)
		}
		ids := func(i int) string { return got.Comments[i].ID }
		want := []Comment{
			{Author: "Chloé Martin", Created: "2026-11-09T09:30:00Z", Body: "How long can a person be away before they have to sign in again?"},
			{Author: "Ben Okafor", Created: "2026-11-10T09:30:00Z", ReplyTo: ids(0)},
			{Author: "Chloé Martin", Created: "2026-11-11T09:30:00Z", ReplyTo: ids(1), Body: "Thanks, that answers the ticket."},
			{Author: "Ada Keller", Created: "2026-11-12T09:30:00Z"},
			{Author: "Ada Keller", Created: "2026-11-12T09:30:00Z", Inline: true, On: "rotated on every use", Body: "Say what happens with parallel sessions."},
			{Author: "Ben Okafor", Created: "2026-11-13T09:30:00Z", Inline: true, ReplyTo: ids(4), Body: "Will do with PLAT-12."},
			{Author: "Chloé Martin", Created: "2026-10-20T09:30:00Z", Inline: true, On: "issuance record", Status: "resolved", Body: "Typo: “isuance”."},
		}
		got.Comments[1].Body, got.Comments[3].Body = "", "" // how markup looks is the converter's
		if diff := cmp.Diff(want, got.Comments, cmpopts.IgnoreFields(Comment{}, "ID")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestCommentsInParts(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Token life cycle")
		whole, err := w.GetComments(t.Context(), CommentsRequest{PageID: id, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for limit := 1; limit <= 3; limit++ {
			var got []Comment
			for in := (CommentsRequest{PageID: id, Limit: limit}); ; {
				part, err := w.GetComments(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, part.Comments...)
				if in.Cursor = part.Cursor; in.Cursor == "" {
					break
				}
			}
			if diff := cmp.Diff(whole.Comments, got); diff != "" {
				t.Errorf("limit %d (-whole +parts):\n%s", limit, diff)
			}
		}
	})
}

// TestManyLongComments has more text than fits into a result: nothing may be lost, and no result
// may be too large.
func TestManyLongComments(t *testing.T) {
	const total = 40
	text := strings.Repeat("lorem ipsum ", 250) // 3 kB
	comment := func(i int, cloud bool) string {
		if cloud {
			return fmt.Sprintf(`{"id":"%d","version":{"number":1,"createdAt":"2026-11-01T00:00:00Z","authorId":"557058:ada"},"body":{"storage":{"value":"<p>%d %s</p>"}}}`, 1000+i, i, text)
		}
		return fmt.Sprintf(`{"id":"%d","type":"comment","history":{"createdBy":{"displayName":"Ada"}},"body":{"storage":{"value":"<p>%d %s</p>"}}}`, 1000+i, i, text)
	}
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		fake := connect(t, map[bool]string{true: "cloud", false: "datacenter"}[cloud], "", nil, "sandbox-confluence-token")
		fake.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			isList := strings.HasSuffix(r.URL.Path, "/footer-comments") || strings.HasSuffix(r.URL.Path, "/child/comment")
			rw.Header().Set("Content-Type", "application/json")
			if !isList {
				if strings.Contains(r.URL.Path, "comments") {
					fmt.Fprint(rw, `{"results":[],"_links":{}}`)
				}
				return strings.Contains(r.URL.Path, "comments")
			}
			start, _ := strconv.Atoi(r.URL.Query().Get("start") + r.URL.Query().Get("cursor"))
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
			end := min(start+limit, total)
			var list []string
			for i := start; i < end; i++ {
				list = append(list, comment(i, cloud))
			}
			next := ""
			if end < total {
				next = fmt.Sprintf(`"next":"/x?cursor=%d"`, end)
			}
			fmt.Fprintf(rw, `{"results":[%s],"_links":{%s}}`, strings.Join(list, ","), next)
			return true
		})
		seen := 0
		for in := (CommentsRequest{PageID: "123", Limit: 30}); ; {
			part, err := fake.GetComments(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if size(part) > resultBudget+1024 {
				t.Errorf("a part takes %d bytes", size(part))
			}
			for _, c := range part.Comments {
				if !strings.HasPrefix(c.Body, strconv.Itoa(seen)+" ") {
					t.Fatalf("comment %.10q, want number %d", c.Body, seen)
				}
				seen++
			}
			if in.Cursor = part.Cursor; in.Cursor == "" {
				break
			}
		}
		if seen != total {
			t.Errorf("saw %d comments, want %d", seen, total)
		}
		w.pageID(t, "DOCS", "Operations") // the contract wants an exchange
	})
}

func TestCommentErrors(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		if _, err := w.GetComments(t.Context(), CommentsRequest{PageID: "99999", Limit: 5}); !errors.Is(err, atlassian.ErrNotFound) {
			t.Errorf("a page that is not there: %v", err)
		}
		if _, err := w.GetComments(t.Context(), CommentsRequest{PageID: "1?x", Limit: 5}); err == nil || !strings.Contains(err.Error(), "page_id") {
			t.Errorf("a bad id: %v", err)
		}
		if _, err := w.GetComments(t.Context(), CommentsRequest{PageID: "1", Limit: 5, Cursor: atlassian.Cursor{Start: 1}.Encode("comments 2")}); err == nil {
			t.Error("the cursor of another page was taken")
		}
	})
}

// TestInlineComments reads only those on words of the page, in parts of every size.
func TestInlineComments(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Token life cycle")
		for limit := 1; limit <= 4; limit++ {
			var got []string
			for in := (CommentsRequest{PageID: id, Limit: limit, Inline: true}); ; {
				part, err := w.GetComments(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				for _, comment := range part.Comments {
					if !comment.Inline {
						t.Errorf("limit %d: %+v", limit, comment)
					}
					got = append(got, comment.Body)
				}
				if in.Cursor = part.Cursor; in.Cursor == "" {
					break
				}
			}
			if diff := cmp.Diff([]string{"Say what happens with parallel sessions.", "Will do with PLAT-12.", "Typo: “isuance”."}, got); diff != "" {
				t.Errorf("limit %d (-want +got):\n%s", limit, diff)
			}
		}
	})
}

func TestCommentRoundTrips(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Token life cycle")
		var made *AddedComment
		for _, step := range []struct {
			name              string
			in                func() NewComment
			cloud, dataCenter int
		}{
			{"a comment", func() NewComment { return NewComment{PageID: id, Body: "x"} }, 1, 1},
			{"a reply", func() NewComment { return NewComment{ReplyTo: made.ID, Body: "x"} }, 2, 2},
			{"a reply to a reply", func() NewComment { return NewComment{ReplyTo: made.ID, Body: "x"} }, 3, 2},
			{"an inline comment", func() NewComment { return NewComment{PageID: id, Body: "x", On: "2 minutes"} }, 1, 1},
			{"a reply to it", func() NewComment { return NewComment{ReplyTo: made.ID, Body: "x"} }, 3, 2},
			{"one on words that are not there", func() NewComment { return NewComment{PageID: id, Body: "x", On: "nowhere"} }, 2, 2},
		} {
			comment, err := w.AddComment(t.Context(), step.in())
			want := step.dataCenter
			if cloud {
				want = step.cloud
			}
			if got := w.sent(); len(got) != want {
				t.Errorf("%s: %d requests, want %d: %q, %v", step.name, len(got), want, got, err)
			}
			if made = comment; made != nil && !strings.Contains(made.URL, made.ID) {
				t.Errorf("%s: %+v", step.name, made)
			}
		}
	})
}

// TestCommentIsNotRepeated makes the write fail in a way that leaves its fate open.
func TestCommentIsNotRepeated(t *testing.T) {
	onEach(t, func(t *testing.T, w *wire, cloud bool) {
		id := w.pageID(t, "DOCS", "Operations")
		posts := 0
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				posts++
				rw.WriteHeader(http.StatusBadGateway)
			}
			return r.Method == http.MethodPost
		})
		_, err := w.AddComment(t.Context(), NewComment{PageID: id, Body: "x"})
		var failure *atlassian.Error
		if !errors.As(err, &failure) || !failure.Uncertain || posts != 1 {
			t.Errorf("%d writes, error %v", posts, err)
		}
	})
}
