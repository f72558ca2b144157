package caddymodule_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/alltools"
)

// section returns what the README says under a heading of the second level.
func section(t *testing.T, heading string) string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("the README has no section %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

func TestReadmeCaddyfilesAdapt(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```caddyfile\n(.*?)```").FindAllStringSubmatch(section(t, "The Caddyfile"), -1)
	if len(blocks) != 2 {
		t.Fatalf("found %d Caddyfiles, want the short and the long one", len(blocks))
	}
	for _, block := range blocks {
		wantFormatted(t, block[1])
	}
}

func TestGateCaddyfilesAdapt(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```caddyfile\n(.*?)```").FindAllStringSubmatch(read(t, "../docs/gate.md"), -1)
	if len(blocks) != 2 {
		t.Fatalf("found %d Caddyfiles, want that of several gates and that behind a proxy", len(blocks))
	}
	newWorld(t)
	for _, block := range blocks {
		wantFormatted(t, block[1])
		if err := validateCaddyfile(t, []string{block[1]}); err != nil {
			t.Errorf("%v, of\n%s", err, block[1])
		}
	}
}

func wantFormatted(t *testing.T, config string) {
	t.Helper()
	if formatted := string(caddyfile.Format([]byte(config))); formatted != config {
		t.Errorf("caddy fmt would change it:\n%s", cmp.Diff(config, formatted))
	}
	_, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), nil)
	if err != nil || len(warnings) > 0 {
		t.Errorf("%v, warnings %v, of\n%s", err, warnings, config)
	}
}

func TestReadmeNamesEveryVariable(t *testing.T) {
	table, _, _ := strings.Cut(section(t, "Variables"), "\n`Caddyfile.example`")
	var named []string
	for _, match := range regexp.MustCompile("`([A-Z][A-Z_]+)`").FindAllStringSubmatch(table, -1) {
		named = append(named, match[1])
	}
	slices.Sort(named)
	// Every program reads these two.
	named = slices.DeleteFunc(named, func(name string) bool { return name == "HTTPS_PROXY" || name == "NO_PROXY" })
	if diff := cmp.Diff(slices.Sorted(slices.Values(variables)), slices.Compact(named)); diff != "" {
		t.Errorf("variables (-read +in the README):\n%s", diff)
	}
}

func TestReadmeNamesEveryTool(t *testing.T) {
	var tools []string
	for _, tool := range alltools.Catalogue(nil, new(jira.Client), new(confluence.Client)).Tools() {
		tools = append(tools, tool.Name)
	}
	slices.Sort(tools)
	tools = slices.Compact(tools) // those of both products are there twice
	table, _, _ := strings.Cut(section(t, "Tools"), "\n[docs/tools.md]")
	var named []string
	for _, match := range regexp.MustCompile("`((?:jira|confluence)_[a-z_]+|search|fetch)`").FindAllStringSubmatch(table, -1) {
		named = append(named, match[1])
	}
	slices.Sort(named)
	named = slices.Compact(named)
	if diff := cmp.Diff(tools, named); diff != "" {
		t.Errorf("tools (-registered +in the README):\n%s", diff)
	}
}
