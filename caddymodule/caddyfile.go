package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/policy"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("entra", parseEntra)
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler. Syntax:
//
//	entra {
//		public_url           <origin>
//		issuer               <url>
//		client_id            <guid>
//		client_secret        <secret> [<previous secret>]
//		client_certificate   <certificate file> <key file>
//		federated_token_file <file>
//		redirect_uri         <url>
//		scope                <scopes...>
//		tenants              <guids...>
//		resolve_groups
//		audience             <App ID URIs...>
//		allow_authority      <hosts...>
//		trusted_ca           <PEM files...>
//		allow_origin         <origins...>
//		allow_clients        <names...>
//		allow_redirect       <URIs...>
//		trust_metadata_host  <hosts...>
//		deny_client          <client ids...>
//		client <id> {
//			name     <name>
//			secret   <secret>
//			redirect <URIs...>
//		}
//		master_key           <secret>
//		rate_limit {
//			register  <number>|off
//			authorize <number>|off
//			token     <number>|off
//			trusted   claude|<CIDRs...>|off
//		}
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	return options{
		"public_url":           one(&a.PublicURL),
		"issuer":               one(&a.Issuer),
		"client_id":            one(&a.ClientID),
		"client_secret":        several(&a.ClientSecrets),
		"client_certificate":   pair(&a.ClientCertificate, &a.ClientKey),
		"federated_token_file": one(&a.FederatedTokenFile),
		"redirect_uri":         one(&a.RedirectURI),
		"scope":                several(&a.Scopes),
		"tenants":              several(&a.Tenants),
		"resolve_groups":       flag(&a.ResolveGroups),
		"audience":             several(&a.Audiences),
		"allow_authority":      several(&a.AllowAuthorities),
		"trusted_ca":           several(&a.TrustedCA),
		"allow_origin":         several(&a.AllowOrigins),
		"allow_clients":        several(&a.AllowClients),
		"allow_redirect":       several(&a.AllowRedirects),
		"trust_metadata_host":  several(&a.TrustMetadataHosts),
		"deny_client":          several(&a.DenyClients),
		"client":               client(&a.Clients),
		"master_key":           one(&a.MasterKey),
		"rate_limit":           rateLimit(&a.RateLimit),
	}.parse(d, "entra")
}

func parseEntra(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		d.Next() // an error has the line of the token that is being read
		return nil, d.Errf("entra: the global option is given twice; one Caddy has one registration")
	}
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "entra", Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler. Syntax:
//
//	atlassian_mcp {
//		jira [<url>] {
//			url        <url>
//			username   <e-mail>
//			token      <token>
//			deployment cloud|datacenter
//			cloud_id   <cloud id>
//			trusted_ca <PEM files...>
//			client_certificate <certificate file> <key file>
//			header     <name> <value>
//			proxy      <url>
//			no_proxy   <hosts...>
//		}
//		confluence [<url>] {
//			...
//		}
//		allow_anonymous
//		read_only
//		tools             <names...>
//		toolsets          <names...>
//		jira_projects     <keys...>
//		confluence_spaces <keys...>
//		allow|deny        <what...> [product|role|group|user|tenant|scope|application|assistant|project|space <values...>]...
//		timeout           <duration>
//		attribution
//		limit {
//			person            <number>|off
//			person_at_once    <number>|off
//			assistant         <number>|off
//			assistant_at_once <number>|off
//		}
//	}
func (h *AtlassianMCP) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	return options{
		"jira":              siteBlock(&h.Jira, "jira"),
		"confluence":        siteBlock(&h.Confluence, "confluence"),
		"allow_anonymous":   flag(&h.AllowAnonymous),
		"read_only":         func(d *caddyfile.Dispenser) error { h.ReadOnly = new(bool); return flag(h.ReadOnly)(d) },
		"tools":             several(&h.Tools),
		"toolsets":          several(&h.Toolsets),
		"jira_projects":     several(&h.JiraProjects),
		"confluence_spaces": several(&h.ConfluenceSpaces),
		"timeout":           duration(&h.Timeout),
		"attribution":       flag(&h.Attribution),
		"limit":             callLimit(&h.Limit),
		"allow":             rule(&h.Rules, false),
		"deny":              rule(&h.Rules, true),
	}.parse(d, "atlassian_mcp")
}

func parseAtlassianMCP(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	m := new(AtlassianMCP)
	return m, m.UnmarshalCaddyfile(h.Dispenser)
}

// options are what a block knows, by name.
type options map[string]func(*caddyfile.Dispenser) error

// repeatable are the options that may be given several times, each time with another argument.
var repeatable = []string{"client", "allow_application", "header", "allow", "deny"}

// parse reads the block that follows; given are the options that the directive's own line has set.
// An option that is unknown or given twice is an error: the one that silently loses is the one that
// somebody relied on.
func (o options) parse(d *caddyfile.Dispenser, directive string, given ...string) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		read, ok := o[name]
		if !ok && name == "{" && len(given) > 0 {
			return d.Errf("%s: %s takes no block", directive, given[len(given)-1])
		}
		if !ok {
			return d.Errf("%s: unrecognized option %q; it knows %s", directive, name, strings.Join(slices.Sorted(maps.Keys(o)), ", "))
		}
		if slices.Contains(given, name) && !slices.Contains(repeatable, name) {
			return d.Errf("%s: %s is given twice", directive, name)
		}
		given = append(given, name)
		if err := read(d); err != nil {
			return err
		}
	}
	return nil
}

func one(value *string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if !d.AllArgs(value) {
			return d.ArgErr()
		}
		return nil
	}
}

func pair(first, second *string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if !d.AllArgs(first, second) {
			return d.ArgErr()
		}
		return nil
	}
}

func several(values *[]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if *values = d.RemainingArgs(); len(*values) == 0 {
			return d.ArgErr()
		}
		return nil
	}
}

func flag(value *bool) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if d.NextArg() {
			return d.ArgErr()
		}
		*value = true
		return nil
	}
}

// rule reads a line of the policy.
func rule(rules *[]policy.Rule, deny bool) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		words := d.RemainingArgs()
		if len(words) == 0 {
			return d.ArgErr()
		}
		r, err := policy.ParseRule(deny, words)
		if err != nil {
			return d.Errf("%s: %v", name, err)
		}
		if slices.ContainsFunc(*rules, func(other policy.Rule) bool { return other.String() == r.String() }) {
			return d.Errf("%s is given twice", r)
		}
		*rules = append(*rules, r)
		return nil
	}
}

func duration(value *caddy.Duration) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var raw string
		if !d.AllArgs(&raw) {
			return d.ArgErr()
		}
		parsed, err := caddy.ParseDuration(raw)
		if err != nil || parsed <= 0 {
			return d.Errf("%q is not a duration such as 60s", raw)
		}
		*value = caddy.Duration(parsed)
		return nil
	}
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*App)(nil)
	_ caddyfile.Unmarshaler = (*AtlassianMCP)(nil)
)
