package caddymodule

import (
	"net/http"
	"os"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

func init() {
	caddy.RegisterModule(EntraOAuth{})
	httpcaddyfile.RegisterHandlerDirective("entra_oauth", parseEntraOAuth)
	// Ahead of rewrites, try_files and any authentication, so that nothing site-wide can swallow or
	// lock the OAuth routes.
	httpcaddyfile.RegisterDirectiveOrder("entra_oauth", httpcaddyfile.Before, "redir")
}

// originalHostVar is the variable of a request that holds the Host header it came with.
const originalHostVar = "entra_oauth.original_host"

// EntraOAuth is the OAuth authorization server that assistants see. It answers
// `/oauth/register`, `/oauth/authorize`, `/oauth/token`, the path of the redirect URI, and the
// metadata under `/.well-known/`, and passes everything else on, so it needs no matcher. Put it at
// site level on every host that has an `entra_auth`.
//
// Its settings are those of the `entra` app. Requests that carry states and codes are kept out of
// access logs; this handler writes records of its own about them.
type EntraOAuth struct {
	app   *App
	stray *sync.Once
}

// CaddyModule implements caddy.Module.
func (EntraOAuth) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.entra_oauth", New: func() caddy.Module { return new(EntraOAuth) }}
}

// Provision implements caddy.Provisioner.
func (h *EntraOAuth) Provision(ctx caddy.Context) (err error) {
	h.stray = new(sync.Once)
	h.app, err = appOf(ctx)
	return err
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *EntraOAuth) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	caddyhttp.SetVar(r.Context(), originalHostVar, r.Host)
	if !h.app.oauth.Owns(r.URL.Path) {
		h.shield(r)
		return next.ServeHTTP(w, r)
	}
	if h.app.oauth.Private(r.URL.Path) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	h.logStray(r.Host)
	h.app.oauth.ServeHTTP(w, r)
	return nil
}

// shield keeps a site-wide `try_files {path} /index.html`, which every single-page application has,
// from rewriting a request for a protected resource away from its gate: in the directory that it
// looks in for such a request there is no file. Nothing else of the request changes.
func (h *EntraOAuth) shield(r *http.Request) {
	for _, protected := range h.app.registered() {
		if protected.Covers(r.Host, r.URL.Path) && protected.MetadataPath() != resource.WellKnown {
			caddyhttp.SetVar(r.Context(), "root", os.DevNull)
			return
		}
	}
}

// logStray says once that clients come under another name than the public URL's: what they are
// told is built from the public URL, and they will refuse it.
func (h *EntraOAuth) logStray(host string) {
	own, err := resource.Parse(h.app.issuer())
	if err != nil || own.CoversHost(host) {
		return
	}
	h.stray.Do(func() {
		if len(host) > 200 {
			host = host[:200]
		}
		h.app.logger.Warn("an OAuth request came for another host than the public URL; clients will refuse what they are told",
			"host", host, "public_url", h.app.issuer(), "cure", "set public_url in the entra block to the address that clients use")
	})
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler. Syntax:
//
//	entra_oauth
func (h *EntraOAuth) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("entra_oauth takes no argument; its settings are in the global option `entra`")
	}
	for d.NextBlock(0) {
		return d.Errf("entra_oauth takes no block; write %q into the global option `entra`", d.Val())
	}
	return nil
}

func parseEntraOAuth(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	m := new(EntraOAuth)
	return m, m.UnmarshalCaddyfile(h.Dispenser)
}

// Interface guards
var (
	_ caddy.Provisioner           = (*EntraOAuth)(nil)
	_ caddyhttp.MiddlewareHandler = (*EntraOAuth)(nil)
	_ caddyfile.Unmarshaler       = (*EntraOAuth)(nil)
)
