package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/internal/plaintext"
)

// Limits on what a client may hand over at the authorization endpoint, in bytes. All of it travels
// in the consent page and in redirects.
const (
	maxState     = 2048
	maxLoginHint = 256
)

// authorization is a request at the authorization endpoint that may go on to consent.
type authorization struct {
	request   records.Request
	client    *client
	redirect  redirectURI
	resource  *ResourceInfo
	prompt    string // what of it Entra should hear
	loginHint string
}

// document is the URL of the client's metadata document, empty when it has none.
func (a *authorization) document() string {
	if a.client.documentHost == "" {
		return ""
	}
	return a.client.id
}

// describedBy is the host of that document when the browser is sent back to the same host: only then
// does the document say who gets the access.
func (a *authorization) describedBy() string {
	if a.redirect.scheme != "https" || a.redirect.host != a.client.documentHost {
		return ""
	}
	return a.client.documentHost
}

// authorize answers GET /oauth/authorize with the consent page (OAuth 2.1 section 4.1.1), and POST
// with the person's decision. As long as client and redirect URI are not known to be good, an error
// is a page and goes nowhere.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.decide(w, r)
		return
	}
	if len(r.URL.RawQuery) > maxQuery {
		s.badAuthorization(w, "the query is too long")
		return
	}
	p, err := parseParams(r.URL.RawQuery)
	if err != nil || p.repeated("client_id") || p.repeated("redirect_uri") {
		s.badAuthorization(w, "the query is malformed or repeats client_id or redirect_uri")
		return
	}
	c, err := s.client(r.Context(), p.get("client_id"))
	if err != nil {
		s.noClient(w, p.get("client_id"), err)
		return
	}
	if s.denied(c.id) {
		s.deniedClient(w, c.displayName())
		return
	}
	u, err := s.checkRedirect(c, p.get("redirect_uri"))
	if err != nil {
		s.refusedSignIn(c.displayName(), "", err.Error())
		s.errorPage(w, problem{
			Status: http.StatusBadRequest,
			Title:  "This sign-in link is not valid",
			Text:   "The address to return to is missing, or is not one that this assistant may use here.",
			Advice: "Remove the connection in your assistant and add it again. If that does not help, tell whoever runs this server: its log says what was refused and how to allow it.",
		})
		return
	}
	a, oe := s.parseAuthorization(p, c, u)
	if oe != nil {
		s.refusedSignIn(c.displayName(), "", oe.Error(), "error", oe.code, "redirect_host", u.host)
		s.redirectError(w, u, firstState(p), oe.code, oe.description)
		return
	}
	s.askConsent(w, r, a)
}

// checkRedirect returns the redirect URI when it parses, the client registered it, and the policy
// of today allows it.
func (s *Server) checkRedirect(c *client, raw string) (redirectURI, error) {
	u, err := parseRedirectURI(raw)
	switch {
	case err != nil:
		return u, errors.New("redirect URI: " + err.Error())
	case !c.registered(u) && c.static:
		return u, fmt.Errorf("redirect URI: the client block lacks it; add: redirect %s", u.normal())
	case !c.registered(u):
		return u, errors.New("redirect URI: the client did not register it")
	case !s.allowed(c, u):
		s.logRefusedRedirect(c.name, u, nil)
		return u, errors.New("redirect URI: no preset or pattern allows it")
	}
	return u, nil
}

// parseAuthorization checks what is wrong with a request whose client and redirect URI are good, so
// that the client may hear of it.
func (s *Server) parseAuthorization(p params, c *client, u redirectURI) (*authorization, *oauthError) {
	if p.twice == "resource" {
		return nil, badRequest("invalid_target", "Only one resource can be asked for.")
	}
	if p.twice != "" {
		return nil, badRequest("invalid_request", "A parameter occurs more than once.")
	}
	if oe := checkAuthorization(p); oe != nil {
		return nil, oe
	}
	info := s.resolveResource(p.get("resource"))
	if info == nil {
		return nil, badRequest("invalid_target", "The resource is not known here, or none was named and there are several.")
	}
	prompt, oe := promptForEntra(p.get("prompt"))
	if oe != nil {
		return nil, oe
	}
	return &authorization{
		request: records.Request{
			ClientID:    c.id,
			ClientName:  c.displayName(),
			RedirectURI: u.raw,
			State:       p.get("state"),
			Challenge:   p.get("code_challenge"),
			Resource:    info.String(),
			Scopes:      s.scopes(p.get("scope")),
		},
		client:    c,
		redirect:  u,
		resource:  info,
		prompt:    prompt,
		loginHint: plaintext.Line(p.get("login_hint"), maxLoginHint),
	}, nil
}

// checkAuthorization checks the parameters that have few right values.
func checkAuthorization(p params) *oauthError {
	switch responseType, mode := p.get("response_type"), p.get("response_mode"); {
	case p.get("request") != "":
		return badRequest("request_not_supported", "Request objects are not supported.")
	case p.get("request_uri") != "":
		return badRequest("request_uri_not_supported", "Request objects are not supported.")
	case responseType == "":
		return badRequest("invalid_request", "response_type is missing.")
	case responseType != "code":
		return badRequest("unsupported_response_type", "The only response_type is code.")
	case mode != "" && mode != "query":
		return badRequest("invalid_request", "The only response_mode is query.")
	case len(p.get("state")) > maxState:
		return badRequest("invalid_request", "state is longer than 2048 characters.")
	case p.get("code_challenge") == "":
		return badRequest("invalid_request", "code_challenge is missing: PKCE is required.")
	case p.get("code_challenge_method") != "S256":
		return badRequest("invalid_request", "The only code_challenge_method is S256.")
	case !validChallenge(p.get("code_challenge")):
		return badRequest("invalid_request", "code_challenge is not a SHA-256 in base64url.")
	}
	return nil
}

// promptForEntra returns what of a prompt parameter (OpenID Connect Core section 3.1.2.1) concerns
// Entra. Consent is always asked for here, and never needs a second asking there.
func promptForEntra(prompt string) (string, *oauthError) {
	values := strings.Fields(prompt)
	if slices.Contains(values, "none") {
		if len(values) > 1 {
			return "", badRequest("invalid_request", "prompt must not combine none with other values.")
		}
		return "", badRequest("interaction_required", "This server always asks the person for consent.")
	}
	for _, value := range []string{"login", "select_account"} {
		if slices.Contains(values, value) {
			return value, nil
		}
	}
	return "", nil
}

// firstState is the state to send back with an error, none when the client sent two or too long a
// one.
func firstState(p params) string {
	if p.repeated("state") || len(p.get("state")) > maxState {
		return ""
	}
	return p.get("state")
}

// responseURL is the redirect URI with an authorization response. Every one carries iss, RFC 9207.
func (s *Server) responseURL(u redirectURI, state string, response url.Values) string {
	if state != "" {
		response.Set("state", state)
	}
	response.Set("iss", s.cfg.Issuer)
	return u.with(response)
}

func errorResponse(code, description string) url.Values {
	v := url.Values{"error": {code}}
	if description != "" {
		v.Set("error_description", description)
	}
	return v
}

// redirectError sends the browser back to the client with an error, OAuth 2.1 section 4.1.2.1.
func (s *Server) redirectError(w http.ResponseWriter, u redirectURI, state, code, description string) {
	redirect(w, s.responseURL(u, state, errorResponse(code, description)))
}

// redirect answers 303, which makes a GET of every method (RFC 9700 section 4.12). Every character
// of the location was checked by parseRedirectURI or encoded.
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}

func (s *Server) badAuthorization(w http.ResponseWriter, reason string) {
	s.refusedSignIn("", "", reason)
	s.errorPage(w, problem{
		Status: http.StatusBadRequest,
		Title:  "This sign-in link is not valid",
		Text:   "The link that brought you here is damaged.",
		Advice: "Go back to your assistant and start the connection again.",
	})
}

// denied reports whether the operator has shut this client out.
func (s *Server) denied(clientID string) bool { return slices.Contains(s.cfg.Clients.Deny, clientID) }

// deniedClient is a page and no redirect: the client is not one to tell anything.
func (s *Server) deniedClient(w http.ResponseWriter, assistant string) {
	s.refusedSignIn(assistant, "", "deny_client names this client")
	s.errorPage(w, problem{
		Status: http.StatusForbidden,
		Title:  "This assistant may not be used here",
		Text:   "Whoever runs this server does not let this assistant connect. Nothing was allowed.",
		Advice: "Use another assistant, or ask them.",
	})
}

// unknownClient tells a person what to do about a client id that is not known: there is nowhere to
// send the browser.
func (s *Server) unknownClient(w http.ResponseWriter) {
	s.refusedSignIn("", "", "unknown or expired client id")
	s.errorPage(w, problem{
		Status: http.StatusBadRequest,
		Title:  "Your assistant needs to connect again",
		Text:   "This server does not know the registration that your assistant is using. It may have expired, or belong to another server.",
		Advice: "Remove the connection in your assistant, or clear its saved sign-in for this server, and add it again. It then registers anew.",
	})
}
