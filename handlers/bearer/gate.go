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

	Store   *records.Store
	Origins *origin.Policy
	Cache   *Cache
	Logger  *slog.Logger
	Now     func() time.Time
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
	if p, ok := g.cfg.Cache.get(key, g.cfg.Resource, g.cfg.Now()); ok {
		return p, nil
	}
	p, err := g.cfg.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if p, err = g.issued(ctx, token, p); err != nil {
		return nil, err
	}
	if err := g.notBlocked(ctx, p); err != nil {
		return nil, err
	}
	g.cfg.Cache.put(key, g.cfg.Resource, p, g.cfg.Now())
	return p, nil
}

// issued finds the issuance record of a verified token: by it a call is known to come from this
// assistant and for this resource, and a revoked grant ends.
func (g *Gate) issued(ctx context.Context, token string, p *identity.Principal) (*identity.Principal, error) {
	if p.Application != g.cfg.ClientID {
		return nil, refusal("the token was issued to application " + p.Application + ", not to ours")
	}
	issuance, err := records.Issuances.Get(ctx, g.cfg.Store, token)
	if err != nil {
		return nil, missing("issuance record", err)
	}
	if !g.cfg.Resource.Matches(issuance.Resource) {
		return nil, refusal("the token was handed out for " + issuance.Resource)
	}
	grant, err := records.Grants.Get(ctx, g.cfg.Store, issuance.Grant)
	if err != nil {
		return nil, missing("grant", err)
	}
	switch {
	case grant.Revoked:
		return nil, refusal("the grant was revoked")
	case grant.TenantID != p.TenantID || grant.ObjectID != p.ObjectID:
		return nil, refusal("the grant belongs to somebody else")
	}
	admitted := *p
	admitted.AppOnly = false
	admitted.Grant = issuance.Grant
	admitted.Assistant = identity.Assistant{ClientID: issuance.ClientID, Name: issuance.ClientName}
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
	if token == "" || len(token) > maxToken || strings.ContainsFunc(token, notToken68) {
		return "", refusal("the bearer token has a form that no token of ours has")
	}
	return token, nil
}

func notToken68(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/=", c)
}

// refuse answers a request that is not admitted. What a verifier said goes to the log alone.
func (g *Gate) refuse(w http.ResponseWriter, host string, err error) {
	switch {
	case errors.Is(err, errNoToken):
		g.challenge(w, host, "", "Sign in to use this server.")
	case errors.Is(err, errBadRequest):
		writeError(w, http.StatusBadRequest, "invalid_request", "Send exactly one Authorization header.")
	case errors.Is(err, entra.ErrInvalidToken):
		g.cfg.Logger.Info("token refused", "reason", err.Error())
		g.challenge(w, host, "invalid_token", "The access token is expired, revoked, or not for this server.")
	default:
		g.cfg.Logger.Error("token could not be checked", "error", err.Error())
		writeUnavailable(w, "The access token cannot be checked right now. Try again.")
	}
}

// challenge answers 401 as RFC 6750 section 3 and RFC 9728 section 5.1 say. Without credentials
// there is no error code.
func (g *Gate) challenge(w http.ResponseWriter, host, code, description string) {
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
	writeError(w, http.StatusUnauthorized, code, description)
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
