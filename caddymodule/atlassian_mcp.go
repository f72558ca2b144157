package caddymodule

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/confluence"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/atlassian/jira"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp/alltools"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func init() {
	caddy.RegisterModule(AtlassianMCP{})
	httpcaddyfile.RegisterHandlerDirective("atlassian_mcp", parseAtlassianMCP)
	httpcaddyfile.RegisterDirectiveOrder("atlassian_mcp", httpcaddyfile.Before, "respond")
}

// defaultTimeout bounds a tool call when nothing else does.
const defaultTimeout = 60 * time.Second

// AtlassianMCP is the MCP server for Jira and Confluence. It answers callers that `entra_auth` let
// through and calls the two products with tokens that stay here.
//
// Every setting that is left out is read from the environment, under the names that mcp-atlassian
// uses.
type AtlassianMCP struct {
	// The Jira site. Default: JIRA_URL, JIRA_USERNAME, and JIRA_PERSONAL_TOKEN or JIRA_API_TOKEN.
	Jira *Site `json:"jira,omitempty"`

	// The Confluence site. Default: CONFLUENCE_URL, CONFLUENCE_USERNAME, and
	// CONFLUENCE_PERSONAL_TOKEN or CONFLUENCE_API_TOKEN.
	Confluence *Site `json:"confluence,omitempty"`

	// Serve callers that nobody authenticated, as if they were people of the tenant. Without it a
	// request that did not come through `entra_auth` is answered with 401.
	AllowAnonymous bool `json:"allow_anonymous,omitempty"`

	// Offer only tools that read. Default: READ_ONLY_MODE, else false.
	ReadOnly *bool `json:"read_only,omitempty"`

	// The only tools to offer, by name. Default: ENABLED_TOOLS, else all.
	Tools []string `json:"tools,omitempty"`

	// The only toolsets to offer, by name. Default: TOOLSETS, else all.
	Toolsets []string `json:"toolsets,omitempty"`

	// The keys of the only Jira projects that tools may touch. Default: JIRA_PROJECTS_FILTER, else
	// all that the token's owner can see.
	JiraProjects []string `json:"jira_projects,omitempty"`

	// The keys of the only Confluence spaces that tools may touch. Default:
	// CONFLUENCE_SPACES_FILTER, else all that the token's owner can see.
	ConfluenceSpaces []string `json:"confluence_spaces,omitempty"`

	// Lines that allow and deny. Once one allows, what none allows is refused; what one denies is
	// refused whatever others allow, in any order. Default: people of the tenant read and write,
	// nobody deletes, guests and applications may nothing.
	Rules []policy.Rule `json:"rules,omitempty"`

	// How long a tool call may take. Default: 60s. It is never longer than `grace_period`, so that
	// a reload or a stop neither cuts a call nor waits for one for ever.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// Add a line to each comment and page that is written: on whose behalf, and through which
	// assistant. Without it Jira and Confluence name the owner of the token alone.
	Attribution bool `json:"attribution,omitempty"`

	// How many tool calls one person may make, and all people through one assistant.
	Limit *CallLimit `json:"limit,omitempty"`

	server      *mcp.Server
	logger      *slog.Logger
	leaveLimits func() error
}

// CaddyModule implements caddy.Module.
func (AtlassianMCP) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.atlassian_mcp", New: func() caddy.Module { return new(AtlassianMCP) }}
}

// Provision implements caddy.Provisioner. It touches no network.
func (h *AtlassianMCP) Provision(ctx caddy.Context) error {
	h.logger = ctx.Slogger()
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	catalogue, err := h.catalogue()
	if err != nil {
		return err
	}
	rules, err := h.policy(catalogue)
	if err != nil {
		return err
	}
	sentences, writes := abilities(catalogue.Tools(), rules)
	app.describe(ctx, "Jira and Confluence", sentences, writes)
	app.addPolicy(catalogue.Tools(), rules)
	h.logger.Info("policy: " + rules.Summary())
	limits, err := h.shareLimits()
	if err != nil {
		return err
	}
	h.server, err = mcp.New(mcp.Config{
		Catalogue:      catalogue,
		Policy:         rules,
		AllowAnonymous: h.AllowAnonymous,
		Origins:        app.origins,
		Hosts:          []string{app.public.Host},
		Timeout:        h.timeout(ctx),
		Logger:         h.logger,
		Audit:          app.audit,
		Limits:         limits,
		Attribution:    h.Attribution,
		Version:        version(),
	})
	if err != nil {
		return fmt.Errorf("atlassian_mcp: %w", err)
	}
	if h.AllowAnonymous {
		h.logger.Warn("allow_anonymous: whoever reaches this route uses Jira and Confluence with the server's tokens")
	}
	return nil
}

// catalogue makes the tools of the products that are configured.
func (h *AtlassianMCP) catalogue() (*mcp.Catalogue, error) {
	var (
		jiraClient       *jira.Client
		confluenceClient *confluence.Client
	)
	site, err := h.site(atlassian.Jira, "JIRA", h.Jira)
	if err != nil {
		return nil, err
	}
	if site != nil {
		if jiraClient, err = jira.New(site); err != nil {
			return nil, fmt.Errorf("atlassian_mcp jira: %w", err)
		}
	}
	if site, err = h.site(atlassian.Confluence, "CONFLUENCE", h.Confluence); err != nil {
		return nil, err
	}
	if site != nil {
		if confluenceClient, err = confluence.New(site, h.logger); err != nil {
			return nil, fmt.Errorf("atlassian_mcp confluence: %w", err)
		}
	}
	return alltools.Catalogue(h.logger, jiraClient, confluenceClient), nil
}

func (h *AtlassianMCP) policy(catalogue *mcp.Catalogue) (*policy.Policy, error) {
	s := newSettings("atlassian_mcp")
	c := policy.Config{
		ReadOnly: s.flag("read_only", h.ReadOnly, "READ_ONLY_MODE"),
		Tools:    s.words("tools", h.Tools, "ENABLED_TOOLS"),
		Toolsets: s.words("toolsets", h.Toolsets, "TOOLSETS"),
		Projects: s.words("jira_projects", h.JiraProjects, "JIRA_PROJECTS_FILTER"),
		Spaces:   s.words("confluence_spaces", h.ConfluenceSpaces, "CONFLUENCE_SPACES_FILTER"),
		Known:    catalogue.Tools(),
	}
	for _, r := range h.Rules {
		verb := map[bool]string{false: "allow", true: "deny"}[r.Deny]
		r.Each(func(word string, values *[]string) {
			switch option := verb + ": " + word; {
			case *values == nil:
			case word == "assistant":
				*values = s.names(option, *values)
			default:
				*values = s.words(option, *values)
			}
		})
		c.Rules = append(c.Rules, r)
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	p, err := policy.New(c)
	if err != nil {
		return nil, fmt.Errorf("atlassian_mcp: %w", err)
	}
	return p, nil
}

// abilities are sentences for the consent page: the most that a person of the tenant may be able to do
// through these tools under these rules, and whether some of it is more than reading.
func abilities(tools []policy.Tool, rules *policy.Policy) (sentences []string, writes bool) {
	can := make(map[policy.Product]map[policy.Access]bool)
	for _, t := range tools {
		if can[t.Product] == nil {
			can[t.Product] = make(map[policy.Access]bool)
		}
		if rules.Possible(t) {
			can[t.Product][t.Access] = true
		}
	}
	for _, s := range []struct {
		product policy.Product
		access  policy.Access
		text    string
	}{
		{policy.Jira, policy.Read, "Search and read Jira issues"},
		{policy.Jira, policy.Write, "Create and change Jira issues, and comment on them"},
		{policy.Jira, policy.Delete, "Delete in Jira"},
		{policy.Confluence, policy.Read, "Search and read Confluence pages and comments"},
		{policy.Confluence, policy.Write, "Create and change Confluence pages, and comment on them"},
		{policy.Confluence, policy.Delete, "Delete in Confluence"},
	} {
		if can[s.product][s.access] {
			sentences = append(sentences, s.text)
			writes = writes || s.access != policy.Read
		}
	}
	return sentences, writes
}

// timeout is the configured one, or less when Caddy itself would wait for less.
func (h *AtlassianMCP) timeout(ctx caddy.Context) time.Duration {
	timeout := time.Duration(h.Timeout)
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	for _, m := range ctx.Modules() {
		if app, ok := m.(*caddyhttp.App); ok && app.GracePeriod > 0 {
			timeout = min(timeout, time.Duration(app.GracePeriod))
		}
	}
	return timeout
}

// Cleanup implements caddy.CleanerUpper.
func (h *AtlassianMCP) Cleanup() error {
	if h.leaveLimits == nil {
		return nil
	}
	return h.leaveLimits()
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *AtlassianMCP) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	h.server.ServeHTTP(w, r)
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*AtlassianMCP)(nil)
	_ caddy.CleanerUpper          = (*AtlassianMCP)(nil)
	_ caddyhttp.MiddlewareHandler = (*AtlassianMCP)(nil)
)
