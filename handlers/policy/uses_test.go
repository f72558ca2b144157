package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckUses(t *testing.T) {
	tool := func(name string, product Product, uses ...Use) Tool {
		return Tool{Name: name, Toolset: "t", Product: product, Access: Read, Uses: uses}
	}
	for name, tc := range map[string]struct {
		tools []Tool
		want  string
	}{
		"good":            {[]Tool{tool("a", Jira, Use{Tool: "b"}, Use{Tool: "c", Argument: "x"}), tool("b", Jira), tool("c", Jira, Use{Tool: "b"})}, ""},
		"two products":    {[]Tool{tool("a", Jira, Use{Tool: "b"}), tool("a", Confluence, Use{Tool: "b"}), tool("b", Jira), tool("b", Confluence)}, ""},
		"unknown":         {[]Tool{tool("a", Jira, Use{Tool: "b"})}, `tool a: there is no tool "b" for Jira`},
		"unknown, maybe":  {[]Tool{tool("a", Jira, Use{Tool: "b", Argument: "x"})}, `tool a: there is no tool "b" for Jira`},
		"another product": {[]Tool{tool("a", Jira, Use{Tool: "b"}), tool("b", Confluence)}, `there is no tool "b" for Jira`},
		"work of others":  {[]Tool{tool("a", Jira, Use{Tool: "b"}), tool("b", Jira, Use{Tool: "c"}), tool("c", Jira)}, "which does the work of others"},
		"twice":           {[]Tool{tool("a", Jira), tool("a", Jira)}, "two tools a for Jira"},
	} {
		_, fromNew := New(Config{Known: tc.tools})
		for _, err := range []error{CheckUses(tc.tools), fromNew} {
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v, want %q", name, err, tc.want)
			}
		}
	}
}

// A policy that was made without a tool refuses whatever would do its work.
func TestUseOfAnUnknownTool(t *testing.T) {
	p := policyOf(t, nil)
	a := Tool{Name: "a", Product: Jira, Access: Read, Uses: []Use{{Tool: "nonsense"}}}
	if err := p.MayUse(person, a); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	if err := p.MayUse(person, p.Used(a, a.Uses[0])); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// A setting that names a tool, but not those whose work it does, would be a tool that never works.
func TestNamedToolThatNobodyMayUse(t *testing.T) {
	for setting, want := range map[string]string{
		"ENABLED_TOOLS search":                                     "ENABLED_TOOLS: search does the work of other tools, which have to be open, too, and nobody may use jira_search or confluence_search",
		"ENABLED_TOOLS search jira_search":                         "",
		"ENABLED_TOOLS jira_batch_create_issues":                   "nobody may use jira_create_issue",
		"ENABLED_TOOLS jira_batch_create_issues jira_create_issue": "",
		"allow search":                   "allow search: search does the work",
		"allow search confluence_search": "",
		"allow search product jira; allow jira_search role X":                 "",
		"allow search; allow jira_search; deny jira_search":                   "nobody may use jira_search",
		"allow search; allow jira_search; deny jira_search role X":            "",
		"allow search; allow jira_search; deny jira_search project PLAT":      "",
		"allow jira_batch_create_issues project PLAT":                         "nobody may use jira_create_issue",
		"deny jira_create_issue":                                              "",
		"allow read; deny search":                                             "",
		"allow write role W; allow jira_batch_create_issues; deny write":      "",
		"READ_ONLY_MODE; allow jira_batch_create_issues jira_create_issue":    "",
		"allow read; deny jira_search; deny confluence_search; allow search ": "nobody may use jira_search or confluence_search",
	} {
		c := Config{Known: tableTools}
		for line := range strings.SplitSeq(setting, ";") {
			switch words := strings.Fields(line); words[0] {
			case "ENABLED_TOOLS":
				c.Tools = words[1:]
			case "READ_ONLY_MODE":
				c.ReadOnly = true
			default:
				r, err := ParseRule(words[0] == "deny", words[1:])
				if err != nil {
					t.Fatal(err)
				}
				c.Rules = append(c.Rules, r)
			}
		}
		if _, err := New(c); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", setting, err, want)
		}
	}
}

func TestBoundaryAnd(t *testing.T) {
	for _, tc := range []struct{ a, b, want Boundary }{
		{Boundary{}, Boundary{}, Boundary{}},
		{Boundary{}, Boundary{Only: []string{"A"}}, Boundary{Only: []string{"A"}}},
		{Boundary{Only: []string{"A", "B"}}, Boundary{Only: []string{"B", "C"}}, Boundary{Only: []string{"B"}}},
		{Boundary{Only: []string{"A"}}, Boundary{Only: []string{"B"}}, Boundary{Only: []string{}}},
		{Boundary{Only: []string{}}, Boundary{}, Boundary{Only: []string{}}},
		{Boundary{Never: []string{"B"}}, Boundary{Never: []string{"A", "B"}}, Boundary{Never: []string{"A", "B"}}},
	} {
		for _, got := range []Boundary{tc.a.And(tc.b), tc.b.And(tc.a)} {
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%+v and %+v: %s", tc.a, tc.b, diff)
			}
		}
	}
}

func TestExplainUses(t *testing.T) {
	update := Tool{Name: "jira_update_issue", Toolset: "jira_issues", Product: Jira, Access: Write, Uses: []Use{
		{Tool: "jira_transition_issue", Argument: "transition"}, {Tool: "jira_add_comment", Argument: "comment"},
	}}
	rules := []Rule{
		{What: []string{"read", "write"}},
		{Deny: true, What: []string{"jira_transition_issue"}, Projects: []string{"OPS"}},
		{Deny: true, What: []string{"jira_add_comment"}},
		{Deny: true, What: []string{"jira_create_issue"}},
	}
	p, err := New(Config{Rules: rules, Known: append([]Tool{update}, tableTools...)})
	if err != nil {
		t.Fatal(err)
	}
	transition := Explanation{Tool: "jira_transition_issue", Product: Jira, Allowed: true, Reason: "allowed", Never: []string{"OPS"}, Lines: []string{"allow read write", "deny jira_transition_issue project OPS"}}
	comment := Explanation{Tool: "jira_add_comment", Product: Jira, Reason: `"deny jira_add_comment"`, Lines: []string{"allow read write", "deny jira_add_comment"}}
	want := Explanation{Tool: update.Name, Product: Jira, Allowed: true, Reason: "allowed", Lines: []string{"allow read write"}, Uses: []ExplainedUse{{"transition", transition}, {"comment", comment}}}
	if diff := cmp.Diff(want, p.Explain(person, update, nil)); diff != "" {
		t.Error(diff)
	}
	want.Uses[0].Allowed, want.Uses[0].Reason = false, "project OPS is not open to them"
	if diff := cmp.Diff(want, p.Explain(person, update, &Object{Project, "OPS"})); diff != "" {
		t.Error(diff)
	}
	batch := p.Explain(person, tableTools[3], nil)
	if batch.Allowed || batch.Reason != `"deny jira_create_issue" (jira_batch_create_issues does the work of jira_create_issue)` ||
		!cmp.Equal(batch.Lines, []string{"allow read write", "deny jira_create_issue"}) {
		t.Errorf("got %+v", batch)
	}
}
