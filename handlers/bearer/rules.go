package bearer

import (
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
)

// Rules say who comes in. The zero value admits the people of the tenant who came through our own
// sign-in, and nobody else.
type Rules struct {
	// Applications are others of the tenant whose tokens are accepted too.
	Applications []Application

	// Guests admits people who belong to another tenant (B2B).
	Guests bool

	// Roles are the app roles of which every caller needs one. Empty: none is needed.
	Roles []string
}

// Application is another application of the tenant. Its tokens do not come through our sign-in: no
// consent page was shown, no resource is bound to them, and no grant of ours can be revoked. They
// open every gate that names their application, until they expire or their person is blocked.
type Application struct {
	// ID is its GUID in lower case, Name what the audit calls it.
	ID, Name string

	// Scopes are those of ours of which its delegated tokens need one.
	Scopes []string

	// AppOnly admits tokens that stand for the application itself. Such a token needs one of Roles
	// or, where none is named, any app role.
	AppOnly bool
	Roles   []string
}

// application finds the rule for an application that is not our own.
func (r *Rules) application(id string) (*Application, error) {
	i := slices.IndexFunc(r.Applications, func(a Application) bool { return a.ID == id })
	if i < 0 {
		return nil, refusal("the token was issued to application " + id + ", not to ours; `allow_application " + id + "` in entra_auth admits it, if it should come in")
	}
	return &r.Applications[i], nil
}

// judge applies the rules to a caller whose token is good, and names the assistant of one who came
// through another application. Every request is judged, because the cache may outlive the rules.
func (g *Gate) judge(p *identity.Principal) error {
	if p.Application != g.cfg.ClientID {
		a, err := g.cfg.Rules.application(p.Application)
		if err != nil {
			return err
		}
		if err := a.judge(p, g.cfg.Scopes); err != nil {
			return err
		}
		p.Assistant = identity.Assistant{ClientID: a.ID, Name: a.Name}
	}
	switch {
	case p.Guest && !g.cfg.Rules.Guests:
		return forbidden(p.ID() + " is a guest of the tenant; `allow_guests` in entra_auth admits guests")
	case len(g.cfg.Rules.Roles) > 0 && !overlap(p.Roles, g.cfg.Rules.Roles):
		return forbidden(p.ID() + " has none of the app roles that require_role names: " + strings.Join(g.cfg.Rules.Roles, ", "))
	}
	return nil
}

func (a *Application) judge(p *identity.Principal, advertised []string) error {
	switch {
	case p.AppOnly && !a.AppOnly:
		return forbidden("the token stands for application " + a.ID + " itself and not for a person; `app_only` in its allow_application admits it")
	case p.AppOnly && (len(p.Roles) == 0 || len(a.Roles) > 0 && !overlap(p.Roles, a.Roles)):
		return forbidden("application " + a.ID + " has no app role that lets it in; assign one to it in Entra")
	case p.AppOnly || overlap(p.Scopes, a.Scopes):
		return nil
	case overlap(advertised, a.Scopes):
		return scopeError("the token of application " + a.ID + " has none of the scopes " + strings.Join(a.Scopes, ", "))
	}
	// A scope that is not advertised is none that the client could ask for after a challenge.
	return forbidden("the token of application " + a.ID + " has none of the scopes " + strings.Join(a.Scopes, ", ") + ", and no client is told to ask for them")
}

func overlap(have, want []string) bool {
	return slices.ContainsFunc(have, func(s string) bool { return slices.Contains(want, s) })
}

// forbidden is a reason to refuse somebody whom another sign-in would not help: the answer is a
// plain 403, upon which no client starts one.
type forbidden string

func (f forbidden) Error() string { return string(f) }

// scopeError is a reason to refuse a token in whose place the client can get another, with a
// scope that it is told (RFC 6750 section 3.1, insufficient_scope).
type scopeError string

func (m scopeError) Error() string { return string(m) }
