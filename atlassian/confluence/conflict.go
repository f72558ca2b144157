package confluence

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/linediff"
)

// maxConflictDiff is how many bytes of JSON an error spends on what somebody else changed.
const maxConflictDiff = 8 << 10

// outdated is the error of a change that was made for another version than the current one. It
// shows what has changed since, so that a caller can decide without reading the page again.
func (c *Client) outdated(ctx context.Context, cloud bool, expected int, current *held) error {
	e := &atlassian.InputError{Argument: "expected_version", Problem: fmt.Sprintf("the page is at version %d, not %d", current.version, expected)}
	if expected > current.version {
		e.Hint = "Nothing was changed. Read the page again."
		return e
	}
	e.Problem += c.changedBy(ctx, cloud, current)
	e.Hint = fmt.Sprintf("Nothing was changed. Put your change on top of version %d, and expect that", current.version)
	if before, err := c.hold(ctx, cloud, current.id, expected); err == nil {
		e.Hint += c.whatChanged(ctx, before, current)
	}
	return e
}

// conflict explains a version that Confluence refused because somebody else was faster. It looks at
// the page once more and never writes again: whether the change still fits is not for us to say.
func (c *Client) conflict(ctx context.Context, cloud bool, err error, before *held) error {
	var e *atlassian.Error
	if !errors.As(err, &e) || !errors.Is(err, atlassian.ErrConflict) {
		return err
	}
	current, readErr := c.hold(ctx, cloud, before.id, 0)
	if readErr != nil || current.version == before.version {
		return err
	}
	e.Hint = fmt.Sprintf("Nothing was changed. The page was at version %d when it was read and is at %d now%s. Put your change on top of that, and expect version %d",
		before.version, current.version, c.changedBy(ctx, cloud, current), current.version)
	e.Hint += c.whatChanged(ctx, before, current)
	return err
}

// changedBy names who made a version.
func (c *Client) changedBy(ctx context.Context, cloud bool, page *held) string {
	name := page.by
	if cloud {
		name = c.names(ctx, page.by)(page.by)
	}
	if name == "" {
		return ""
	}
	return ", changed by " + name + " at " + timestamp(page.when)
}

// whatChanged ends a sentence with the difference between two versions.
func (c *Client) whatChanged(ctx context.Context, before, current *held) string {
	diff := linediff.Compare(toMarkdown(before.storage), toMarkdown(current.storage))
	if len(diff.Hunks) == 0 {
		return ". The text that Markdown shows did not change."
	}
	text, truncated := c.show(ctx, diff, maxConflictDiff, before.storage, current.storage)
	return strings.TrimSpace(". What changed:\n" + text + truncated)
}

// show writes a difference between texts in storage format, with the names of the people in them,
// and says when it does not fit.
func (c *Client) show(ctx context.Context, diff linediff.Diff, budget int, storage ...string) (text, truncated string) {
	text = diff.String()
	if people := mentioned(strings.Join(storage, "\n")); len(people) > 0 {
		text = withNames(text, c.names(ctx, people...))
	}
	shown := head(text, budget)
	if len(shown) < len(text) {
		truncated = fmt.Sprintf("The difference has %d bytes; these are the first %d.", len(text), len(shown))
	}
	return shown, truncated
}
