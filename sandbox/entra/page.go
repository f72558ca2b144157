package entra

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

var (
	//go:embed signin.html
	signInHTML string
	//go:embed message.html
	messageHTML string
	//go:embed style.css
	styleCSS string

	signInPage  = parsePage("signin", signInHTML)
	messagePage = parsePage("message", messageHTML)
)

func parsePage(name, html string) *template.Template {
	page := template.Must(template.New(name).Funcs(template.FuncMap{"initials": initials, "parts": parts}).Parse(html))
	template.Must(page.New("style").Parse(styleCSS))
	return page
}

// signIn is what the sign-in page shows.
type signIn struct {
	Action  string
	Request string // the query of the authorization request
	Hint    string
	People  []Person
}

// message is a page that ends here.
type message struct {
	Title, Text, Code, TraceID, Time string
}

func (s *Server) writeSignInPage(w http.ResponseWriter, r *http.Request, q url.Values) {
	people := s.cfg.People
	hint := q.Get("login_hint")
	if p, ok := s.cfg.person(hint); ok {
		people = []Person{p}
	}
	writePage(w, http.StatusOK, signInPage, signIn{
		Action: "/" + r.PathValue("tenant") + "/login", Request: q.Encode(), Hint: hint, People: people,
	})
}

func (s *Server) writeErrorPage(w http.ResponseWriter, refused *refusal) {
	s.cfg.Logger.Warn("refused, on a page", "code", "AADSTS"+refused.number)
	writePage(w, http.StatusBadRequest, messagePage, message{
		Title: "Sorry, but we’re having trouble signing you in.", Text: refused.text,
		Code: "AADSTS" + refused.number, TraceID: newGUID(), Time: timestamp(s.now()),
	})
}

func writePage(w http.ResponseWriter, status int, page *template.Template, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = page.Execute(w, data)
}

// parts are the pieces of a user name between which a line may break.
func parts(username string) []string {
	at := strings.LastIndexByte(username, '@')
	if at < 1 {
		return []string{username}
	}
	return []string{username[:at], username[at:]}
}

// initials are the first letters of the first two names.
func initials(name string) string {
	var b strings.Builder
	for i, word := range strings.Fields(name) {
		if i < 2 {
			for _, r := range word {
				b.WriteRune(r)
				break
			}
		}
	}
	return b.String()
}
