package entra

import (
	"errors"
	"strings"
	"time"
)

var (
	// ErrInvalidToken says that a token is not an access token of ours. The text of an error that
	// wraps it is for the operator's log; nothing of it may reach a caller.
	ErrInvalidToken = errors.New("invalid access token")

	// ErrUnavailable says that a token could not be judged, or a request not be made, because Entra
	// did not answer. It says nothing about the token.
	ErrUnavailable = errors.New("entra is unavailable")
)

// ErrorKind is what a refusal of Entra means for the caller.
type ErrorKind int

// The kinds of refusal.
const (
	// Misconfigured: an operator has to change something in Entra or in the Caddyfile.
	Misconfigured ErrorKind = iota
	// Denied: the person, or a rule of their organisation, said no.
	Denied
	// SignInRequired: the person can cure it by signing in again in the browser.
	SignInRequired
	// Unavailable: the same request may work later.
	Unavailable
	// GrantInvalid: the code or the refresh token is expired, used or revoked.
	GrantInvalid
)

// String returns a short name for logs and metrics.
func (k ErrorKind) String() string {
	switch k {
	case Denied:
		return "denied"
	case SignInRequired:
		return "sign_in_required"
	case Unavailable:
		return "unavailable"
	case GrantInvalid:
		return "grant_invalid"
	default:
		return "misconfigured"
	}
}

// Error is why a sign-in or a refresh did not succeed. It holds no text of Entra's: its sentences
// are fixed, and its ids are checked for their form, so that all of it can be logged and shown.
type Error struct {
	// Kind says what to do about it.
	Kind ErrorKind

	// OAuth is the error code for the assistant: one of RFC 6749 section 4.1.2.1 or OpenID Connect
	// Core section 3.1.2.6 at sign-in, invalid_grant or temporarily_unavailable at a refresh.
	OAuth string

	// Code is Entra's own, such as AADSTS65001, and empty when Entra named none.
	Code string

	// Title, Text and Advice are for the person in the browser: what happened, why, and what to do.
	// Operator is for who runs this server.
	Title    string
	Text     string
	Advice   string
	Operator string

	// TraceID and CorrelationID are what Microsoft's support asks for; empty when absent.
	TraceID       string
	CorrelationID string

	// RetryAfter is how long Entra asked us to wait, zero when it did not say.
	RetryAfter time.Duration

	cause error
}

// Error returns the operator's view in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("entra: ")
	b.WriteString(e.Kind.String())
	for _, part := range []struct{ label, value string }{
		{" ", e.Code}, {": ", e.Operator}, {"; trace id ", e.TraceID}, {", correlation id ", e.CorrelationID},
	} {
		if part.value != "" {
			b.WriteString(part.label + part.value)
		}
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap returns what was found wrong, such as an [ErrInvalidToken]; nil when Entra itself refused.
func (e *Error) Unwrap() error { return e.cause }

// Is makes an Error of kind [Unavailable] match [ErrUnavailable].
func (e *Error) Is(target error) bool { return target == ErrUnavailable && e.Kind == Unavailable }
