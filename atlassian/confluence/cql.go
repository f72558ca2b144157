package confluence

import (
	"regexp"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// maxQuery bounds a query in bytes. It goes into an address, which servers bound, too.
const maxQuery = 4 << 10

// cqlFields are Confluence's own fields. A query that begins with one of them and an operator is
// CQL; see https://developer.atlassian.com/server/confluence/cql-field-reference/.
const cqlFields = `ancestor|container|content|content\.property\[[^\]]*\][\w.\[\]]*|contributor|created|creator|favou?rite|id|label|lastmodified|` +
	`macro|mention|parent|sitesearch|space(?:\.\w+)?|text|title|type|user(?:\.\w+)?|watcher`

var (
	// knownField is the beginning of a condition on a field of Confluence's.
	knownField = regexp.MustCompile(`(?i)^[\s(]*(?:not[\s(]+)*(?:` + cqlFields + `)\s*(?:!?[=~]|(?:not\s+)?in\s*\()`)
	// dateField may also be compared.
	dateField = regexp.MustCompile(`(?i)^[\s(]*(?:not[\s(]+)*(?:created|lastmodified)\s*[<>]=?`)
	// anyField is a whole condition on any field, so that a wrong field gets Confluence's answer
	// and not that of a search for its name.
	anyField  = regexp.MustCompile(`(?i)^[\s(]*(?:not[\s(]+)*[a-z][\w.]*\s*!?[=~]\s*(?:"[^"]*"|'[^']*'|[^\s"'()]+)\s*(?:$|\)|(?:and|or|order\s+by)\b)`)
	onlyOrder = regexp.MustCompile(`(?i)^\s*order\s+by\s`)
)

// isCQL tells a CQL query from words to look for.
func isCQL(query string) bool {
	return knownField.MatchString(query) || dateField.MatchString(query) || anyField.MatchString(query) || onlyOrder.MatchString(query)
}

// splitCQL splits a query into its conditions and its order. It refuses one whose quotes or
// parentheses do not match: more conditions could not be added to it safely.
func splitCQL(query string) (where, order string, err error) {
	end, depth, quote := len(query), 0, rune(0)
	escaped := false
	for i, r := range query {
		switch {
		case escaped:
			escaped = false
		case quote != 0:
			escaped = r == '\\'
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth == 0 && end == len(query) && orderBy.MatchString(query[i:]) && (i == 0 || !isWord(query[i-1])):
			end = i
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 || quote != 0 {
		return "", "", &atlassian.InputError{Argument: "query", Problem: "its quotes or parentheses do not match", Hint: `Write CQL such as type = page AND text ~ "some words", or plain words.`}
	}
	return strings.TrimSpace(query[:end]), strings.TrimSpace(query[end:]), nil
}

var orderBy = regexp.MustCompile(`(?i)^order\s+by\b`)

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= 0x80
}

// quoteCQL makes a string of CQL.
func quoteCQL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// within narrows conditions by others.
func within(where string, bounds []string) string {
	if len(bounds) == 0 {
		return where
	}
	condition := strings.Join(bounds, " AND ")
	if where == "" {
		return condition
	}
	return "(" + where + ") AND " + condition
}
