package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

const (
	// transactionLifetime is how long a person has between the consent page and the return from
	// Entra, and how long the page is good for.
	transactionLifetime = 10 * time.Minute

	// maxTransactionCookies bounds how many sign-ins one browser can have open, so that their
	// cookies never grow beyond what servers accept in a header.
	maxTransactionCookies = 12
)

// cookieName is the name of a transaction's cookie. The state itself is a secret of the sealed form
// and of Entra's redirect; its hash is not.
func (s *Server) cookieName(state string) string {
	sum := sha256.Sum256([]byte(state))
	return s.cookiePrefix() + hex.EncodeToString(sum[:8])
}

// cookiePrefix is __Host- (RFC 6265bis section 4.1.3.2) so that no other host, subdomains included,
// can set the cookie. Browsers refuse the prefix on plain http, where Loopback sites are.
func (s *Server) cookiePrefix() string {
	if s.cfg.Loopback {
		return "sign-in-"
	}
	return "__Host-sign-in-"
}

// bindBrowser sets the transaction's cookie to a new secret and returns its hash. Whatever the
// client sent under this name is not looked at.
func (s *Server) bindBrowser(w http.ResponseWriter, r *http.Request, state string) []byte {
	s.dropOldCookies(w, r)
	value := randomToken(32)
	s.setCookie(w, s.cookieName(state), value, int(transactionLifetime/time.Second))
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}

func (s *Server) unbindBrowser(w http.ResponseWriter, state string) {
	s.setCookie(w, s.cookieName(state), "", -1)
}

// sameBrowser reports whether the request carries the cookie with this hash.
func (s *Server) sameBrowser(r *http.Request, state string, hash []byte) bool {
	cookies := r.CookiesNamed(s.cookieName(state))
	if len(cookies) != 1 {
		return false
	}
	sum := sha256.Sum256([]byte(cookies[0].Value))
	return subtle.ConstantTimeCompare(sum[:], hash) == 1
}

// dropOldCookies removes the oldest cookies of unfinished sign-ins. Browsers send cookies of the
// same path oldest first, RFC 6265 section 5.4.
func (s *Server) dropOldCookies(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, s.cookiePrefix()) {
			names = append(names, c.Name)
		}
	}
	for len(names) >= maxTransactionCookies {
		s.setCookie(w, names[0], "", -1)
		names = names[1:]
	}
}

func (s *Server) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure but on a loopback http site
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: !s.cfg.Loopback,
	})
}
