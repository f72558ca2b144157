package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/oauth"
)

// The default limits, in requests of one client address and minute.
const (
	defaultRegister  = 60
	defaultAuthorize = 60
	defaultToken     = 600

	maxLimit = 100_000
)

// claudeEgress is where the requests of Claude's hosted clients come from:
// https://platform.claude.com/docs/en/api/ip-addresses
const claudeEgress = "160.79.104.0/21"

// RateLimit bounds what one client address may do with the OAuth routes. A number is of requests in
// a minute: so many at once, after which they come back evenly. `0` or `off` is no limit. All
// addresses of an IPv6 /64 count as one. A request beyond the limit gets status 429 with
// Retry-After, at which assistants keep their registration and their tokens. Each node counts for
// itself, and goes on counting over a reload that leaves the limits as they are.
//
// The client address is Caddy's: behind a proxy or load balancer set `trusted_proxies` in the
// global option `servers`, and `trusted_proxies_strict` if that proxy appends to `X-Forwarded-For`.
// Without it everybody behind the proxy shares one limit.
type RateLimit struct {
	// Registrations of assistants. Default: `60`.
	Register string `json:"register,omitempty"`

	// Pages of the sign-in, of which each takes two, and the same again for the return from Entra.
	// Half as many sign-ins of one address may be waiting at Entra at a time; in all 10000 may.
	// Default: `60`.
	Authorize string `json:"authorize,omitempty"`

	// Token requests, revocation included. Default: `600`.
	Token string `json:"token,omitempty"`

	// Addresses and ranges in CIDR notation with ten times the limits for each address, because many
	// people share them. `claude` stands for the range that Claude's servers call from, and `off` for
	// none. Default: `claude`.
	Trusted []string `json:"trusted,omitempty"`
}

// sharedLimits are Limits that outlive a reload.
type sharedLimits struct{ *oauth.Limits }

// Destruct implements caddy.Destructor. Nothing in Limits runs on its own.
func (sharedLimits) Destruct() error { return nil }

// shareLimits joins the limits of an earlier configuration with the same numbers, or makes them.
func (a *App) shareLimits() (*oauth.Limits, error) {
	c, err := a.RateLimit.read()
	if err != nil {
		return nil, err
	}
	key, err := sharedKey([]any{"rate_limit", c.Register, c.Authorize, c.Token, c.Trusted})
	if err != nil {
		return nil, err
	}
	value, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) { return sharedLimits{oauth.NewLimits(c)}, nil })
	if err != nil {
		return nil, err
	}
	a.leaveLimits = func() error { _, err := pool.Delete(key); return err }
	return value.(sharedLimits).Limits, nil
}

// How errors call the option and its numbers.
const (
	rateLimitOption = "entra: rate_limit"
	requests        = "how many requests an address may make in a minute"
)

func (l *RateLimit) read() (oauth.LimitConfig, error) {
	if l == nil {
		l = new(RateLimit)
	}
	s := newSettings(rateLimitOption)
	c := oauth.LimitConfig{
		Register:  s.limit("register", l.Register, requests, defaultRegister),
		Authorize: s.limit("authorize", l.Authorize, requests, defaultAuthorize),
		Token:     s.limit("token", l.Token, requests, defaultToken),
	}
	words := s.words("trusted", l.Trusted)
	if len(words) == 0 {
		words = []string{"claude"}
	}
	for _, word := range words {
		if word == "off" && len(words) == 1 {
			break
		}
		p, err := parseRange(word)
		if err != nil {
			s.failf("trusted", "%w", err)
			break
		}
		c.Trusted = append(c.Trusted, p)
	}
	return c, s.err()
}

// limit is text for a number, or "off" for none; what says of what, for whoever wrote it wrongly.
func (s *settings) limit(option, configured, what string, otherwise int) int {
	text := s.text(option, configured)
	switch text {
	case "":
		return otherwise
	case "off":
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxLimit {
		s.failf(option, "write %s, such as %d and at most %d, or `off`", what, otherwise, maxLimit)
	}
	return n
}

func parseRange(word string) (netip.Prefix, error) {
	if word == "claude" {
		word = claudeEgress
	}
	if a, err := netip.ParseAddr(word); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(word)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, errors.New("write `claude`, addresses, or ranges such as 203.0.113.0/24 and 2001:db8::/32, or `off` alone")
	case p != p.Masked():
		return p, fmt.Errorf("the range %s begins in the middle; write %s", p, p.Masked())
	}
	return p, nil
}

// clientAddress is the address that Caddy found the client to have. What a client says of itself in
// a header counts only where trusted_proxies makes it so.
func clientAddress(r *http.Request) string {
	address, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return address
}

// rateLimit reads the option of the entra block.
func rateLimit(value **RateLimit) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if d.NextArg() {
			return d.ArgErr()
		}
		l := new(RateLimit)
		*value = l
		return options{
			"register":  number(&l.Register, rateLimitOption, requests, defaultRegister),
			"authorize": number(&l.Authorize, rateLimitOption, requests, defaultAuthorize),
			"token":     number(&l.Token, rateLimitOption, requests, defaultToken),
			"trusted":   several(&l.Trusted),
		}.parse(d, rateLimitOption)
	}
}

// number reads a limit. One that is written down is checked here, where its line is known; what a
// placeholder stands for is not known before the configuration is loaded.
func number(value *string, directive, what string, otherwise int) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		option := d.Val()
		if !d.AllArgs(value) {
			return d.ArgErr()
		}
		if strings.Contains(*value, "{") {
			return nil
		}
		s := newSettings(directive)
		s.limit(option, *value, what, otherwise)
		if err := s.err(); err != nil {
			return d.WrapErr(err)
		}
		return nil
	}
}
