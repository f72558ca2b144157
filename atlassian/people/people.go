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

// address is a text that is an e-mail address and no name with a sign in it.
var address = regexp.MustCompile(`^\S+@\S+$`)

// Choose returns the index of the one active person among those that a search gave, whose name, address,
// id or key is exactly the one asked for; an address is never that of somebody who is merely called so,
// since people choose their names themselves. Whoever is not certain is an InputError about the argument
// that names the candidates. With byAddress the search was one for addresses, which Cloud finds without
// showing them: the only person found by the whole of one is certain enough, unless the name, in which
// Cloud searches as well, is like an address.
func Choose(argument, who string, found []Person, byAddress bool) (int, error) {
	who = oneLine(who)
	isAddress := address.MatchString(who)
	var exact, active, hidden []int
	for i, p := range found {
		called := []string{p.Email, p.ID, p.Key}
		if !isAddress {
			called = append(called, p.Name)
		}
		if isAddress && byAddress && p.Email == "" {
			hidden = append(hidden, i)
		}
		if !slices.ContainsFunc(called, func(s string) bool { return strings.EqualFold(oneLine(s), who) }) {
			continue
		}
		if exact = append(exact, i); !p.Inactive {
			active = append(active, i)
		}
	}
	if len(exact) == 0 && len(hidden) > 0 {
		if len(found) > 1 || strings.Contains(found[0].Name, "@") {
			return 0, &atlassian.InputError{Argument: argument, Problem: "it is not certain whose address " + quoted(who) + " is", Hint: "Give the id of one: " + candidates(found, everyone(found)) + "."}
		}
		if exact = hidden; !found[0].Inactive {
			active = hidden
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
		e.Hint = "Did you mean " + candidates(found, everyone(found)) + "?"
	}
	return 0, e
}

func everyone(found []Person) []int {
	all := make([]int, len(found))
	for i := range all {
		all[i] = i
	}
	return all
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
