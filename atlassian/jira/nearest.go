package jira

import (
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// maxNearestLength bounds the comparison of a caller's name, which costs the product of lengths.
const maxNearestLength = 100

// nearest returns up to n of the names that a caller may have meant, the likeliest first.
func nearest(name string, names []string, n int) []string {
	name, _ = atlassian.Shorten(strings.ToLower(name), maxNearestLength)
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	for _, other := range names {
		lower := strings.ToLower(other)
		distance := editDistance(name, lower)
		if name != "" && (strings.Contains(lower, name) || strings.Contains(name, lower)) {
			distance = 0
		}
		if distance <= len(name)/3+1 {
			found = append(found, candidate{other, distance})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	var out []string
	for _, c := range found {
		if len(out) < n && !slices.Contains(out, c.name) {
			out = append(out, c.name)
		}
	}
	return out
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// quoted repeats a name in a message, bounded and without invisible characters.
func quoted(s string) string {
	s, cut := atlassian.Shorten(oneLine(s), 80)
	if cut {
		s += "…"
	}
	return `"` + s + `"`
}

func quotedList(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quoted(n)
	}
	return strings.Join(out, ", ")
}

// oneLine is text from Jira that is no rich text: a name, a summary.
func oneLine(s string) string {
	return strings.Join(strings.Fields(markup.Clean(s)), " ")
}
