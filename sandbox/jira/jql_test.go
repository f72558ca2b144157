package jira

import (
	"strings"
	"testing"
)

func keys(list []*issue) string {
	var out []string
	for _, i := range list {
		out = append(out, i.key)
	}
	return strings.Join(out, " ")
}

func TestJQL(t *testing.T) {
	s := newServer(t, DataCenter)
	for _, tc := range []struct{ jql, want string }{
		{"project = OPS ORDER BY key", "OPS-1 OPS-2 OPS-3 OPS-4"},
		{"project = ops", "OPS-4 OPS-3 OPS-2 OPS-1"},
		{`project = "Operations" and type = Bug`, "OPS-4"},
		{"key in (PLAT-1, OPS-1) ORDER BY key ASC", "OPS-1 PLAT-1"},
		{"key = PLAT-1 OR key = PLAT-2 AND key = PLAT-3 order by key", "PLAT-1"},
		{"(key = PLAT-1 OR key = PLAT-2) AND key != PLAT-1", "PLAT-2"},
		{"NOT project = PLAT AND status = Waiting", "OPS-3"},
		{"statusCategory = Done ORDER BY key", "PLAT-4 PLAT-10"},
		{`status not in ("To Do", Done) AND project = OPS order by key`, "OPS-1 OPS-3"},
		{"assignee = currentUser()", ""},
		{`assignee = "ada keller" ORDER BY key`, "OPS-2 PLAT-1 PLAT-4"},
		{"assignee is EMPTY AND project = PLAT ORDER BY key", "PLAT-6 PLAT-8 PLAT-9"},
		{"assignee != akeller and project = OPS order by key", "OPS-1 OPS-3"},
		{"reporter = cmartin and project = PLAT order by key", "PLAT-7 PLAT-9"},
		{"labels = customer ORDER BY project, key", "OPS-4 PLAT-7 PLAT-9"},
		{"labels in (ci, search) and labels != customer order by key", "PLAT-2 PLAT-8 PLAT-10"},
		{"labels is not empty and project = OPS order by key", "OPS-2 OPS-4"},
		{"priority = Highest", "PLAT-7"},
		{"project = OPS ORDER BY priority DESC, key", "OPS-2 OPS-1 OPS-3 OPS-4"},
		{`text ~ "safari"`, "PLAT-7"},
		{`summary ~ "sign* company"`, "PLAT-3"},
		{`summary !~ sign AND project = OPS order by key`, "OPS-1 OPS-2 OPS-3"},
		{`comment ~ "samesite"`, "PLAT-7"},
		{"created >= -4d", "OPS-4"},
		{"created > 2026-09-09 ORDER BY created", "OPS-4 PLAT-9"},
		{"created < startOfMonth(\"-1\") AND project = OPS", "OPS-1"},
		{"parent = PLAT-3 order by key", "PLAT-4 PLAT-5"},
		{`"Epic Link" = OPS-1`, "OPS-3"},
		{"resolution = Unresolved AND project = PLAT AND type = Task", ""},
		{"resolution = Done order by key", "PLAT-4 PLAT-10"},
		{"resolution is empty and type in (Task, Sub-task) order by key", "OPS-2 OPS-3 PLAT-5"},
		{`summary ~ 'x"y'`, ""},
	} {
		found, _, err := s.evaluate(tc.jql)
		if err != nil || keys(found) != tc.want {
			t.Errorf("%s = %s, %v; want %s", tc.jql, keys(found), err, tc.want)
		}
	}
}

func TestJQLRefusals(t *testing.T) {
	s := newServer(t, Cloud)
	for _, tc := range []struct{ jql, want string }{
		{"foo = 1", "Field 'foo' does not exist or you do not have permission to view it."},
		{"project = NOPE", "The value 'NOPE' does not exist for the field 'project'."},
		{"key = PLAT-99", "An issue with key 'PLAT-99' does not exist for field 'key'."},
		{"assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."},
		{"project ~ PLAT", "The operator '~' is not supported by the 'project' field."},
		{"summary = x", "The operator '=' is not supported by the 'summary' field."},
		{"project > PLAT", "The operator '>' is not supported by the 'project' field."},
		{"project", "Expecting operator"},
		{"project PLAT", "Expecting operator but got 'PLAT'."},
		{"project =", "Expecting either a value, list or function"},
		{"project = PLAT OPS", "Expecting either 'OR' or 'AND' but got 'OPS'."},
		{"project = PLAT AND", "Expecting a field name"},
		{"(project = PLAT", "Expecting ')'"},
		{"project in PLAT", "Expecting '('"},
		{"project in (PLAT OPS)", "Expecting ')' or ','"},
		{"project = (PLAT, OPS)", "does not support the non-list value"},
		{`summary ~ "x`, "has not been completed"},
		{"order = 1", "'order' is a reserved JQL word"},
		{"summary ~ a;b", ""},
		{"summary ~ ;", "reserved JQL character"},
		{"project = PLAT ORDER BY foo", "Not able to sort using field 'foo'."},
		{"project = PLAT ORDER BY", "Expecting a field name"},
		{"created > yesterday", "Date value 'yesterday' for field 'created' is invalid."},
		{"assignee = membersOf(\"x\")", "Unable to find JQL function 'membersOf(x)'."},
		{"assignee is ada", "only supports the values EMPTY and NULL"},
		{strings.Repeat("(", 500) + "project = PLAT", "nested too deeply"},
	} {
		_, _, err := s.evaluate(tc.jql)
		if tc.want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%.40s: %v, want %q", tc.jql, err, tc.want)
		}
	}
}

func FuzzJQL(f *testing.F) {
	for _, s := range []string{"project = PLAT", `text ~ "a b" OR NOT (created > -1d) ORDER BY key`, "a in (b", "x = f(", `"`, "!!!project=PLAT", "created = -99999999w", "key in ()"} {
		f.Add(s)
	}
	s := newServer(f, Cloud)
	f.Fuzz(func(t *testing.T, jql string) {
		found, _, err := s.evaluate(jql)
		if err != nil && found != nil {
			t.Errorf("both a result and %v", err)
		}
	})
}
