package atlassian

import "unicode/utf8"

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
