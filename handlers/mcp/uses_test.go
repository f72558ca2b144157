package mcp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

type mixedIn struct {
	Key     string `json:"issue_key"`
	Comment string `json:"comment,omitempty"`
}

// withUses adds tools that do the work of jira_change, which every caller may use by default: one with
// an argument, one always.
func withUses(t testing.TB) *fixture {
	f := newFixture(t)
	add := func(name string, uses ...Use[mixedIn]) {
		Register(&f.Catalogue, Spec[mixedIn, echoOut]{
			Name: name, Title: "t", Description: "d", Toolset: "jira_issues", Product: policy.Jira, Access: policy.Write, Uses: uses,
			Touches: func(in *mixedIn) []policy.Object { return []policy.Object{{Kind: policy.Issue, ID: in.Key}} },
			Resolve: func(ctx context.Context, in *mixedIn) ([]policy.Object, error) {
				return projectOf(ctx, &echoIn{Key: in.Key})
			},
			Run: func(_ context.Context, in *mixedIn) (*echoOut, error) {
				f.ran(name)
				return &echoOut{Key: in.Key}, nil
			},
		})
	}
	add("jira_sometimes", With("comment", "jira_change", func(in *mixedIn) bool { return in.Comment != "" }))
	add("jira_batch", Always[mixedIn]("jira_change"))
	return f
}

// TestUses: who may not use a tool, or not there, does not have its work done by another, and learns
// how the call does without.
func TestUses(t *testing.T) {
	const (
		done      = mark + `"key":"PLAT-1","limit":0}`
		leave     = "Nothing was done: comment is the work of jira_change, which is not open to you here. Leave comment out."
		elsewhere = "project PLAT is not one of the Jira projects that are open to you here for comment, which is the work of jira_change. Nothing was done: leave comment out."
		unknown   = `unknown tool "jira_batch"`
		where     = "project PLAT is not one of the Jira projects that are open to you here."
	)
	for line, want := range map[string][3]string{ // without the argument, with it, the tool that always does it
		"":                                {done, done, done},
		"deny jira_change":                {done, leave, unknown},
		"deny jira_change project PLAT":   {done, elsewhere, where},
		"deny jira_change project OPS":    {done, done, done},
		"deny jira_change role X":         {done, done, done},
		"deny jira_sometimes":             {`unknown tool "jira_sometimes"`, `unknown tool "jira_sometimes"`, done},
		"allow jira_sometimes":            {done, leave, unknown},
		"allow write project PLAT":        {done, done, done},
		"allow write project OPS":         {where, where, where},
		"allow jira_change jira_batch":    {`unknown tool "jira_sometimes"`, `unknown tool "jira_sometimes"`, done},
		"deny write project PLAT":         {where, where, where},
		"deny jira_batch project PLAT":    {done, done, where},
		"allow write toolset:jira_issues": {done, done, done},
	} {
		f := withUses(t)
		var rules policy.Config
		if words := strings.Fields(line); line != "" {
			r, err := policy.ParseRule(words[0] == "deny", words[1:])
			if err != nil {
				t.Fatal(err)
			}
			rules.Rules = []policy.Rule{r}
		}
		s, _ := f.server(t, rules, nil)
		ran := ""
		for i, c := range []call{
			legacy("jira_sometimes", `{"issue_key":"PLAT-1","comment":""}`),
			modern("jira_sometimes", `{"issue_key":"PLAT-1","comment":"x"}`),
			legacy("jira_batch", `{"issue_key":"PLAT-1"}`),
		} {
			got := read(t, c.send(t, s))
			if got.text != want[i] || got.isError == (want[i] == done) && got.code == 0 {
				t.Errorf("%q: call %d: %+v, want %s", line, i, got, want[i])
			}
			if want[i] == done {
				ran += [3]string{" jira_sometimes", " jira_sometimes", " jira_batch"}[i]
			}
		}
		if got := f.runs(); got != strings.TrimSpace(ran) {
			t.Errorf("%q: ran %q, want %q", line, got, ran)
		}
	}
}

func TestAuditOfUses(t *testing.T) {
	f := withUses(t)
	deny := policy.Rule{Deny: true, What: []string{"jira_change"}, Roles: []string{"Other"}}
	s, log := f.server(t, policy.Config{Rules: []policy.Rule{deny}}, nil)
	other := *ada
	other.Roles = []string{"Other"}
	for _, c := range []call{
		legacy("jira_sometimes", `{"issue_key":"PLAT-1"}`), legacy("jira_sometimes", `{"issue_key":"PLAT-1","comment":"secret text"}`), legacy("jira_batch", `{"issue_key":"PLAT-1"}`),
	} {
		c.send(t, s)
		c.who = &other
		c.send(t, s)
	}
	issue, used := []any{"issue:PLAT-1"}, []any{"jira_change"}
	want := []map[string]any{
		{"tool": "jira_sometimes", "objects": issue, "outcome": "ok"},
		{"tool": "jira_sometimes", "objects": issue, "outcome": "ok"},
		{"tool": "jira_sometimes", "objects": issue, "outcome": "ok", "uses": used},
		{"tool": "jira_sometimes", "objects": issue, "outcome": "refused", "uses": used, "reason": `comment: not allowed: "deny jira_change role Other"`},
		{"tool": "jira_batch", "objects": issue, "outcome": "ok", "uses": used},
		{"tool": "jira_batch", "outcome": "refused", "reason": `not allowed: "deny jira_change role Other" (jira_batch does the work of jira_change)`},
	}
	told := []string{"tool", "objects", "outcome", "uses", "reason"}
	about := cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return !slices.Contains(told, k) })
	if diff := cmp.Diff(want, log.audit(t), about); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(log.String(), "secret text") {
		t.Error("an argument is in the log")
	}
}

// A use that no policy could judge is a mistake that shows at once.
func TestUsesThatAreWrong(t *testing.T) {
	given := func(*mixedIn) bool { return true }
	for want, use := range map[string]Use[mixedIn]{
		`"nonsense" is no argument that can be left out`:  With("nonsense", "jira_change", given),
		`"issue_key" is no argument that can be left out`: With("issue_key", "jira_change", given),
		`an argument and when it is given come together`:  With("comment", "jira_change", (func(*mixedIn) bool)(nil)),
		`come together`: With("", "jira_change", given),
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("got %s, want %q", got, want)
				}
			}()
			Register(new(Catalogue), Spec[mixedIn, listOut]{
				Name: "jira_x", Title: "t", Description: "d", Toolset: "t", Product: policy.Jira, Access: policy.Read, Uses: []Use[mixedIn]{use},
				Touches: func(*mixedIn) []policy.Object { return nil },
				Run:     func(context.Context, *mixedIn) (*listOut, error) { return nil, nil },
			})
		}()
	}
	f := newFixture(t)
	Register(&f.Catalogue, Spec[mixedIn, listOut]{
		Name: "jira_x", Title: "t", Description: "d", Toolset: "t", Product: policy.Jira, Access: policy.Read, Uses: []Use[mixedIn]{With("comment", "jira_nonsense", given)},
		Touches: func(*mixedIn) []policy.Object { return nil },
		Run:     func(context.Context, *mixedIn) (*listOut, error) { return nil, nil },
	})
	p, err := policy.New(policy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Catalogue: &f.Catalogue, Policy: p}); err == nil || !strings.Contains(err.Error(), `no tool "jira_nonsense"`) {
		t.Errorf("got %v", err)
	}
}

// Of what every call of a tool does, MayUse has judged before; of what a policy never heard of, nothing
// is done.
func TestUseThatThePolicyDoesNotKnow(t *testing.T) {
	f := withUses(t)
	s, _ := f.server(t, policy.Config{}, func(c *Config) {
		p, err := policy.New(policy.Config{})
		if err != nil {
			t.Fatal(err)
		}
		c.Policy = p
	})
	if got := read(t, legacy("jira_sometimes", `{"issue_key":"PLAT-1","comment":"x"}`).send(t, s)); !got.isError || !strings.Contains(got.text, "Leave comment out") {
		t.Errorf("got %+v", got)
	}
	if got := read(t, legacy("jira_batch", `{"issue_key":"PLAT-1"}`).send(t, s)); got.code != -32602 {
		t.Errorf("got %+v", got)
	}
	if f.runs() != "" {
		t.Errorf("ran %s", f.runs())
	}
}
