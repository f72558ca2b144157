package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/records"
)

// defaultRetry is how long a caller is asked to wait when nobody knows how long trouble lasts.
const defaultRetry = 5 * time.Second

// maxRetry bounds what is passed on of somebody else's Retry-After.
const maxRetry = 10 * time.Minute

// oauthError is an error answer of OAuth: RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section
// 3.2.2. The description is a fixed sentence; reason is for the log alone.
type oauthError struct {
	status      int
	code        string
	description string
	reason      string
	retryAfter  time.Duration
	challenge   bool // answer with WWW-Authenticate: Basic, RFC 6749 section 5.2
}

// Error implements error.
func (e *oauthError) Error() string {
	if e.reason != "" {
		return e.code + ": " + e.reason
	}
	return e.code + ": " + e.description
}

func badRequest(code, description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: code, description: description}
}

// invalidGrant is what makes a client ask the person to sign in again. The reason stays here.
func invalidGrant(reason string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_grant",
		description: "This grant is invalid, expired, revoked, or was issued to another client.", reason: reason}
}

// unavailable is the answer to trouble that is not the client's. It is not server_error, upon which
// clients discard their tokens and start over.
func unavailable(reason string, retryAfter time.Duration) *oauthError {
	return &oauthError{status: http.StatusServiceUnavailable, code: "temporarily_unavailable",
		description: "The server cannot answer this at the moment. Try again shortly.", reason: reason, retryAfter: retryAfter}
}

// asOAuthError turns any error into an answer. What is not an oauthError is trouble with storage or
// keys, or a fault of ours; in none of these cases may a client discard what it has.
func asOAuthError(err error) *oauthError {
	var oe *oauthError
	switch {
	case errors.As(err, &oe):
		return oe
	case errors.Is(err, records.ErrNotFound), errors.Is(err, records.ErrInvalid):
		return invalidGrant("no such record")
	default:
		return unavailable(err.Error(), defaultRetry)
	}
}

// writeError answers with an error as JSON, RFC 6749 section 5.2.
func writeError(w http.ResponseWriter, e *oauthError) {
	if e.retryAfter > 0 {
		setRetryAfter(w.Header(), e.retryAfter)
	}
	if e.challenge {
		w.Header().Set("WWW-Authenticate", `Basic realm="oauth"`)
	}
	writeJSON(w, e.status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.code, e.description})
}

func setRetryAfter(h http.Header, d time.Duration) {
	seconds := int64(min(d, maxRetry)+time.Second-1) / int64(time.Second)
	h.Set("Retry-After", strconv.FormatInt(seconds, 10))
}

// writeJSON answers with a document. No caller passes a value that cannot be encoded.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	if h.Get("Cache-Control") == "no-store" {
		h.Set("Pragma", "no-cache") // RFC 6749 section 5.1
	}
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// logAttrs are the attributes of an error for the log.
func (e *oauthError) logAttrs() []any {
	reason := e.reason
	if reason == "" {
		reason = e.description
	}
	return []any{slog.String("error", e.code), slog.String("reason", reason)}
}
