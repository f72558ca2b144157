package jira

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a piece of a query. Operators and parentheses are words that were not quoted.
type token struct {
	text   string
	quoted bool
	symbol bool
	at     int // character position, from 1
}

func (t token) isSymbol(text string) bool { return t.symbol && t.text == text }

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

func syntaxError(at int, format string, args ...any) error {
	return refuse(http.StatusBadRequest, fmt.Sprintf("Error in the JQL Query: "+format, args...)+fmt.Sprintf(" (line 1, character %d)", at))
}

// lex divides a query into tokens, ended by an empty one.
func lex(jql string) ([]token, error) {
	var out []token
	for i := 0; i < len(jql); {
		r, width := utf8.DecodeRuneInString(jql[i:])
		at := utf8.RuneCountInString(jql[:i]) + 1
		switch {
		case unicode.IsSpace(r):
			i += width
		case r == '"' || r == '\'':
			text, end := lexQuoted(jql, i)
			if end < 0 {
				return nil, syntaxError(at, "The quoted string '%s' has not been completed.", jql[i+1:])
			}
			out = append(out, token{text: text, quoted: true, at: at})
			i = end
		case strings.ContainsRune("(),=!<>~", r):
			end := i + 1
			if end < len(jql) && (jql[i:end+1] == "!=" || jql[i:end+1] == "!~" || jql[i:end+1] == "<=" || jql[i:end+1] == ">=") {
				end++
			}
			out = append(out, token{text: jql[i:end], symbol: true, at: at})
			i = end
		case strings.ContainsRune(";{}[]?$^*%#@/", r) && r != '@':
			return nil, syntaxError(at, "The character '%c' is a reserved JQL character. You must enclose it in a string or use the escape '\\u%04x' instead.", r, r)
		default:
			end := i
			for end < len(jql) {
				r, width := utf8.DecodeRuneInString(jql[end:])
				if unicode.IsSpace(r) || strings.ContainsRune(`(),=!<>~"'`, r) {
					break
				}
				end += width
			}
			out = append(out, token{text: jql[i:end], at: at})
			i = end
		}
	}
	return append(out, token{at: utf8.RuneCountInString(jql) + 1, symbol: true}), nil
}

// lexQuoted returns the text of a quoted string and the index after it, or -1.
func lexQuoted(jql string, start int) (string, int) {
	var b strings.Builder
	for i := start + 1; i < len(jql); i++ {
		switch {
		case jql[i] == '\\' && i+1 < len(jql):
			i++
			b.WriteByte(jql[i])
		case jql[i] == jql[start]:
			return b.String(), i + 1
		default:
			b.WriteByte(jql[i])
		}
	}
	return "", -1
}
