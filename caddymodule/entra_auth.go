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
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
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
// `{http.auth.user.groups}` | object ids of groups, separated by commas; empty when they are not known
type EntraAuth struct {
	// What the gate protects: a path of the public URL, or a URL. Default: `/mcp`. Clients get
	// tokens for exactly this resource, and a token for another does not open it. A request whose
	// original host or path is not under it gets status 500.
	Resource string `json:"resource,omitempty"`

	// Marks the resource that is meant when a client names none and there are several.
	Default bool `json:"default,omitempty"`

	// What people read about the resource, RFC 9728 `resource_name`. Default: that of `atlassian_mcp`
	// where it stands behind the gate, else none.
	Name string `json:"name,omitempty"`

	// Headers that tell the handler behind the gate who is calling, by name. The values take
	// placeholders, such as `{http.auth.user.id}`; what these hold beyond printable ASCII, and a
	// percent sign, is percent-encoded. What a client sends under such a name is removed first, in
	// every spelling (`x_user` for `X-User`), from `Connection` too, and so are trailers. A header
	// whose value is empty is not sent.
	Headers map[string]string `json:"headers,omitempty"`

	// Passes the access token on to the handler behind the gate. Default: the Authorization header
	// ends here, because whoever has the token can call this resource in the person's name.
	ForwardAuthorization bool `json:"forward_authorization,omitempty"`

	// Other applications of the tenant whose tokens are accepted. Default: none, and a token must
	// come through the sign-in of this server.
	AllowApplications []Application `json:"allow_applications,omitempty"`

	// Admits guests: people who are in the tenant but belong to another (B2B). They get status 403
	// by default. Here they come through the gate; the tools of `atlassian_mcp` stay closed to them
	// until an `allow` line is for them.
	AllowGuests bool `json:"allow_guests,omitempty"`

	// App roles of which every caller needs one. Others get status 403, upon which no assistant
	// asks them to sign in again. Default: none is needed.
	RequireRoles []string `json:"require_roles,omitempty"`

	gate    *bearer.Gate
	forward *forward
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
	name, err := h.readName()
	if err != nil {
		return err
	}
	if h.forward, err = newForward(h.Headers, h.ForwardAuthorization); err != nil {
		return err
	}
	if err := app.protect(ctx, oauth.ResourceInfo{Resource: protected, Default: h.Default, Name: name}); err != nil {
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
		Audit:    app.audit,
	}
	if app.state.entra != nil {
		c.Verify, c.Scopes = app.state.entra.Verify, app.state.entra.ShortScopes()
	}
	if c.Rules, err = h.rules(c.ClientID, c.Scopes); err != nil {
		return err
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

func (h *EntraAuth) readName() (string, error) {
	s := newSettings("entra_auth")
	return s.text("name", h.Name), s.err()
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
	h.forward.apply(r)
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
	for name, value := range userPlaceholders(p) {
		repl.Set("http.auth.user."+name, value)
	}
}

// userPlaceholders are the values of {http.auth.user.*}.
func userPlaceholders(p *identity.Principal) map[string]string {
	return map[string]string{
		"id": p.ID(), "tid": p.TenantID, "oid": p.ObjectID, "name": p.Name, "username": p.Username,
		"application": p.Application, "assistant": p.Assistant.Name,
		"roles": strings.Join(p.Roles, ","), "groups": strings.Join(p.Groups, ","),
	}
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler. Syntax:
//
//	entra_auth [resource <path or URL>] {
//		resource <path or URL>
//		default
//		name   <text>
//		header <name> <value>
//		forward_authorization
//		allow_application <guid>|vscode [<name>] {
//			scope <scopes...>
//			app_only
//			role  <roles...>
//		}
//		allow_guests
//		require_role <roles...>
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
		"resource":              one(&h.Resource),
		"default":               flag(&h.Default),
		"name":                  one(&h.Name),
		"header":                header(&h.Headers),
		"forward_authorization": flag(&h.ForwardAuthorization),

		"allow_application": application(&h.AllowApplications),
		"allow_guests":      flag(&h.AllowGuests),
		"require_role":      several(&h.RequireRoles),
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
