package atlassian

import (
	"strings"
	"unicode/utf8"
)

// Shorten cuts s to at most limit bytes without tearing a character apart, and says whether it
// cut.
func Shorten(s string, limit int) (string, bool) {
	if len(s) <= limit {
		return s, false
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit], true
}

// Fit returns as much of s as takes at most size bytes of JSON text, and what it takes: line breaks,
// tabs, quotes and backslashes are two bytes there.
func Fit(s string, size int) (kept string, cost int) {
	for i := range len(s) {
		step := 1
		if strings.IndexByte("\n\t\"\\", s[i]) >= 0 {
			step = 2
		}
		if cost+step > size {
			kept, _ = Shorten(s, i)
			return kept, cost
		}
		cost += step
	}
	return s, cost
}
