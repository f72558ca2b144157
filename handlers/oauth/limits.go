package oauth

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/ratelimit"
)

// maxOpenSignIns is how many sign-ins may be approved and waiting at Entra at one node.
const maxOpenSignIns = 10_000

// LimitConfig configures Limits. Each number is of requests that one client address may make in a
// minute, where an IPv6 address is its /64; 0 is any number.
type LimitConfig struct {
	Register  int
	Authorize int // and the same again at the callback
	Token     int // with revocation

	// Trusted are address ranges with ten times the limits.
	Trusted []netip.Prefix

	Now func() time.Time // nil: time.Now
}

// Limits bound what one client address may do, and how many sign-ins are open. They count for one
// node, and may outlive a Server: a new configuration is no reason to begin anew.
type Limits struct {
	register, authorize, callback, token *ratelimit.Limiter

	// open holds the sign-ins that wait at Entra, by their state. Each takes two requests to
	// authorize, so that its bound for an address follows from that limit.
	open *ratelimit.Slots

	// logged lets each address cause one log record in a minute.
	logged *ratelimit.Limiter
}

// NewLimits returns Limits of which nothing is used yet.
func NewLimits(c LimitConfig) *Limits {
	limiter := func(perMinute int) *ratelimit.Limiter {
		return ratelimit.New(ratelimit.Config{PerMinute: perMinute, Trusted: c.Trusted, Now: c.Now})
	}
	return &Limits{
		register: limiter(c.Register), authorize: limiter(c.Authorize), callback: limiter(c.Authorize), token: limiter(c.Token),
		open: ratelimit.NewSlots(ratelimit.SlotConfig{
			PerClient: (c.Authorize + 1) / 2, Trusted: c.Trusted, Total: maxOpenSignIns, Lifetime: transactionLifetime, Now: c.Now,
		}),
		logged: ratelimit.New(ratelimit.Config{PerMinute: 1, Now: c.Now}),
	}
}

// limit is what bounds the requests for a route.
type limit struct {
	*ratelimit.Limiter
	option string // of rate_limit, for whoever wants to raise it
}

// raise is the line that doubles the limit.
func (l limit) raise() string {
	return "rate_limit { " + l.option + " " + strconv.Itoa(2*l.PerMinute()) + " }"
}

// remoteAddress is the address at the other end of the connection. No header is believed: anybody
// can send one.
func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

func (s *Server) clientOf(r *http.Request) ratelimit.Client {
	return ratelimit.ClientOf(s.cfg.ClientAddress(r))
}

// admit reports whether the client may make this request now, and answers it when not. The error is
// one at which clients keep registration and tokens and try again later, as in unavailable.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, rt route) bool {
	c := s.clientOf(r)
	wait := rt.limit.Take(c)
	if wait == 0 {
		return true
	}
	s.logRefusal(c, "too many requests from one address", rt.limit.raise(), slog.String("path", r.URL.Path))
	if rt.html {
		s.busyPage(w, http.StatusTooManyRequests, wait)
		return false
	}
	writeError(w, &oauthError{
		status: http.StatusTooManyRequests, code: "temporarily_unavailable", retryAfter: wait,
		description: "Too many requests from this address. Try again after the time in Retry-After.",
	})
	return false
}

// openSignIn takes a place for a sign-in that goes to Entra, until it returns or has expired. It
// answers the request when there is none.
func (s *Server) openSignIn(w http.ResponseWriter, r *http.Request, state string) bool {
	c := s.clientOf(r)
	err := s.cfg.Limits.open.Take(state, c)
	if err == nil {
		return true
	}
	status, allow := http.StatusTooManyRequests, limit{s.cfg.Limits.authorize, "authorize"}.raise()
	if errors.Is(err, ratelimit.ErrBusy) {
		status, allow = http.StatusServiceUnavailable, ""
	}
	s.logRefusal(c, "too many sign-ins are open: "+err.Error(), allow, slog.String("path", authorizePath))
	s.busyPage(w, status, time.Minute)
	return false
}

// logRefusal tells the operator whom the limits keep out and what would let them in.
func (s *Server) logRefusal(c ratelimit.Client, reason, allow string, attrs ...any) {
	if s.cfg.Limits.logged.Take(c) > 0 {
		return
	}
	attrs = append(attrs, slog.String("client", c.String()), slog.String("reason", reason))
	if allow != "" {
		attrs = append(attrs, slog.String("allow_with", allow))
	}
	if !c.Remote() {
		attrs = append(attrs, slog.String("cure", "if this is a proxy of yours, set trusted_proxies in the global option servers, so that the people behind it are told apart"))
	}
	s.log.Warn("requests refused", attrs...)
}

// busyPage is for a person who did nothing wrong but share an address with many.
func (s *Server) busyPage(w http.ResponseWriter, status int, wait time.Duration) {
	setRetryAfter(w.Header(), wait)
	s.errorPage(w, problem{
		Status: status,
		Title:  "Too many sign-ins at once",
		Text:   "This server takes only so many sign-ins at a time. Nothing is wrong with your account or your assistant.",
		Advice: "Wait a minute, then reload this page. If that does not help, go back to your assistant and start the connection again.",
	})
}
