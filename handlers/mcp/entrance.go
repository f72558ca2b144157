package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/identity"
	"github.com/caddy-atlassian-mcp/caddy-atlassian-mcp/handlers/origin"
)

// maxBody bounds a request's body. What the SDK needs to read one is some thirty times its size.
const maxBody = 1 << 20

// entrance refuses, before the SDK sees it, every request that the SDK would serve to the wrong
// caller, answer against the specification, or read differently than a check did.
type entrance struct {
	anonymous bool
	origins   *origin.Policy
	hosts     hostList
	next      http.Handler
}

// refusal is an answer to a request that goes no further.
type refusal struct {
	status int
	text   string // plain text, when there is no code
	code   int    // of a JSON-RPC error
	data   any
	id     json.RawMessage
}

func (e *entrance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if no := e.admit(r); no != nil {
		no.write(w)
		return
	}
	body, no := readBody(w, r)
	if no != nil {
		no.write(w)
		return
	}
	header, no := checkMessages(r.Header, body)
	if no != nil {
		no.write(w)
		return
	}
	// MCP Streamable HTTP: proxies must not hold back what is streamed.
	w.Header().Set("X-Accel-Buffering", "no")

	// The request stays as it was for those who log it. Tools see its headers, so the credentials
	// end here, and Last-Event-ID, which the specification says to ignore and the SDK refuses.
	inner := r.WithContext(r.Context())
	inner.Header = header
	for _, name := range []string{"Authorization", "Cookie", "Last-Event-Id", "Mcp-Session-Id"} {
		inner.Header.Del(name)
	}
	inner.Body = io.NopCloser(bytes.NewReader(body))
	inner.ContentLength = int64(len(body))
	e.next.ServeHTTP(w, inner)
}

// admit judges where a request comes from, before any of its body is read.
func (e *entrance) admit(r *http.Request) *refusal {
	_, known := identity.FromContext(r.Context())
	switch {
	case !e.origins.Allows(r):
		return &refusal{status: http.StatusForbidden, text: "this web origin may not call"}
	case !known && !e.hosts.allows(r): // a gate has judged the host already
		return &refusal{status: http.StatusForbidden, text: "this server does not answer for that host"}
	case !known && !e.anonymous:
		return &refusal{status: http.StatusUnauthorized, text: "sign in first"}
	case r.Method != http.MethodPost:
		return &refusal{status: http.StatusMethodNotAllowed, text: "only POST is served here"}
	}
	return nil
}

// readBody reads the body once: what is checked is what the SDK gets.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := params["charset"]
	encoding := r.Header.Get("Content-Encoding")
	switch {
	case err != nil || media != "application/json" || named && !strings.EqualFold(charset, "utf-8"):
		return nil, &refusal{status: http.StatusUnsupportedMediaType, text: "Content-Type must be application/json in UTF-8"}
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return nil, &refusal{status: http.StatusUnsupportedMediaType, text: "compressed bodies are not read"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, text: "the body is larger than 1 MiB"}
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, text: "the body ended early"}
	}
	return body, nil
}

func (no *refusal) write(w http.ResponseWriter) {
	switch no.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	w.Header().Set("Cache-Control", "no-store")
	if no.code == 0 {
		http.Error(w, no.text, no.status)
		return
	}
	type rpcError struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}
	answer, err := json.Marshal(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id,omitempty"`
		Error   rpcError        `json:"error"`
	}{"2.0", no.id, rpcError{no.code, no.text, no.data}})
	if err != nil {
		http.Error(w, no.text, no.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	_, _ = w.Write(answer) // the caller may be gone
}

// unsupportedVersion is the data of error -32022 (MCP basic/versioning).
func unsupportedVersion(requested string) sdk.UnsupportedProtocolVersionData {
	return sdk.UnsupportedProtocolVersionData{Supported: sdk.SupportedProtocolVersions(), Requested: requested}
}
