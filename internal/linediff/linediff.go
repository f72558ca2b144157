// Package linediff compares two texts line by line.
package linediff

import (
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/align"
)

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
// one with it. Where hundreds of lines changed, unchanged ones among them that the texts have more than once
// may count as removed and added.
func Compare(from, to string) Diff {
	return inHunks(script(lines(from), lines(to)))
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// script is the lines of both texts in the order of a diff.
func script(a, b []string) []step {
	steps := make([]step, 0, len(a)+len(b))
	i, j := 0, 0
	for _, p := range append(align.Common(a, b), align.Pair{A: len(a), B: len(b)}) {
		for ; i < p.A; i++ {
			steps = append(steps, step{'-', a[i]})
		}
		for ; j < p.B; j++ {
			steps = append(steps, step{'+', b[j]})
		}
		if i < len(a) {
			steps = append(steps, step{' ', a[i]})
		}
		i, j = i+1, j+1
	}
	return steps
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
