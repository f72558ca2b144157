package jira

import (
	"fmt"
	"slices"
	"testing"
)

func TestNamedIssues(t *testing.T) {
	got, err := NamedIssues("fields", map[string]any{
		"labels": []any{"ZZ-1"}, "summary": "ZZ-2", "Fix_Versions": []any{"ZZ-3"}, "parent": "plat-1", "Epic Link": "PLAT-2",
		"customfield_10100": []any{map[string]any{"key": "PLAT-3"}, "PLAT-1", "none"},
	}, map[string]any{"issuelinks": []any{"PLAT-4"}, "labels": "ZZ-4"})
	if want := []string{"PLAT-2", "PLAT-3", "PLAT-1", "PLAT-4"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	many := make([]any, MaxNamedIssues)
	for i := range many {
		many[i] = fmt.Sprintf("ZZ-%d", i+1)
	}
	if got, err := NamedIssues("fields", map[string]any{"X": many}); err != nil || len(got) != MaxNamedIssues {
		t.Errorf("%d, %v", len(got), err)
	}
	_, err = NamedIssues("fields", map[string]any{"X": many}, map[string]any{"Y": "ZZ-99"})
	if want := "fields: the values name more than 50 issues. Divide them among several calls."; err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}

// What NamedIssues passes over by its name is no field that holds issues under that name.
func TestFieldThatNamesIssues(t *testing.T) {
	link := fieldMeta{Name: "Labels", Schema: fieldSchema{Type: "any", Custom: customEpicLink}}
	tags := fieldMeta{Name: "labels", Schema: fieldSchema{Type: "array", Items: "string"}}
	f := &form{screen: map[string]fieldMeta{"customfield_1": link, "customfield_2": tags}}
	if got := f.find("labels"); !slices.Equal(got, []string{"customfield_2"}) {
		t.Errorf("labels are %v", got)
	}
	if got := f.find("customfield_1"); !slices.Equal(got, []string{"customfield_1"}) {
		t.Errorf("customfield_1 is %v", got)
	}
}

// People are looked up within bounds, too, whoever was found before excepted.
func TestNamedPeopleAreBounded(t *testing.T) {
	f := &form{argument: "fields", found: newLookups()}
	for i := range maxNamedPeople {
		f.found.people[fmt.Sprint(i)] = rawUser{Name: fmt.Sprintf("u%d", i)}
	}
	if got, err := f.user(t.Context(), "Reviewers", "7"); err != nil || fmt.Sprint(got) != "map[name:u7]" {
		t.Errorf("one found before: %v, %v", got, err)
	}
	_, err := f.user(t.Context(), "Reviewers", "one more")
	if want := "fields: the values name more than 100 people. Give ids, or divide them among several calls."; err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}
