// Package sandbox runs the stand-ins for Entra ID, Jira and Confluence together on loopback, for
// the demo and for tests. It is never linked into cmd/caddy.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/sandbox/jira"
)

// The credentials that the stand-ins accept. They are no secrets: they open nothing but a sandbox.
const (
	ClientSecret    = "sandbox~entra.client-secret_0123456789"
	Username        = "svc-mcp@contoso.example"
	JiraToken       = "sandbox-jira-token"
	ConfluenceToken = "sandbox-confluence-token"
)

// The deployments that Config can name.
const (
	Cloud      = "cloud"
	DataCenter = "datacenter"
)

// Config says what to stand in for. The zero value is Cloud on free ports.
type Config struct {
	// Deployment is Cloud or DataCenter. Empty means Cloud.
	Deployment string

	// Port is the port of the MCP server; Entra, Jira and Confluence take the three after it. Zero
	// means free ports.
	Port int

	// RedirectURI is the MCP server's callback. Empty means /oauth/callback on localhost at Port.
	RedirectURI string

	// TokenLifetime is how long Entra's access tokens live. Zero means about an hour.
	TokenLifetime time.Duration

	// Entra changes how the stand-in for Entra is set up, when it is not nil: its registration may
	// have a certificate, for example.
	Entra func(*entra.Config)

	Logger *slog.Logger // nil: nothing is logged
}

// Sandbox is the three stand-ins, listening.
type Sandbox struct {
	Entra      *entra.Server
	Jira       *jira.Server
	Confluence *confluence.Server

	// Where they listen, as origins. ConfluenceURL and JiraURL are what people would open.
	EntraURL, JiraURL, ConfluenceURL string

	cfg     Config
	servers []*http.Server
}

// Start starts the stand-ins on 127.0.0.1. Close ends them.
func Start(c Config) (*Sandbox, error) {
	if c.Deployment == "" {
		c.Deployment = Cloud
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.RedirectURI == "" {
		c.RedirectURI = fmt.Sprintf("http://localhost:%d/oauth/callback", c.Port)
	}
	s := &Sandbox{cfg: c}
	var listeners [3]net.Listener
	for i := range listeners {
		l, err := listen(c.Port, i+1)
		if err != nil {
			for _, open := range listeners[:i] {
				_ = open.Close()
			}
			return nil, err
		}
		listeners[i] = l
	}
	s.setURLs(port(listeners[0]), port(listeners[1]), port(listeners[2]))
	handlers, err := s.handlers()
	if err != nil {
		for _, l := range listeners {
			_ = l.Close()
		}
		return nil, err
	}
	for i, l := range listeners {
		server := &http.Server{Handler: handlers[i], ReadHeaderTimeout: 10 * time.Second}
		s.servers = append(s.servers, server)
		go func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				c.Logger.Error("a stand-in stopped", "error", err)
			}
		}()
	}
	return s, nil
}

func listen(base, offset int) (net.Listener, error) {
	if base == 0 {
		offset = 0
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(base+offset))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("a stand-in cannot listen on %s, is something else there? choose other ports with --port: %w", address, err)
	}
	return l, nil
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func (s *Sandbox) setURLs(entraPort, jiraPort, confluencePort int) {
	s.EntraURL = fmt.Sprintf("http://localhost:%d", entraPort)
	s.JiraURL = fmt.Sprintf("http://localhost:%d", jiraPort)
	s.ConfluenceURL = fmt.Sprintf("http://localhost:%d", confluencePort)
	if s.cfg.Deployment == Cloud {
		s.ConfluenceURL += "/wiki"
	}
}

// handlers makes the stand-ins, in the order of their ports.
func (s *Sandbox) handlers() (handlers [3]http.Handler, err error) {
	c := entra.Config{
		ClientSecret: ClientSecret, RedirectURIs: []string{s.cfg.RedirectURI}, BaseURL: s.EntraURL,
		TokenLifetime: s.cfg.TokenLifetime, Logger: s.cfg.Logger,
	}
	if s.cfg.Entra != nil {
		s.cfg.Entra(&c)
	}
	if s.Entra, err = entra.New(c); err != nil {
		return handlers, err
	}
	s.Jira, err = jira.New(jira.Config{Deployment: s.cfg.Deployment, Username: Username, Token: JiraToken, BaseURL: s.JiraURL})
	if err != nil {
		return handlers, err
	}
	confluenceBase := s.ConfluenceURL
	if s.cfg.Deployment == Cloud {
		confluenceBase = confluenceBase[:len(confluenceBase)-len("/wiki")]
	}
	s.Confluence, err = confluence.New(confluence.Config{Deployment: s.cfg.Deployment, Username: Username, Token: ConfluenceToken, BaseURL: confluenceBase})
	if err != nil {
		return handlers, err
	}
	return [3]http.Handler{s.Entra, s.Jira, s.Confluence}, nil
}

// Setting is one environment variable.
type Setting struct{ Name, Value string }

// Environment is what the plugin needs to know to use this sandbox, as in a .env file.
func (s *Sandbox) Environment() []Setting { return environment(s.cfg, s) }

// EnvironmentAt is Environment for a sandbox that would run at c.Port, without starting one.
func EnvironmentAt(c Config) []Setting {
	s := &Sandbox{cfg: c}
	if s.cfg.Deployment == "" {
		s.cfg.Deployment = Cloud
	}
	if s.cfg.RedirectURI == "" {
		s.cfg.RedirectURI = fmt.Sprintf("http://localhost:%d/oauth/callback", c.Port)
	}
	s.setURLs(c.Port+1, c.Port+2, c.Port+3)
	return environment(s.cfg, s)
}

func environment(c Config, s *Sandbox) []Setting {
	settings := []Setting{
		{"ENTRA_ID_EXPECTED_ISSUER", s.EntraURL + "/" + entra.DemoTenantID + "/v2.0"},
		{"ENTRA_ID_CLIENT_ID", entra.DemoClientID},
		{"ENTRA_ID_CLIENT_SECRET", ClientSecret},
		{"OAUTH_DCR_REDIRECT_URI", c.RedirectURI},
		{"OAUTH_DCR_SCOPE", "access_as_user openid profile email"},
		{"JIRA_URL", s.JiraURL},
	}
	if c.Deployment == Cloud {
		settings = append(settings, Setting{"JIRA_USERNAME", Username})
	}
	settings = append(settings, Setting{"JIRA_PERSONAL_TOKEN", JiraToken}, Setting{"CONFLUENCE_URL", s.ConfluenceURL})
	if c.Deployment == Cloud {
		settings = append(settings, Setting{"CONFLUENCE_USERNAME", Username})
	}
	return append(settings, Setting{"CONFLUENCE_PERSONAL_TOKEN", ConfluenceToken})
}

// Close ends the stand-ins and waits briefly for requests that are being answered.
func (s *Sandbox) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, server := range s.servers {
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	}
}
