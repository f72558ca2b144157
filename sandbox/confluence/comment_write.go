package confluence

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// addComment adds a comment of the token's owner.
func (s *Server) addComment(c *comment) *comment {
	c.id, c.author, c.created = s.store.nextID(), s.store.service, s.store.now().UTC().Truncate(time.Millisecond)
	s.store.comments = append(s.store.comments, c)
	return c
}

// mark puts a marker around the n-th of so many occurrences of a text, as Confluence does without a
// new version. What is not there that often is refused.
func (p *page) mark(c *comment, n, matches int) bool {
	body, escaped := p.current().body, html.EscapeString(c.selection)
	if matches < 1 || n < 0 || n >= matches || strings.Count(plainText(body), c.selection) != matches {
		return false
	}
	c.marker = fmt.Sprintf("c0ffee00-1f2e-4d3c-8b4a-%012d", len(body))
	at := 0
	for range n {
		at += strings.Index(body[at:], escaped) + len(escaped)
	}
	if i := strings.Index(body[at:], escaped); i >= 0 {
		at += i
		p.current().body = body[:at] + `<ac:inline-comment-marker ac:ref="` + c.marker + `">` + escaped + `</ac:inline-comment-marker>` + body[at+len(escaped):]
	}
	return true
}

// newInline is what Data Center wants of an inline comment.
type newInline struct {
	Location   string `json:"location"`
	Properties *struct {
		Selection  string `json:"originalSelection"`
		Matches    *int   `json:"numMatches"`
		Match      *int   `json:"matchIndex"`
		Fetched    string `json:"lastFetchTime"`
		Highlights string `json:"serializedHighlights"`
	} `json:"inlineProperties"`
}

// missing are the keys of the errors with which Data Center refuses an inline comment
// (sooperset/mcp-atlassian#1151).
func (in newInline) missing() []any {
	var errs []any
	for key, given := range map[string]bool{
		"matchIndex":           in.Properties != nil && in.Properties.Match != nil && in.Properties.Matches != nil,
		"lastFetchTime":        in.Properties != nil && in.Properties.Fetched != "",
		"serializedHighlights": in.Properties != nil && in.Properties.Highlights != "",
	} {
		if !given {
			errs = append(errs, object{"message": object{"key": key}})
		}
	}
	return errs
}

// createContentComment answers POST /rest/api/content with type comment.
func (s *Server) createContentComment(w http.ResponseWriter, r *http.Request, in newContent) {
	id, _ := in.Container.ID.Int64()
	p := s.store.page(id)
	if p == nil {
		s.restError(w, http.StatusNotFound, fmt.Sprintf("No content found with id: ContentId{id=%d}", id))
		return
	}
	c := &comment{page: p}
	if n := len(in.Ancestors); n > 0 {
		id, _ := in.Ancestors[n-1].ID.Int64()
		if c.parent = s.store.comment(id); c.parent == nil || c.parent.page != p {
			s.restError(w, http.StatusBadRequest, "The parent comment does not belong to the container")
			return
		}
	}
	representation, value := in.body()
	var err error
	if c.body, err = toStorage(representation, value); err == nil && p.space.readOnly {
		err = forbiddenError("Could not create content with type comment")
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	if c.inline = in.Extensions.Location == "inline"; c.inline && !s.placeInline(w, c, in.Extensions) {
		return
	}
	writeJSON(w, http.StatusOK, s.withBase(r, s.commentJSON(s.addComment(c), expansions(r, "body.storage,"+defaultExpand))))
}

// placeInline anchors an inline comment, or answers why not.
func (s *Server) placeInline(w http.ResponseWriter, c *comment, in newInline) bool {
	if c.parent != nil {
		c.status, c.selection = c.parent.status, c.parent.selection
		return true
	}
	errs := in.missing()
	if len(errs) == 0 {
		c.status, c.selection = "open", in.Properties.Selection
		if c.page.mark(c, *in.Properties.Match, *in.Properties.Matches) {
			return true
		}
		errs = []any{object{"message": object{"key": "originalSelection"}}}
	}
	writeJSON(w, http.StatusBadRequest, object{
		"statusCode": 400, "data": object{"authorized": true, "valid": false, "errors": errs, "successful": false},
		"message": "Could not create content with type comment", "reason": "Bad Request",
	})
	return false
}

// newV2Comment is the body of POST /api/v2/footer-comments and inline-comments.
type newV2Comment struct {
	PageID string                                 `json:"pageId"`
	Parent string                                 `json:"parentCommentId"`
	Body   struct{ Representation, Value string } `json:"body"`
	Inline *struct {
		Selection string `json:"textSelection"`
		Matches   int    `json:"textSelectionMatchCount"`
		Match     int    `json:"textSelectionMatchIndex"`
	} `json:"inlineCommentProperties"`
}

// v2CreateComment answers POST /api/v2/footer-comments and the same for inline comments.
func (s *Server) v2CreateComment(inline bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in newV2Comment
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10<<20)).Decode(&in); err != nil {
			v2Error(w, http.StatusBadRequest, "Could not read the request: "+err.Error())
			return
		}
		c := &comment{inline: inline}
		id, _ := strconv.ParseInt(in.PageID+in.Parent, 10, 64)
		if in.Parent != "" {
			if c.parent = s.store.comment(id); c.parent != nil && c.parent.inline == inline {
				c.page, c.selection, c.status = c.parent.page, c.parent.selection, c.parent.status
			}
		} else {
			c.page = s.store.page(id)
		}
		if c.page == nil || c.page.space.readOnly {
			notFound(w)
			return
		}
		var err error
		if c.body, err = toStorage(orElse(in.Body.Representation, "storage"), in.Body.Value); err != nil {
			v2Refuse(w, err)
			return
		}
		if inline && c.parent == nil {
			if in.Inline == nil {
				v2Error(w, http.StatusBadRequest, "inlineCommentProperties must be provided")
				return
			}
			c.selection, c.status = in.Inline.Selection, "open"
			if !c.page.mark(c, in.Inline.Match, in.Inline.Matches) {
				v2Error(w, http.StatusBadRequest, "The text selection does not match the content of the page")
				return
			}
		}
		answer := v2CommentJSON(s.addComment(c), true)
		answer["_links"].(object)["base"] = s.baseURL(r)
		writeJSON(w, http.StatusCreated, answer)
	}
}

// v2Comment answers GET /api/v2/footer-comments/{id} and the same for inline comments.
func (s *Server) v2Comment(inline bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := v2ID(w, r)
		if !ok {
			return
		}
		c := s.store.comment(id)
		if c == nil || c.inline != inline {
			notFound(w)
			return
		}
		answer := v2CommentJSON(c, r.URL.Query().Get("body-format") == "storage")
		answer["_links"].(object)["base"] = s.baseURL(r)
		writeJSON(w, http.StatusOK, answer)
	}
}
