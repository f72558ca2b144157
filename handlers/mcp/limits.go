package mcp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/ratelimit"
)

// busyWait is what a caller is told to wait who has too many calls at once: nobody knows when one of
// them ends.
const busyWait = 2 * time.Second

// Limits bound the tool calls of one person and through one assistant. They are safe for concurrent
// use and go on counting in whichever [Server] they are given to.
type Limits struct {
	person, assistant *ratelimit.Calls
}

// NewLimits returns limits with these numbers for each person and each assistant.
func NewLimits(person, assistant ratelimit.CallConfig) *Limits {
	return &Limits{ratelimit.NewCalls(person), ratelimit.NewCalls(assistant)}
}

// busyError is a call beyond a limit. Its text is for the model: a status 429 would make clients
// connect anew, or give up.
type busyError struct {
	reason string // for the audit
	wait   time.Duration
}

func (e *busyError) Error() string {
	return fmt.Sprintf("Not done, because there are %s. Wait %d seconds, then call again.", e.reason, int(math.Ceil(e.wait.Seconds())))
}

// within runs f unless the caller has reached a limit.
func (l *Limits) within(ctx context.Context, f func() (sdk.Result, error)) (sdk.Result, error) {
	if l == nil {
		return f()
	}
	// Callers whom nobody authenticated are one assistant, and nobody in particular.
	who, ok := identity.FromContext(ctx)
	if !ok {
		who = new(identity.Principal)
	} else {
		end, err := begin(l.person, hash(who.ID()), "one person")
		if err != nil {
			return nil, err
		}
		defer end()
	}
	end, err := begin(l.assistant, hash(cmp.Or(who.Assistant.ClientID, who.Application), who.Assistant.Name), "one assistant")
	if err != nil {
		return nil, err
	}
	defer end()
	return f()
}

func begin(calls *ratelimit.Calls, key [sha256.Size]byte, whose string) (end func(), err error) {
	end, wait := calls.Begin(key)
	switch {
	case end != nil:
		return end, nil
	case wait > 0:
		return nil, &busyError{fmt.Sprintf("more than %d calls of %s in a minute", calls.PerMinute, whose), wait}
	default:
		return nil, &busyError{fmt.Sprintf("more than %d calls of %s at once", calls.AtOnce, whose), busyWait}
	}
}

// hash makes a key of bounded length of what clients chose.
func hash(parts ...string) [sha256.Size]byte { return sha256.Sum256(fmt.Appendf(nil, "%q", parts)) }
