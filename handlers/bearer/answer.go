package bearer

import (
	"encoding/json"
	"net/http"
	"strings"
)

// What browser clients may send and read, beyond what CORS always allows.
const (
	allowedHeaders = "Authorization, Content-Type, Accept, Last-Event-ID, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name"
	exposedHeaders = "WWW-Authenticate, Mcp-Session-Id, Mcp-Protocol-Version"
	allowedMethods = "GET, POST, DELETE, HEAD, OPTIONS"
)

// isPreflight reports whether r is a CORS preflight: the one request that needs no token, and that
// goes no further.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// allowOrigin lets the page that called read the answer. Its origin was judged before, and no
// credentials are involved but the token that the page itself sends.
func allowOrigin(h http.Header, r *http.Request) {
	if o := r.Header.Get("Origin"); o != "" {
		h.Set("Access-Control-Allow-Origin", o)
		h.Set("Access-Control-Expose-Headers", exposedHeaders)
	}
}

// allowPreflight answers what a page may send. The headers of MCP tool parameters have names that
// only the client knows (MCP 2026-07-28, Streamable HTTP, Mcp-Param-*), so those asked for are
// allowed one by one.
func allowPreflight(w http.ResponseWriter, r *http.Request) {
	var allowed strings.Builder
	allowed.WriteString(allowedHeaders)
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		name = strings.TrimSpace(name)
		if len(name) < 80 && strings.HasPrefix(strings.ToLower(name), "mcp-param-") && isToken68(name) {
			allowed.WriteString(", " + name)
		}
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", allowedMethods)
	h.Set("Access-Control-Allow-Headers", allowed.String())
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

func writeError(w http.ResponseWriter, status int, code, description string) {
	body, err := json.Marshal(map[string]string{"error": code, "error_description": description})
	if err != nil {
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
