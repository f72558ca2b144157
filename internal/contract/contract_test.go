package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// recorder stands in for the test that uses a contract, so that its failures can be looked at.
type recorder struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Error(a ...any)   { r.failures = append(r.failures, fmt.Sprint(a...)) }
func (r *recorder) Errorf(format string, a ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, a...))
}

func load(t *testing.T) *Contract {
	t.Helper()
	t.Setenv(directoryVariable, "testdata")
	return Load(t, "library.json")
}

// exchange sends one request through a wrapped handler and returns what the contract reported.
func exchange(t *testing.T, c *Contract, method, target, body string, status int, answer string) []string {
	t.Helper()
	rec := &recorder{TB: t}
	handler := c.Wrap(rec, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != body {
			t.Errorf("the handler read body %q, %v; want %q", got, err, body)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	if response.Code != status || response.Body.String() != answer {
		t.Errorf("the client got %d %q, want %d %q", response.Code, response.Body, status, answer)
	}
	for _, cleanup := range rec.cleanups {
		cleanup()
	}
	return rec.failures
}

func TestWrap(t *testing.T) {
	const book = `{"title":"Emma"}`
	for _, tc := range []struct {
		name, method, target, body string
		status                     int
		answer                     string
		want                       []string // a part of each expected report, in any order
	}{
		{name: "good read", method: "GET", target: "/books/7?expand=a&page=2&tag=x&tag=y", status: 200, answer: book},
		{name: "good write", method: "POST", target: "/books", body: book, status: 200, answer: book},
		{name: "declared failure", method: "GET", target: "/books/7", status: 404, answer: `{}`},
		{name: "failure that anything may answer", method: "GET", target: "/books/7", status: 429, answer: `slow down`},
		{name: "unknown path", method: "GET", target: "/shelves", status: 200, answer: `{}`, want: []string{"path: "}},
		{name: "unknown method", method: "DELETE", target: "/books/7", status: 200, answer: `{}`, want: []string{"path: method not allowed"}},
		{name: "path parameter of the wrong type", method: "GET", target: "/books/seven", status: 404, answer: `{}`, want: []string{"path parameter id"}},
		{name: "undeclared query parameter", method: "GET", target: "/books/7?expnad=a", status: 200, answer: book, want: []string{`"expnad" is not declared`}},
		{name: "repeated query parameter", method: "GET", target: "/books/7?expand=a&expand=b", status: 200, answer: book, want: []string{`"expand" is repeated`}},
		{name: "query parameter of the wrong type", method: "GET", target: "/books/7?page=0", status: 200, answer: book, want: []string{"query parameter page"}},
		{name: "body with two faults", method: "POST", target: "/books", body: `{"pages":"many","isbn":1}`, status: 200, answer: book,
			want: []string{"request body /pages", "request body /title", "isbn"}},
		{name: "body where none belongs", method: "GET", target: "/books/7", body: book, status: 200, answer: book, want: []string{"body not allowed"}},
		{name: "missing body", method: "POST", target: "/books", status: 200, answer: book, want: []string{"request body"}},
		{name: "answer with the wrong shape", method: "GET", target: "/books/7", status: 200, answer: `{"pages":"many"}`,
			want: []string{"response 200 /pages", "response 200 /title"}},
		{name: "answer that is no JSON", method: "GET", target: "/books/7", status: 200, answer: `<html>`, want: []string{"response 200"}},
		{name: "undeclared success", method: "GET", target: "/books/7", status: 202, answer: `{}`, want: []string{"response 202"}},
		{name: "undeclared failure", method: "POST", target: "/books", body: book, status: 409, answer: `{}`, want: []string{"response 409"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := exchange(t, load(t), tc.method, tc.target, tc.body, tc.status, tc.answer)
			if len(got) != len(tc.want) {
				t.Errorf("%d reports, want %d: %q", len(got), len(tc.want), got)
			}
			for _, want := range tc.want {
				if !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("no report holds %q: %q", want, got)
				}
			}
		})
	}
}

func TestWrapFailsWithoutAnyExchange(t *testing.T) {
	rec := &recorder{TB: t}
	load(t).Wrap(rec, http.NotFoundHandler())
	for _, cleanup := range rec.cleanups {
		cleanup()
	}
	if len(rec.failures) != 1 {
		t.Errorf("reports = %q, want one", rec.failures)
	}
}

func TestUnder(t *testing.T) {
	c := load(t).Under("/library")
	if got := exchange(t, c, "GET", "/library/books/7", "", 404, "{}"); len(got) != 0 {
		t.Errorf("under the context path: %q", got)
	}
	for _, target := range []string{"/books/7", "/librarybooks/7"} {
		if got := exchange(t, c, "GET", target, "", 404, "{}"); len(got) != 1 || !strings.Contains(got[0], "not under /library") {
			t.Errorf("%s: %q", target, got)
		}
	}
}

func TestExceptions(t *testing.T) {
	needed := Exception{Operation: "GET /books/{id}", Finding: regexp.MustCompile(`^response 200 /title`)}
	dead := Exception{Operation: "POST /books", Finding: regexp.MustCompile(`^response 200 /title`)}
	c := load(t)
	c.exceptions, c.used = []Exception{needed, dead}, make([]bool, 2)
	if got := exchange(t, c, "GET", "/books/7", "", 200, `{"pages":"many"}`); len(got) != 1 || !strings.Contains(got[0], "/pages") {
		t.Errorf("reports = %q, want only the one on pages", got)
	}
	if unused := c.Unused(); len(unused) != 1 || unused[0].Operation != dead.Operation {
		t.Errorf("unused = %v, want the one on %s", unused, dead.Operation)
	}
	if seen := c.Seen(); len(seen) != 1 || seen[0] != "GET /books/{id}" {
		t.Errorf("seen = %q", seen)
	}
}

func TestEveryExceptionQuotesItsDefect(t *testing.T) {
	for file, list := range exceptions {
		for _, e := range list {
			if e.Operation == "" || e.Finding == nil || len(e.Defect) < 20 {
				t.Errorf("%s: exception %q does not quote the defect", file, e.Operation)
			}
		}
	}
}

// TestLacking: an operation of which nobody knows the scopes is not taken for open.
func TestLacking(t *testing.T) {
	c := load(t)
	if got := exchange(t, c, "GET", "/books/7", "", 404, "{}"); len(got) != 0 {
		t.Fatalf("reports = %q", got)
	}
	if got := exchange(t, c, "POST", "/books", `{"title":"Emma"}`, 200, `{"title":"Emma"}`); len(got) != 0 {
		t.Fatalf("reports = %q", got)
	}
	if got := c.Lacking([]string{"read:book"}); len(got) != 1 || !strings.HasPrefix(got[0], "POST /books: the document declares no scopes") {
		t.Errorf("with one of them: %q", got)
	}
	if got := c.Lacking(nil); len(got) != 2 || got[0] != "GET /books/{id} needs all of one of [[read:book]]" {
		t.Errorf("without any: %q", got)
	}
}
