package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// revocation answers POST /oauth/revoke, RFC 7009. Whichever of its tokens a client brings, the
// grant ends, and with it all of them. token_type_hint is not looked at: the two types differ in
// their form.
func (s *Server) revocation(w http.ResponseWriter, r *http.Request) {
	form, oe := readForm(w, r)
	if oe != nil {
		s.refuseRevocation(w, "", oe)
		return
	}
	c, err := s.authenticate(r, form)
	if err != nil {
		s.refuseRevocation(w, "", err)
		return
	}
	if form.get("token") == "" {
		s.refuseRevocation(w, c.displayName(), badRequest("invalid_request", "token is missing."))
		return
	}
	if err := s.revokeToken(r.Context(), c, form.get("token")); err != nil {
		s.refuseRevocation(w, c.displayName(), err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// revokeToken ends the grant that a token belongs to. RFC 7009 section 2.2: a token that is not known,
// or not any more, is as good as revoked; section 2.1: one of another client is refused.
func (s *Server) revokeToken(ctx context.Context, c *client, token string) error {
	g, err := s.grantBehind(ctx, token)
	switch {
	case errors.Is(err, records.ErrNotFound), errors.Is(err, records.ErrInvalid):
		return nil
	case err != nil:
		return err
	case !equal(g.ClientID, c.id):
		return ofGrant(invalidGrant("the token belongs to another client"), g)
	}
	if err := s.revoke(ctx, g.ID, "the assistant revoked it"); err != nil {
		return ofGrant(err, g)
	}
	return nil
}

// grantBehind finds the grant of a refresh token or an access token. An old refresh token will do:
// whoever presents it for a refresh ends the grant just as well.
func (s *Server) grantBehind(ctx context.Context, token string) (*records.Grant, error) {
	id, ok := grantOf(token)
	if !ok {
		i, err := records.Issuances.Get(ctx, s.cfg.Store, token)
		if err != nil {
			return nil, err
		}
		id = i.Grant
	}
	return records.Grants.Get(ctx, s.cfg.Store, id)
}

func (s *Server) refuseRevocation(w http.ResponseWriter, assistant string, err error) {
	s.refusedToken("revocation refused", assistant, err)
	writeError(w, asOAuthError(err))
}
