package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/mcp"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/ratelimit"
)

// The default limits of tool calls.
const (
	defaultPerson          = 300
	defaultPersonAtOnce    = 10
	defaultAssistant       = 3000
	defaultAssistantAtOnce = 60
)

// CallLimit bounds tool calls. `0` or `off` is no limit. A call beyond a limit is a tool error that
// says how long to wait. Each node counts for itself, all routes with the same limits together, and
// goes on counting over a reload that leaves them as they are.
type CallLimit struct {
	// Calls of one person in a minute: so many at once, after which they come back evenly. Default:
	// `300`.
	Person string `json:"person,omitempty"`

	// Calls of one person that run at the same time. Default: `10`.
	PersonAtOnce string `json:"person_at_once,omitempty"`

	// Calls through one assistant in a minute. An assistant is a name and a client id; callers
	// whom nobody authenticated are one. Default: `3000`.
	Assistant string `json:"assistant,omitempty"`

	// Calls through one assistant that run at the same time. Default: `60`.
	AssistantAtOnce string `json:"assistant_at_once,omitempty"`
}

// sharedCallLimits are Limits that outlive a reload.
type sharedCallLimits struct{ *mcp.Limits }

// Destruct implements caddy.Destructor. Nothing in Limits runs on its own.
func (sharedCallLimits) Destruct() error { return nil }

// shareLimits joins the limits of an earlier configuration with the same numbers, or makes them.
func (h *AtlassianMCP) shareLimits() (*mcp.Limits, error) {
	person, assistant, err := h.Limit.read()
	if err != nil {
		return nil, err
	}
	key, err := sharedKey([]any{"call limit", person.PerMinute, person.AtOnce, assistant.PerMinute, assistant.AtOnce})
	if err != nil {
		return nil, err
	}
	value, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) {
		return sharedCallLimits{mcp.NewLimits(person, assistant)}, nil
	})
	if err != nil {
		return nil, err
	}
	h.leaveLimits = func() error { _, err := pool.Delete(key); return err }
	return value.(sharedCallLimits).Limits, nil
}

// How errors call the option and its numbers.
const (
	callLimitOption = "atlassian_mcp: limit"
	calls           = "a number of calls"
)

func (l *CallLimit) read() (person, assistant ratelimit.CallConfig, err error) {
	if l == nil {
		l = new(CallLimit)
	}
	s := newSettings(callLimitOption)
	person = ratelimit.CallConfig{
		PerMinute: s.limit("person", l.Person, calls, defaultPerson),
		AtOnce:    s.limit("person_at_once", l.PersonAtOnce, calls, defaultPersonAtOnce),
	}
	assistant = ratelimit.CallConfig{
		PerMinute: s.limit("assistant", l.Assistant, calls, defaultAssistant),
		AtOnce:    s.limit("assistant_at_once", l.AssistantAtOnce, calls, defaultAssistantAtOnce),
	}
	return person, assistant, s.err()
}

// callLimit reads the option of the atlassian_mcp block.
func callLimit(value **CallLimit) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if d.NextArg() {
			return d.ArgErr()
		}
		l := new(CallLimit)
		*value = l
		return options{
			"person":            number(&l.Person, callLimitOption, calls, defaultPerson),
			"person_at_once":    number(&l.PersonAtOnce, callLimitOption, calls, defaultPersonAtOnce),
			"assistant":         number(&l.Assistant, callLimitOption, calls, defaultAssistant),
			"assistant_at_once": number(&l.AssistantAtOnce, callLimitOption, calls, defaultAssistantAtOnce),
		}.parse(d, callLimitOption)
	}
}
