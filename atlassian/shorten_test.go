package atlassian

import (
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	for _, tc := range []struct {
		in   string
		size int
		want string
		cost int
	}{
		{"", 0, "", 0},
		{"abc", 3, "abc", 3},
		{"abc", 2, "ab", 2},
		{"abc", -1, "", 0},
		{"a\nb", 3, "a\n", 3},
		{`a"b`, 2, "a", 1},
		{strings.Repeat("\n", 100), 50, strings.Repeat("\n", 25), 50},
		{"aäb", 2, "a", 2}, // a torn character is left out, what it cost is not
	} {
		if kept, cost := Fit(tc.in, tc.size); kept != tc.want || cost != tc.cost {
			t.Errorf("Fit(%q, %d) = %q, %d, want %q, %d", tc.in, tc.size, kept, cost, tc.want, tc.cost)
		}
	}
}
