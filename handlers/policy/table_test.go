package policy

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

const (
	agileGroup      = "6a1c0f5e-2b7d-4c9a-9e10-6d2f4b8a7c31"
	contractorGroup = "7b2d1f6e-3c8e-4dab-8f21-7e305c9b8d42"
)

var tableTools = []Tool{
	{Name: "jira_get_issue", Toolset: "jira_issues", Product: Jira, Access: Read},
	{Name: "jira_search", Toolset: "jira_issues", Product: Jira, Access: Read},
	{Name: "jira_create_issue", Toolset: "jira_issues", Product: Jira, Access: Write},
	{Name: "jira_batch_create_issues", Toolset: "jira_issues", Product: Jira, Access: Write, Uses: []Use{{Tool: "jira_create_issue"}}},
	{Name: "jira_delete_issue", Toolset: "jira_issues", Product: Jira, Access: Delete},
	{Name: "jira_add_comment", Toolset: "jira_comments", Product: Jira, Access: Write},
	{Name: "jira_transition_issue", Toolset: "jira_transitions", Product: Jira, Access: Write},
	{Name: "jira_get_sprint", Toolset: "jira_agile", Product: Jira, Access: Read},
	{Name: "jira_create_sprint", Toolset: "jira_agile", Product: Jira, Access: Write},
	{Name: "confluence_get_page", Toolset: "confluence_pages", Product: Confluence, Access: Read},
	{Name: "confluence_search", Toolset: "confluence_pages", Product: Confluence, Access: Read},
	{Name: "confluence_create_page", Toolset: "confluence_pages", Product: Confluence, Access: Write},
	{Name: "confluence_delete_page", Toolset: "confluence_pages", Product: Confluence, Access: Delete},
	{Name: "confluence_add_comment", Toolset: "confluence_comments", Product: Confluence, Access: Write},
	{Name: "search", Toolset: "jira_issues", Product: Jira, Access: Read, Uses: []Use{{Tool: "jira_search"}}},
	{Name: "search", Toolset: "confluence_pages", Product: Confluence, Access: Read, Uses: []Use{{Tool: "confluence_search"}}},
}

var tablePeople = map[string]*identity.Principal{
	"plain":        {TenantID: "t", ObjectID: "plain"},
	"writer":       {TenantID: "t", ObjectID: "writer", Roles: []string{"Writer"}},
	"agile+writer": {TenantID: "t", ObjectID: "both", Roles: []string{"Other", "Writer"}, Groups: []string{agileGroup}},
	"admin":        {TenantID: "t", ObjectID: "admin", Roles: []string{"Admin"}},
	"contractor":   {TenantID: "t", ObjectID: "contractor", Roles: []string{"Writer"}, Groups: []string{contractorGroup}},
	"unknown":      {TenantID: "t", ObjectID: "unknown", Roles: []string{"Writer"}, GroupsUnknown: true},
	"shady":        {TenantID: "t", ObjectID: "shady", Roles: []string{"Writer"}, Assistant: identity.Assistant{ClientID: "x", Name: "SHADY"}},
	"guest":        {TenantID: "t", ObjectID: "guest", Guest: true},
	"app":          {TenantID: "t", ObjectID: "app", AppOnly: true, Roles: []string{"Writer"}},
	"agile":        {TenantID: "t", ObjectID: "agile", Groups: []string{agileGroup}},
	"anonymous":    nil,
}

// cell is one expectation of testdata/decisions.txt.
type cell struct {
	person string
	tool   Tool
	object Object
	want   bool
}

func (c cell) allowedBy(p *Policy) bool {
	who := tablePeople[c.person]
	return p.MayUse(who, c.tool) == nil && (!p.Bounds(who, c.tool) || p.Within(who, c.tool, c.object))
}

func readTable(t *testing.T) (rules []Rule, cells []cell) {
	t.Helper()
	data, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	var people []string
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "allow" || words[0] == "deny":
			r, err := ParseRule(words[0] == "deny", words[1:])
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, r)
		case people == nil:
			people = words
		default:
			cells = append(cells, row(t, people, words)...)
		}
	}
	return rules, cells
}

func row(t *testing.T, people, words []string) (cells []cell) {
	t.Helper()
	name, product, _ := strings.Cut(words[0], "/")
	i := slices.IndexFunc(tableTools, func(tool Tool) bool { return tool.Name == name && (product == "" || tool.Product == Product(product)) })
	if i < 0 || len(words) != len(people)+2 {
		t.Fatalf("row %v", words)
	}
	tool := tableTools[i]
	object := Object{Project, words[1]}
	if tool.Product == Confluence {
		object.Kind = Space
	}
	for k, person := range people {
		if _, ok := tablePeople[person]; !ok {
			t.Fatalf("nobody is called %q", person)
		}
		cells = append(cells, cell{person, tool, object, words[k+2] == "y"})
	}
	return cells
}

func policyOf(t *testing.T, rules []Rule) *Policy {
	t.Helper()
	p, err := New(Config{Rules: rules, Known: tableTools})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecisions(t *testing.T) {
	rules, cells := readTable(t)
	if len(cells) < 300 {
		t.Errorf("%d cells, want at least 300", len(cells))
	}
	p := policyOf(t, rules)
	for _, c := range cells {
		if got := c.allowedBy(p); got != c.want {
			t.Errorf("%s, %s on %s: %v, want %v\n%+v", c.person, c.tool.Name, c.object.ID, got, c.want, p.Explain(tablePeople[c.person], c.tool, &c.object))
		}
	}
	for i := range rules {
		changed := slices.Clone(rules)
		changed[i].Deny = !changed[i].Deny
		p := policyOf(t, changed)
		if !slices.ContainsFunc(cells, func(c cell) bool { return c.allowedBy(p) != c.want }) {
			t.Errorf("no cell notices that %q is inverted", rules[i])
		}
	}
	slices.Reverse(rules)
	p = policyOf(t, rules)
	for _, c := range cells {
		if got := c.allowedBy(p); got != c.want {
			t.Errorf("%s, %s on %s depends on the order of the lines", c.person, c.tool.Name, c.object.ID)
		}
	}
}

// Whatever the lines are: what may not be used is within nothing's reach, what a search is narrowed
// to is what the decision opens, and a line that denies never opens anything.
func TestDecisionsAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(all ...string) []string {
		var out []string
		for _, v := range all {
			if random.IntN(3) == 0 {
				out = append(out, v)
			}
		}
		return out
	}
	keys, tried := []string{"PLAT", "OPS", "HR", "DOCS"}, 0
	for range 500 {
		var rules []Rule
		for range random.IntN(6) {
			what := pick("read", "write", "delete")
			if len(what) == 0 {
				what = append(pick("toolset:jira_agile", "jira_search", "jira_batch_create_issues"), "confluence_create_page")
			} else if random.IntN(3) == 0 {
				what = append(what, "jira_search", "search", "jira_add_comment", "jira_create_issue", "jira_delete_issue")
			}
			rules = append(rules, Rule{
				Deny: random.IntN(3) == 0, What: what, Products: pick("jira", "confluence"), Roles: pick("Writer", "Admin"),
				Groups: pick(agileGroup, contractorGroup), Projects: pick(keys...), Spaces: pick(keys...), Assistants: pick("shady"),
			})
		}
		c := Config{Rules: rules, Known: tableTools, Projects: pick(keys...), Spaces: pick(keys...), ReadOnly: random.IntN(5) == 0}
		p, err := New(c)
		if err != nil && (strings.Contains(err.Error(), "does the work of other tools") || strings.Contains(err.Error(), "it can never hold")) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		tried++
		without := c
		without.Rules = slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return r.Deny })
		opener, err := New(without)
		if err != nil {
			t.Fatal(err)
		}
		for name, who := range tablePeople {
			for _, tool := range tableTools {
				checkAgreement(t, p, opener, name, who, tool, keys)
				if t.Failed() {
					t.Fatalf("rules %v, projects %v, spaces %v", rules, c.Projects, c.Spaces)
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d policies were tried", tried)
	}
}

func checkAgreement(t *testing.T, p, withoutDeny *Policy, name string, who *identity.Principal, tool Tool, keys []string) {
	t.Helper()
	usable, b := p.MayUse(who, tool) == nil, p.Boundary(who, tool)
	for _, key := range append(keys, "OTHER") {
		o := Object{Project, key}
		if tool.Product == Confluence {
			o.Kind = Space
		}
		within := p.Within(who, tool, o)
		searched := (b.Only == nil || slices.Contains(b.Only, key)) && !slices.Contains(b.Never, key)
		if usable && within != searched {
			t.Errorf("%s, %s on %s: decided %v, searched %v (%+v)", name, tool.Name, key, within, searched, b)
		}
		if usable && !p.Bounds(who, tool) && !within {
			t.Errorf("%s, %s on %s: not bounded and yet not open", name, tool.Name, key)
		}
		for _, u := range tool.Uses {
			if used := p.Used(tool, u); usable && within && (p.MayUse(who, used) != nil || !p.Within(who, used, o)) {
				t.Errorf("%s, %s on %s: %s is not open there", name, tool.Name, key, used.Name)
			}
		}
		if usable && within && (withoutDeny.MayUse(who, tool) != nil || !withoutDeny.Within(who, tool, o)) {
			t.Errorf("%s, %s on %s: only a line that denies opens it", name, tool.Name, key)
		}
	}
}

func TestRulesThatAreWrong(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "does not say what",
		"role Writer":                   "does not say what",
		"read role":                     "role: it has no value",
		"read role group x":             "role: it has no value",
		"read role A role B":            "role is given twice",
		"raed":                          `there is no tool "raed"`,
		"write jira_search":             "no tool is all of write, jira_search",
		"toolset:jira":                  `there is no toolset "jira"`,
		"read product bitbucket":        `there is no product "bitbucket"`,
		"read group Writers":            "not an object id of Entra",
		"read user ada@contoso.example": "not an object id of Entra",
		"read application claude":       "not an object id of Entra",
		`read project "PLAT"`:           "not the key of a project",
		"read space DOCS)":              "not the key of a space",
	} {
		r, err := ParseRule(false, strings.Fields(line))
		if err == nil {
			_, err = New(Config{Rules: []Rule{r}, Known: tableTools})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", line, err, want)
		}
	}
	if _, err := ParseRule(false, strings.Fields("read write role A group b user c project D space E")); err != nil {
		t.Error(err)
	}
}

// The consent page must promise no less than somebody may do, and nothing that nobody may.
func TestPossible(t *testing.T) {
	rules, cells := readTable(t)
	p := policyOf(t, rules)
	may := map[key]bool{}
	for _, c := range cells {
		may[c.tool.key()] = may[c.tool.key()] || c.want
	}
	none := policyOf(t, nil)
	for _, tool := range tableTools {
		if got := p.Possible(tool); got != may[tool.key()] {
			t.Errorf("%s: %v, want %v", tool.Name, got, may[tool.key()])
		}
		if got := none.Possible(tool); got != (tool.Access != Delete) {
			t.Errorf("%s without lines: %v; people write and do not delete", tool.Name, got)
		}
	}
}

// What a line is about: by what tools do, and by name.
func TestWhat(t *testing.T) {
	for what, want := range map[string]string{
		"read product jira":                         "jira_get_issue jira_search jira_get_sprint search",
		"toolset:jira_issues":                       "jira_get_issue jira_search jira_create_issue jira_batch_create_issues search",
		"read toolset:jira_agile":                   "jira_get_sprint",
		"write toolset:jira_agile":                  "jira_create_sprint",
		"delete toolset:jira_issues":                "jira_delete_issue",
		"read delete toolset:jira_issues":           "jira_get_issue jira_search jira_delete_issue search",
		"jira_delete_issue jira_search":             "jira_search jira_delete_issue",
		"write toolset:jira_agile jira_add_comment": "jira_add_comment jira_create_sprint",
		"delete": "jira_delete_issue confluence_delete_page",
	} {
		r, err := ParseRule(false, strings.Fields(what))
		if err != nil {
			t.Fatal(err)
		}
		p := policyOf(t, []Rule{r})
		var may []string
		for _, tool := range tableTools {
			if p.MayUse(tablePeople["plain"], tool) == nil {
				may = append(may, tool.Name)
			}
		}
		if got := strings.Join(may, " "); got != want {
			t.Errorf("allow %s: %s, want %s", what, got, want)
		}
	}
}

// The decision is on the way of every call.
func TestDecisionAllocatesLittle(t *testing.T) {
	p, who, tool, o := manyRules(t)
	if got := testing.AllocsPerRun(100, func() {
		if p.MayUse(who, tool) != nil || !p.Bounds(who, tool) || !p.Within(who, tool, o) {
			t.Error("refused")
		}
	}); got > 5 {
		t.Errorf("%v allocations, want at most 5", got)
	}
}

// manyRules are 50 lines, the last of which decides.
func manyRules(t testing.TB) (*Policy, *identity.Principal, Tool, Object) {
	t.Helper()
	rules := []Rule{{What: []string{"write"}, Roles: []string{"Writer"}, Projects: []string{"PLAT"}}}
	for i := range 49 {
		rules = append(rules, Rule{Deny: i%2 == 0, What: []string{"read", "write"}, Roles: []string{"R" + string(rune('A'+i))}, Groups: []string{contractorGroup}, Projects: []string{"OPS", "HR"}})
	}
	slices.Reverse(rules)
	p, err := New(Config{Rules: rules, Known: tableTools})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(tableTools, func(tool Tool) bool { return tool.Name == "jira_add_comment" })
	return p, tablePeople["agile+writer"], tableTools[i], Object{Project, "PLAT"}
}

// BenchmarkDecision is a whole decision among 50 lines: whether the tool may be used, whether it is
// bounded, and whether on this project.
func BenchmarkDecision(b *testing.B) {
	p, who, tool, o := manyRules(b)
	b.ReportAllocs()
	for b.Loop() {
		if p.MayUse(who, tool) != nil || !p.Bounds(who, tool) || !p.Within(who, tool, o) {
			b.Fatal("refused")
		}
	}
}
