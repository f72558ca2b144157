package jira

import (
	"errors"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
)

// Jira names comments and worklogs among the fields of a screen. They are no values to be set, by
// whatever name.
func TestDeedsAreNoFields(t *testing.T) {
	for id, names := range map[string][]string{"comment": {"comment", "comments", "Kommentar"}, "worklog": {"worklog", "Zeit"}} {
		f := &form{argument: "fields", screen: map[string]fieldMeta{id: {Name: names[len(names)-1]}}}
		for _, name := range names {
			var refused *atlassian.InputError
			if got, err := f.fill(t.Context(), map[string]any{name: "x"}); !errors.As(err, &refused) || refused.Argument != "fields" {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
}
