package caddymodule_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/caddymodule"
)

// asCaddy makes this test binary a caddy command.
const asCaddy = "TEST_BINARY_IS_CADDY"

func TestMain(m *testing.M) {
	if os.Getenv(asCaddy) != "" {
		caddycmd.Main()
		return
	}
	os.Exit(m.Run())
}

// caddyCommand runs caddy and returns all that it prints.
func caddyCommand(t *testing.T, args ...string) (output string, exitCode int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = []string{asCaddy + "=1", "HOME=" + t.TempDir(), "GORACE=atexit_sleep_ms=0"}
	raw, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(raw), cmd.ProcessState.ExitCode()
}

func TestCheckEnvFinds(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		want []string // how each finding begins
	}{
		"an empty file":               {"", nil},
		"comments and empty lines":    {"# JIRA_URL\n\n  # x = y\n", nil},
		"windows line ends":           {"READ_ONLY_MODE=true\r\nTOOLSETS=default\r\n", nil},
		"export":                      {"export READ_ONLY_MODE=true\n", nil},
		"somebody else's variable":    {"PATH=/usr/bin\nHOME=\n", nil},
		"two names, one value":        {"JIRA_API_TOKEN=secret\nJIRA_PERSONAL_TOKEN=\"secret\"\n", nil},
		"two names, one empty":        {"JIRA_API_TOKEN=secret\nJIRA_PERSONAL_TOKEN=\n", nil},
		"no equals sign":              {"\nJIRA_URL https://secret.example.com\n", []string{"2: there is no ="}},
		"a space before it":           {"JIRA_URL =secret", []string{"1: JIRA_URL: Caddy refuses spaces"}},
		"a space after it":            {"JIRA_URL= secret", []string{"1: JIRA_URL: Caddy refuses spaces"}},
		"a tab after it":              {"JIRA_URL=\tsecret", []string{"1: JIRA_URL: Caddy refuses spaces"}},
		"a space within the name":     {"JIRA URL=secret", []string{"1: this is not a name"}},
		"no name":                     {"=secret", []string{"1: this is not a name"}},
		"a hash":                      {"ENTRA_ID_CLIENT_SECRET=sec#ret", []string{"1: ENTRA_ID_CLIENT_SECRET: Caddy cuts the value"}},
		"a hash within quotes":        {"FOREIGN=\"sec#ret\"", []string{"1: FOREIGN: Caddy cuts the value"}},
		"a name twice":                {"JIRA_URL=a\nJIRA_URL=b", []string{"2: JIRA_URL: it is set in line 1"}},
		"a quote left open":           {"JIRA_URL=\"secret\nTOOLSETS = x\nFOREIGN=\"a\"\nMCP_PORT=1", []string{"1: its quote is not closed where the line ends, so Caddy takes all up to line 3 ", "4: MCP_PORT"}},
		"one left open to the end":    {"JIRA_URL='secret\nTOOLSETS=x", []string{"1: its quote is not closed where the line ends, so Caddy takes all up to line 2 "}},
		"a quote that is no end":      {"FOREIGN=\"secret\\\"", []string{"1: its quote is not closed"}},
		"a comment after a quote":     {"FOREIGN=\"secret\" # why\nTOOLSETS=x", []string{"1: FOREIGN: Caddy cuts the value", "1: its quote is not closed"}},
		"a quote within a value":      {"FOREIGN=sec\"ret", nil},
		"a variable of mcp-atlassian": {"MCP_VERBOSE=secret", []string{"1: MCP_VERBOSE: it has no effect"}},
		"a misspelt variable":         {"JIRA_URI=secret", []string{"1: JIRA_URI: it has no effect"}},
		"two names, two values":       {"OAUTH_DCR_CLIENT_SECRET=secret\n\nENTRA_ID_CLIENT_SECRET=other-secret", []string{"1: OAUTH_DCR_CLIENT_SECRET differs from ENTRA_ID_CLIENT_SECRET in line 3"}},
		"two findings in one line":    {"JIRA_URI = sec#ret", []string{"1: JIRA_URI: Caddy refuses", "1: JIRA_URI: Caddy cuts", "1: JIRA_URI: it has no effect"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := caddymodule.CheckEnv(strings.NewReader(tc.file))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
			for _, value := range []string{"secret", "sec#ret", "sec\"ret"} {
				if strings.Contains(strings.Join(got, "\n"), value) {
					t.Errorf("a finding repeats a value: %q", got)
				}
			}
		})
	}
}

func TestCheckEnvOfAnUnreadableFile(t *testing.T) {
	if _, err := caddymodule.CheckEnv(strings.NewReader("X=" + strings.Repeat("x", 1<<20))); err == nil {
		t.Error("a line too long for Caddy was accepted")
	}
}

// TestCheckEnvCommand: its word about a file agrees with what Caddy makes of the file.
func TestCheckEnvCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("export JIRA_URL=https://jira.example.com\r\nJIRA_PERSONAL_TOKEN=\"a=b ~c\"\nJIRA_USERNAME='svc@example.com'\n")
	if output, code := caddyCommand(t, "atlassian-mcp", "check-env", file); code != 0 || !strings.Contains(output, "every line as it is meant") {
		t.Errorf("a good file: exit code %d\n%s", code, output)
	}
	output, _ := caddyCommand(t, "environ", "--envfile", file)
	for _, want := range []string{"\nJIRA_URL=https://jira.example.com\n", "\nJIRA_PERSONAL_TOKEN=a=b ~c\n", "\nJIRA_USERNAME=svc@example.com\n"} {
		if !strings.Contains(output, want) {
			t.Errorf("Caddy does not read %q from a good file:\n%s", want, output)
		}
	}

	write("JIRA_PERSONAL_TOKEN=\"sec#ret\"\nJIRA_USERNAME='svc\nCONFLUENCE_USERNAME=svc\n")
	output, code := caddyCommand(t, "atlassian-mcp", "check-env", file)
	if code != 1 || !strings.Contains(output, file+":1: JIRA_PERSONAL_TOKEN") || !strings.Contains(output, file+":2: ") || strings.Contains(output, "ret\"") {
		t.Errorf("a bad file: exit code %d\n%s", code, output)
	}
	output, _ = caddyCommand(t, "environ", "--envfile", file)
	for _, want := range []string{"\nJIRA_PERSONAL_TOKEN=sec\n", "\nJIRA_USERNAME=svc\nCONFLUENCE_USERNAME=svc\n"} {
		if !strings.Contains(output, want) {
			t.Errorf("Caddy does not misread %q from a bad file:\n%s", want, output)
		}
	}

	if output, code := caddyCommand(t, "atlassian-mcp", "check-env", file+".not"); code != 1 || !strings.Contains(output, file+".not") {
		t.Errorf("no file: exit code %d\n%s", code, output)
	}
}
