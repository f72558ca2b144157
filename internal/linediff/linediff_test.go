package linediff

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		name, from, to, want string
		added, removed       int
	}{
		{"nothing", "a\nb\n", "a\nb", "", 0, 0},
		{"from nothing", "", "a\nb", "@@ -0,0 +1,2 @@\n+a\n+b\n", 2, 0},
		{"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n", 0, 1},
		{"a line", "1\n2\n3\n4\n5\n6\n7", "1\n2\n3\nx\n5\n6\n7", "@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+x\n 5\n 6\n", 1, 1},
		{"close together", "1\n2\n3\n4\n5\n6", "x\n2\n3\n4\n5\ny", "@@ -1,6 +1,6 @@\n-1\n+x\n 2\n 3\n 4\n 5\n-6\n+y\n", 2, 2},
		{"far apart", "1\n2\n3\n4\n5\n6\n7\n8", "x\n2\n3\n4\n5\n6\n7\ny", "@@ -1,3 +1,3 @@\n-1\n+x\n 2\n 3\n@@ -6,3 +6,3 @@\n 6\n 7\n-8\n+y\n", 2, 2},
		{"at the end", "1\n2\n3", "1\n2\n3\n4", "@@ -2,2 +2,3 @@\n 2\n 3\n+4\n", 1, 0},
	} {
		got := Compare(tc.from, tc.to)
		if diff := cmp.Diff(tc.want, got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if got.Added != tc.added || got.Removed != tc.removed {
			t.Errorf("%s: +%d -%d, want +%d -%d", tc.name, got.Added, got.Removed, tc.added, tc.removed)
		}
	}
}

// TestPatchApplies turns one random text into another by the diff.
func TestPatchApplies(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range random.IntN(30) {
			fmt.Fprintf(&b, "line %d\n", random.IntN(6))
		}
		return b.String()
	}
	for range 2000 {
		from, to := text(), text()
		diff := Compare(from, to)
		if got, err := patched(from, diff); err != nil || got != to {
			t.Fatalf("%q patched to %q, %v, want %q by\n%s", from, got, err, to, diff)
		}
	}
}

var hunkHead = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$`)

// patched applies hunks as patch(1) does without any fuzz: every line, and every number in a head, has
// to be right. A head without a count is of one line; one of no lines names the line before it.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/diff.html
func patched(from string, diff Diff) (string, error) {
	a := lines(from)
	var out []string
	at := 0
	for _, hunk := range diff.Hunks {
		head, body, _ := strings.Cut(hunk, "\n")
		m := hunkHead.FindStringSubmatch(head)
		if m == nil {
			return "", fmt.Errorf("no head: %q", head)
		}
		fromStart, fromCount := hunkExtent(m[1], m[2])
		toStart, toCount := hunkExtent(m[3], m[4])
		if fromStart < at || fromStart > len(a) {
			return "", fmt.Errorf("%q begins behind line %d of %d", head, at, len(a))
		}
		out = append(out, a[at:fromStart]...)
		if at = fromStart; len(out) != toStart {
			return "", fmt.Errorf("%q stands at line %d", head, len(out))
		}
		for line := range strings.Lines(body) {
			sign, line := line[0], strings.TrimSuffix(line[1:], "\n")
			if sign != '+' {
				if at == len(a) || a[at] != line {
					return "", fmt.Errorf("%q: line %d is not %q", head, at, line)
				}
				at++
			}
			if sign != '-' {
				out = append(out, line)
			}
		}
		if at-fromStart != fromCount || len(out)-toStart != toCount {
			return "", fmt.Errorf("%q: %d lines became %d", head, at-fromStart, len(out)-toStart)
		}
	}
	if out = append(out, a[at:]...); len(out) == 0 {
		return "", nil
	}
	return strings.Join(out, "\n") + "\n", nil
}

// hunkExtent is how many lines stand before a hunk, and how many it has.
func hunkExtent(line, count string) (before, lines int) {
	before, _ = strconv.Atoi(line)
	lines = 1
	if count != "" {
		lines, _ = strconv.Atoi(count)
	}
	if lines > 0 {
		before--
	}
	return before, lines
}

// TestManyChanges is about time: texts that have nothing in common.
func TestManyChanges(t *testing.T) {
	var a, b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&a, "a%d\n", i)
		fmt.Fprintf(&b, "b%d\n", i)
	}
	if got := Compare(a.String(), b.String()); got.Added != 20_000 || got.Removed != 20_000 {
		t.Errorf("+%d -%d", got.Added, got.Removed)
	}
}

// TestDeepChangesApply compares texts that give up one line in common at a time: the diff may be longer than
// it need be, and still is right.
func TestDeepChangesApply(t *testing.T) {
	text := func(between string) string {
		var b strings.Builder
		b.WriteString(strings.Repeat(between+"\n", 3001))
		for k := range 3000 {
			fmt.Fprintf(&b, "%[1]s\n%[2]d\n%[1]s\n%[3]d\n%[1]s\n", between, k+1, k)
		}
		return b.String()
	}
	from, to := text("p"), text("q")
	if got, err := patched(from, Compare(from, to)); err != nil || got != to {
		t.Errorf("patched to %d bytes, %v, want %d", len(got), err, len(to))
	}
}
