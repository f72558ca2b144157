package align

import (
	"cmp"
	"math/bits"
	"slices"
)

// anchored takes the elements that occur once on either side as fixed points, as many as are in
// order, and aligns what is between them.
func (l *alignment) anchored(p part, depth int) {
	anchors := l.inOrder(l.uniqueMatches(p))
	if len(anchors) == 0 {
		return
	}
	atA, atB := 0, 0
	for _, m := range anchors {
		l.align(p.cut(atA, m.A, atB, m.B), depth+1)
		l.add(p, m.A, m.B)
		atA, atB = m.A+1, m.B+1
	}
	l.align(p.cut(atA, len(p.a), atB, len(p.b)), depth+1)
}

// occurrences says where a number occurs last in either stretch of a part, and how often.
type occurrences struct{ a, b, timesA, timesB int }

func (l *alignment) uniqueMatches(p part) []Pair {
	l.steps += 3*len(p.a) + 2*len(p.b)
	for _, v := range p.a {
		l.seen[v] = occurrences{}
	}
	for _, v := range p.b {
		l.seen[v] = occurrences{}
	}
	for i, v := range p.a {
		l.seen[v].a = i
		l.seen[v].timesA++
	}
	for j, v := range p.b {
		l.seen[v].b = j
		l.seen[v].timesB++
	}
	var unique []Pair
	for _, v := range p.a {
		if s := l.seen[v]; s.timesA == 1 && s.timesB == 1 {
			unique = append(unique, Pair{s.a, s.b})
		}
	}
	return unique
}

// inOrder is a longest subsequence of matches, which ascend in a, that ascends in b as well.
func (l *alignment) inOrder(m []Pair) []Pair {
	l.steps += len(m) * bits.Len(uint(len(m)))
	var ends []int // by length-1: where the subsequence of that length with the lowest end ends
	before := make([]int, len(m))
	for i := range m {
		at, _ := slices.BinarySearchFunc(ends, m[i].B, func(e, b int) int { return cmp.Compare(m[e].B, b) })
		before[i] = -1
		if at > 0 {
			before[i] = ends[at-1]
		}
		if at == len(ends) {
			ends = append(ends, i)
		} else {
			ends[at] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	out := make([]Pair, len(ends))
	for i, at := len(ends)-1, ends[len(ends)-1]; i >= 0; i, at = i-1, before[at] {
		out[i] = m[at]
	}
	return out
}
