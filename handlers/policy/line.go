package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Rule is one line of a policy. The words of a line all have to fit, and of the values of a word
// one: "allow write role Writer group A B" is for who has the role and is in one of the groups. A
// word that is left out fits everybody and everything.
type Rule struct {
	// Deny makes the line refuse instead of allow.
	Deny bool `json:"deny,omitempty"`

	// What are the tools that the line is about: by what they do (read, write, delete), and by
	// toolset:NAME or their names. With both, both have to fit. To allow deleting, it has to be
	// said: a toolset alone stands for its tools that read and write.
	What []string `json:"what"`

	// Products narrows What to jira or confluence.
	Products []string `json:"products,omitempty"`

	// Roles are app roles of our application in Entra, by value.
	Roles []string `json:"roles,omitempty"`

	// Groups are object ids of Entra groups. Nobody whose groups are unknown is allowed by such a
	// line, and a line that denies is held against them.
	Groups []string `json:"groups,omitempty"`

	// Users are people, by object id, with or without "tenant id/" before it.
	Users []string `json:"users,omitempty"`

	Tenants []string `json:"tenants,omitempty"`
	Scopes  []string `json:"scopes,omitempty"`

	// Applications are client ids of applications in Entra: those that a token was issued to.
	Applications []string `json:"applications,omitempty"`

	// Assistants are OAuth clients, by client id or by the name that they give themselves. A name
	// proves nothing: to allow by it is to trust everybody.
	Assistants []string `json:"assistants,omitempty"`

	// Projects are keys of Jira projects, and Spaces of Confluence spaces. With one of both, the line
	// is about that product alone.
	Projects []string `json:"projects,omitempty"`
	Spaces   []string `json:"spaces,omitempty"`
}

// String is the line as an operator writes it.
func (r Rule) String() string {
	words := []string{"allow"}
	if r.Deny {
		words[0] = "deny"
	}
	words = append(words, r.What...)
	for _, w := range r.words() {
		if len(*w.values) > 0 {
			words = append(words, w.name)
			for _, value := range *w.values {
				if strings.ContainsAny(value, " \t,\"") {
					value = strconv.Quote(value)
				}
				words = append(words, value)
			}
		}
	}
	return strings.Join(words, " ")
}

// ruleWord is a word of a line with its values.
type ruleWord struct {
	name   string
	values *[]string
}

// words are those that narrow a line, with their values.
func (r *Rule) words() []ruleWord {
	return []ruleWord{
		{"product", &r.Products},
		{"role", &r.Roles}, {"group", &r.Groups}, {"user", &r.Users}, {"tenant", &r.Tenants}, {"scope", &r.Scopes},
		{"application", &r.Applications}, {"assistant", &r.Assistants},
		{"project", &r.Projects}, {"space", &r.Spaces},
	}
}

// Each calls f for every list of values of the line, which f may change.
func (r *Rule) Each(f func(word string, values *[]string)) {
	f("what", &r.What)
	for _, w := range r.words() {
		f(w.name, w.values)
	}
}

// errNothing is of a line without What.
var errNothing = errors.New("it does not say what: write read, write, delete, toolset:NAME or the name of a tool first")

// ParseRule reads the words behind allow or deny. Names are checked by [New], which knows the tools.
func ParseRule(deny bool, words []string) (Rule, error) {
	r := Rule{Deny: deny}
	into := &r.What
	name := ""
	for _, word := range words {
		i := slices.IndexFunc(r.words(), func(w ruleWord) bool { return w.name == word })
		if i < 0 {
			*into = append(*into, word)
			continue
		}
		if name != "" && len(*into) == 0 {
			return Rule{}, fmt.Errorf("%s: it has no value", name)
		}
		if into = r.words()[i].values; len(*into) > 0 {
			return Rule{}, fmt.Errorf("%s is given twice; write its values behind one another", word)
		}
		name = word
	}
	if name != "" && len(*into) == 0 {
		return Rule{}, fmt.Errorf("%s: it has no value", name)
	}
	if len(r.What) == 0 {
		return Rule{}, errNothing
	}
	return r, nil
}
