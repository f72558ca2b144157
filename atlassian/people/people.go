// Package people decides whom a caller means, for Jira and for Confluence alike.
package people

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/markup"
)

// Person is somebody whom a search found.
type Person struct {
	// ID is what the deployment knows people by: the account id on Cloud, the user name on Data Center.
	ID string
	// Key is Data Center's further id, which a user keeps when renamed.
	Key         string
	Name, Email string
	Inactive    bool
}

// maxCandidates is how many people an error names.
const maxCandidates = 8

var accountID = regexp.MustCompile(`^(?:[0-9]{1,10}:[0-9A-Za-z_-]{1,100}|[0-9a-f]{24}|(?:qm|ug):[0-9A-Za-z:_-]{1,120})$`)

// IsAccountID says that a text has one of the forms that account ids of Cloud have had.
func IsAccountID(text string) bool { return accountID.MatchString(text) }

// Plain is what somebody is called without the sign of a mention, or an InputError about the argument.
func Plain(argument, who string) (string, error) {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	if who == "" {
		return "", &atlassian.InputError{Argument: argument, Problem: "is empty", Hint: "Give a name, an e-mail address or an id."}
	}
	return who, nil
}

// Choose returns the index of the one active person among those that a search gave, whose name, address,
// id or key is exactly the one asked for. Whoever is not certain is an InputError about the argument
// that names the candidates. With byAddress the search was one for addresses, which Cloud finds without
// showing them: the only person found by the whole of one is certain enough.
func Choose(argument, who string, found []Person, byAddress bool) (int, error) {
	byAddress = byAddress && strings.Contains(who, "@") && len(found) == 1
	var exact, active []int
	for i, p := range found {
		hidden := byAddress && p.Email == ""
		if !hidden && !slices.ContainsFunc([]string{p.Name, p.Email, p.ID, p.Key}, func(s string) bool { return strings.EqualFold(oneLine(s), oneLine(who)) }) {
			continue
		}
		if exact = append(exact, i); !p.Inactive {
			active = append(active, i)
		}
	}
	switch {
	case len(active) == 1:
		return active[0], nil
	case len(active) > 1:
		return 0, &atlassian.InputError{Argument: argument, Problem: quoted(who) + " fits several people", Hint: "Give the id of one: " + candidates(found, active) + "."}
	case len(exact) > 0:
		return 0, &atlassian.InputError{Argument: argument, Problem: "the account of " + quoted(who) + " is deactivated"}
	}
	e := &atlassian.InputError{Argument: argument, Problem: "there is no user " + quoted(who)}
	if len(found) > 0 {
		all := make([]int, len(found))
		for i := range found {
			all[i] = i
		}
		e.Hint = "Did you mean " + candidates(found, all) + "?"
	}
	return 0, e
}

func candidates(found []Person, list []int) string {
	var out []string
	for _, i := range list[:min(len(list), maxCandidates)] {
		p := found[i]
		text := fmt.Sprintf("%s (%s", oneLine(p.Name), oneLine(p.ID))
		if p.Email != "" {
			text += ", " + oneLine(p.Email)
		}
		out = append(out, text+")")
	}
	if len(list) > maxCandidates {
		out = append(out, "and others")
	}
	return strings.Join(out, "; ")
}

func oneLine(s string) string { return strings.Join(strings.Fields(markup.Clean(s)), " ") }

func quoted(s string) string {
	s, cut := atlassian.Shorten(oneLine(s), 80)
	if cut {
		s += "…"
	}
	return `"` + s + `"`
}
