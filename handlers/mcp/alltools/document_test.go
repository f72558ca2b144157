package alltools_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

// example is a call that docs/tools.md shows, and that acceptance/clients makes with the Inspector.
// testdata/examples.json has one for each tool.
type example struct {
	Asked     string          `json:"asked"`
	Arguments json.RawMessage `json:"arguments"`

	// Before are calls without which there is nothing to see.
	Before []struct {
		Tool      string          `json:"tool"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"before"`

	// DataCenter takes the place of the calls above where people and objects go by other names there.
	DataCenter *example `json:"data_center"`
}

// on returns the example for a deployment.
func (e example) on(deployment string) example {
	if deployment == sandbox.DataCenter && e.DataCenter != nil {
		return *e.DataCenter
	}
	return e
}

// entry is a tool as docs/tools.md describes it.
type entry struct {
	policy.Tool
	definition object
	only       string // the deployment that alone has it
	example    example
	result     string
}

const documentHead = `# Tools

What an assistant can do in Jira and Confluence, with an example of each tool: what somebody asks for, the arguments that the assistant makes of it, and what it gets. The examples are calls against the data of ` + "`go run ./cmd/demo`" + `. Long texts and lists end with … here; an assistant gets all of them, in one line of JSON.

Names and meanings are those of [mcp-atlassian](https://github.com/sooperset/mcp-atlassian) where it has the tool, and its spellings of arguments are understood, too. Text goes in and comes out as [Markdown](markdown.md). Fields, people, options and sprints (active and future ones) go by their names. Who may use which tool on what is the [policy](policy.md)'s; ` + "`TOOLSETS` and `ENABLED_TOOLS`" + ` leave tools out for everybody. A list that goes on has a ` + "`cursor`" + `, to be given back for the next part.

<!-- Written by go test ./handlers/mcp/alltools -run TestDocument -update; the examples are in its testdata. -->
`

// TestDocument holds docs/tools.md to the catalogue and to what the examples give today.
func TestDocument(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(documentHead)
	entries := documented(t)
	writeContents(&b, entries)
	for i, e := range entries {
		if i == 0 || e.Toolset != entries[i-1].Toolset {
			fmt.Fprintf(&b, "\n## %s\n", e.Toolset)
		}
		e.write(t, &b)
	}
	golden(t, "../../../docs/tools.md", b.Bytes())
}

// documented are the tools by toolset, and within one by access and name.
func documented(t *testing.T) (entries []*entry) {
	t.Helper()
	examples := readExamples(t)
	kinds := map[string]policy.Tool{}
	for _, tool := range newWorld(t, sandbox.Cloud).catalogue.Tools() {
		if other, seen := kinds[tool.Name]; seen { // a tool over both products is there for each
			tool.Product, tool.Toolset = "", other.Toolset+" and "+tool.Toolset
		}
		kinds[tool.Name] = tool
	}
	described := map[string]bool{}
	for _, d := range []struct{ name, here, there string }{{"Cloud", sandbox.Cloud, sandbox.DataCenter}, {"Data Center", sandbox.DataCenter, sandbox.Cloud}} {
		elsewhere := names(newWorld(t, d.there).list(t))
		for name, definition := range newWorld(t, d.here).definitions(t) {
			if described[name] {
				continue
			}
			described[name] = true
			e := &entry{Tool: kinds[name], definition: definition, example: examples[name]}
			if !slices.Contains(elsewhere, name) {
				e.only = d.name
			}
			if e.example.Asked == "" {
				t.Errorf("testdata/examples.json has no example of %s", name)
				continue
			}
			e.result = newWorld(t, d.here).play(t, name, e.example.on(d.here)) // a world of its own, whatever others changed
			entries = append(entries, e)
		}
	}
	for name := range examples {
		if !described[name] {
			t.Errorf("testdata/examples.json has an example of %s, which is no tool", name)
		}
	}
	order := []policy.Access{policy.Read, policy.Write, policy.Delete}
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(-cmp.Compare(a.Product, b.Product), cmp.Compare(a.Toolset, b.Toolset),
			cmp.Compare(slices.Index(order, a.Access), slices.Index(order, b.Access)), cmp.Compare(a.Name, b.Name))
	})
	return entries
}

func readExamples(t *testing.T) (examples map[string]example) {
	t.Helper()
	raw, err := os.ReadFile("testdata/examples.json")
	if err == nil {
		err = json.Unmarshal(raw, &examples)
	}
	if err != nil {
		t.Fatal(err)
	}
	return examples
}

func names(tools []*sdk.Tool) (list []string) {
	for _, tool := range tools {
		list = append(list, tool.Name)
	}
	return list
}

// definitions are the listed tools as they go over the wire, by name.
func (w *world) definitions(t *testing.T) map[string]object {
	t.Helper()
	result, _ := ordered(t, w.listReply(t)).(object).get("result").(object)
	byName := map[string]object{}
	for _, tool := range result.get("tools").([]any) {
		definition := tool.(object)
		byName[definition.get("name").(string)] = definition
	}
	return byName
}

// play makes the calls of an example and returns the result of the last.
func (w *world) play(t *testing.T, name string, e example) string {
	t.Helper()
	for _, before := range e.Before {
		w.call(t, before.Tool, before.Arguments)
	}
	return w.call(t, name, e.Arguments)
}

// call calls a tool, which must succeed, and returns the text of its result.
func (w *world) call(t *testing.T, name string, arguments json.RawMessage) string {
	t.Helper()
	result, err := w.session.CallTool(t.Context(), &sdk.CallToolParams{Name: name, Arguments: arguments})
	if err != nil || len(result.Content) != 1 {
		t.Fatalf("%s %s: %+v, %v", name, arguments, result, err)
	}
	text, _ := result.Content[0].(*sdk.TextContent)
	if result.IsError {
		t.Fatalf("%s %s: %s", name, arguments, text.Text)
	}
	return text.Text
}

func writeContents(b *bytes.Buffer, entries []*entry) {
	b.WriteString("\n| toolset | reads | writes | deletes |\n|---|---|---|---|\n")
	for i, e := range entries {
		if i > 0 && e.Toolset == entries[i-1].Toolset {
			continue
		}
		links := map[policy.Access][]string{}
		for _, other := range entries {
			if other.Toolset == e.Toolset {
				links[other.Access] = append(links[other.Access], fmt.Sprintf("[%s](#%[1]s)", other.Name))
			}
		}
		fmt.Fprintf(b, "| [%s](#%s) | %s | %s | %s |\n", e.Toolset, strings.ReplaceAll(e.Toolset, " ", "-"),
			strings.Join(links[policy.Read], ", "), strings.Join(links[policy.Write], ", "), strings.Join(links[policy.Delete], ", "))
	}
}

func (e *entry) write(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	title, _ := e.definition.get("title").(string)
	does := map[policy.Access]string{policy.Read: "reads", policy.Write: "writes", policy.Delete: "deletes; a line of the policy has to allow it"}[e.Access]
	if e.only != "" {
		does += "; " + e.only + " only"
	}
	fmt.Fprintf(b, "\n### %s\n\n**%s** (%s). %s\n\n", e.Name, title, does, e.definition.get("description"))
	if rows := argumentRows("", e.definition.get("inputSchema").(object)); len(rows) > 0 {
		fmt.Fprintf(b, "| argument | takes | default | meaning |\n|---|---|---|---|\n%s\n", strings.Join(rows, ""))
	}
	fmt.Fprintf(b, "> %s\n\n```json\n%s\n```\n\n```json\n%s\n```\n", e.example.Asked,
		shown(ordered(t, e.example.Arguments), ""), shown(ordered(t, []byte(e.result)), ""))
}

// argumentRows are the rows of the table of arguments, those of objects within an argument below it.
func argumentRows(prefix string, schema object) (rows []string) {
	required, _ := schema.get("required").([]any)
	properties, _ := schema.get("properties").(object)
	for _, p := range properties {
		s := p.value.(object)
		fallback := ""
		if slices.Contains(required, any(p.name)) {
			fallback = "required"
		} else if d := s.get("default"); d != nil {
			fallback = "`" + strings.Trim(plain(d), `"`) + "`"
		}
		meaning, _ := s.get("description").(string)
		rows = append(rows, fmt.Sprintf("| `%s%s` | %s | %s | %s |\n", prefix, p.name, kindOf(s), fallback, strings.ReplaceAll(meaning, "|", `\|`)))
		within, name := s, prefix+p.name+"."
		if items, ok := s.get("items").(object); ok {
			within, name = items, prefix+p.name+"[]."
		}
		rows = append(rows, argumentRows(name, within)...)
	}
	return rows
}

// kindOf says in words what an argument takes.
func kindOf(s object) string {
	kind, _ := s.get("type").(string)
	if items, ok := s.get("items").(object); ok {
		of := kindOf(items)
		if items.get("enum") == nil {
			of += "s"
		}
		return "list of " + of + bounds(s, "minItems", "maxItems")
	}
	if values, ok := s.get("enum").([]any); ok {
		var list []string
		for _, v := range values {
			list = append(list, "`"+v.(string)+"`")
		}
		return strings.Join(list, ", ")
	}
	return kind + bounds(s, "minimum", "maximum")
}

// bounds are those that a caller may run into.
func bounds(s object, least, most string) string {
	low, high := s.get(least), s.get(most)
	switch {
	case low != nil && high != nil:
		return fmt.Sprintf(", %v to %v", low, high)
	case high != nil:
		return fmt.Sprintf(", at most %v", high)
	case low != nil:
		return fmt.Sprintf(", from %v", low)
	}
	return ""
}
