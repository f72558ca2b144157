package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// rule is a Rule made ready for decisions.
type rule struct {
	deny  bool
	line  string
	tools map[key]bool // those it is about

	everybody                                                       bool // no word says who
	roles, groups, users, tenants, scopes, applications, assistants values
	projects, spaces                                                nameSet
}

// values are those of a word that says who. There are few, which makes a list faster than a set; an
// empty one fits everybody.
type values []string

func (v values) fit(name string) bool { return len(v) == 0 || slices.Contains(v, name) }

func (v values) fitOne(names []string) bool {
	if len(v) == 0 {
		return true
	}
	for _, n := range names {
		if slices.Contains(v, n) {
			return true
		}
	}
	return false
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// compile checks a rule against the tools that exist.
func compile(r Rule, known []Tool) (*rule, error) {
	c := &rule{deny: r.Deny, line: r.String(), roles: trimmed(r.Roles), scopes: trimmed(r.Scopes), assistants: folded(r.Assistants)}
	var err error
	r.Each(func(word string, values *[]string) {
		err = cmp.Or(err, noBlank(c.line+": "+word, *values))
		if *values != nil && len(*values) == 0 {
			err = cmp.Or(err, fmt.Errorf("%s: %s: its list is empty; write a value, or leave it out", c.line, word))
		}
	})
	if err != nil {
		return nil, err
	}
	if len(r.What) == 0 {
		return nil, fmt.Errorf("%s: %w", c.line, errNothing)
	}
	for _, w := range []struct {
		name   string
		values []string
		into   *values
		form   *regexp.Regexp
	}{
		{"group", r.Groups, &c.groups, guid},
		{"user", r.Users, &c.users, regexp.MustCompile(`^(` + guid.String()[1:len(guid.String())-1] + `/)?` + guid.String()[1:])},
		{"tenant", r.Tenants, &c.tenants, guid},
		{"application", r.Applications, &c.applications, guid},
	} {
		*w.into = folded(w.values)
		for _, value := range *w.into {
			if !w.form.MatchString(value) {
				return nil, fmt.Errorf("%s: %s: %q is not an object id of Entra, such as 6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31", c.line, w.name, value)
			}
		}
	}
	if c.projects, err = keyNames(c.line+": project", "project", r.Projects); err != nil {
		return nil, err
	}
	if c.spaces, err = keyNames(c.line+": space", "space", r.Spaces); err != nil {
		return nil, err
	}
	c.everybody = len(c.roles)+len(c.groups)+len(c.users)+len(c.tenants)+len(c.scopes)+len(c.applications)+len(c.assistants) == 0
	c.tools, err = c.covered(r, known)
	return c, err
}

func folded(names []string) values {
	low := make(values, len(names))
	for i, n := range names {
		low[i] = strings.ToLower(strings.TrimSpace(n))
	}
	return low
}

// covered are the tools that a line is about.
func (c *rule) covered(r Rule, known []Tool) (map[key]bool, error) {
	for _, p := range r.Products {
		if p != string(Jira) && p != string(Confluence) {
			return nil, unknown(c.line, "product", p, []string{string(Jira), string(Confluence)})
		}
	}
	fits, err := toolsNamed(c.line, r, known)
	if err != nil {
		return nil, err
	}
	tools, named := make(map[key]bool), false
	for _, t := range known {
		named = named || fits(t)
		if fits(t) && c.concerns(t.Product, r.Products) {
			tools[t.key()] = true
		}
	}
	if !named {
		return nil, fmt.Errorf("%s: no tool is all of %s", c.line, strings.Join(r.What, ", "))
	}
	if len(tools) == 0 && c.contradicts(r, fits, known) {
		return nil, fmt.Errorf("%s: it can never hold: its tools have nothing to do with its %s", c.line, c.limits(r))
	}
	return tools, nil
}

// contradicts says that no tool could ever be meant, whatever products are configured: the line names
// products, or tools of some, and objects of others.
func (c *rule) contradicts(r Rule, fits func(Tool) bool, known []Tool) bool {
	byAccess := !slices.ContainsFunc(r.What, func(word string) bool { return !slices.Contains([]Access{Read, Write, Delete}, Access(word)) })
	for _, p := range []Product{Jira, Confluence} {
		meant := byAccess || slices.ContainsFunc(known, func(t Tool) bool { return t.Product == p && fits(t) })
		if meant && c.concerns(p, r.Products) {
			return false
		}
	}
	return true
}

// limits are the words that name products and objects.
func (c *rule) limits(r Rule) string {
	var words []string
	for _, w := range r.words() {
		if slices.Contains([]string{"product", "project", "space"}, w.name) && len(*w.values) > 0 {
			words = append(words, w.name+" "+strings.Join(*w.values, " "))
		}
	}
	return strings.Join(words, " and ")
}

// concerns says whether a line is about a product: by its word, and by the objects it names.
func (c *rule) concerns(p Product, products []string) bool {
	if len(products) > 0 && !slices.Contains(products, string(p)) {
		return false
	}
	return c.projects == nil && c.spaces == nil || c.objects(p) != nil
}

// toolsNamed says which tools are meant: by what they do, and by their names or toolsets. With both,
// both have to fit.
func toolsNamed(line string, r Rule, known []Tool) (func(Tool) bool, error) {
	var access []Access
	var names, toolsets, tools, existing []string
	for _, t := range known {
		tools, existing = append(tools, t.Name), append(existing, t.Toolset)
	}
	for _, word := range r.What {
		toolset, isToolset := strings.CutPrefix(word, "toolset:")
		switch a := Access(word); {
		case a == Read || a == Write || a == Delete:
			access = append(access, a)
		case isToolset && slices.Contains(existing, toolset):
			toolsets = append(toolsets, toolset)
		case isToolset:
			return nil, unknown(line, "toolset", toolset, existing)
		case slices.Contains(tools, word):
			names = append(names, word)
		default:
			return nil, unknown(line, "tool", word, append(tools, "read", "write", "delete", "toolset:NAME"))
		}
	}
	return func(t Tool) bool {
		done := slices.Contains(access, t.Access)
		switch {
		case len(access) > 0 && !done:
			return false
		case len(names)+len(toolsets) == 0, slices.Contains(names, t.Name):
			return true
		}
		return slices.Contains(toolsets, t.Toolset) && (done || r.Deny || t.Access != Delete) // to allow deleting, it has to be said
	}, nil
}

// objects are the keys that the line is limited to in a product; nil is no limit.
func (c *rule) objects(p Product) nameSet {
	if p == Confluence {
		return c.spaces
	}
	return c.projects
}

// holds says whether the line is about who. Of somebody who is not known well enough to tell, a line
// that denies holds and one that allows does not.
func (c *rule) holds(who *identity.Principal) bool {
	switch {
	case c.everybody:
		return true
	case who == nil:
		return c.deny
	case !c.roles.fitOne(who.Roles), !c.scopes.fitOne(who.Scopes), !c.tenants.fit(who.TenantID), !c.applications.fit(who.Application):
		return false
	case len(c.users) > 0 && !slices.Contains(c.users, who.ObjectID) && !slices.Contains(c.users, who.ID()):
		return false
	case len(c.assistants) > 0 && !c.names(who.Assistant):
		return false
	case len(c.groups) > 0 && who.GroupsUnknown:
		return c.deny
	}
	return c.groups.fitOne(who.Groups)
}

func (c *rule) names(a identity.Assistant) bool {
	return slices.ContainsFunc(c.assistants, func(n string) bool { return strings.EqualFold(n, a.ClientID) || strings.EqualFold(n, a.Name) })
}
