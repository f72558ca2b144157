package jira

import (
	"encoding/json"
	"fmt"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/excerpt"
)

// Sizes in bytes of JSON text, which is what a result costs its reader.
const (
	// resultBudget is how large one result may be.
	resultBudget = 32 << 10
	// wholeBudget is how large it may be when one field alone was asked for: Jira's texts have at most
	// 32 767 characters, unless an administrator allowed more.
	wholeBudget = 128 << 10
	// listBudget is the share of a list of other issues or of file names.
	listBudget = 4 << 10
	// minListed is the least that an issue in a list may take.
	minListed = 3 << 10
	// minComment is the least that is worth showing of a comment.
	minComment = 256
	// commentOverhead is what a comment costs beside its body.
	commentOverhead = 160
	// noteOverhead is what a note about something left out costs.
	noteOverhead = 120
)

// budget is what is left of a result's size.
type budget struct{ left int }

func newBudget(size int) *budget { return &budget{left: size} }

// spend takes the size of something that is shown in any case.
func (b *budget) spend(v any) { b.left -= size(v) }

// text gives as much of a text as fits into share, and notes on the issue when that is not all.
func (b *budget) text(on *Issue, what, s string, share int) string {
	kept, end := excerpt.Cut(s, 0, max(0, min(share, b.left)))
	b.spendText(kept)
	if end == len(s) {
		return s
	}
	b.left -= noteOverhead
	on.truncated("%s: the first %d of %d bytes; ask for this field alone to get more.", what, end, len(s))
	return kept
}

// spendText spends what a text takes in JSON that escapes no more than it has to.
func (b *budget) spendText(s string) {
	_, cost := atlassian.Fit(s, 2*len(s))
	b.left -= cost
}

// fit gives as many items of a list as its share allows, and notes on the issue how many.
func fit[T any](b *budget, on *Issue, what string, list []T) []T {
	share := min(listBudget, b.left)
	for i, item := range list {
		cost := size(item) + 1
		if cost > share {
			on.truncated("%s: the first %d of %d.", what, i, len(list))
			b.left -= noteOverhead
			return list[:i:i]
		}
		share -= cost
		b.left -= cost
	}
	return list
}

func (i *Issue) truncated(format string, args ...any) {
	i.Truncated = append(i.Truncated, fmt.Sprintf(format, args...))
}

// size is the length of v as JSON.
func size(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return resultBudget
	}
	return len(data)
}
