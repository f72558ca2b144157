package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

var (
	search   = Tool{Name: "jira_search", Toolset: "jira_issues", Product: Jira, Access: Read}
	comment  = Tool{Name: "jira_add_comment", Toolset: "jira_comments", Product: Jira, Access: Write}
	remove   = Tool{Name: "jira_delete_issue", Toolset: "jira_issues", Product: Jira, Access: Delete}
	watchers = Tool{Name: "jira_get_issue_watchers", Toolset: "jira_watchers", Product: Jira, Access: Read}
	page     = Tool{Name: "confluence_get_page", Toolset: "confluence_pages", Product: Confluence, Access: Read}
	known    = []Tool{search, comment, remove, watchers, page}
	person   = &identity.Principal{TenantID: "t", ObjectID: "o"}
	guest    = &identity.Principal{Guest: true}
	app      = &identity.Principal{AppOnly: true}
)

func TestMayUse(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		who    *identity.Principal
		allows []Tool
	}{
		"a person reads and writes":         {Config{}, person, []Tool{search, comment, watchers, page}},
		"an anonymous caller is a person":   {Config{}, nil, []Tool{search, comment, watchers, page}},
		"a guest may nothing":               {Config{}, guest, nil},
		"an application may nothing":        {Config{}, app, nil},
		"read-only":                         {Config{ReadOnly: true}, person, []Tool{search, watchers, page}},
		"enabled tools":                     {Config{Tools: []string{" jira_search", "confluence_get_page"}}, person, []Tool{search, page}},
		"enabling a tool does not allow it": {Config{Tools: []string{"jira_delete_issue"}}, person, nil},
		"toolsets":                          {Config{Toolsets: []string{"jira_watchers", "jira_comments"}}, person, []Tool{comment, watchers}},
		"core toolsets":                     {Config{Toolsets: []string{"default"}}, person, []Tool{search, comment, page}},
		"core and one more":                 {Config{Toolsets: []string{"Default", "jira_watchers"}}, person, []Tool{search, comment, watchers, page}},
		"all toolsets":                      {Config{Toolsets: []string{"jira_watchers", "all"}}, person, []Tool{search, comment, watchers, page}},
		"every rule has to hold":            {Config{ReadOnly: true, Toolsets: []string{"jira_comments", "jira_issues"}, Tools: []string{"jira_add_comment", "jira_search", "confluence_get_page"}}, person, []Tool{search}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.config.Known = known
			p, err := New(tc.config)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for _, tool := range tc.allows {
				want[tool.Name] = true
			}
			for _, tool := range known {
				err := p.MayUse(tc.who, tool)
				if got := err == nil; got != want[tool.Name] {
					t.Errorf("MayUse(%s) = %v, want allowed: %v", tool.Name, err, want[tool.Name])
				}
				if err != nil && !errors.Is(err, ErrRefused) {
					t.Errorf("MayUse(%s) = %v, not an ErrRefused", tool.Name, err)
				}
			}
		})
	}
}

func TestMayUseRefusesUnknownAccess(t *testing.T) {
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if p.MayUse(person, Tool{Name: "x"}) == nil {
		t.Error("a tool without access was allowed")
	}
}

func TestWithin(t *testing.T) {
	p, err := New(Config{Projects: []string{"PLAT", "ops "}, Known: known})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Bounds(person, search) || p.Bounds(person, page) {
		t.Error("JIRA_PROJECTS_FILTER bounds Jira and nothing else")
	}
	for object, want := range map[Object]bool{
		{Project, "PLAT"}:     true,
		{Project, "plat"}:     true,
		{Project, "OPS"}:      true,
		{Project, "PLATX"}:    false,
		{Project, ""}:         false,
		{Project, "PLAT-1"}:   false,
		{Issue, "PLAT-1"}:     false,
		{Issue, "PLAT"}:       false,
		{Page, "12"}:          false,
		{Comment, "12"}:       false,
		{Space, "DOCS"}:       true, // spaces are not bounded here
		{"", "PLAT"}:          false,
		{Project, "PLAT\x00"}: false,
	} {
		if got := p.Within(person, search, object); got != want {
			t.Errorf("Within(%v) = %v, want %v", object, got, want)
		}
	}

	p, err = New(Config{Spaces: []string{"DOCS", "~557058:1b2c"}, Known: known})
	if err != nil {
		t.Fatal(err)
	}
	if p.Bounds(person, search) || !p.Bounds(person, page) {
		t.Error("CONFLUENCE_SPACES_FILTER bounds Confluence and nothing else")
	}
	for object, want := range map[Object]bool{
		{Space, "docs"}:         true,
		{Space, "~557058:1B2C"}: true,
		{Space, "TEAM"}:         false,
		{Page, "DOCS"}:          false,
	} {
		if got := p.Within(person, page, object); got != want {
			t.Errorf("Within(%v) = %v, want %v", object, got, want)
		}
	}
}

// What a line denies is not open under another spelling.
func TestWithinTakesKeysOnly(t *testing.T) {
	p, err := New(Config{Known: known, Rules: []Rule{
		{Deny: true, What: []string{"read"}, Projects: []string{"OPS"}}, {Deny: true, What: []string{"read"}, Spaces: []string{"TEAM"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for object, want := range map[Object]bool{
		{Project, "PLAT"}: true, {Space, "DOCS"}: true, {Space, "~ada"}: true, {Space, "~_x"}: true,
		{Project, "OPS"}: false, {Project, "ops"}: false, {Project, " OPS"}: false, {Project, "OPS\n"}: false, {Project, "10001"}: false, {Project, ""}: false,
		{Space, "TEAM"}: false, {Space, "team"}: false, {Space, " TEAM "}: false, {Space, "TEAM\u200b"}: false, {Space, "TEAM,DOCS"}: false, {Space, ""}: false,
	} {
		tool := search
		if object.Kind == Space {
			tool = page
		}
		if got := p.Within(person, tool, object); got != want {
			t.Errorf("Within(%q) = %v, want %v", object, got, want)
		}
	}
}

// What goes into a search is spelt as the operator did: Confluence may tell the capitals of personal
// spaces apart.
func TestBoundaryKeepsSpelling(t *testing.T) {
	for _, c := range []Config{
		{Spaces: []string{"Docs", "~557058:1b2c"}},
		{Rules: []Rule{{What: []string{"read"}, Spaces: []string{"~557058:1b2c", "Docs", "DOCS2"}}}, Spaces: []string{"DOCS", "~557058:1B2C"}},
	} {
		c.Known = known
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Boundary(person, page).Only; !slices.Equal(got, []string{"Docs", "~557058:1b2c"}) {
			t.Errorf("only %q", got)
		}
	}
	p, err := New(Config{Rules: []Rule{{Deny: true, What: []string{"read"}, Spaces: []string{"~Ada"}}}, Known: known})
	if err != nil {
		t.Fatal(err)
	}
	if b := p.Boundary(person, page); b.Only != nil || !slices.Equal(b.Never, []string{"~Ada"}) {
		t.Errorf("%+v", b)
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		want   []string
	}{
		"tool":          {Config{Tools: []string{"jira_serach"}}, []string{"ENABLED_TOOLS", `"jira_serach"`, "jira_search"}},
		"toolset":       {Config{Toolsets: []string{"jira"}}, []string{"TOOLSETS", `"jira"`, "jira_issues", "default"}},
		"project":       {Config{Projects: []string{"PLAT OPS"}}, []string{"JIRA_PROJECTS_FILTER", `"PLAT OPS"`}},
		"blank tool":    {Config{Tools: []string{"jira_search", " "}}, []string{"ENABLED_TOOLS", "a value is empty"}},
		"blank toolset": {Config{Toolsets: []string{""}}, []string{"TOOLSETS", "a value is empty"}},
		"blank project": {Config{Projects: []string{""}}, []string{"JIRA_PROJECTS_FILTER", "a value is empty"}},
		"blank space":   {Config{Spaces: []string{"DOCS", "\t"}}, []string{"CONFLUENCE_SPACES_FILTER", "a value is empty"}},
		"space":         {Config{Spaces: []string{`DOCS" OR 1=1`}}, []string{"CONFLUENCE_SPACES_FILTER", "space"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.config.Known = known
			_, err := New(tc.config)
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to name %s", err, want)
				}
			}
		})
	}
}

// A value that is empty, left out, would make a line that allows hold for everybody, and one that
// denies for nobody.
func TestNoWordOfALineIsEmpty(t *testing.T) {
	words := 0
	(&Rule{}).Each(func(word string, _ *[]string) {
		words++
		for _, deny := range []bool{false, true} {
			for _, value := range []string{"", " ", "\t"} {
				r := Rule{Deny: deny, What: []string{"read"}}
				r.Each(func(other string, values *[]string) {
					if other == word {
						*values = append(*values, value)
					}
				})
				if _, err := New(Config{Rules: []Rule{r}, Known: known}); err == nil || !strings.Contains(err.Error(), word+": a value is empty") {
					t.Errorf("%s %q: %v", word, value, err)
				}
			}
		}
	})
	for name, empty := range map[string]Rule{"group": {What: []string{"read"}, Groups: []string{}}, "what": {What: []string{}, Roles: []string{"Reader"}}} {
		if _, err := New(Config{Rules: []Rule{empty}, Known: known}); err == nil || !strings.Contains(err.Error(), name+": its list is empty") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if words < 11 {
		t.Errorf("a line has %d words", words)
	}
	if _, err := New(Config{Rules: []Rule{{Roles: []string{"Reader"}}}, Known: known}); err == nil {
		t.Error("a line about nothing stands for all tools")
	}
}

// The settings beside the lines are part of every explanation that they bear on.
func TestExplainNamesTheSettings(t *testing.T) {
	p, err := New(Config{Projects: []string{"plat"}, Spaces: []string{"DOCS"}, Tools: []string{"jira_search", "confluence_get_page"}, ReadOnly: true, Known: known,
		Rules: []Rule{{What: []string{"read"}}}})
	if err != nil {
		t.Fatal(err)
	}
	e := p.Explain(person, search, &Object{Project, "OPS"})
	want := []string{"allow read", "all of it reads only", "only the tools confluence_get_page jira_search", "only the Jira projects plat"}
	if e.Allowed || !slices.Equal(e.Lines, want) || !slices.Equal(e.Only, []string{"plat"}) {
		t.Errorf("%+v", e)
	}
}

// What is closed with its toolset is closed to deleting, too; only to allow that, it has to be said.
func TestToolsetsAndDeleting(t *testing.T) {
	for line, want := range map[string]bool{"allow toolset:jira_issues": false, "allow delete toolset:jira_issues": true, "allow read write delete; deny toolset:jira_issues": false} {
		c := Config{Known: known}
		for text := range strings.SplitSeq(line, "; ") {
			words := strings.Fields(text)
			r, err := ParseRule(words[0] == "deny", words[1:])
			if err != nil {
				t.Fatal(err)
			}
			c.Rules = append(c.Rules, r)
		}
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MayUse(person, remove) == nil; got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

// A line that could never hold is a mistake; one about a product that is not configured is none.
func TestLinesThatCannotHold(t *testing.T) {
	jiraOnly := []Tool{search, comment, remove, watchers}
	for line, tc := range map[string]struct {
		known []Tool
		wrong bool
	}{
		"deny read product confluence project OPS":       {known, true},
		"deny jira_search space TEAM":                    {known, true},
		"deny toolset:jira_issues product confluence":    {known, true},
		"deny jira_search project OPS space TEAM":        {known, false},
		"deny read product jira project OPS space TEAM":  {known, false},
		"deny read space TEAM":                           {jiraOnly, false},
		"deny read product confluence":                   {jiraOnly, false},
		"deny read product confluence project OPS ":      {jiraOnly, true},
		"deny jira_search confluence_get_page space DOC": {known, false},
	} {
		r, err := ParseRule(true, strings.Fields(line)[1:])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Rules: []Rule{r}, Known: tc.known}); (err != nil) != tc.wrong {
			t.Errorf("%s: %v", line, err)
		}
	}
}
