package entra

import (
	"fmt"
	"slices"
	"strings"
)

// defaultScope asks for whatever the registration says. It must not be mixed with named scopes.
const defaultScope = ".default"

// oidcScopes are those that Entra knows beside a resource's own. The address and phone of OpenID
// Connect Core section 5.4 are not among them.
var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// scopes is what we ask Entra for, worked out once from the configuration.
type scopes struct {
	request  string   // the scope parameter, the same on authorize, code exchange and refresh
	short    []string // for assistants
	warnings []string
}

// planScopes turns the configured scopes into those that give a token for our own application.
//
// Entra looks a bare name up on Microsoft Graph (AADSTS650053) and refuses api:// forms when an
// application asks for a token for itself (AADSTS90009), so our own scopes are always sent as
// {client id}/name. With OpenID Connect scopes alone Entra returns a Graph token that nobody else
// can verify, so {client id}/.default joins them; and a token is for one resource, so scopes of
// others are left out.
func planScopes(configured []string, clientID string, audiences []string) (*scopes, error) {
	s := &scopes{}
	var named, oidc []string
	wantsDefault := false
	for _, scope := range configured {
		if err := checkScope(scope); err != nil {
			return nil, err
		}
		name, own := ownScope(scope, clientID, audiences)
		switch {
		case slices.Contains(oidcScopes, scope):
			oidc = appendNew(oidc, scope)
		case own && name == defaultScope:
			wantsDefault = true
		case own:
			named = appendNew(named, name)
		default:
			s.warnings = append(s.warnings, fmt.Sprintf("the scope %q belongs to another application and is left out: "+
				"a token is for one application, and it has to be this one; remove it from OAUTH_DCR_SCOPE", scope))
		}
	}
	if len(named) > 0 && wantsDefault {
		s.warnings = append(s.warnings, "the scope .default is left out, because Entra refuses it beside named scopes")
	}
	if len(named) == 0 && !wantsDefault {
		s.warnings = append(s.warnings, fmt.Sprintf("no scope of the application itself is configured, so %s/.default is asked for, and Microsoft does not "+
			"promise what that returns; expose a scope access_as_user in the app registration and add it to OAUTH_DCR_SCOPE", clientID))
	}
	s.build(named, oidc, clientID)
	return s, nil
}

func (s *scopes) build(named, oidc []string, clientID string) {
	var request []string
	for _, name := range named {
		request = append(request, clientID+"/"+name)
	}
	if len(named) == 0 {
		request = append(request, clientID+"/"+defaultScope)
	}
	// Without offline_access there is no refresh token, without profile no oid in the ID token.
	request = append(request, "openid", "profile", "offline_access")
	if slices.Contains(oidc, "email") {
		request = append(request, "email")
	}
	s.request = strings.Join(request, " ")

	oidc = slices.DeleteFunc(oidc, func(scope string) bool { return scope == "offline_access" })
	s.short = slices.Concat(named, oidc)
	if len(s.short) == 0 {
		s.short = []string{"openid", "profile"}
	}
}

// ownScope returns the short name of a scope of our own application. A bare name counts as ours,
// except User.Read, the one permission of Microsoft Graph that every new registration has.
func ownScope(scope, clientID string, audiences []string) (name string, own bool) {
	slash := strings.LastIndexByte(scope, '/')
	if slash < 0 {
		return scope, !strings.HasPrefix(scope, "User.Read")
	}
	// An App ID URI that ends in a slash has two before .default.
	resource := strings.TrimRight(scope[:slash], "/")
	own = strings.EqualFold(resource, clientID) || strings.EqualFold(resource, "api://"+clientID) ||
		slices.ContainsFunc(audiences, func(uri string) bool { return strings.TrimRight(uri, "/") == resource })
	return scope[slash+1:], own
}

// checkScope applies the scope-token grammar of RFC 6749 section 3.3.
func checkScope(scope string) error {
	valid := scope != "" && len(scope) <= 256 && !strings.HasSuffix(scope, "/")
	for _, c := range []byte(scope) {
		valid = valid && c > ' ' && c < 0x7f && c != '"' && c != '\\'
	}
	if !valid {
		return fmt.Errorf("OAUTH_DCR_SCOPE (or ENTRA_ID_SCOPE) holds %q, which is not a scope; write scopes with spaces between them", scope)
	}
	return nil
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
