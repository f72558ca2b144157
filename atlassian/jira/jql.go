package jira

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// splitJQL divides a query into its condition and its ORDER BY clause, both trimmed. It refuses a
// condition that would not stay inside the parentheses put around it: an unclosed quote, or
// parentheses that do not match.
func splitJQL(jql string) (where, order string, err error) {
	tokens, err := scanJQL(jql)
	if err != nil {
		return "", "", err
	}
	depth := 0
	for i, t := range tokens {
		switch {
		case t.kind == jqlOpen:
			depth++
		case t.kind == jqlClose:
			if depth--; depth < 0 {
				return "", "", badJQL("a closing parenthesis has no opening one")
			}
		case depth == 0 && t.isWord(jql, "order") && i+1 < len(tokens) && tokens[i+1].isWord(jql, "by"):
			return strings.TrimSpace(jql[:t.start]), strings.TrimSpace(jql[t.start:]), nil
		}
	}
	if depth > 0 {
		return "", "", badJQL("an opening parenthesis is not closed")
	}
	return strings.TrimSpace(jql), "", nil
}

func badJQL(problem string) error {
	return &atlassian.InputError{Argument: "jql", Problem: problem, Hint: "Quote values that contain special characters, as in summary ~ \"a (b)\"."}
}

// jqlKind tells the tokens apart that matter for where a query can be divided.
type jqlKind int

const (
	jqlWord   jqlKind = iota // a run of anything else
	jqlQuoted                // 'text' or "text"
	jqlOpen                  // (
	jqlClose                 // )
	jqlSymbol                // operators and commas
)

type jqlToken struct {
	kind       jqlKind
	start, end int
}

func (t jqlToken) isWord(jql, word string) bool {
	return t.kind == jqlWord && strings.EqualFold(jql[t.start:t.end], word)
}

// jqlSymbols are the characters that end a word.
const jqlSymbols = "=!<>~,&|"

// scanJQL divides a query into tokens as Jira's lexer does: both quotes, with backslash as the
// escape character inside them and outside.
func scanJQL(jql string) ([]jqlToken, error) {
	var tokens []jqlToken
	for i := 0; i < len(jql); {
		r, width := utf8.DecodeRuneInString(jql[i:])
		start := i
		kind := jqlWord
		switch {
		case unicode.IsSpace(r):
			i += width
			continue
		case r == '(':
			kind, i = jqlOpen, i+1
		case r == ')':
			kind, i = jqlClose, i+1
		case strings.ContainsRune(jqlSymbols, r):
			kind, i = jqlSymbol, i+1
		case r == '"' || r == '\'':
			end := quoteEnd(jql, i)
			if end < 0 {
				return nil, badJQL("a quotation mark is not closed")
			}
			kind, i = jqlQuoted, end
		default:
			i = wordEnd(jql, i)
		}
		tokens = append(tokens, jqlToken{kind, start, i})
	}
	return tokens, nil
}

// quoteEnd is the index after the quote that closes the one at start, or -1.
func quoteEnd(jql string, start int) int {
	for i := start + 1; i < len(jql); i++ {
		switch jql[i] {
		case '\\':
			i++
		case jql[start]:
			return i + 1
		}
	}
	return -1
}

// wordEnd is the index after the word at start. A quotation mark ends a word.
func wordEnd(jql string, start int) int {
	i := start
	for i < len(jql) {
		r, width := utf8.DecodeRuneInString(jql[i:])
		if r == '\\' {
			_, next := utf8.DecodeRuneInString(jql[i+1:])
			i += 1 + next
			continue
		}
		if unicode.IsSpace(r) || strings.ContainsRune(jqlSymbols+`()'"`, r) {
			break
		}
		i += width
	}
	return i
}

// boundJQL narrows a query to projects.
func boundJQL(jql string, projects []string, scope atlassian.Scope) (string, error) {
	asked := atlassian.Scope{Only: make([]string, len(projects))}
	for i, p := range projects {
		key, err := atlassian.CheckProjectKey("projects", p)
		if err != nil {
			return "", err
		}
		asked.Only[i] = key
	}
	bounds := append(scope.Conditions("project", quoteJQL), asked.Conditions("project", quoteJQL)...)
	if len(bounds) == 0 {
		return jql, nil
	}
	where, order, err := splitJQL(jql)
	if err != nil {
		return "", err
	}
	bound := strings.Join(bounds, " AND ")
	if where != "" {
		bound += " AND (" + where + ")"
	}
	if order != "" {
		bound += " " + order
	}
	return bound, nil
}

// quoteJQL makes a string of JQL of a checked key or of plain words.
func quoteJQL(key string) string {
	encoded, _ := json.Marshal(key)
	return string(encoded)
}
