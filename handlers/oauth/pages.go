package oauth

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

//go:embed pages
var pageFiles embed.FS

var (
	pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))
	pageStyle     = mustRead("pages/style.css")
	pagePolicy    = contentSecurityPolicy(pageStyle)
)

func mustRead(name string) string {
	b, err := pageFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// contentSecurityPolicy allows our own style sheet and nothing else. There is no form-action: Chrome
// applies it to the whole chain of redirects that a form starts, and that chain ends at the client.
func contentSecurityPolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'"
}

// page is what every page shows.
type page struct {
	Title string
	Style template.CSS
	Host  string // of the issuer: who runs this server
}

func (s *Server) newPage(title string) page {
	_, host, _ := strings.Cut(s.cfg.Issuer, "://")
	return page{Title: title, Style: template.CSS(pageStyle), Host: host} //nolint:gosec // embedded
}

// consent is the consent page.
type consent struct {
	page
	Action      string
	Transaction string // the sealed form field
	Assistant   string
	Initial     string
	Named       bool // the assistant says what it is called
	Destination destination
	Abilities   []string
	RedirectURI string
	Resource    string
	Scopes      string

	KnownAs     string // the assistant that the return address is known to belong to
	DescribedAt string // the metadata document
	DescribedBy string // its host, when the return address is on it

	SharedAccount bool // what the assistant writes does not carry the person's name
}

// destination is where the browser goes with the result. It is what a person can hold against an
// assistant that calls itself by another's name.
type destination struct {
	Loopback bool     // a program on this computer
	App      string   // the scheme of an application on this device
	Before   []string // the labels left of Domain in the host
	Domain   string   // the part of the host that somebody had to register
	Port     string
}

// destinationOf splits a host so that the part that counts can be shown strongest: in
// claude.ai.example.com that is example.com. Names in other scripts stay in their ASCII form, in
// which no letter looks like another.
func destinationOf(u redirectURI) destination {
	if u.private() {
		return destination{App: u.scheme}
	}
	if loopbackName(u.host) {
		return destination{Loopback: true, Domain: u.host}
	}
	d := destination{Domain: u.host, Port: u.port}
	if registered, err := publicsuffix.EffectiveTLDPlusOne(u.host); err == nil {
		d.Domain = registered
		if before, ok := strings.CutSuffix(u.host, "."+registered); ok {
			d.Before = strings.Split(before, ".")
		}
	}
	return d
}

func (s *Server) consentPage(w http.ResponseWriter, a *authorization, sealed string) {
	name := a.request.ClientName
	initial, _ := utf8.DecodeRuneInString(name)
	s.writePage(w, http.StatusOK, "consent.html", consent{
		page:          s.newPage("Connect " + name),
		Action:        authorizePath,
		Transaction:   sealed,
		Assistant:     name,
		Initial:       strings.ToUpper(string(initial)),
		Named:         name != unnamedClient,
		Destination:   destinationOf(a.redirect),
		Abilities:     a.resource.Abilities,
		KnownAs:       s.policy.titleOf(a.redirect),
		DescribedAt:   a.document(),
		DescribedBy:   a.describedBy(),
		SharedAccount: a.resource.SharedAccount,
		RedirectURI:   a.redirect.raw,
		Resource:      a.request.Resource,
		Scopes:        strings.Join(a.request.Scopes, " "),
	})
}

// problem is a page that says what went wrong: to the person what to do, to the operator where to
// look.
type problem struct {
	Status        int
	Title         string
	Text          string
	Advice        string
	CorrelationID string
	EntraCode     string
	EntraTraceID  string

	// ReturnURL leads back to the client, with an error response; ReturnName is its name. Both are
	// empty when there is no client to go back to.
	ReturnURL  string
	ReturnName string
}

func (s *Server) errorPage(w http.ResponseWriter, p problem) {
	s.writePage(w, p.Status, "error.html", struct {
		page
		problem
		Title string
		Back  template.URL
	}{
		page: s.newPage(p.Title), problem: p, Title: p.Title,
		// parseRedirectURI accepts no script scheme, which is what html/template guards against.
		Back: template.URL(p.ReturnURL), //nolint:gosec // see above
	})
}

// unavailablePage is the answer to trouble with storage or keys.
func (s *Server) unavailablePage(w http.ResponseWriter, message string, err error) {
	id := newCorrelationID()
	s.log.Error(message, "reason", err.Error(), "correlation_id", id)
	setRetryAfter(w.Header(), defaultRetry)
	s.errorPage(w, problem{
		Status:        http.StatusServiceUnavailable,
		Title:         "Please try again in a moment",
		Text:          "This server cannot reach something that it needs. Nothing is wrong with your account or your assistant.",
		Advice:        "Go back to your assistant and start the connection again. If it goes on like this, tell whoever runs this server.",
		CorrelationID: id,
	})
}

// writePage answers with a page that cannot be framed, holds no script, and loads nothing.
func (s *Server) writePage(w http.ResponseWriter, status int, name string, data any) {
	var body bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&body, name, data); err != nil {
		s.log.Error("showing a page failed", "page", name, "error", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if name == "consent.html" {
		// With no-referrer a browser sends "Origin: null" with the form, which is also what a
		// sandboxed page of somebody else's sends. Nothing leaves this origin with either policy.
		h.Set("Referrer-Policy", "same-origin")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
