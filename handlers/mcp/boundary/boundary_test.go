package boundary

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	jirasandbox "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

func everyWorld(t *testing.T, f func(t *testing.T, w *world, deployment, boundary string)) {
	t.Helper()
	for _, deployment := range []string{jirasandbox.Cloud, jirasandbox.DataCenter} {
		for _, boundary := range slices.Sorted(maps.Keys(boundaries)) {
			t.Run(deployment+"/"+boundary, func(t *testing.T) { f(t, newWorld(t, deployment), deployment, boundary) })
		}
	}
}

// tools are those of the registry that the deployment has, with the names of their arguments.
func (w *world) tools() map[string][]string {
	w.t.Helper()
	listed, err := w.open.ListTools(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	tools := make(map[string][]string)
	for _, tool := range listed.Tools {
		raw, err := json.Marshal(tool.InputSchema)
		if err != nil {
			w.t.Fatal(err)
		}
		var schema schema
		if err := json.Unmarshal(raw, &schema); err != nil {
			w.t.Fatal(err)
		}
		tools[tool.Name] = schema.names()
	}
	return tools
}

// schema is what is needed of a JSON schema.
type schema struct {
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
}

// names are the arguments, and those within lists of objects as "list.argument".
func (s schema) names() (out []string) {
	for name, property := range s.Properties {
		out = append(out, name)
		if property.Items != nil {
			for inner := range property.Items.Properties {
				out = append(out, name+"."+inner)
			}
		}
	}
	slices.Sort(out)
	return out
}

func kindOf(tool, argument string) (kind, bool) {
	for _, name := range []string{tool + "." + argument, argument, argument[strings.LastIndexByte(argument, '.')+1:]} {
		if k, known := names[name]; known {
			return k, true
		}
	}
	return nothing, false
}

// TestRegistryIsCovered: every tool has a call here, and of every argument it is said what it names.
func TestRegistryIsCovered(t *testing.T) {
	for _, deployment := range []string{jirasandbox.Cloud, jirasandbox.DataCenter} {
		w := newWorld(t, deployment)
		calls, tools := w.calls(deployment), w.tools()
		for tool, arguments := range tools {
			if len(calls[tool]) == 0 {
				t.Errorf("%s: there is no call of %s in calls_test.go", deployment, tool)
			}
			for _, argument := range arguments {
				if _, known := kindOf(tool, argument); !known && !strings.Contains(argument, "replacements.") {
					t.Errorf("%s.%s: outside_test.go does not say what it names", tool, argument)
				}
			}
		}
		for tool := range calls {
			if tools[tool] == nil {
				t.Errorf("%s: there is no tool %s", deployment, tool)
			}
		}
	}
}

// TestInside: the calls work inside, so that the boundary is what stops those of TestAttack9_5_EveryArgumentOutside; and what
// they show is nothing of what inside is tied to outside.
func TestInside(t *testing.T) {
	everyWorld(t, func(t *testing.T, w *world, deployment, boundary string) {
		a, calls := w.connect(boundaries[boundary]), w.calls(deployment)
		for _, access := range []policy.Access{policy.Read, policy.Write, policy.Delete} {
			for _, tool := range w.catalogue.Tools() {
				if tool.Access != access {
					continue
				}
				for _, arguments := range calls[tool.Name] {
					text, failed := a.call(t, tool.Name, arguments)
					if want := afterwards(tool.Name, arguments); failed != (want != "") || !strings.Contains(text, want) {
						t.Errorf("%s %v: %s", tool.Name, arguments, text)
					}
					w.wantNothing(t, a, tool.Name, arguments, text)
				}
			}
		}
		if len(w.rendered) > 0 {
			t.Errorf("Confluence includes other pages, of whatever space, in %v", w.rendered)
		}
	})
}

// TestAttack9_5_EveryArgumentOutside tries every argument that can name an object on what lies outside.
func TestAttack9_5_EveryArgumentOutside(t *testing.T) {
	everyWorld(t, func(t *testing.T, w *world, deployment, boundary string) {
		a, tried := w.connect(boundaries[boundary]), 0
		calls := w.calls(deployment)
		for tool, argumentNames := range w.tools() {
			for _, argument := range argumentNames {
				k, _ := kindOf(tool, argument)
				for _, value := range w.outside(k) {
					for _, arguments := range naming(fitting(calls[tool], argument), argument, k, value) {
						tried++
						w.tryOutside(t, a, tool, k, arguments)
					}
				}
			}
		}
		if tried < 400 {
			t.Errorf("only %d calls were tried", tried)
		}
	})
}

// fitting is the call that has the argument, else the first.
func fitting(calls []arguments, argument string) arguments {
	for _, call := range calls {
		if _, has := call[argument]; has {
			return call
		}
	}
	return calls[0]
}

// naming are arguments in which one names value: alone, and in a list beside what they named before.
func naming(inside arguments, argument string, k kind, value any) []arguments {
	list, inner, nested := strings.Cut(argument, ".")
	if nested {
		item := inside[list].([]any)[0].(arguments)
		return []arguments{with(inside, list, []any{with(item, inner, value)}), with(inside, list, []any{item, with(item, inner, value)})}
	}
	switch k {
	case issues, projects, spaces:
		out := []arguments{with(inside, argument, []any{value})}
		if before, is := inside[argument].([]any); is {
			out = append(out, with(inside, argument, append(slices.Clone(before), value)))
		}
		return out
	}
	return []arguments{with(inside, argument, value)}
}

// TestAttack9_5_ForeignCursors: a cursor that somebody else got from a list outside opens none of it.
func TestAttack9_5_ForeignCursors(t *testing.T) {
	everyWorld(t, func(t *testing.T, w *world, deployment, boundary string) {
		a, calls := w.connect(boundaries[boundary]), w.calls(deployment)
		lists := map[string]arguments{
			"jira_search":                    {"jql": "project = OPS order by key", "limit": 1},
			"jira_get_project_issues":        {"project_key": "OPS", "limit": 1},
			"jira_list_comments":             {"issue_key": "OPS-1", "limit": 1},
			"confluence_search":              {"query": "space = TEAM", "limit": 1},
			"confluence_get_page_children":   {"parent_id": w.ids["outside home"], "limit": 1},
			"confluence_get_space_page_tree": {"space_key": "TEAM", "limit": 1},
			"confluence_get_comments":        {"page_id": w.ids["outside"], "limit": 1},
			"confluence_list_spaces":         {"limit": 1},
		}
		if deployment == jirasandbox.Cloud {
			lists["jira_batch_get_changelogs"] = arguments{"issue_ids_or_keys": []any{"OPS-1", "OPS-2"}, "limit": 1}
		}
		for tool, outside := range lists {
			cursor, ok := w.open.must(t, tool, outside)["cursor"].(string)
			if !ok {
				t.Errorf("%s %v: there is no cursor", tool, outside)
				continue
			}
			for _, arguments := range []arguments{with(calls[tool][0], "cursor", cursor), with(with(calls[tool][0], "limit", 1), "cursor", cursor), with(outside, "cursor", cursor)} {
				text, _ := a.call(t, tool, arguments)
				w.wantNothing(t, a, tool, arguments, text)
			}
		}
	})
}

func (w *world) tryOutside(t *testing.T, a *assistant, tool string, k kind, arguments arguments) {
	t.Helper()
	w.countFromHere()
	text, failed := a.call(t, tool, arguments)
	// One look-up for each object that is named, those of fields and types for an issue, and those of the
	// boards of its project for a sprint.
	if asked := w.countFromHere(); failed && asked > 8 {
		t.Errorf("%s %v: refused after %d requests", tool, arguments, asked)
	}
	if !failed && !k.lists() {
		t.Errorf("%s %v: not refused: %s", tool, arguments, text)
	}
	if written := w.written(); len(written) > 0 {
		t.Errorf("%s %v: written: %v", tool, arguments, written)
	}
	w.wantNothing(t, a, tool, arguments, text)
}

// wantNothing fails when something of what lies outside reached the caller, the log or the audit,
// beyond what the caller said.
func (w *world) wantNothing(t *testing.T, a *assistant, tool string, arguments arguments, text string) {
	t.Helper()
	said := strings.ToLower(fmt.Sprint(arguments))
	for where, got := range map[string]string{"the caller": text, "the log": a.logged.String()} {
		got = strings.ToLower(got)
		if strings.Contains(got, secret) && !strings.Contains(said, "zanz") {
			t.Errorf("%s %v: %s learns %s", tool, arguments, where, excerpt(got, secret))
		}
		if where == "the caller" && strings.Contains(got, "ops-") && !strings.Contains(said, "ops-") && !strings.HasPrefix(tool, "confluence_") {
			t.Errorf("%s %v: %s learns %s", tool, arguments, where, excerpt(got, "ops-"))
		}
	}
	a.logged.reset()
}

func excerpt(text, word string) string {
	i := strings.Index(text, word)
	return text[max(0, i-150):min(len(text), i+50)]
}
