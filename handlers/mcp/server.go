package mcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

// Config is what a [Server] is made of.
type Config struct {
	// Catalogue are the tools, and Policy says who may use them. Both are required by [New].
	Catalogue *Catalogue
	Policy    *policy.Policy

	// AllowAnonymous lets in requests that no gate has put an identity.Principal in. Everybody who
	// reaches the route may then do what a person of the tenant may do.
	AllowAnonymous bool

	// Origins are the web origins that may call. It is required.
	Origins *origin.Policy

	// Hosts are values of the Host header, with or without a port, that an anonymous request may
	// carry although it arrives on a loopback address, as behind a proxy on the same machine. All
	// others must name the loopback interface there, so that no web page reaches a server on its
	// visitor's machine by rebinding a name.
	Hosts []string

	// Timeout is how long a tool call may take. Default: 60 seconds.
	Timeout time.Duration

	// Logger receives warnings. Default: none.
	Logger *slog.Logger

	// Audit receives one record "tool call" for each call. Default: Logger.
	Audit *slog.Logger

	// Limits bound the calls of one person and through one assistant. Nil is no limit.
	Limits *Limits

	// Attribution says that what is written in Jira and Confluence names the person and the
	// assistant: see [Attribution].
	Attribution bool

	// Version is what the server says of itself to assistants.
	Version string
}

const defaultTimeout = 60 * time.Second

// listTTL is how long a client may reuse a list. It bounds how long an assistant still shows tools
// that a change of role or policy has closed; calling one is refused at once.
const listTTL = time.Minute

// Server is the MCP route: every protocol version from 2024-11-05 to 2026-07-28, without sessions,
// on one path. It is safe for concurrent use.
type Server struct {
	handler http.Handler
}

// New returns a server for the catalogue.
func New(c Config) (*Server, error) {
	if c.Catalogue == nil || c.Policy == nil {
		return nil, errors.New("the MCP route needs a catalogue of tools and a policy")
	}
	if err := policy.CheckUses(c.Catalogue.Tools()); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	title := strings.Join(c.Catalogue.products(func(policy.Tool) bool { return true }), " and ")
	server := sdk.NewServer(
		&sdk.Implementation{Name: "caddy-atlassian-mcp", Title: title, Version: c.Version},
		&sdk.ServerOptions{
			Logger: quiet(c.Logger),
			// The SDK answers prompts/list and resources/list whether they are declared or not, and
			// what works has to be declared (MCP server/discover). Logging, which it would declare by
			// itself, is left out, and lists never change during a connection.
			Capabilities: &sdk.ServerCapabilities{
				Tools:     &sdk.ToolCapabilities{},
				Prompts:   &sdk.PromptCapabilities{},
				Resources: &sdk.ResourceCapabilities{},
			},
			// What tools/list shows depends on who asks (MCP server/utilities/caching).
			SetCacheable: func(_ context.Context, _ sdk.Request, cache *sdk.Cacheable) {
				cache.CacheScope, cache.TTLMs = "private", int(listTTL.Milliseconds())
			},
		})
	for _, t := range c.Catalogue.tools {
		server.AddTool(t.definition, t.handler(c.Policy))
	}
	server.AddReceivingMiddleware(declaredOnly, visible(c.Catalogue, c.Policy))
	if c.Attribution {
		server.AddReceivingMiddleware(attributed)
	}
	handler, err := Harden(c, server)
	if err != nil {
		return nil, err
	}
	return &Server{handler: handler}, nil
}

// ServeHTTP answers one request. Everything it says before MCP begins is plain text or a JSON-RPC
// error, and tells the caller nothing about tools.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Audit == nil {
		c.Audit = c.Logger
	}
	return c
}

// Harden returns server behind everything that stands between it and the network: the checks of
// origin, host, caller and body, and around each call the limits, the deadline, the recovery from
// panics and the audit record. Of c it does not use Catalogue, Policy, Attribution and Version. It adds
// middleware to server, so call it once, after everything else is added.
func Harden(c Config, server *sdk.Server) (http.Handler, error) {
	if c.Origins == nil {
		return nil, errors.New("the MCP route needs the web origins that may call")
	}
	c = c.withDefaults()
	server.AddReceivingMiddleware(recovered(c.Logger), audited(c))
	return &entrance{
		anonymous: c.AllowAnonymous,
		origins:   c.Origins,
		hosts:     newHostList(c.Hosts),
		next: sdk.NewStreamableHTTPHandler(
			func(*http.Request) *sdk.Server { return server },
			&sdk.StreamableHTTPOptions{
				Stateless: true,
				Logger:    quiet(c.Logger),
				// The entrance has done both, and knows the public host.
				DisableLocalhostProtection: true,
				MaxRequestBodyBytes:        maxBody,
				// MCP basic/patterns/cancellation: a closed response stream ends the call.
				PropagateRequestCancellation: true,
			}),
	}, nil
}
