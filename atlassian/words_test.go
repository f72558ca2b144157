package atlassian

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckWords(t *testing.T) {
	for text, want := range map[string]string{
		"token life cycle":                    "token life cycle",
		`"refresh token" life`:                `"refresh token" life`,
		`x" OR project = SECRET OR text ~ "y`: `x "or project SECRET or text" y`,
		"project = SECRET ORDER BY key":       "project SECRET ORDER BY key",
		"C++ && (a || b) !x [1 TO 2] ~5^3":    "C a b x 1 to 2 5 3",
		"":                                    "",
		" ?!* ":                               "",
		strings.Repeat("word ", 205):          "",
		strings.Repeat("é", 512):              strings.Repeat("é", 512),
	} {
		got, err := CheckWords("query", text)
		var input *InputError
		if got != want || (err == nil) != (want != "") || err != nil && (!errors.As(err, &input) || input.Argument != "query") {
			t.Errorf("%.60q = %q, %v; want %q", text, got, err, want)
		}
	}
}
