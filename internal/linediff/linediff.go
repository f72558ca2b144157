// Package linediff compares two texts line by line.
package linediff

import (
	"fmt"
	"slices"
	"strings"
)

// maxEdits bounds the changes that are looked for line by line, because that takes the square of
// their number. Texts that differ in more are shown as one that took the other's place.
const maxEdits = 1000

// around is how many unchanged lines a hunk shows before and after a change.
const around = 2

// Diff is what differs between two texts.
type Diff struct {
	// Added and Removed count lines.
	Added, Removed int
	// Hunks are the changes in unified form, each with its "@@" line and without a header of files.
	Hunks []string
}

// String is the unified form of all hunks.
func (d Diff) String() string { return strings.Join(d.Hunks, "") }

// step is a line of one text or of both.
type step struct {
	sign byte // ' ', '-' or '+'
	line string
}

// Compare finds what turns one text into another. A text without a line break at its end counts as
// one with it.
func Compare(from, to string) Diff {
	a, b := lines(from), lines(to)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	script := make([]step, 0, len(a)+len(b))
	for _, line := range a[:head] {
		script = append(script, step{' ', line})
	}
	script = append(script, edits(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, line := range a[len(a)-tail:] {
		script = append(script, step{' ', line})
	}
	return inHunks(script)
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// edits finds a shortest script by the greedy algorithm of Myers (An O(ND) Difference Algorithm,
// Algorithmica 1986): for each number of edits, how far along each diagonal they can reach.
func edits(a, b []string) []step {
	var trace [][]int
	reach := map[int]int{1: 0}
	for d := 0; d <= min(len(a)+len(b), maxEdits); d++ {
		row := make([]int, 2*d+1) // of diagonals -d to d
		for k := -d; k <= d; k += 2 {
			x := reach[k-1] + 1
			if k == -d || (k != d && reach[k-1] < reach[k+1]) {
				x = reach[k+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[k], row[k+d] = x, x
			if x >= len(a) && x-k >= len(b) {
				return walkBack(a, b, append(trace, row))
			}
		}
		trace = append(trace, row)
	}
	replaced := make([]step, 0, len(a)+len(b))
	for _, line := range a {
		replaced = append(replaced, step{'-', line})
	}
	for _, line := range b {
		replaced = append(replaced, step{'+', line})
	}
	return replaced
}

// walkBack reads the script from the reaches, from the end to the beginning.
func walkBack(a, b []string, trace [][]int) []step {
	var script []step
	x, y := len(a), len(b)
	for d := len(trace) - 1; d > 0; d-- {
		before := trace[d-1]
		at := func(k int) int { // where d-1 edits reached on diagonal k
			if k < -(d-1) || k > d-1 {
				return -1
			}
			return before[k+d-1]
		}
		k := x - y
		previous := k - 1
		if k == -d || (k != d && at(k-1) < at(k+1)) {
			previous = k + 1
		}
		fromX := at(previous)
		fromY := fromX - previous
		for x > fromX && y > fromY {
			x, y = x-1, y-1
			script = append(script, step{' ', a[x]})
		}
		if x > fromX {
			x--
			script = append(script, step{'-', a[x]})
		} else {
			y--
			script = append(script, step{'+', b[y]})
		}
	}
	for x > 0 {
		x--
		script = append(script, step{' ', a[x]})
	}
	slices.Reverse(script)
	return script
}

// inHunks writes a script in unified form.
func inHunks(script []step) Diff {
	var d Diff
	fromLine, toLine := 1, 1
	for i := 0; i < len(script); {
		if script[i].sign == ' ' {
			i, fromLine, toLine = i+1, fromLine+1, toLine+1
			continue
		}
		start := max(0, i-around)
		for start > 0 && script[start].sign != ' ' {
			start++
		}
		end := endOfHunk(script, i)
		hunk, removed, added := writeHunk(script[start:end], fromLine-(i-start), toLine-(i-start))
		d.Hunks, d.Removed, d.Added = append(d.Hunks, hunk), d.Removed+removed, d.Added+added
		for ; i < end; i++ {
			if script[i].sign != '+' {
				fromLine++
			}
			if script[i].sign != '-' {
				toLine++
			}
		}
	}
	return d
}

// endOfHunk is where a hunk ends whose first change is at i: changes that are close together share
// one.
func endOfHunk(script []step, i int) int {
	last := i
	for j := i; j < len(script) && j-last <= 2*around+1; j++ {
		if script[j].sign != ' ' {
			last = j
		}
	}
	return min(last+1+around, len(script))
}

func writeHunk(steps []step, fromLine, toLine int) (hunk string, removed, added int) {
	var body strings.Builder
	same := 0
	for _, s := range steps {
		body.WriteByte(s.sign)
		body.WriteString(s.line + "\n")
		switch s.sign {
		case '-':
			removed++
		case '+':
			added++
		default:
			same++
		}
	}
	return fmt.Sprintf("@@ -%s +%s @@\n", extent(fromLine, same+removed), extent(toLine, same+added)) + body.String(), removed, added
}

// extent is a range of lines as unified diffs write it: one of no lines names the line before it.
func extent(line, count int) string {
	if count == 0 {
		line--
	}
	if count == 1 {
		return fmt.Sprint(line)
	}
	return fmt.Sprintf("%d,%d", line, count)
}
