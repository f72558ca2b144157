package caddymodule_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	everything = "testdata/everything.caddyfile"
	example    = "../Caddyfile.example"
	demo       = "../cmd/demo/Caddyfile"
)

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// adaptFile adapts the Caddyfile of this path. The writer of the demo's log exists in its command
// alone.
func adaptFile(t *testing.T, path string) []byte {
	t.Helper()
	adapted, err := adapt(strings.Replace(read(t, path), "output demo", "output stderr", 1))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return adapted
}

// goldens are the Caddyfiles of testdata.
func goldens(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.caddyfile")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no Caddyfiles in testdata: %v", err)
	}
	return paths
}

// TestAdapt shows what the directives become, and in which order.
func TestAdapt(t *testing.T) {
	for _, path := range goldens(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var got bytes.Buffer
			if err := json.Indent(&got, append(adaptFile(t, path), '\n'), "", "\t"); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(path, ".caddyfile") + ".json"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(got.String(), read(t, golden)); diff != "" {
				t.Errorf("%s (got before want):\n%s", golden, diff)
			}
		})
	}
}

// TestCaddyfileCanSetEverything keeps a setting from being added to the JSON form alone.
func TestCaddyfileCanSetEverything(t *testing.T) {
	adapted := adaptFile(t, everything)
	for _, module := range []any{caddymodule.App{}, caddymodule.Client{}, caddymodule.EntraOAuth{}, caddymodule.EntraAuth{}, caddymodule.AtlassianMCP{}} {
		wantEveryField(t, adapted, reflect.TypeOf(module))
	}
}

func wantEveryField(t *testing.T, adapted []byte, typ reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	for _, field := range reflect.VisibleFields(typ) {
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !bytes.Contains(adapted, []byte(`"`+name+`":`)) {
			t.Errorf("%s sets no %s of %s", everything, name, typ)
		}
		wantEveryField(t, adapted, field.Type)
	}
}

// TestAdaptedConfigurationHoldsNoSecret: `caddy adapt`, the admin API and the autosave show the
// adapted configuration. The environment is read later, so no value of it may be there.
func TestAdaptedConfigurationHoldsNoSecret(t *testing.T) {
	const mark = "value-of-"
	for _, name := range append(secretsOf(t, everything), variables...) {
		t.Setenv(name, mark+name)
	}
	t.Setenv("DEMO_STORAGE", t.TempDir())
	for _, path := range append(goldens(t), example, demo) {
		if _, value, found := strings.Cut(string(adaptFile(t, path)), mark); found {
			t.Errorf("%s: the adapted configuration holds the value of %.30s", path, value)
		}
	}
}

// option is a line of a Caddyfile that sets something of ours.
type option struct {
	index int
	name  string
	args  []string
	block bool
}

// optionsOf returns the lines inside our blocks.
func optionsOf(t *testing.T, lines []string) (found []option) {
	t.Helper()
	var blocks []bool // whether each open block is ours
	for i, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "}" {
			blocks = blocks[:len(blocks)-1]
			continue
		}
		inside := len(blocks) > 0 && blocks[len(blocks)-1]
		block := words[len(words)-1] == "{"
		if inside {
			args := slices.DeleteFunc(words[1:], func(word string) bool { return word == "{" })
			found = append(found, option{i, words[0], args, block})
		}
		if block {
			blocks = append(blocks, inside || slices.Contains([]string{"entra", "entra_auth", "atlassian_mcp"}, words[0]))
		}
	}
	if len(found) == 0 {
		t.Fatal("no line sets anything")
	}
	return found
}

// TestEveryOptionIsReadStrictly: once, with the arguments that it has and no others.
func TestEveryOptionIsReadStrictly(t *testing.T) {
	lines := strings.Split(read(t, everything), "\n")
	for _, o := range optionsOf(t, lines) {
		if o.block {
			continue
		}
		change := func(line ...string) error {
			_, err := adapt(strings.Join(slices.Concat(lines[:o.index], line, lines[o.index+1:]), "\n"))
			return err
		}
		line := lines[o.index]
		wantError(t, line+", twice", change(line, line), "given twice", o.name, fmt.Sprintf("Caddyfile:%d", o.index+2))
		if len(o.args) > 0 {
			wantError(t, line+", without argument", change(o.name), "after '"+o.name+"'", fmt.Sprintf("Caddyfile:%d", o.index+1))
		} else {
			wantError(t, line+", with an argument", change(o.name+" surplus"), "after 'surplus'", fmt.Sprintf("Caddyfile:%d", o.index+1))
		}
	}
}

func wantError(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: accepted", what)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: the message lacks %q: %v", what, part, err)
		}
	}
}

// TestWrongCaddyfiles: each is refused with a message that names the directive and the line.
func TestWrongCaddyfiles(t *testing.T) {
	for name, tc := range map[string]struct {
		text string // from line 2
		line int
		want string
	}{
		"entra with an argument":        {"entra x {\n}", 2, ""},
		"entra twice":                   {"entra {\n}\nentra {\n}", 4, "given twice"},
		"two clients with one id":       {"entra {\nclient a {\nredirect b\n}\nclient a {\nredirect c\n}\n}", 6, "entra: client a is given twice"},
		"a client without an id":        {"entra {\nclient {\nredirect b\n}\n}", 3, ""},
		"a client with two ids":         {"entra {\nclient a b {\nredirect c\n}\n}", 3, ""},
		"unknown option of a client":    {"entra {\nclient a {\nredirects b\n}\n}", 4, `entra client a: unrecognized option "redirects"; it knows name, redirect, secret`},
		"unknown option of entra":       {"entra {\nissuer a\ntypo\n}", 4, `"typo"; it knows allow_authority, `},
		"a block after an issuer":       {"entra {\nissuer a {\nb\n}\n}", 3, "entra: issuer takes no block"},
		"two issuers in one line":       {"entra {\nissuer a b\n}", 3, ""},
		"rate_limit with an argument":   {"entra {\nrate_limit 60\n}", 3, ""},
		"rate_limit twice":              {"entra {\nrate_limit {\ntoken 1\n}\nrate_limit {\ntoken 2\n}\n}", 6, "entra: rate_limit is given twice"},
		"a rate that is none":           {"entra {\nrate_limit {\nregister many\n}\n}", 4, "entra: rate_limit: register: write how many requests"},
		"a rate below zero":             {"entra {\nrate_limit {\nauthorize 60\ntoken -1\n}\n}", 5, "entra: rate_limit: token: write how many requests"},
		"unknown option of rate_limit":  {"entra {\nrate_limit {\ntypo\n}\n}", 4, "entra: rate_limit: unrecognized"},
		"entra_oauth with an argument":  {"entra_oauth * x", 2, "no argument"},
		"entra_oauth with a block":      {"entra_oauth {\nissuer a\n}", 3, `"issuer" into the global option`},
		"entra_auth with a word":        {"entra_auth * mcp", 2, "write `entra_auth resource"},
		"entra_auth without its path":   {"entra_auth resource", 2, "write `entra_auth resource"},
		"entra_auth with two paths":     {"entra_auth resource /a /b", 2, ""},
		"two paths in its block":        {"entra_auth {\nresource /a /b\n}", 3, ""},
		"its path before and in it":     {"entra_auth resource /a {\nresource /b\n}", 3, "resource is given twice"},
		"unknown option of entra_auth":  {"entra_auth {\ndefault\ntypo\n}", 4, `"typo"; it knows allow_application, `},
		"an application without its id": {"entra_auth {\nallow_application\n}", 3, ""},
		"an application with two names": {"entra_auth {\nallow_application a b c\n}", 3, ""},
		"unknown option of that":        {"entra_auth {\nallow_application a {\ntypo\n}\n}", 4, "entra_auth allow_application a: unrecognized"},
		"one application twice":         {"entra_auth {\nallow_application a\nallow_application A\n}", 4, "allow_application A is given twice"},
		"an application's empty scope":  {"entra_auth {\nallow_application a {\nscope\n}\n}", 4, ""},
		"an application's app_only yes": {"entra_auth {\nallow_application a {\napp_only yes\n}\n}", 4, ""},
		"an application's empty role":   {"entra_auth {\nallow_application a {\napp_only\nrole\n}\n}", 5, ""},
		"an application's role twice":   {"entra_auth {\nallow_application a {\nrole b\nrole c\n}\n}", 5, "entra_auth allow_application a: role is given twice"},
		"default with a value":          {"entra_auth {\ndefault yes\n}", 3, ""},
		"default with a block":          {"entra_auth {\ndefault {\nyes\n}\n}", 3, "entra_auth: default takes no block"},
		"a name of two words":           {"entra_auth {\nname Time sheets\n}", 3, ""},
		"a header without a value":      {"entra_auth {\nheader X-User\n}", 3, ""},
		"a header with two values":      {"entra_auth {\nheader X-User a b\n}", 3, ""},
		"a header twice":                {"entra_auth {\nheader X-User a\nheader X-User b\n}", 4, "header X-User is given twice"},
		"a header in two spellings":     {"entra_auth {\nheader X-User a\nheader x_user b\n}", 4, "two spellings"},
		"a header of HTTP's own":        {"entra_auth {\ndefault\nheader Authorization a\n}", 4, "choose another name, such as X-User"},
		"a header that is no name":      {"entra_auth {\nheader \"X User\" a\n}", 3, "is not a name of a header"},
		"a header of nothing":           {"entra_auth {\nheader X-User \"\"\n}", 3, "write a placeholder such as {http.auth.user.id}"},
		"a header of nobody":            {"entra_auth {\nheader X-User {http.auth.user.mail}\n}", 3, "there is no placeholder {http.auth.user.mail}"},
		"forward_authorization yes":     {"entra_auth {\nforward_authorization yes\n}", 3, ""},
		"allow_guests with a value":     {"entra_auth {\nallow_guests yes\n}", 3, ""},
		"require_role without a role":   {"entra_auth {\nrequire_role\n}", 3, ""},
		"atlassian_mcp with an address": {"atlassian_mcp * https://jira.example.com", 2, ""},
		"unknown option of it":          {"atlassian_mcp {\ntypo\n}", 3, `"typo"; it knows allow, allow_anonymous, `},
		"two addresses of Jira":         {"atlassian_mcp {\njira a b\n}", 3, ""},
		"one before and one in it":      {"atlassian_mcp {\njira a {\nurl b\n}\n}", 4, "atlassian_mcp jira: url is given twice"},
		"Jira twice":                    {"atlassian_mcp {\njira a\njira b\n}", 4, "jira is given twice"},
		"unknown option of Confluence":  {"atlassian_mcp {\nconfluence {\ntypo\n}\n}", 4, "atlassian_mcp confluence: "},
		"two tokens in one line":        {"atlassian_mcp {\njira {\ntoken a b\n}\n}", 4, ""},
		"read_only with a value":        {"atlassian_mcp {\nread_only false\n}", 3, ""},
		"a timeout that is none":        {"atlassian_mcp {\ntimeout soon\n}", 3, "60s"},
		"a timeout of nothing":          {"atlassian_mcp {\ntimeout 0s\n}", 3, "60s"},
		"two timeouts in one line":      {"atlassian_mcp {\ntimeout 1s 2s\n}", 3, ""},
		"attribution with a value":      {"atlassian_mcp {\nattribution on\n}", 3, ""},
		"allow nothing":                 {"atlassian_mcp {\nallow role Writer\n}", 3, "allow: it does not say what"},
		"allow a word without a value":  {"atlassian_mcp {\nallow read role\n}", 3, "allow: role: it has no value"},
		"deny a word twice":             {"atlassian_mcp {\nallow read\ndeny read role A role B\n}", 4, "deny: role is given twice"},
		"attribution with a block":      {"atlassian_mcp {\nattribution {\nperson\n}\n}", 3, "atlassian_mcp: attribution takes no block"},
		"attribution twice":             {"atlassian_mcp {\nattribution\nattribution\n}", 4, "attribution is given twice"},
		"limit with a number":           {"atlassian_mcp {\nlimit 300\n}", 3, ""},
		"limit with a number, a block":  {"atlassian_mcp {\nlimit 300 {\nperson 1\n}\n}", 3, ""},
		"limit twice":                   {"atlassian_mcp {\nlimit {\nperson 1\n}\nlimit {\nperson 2\n}\n}", 6, "atlassian_mcp: limit is given twice"},
		"unknown option of limit":       {"atlassian_mcp {\nlimit {\npersons 1\n}\n}", 4, `atlassian_mcp: limit: unrecognized option "persons"; it knows assistant, assistant_at_once, person, person_at_once`},
		"a limit without a number":      {"atlassian_mcp {\nlimit {\nperson\n}\n}", 4, ""},
		"a limit of two numbers":        {"atlassian_mcp {\nlimit {\nperson_at_once 1 2\n}\n}", 4, ""},
		"a limit in a block":            {"atlassian_mcp {\nlimit {\nperson 1 {\nat_once 2\n}\n}\n}", 4, "atlassian_mcp: limit: person takes no block"},
		"one limit twice":               {"atlassian_mcp {\nlimit {\nassistant 1\nassistant 2\n}\n}", 5, "atlassian_mcp: limit: assistant is given twice"},
		"a limit that is none":          {"atlassian_mcp {\nlimit {\nperson many\n}\n}", 4, "atlassian_mcp: limit: person: write a number of calls, such as 300 and at most 100000, or `off`"},
		"a limit below zero":            {"atlassian_mcp {\nlimit {\nperson 1\nperson_at_once -1\n}\n}", 5, "limit: person_at_once: write a number of calls, such as 10"},
		"a limit that is no integer":    {"atlassian_mcp {\nlimit {\nassistant 1.5\n}\n}", 4, "limit: assistant: write a number of calls, such as 3000"},
		"a limit beyond all":            {"atlassian_mcp {\nlimit {\nassistant_at_once 99999999999999999999\n}\n}", 4, "limit: assistant_at_once: write a number of calls, such as 60"},
	} {
		t.Run(name, func(t *testing.T) {
			directive := strings.Fields(tc.text)[0]
			config := ":80 {\n" + tc.text + "\n}\n"
			if directive == "entra" {
				config = "{\n" + tc.text + "\n}\n"
			}
			_, err := adapt(config)
			wantError(t, tc.text, err, "'"+directive+"'", fmt.Sprintf("Caddyfile:%d", tc.line), tc.want)
		})
	}
}

func TestCaddyfilesAreFormatted(t *testing.T) {
	for _, path := range append(goldens(t), example, demo) {
		before := read(t, path)
		if diff := cmp.Diff(before, string(caddyfile.Format([]byte(before)))); diff != "" {
			t.Errorf("caddy fmt would change %s:\n%s", path, diff)
		}
	}
}

// TestDemoShowsWhatAnOperatorGets: the routes of the demo's site are those of the example.
func TestDemoShowsWhatAnOperatorGets(t *testing.T) {
	t.Setenv("DEMO_PORT", "8000")
	t.Setenv("DEMO_STORAGE", t.TempDir())
	for _, name := range []string{"SITE_ADDRESS", "BIND_ADDRESS"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	if diff := cmp.Diff(routes(t, demo), routes(t, example)); diff != "" {
		t.Errorf("routes of the demo, then of the example:\n%s", diff)
	}
}

// routes returns those of every server of a Caddyfile.
func routes(t *testing.T, path string) map[string]any {
	t.Helper()
	var config struct {
		Apps struct {
			HTTP struct {
				Servers map[string]struct{ Routes any }
			}
		}
	}
	if err := json.Unmarshal(adaptFile(t, path), &config); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]any)
	for name, server := range config.Apps.HTTP.Servers {
		all[name] = server.Routes
	}
	if len(all) == 0 {
		t.Fatalf("%s has no server", path)
	}
	return all
}
