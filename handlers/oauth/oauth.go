// Package oauth is the authorization server that assistants see: registration, consent, sign-in
// with Entra, tokens, and the metadata that leads there.
//
// It follows OAuth 2.1 (draft-ietf-oauth-v2-1) with RFC 7591 (registration), RFC 7636 (PKCE),
// RFC 7009 (revocation), RFC 8414 and RFC 9728 (metadata), RFC 8707 (resource) and RFC 9207 (iss). Entra ID knows none of
// the clients: one registration there stands behind all of them, so that consent is asked for here,
// each time, before the browser is sent to Entra.
package oauth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

// The paths of the endpoints, under the issuer.
const (
	registerPath  = "/oauth/register"
	authorizePath = "/oauth/authorize"
	tokenPath     = "/oauth/token"
	revokePath    = "/oauth/revoke"
	jwksPath      = "/oauth/jwks"
)

// Config configures a Server. Issuer, CallbackPath, Resources, Keys and Store are required.
type Config struct {
	// Issuer is the public URL: an origin without trailing slash, such as https://mcp.example.com.
	// Every URL that is handed out begins with it; nothing of a request does.
	Issuer string

	// CallbackPath is the path of the redirect URI that Entra knows, such as /oauth/callback.
	CallbackPath string

	// Resources returns the protected resources that exist now. It is asked at each request.
	Resources func() []ResourceInfo

	// Entra signs people in. Without it registration works, and every other route answers 503 with
	// the settings in Missing.
	Entra   *entra.Provider
	Missing []string

	// Documents finds clients that are described by a metadata document. Nil means that only
	// registered clients are served.
	Documents ClientDocuments

	// Clients decides which redirect URIs may register and be used.
	Clients ClientPolicy

	// StaticClients are those that the operator registers by hand.
	StaticClients []StaticClient

	Keys  *records.Keyring
	Store *records.Store

	// Loopback says that the public URL is plain http on this machine. Only then is the transaction
	// cookie set without Secure and the __Host- prefix.
	Loopback bool

	// Limits bound what one client address may do. Nil means that nothing is limited.
	Limits *Limits

	// ClientAddress returns the IP address of the client that a request comes from, and anything
	// else when it is not known. Nil means the other end of the connection, which is the client only
	// where no proxy stands in between.
	ClientAddress func(*http.Request) string

	// Logger receives what an operator may have to do something about, and Audit one record for each
	// sign-in, token, refusal and revocation. Without Audit these are in Logger.
	Logger *slog.Logger // nil: nothing is logged
	Audit  *slog.Logger
	Now    func() time.Time // nil: time.Now
}

// ResourceInfo is a protected resource that tokens can be asked for.
type ResourceInfo struct {
	*resource.Resource

	// Default marks the resource that is meant when a request names none.
	Default bool

	// Name is for people to read, RFC 9728 resource_name.
	Name string

	// Abilities are sentences for the consent page: what an assistant will be able to do. Without
	// them the page says nothing about it.
	Abilities []string

	// SharedAccount says that an assistant may write, and that what it writes carries the name of
	// one account for all people. Nobody who signs in as themselves expects that, so the consent
	// page says it.
	SharedAccount bool
}

// Server answers the OAuth routes. It is safe for concurrent use.
type Server struct {
	cfg    Config
	log    *slog.Logger
	audit  *slog.Logger
	now    func() time.Time
	policy *redirectPolicy
	static map[string]*client // by id
	routes map[string]route
}

// route is how one path is answered.
type route struct {
	handle  http.HandlerFunc
	methods []string
	limit   limit
	html    bool // a page for a browser: no CORS, and errors are pages too
	always  bool // works without Entra
}

// New checks the configuration. It touches neither storage nor network. Its errors name the
// directive to change.
func New(c Config) (*Server, error) {
	if err := checkConfig(c); err != nil {
		return nil, err
	}
	policy, err := newRedirectPolicy(c.Clients)
	if err != nil {
		return nil, err
	}
	static, err := newStaticClients(c.StaticClients)
	if err != nil {
		return nil, err
	}
	if c.Limits == nil {
		c.Limits = new(Limits)
	}
	if c.ClientAddress == nil {
		c.ClientAddress = remoteAddress
	}
	s := &Server{cfg: c, log: c.Logger, now: c.Now, policy: policy, static: static}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.audit = c.Audit; s.audit == nil {
		s.audit = s.log
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.routes = map[string]route{
		registerPath:   {handle: s.register, limit: limit{c.Limits.register, "register"}, methods: []string{http.MethodPost}, always: true},
		authorizePath:  {handle: s.authorize, limit: limit{c.Limits.authorize, "authorize"}, methods: []string{http.MethodGet, http.MethodPost}, html: true},
		c.CallbackPath: {handle: s.callback, limit: limit{c.Limits.callback, "authorize"}, methods: []string{http.MethodGet}, html: true},
		tokenPath:      {handle: s.token, limit: limit{c.Limits.token, "token"}, methods: []string{http.MethodPost}},
		revokePath:     {handle: s.revocation, limit: limit{c.Limits.token, "token"}, methods: []string{http.MethodPost}},
		jwksPath:       {handle: s.jwks, methods: []string{http.MethodGet, http.MethodHead}},
	}
	return s, nil
}

func checkConfig(c Config) error {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || c.Issuer != u.Scheme+"://"+u.Host || (u.Scheme != "https" && !c.Loopback) {
		return fmt.Errorf("public_url %q must be an https origin such as https://mcp.example.com, without a path", c.Issuer)
	}
	switch path := c.CallbackPath; {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("redirect_uri: its path %q must begin with a slash", path)
	case path == registerPath || path == authorizePath || path == tokenPath || path == revokePath || path == jwksPath || wellKnown(path):
		return fmt.Errorf("redirect_uri: the path %s is taken by another OAuth route; /oauth/callback is a good choice", path)
	case c.Resources == nil || c.Keys == nil || c.Store == nil:
		return errors.New("oauth: Resources, Keys and Store are required")
	}
	return nil
}

// Owns reports whether the server answers requests for this path. Everything else belongs to the
// site.
func (s *Server) Owns(path string) bool {
	_, ok := s.routes[path]
	return ok || wellKnown(path) || s.appendedMetadata(path)
}

// Private reports whether requests for this path carry states and codes in their query, so that
// they must be kept out of access logs.
func (s *Server) Private(path string) bool {
	return path == authorizePath || path == s.cfg.CallbackPath
}

// ServeHTTP implements http.Handler for the paths that the server Owns.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	rt, ok := s.routes[r.URL.Path]
	if !ok {
		rt = route{handle: s.metadata, methods: []string{http.MethodGet, http.MethodHead}}
	}
	if !rt.html {
		allowEveryOrigin(w.Header())
		if r.Method == http.MethodOptions {
			preflight(w, rt.methods)
			return
		}
	}
	if !slices.Contains(rt.methods, r.Method) {
		w.Header().Set("Allow", strings.Join(rt.methods, ", "))
		s.refuse(w, r, rt, http.StatusMethodNotAllowed, "This address does not answer "+methodName(r.Method)+" requests.")
		return
	}
	if !s.admit(w, r, rt) {
		return
	}
	if s.cfg.Entra == nil && !rt.always {
		w.Header().Set("Retry-After", "60")
		s.refuse(w, r, rt, http.StatusServiceUnavailable, s.missing())
		return
	}
	rt.handle(w, r)
}

// refuse answers before a route's own handler is reached.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, rt route, status int, text string) {
	if rt.html {
		s.errorPage(w, problem{Status: status, Title: "This page is not available", Text: text})
		return
	}
	code := "invalid_request"
	if status == http.StatusServiceUnavailable {
		code = "temporarily_unavailable"
	}
	writeError(w, &oauthError{status: status, code: code, description: text})
}

func (s *Server) missing() string {
	if len(s.cfg.Missing) == 0 {
		return "Sign-in with Microsoft Entra ID is not set up on this server."
	}
	return "Sign-in with Microsoft Entra ID is not set up on this server. Missing: " + strings.Join(s.cfg.Missing, ", ") + "."
}

// allowEveryOrigin lets browser clients of any origin read the answer (Fetch standard, CORS
// protocol). No cookie takes part in these endpoints, and credentials are not allowed.
func allowEveryOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
}

func preflight(w http.ResponseWriter, methods []string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, MCP-Protocol-Version")
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

// methodName is method where it is one of those that people know: it is written into answers.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return method
	default:
		return "such"
	}
}
