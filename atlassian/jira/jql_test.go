package jira

import (
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

func TestSplitJQL(t *testing.T) {
	for _, tc := range []struct{ jql, where, order string }{
		{"", "", ""},
		{"project = A", "project = A", ""},
		{"project = A ORDER BY created", "project = A", "ORDER BY created"},
		{" project = A\n\torder\n by key desc ", "project = A", "order\n by key desc"},
		{"ORDER BY key", "", "ORDER BY key"},
		{`summary ~ "order by x"`, `summary ~ "order by x"`, ""},
		{`summary ~ 'a "order by" b' order by key`, `summary ~ 'a "order by" b'`, "order by key"},
		{`summary ~ "a \" order by b"`, `summary ~ "a \" order by b"`, ""},
		{`summary ~ "a\\" order by b`, `summary ~ "a\\"`, "order by b"},
		{`a = (b) OR c in ("order", by)`, `a = (b) OR c in ("order", by)`, ""},
		{`"order" = by`, `"order" = by`, ""},
		{`reorder by x`, `reorder by x`, ""},
		{`order = by`, `order = by`, ""},
		{`a = b\ order by c`, `a = b\ order by c`, ""},
		{`a=b ORDER BY"x"`, `a=b`, `ORDER BY"x"`},
	} {
		where, order, err := splitJQL(tc.jql)
		if err != nil || where != tc.where || order != tc.order {
			t.Errorf("%q = %q, %q, %v; want %q, %q", tc.jql, where, order, err, tc.where, tc.order)
		}
	}
	for _, bad := range []string{`a) OR (b`, `(a`, `"a`, `'a"`, `a = "b\"`, `)(`} {
		if where, order, err := splitJQL(bad); err == nil {
			t.Errorf("%q = %q, %q; want an error", bad, where, order)
		}
	}
}

func TestAttack9_4_JQLStaysInItsProjects(t *testing.T) {
	for _, tc := range []struct {
		jql      string
		projects []string
		want     string // "": an error
	}{
		{"a = b) OR (c = d", nil, "a = b) OR (c = d"},
		{"a = b OR c = d ORDER BY key", []string{"plat", "OPS"}, `project in ("PLAT", "OPS") AND (a = b OR c = d) ORDER BY key`},
		{"", []string{"PLAT"}, `project in ("PLAT")`},
		{"order by key", []string{"PLAT"}, `project in ("PLAT") order by key`},
		{"a = b) OR (c = d", []string{"PLAT"}, ""},
		{"a = b", []string{`X") OR ("1`}, ""},
	} {
		got, err := boundJQL(tc.jql, tc.projects, atlassian.Scope{})
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%q in %q = %q, %v; want %q", tc.jql, tc.projects, got, err, tc.want)
		}
	}
	scope := atlassian.Scope{Only: []string{"PLAT", "OPS"}, Never: []string{"HR"}}
	got, err := boundJQL("a = b or project = HR order by key", []string{"ops"}, scope)
	if want := `project in ("PLAT", "OPS") AND project not in ("HR") AND project in ("OPS") AND (a = b or project = HR) order by key`; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func FuzzSplitJQL(f *testing.F) {
	for _, s := range []string{"a = b ORDER BY c", `"order by" ~ 'x\'y'`, "((a))", `\`, `a\`, "é = ü order by ß", "a) or (b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, jql string) {
		where, order, err := splitJQL(jql)
		if err != nil {
			return
		}
		if !strings.Contains(jql, where) || !strings.Contains(jql, order) {
			t.Fatalf("%q became %q and %q", jql, where, order)
		}
		// Inside parentheses the condition still ends where they close.
		tokens, err := scanJQL("(" + where + ") x")
		if err != nil {
			t.Fatalf("(%s) x: %v", where, err)
		}
		depth := 0
		for i, token := range tokens {
			switch token.kind {
			case jqlOpen:
				depth++
			case jqlClose:
				depth--
			}
			if depth == 0 && i != len(tokens)-2 && i != len(tokens)-1 {
				t.Fatalf("%q leaves its parentheses at token %d of %d", where, i, len(tokens))
			}
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"Story Points", "Story point estimate", "Sprint", "Summary", "Team"}
	for _, tc := range []struct {
		name, first string
	}{{"story point", "Story Points"}, {"Sprnt", "Sprint"}, {"points", "Story Points"}, {"xyzzy-plugh", ""}, {strings.Repeat("a", 5000), ""}} {
		got := nearest(tc.name, names, 3)
		if (tc.first == "") != (len(got) == 0) || (len(got) > 0 && got[0] != tc.first) {
			t.Errorf("nearest(%.20q) = %q, want %q first", tc.name, got, tc.first)
		}
	}
}

// FuzzPlainWordsInJQL looks for words that end the string that they are put into, or that do more than
// be looked for.
func FuzzPlainWordsInJQL(f *testing.F) {
	for _, seed := range []string{`a b`, `"phrase of words" x`, `" OR project = SECRET OR text ~ "`, `\"`, `a\`, "' \u2028 日本 \x00\xff <>&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := atlassian.PlainWords(text)
		jql := "text ~ " + quoteJQL(words) + " AND x"
		tokens, err := scanJQL(jql)
		if err != nil || len(tokens) != 5 || tokens[2].kind != jqlQuoted || jql[tokens[2].start:tokens[2].end] != quoteJQL(words) {
			t.Fatalf("%q became %q: %v, %v", text, jql, tokens, err)
		}
		if strings.ContainsAny(words, `()[]{}^~:\/!&|+?=<>`) || strings.Count(words, `"`)%2 != 0 {
			t.Errorf("%q became %q, which has an operator in it", text, words)
		}
	})
}
