package caddymodule

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/bearer"
)

// Application is another application of the tenant whose Entra tokens for this server are accepted,
// although they do not come through its sign-in. Nobody saw a consent page for such a token; it
// opens every gate that names the application, and ends when it expires or its person is blocked.
type Application struct {
	// The application (client) id, a GUID, or `vscode` for the Microsoft sign-in that is built into
	// Visual Studio Code.
	ID string `json:"id,omitempty"`

	// What logs call it. Default: the id.
	Name string `json:"name,omitempty"`

	// The scopes of which a token that stands for a person needs one, as this server's app
	// registration exposes them. Default: those of the `entra` block that are its own, else
	// `access_as_user`.
	Scopes []string `json:"scopes,omitempty"`

	// Admits tokens that stand for the application itself and for no person. They need an app role.
	// They come through the gate; the tools of `atlassian_mcp` stay closed to them until an `allow` line
	// is for them.
	AppOnly bool `json:"app_only,omitempty"`

	// The app roles of which a token that stands for the application itself needs one. Default: any.
	Roles []string `json:"roles,omitempty"`
}

// visualStudioCode is the client id of the sign-in that is built into Visual Studio Code.
const visualStudioCode = "aebc6443-996d-45c2-90f0-388ff96faa56"

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// rules are those of the gate. own is our client id, advertised what assistants are told to ask for.
func (h *EntraAuth) rules(own string, advertised []string) (bearer.Rules, error) {
	s := newSettings("entra_auth")
	r := bearer.Rules{Guests: h.AllowGuests, Roles: s.words("require_role", h.RequireRoles)}
	for _, a := range h.AllowApplications {
		rule, err := a.rule(advertised)
		if err != nil {
			return r, err
		}
		known := slices.ContainsFunc(r.Applications, func(other bearer.Application) bool { return other.ID == rule.ID })
		switch {
		case !guid.MatchString(rule.ID):
			s.failf("allow_application", "%q is not the client id (GUID) of an application; find it under Enterprise applications in Entra", rule.ID)
		case rule.ID == own:
			s.failf("allow_application", "%s is this server's own application, whose tokens must come through its sign-in; name another one", own)
		case known:
			s.failf("allow_application", "%s is given twice", rule.ID)
		}
		r.Applications = append(r.Applications, rule)
	}
	return r, s.err()
}

func (a Application) rule(advertised []string) (bearer.Application, error) {
	s := newSettings("entra_auth: allow_application " + a.ID)
	rule := bearer.Application{
		ID:      strings.ToLower(s.text("id", a.ID)),
		Name:    s.text("name", a.Name),
		Scopes:  s.words("scope", a.Scopes),
		AppOnly: a.AppOnly,
		Roles:   s.words("role", a.Roles),
	}
	if rule.ID == "vscode" {
		rule.ID, rule.Name = visualStudioCode, cmp.Or(rule.Name, "Visual Studio Code")
	}
	rule.Name = cmp.Or(rule.Name, rule.ID)
	if len(rule.Roles) > 0 && !rule.AppOnly {
		s.failf("role", "it is for tokens of the application itself; add app_only, or use require_role of entra_auth")
	}
	if len(rule.Scopes) == 0 {
		rule.Scopes = ownScopes(advertised)
	}
	return rule, s.err()
}

// ownScopes leaves out the scopes of OpenID Connect, which are in no access token's scp for us.
func ownScopes(advertised []string) []string {
	own := slices.DeleteFunc(slices.Clone(advertised), func(scope string) bool {
		return slices.Contains([]string{"openid", "profile", "email", "offline_access"}, scope)
	})
	if len(own) == 0 {
		return []string{"access_as_user"}
	}
	return own
}

// application reads an option of entra_auth that may be given several times.
func application(all *[]Application) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var a Application
		if !d.Args(&a.ID) {
			return d.ArgErr()
		}
		if slices.ContainsFunc(*all, func(other Application) bool { return strings.EqualFold(other.ID, a.ID) }) {
			return d.Errf("entra_auth: allow_application %s is given twice", a.ID)
		}
		if d.NextArg() {
			a.Name = d.Val()
		}
		if d.NextArg() {
			return d.ArgErr()
		}
		err := options{
			"scope":    several(&a.Scopes),
			"app_only": flag(&a.AppOnly),
			"role":     several(&a.Roles),
		}.parse(d, "entra_auth allow_application "+a.ID)
		*all = append(*all, a)
		return err
	}
}
