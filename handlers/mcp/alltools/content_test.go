package alltools_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documents are tickets and pages that were chosen before anything was measured. A text names a
// document of the corpus that atlassian/markup is tested with.
type documents struct {
	Issues []struct {
		Project, Type, Summary, Text, Assignee string
		Fields                                 map[string]any
		Comments                               []string
	}
	Pages []struct {
		Space, Title, Text, Storage string
		Labels                      []string
	}
	Searches map[string][]string // queries by tool
}

func readDocuments(t *testing.T) (d documents) {
	t.Helper()
	text, err := os.ReadFile("testdata/documents.json")
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil || len(d.Issues)+len(d.Pages) < 30 {
		t.Fatalf("%d issues and %d pages, %v", len(d.Issues), len(d.Pages), err)
	}
	return d
}

// corpus returns a document of the corpus, "file#name".
func corpus(t *testing.T, reference string) string {
	t.Helper()
	if reference == "" {
		return ""
	}
	file, name, _ := strings.Cut(reference, "#")
	text, err := os.ReadFile(filepath.Join("../../../atlassian/markup/testdata/corpus", file))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "%%% "+name+"\n")
	if !found {
		t.Fatalf("no %s", reference)
	}
	document, _, _ := strings.Cut(rest, "\n%%% ")
	return document
}

// load writes the documents into the sandboxes, through the tools, and returns keys and ids.
func (w *world) load(t *testing.T, d documents) (issues, pages []string) {
	t.Helper()
	called := func(tool string, arguments raw) (result struct{ Key, ID string }) {
		t.Helper()
		if err := json.Unmarshal([]byte(w.call(t, tool, json.RawMessage(plain(arguments)))), &result); err != nil {
			t.Fatal(err)
		}
		return result
	}
	for _, i := range d.Issues {
		arguments := raw{"project_key": i.Project, "issue_type": i.Type, "summary": i.Summary, "additional_fields": i.Fields}
		if i.Text != "" {
			arguments["description"] = corpus(t, i.Text)
		}
		if i.Assignee != "" {
			arguments["assignee"] = i.Assignee
		}
		key := called("jira_create_issue", arguments).Key
		for _, c := range i.Comments {
			called("jira_add_comment", raw{"issue_key": key, "body": c})
		}
		issues = append(issues, key)
	}
	for _, p := range d.Pages {
		arguments := raw{"space_key": p.Space, "title": p.Title, "content": corpus(t, p.Text)}
		if p.Storage != "" {
			arguments["content"], arguments["content_format"] = p.Storage, "storage"
		}
		id := called("confluence_create_page", arguments).ID
		for _, l := range p.Labels {
			w.call(t, "confluence_add_label", json.RawMessage(plain(raw{"page_id": id, "name": l})))
		}
		pages = append(pages, id)
	}
	return issues, pages
}
