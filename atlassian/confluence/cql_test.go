package confluence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

func TestCompose(t *testing.T) {
	for _, tc := range []struct {
		query string
		want  string // the CQL, or after "words:" what is looked for
	}{
		{`type = page AND space = DOCS`, `type = page AND space = DOCS`},
		{`space="~ada" and type=page`, `space="~ada" and type=page`},
		{`(type = page OR type = comment) AND text ~ "a (b"`, `(type = page OR type = comment) AND text ~ "a (b"`},
		{`NOT (label = howto)`, `NOT (label = howto)`},
		{`label in (howto, adr)`, `label in (howto, adr)`},
		{`lastmodified >= now("-4w")`, `lastmodified >= now("-4w")`},
		{`title ~ two words`, `title ~ two words`}, // wrong, and Confluence says so
		{`spacee = DOCS`, `spacee = DOCS`},         // wrong, and Confluence says so
		{`type = page ORDER BY lastmodified desc`, `type = page|ORDER BY lastmodified desc`},
		{`title ~ "order by date" order by title`, `title ~ "order by date"|order by title`},
		{`order by created`, `|order by created`},
		{`content.property[state].value = 1`, `content.property[state].value = 1`},

		{`token life cycle`, `words:token life cycle`},
		{`label in progress`, `words:label in progress`},
		{`created last week`, `words:created last week`},
		{`how do I create a page?`, `words:how do I create a page`},
		{`parent > child`, `words:parent child`},
		{`R&D: (what's new)`, `words:R D what's new`},
		{`"refresh token" life`, `words:"refresh token" life`},
		{`unbalanced "quote here`, `words:unbalanced "quote here"`},
		{`C:\path\file.txt`, `words:C path file.txt`},
		{`-minus AND OR NOT *star wild*`, `words:minus and or not star wild*`},
		{`naïve Ünïcode 日本語`, `words:naïve Ünïcode 日本語`},
		{`") OR space = SECRET OR (text ~ "x`, `words:"or space SECRET or text" x`},
	} {
		in := SearchRequest{Query: tc.query}
		queries, order, err := in.compose()
		if err != nil {
			t.Errorf("%s: %v", tc.query, err)
			continue
		}
		if looked, ok := strings.CutPrefix(tc.want, "words:"); ok {
			want := []string{"siteSearch ~ " + quoteCQL(looked), "text ~ " + quoteCQL(looked)}
			if diff := cmp.Diff(want, queries); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.query, diff)
			}
			continue
		}
		where, wantOrder, _ := strings.Cut(tc.want, "|")
		if len(queries) != 1 || queries[0] != where || order != wantOrder {
			t.Errorf("%s: got %q order %q, want %q order %q", tc.query, queries, order, where, wantOrder)
		}
	}
}

func TestAttack9_4_CQLStaysInItsSpaces(t *testing.T) {
	for _, in := range []SearchRequest{
		{Query: ""},
		{Query: "?!*"},
		{Query: `type = page) OR (space = SECRET`},
		{Query: `type = page AND (space = DOCS`},
		{Query: `title ~ "open`},
		{Query: strings.Repeat("word ", 2000)},
		{Query: "words", Spaces: []string{`DOCS") OR type in ("page`}},
	} {
		if queries, _, err := in.compose(); err == nil {
			t.Errorf("%.60s: composed %q, want an error", in.Query, queries)
		}
	}
}

func TestInSpaces(t *testing.T) {
	for _, tc := range []struct {
		where  string
		spaces []string
		want   string
	}{
		{`a = 1 OR b = 2`, nil, `a = 1 OR b = 2`},
		{`a = 1 OR b = 2`, []string{"DOCS", "~ada"}, `(a = 1 OR b = 2) AND space in ("DOCS", "~ada")`},
		{``, []string{"DOCS"}, `space in ("DOCS")`},
	} {
		if got := within(tc.where, atlassian.Scope{Only: tc.spaces}.Conditions("space", quoteCQL)); got != tc.want {
			t.Errorf("within(%q, %q) = %q, want %q", tc.where, tc.spaces, got, tc.want)
		}
	}
}

// readCQLString reads a quoted string from the beginning of s, as CQL does.
func readCQLString(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
			b.WriteByte(s[i])
		case '"':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{`a b`, `"phrase of words" x`, `") OR type = page OR (text ~ "`, `\"`, `a\`, `* ? ~ : ^`, "日本 \x00\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := atlassian.PlainWords(text)
		value, rest, ok := readCQLString(quoteCQL(words))
		if !ok || rest != "" || value != words {
			t.Fatalf("%q became %q, which reads as %q and then %q", text, quoteCQL(words), value, rest)
		}
		if strings.ContainsAny(words, `()[]{}^~:\/!&|+?=<>`) {
			t.Errorf("%q became %q, which has an operator in it", text, words)
		}
		if strings.Count(words, `"`)%2 != 0 {
			t.Errorf("%q became %q, whose quotes do not match", text, words)
		}
	})
}

// FuzzSplitCQL looks for a query that escapes from the parentheses that narrow it to spaces.
func FuzzSplitCQL(f *testing.F) {
	for _, seed := range []string{
		`type = page ORDER BY title`, `a = ")" AND b = '('`, `type = page) OR (type = comment`, `title ~ "x\") OR (y" order by created`, `a = "\\") OR (b = "`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		where, _, err := splitCQL(query)
		if err != nil {
			return
		}
		depth, quote := 0, byte(0)
		for i := 0; i < len(where); i++ {
			switch c := where[i]; {
			case quote != 0 && c == '\\':
				i++
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '(':
				depth++
			case c == ')':
				if depth--; depth < 0 {
					t.Fatalf("%q closes a parenthesis that it did not open", where)
				}
			}
		}
		if depth != 0 || quote != 0 {
			t.Fatalf("%q leaves depth %d and quote %q open", where, depth, quote)
		}
	})
}
