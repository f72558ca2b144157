package align

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommon(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want []Pair
	}{
		{"", "", nil},
		{"a", "", nil},
		{"a", "b", nil},
		{"abc", "abc", []Pair{{0, 0}, {1, 1}, {2, 2}}},
		{"abc", "axc", []Pair{{0, 0}, {2, 2}}},
		{"abc", "xbx", []Pair{{1, 1}}},
		{"xayb", "abz", []Pair{{1, 0}, {3, 1}}},
		{"ab", "ba", []Pair{{1, 0}}},
	} {
		if diff := cmp.Diff(tc.want, Common([]byte(tc.a), []byte(tc.b))); diff != "" {
			t.Errorf("%q, %q (-want +got):\n%s", tc.a, tc.b, diff)
		}
	}
}

// checkPairs fails unless pairs ascend and pair equal elements.
func checkPairs(t *testing.T, a, b []int, pairs []Pair) {
	t.Helper()
	last := Pair{-1, -1}
	for _, p := range pairs {
		if p.A <= last.A || p.B <= last.B || a[p.A] != b[p.B] {
			t.Fatalf("%v after %v in %v and %v", p, last, a, b)
		}
		last = p
	}
}

// longestLength is the length of a longest common subsequence, by its definition.
func longestLength(a, b []int) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return 0
	case a[0] == b[0]:
		return 1 + longestLength(a[1:], b[1:])
	default:
		return max(longestLength(a[1:], b), longestLength(a, b[1:]))
	}
}

func TestCommonIsLongest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sequence := func() []int {
		s := make([]int, random.IntN(9))
		for i := range s {
			s[i] = random.IntN(3)
		}
		return s
	}
	for range 2000 {
		a, b := sequence(), sequence()
		pairs := Common(a, b)
		checkPairs(t, a, b, pairs)
		if want := longestLength(a, b); len(pairs) != want {
			t.Fatalf("%v and %v: %v, want %d pairs", a, b, pairs, want)
		}
	}
}

// TestCommonOfMany aligns more than the table holds, by what occurs once.
func TestCommonOfMany(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var a, b []int
	kept := 0
	for i := range 5000 {
		switch random.IntN(10) {
		case 0:
			a = append(a, i)
		case 1:
			b = append(b, i)
		case 2:
			a, b = append(a, -1), append(b, -1)
			kept++
		default:
			a, b = append(a, i), append(b, i)
			kept++
		}
	}
	pairs := Common(a, b)
	checkPairs(t, a, b, pairs)
	if len(pairs) != kept {
		t.Errorf("%d pairs, want %d", len(pairs), kept)
	}
}

// TestCommonOfWhatRepeats has nothing that occurs once between its ends.
func TestCommonOfWhatRepeats(t *testing.T) {
	a := slices.Concat([]int{1}, slices.Repeat([]int{2, 3}, 1000), []int{4})
	b := slices.Concat([]int{1}, slices.Repeat([]int{3, 3, 2}, 1000), []int{4})
	pairs := Common(a, b)
	checkPairs(t, a, b, pairs)
	if first, last := pairs[0], pairs[len(pairs)-1]; first != (Pair{0, 0}) || last != (Pair{len(a) - 1, len(b) - 1}) {
		t.Errorf("from %v to %v", first, last)
	}
}
