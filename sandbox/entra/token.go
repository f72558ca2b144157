package entra

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// How long codes live, and how long refresh tokens live unused.
const (
	codeLifetime    = 10 * time.Minute
	refreshLifetime = 90 * 24 * time.Hour
)

func newSecret() string { return "1." + rand.Text() + rand.Text() }

// token is the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		s.writeError(w, newRefusal("900561"))
		return
	}
	answer, refused := s.redeem(r)
	if refused != nil {
		s.writeError(w, refused)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) redeem(r *http.Request) (map[string]any, *refusal) {
	form := r.PostForm
	if refused := s.checkCredential(r, form); refused != nil {
		return nil, refused
	}
	if form.Has("resource") {
		return nil, resourceRefusal(form.Get("scope"))
	}
	switch form.Get("grant_type") {
	case "":
		return nil, newRefusal("900144")
	case "authorization_code":
		return s.redeemCode(form)
	case "refresh_token":
		return s.redeemRefreshToken(form)
	}
	return nil, newRefusal("70003")
}

func (s *Server) checkCredential(r *http.Request, form url.Values) *refusal {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	known := append([]string{s.cfg.ClientSecret}, s.cfg.ExtraSecrets...)
	switch {
	case !strings.EqualFold(id, s.cfg.ClientID):
		return newRefusal("700016")
	case form.Has("client_assertion"):
		return s.checkAssertion(r.PathValue("tenant"), form)
	case secret == "":
		return newRefusal("7000218")
	case !slices.ContainsFunc(known, func(k string) bool { return subtle.ConstantTimeCompare([]byte(k), []byte(secret)) == 1 }):
		return newRefusal("7000215")
	}
	return nil
}

// redeemCode takes a code once. A code is spent by the first request that reaches it, whatever
// comes of that.
func (s *Server) redeemCode(form url.Values) (map[string]any, *refusal) {
	now := s.now()
	s.mu.Lock()
	g, ok := s.codes[form.Get("code")]
	redeemed := ok && g.redeemed
	if ok {
		g.redeemed = true
	}
	s.mu.Unlock()
	switch {
	case !ok:
		return nil, newRefusal("70000")
	case redeemed:
		return nil, newRefusal("54005")
	case now.Sub(g.issued) > codeLifetime:
		return nil, newRefusal("70008")
	case form.Get("redirect_uri") != g.redirect:
		return nil, newRefusal("500112")
	case !g.proves(form.Get("code_verifier")):
		return nil, newRefusal("501481")
	}
	scope := form.Get("scope")
	if scope == "" {
		scope = g.scope
	}
	return s.issue(g, scope, "code")
}

// proves checks the PKCE verifier (RFC 7636 section 4.6).
func (g *grant) proves(verifier string) bool {
	if g.challenge == "" {
		return verifier == ""
	}
	got := verifier
	if g.method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(got), []byte(g.challenge)) == 1
}

// redeemRefreshToken issues a new refresh token and leaves the old one good, as Entra does.
func (s *Server) redeemRefreshToken(form url.Values) (map[string]any, *refusal) {
	now := s.now()
	s.mu.Lock()
	g, ok := s.refresh[form.Get("refresh_token")]
	revoked := ok && g.revoked
	s.mu.Unlock()
	switch {
	case !ok:
		return nil, newRefusal("70000")
	case revoked:
		return nil, newRefusal("50173")
	case now.Sub(g.issued) > refreshLifetime:
		return nil, newRefusal("700082")
	case form.Get("scope") == "":
		return nil, newRefusal("90009")
	}
	if a, refused := s.readScope(form.Get("scope")); refused == nil && a.idURI {
		return nil, newRefusal("90009")
	}
	return s.issue(g, form.Get("scope"), "refresh token")
}

// issue makes the token answer.
func (s *Server) issue(g *grant, scope, from string) (map[string]any, *refusal) {
	a, refused := s.readScope(scope)
	if refused != nil {
		return nil, refused
	}
	if a.resource == graph && !s.consented(a.scopes) {
		return nil, newRefusal("65001")
	}
	b := s.behaves()
	if b.TokenError != "" {
		return nil, newRefusal(b.TokenError)
	}
	lifetime := int(s.cfg.TokenLifetime / time.Second)
	answer := map[string]any{"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}
	s.addAccessToken(answer, g.person, a, b)
	if a.openID && !b.NoIDToken {
		of := g.person
		if other, ok := s.cfg.person(b.IDTokenOf); ok {
			of = other
		}
		answer["id_token"] = s.Mint(s.IDClaims(of, g.nonce, a.email))
	}
	if a.offlineToken && !b.NoRefreshToken {
		token, now := newSecret(), s.now()
		s.mu.Lock()
		s.refresh[token] = &grant{person: g.person, scope: scope, nonce: g.nonce, issued: now}
		s.mu.Unlock()
		answer["refresh_token"] = token
	}
	s.cfg.Logger.Info("tokens issued", "person", g.person.Name, "for", from)
	return answer, nil
}

// consented says whether the permissions of Microsoft Graph were consented to.
func (s *Server) consented(permissions []string) bool {
	return !slices.ContainsFunc(permissions, func(p string) bool { return !slices.Contains(s.cfg.GraphPermissions, p) })
}

// addAccessToken plays the answers to .default, and the trap that scopes of OpenID Connect alone
// give a token for Microsoft Graph.
func (s *Server) addAccessToken(answer map[string]any, person Person, a *asked, b Behaviour) {
	toGraph := a.resource == graph
	granted := a.scopes
	if a.dotDefault && !toGraph {
		switch b.DefaultScope {
		case DefaultWithScopes:
			granted = s.cfg.Scopes
		case DefaultWithoutScopes:
			granted = nil
		case DefaultGraph:
			toGraph = true
		case DefaultNoToken:
			answer["scope"] = "openid profile email"
			return
		}
	}
	if toGraph {
		answer["access_token"] = s.graphToken(person)
		answer["scope"] = "openid profile email https://graph.microsoft.com/User.Read"
		return
	}
	prefix := s.cfg.ClientID + "/"
	if a.idURI {
		prefix = "api://" + prefix
	}
	full := []string{"openid", "profile", "email"}
	for _, name := range granted {
		full = append(full, prefix+name)
	}
	claims := s.AccessClaims(person, granted...)
	if a.idURI && claims["ver"] == "1.0" {
		claims["aud"] = "api://" + s.cfg.ClientID
	}
	answer["scope"] = strings.Join(full, " ")
	answer["access_token"] = s.Mint(claims)
}
