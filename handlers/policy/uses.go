package policy

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Use is another tool whose work a tool does: a change of status by the tool that updates issues, say.
// Who may not use that other tool, or not on an object, may not have its work done either.
type Use struct {
	// Tool is the name of the other tool.
	Tool string

	// Argument is the one that asks for its work. Empty: every call does it.
	Argument string
}

// Used is the tool that a use of t names. One that does not exist is a tool that nobody may use.
func (p *Policy) Used(t Tool, u Use) Tool {
	if used, ok := p.known[key{u.Tool, t.Product}]; ok {
		return used
	}
	return Tool{Name: u.Tool, Product: t.Product}
}

// everyCall are the tools whose work every call of t does.
func (p *Policy) everyCall(t Tool) iter.Seq[Tool] {
	return func(yield func(Tool) bool) {
		for _, u := range t.Uses {
			if u.Argument == "" && !yield(p.Used(t, u)) {
				return
			}
		}
	}
}

// CheckUses reports a tool that does the work of one that does not exist, or is not of its product.
func CheckUses(known []Tool) error {
	_, err := index(known)
	return err
}

// index checks that tools are told apart, and that what they use exists. What every call of a tool uses
// does no work of others in every call, so that one look is enough.
func index(known []Tool) (map[key]Tool, error) {
	tools := make(map[key]Tool, len(known))
	for _, t := range known {
		if _, twice := tools[t.key()]; twice {
			return nil, fmt.Errorf("there are two tools %s for %s", t.Name, t.Product.Title())
		}
		tools[t.key()] = t
	}
	for _, t := range known {
		for _, u := range t.Uses {
			used, ok := tools[key{u.Tool, t.Product}]
			switch {
			case !ok:
				return nil, fmt.Errorf("tool %s: there is no tool %q for %s, whose work it does", t.Name, u.Tool, t.Product.Title())
			case u.Argument == "" && slices.ContainsFunc(used.Uses, func(further Use) bool { return further.Argument == "" }):
				return nil, fmt.Errorf("tool %s: it does the work of %s, which does the work of others", t.Name, u.Tool)
			}
		}
	}
	return tools, nil
}

// checkNamed refuses settings that name a tool and leave it useless, because nobody may use the tools
// whose work it does.
func (p *Policy) checkNamed(c Config) error {
	for _, name := range trimmed(c.Tools) {
		if err := p.checkUseful("ENABLED_TOOLS", name, c.Known); err != nil {
			return err
		}
	}
	for _, r := range c.Rules {
		if r.Deny {
			continue
		}
		for _, word := range r.What {
			if err := p.checkUseful(r.String(), word, c.Known); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Policy) checkUseful(setting, name string, known []Tool) error {
	var missing []string
	for _, t := range known {
		switch {
		case t.Name != name || !p.possible(t):
		case p.Possible(t):
			return nil
		default:
			for used := range p.everyCall(t) {
				if !p.possible(used) {
					missing = append(missing, used.Name)
				}
			}
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("%s: %s does the work of other tools, which have to be open, too, and nobody may use %s", setting, name, strings.Join(missing, " or "))
}
