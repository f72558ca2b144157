package main

import (
	"cmp"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard" // what a Caddyfile may name

	_ "github.com/caddy-atlassian-mcp/caddy-atlassian-mcp" // the plugin
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox"
)

//go:embed Caddyfile
var siteConfig []byte

// options are what the command line says.
type options struct {
	port       int
	deployment string
	env        bool
	caddyfile  string
	publicURL  string
	lifetime   time.Duration
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, `An MCP server for Jira and Confluence with everything around it, on this machine only.

	go run ./cmd/demo [flags]

Caddy listens at --port; the stand-ins for Entra ID, Jira and Confluence take the three ports after
it. Nothing is kept: every start begins with the same people, issues and pages.

`)
		flags.PrintDefaults()
	}
	flags.IntVar(&o.port, "port", 8000, "where Caddy listens; the stand-ins take the three ports after it")
	flags.StringVar(&o.deployment, "deployment", sandbox.Cloud, "what Jira and Confluence stand in for: cloud or datacenter")
	flags.BoolVar(&o.env, "env", false, "print the .env with which cmd/caddy would use a sandbox at this port, and start nothing")
	flags.StringVar(&o.caddyfile, "caddyfile", "", "a Caddyfile to serve in place of the demo's own")
	flags.StringVar(&o.publicURL, "public-url", "", "start the stand-ins alone, for a Caddy of your own with this public URL, which --env prints the .env for")
	flags.DurationVar(&o.lifetime, "token-lifetime", 0, "how long access tokens of the Entra stand-in live (default about an hour)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q; see --help", flags.Arg(0))
	case o.deployment != sandbox.Cloud && o.deployment != sandbox.DataCenter:
		return o, fmt.Errorf("--deployment %q is neither cloud nor datacenter", o.deployment)
	case o.port < 1 || o.port > 65532:
		return o, fmt.Errorf("--port %d leaves no room for the three ports after it; choose one below 65533", o.port)
	case o.publicURL != "" && o.caddyfile != "":
		return o, fmt.Errorf("--public-url starts no Caddy, so that --caddyfile has no meaning beside it")
	case o.lifetime < 0:
		return o, fmt.Errorf("--token-lifetime %s is negative", o.lifetime)
	}
	return o, nil
}

// run is the whole command. It returns when ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	config := sandbox.Config{Deployment: o.deployment, Port: o.port, TokenLifetime: o.lifetime}
	if o.publicURL != "" {
		config.RedirectURI = o.publicURL + "/oauth/callback"
	}
	if o.env {
		for _, s := range sandbox.EnvironmentAt(config) {
			fmt.Fprintf(out, "%s=%s\n", s.Name, dotenv(s.Value))
		}
		return nil
	}
	site, err := o.site()
	if err != nil {
		return err
	}
	story := newStory(out)
	config.Logger = story.logger()
	s, err := sandbox.Start(config)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.publicURL == "" {
		stop, err := startCaddy(site, o.port, s, story)
		if err != nil {
			return err
		}
		defer stop()
	}
	fmt.Fprint(out, banner(o, s))
	<-ctx.Done()
	fmt.Fprintln(out, "\nThe demo ends.")
	return nil
}

// site is the Caddyfile to serve.
func (o options) site() ([]byte, error) {
	if o.caddyfile == "" {
		return siteConfig, nil
	}
	return os.ReadFile(o.caddyfile)
}

// startCaddy runs Caddy in this process with a Caddyfile and the sandbox's environment.
func startCaddy(site []byte, port int, s *sandbox.Sandbox, story *story) (stop func(), err error) {
	if err := free(port); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "caddy-atlassian-mcp-demo-")
	if err != nil {
		return nil, err
	}
	restore := setEnvironment(append(s.Environment(),
		sandbox.Setting{Name: "DEMO_PORT", Value: strconv.Itoa(port)}, sandbox.Setting{Name: "DEMO_STORAGE", Value: dir}))
	stop = func() {
		_ = caddy.Stop()
		restore()
		_ = os.RemoveAll(dir)
	}
	current.Store(story)
	config, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt(site, map[string]any{"filename": "Caddyfile"})
	if err != nil {
		stop()
		return nil, fmt.Errorf("the Caddyfile: %w", err)
	}
	for _, w := range warnings {
		story.say("caddy", w.String())
	}
	// Until it has read its configuration Caddy logs to stderr, where it would say that it stops
	// doing so.
	_, stderr, _ := caddy.BufferedLog()
	err = caddy.Load(config, true)
	caddy.UnbufferDefaultLogger(stderr)
	if err != nil {
		stop()
		return nil, fmt.Errorf("starting Caddy: %w", err)
	}
	return stop, nil
}

// free says which port is taken, which Caddy's own error leaves out.
func free(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("port %d is taken; choose another with --port: %w", port, err)
	}
	return l.Close()
}

// setEnvironment sets variables for Caddy and takes away those of the same family that the shell
// may hold: the demo must never reach somebody's real Jira.
func setEnvironment(settings []sandbox.Setting) (restore func()) {
	before := os.Environ()
	for _, pair := range before {
		name, _, _ := strings.Cut(pair, "=")
		if ours(name) {
			_ = os.Unsetenv(name)
		}
	}
	for _, s := range settings {
		_ = os.Setenv(s.Name, s.Value)
	}
	return func() {
		for _, s := range settings {
			_ = os.Unsetenv(s.Name)
		}
		for _, pair := range before {
			if name, value, _ := strings.Cut(pair, "="); ours(name) {
				_ = os.Setenv(name, value)
			}
		}
	}
}

func ours(name string) bool {
	for _, prefix := range []string{"ENTRA_ID_", "OAUTH_DCR_", "JIRA_", "CONFLUENCE_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "READ_ONLY_MODE" || name == "ENABLED_TOOLS" || name == "TOOLSETS"
}

// dotenv writes a value so that Caddy's --envfile reads it back.
func dotenv(value string) string {
	if strings.ContainsAny(value, " #\"'") {
		return `"` + value + `"`
	}
	return value
}

func banner(o options, s *sandbox.Sandbox) string {
	kind := "Cloud"
	if o.deployment == sandbox.DataCenter {
		kind = "Data Center"
	}
	url := cmp.Or(o.publicURL, fmt.Sprintf("http://localhost:%d", o.port)) + "/mcp"
	return fmt.Sprintf(`
caddy-atlassian-mcp demo, on this machine only

  MCP server    %[1]s
  Entra ID      %[2]s   (stand-in: choose who you are, no password)
  Jira          %[3]s   (stand-in for %[5]s: projects PLAT and OPS)
  Confluence    %[4]s   (stand-in for %[5]s: spaces DOCS and TEAM)

Connect an assistant

  Claude Code   claude mcp add --transport http atlassian %[1]s
  VS Code       code --add-mcp '{"name":"atlassian","type":"http","url":"%[1]s"}'
  Inspector     npx @modelcontextprotocol/inspector@2.12.0 %[1]s --transport http
                (needs Node 22.19 or newer)

Then ask: what is the state of PLAT-1, and what does the handbook say about releases?
What happens appears below. Ctrl-C ends the demo.

`, url, s.EntraURL, s.JiraURL, s.ConfluenceURL, kind)
}
