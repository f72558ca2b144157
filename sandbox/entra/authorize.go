package entra

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// sessionCookie holds the single sign-on session. The real one is SameSite=None; Secure, which a
// browser would not take from a plain http origin.
const sessionCookie = "ESTSAUTH"

// authorize is the authorization endpoint. Like Entra it signs in silently when there is a session,
// whichever application asks: consent is per application and was given once.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !s.checkClient(w, q) {
		return
	}
	if refused := s.checkAuthorize(q); refused != nil {
		s.redirectError(w, r, q, refused, "")
		return
	}
	person, signedIn := s.session(r)
	if hint := q.Get("login_hint"); hint != "" && !strings.EqualFold(hint, person.Username) {
		signedIn = false
	}
	switch prompt := q.Get("prompt"); {
	case prompt == "none" && !signedIn:
		s.redirectError(w, r, q, newRefusal("50058"), "")
	case signedIn && (prompt == "" || prompt == "none"):
		s.cfg.Logger.Info("signed in silently, by the session", "person", person.Name, "user", person.Username)
		s.redirectCode(w, r, q, person)
	default:
		s.writeSignInPage(w, r, q)
	}
}

// login takes the choice made on the sign-in page: person is an object id or user name, cancel
// anything, request the query of the authorization request.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.PostForm.Get("request"))
	if err != nil {
		http.Error(w, "unreadable request", http.StatusBadRequest)
		return
	}
	if !s.checkClient(w, q) {
		return
	}
	if refused := s.checkAuthorize(q); refused != nil {
		s.redirectError(w, r, q, refused, "")
		return
	}
	if r.PostForm.Has("cancel") {
		s.redirectError(w, r, q, newRefusal("65004"), "cancel")
		return
	}
	person, ok := s.cfg.person(r.PostForm.Get("person"))
	if !ok {
		s.writeSignInPage(w, r, q)
		return
	}
	id := newSecret()
	s.mu.Lock()
	s.sessions[id] = person
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: id, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.cfg.BaseURL, "https:"),
	})
	s.cfg.Logger.Info("signed in", "person", person.Name, "user", person.Username)
	s.redirectCode(w, r, q, person)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, c.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true})
	writePage(w, http.StatusOK, messagePage, message{Title: "You signed out", Text: "You can close this window."})
}

func (s *Server) session(r *http.Request) (Person, bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return Person{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.sessions[c.Value]
	return p, ok
}

// checkClient checks what decides whether there is anybody to send the browser back to. If not,
// the person is stuck on a page, as with Entra.
func (s *Server) checkClient(w http.ResponseWriter, q url.Values) bool {
	switch {
	case !strings.EqualFold(q.Get("client_id"), s.cfg.ClientID):
		s.writeErrorPage(w, newRefusal("700016"))
	case !s.registered(q.Get("redirect_uri")):
		s.writeErrorPage(w, newRefusal("50011"))
	default:
		return true
	}
	return false
}

// registered compares as Entra does: exactly, but for the port of http://localhost
// (https://learn.microsoft.com/entra/identity-platform/reply-url).
func (s *Server) registered(redirect string) bool {
	return slices.ContainsFunc(s.cfg.RedirectURIs, func(known string) bool {
		return known == redirect || withoutLocalPort(known) == withoutLocalPort(redirect)
	})
}

func withoutLocalPort(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.Hostname() != "localhost" {
		return raw
	}
	u.Host = "localhost"
	return u.String()
}

func (s *Server) checkAuthorize(q url.Values) *refusal {
	if q.Has("resource") {
		return resourceRefusal(q.Get("scope"))
	}
	if _, refused := s.readScope(q.Get("scope")); refused != nil {
		return refused
	}
	method := q.Get("code_challenge_method")
	switch {
	case q.Get("response_type") != "code":
		return newRefusal("700054")
	case q.Get("response_mode") != "" && q.Get("response_mode") != "query":
		return newRefusal("70007")
	case q.Has("code_challenge") && method != "S256" && method != "plain" && method != "":
		return newRefusal("90014")
	}
	return nil
}

// resourceRefusal is how the v2 endpoint treats the resource parameter of RFC 8707.
func resourceRefusal(scope string) *refusal {
	if strings.Contains(scope, "/") {
		return newRefusal("9010010")
	}
	return newRefusal("901002")
}

func (s *Server) redirectCode(w http.ResponseWriter, r *http.Request, q url.Values, person Person) {
	if number := s.behaves().AuthorizeError; number != "" {
		s.redirectError(w, r, q, newRefusal(number), "")
		return
	}
	code, now := newSecret(), s.now()
	s.mu.Lock()
	s.codes[code] = &grant{
		person: person, redirect: q.Get("redirect_uri"), scope: q.Get("scope"), nonce: q.Get("nonce"),
		challenge: q.Get("code_challenge"), method: q.Get("code_challenge_method"), issued: now,
	}
	s.mu.Unlock()
	redirectBack(w, r, q, url.Values{"code": {code}, "session_state": {newGUID()}})
}

func (s *Server) redirectError(w http.ResponseWriter, r *http.Request, q url.Values, refused *refusal, subcode string) {
	s.cfg.Logger.Warn("refused", "code", "AADSTS"+refused.number, "error", refused.oauth)
	answer := url.Values{
		"error":             {refused.oauth},
		"error_description": {refused.describe(newGUID(), newGUID(), s.now())},
		"error_uri":         {s.cfg.BaseURL + "/error?code=" + refused.number},
	}
	if subcode != "" {
		answer.Set("error_subcode", subcode)
	}
	redirectBack(w, r, q, answer)
}

func redirectBack(w http.ResponseWriter, r *http.Request, q, answer url.Values) {
	if q.Has("state") {
		answer.Set("state", q.Get("state"))
	}
	u, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "unreadable redirect URI", http.StatusBadRequest)
		return
	}
	merged := u.Query()
	maps.Copy(merged, answer)
	u.RawQuery = merged.Encode()
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, u.String(), http.StatusFound)
}
