package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/bearer"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

func init() {
	caddy.RegisterModule(EntraAuth{})
	httpcaddyfile.RegisterHandlerDirective("entra_auth", parseEntraAuth)
	httpcaddyfile.RegisterDirectiveOrder("entra_auth", httpcaddyfile.After, "basic_auth")
}

// EntraAuth is a gate for any handler behind it: it lets a request through when its bearer token is
// an Entra access token that this server handed out for this resource, and otherwise answers so
// that an assistant knows how to sign in.
//
// It sets these placeholders. They are for logs and headers; no decision of this plugin reads them.
//
// Placeholder | Description
// ------------|------------
// `{http.auth.user.id}` | tenant id and object id, `tid/oid`
// `{http.auth.user.tid}` | tenant id
// `{http.auth.user.oid}` | object id of the person
// `{http.auth.user.name}` | display name
// `{http.auth.user.username}` | preferred user name, usually an e-mail address
// `{http.auth.user.application}` | id of the application that the token was issued to
// `{http.auth.user.assistant}` | what the assistant calls itself
// `{http.auth.user.roles}` | app roles, separated by commas
type EntraAuth struct {
	// What the gate protects: a path of the public URL, or a URL. Default: `/mcp`. Clients get
	// tokens for exactly this resource, and a token for another does not open it. A request whose
	// original host or path is not under it gets status 500.
	Resource string `json:"resource,omitempty"`

	// Marks the resource that is meant when a client names none and there are several.
	Default bool `json:"default,omitempty"`

	gate *bearer.Gate
}

// CaddyModule implements caddy.Module.
func (EntraAuth) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.entra_auth", New: func() caddy.Module { return new(EntraAuth) }}
}

// Provision implements caddy.Provisioner.
func (h *EntraAuth) Provision(ctx caddy.Context) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	protected, err := h.readResource(app)
	if err != nil {
		return err
	}
	if err := app.protect(protected, h.Default, "Jira and Confluence"); err != nil {
		return err
	}
	c := bearer.Config{
		Resource: protected,
		ClientID: app.clientID,
		Missing:  app.missing,
		Store:    app.state.store,
		Origins:  app.origins,
		Cache:    app.state.cache,
		Logger:   ctx.Slogger(),
	}
	if app.state.entra != nil {
		c.Verify, c.Scopes = app.state.entra.Verify, app.state.entra.ShortScopes()
	}
	h.gate = bearer.New(c)
	return nil
}

func (h *EntraAuth) readResource(app *App) (*resource.Resource, error) {
	s := newSettings("entra_auth")
	raw := s.text("resource", h.Resource)
	if err := s.err(); err != nil {
		return nil, err
	}
	switch {
	case raw == "":
		raw = app.issuer() + "/mcp"
	case strings.HasPrefix(raw, "/"):
		raw = app.issuer() + raw
	}
	protected, err := resource.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("entra_auth: %w; write a path such as /mcp or a URL such as https://mcp.example.com/mcp", err)
	}
	return protected, nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *EntraAuth) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	host, path := requested(r)
	p, ok := h.gate.Admit(w, r, host, path)
	if !ok {
		return nil
	}
	setPlaceholders(r.Context(), p)
	r = r.WithContext(identity.NewContext(r.Context(), p))
	r.Header.Del("Authorization")
	return next.ServeHTTP(w, r)
}

// requested returns the host and path that the client asked for, before any rewrite. Caddy keeps the
// original path; the host that a `request_header Host` may have changed is kept by entra_oauth.
func requested(r *http.Request) (host, path string) {
	host, path = r.Host, r.URL.Path
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		path = original.URL.Path
	}
	if original, ok := caddyhttp.GetVar(r.Context(), originalHostVar).(string); ok {
		host = original
	}
	return host, path
}

func setPlaceholders(ctx context.Context, p *identity.Principal) {
	repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return
	}
	for name, value := range map[string]string{
		"id": p.ID(), "tid": p.TenantID, "oid": p.ObjectID, "name": p.Name, "username": p.Username,
		"application": p.Application, "assistant": p.Assistant.Name, "roles": strings.Join(p.Roles, ","),
	} {
		repl.Set("http.auth.user."+name, value)
	}
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler. Syntax:
//
//	entra_auth [resource <path or URL>] {
//		resource <path or URL>
//		default
//	}
func (h *EntraAuth) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	var given []string
	if d.NextArg() {
		if d.Val() != "resource" || !d.NextArg() {
			return d.Errf("entra_auth: write `entra_auth resource <path or URL>`")
		}
		h.Resource, given = d.Val(), []string{"resource"}
		if d.NextArg() {
			return d.ArgErr()
		}
	}
	return options{
		"resource": one(&h.Resource),
		"default":  flag(&h.Default),
	}.parse(d, "entra_auth", given...)
}

func parseEntraAuth(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	m := new(EntraAuth)
	return m, m.UnmarshalCaddyfile(h.Dispenser)
}

// Interface guards
var (
	_ caddy.Provisioner           = (*EntraAuth)(nil)
	_ caddyhttp.MiddlewareHandler = (*EntraAuth)(nil)
	_ caddyfile.Unmarshaler       = (*EntraAuth)(nil)
)
