package markup

import (
	"cmp"
	"slices"
)

// maxTable bounds the table of align, in cells. What is larger is aligned by what occurs only once.
const maxTable = 1 << 18

// match is a pair of indices, one in each of two sequences.
type match struct{ a, b int }

// align finds elements of two sequences that are equal, in ascending order: a longest common
// subsequence where that is small enough to compute, otherwise a good one.
func align[T comparable](a, b []T) []match {
	var out []match
	alignRange(a, b, 0, 0, &out)
	return out
}

func alignRange[T comparable](a, b []T, offsetA, offsetB int, out *[]match) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		*out = append(*out, match{offsetA + head, offsetB + head})
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
		alignTable(middleA, middleB, offsetA, offsetB, out)
	default:
		alignUnique(middleA, middleB, offsetA, offsetB, out)
	}
	for i := range tail {
		*out = append(*out, match{offsetA + len(middleA) + i, offsetB + len(middleB) + i})
	}
}

// alignTable computes a longest common subsequence.
func alignTable[T comparable](a, b []T, offsetA, offsetB int, out *[]match) {
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
			*out = append(*out, match{offsetA + i, offsetB + j})
			i++
			j++
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
}

// alignUnique takes the elements that occur once on either side as fixed points, as many as are in
// order, and aligns what is between them.
func alignUnique[T comparable](a, b []T, offsetA, offsetB int, out *[]match) {
	anchors := inOrder(uniqueMatches(a, b))
	if len(anchors) == 0 {
		return
	}
	atA, atB := 0, 0
	for _, m := range append(anchors, match{len(a), len(b)}) {
		alignRange(a[atA:m.a], b[atB:m.b], offsetA+atA, offsetB+atB, out)
		if m.a < len(a) {
			*out = append(*out, match{offsetA + m.a, offsetB + m.b})
		}
		atA, atB = m.a+1, m.b+1
	}
}

func uniqueMatches[T comparable](a, b []T) []match {
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
	var unique []match
	for _, v := range a {
		if s := all[v]; s.timesA == 1 && s.timesB == 1 {
			unique = append(unique, match{s.a, s.b})
		}
	}
	return unique
}

// inOrder is a longest subsequence of matches, which ascend in a, that ascends in b as well.
func inOrder(m []match) []match {
	var ends []int // by length-1: where the subsequence of that length with the lowest end ends
	before := make([]int, len(m))
	for i := range m {
		at, _ := slices.BinarySearchFunc(ends, m[i].b, func(e, b int) int { return cmp.Compare(m[e].b, b) })
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
	out := make([]match, len(ends))
	for i, at := len(ends)-1, ends[len(ends)-1]; i >= 0; i, at = i-1, before[at] {
		out[i] = m[at]
	}
	return out
}
