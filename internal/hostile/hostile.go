// Package hostile is test support: a corpus of texts with which somebody who may write in Jira or
// Confluence would attack the model that reads them, and Jira and Confluence whose every answer is
// full of them.
package hostile

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// Word is in every payload, so that a test sees that they came through.
const Word = "QUARRY"

// Readable are texts that need joiners and selectors, or run from right to left.
var Readable = []string{
	"👩\u200d💻 👨\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 ❤\ufe0f 1\ufe0f\u20e3 👍🏽 🙂\u200d↔\ufe0f",
	"می\u200cخواهم بروم، سلام",
	"مرحبا بالعالم، رقم 42",
	"שלום עולם, גרסה 2",
	"क्\u200dष र्\u200dय",
}

// Payload is a text that attacks its reader.
type Payload struct {
	Name, Text string
	// Storage is the payload in Confluence's storage format. Empty is Text in a paragraph.
	Storage string
}

//go:embed testdata/payloads.json
var corpus []byte

// Payloads returns the corpus.
func Payloads(t *testing.T) (list []Payload) {
	t.Helper()
	if err := json.Unmarshal(corpus, &list); err != nil {
		t.Fatal(err)
	}
	for i, p := range list {
		if p.Storage == "" {
			list[i].Storage = "<p>" + html.EscapeString(legal(p.Text)) + "</p>"
		}
	}
	return list
}

// legal is a text without the characters that XML does not have.
func legal(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, text)
}

// identifiers are the members that nobody can write text into: ids, keys, dates, kinds, addresses.
var identifiers = []string{
	"id", "key", "self", "type", "accountId", "accountType", "username", "userKey", "created", "updated", "createdAt", "createdDate", "when",
	"lastModified", "state", "status", "representation", "deploymentType", "version", "baseUrl", "cloudId", "nextPageToken", "entityType", "_links",
	"_expandable", "fieldId", "schema", "operations", "operation", "location", "spaceId", "parentId", "parentType", "authorId", "ownerId", "homepageId",
	"pageId", "parentCommentId", "resolutionStatus", "resolution-status", "displayUrl", "url", "avatarUrls", "taskId", "prefix", "restrictionsHash",
	"targetToSourcesMapping", "duedate",
}

// Wrap puts the payload into every text of every answer of h: names, titles, bodies, messages.
func (p Payload) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		h.ServeHTTP(recorded, r)
		body := recorded.Body.Bytes()
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var answer any
		if strings.Contains(recorded.Header().Get("Content-Type"), "json") && decoder.Decode(&answer) == nil {
			body, _ = json.Marshal(p.poison("", answer, nil))
		}
		maps.Copy(w.Header(), recorded.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(body) // the caller went away
	})
}

// poison returns a value with the payload in it. Around is the object that has the value as a member.
func (p Payload) poison(name string, value any, around map[string]any) any {
	if _, isText := value.(string); isText && (slices.Contains(identifiers, name) || name == "name" && around["displayName"] != nil) {
		return value
	}
	switch v := value.(type) {
	case string:
		if strings.Contains(v, Word) { // written back, and long enough
			return v
		}
		if around["representation"] == "storage" {
			return v + p.Storage
		}
		return v + " " + p.Text
	case []any:
		for i := range v {
			v[i] = p.poison(name, v[i], nil)
		}
	case map[string]any:
		for member, inner := range v {
			ofDocument := member == "marks" || name == "attrs" && !slices.Contains([]string{"text", "label", "title", "alt"}, member)
			_, isObject := inner.(map[string]any)
			if ofDocument || isObject && slices.Contains([]string{"_links", "_expandable", "schema", "avatarUrls"}, member) {
				continue
			}
			v[member] = p.poison(member, inner, v)
		}
	}
	return value
}

// Hidden returns the characters in a text that a reader does not see, by Unicode's own categories and
// not by the product's list. Joiners and selectors of emoji are among them.
func Hidden(text string) (found []rune) {
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point):
			found = append(found, r)
		}
	}
	return found
}
