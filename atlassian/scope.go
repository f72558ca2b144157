package atlassian

import (
	"slices"
	"strings"
)

// Scope limits what a call finds and tells to projects or spaces, by key.
type Scope struct {
	// Only are the keys to search in; nil is all of them, and an empty list none.
	Only []string
	// Never are keys to leave out.
	Never []string
}

// Nothing says whether the scope leaves nothing to search in.
func (s Scope) Nothing() bool { return s.Only != nil && len(s.Only) == 0 }

// Holds says whether a project or space is in the scope, whatever the case of its key.
func (s Scope) Holds(key string) bool {
	among := func(keys []string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) })
	}
	return (s.Only == nil || among(s.Only)) && !among(s.Never)
}

// Conditions spells the scope in JQL or CQL, whose forms of this are the same. Field is project or
// space, and quote makes a string of the language.
func (s Scope) Conditions(field string, quote func(string) string) []string {
	var out []string
	for _, c := range []struct {
		operator string
		keys     []string
	}{{"in", s.Only}, {"not in", s.Never}} {
		if len(c.keys) == 0 {
			continue
		}
		quoted := make([]string, len(c.keys))
		for i, key := range c.keys {
			quoted[i] = quote(key)
		}
		out = append(out, field+" "+c.operator+" ("+strings.Join(quoted, ", ")+")")
	}
	return out
}
