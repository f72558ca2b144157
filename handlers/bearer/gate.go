// Package bearer is the gate in front of a protected resource: it lets a request through when its
// bearer token is an access token of ours that was handed out for this resource, and otherwise
// answers so that an assistant knows what to do next (RFC 6750, RFC 9728, MCP Authorization).
package bearer

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/entra"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/resource"
)

const (
	// maxToken is the longest bearer token that is looked at. Entra's are 2 to 4 KiB.
	maxToken = 16 << 10

	// retryAfter is what a caller is told when the truth about a token cannot be known now.
	retryAfter = 5 * time.Second

	// maxStrayHosts bounds how many foreign hosts are named in the log.
	maxStrayHosts = 16
)

// Config configures a Gate.
type Config struct {
	// Resource is what the gate protects. Tokens handed out for another do not open it.
	Resource *resource.Resource

	// ClientID is our own application in Entra.
	ClientID string

	// Verify checks an access token, see entra.Provider.Verify. Nil means that Entra is not
	// configured: every request is answered with 503 and what is missing.
	Verify  func(ctx context.Context, token string) (*identity.Principal, error)
	Missing []string

	// Scopes are named in the challenge, without offline_access.
	Scopes []string

	// Rules say who comes in, besides and among those who have a good token.
	Rules Rules

	Store   *records.Store
	Origins *origin.Policy
	Cache   *Cache
	Now     func() time.Time

	// Logger receives what an operator may have to do something about, and Audit the tokens that
	// were refused. Without Audit these are in Logger.
	Logger *slog.Logger
	Audit  *slog.Logger
}

// Gate admits requests. It is safe for concurrent use.
type Gate struct {
	cfg   Config
	stray strayHosts
}

// New returns a Gate.
func New(c Config) *Gate {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Audit == nil {
		c.Audit = c.Logger
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Cache == nil {
		c.Cache = NewCache()
	}
	return &Gate{cfg: c}
}

// Admit returns the caller of r. When it returns false, the answer is written and the request must
// go no further. host and path are those that the client asked for, before any rewrite.
//
// The order of the checks is the design: a request that is not for this resource reaches nothing;
// a foreign web origin learns nothing; a preflight needs no token; everything else does.
func (g *Gate) Admit(w http.ResponseWriter, r *http.Request, host, path string) (*identity.Principal, bool) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if !g.cfg.Resource.Covers(host, path) {
		g.logStray(host, path)
		writeError(w, http.StatusInternalServerError, "server_error", "This gate does not protect the address that was requested. The server's log says which line to write.")
		return nil, false
	}
	h.Add("Vary", "Origin")
	if !g.cfg.Origins.Allows(r) {
		g.cfg.Logger.Warn("web origin refused", "origin", clip(r.Header.Get("Origin")), "cure", "allow_origin in the entra block, if this origin is one of yours")
		writeError(w, http.StatusForbidden, "invalid_request", "This web origin may not call the server.")
		return nil, false
	}
	allowOrigin(h, r)
	if isPreflight(r) {
		allowPreflight(w, r)
		return nil, false
	}
	if g.cfg.Verify == nil {
		writeUnavailable(w, "Sign-in is not configured on this server: "+strings.Join(g.cfg.Missing, ", ")+".")
		return nil, false
	}
	token, err := bearerToken(r)
	if err != nil {
		g.refuse(w, host, err)
		return nil, false
	}
	p, err := g.principal(r.Context(), token)
	if err != nil {
		g.refuse(w, host, err)
		return nil, false
	}
	return p, true
}

// principal says whose token this is, from the cache where that is recent enough.
func (g *Gate) principal(ctx context.Context, token string) (*identity.Principal, error) {
	key := sha256.Sum256([]byte(token))
	p, ok := g.cfg.Cache.get(key, g.cfg.Resource, g.cfg.Now())
	if !ok {
		var err error
		if p, err = g.check(ctx, token); err != nil {
			return nil, err
		}
		g.cfg.Cache.put(key, g.cfg.Resource, p, g.cfg.Now())
	}
	if err := g.judge(p); err != nil {
		return nil, &personError{err, p}
	}
	return p, nil
}

// check finds out whether a token is good, without the cache.
func (g *Gate) check(ctx context.Context, token string) (*identity.Principal, error) {
	p, err := g.cfg.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if p.Application == g.cfg.ClientID {
		p, err = g.issued(ctx, token, p)
	} else {
		_, err = g.cfg.Rules.application(p.Application)
	}
	if err == nil {
		err = g.notBlocked(ctx, p)
	}
	if err != nil {
		return nil, &personError{err, p}
	}
	return p, nil
}

// issued finds the issuance record of a verified token: by it a call is known to come from this
// assistant and for this resource, and a revoked grant ends. With an error comes what is known of
// the caller.
func (g *Gate) issued(ctx context.Context, token string, p *identity.Principal) (*identity.Principal, error) {
	issuance, err := records.Issuances.Get(ctx, g.cfg.Store, token)
	if err != nil {
		return p, missing("issuance record", err)
	}
	admitted := *p
	admitted.AppOnly = false
	admitted.Grant = issuance.Grant
	admitted.Assistant = identity.Assistant{ClientID: issuance.ClientID, Name: issuance.ClientName}
	if !g.cfg.Resource.Matches(issuance.Resource) {
		return &admitted, refusal("the token was handed out for " + issuance.Resource)
	}
	grant, err := records.Grants.Get(ctx, g.cfg.Store, issuance.Grant)
	if err != nil {
		return &admitted, missing("grant", err)
	}
	switch {
	case grant.Revoked:
		return &admitted, refusal("the grant was revoked")
	case grant.TenantID != p.TenantID || grant.ObjectID != p.ObjectID:
		return &admitted, refusal("the grant belongs to somebody else")
	}
	if admitted.GroupsUnknown && len(issuance.Groups) > 0 {
		admitted.Groups, admitted.GroupsUnknown = issuance.Groups, false
	}
	return &admitted, nil
}

// notBlocked refuses somebody whom the operator has shut out, whatever token they come with.
func (g *Gate) notBlocked(ctx context.Context, p *identity.Principal) error {
	blocked, err := g.cfg.Store.Blocked(ctx, p.TenantID, p.ObjectID)
	if err == nil && blocked {
		return refusal(p.ID() + " is blocked")
	}
	return err
}

// refusal is a reason for the operator's log. The caller is told only that the token is not valid.
type refusal string

func (r refusal) Error() string        { return string(r) }
func (r refusal) Is(target error) bool { return target == entra.ErrInvalidToken }

// missing turns a failed look-up into a refusal, unless the storage is to blame.
func missing(what string, err error) error {
	if errors.Is(err, records.ErrUnavailable) {
		return err
	}
	return refusal("no " + what + " for this token: " + err.Error())
}

// errNoToken is returned for a request that brings no bearer token at all.
var errNoToken = errors.New("no bearer token")

// errBadRequest is returned for an Authorization header that cannot be understood.
var errBadRequest = errors.New("malformed authorization header")

// bearerToken reads the one place where a token may be, RFC 6750 section 2.1.
func bearerToken(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) > 1 {
		return "", errBadRequest
	}
	if len(values) == 0 {
		return "", errNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	token = strings.Trim(token, " ")
	if token == "" || len(token) > maxToken || !isToken68(token) {
		return "", refusal("the bearer token has a form that no token of ours has")
	}
	return token, nil
}

// token68 are the bytes of a token, RFC 9110 section 11.2. The table is for speed: every byte of
// every token is looked up.
var token68 = func() (ok [256]bool) {
	for c := range ok {
		ok[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~+/=", byte(c)) >= 0
	}
	return ok
}()

func isToken68(s string) bool {
	for i := range len(s) {
		if !token68[s[i]] {
			return false
		}
	}
	return true
}

// refuse answers a request that is not admitted. What a verifier said goes to the log alone.
func (g *Gate) refuse(w http.ResponseWriter, host string, err error) {
	var plain forbidden
	var scope scopeError
	switch {
	case errors.Is(err, errNoToken):
		g.challenge(w, http.StatusUnauthorized, host, "", "Sign in to use this server.")
	case errors.Is(err, errBadRequest):
		writeError(w, http.StatusBadRequest, "invalid_request", "Send exactly one Authorization header.")
	case errors.Is(err, entra.ErrInvalidToken):
		g.auditRefusal("token refused", err)
		g.challenge(w, http.StatusUnauthorized, host, "invalid_token", "The access token is expired, revoked, or not for this server.")
	case errors.As(err, &plain):
		g.auditRefusal("caller refused", err)
		writeError(w, http.StatusForbidden, "access_denied", "You are signed in, but may not use this server. Ask whoever runs it for access; signing in again does not help.")
	case errors.As(err, &scope):
		g.auditRefusal("caller refused", err)
		g.challenge(w, http.StatusForbidden, host, "insufficient_scope", "The access token lacks a scope.")
	default:
		g.cfg.Logger.Error("token could not be checked", "error", err.Error())
		writeUnavailable(w, "The access token cannot be checked right now. Try again.")
	}
}

// challenge answers as RFC 6750 section 3 and RFC 9728 section 5.1 say. Without credentials there is
// no error code.
func (g *Gate) challenge(w http.ResponseWriter, status int, host, code, description string) {
	params := []string{`resource_metadata="` + g.cfg.Resource.MetadataURL(host) + `"`}
	if len(g.cfg.Scopes) > 0 {
		params = append(params, `scope="`+strings.Join(g.cfg.Scopes, " ")+`"`)
	}
	if code != "" {
		params = append([]string{`error="` + code + `"`, `error_description="` + description + `"`}, params...)
	} else {
		code = "unauthorized"
	}
	w.Header().Set("WWW-Authenticate", "Bearer "+strings.Join(params, ", "))
	writeError(w, status, code, description)
}

func writeUnavailable(w http.ResponseWriter, description string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	writeError(w, http.StatusServiceUnavailable, "temporarily_unavailable", description)
}

// logStray says, once a host, which line makes the gate fit a request that it does not protect.
func (g *Gate) logStray(host, path string) {
	if !g.stray.first(host) {
		return
	}
	want := url.URL{Scheme: "https", Host: clip(host), Path: clip(path)}
	g.cfg.Logger.Error("entra_auth was asked for an address that is not its resource; the request was answered with 500",
		"requested", want.String(), "resource", g.cfg.Resource.String(),
		"cure", "write `entra_auth resource <URL that clients use>` for this site, set public_url in the entra block, or keep this host or path out of the gate's matcher")
}

// strayHosts remembers which foreign hosts were logged, up to a bound.
type strayHosts struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (s *strayHosts) first(host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[host] || len(s.seen) >= maxStrayHosts {
		return false
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	s.seen[host] = true
	return true
}

// clip bounds what a client can write into the log.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
