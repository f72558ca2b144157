package caddymodule

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "atlassian-mcp",
		Usage: "check-env | policy | grants | users | keys",
		Short: "Tools for the Jira and Confluence MCP server",
		Long: `
Tools for the Jira and Confluence MCP server.

	check-env <file>  names the lines of a .env file that Caddy would read otherwise than
	                  its author meant, and variables that have no effect here; it never
	                  prints a value

and, of a Caddy that runs:

	policy            explains who may do what, and which line decides
	grants list       who has signed in, through which assistant
	grants revoke     ends sign-ins
	users block       shuts a person out; "unblock" lets them in, "list" names the blocked
	keys rotate       makes a new key; with --revoke, everybody has to sign in again`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(&cobra.Command{
				Use:   "check-env <file>",
				Short: "Names the lines of a .env file that Caddy would misread",
				Long: `
Reads a .env file as "caddy run --envfile" does and names the lines that Caddy would read
otherwise than their author meant: Caddy cuts a value at "#", also within quotes, refuses
spaces around "=", and reads on where a line leaves a quote open. It also names variables that
have no effect here, and pairs of names for one setting whose values differ. It never prints a
value. The exit code is 1 when something was found.`,
				Args: cobra.ExactArgs(1),
				RunE: caddycmd.WrapCommandFuncForCobra(checkEnvCommand),
			})
			cmd.AddCommand(operatorCommands()...)
		},
	})
}

// variables are those that the plugin reads. Each row is one setting and its names.
var variables = [][]string{
	{"ENTRA_ID_EXPECTED_ISSUER"},
	{"ENTRA_ID_CLIENT_ID", "OAUTH_DCR_CLIENT_ID"},
	{"ENTRA_ID_CLIENT_SECRET", "OAUTH_DCR_CLIENT_SECRET"},
	{"AZURE_FEDERATED_TOKEN_FILE"},
	{"OAUTH_DCR_REDIRECT_URI", "ENTRA_ID_REDIRECT_URI"},
	{"OAUTH_DCR_SCOPE", "ENTRA_ID_SCOPE"},
	{"JIRA_URL"}, {"JIRA_USERNAME"}, {"JIRA_PERSONAL_TOKEN", "JIRA_API_TOKEN"}, {"JIRA_DEPLOYMENT"},
	{"CONFLUENCE_URL"}, {"CONFLUENCE_USERNAME"}, {"CONFLUENCE_PERSONAL_TOKEN", "CONFLUENCE_API_TOKEN"}, {"CONFLUENCE_DEPLOYMENT"},
	{"JIRA_CLOUD_ID"}, {"JIRA_CLIENT_CERT"}, {"JIRA_CLIENT_KEY"}, {"JIRA_CUSTOM_HEADERS"}, {"JIRA_HTTPS_PROXY"}, {"JIRA_NO_PROXY"},
	{"CONFLUENCE_CLOUD_ID"}, {"CONFLUENCE_CLIENT_CERT"}, {"CONFLUENCE_CLIENT_KEY"}, {"CONFLUENCE_CUSTOM_HEADERS"}, {"CONFLUENCE_HTTPS_PROXY"}, {"CONFLUENCE_NO_PROXY"},
	{"READ_ONLY_MODE"}, {"ENABLED_TOOLS"}, {"TOOLSETS"}, {"JIRA_PROJECTS_FILTER"}, {"CONFLUENCE_SPACES_FILTER"},
}

// families are the beginnings of names that were surely meant for this plugin or one like it.
var families = []string{"ENTRA_ID_", "OAUTH_DCR_", "JIRA_", "CONFLUENCE_", "ATLASSIAN_", "MCP_", "RBAC_", "AUDIT_LOG_", "RATE_LIMIT_"}

func checkEnvCommand(fl caddycmd.Flags) (int, error) {
	name := fl.Arg(0)
	f, err := os.Open(name)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	defer f.Close()
	findings, err := checkEnv(f)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	for _, finding := range findings {
		fmt.Printf("%s:%s\n", name, finding)
	}
	if len(findings) > 0 {
		return caddy.ExitCodeFailedStartup, fmt.Errorf("%d findings", len(findings))
	}
	fmt.Printf("%s: Caddy reads every line as it is meant\n", name)
	return caddy.ExitCodeSuccess, nil
}

// envFile collects what is found in a .env file.
type envFile struct {
	values   map[string]string
	lines    map[string]int
	findings []string
}

func (e *envFile) add(line int, format string, args ...any) {
	e.findings = append(e.findings, fmt.Sprintf("%d: ", line)+fmt.Sprintf(format, args...))
}

// checkEnv returns what Caddy would read otherwise than meant, each finding led by its line.
func checkEnv(r io.Reader) ([]string, error) {
	e := &envFile{values: make(map[string]string), lines: make(map[string]int)}
	scanner := bufio.NewScanner(r)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		e.read(number, line)
		if quote := openQuote(line); quote != "" {
			first := number
			for closed := false; !closed && scanner.Scan(); number++ {
				closed = strings.HasSuffix(scanner.Text(), quote)
			}
			e.add(first, "its quote is not closed where the line ends, so Caddy takes all up to line %d for the value; close it", number)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	e.compare()
	return e.findings, nil
}

// openQuote returns the quote that a value begins with when the line does not end with it. Caddy
// looks for it at the very end, so a comment after the value leaves it open too.
func openQuote(line string) string {
	_, value, _ := strings.Cut(line, "=")
	for _, quote := range []string{`"`, "'"} {
		if strings.HasPrefix(value, quote) && (!strings.HasSuffix(line, quote) || strings.HasSuffix(line, `\`+quote)) {
			return quote
		}
	}
	return ""
}

func (e *envFile) read(number int, line string) {
	name, value, found := strings.Cut(line, "=")
	if !found {
		e.add(number, "there is no = in this line; write NAME=value")
		return
	}
	name = strings.TrimPrefix(name, "export ")
	if trimmed := strings.TrimSpace(name); trimmed != name || strings.HasPrefix(value, " ") || strings.HasPrefix(value, "\t") {
		e.add(number, "%s: Caddy refuses spaces around =; remove them", trimmed)
		name, value = trimmed, strings.TrimSpace(value)
	}
	if name == "" || strings.ContainsAny(name, " \t") {
		e.add(number, "this is not a name of a variable")
		return
	}
	if cut, _, found := strings.Cut(value, "#"); found {
		e.add(number, "%s: Caddy cuts the value at #, also within quotes; set this variable in the process's environment instead, or name a file with {file.path} in the Caddyfile", name)
		value = cut
	}
	if before, twice := e.lines[name]; twice {
		e.add(number, "%s: it is set in line %d already; the last one counts", name, before)
	}
	e.values[name], e.lines[name] = strings.Trim(strings.TrimSpace(value), `"'`), number
	if !known(name) && slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(name, f) }) {
		e.add(number, "%s: it has no effect here", name)
	}
}

// compare finds settings that two names give different values.
func (e *envFile) compare() {
	for _, names := range variables {
		if len(names) < 2 {
			continue
		}
		a, b := e.values[names[0]], e.values[names[1]]
		if a != "" && b != "" && a != b {
			e.add(e.lines[names[1]], "%s differs from %s in line %d, which sets the same; remove one of them", names[1], names[0], e.lines[names[0]])
		}
	}
}

func known(name string) bool {
	return slices.ContainsFunc(variables, func(names []string) bool { return slices.Contains(names, name) })
}
