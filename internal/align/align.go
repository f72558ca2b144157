// Package align finds what two sequences have in common.
package align

import (
	"cmp"
	"slices"
)

// maxTable bounds the table of a longest common subsequence, in cells. What is larger is aligned by what
// occurs only once.
const maxTable = 1 << 18

// Pair is an element of both sequences, by its index in each.
type Pair struct{ A, B int }

// Common finds elements of two sequences that are equal, in ascending order: a longest common
// subsequence where that is small enough to compute, otherwise a good one. What is in the middle of
// more than 2^18 possible pairs, and repeats, may be missed.
func Common[T comparable](a, b []T) []Pair {
	var out []Pair
	common(a, b, 0, 0, &out)
	return out
}

// common appends the pairs of two parts, which begin at the offsets.
func common[T comparable](a, b []T, offsetA, offsetB int, out *[]Pair) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		*out = append(*out, Pair{offsetA + head, offsetB + head})
		head++
	}
	a, b = a[head:], b[head:]
	offsetA, offsetB = offsetA+head, offsetB+head
	tail := 0
	for tail < len(a) && tail < len(b) && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	middleA, middleB := a[:len(a)-tail], b[:len(b)-tail]
	switch {
	case len(middleA) == 0 || len(middleB) == 0:
	case len(middleA) <= maxTable/len(middleB):
		longest(middleA, middleB, offsetA, offsetB, out)
	default:
		anchored(middleA, middleB, offsetA, offsetB, out)
	}
	for i := range tail {
		*out = append(*out, Pair{offsetA + len(middleA) + i, offsetB + len(middleB) + i})
	}
}

// longest is a longest common subsequence.
func longest[T comparable](a, b []T, offsetA, offsetB int, out *[]Pair) {
	width := len(b) + 1
	length := make([]int32, (len(a)+1)*width) // of the longest one of a[i:] and b[j:]
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if x == y {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			*out = append(*out, Pair{offsetA + i, offsetB + j})
			i++
			j++
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
}

// anchored takes the elements that occur once on either side as fixed points, as many as are in
// order, and aligns what is between them.
func anchored[T comparable](a, b []T, offsetA, offsetB int, out *[]Pair) {
	anchors := inOrder(uniqueMatches(a, b))
	if len(anchors) == 0 {
		return
	}
	atA, atB := 0, 0
	for _, m := range append(anchors, Pair{len(a), len(b)}) {
		common(a[atA:m.A], b[atB:m.B], offsetA+atA, offsetB+atB, out)
		if m.A < len(a) {
			*out = append(*out, Pair{offsetA + m.A, offsetB + m.B})
		}
		atA, atB = m.A+1, m.B+1
	}
}

func uniqueMatches[T comparable](a, b []T) []Pair {
	type seen struct{ a, b, timesA, timesB int }
	all := make(map[T]*seen, len(a))
	for i, v := range a {
		if all[v] == nil {
			all[v] = &seen{}
		}
		all[v].a = i
		all[v].timesA++
	}
	for j, v := range b {
		if s := all[v]; s != nil {
			s.b = j
			s.timesB++
		}
	}
	var unique []Pair
	for _, v := range a {
		if s := all[v]; s.timesA == 1 && s.timesB == 1 {
			unique = append(unique, Pair{s.a, s.b})
		}
	}
	return unique
}

// inOrder is a longest subsequence of matches, which ascend in a, that ascends in b as well.
func inOrder(m []Pair) []Pair {
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
