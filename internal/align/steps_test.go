package align

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// perElement bounds the steps for each element outside tables: three looks, half the search for an order
// among 2^17 and a comparison or two at each of the depths.
const perElement = 16 * (maxDepth + 1)

// checkSteps fails where an alignment is wrong or costs more than its share.
func checkSteps(t *testing.T, a, b []int) {
	t.Helper()
	l := alignmentOf(a, b)
	checkPairs(t, a, b, l.pairs)
	if most := perElement * (len(a) + len(b) + 1); l.steps > most {
		t.Errorf("%d steps for %d and %d elements, want at most %d", l.steps, len(a), len(b), most)
	}
	if l.cells > maxCells {
		t.Errorf("%d cells for %d and %d elements", l.cells, len(a), len(b))
	}
	t.Logf("%d and %d elements: %d pairs, %d steps, %d cells", len(a), len(b), len(l.pairs), l.steps, l.cells)
}

// peeled is a text of which each look finds one element that occurs once, and only then another.
func peeled(levels, between int) []int {
	text := slices.Repeat([]int{between}, levels+1)
	for k := range levels {
		text = append(text, between, k+1, between, k, between)
	}
	return text
}

func TestStepsAreBounded(t *testing.T) {
	const p, q = -1, -2
	random := rand.New(rand.NewPCG(5, 6))
	scattered := func(n, distinct int) []int {
		s := make([]int, n)
		for i := range s {
			s[i] = random.IntN(distinct)
		}
		return s
	}
	// blocks fill one table after another, between elements that occur once.
	blocks := func(size, one, other int) (s []int) {
		for i := range 100 {
			s = append(s, i)
			for range size / 2 {
				s = append(s, one, other)
			}
		}
		return s
	}
	ascending := make([]int, 50000)
	for i := range ascending {
		ascending[i] = i
	}
	descending := slices.Clone(ascending)
	slices.Reverse(descending)
	for name, tc := range map[string]struct{ a, b []int }{
		"one anchor at a time":          {peeled(10000, p), peeled(10000, q)},
		"one anchor at a time, doubled": {peeled(20000, p), peeled(20000, q)},
		"one side of it":                {peeled(20000, p), ascending},
		"tables side by side":           {blocks(512, p, q), blocks(510, q, -3)},
		"tables that are too large":     {blocks(1000, p, q), blocks(1000, q, -3)},
		"a row against a column":        {slices.Repeat([]int{p, q}, 50000), []int{q, -3, q, -4, q}},
		"turned round":                  {ascending, descending},
		"of few":                        {scattered(30000, 2), scattered(30000, 3)},
		"of many":                       {scattered(30000, 30000), scattered(30000, 30000)},
		"equal":                         {ascending, ascending},
		"nothing in common":             {slices.Repeat([]int{p}, 50000), slices.Repeat([]int{q}, 50000)},
	} {
		t.Run(name, func(t *testing.T) { checkSteps(t, tc.a, tc.b) })
	}
}

// FuzzCommon aligns what repeats and does not, as programs of two bytes describe it: a run of elements that
// occur once, one that both sequences have or one of them, or what was made so far within itself.
func FuzzCommon(f *testing.F) {
	f.Add([]byte("\x00\xff\x01\x20\x02\x30\x03\xff\x04\x01\x04\x01"))
	f.Add([]byte("\x01\x05\x03\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01\x04\x01"))
	f.Fuzz(func(t *testing.T, program []byte) {
		var a, b []int
		fresh := 1000
		for len(program) >= 2 && len(a)+len(b) < 1<<15 {
			what, n := program[0], int(program[1])
			program = program[2:]
			switch what % 6 {
			case 0:
				for range n {
					fresh++
					a, b = append(a, fresh), append(b, fresh)
				}
			case 1:
				a, b = append(a, slices.Repeat([]int{n % 7}, n)...), append(b, n%5)
			case 2:
				a, b = append(a, n%7), append(b, slices.Repeat([]int{n % 5}, n)...)
			case 3:
				fresh++
				a, b = append(a, -n, fresh), append([]int{fresh}, b...)
			case 4:
				fresh++
				a = slices.Concat([]int{-1}, a, []int{-1, fresh, -1, fresh - 1, -1})
				b = slices.Concat([]int{-2}, b, []int{-2, fresh, -2, fresh - 1, -2})
			case 5:
				a, b = slices.Concat(a, b), slices.Concat(b, a)
			}
		}
		checkSteps(t, a, b)
	})
}
