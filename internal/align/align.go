// Package align finds what two sequences have in common, in time that grows as they do.
package align

import "slices"

const (
	// maxTable bounds the table of a longest common subsequence, in cells. What is larger is aligned by
	// what occurs only once.
	maxTable = 1 << 18
	// maxCells bounds all tables of an alignment: sixty-four of the largest.
	maxCells = 1 << 24
	// maxDepth bounds how often what is between two fixed points is aligned by fixed points of its own.
	// Texts that people write need two or three; each takes time in proportion to what is left.
	maxDepth = 16
)

// Pair is an element of both sequences, by its index in each.
type Pair struct{ A, B int }

// Common finds elements of two sequences that are equal, in ascending order: a longest common
// subsequence where that is small enough to compute, otherwise a good one. What is in the middle of
// more than 2^18 possible pairs, or behind many such middles, and repeats there, may be missed, even all
// of it. Whatever the sequences are, that takes some hundred steps for each element, and 2^24 at most for
// all tables.
func Common[T comparable](a, b []T) []Pair {
	return alignmentOf(a, b).pairs
}

func alignmentOf[T comparable](a, b []T) *alignment {
	ids := make(map[T]int, len(a))
	number := func(sequence []T) []int {
		numbers := make([]int, len(sequence))
		for i, v := range sequence {
			id, ok := ids[v]
			if !ok {
				id = len(ids)
				ids[v] = id
			}
			numbers[i] = id
		}
		return numbers
	}
	whole := part{a: number(a), b: number(b)}
	l := &alignment{seen: make([]occurrences, len(ids))}
	l.align(whole, 0)
	return l
}

// alignment is the work on two sequences of numbers, which stand for the elements.
type alignment struct {
	pairs []Pair
	seen  []occurrences // of each number
	table []int32
	cells int // of all tables so far
	steps int // comparisons of two elements outside tables, and looks at one
}

// part is a stretch of both sequences, and where it begins.
type part struct {
	a, b     []int
	atA, atB int
}

func (p part) cut(fromA, toA, fromB, toB int) part {
	return part{p.a[fromA:toA], p.b[fromB:toB], p.atA + fromA, p.atB + fromB}
}

func (l *alignment) add(p part, a, b int) { l.pairs = append(l.pairs, Pair{p.atA + a, p.atB + b}) }

// align appends the pairs of a part.
func (l *alignment) align(p part, depth int) {
	head := 0
	for head < len(p.a) && head < len(p.b) && p.a[head] == p.b[head] {
		l.add(p, head, head)
		head++
	}
	p = p.cut(head, len(p.a), head, len(p.b))
	tail := 0
	for tail < len(p.a) && tail < len(p.b) && p.a[len(p.a)-1-tail] == p.b[len(p.b)-1-tail] {
		tail++
	}
	l.steps += head + tail + 2
	middle := p.cut(0, len(p.a)-tail, 0, len(p.b)-tail)
	switch {
	case len(middle.a) == 0 || len(middle.b) == 0:
	case len(middle.a) <= min(maxTable, maxCells-l.cells)/len(middle.b):
		l.longest(middle)
	case depth < maxDepth:
		l.anchored(middle, depth)
	}
	for i := range tail {
		l.add(p, len(middle.a)+i, len(middle.b)+i)
	}
}

// longest is a longest common subsequence.
func (l *alignment) longest(p part) {
	l.cells += len(p.a) * len(p.b)
	l.steps += len(p.a) + len(p.b)
	width := len(p.b) + 1
	cells := (len(p.a) + 1) * width
	l.table = slices.Grow(l.table[:0], cells)[:cells] // each cell: the length of the longest one of a[i:] and b[j:]
	length := l.table
	clear(length[len(p.a)*width:])
	for i, x := range slices.Backward(p.a) {
		row, below := length[i*width:(i+1)*width], length[(i+1)*width:(i+2)*width]
		row[len(p.b)] = 0
		for j := len(p.b) - 1; j >= 0; j-- {
			if x == p.b[j] {
				row[j] = below[j+1] + 1
			} else {
				row[j] = max(below[j], row[j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(p.a) && j < len(p.b); {
		switch {
		case p.a[i] == p.b[j]:
			l.add(p, i, j)
			i++
			j++
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
}
