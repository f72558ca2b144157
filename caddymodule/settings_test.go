package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
)

// variables are all that the plugin reads, by check-env's word.
var variables = slices.Concat(caddymodule.Variables...)

// noEnvironment empties every variable that the plugin reads.
func noEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range variables {
		t.Setenv(name, "")
	}
}

// secretsOf returns the variables that a Caddyfile has placeholders for.
func secretsOf(t *testing.T, path string) (names []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(`{env\.(\w+)}`).FindAllStringSubmatch(read(t, path), -1) {
		names = append(names, match[1])
	}
	return names
}

// TestEverySettingTakesPlaceholders: one that does not resolve is an error that names the setting,
// the placeholder, and the variables that would do instead. Those are the ones that check-env knows.
func TestEverySettingTakesPlaceholders(t *testing.T) {
	noEnvironment(t)
	for _, name := range secretsOf(t, everything) {
		t.Setenv(name, "~a.secret.value.that.is.long.enough~"+name)
	}
	lines := strings.Split("{\nadmin off\nlog {\nlevel ERROR\n}\n"+strings.TrimPrefix(read(t, everything), "{"), "\n")
	if err := validateCaddyfile(t, oneCredential(lines)); err != nil {
		t.Fatalf("as it stands, but for the credentials: %v", err)
	}
	instead := []string{"READ_ONLY_MODE"} // a flag has no text to put a placeholder into
	for _, o := range optionsOf(t, lines) {
		for _, arg := range settingsIn(o) {
			changed := slices.Clone(lines)
			changed[o.index] = strings.Replace(lines[o.index], arg, "{env.NOT_SET_ANYWHERE}", 1)
			what := changed[o.index]
			if len(oneCredential(changed[o.index:o.index+1])) > 0 {
				changed = oneCredential(changed)
			}
			err := validateCaddyfile(t, changed)
			name := ": " + o.name + ": "
			if o.block || o.name == "allow_application" { // the setting is one of several in it
				name = o.name
			}
			wantError(t, what, err, name, "{env.NOT_SET_ANYWHERE}", "set what the placeholder names")
			if _, names, found := strings.Cut(fmt.Sprint(err), "leave the option out and set "); found {
				instead = append(instead, strings.Split(names, " or ")...)
			}
		}
	}
	slices.Sort(instead)
	instead = slices.Compact(instead)
	if diff := cmp.Diff(slices.Sorted(slices.Values(instead)), slices.Sorted(slices.Values(variables))); diff != "" {
		t.Errorf("variables that settings are read from, then those that check-env knows:\n%s", diff)
	}
}

// settingsIn are the arguments of a line that may be text when Caddy starts, one of each kind.
func settingsIn(o option) []string {
	switch {
	case len(o.args) == 0 || o.name == "timeout" || o.name == "header" && strings.HasPrefix(o.args[1], "{http."):
		return nil
	case o.name == "header":
		return o.args[1:]
	case o.name == "client_certificate":
		return o.args
	}
	return o.args[:1]
}

// oneCredential leaves the client secret as the only way to prove the application to Entra: with
// another beside it, a configuration is refused.
func oneCredential(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.Contains(line, "client_certificate /run/") || strings.Contains(line, "federated_token_file")
	})
}

func validateCaddyfile(t *testing.T, lines []string) error {
	t.Helper()
	adapted, err := adapt(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&config)
}

// TestEveryVariableIsRead: what check-env passes as having an effect has one.
func TestEveryVariableIsRead(t *testing.T) {
	for _, name := range variables {
		t.Run(name, func(t *testing.T) {
			noEnvironment(t)
			t.Setenv(name, "{env.SOMETHING}")
			wantError(t, name, validate(t, "", route), name+" holds a placeholder")
		})
	}
}

// TestJSONAlone: whoever writes Caddy's JSON needs neither a Caddyfile nor the environment.
func TestJSONAlone(t *testing.T) {
	noEnvironment(t)
	port := freePort(t)
	w := &world{t: t, client: noRedirects, base: fmt.Sprintf("http://localhost:%d", port)}
	config := fmt.Sprintf(`{
		"admin": {"disabled": true},
		"logging": {"logs": {"default": {"level": "ERROR"}}},
		"storage": {"module": "file_system", "root": %q},
		"apps": {
			"entra": {
				"public_url": %q,
				"issuer": "https://login.microsoftonline.com/5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/v2.0",
				"client_id": "0b8e6f52-93d4-4a1b-8c7e-1f5a2d3c4b69",
				"client_secrets": ["abc~secret.value_0123456789"]
			},
			"http": {"servers": {"mcp": {
				"listen": ["127.0.0.1:%d"],
				"routes": [
					{"handle": [{"handler": "entra_oauth"}]},
					{"match": [{"path": ["/mcp"]}], "handle": [
						{"handler": "entra_auth"},
						{"handler": "atlassian_mcp", "jira": {"url": "https://jira.example.com", "token": "jira-token"}, "read_only": true}
					]}
				]
			}}}
		}
	}`, t.TempDir(), w.base, port)
	if err := caddy.Load([]byte(config), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	resp, body := w.do(w.request("GET", "/.well-known/oauth-protected-resource/mcp", ""))
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, `"`+w.base+`/mcp"`) {
		t.Errorf("metadata of the resource: %d %s", resp.StatusCode, body)
	}
	resp, body = w.do(w.request("POST", "/mcp", getIssue))
	if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(resp.Header.Get("WWW-Authenticate"), "resource_metadata=") {
		t.Errorf("without a token: %d %q %s", resp.StatusCode, resp.Header.Get("WWW-Authenticate"), body)
	}
}
