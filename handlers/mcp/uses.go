package mcp

import (
	"fmt"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// Use is another tool whose work a tool does: see [Always] and [With].
type Use[In any] struct {
	policy.Use
	when func(in *In) bool
}

// Always is the use of a tool whose work every call does.
func Always[In any](tool string) Use[In] { return Use[In]{Use: policy.Use{Tool: tool}} }

// With is the use of a tool whose work a call does when it has an argument that callers may leave out.
func With[In any](argument, tool string, when func(in *In) bool) Use[In] {
	return Use[In]{policy.Use{Tool: tool, Argument: argument}, when}
}

func checkUses[In, Out any](s Spec[In, Out], shape *schema) error {
	for _, u := range s.Uses {
		switch {
		case (u.Argument == "") != (u.when == nil):
			return fmt.Errorf("the use of %s: an argument and when it is given come together", u.Tool)
		case u.Argument != "" && !shape.optional(u.Argument):
			return fmt.Errorf("the use of %s: %q is no argument that can be left out", u.Tool, u.Argument)
		}
	}
	return nil
}

// uses are those of a spec, as a policy knows them.
func uses[In, Out any](s Spec[In, Out]) (out []policy.Use) {
	for _, u := range s.Uses {
		out = append(out, u.Use)
	}
	return out
}
