package oauth

import (
	"slices"
	"strings"
)

// maxScopes bounds how many scopes of one request are looked at.
const maxScopes = 64

// commonScopes are understood whatever is configured. Clients ask for them out of habit.
var commonScopes = []string{"openid", "profile", "email", "offline_access"}

// scopes returns which of the requested scopes (RFC 6749 section 3.3) are known, in the client's
// spelling and order. Unknown ones are dropped and not refused: several clients ask for everything
// that any server might have. With none left the default set is meant.
func (s *Server) scopes(requested string) []string {
	var known []string
	fields := strings.Fields(requested)
	for _, scope := range fields[:min(len(fields), maxScopes)] {
		if s.knownScope(scope) && !slices.Contains(known, scope) {
			known = append(known, scope)
		}
	}
	if len(known) == 0 {
		return s.defaultScopes()
	}
	return known
}

// defaultScopes is what a client gets that asks for nothing: the everyday set that the resource's
// metadata lists.
func (s *Server) defaultScopes() []string {
	if s.cfg.Entra == nil {
		return nil
	}
	return s.cfg.Entra.ShortScopes()
}

// knownScope accepts a configured scope in its short form and in the forms that Entra uses,
// {client id}/name and api://{client id}/name.
func (s *Server) knownScope(scope string) bool {
	if slices.Contains(commonScopes, scope) {
		return true
	}
	if s.cfg.Entra == nil {
		return false
	}
	short := strings.TrimPrefix(scope, "api://")
	if name, ok := strings.CutPrefix(short, s.cfg.Entra.ClientID()+"/"); ok {
		short = name
	} else if short != scope {
		return false
	}
	return slices.Contains(s.cfg.Entra.ShortScopes(), short)
}

// narrowed returns the scopes of a refresh: the granted ones, or the requested ones when all of
// them were granted (RFC 6749 section 6). Unknown ones are dropped here too: several clients repeat
// what they asked for at first, and a refusal would leave them with a token that has ended.
func (s *Server) narrowed(granted []string, requested string) ([]string, bool) {
	var scopes []string
	for scope := range strings.FieldsSeq(requested) {
		switch {
		case !slices.Contains(granted, scope):
			if s.knownScope(scope) {
				return nil, false
			}
		case !slices.Contains(scopes, scope):
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return granted, true
	}
	return scopes, true
}
